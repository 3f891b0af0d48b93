"""Every format that is read has one row, and everything that lists formats says what this row says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from tests.support.reports import run_cli
from tests.support.samples import samples
from tests.support.schemas import definition
from vopr_coverage.formats.schema import schema
from vopr_coverage.model.report import Format
from vopr_coverage.reading import recognised
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.formats import FORMAT_NAMES, FORMATS, FormatRow, row_of
from vopr_coverage.reading.recorded import ReadAs, read_file

ROOT = Path(__file__).parents[2]
ROWS = list(FORMATS.values())
A_RUN_IS = {"seed": "a seed", "file": "a file", "totals": "unknown: totals"}


def table() -> dict[str, list[str]]:
    """The table of docs/formats.md: cells by the name of the format."""
    lines = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {row[0].strip("`"): row for row in cells if row[0].strip("`") in FORMATS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_lacks_nothing(row: FormatRow) -> None:
    """A sample, a row of the docs with a page that is there, and the same words in it."""
    assert row.name in samples(), "tests/support/samples.py has no sample of it"
    assert row.name in table(), "docs/formats.md does not list it"
    _, what, _, a_run, lacks = table()[row.name]
    page, _, anchor = (re.search(r"\]\(([^)]*)\)", what) or [""])[1].partition("#")
    assert (ROOT / "docs" / (page or "formats.md")).is_file(), "its page is not there"
    assert page or anchor, "docs/formats.md has no link to its description"
    assert a_run == A_RUN_IS[row.a_run_is]
    assert [word for word in lacks.split(", ") if word != "–"] == list(row.lacks)


def test_whatever_lists_formats_lists_all_of_them() -> None:
    """Names in the types, the schemas, the inputs and the flags."""
    variants = {name for row in ROWS for name in row.variants}
    assert set(get_args(Format)) == set(FORMATS) | variants
    assert set(definition("verdict", "input")["properties"]["format"]["enum"]) == set(FORMATS) | variants
    assert set(schema("config")["properties"]["format"]["enum"]) == set(FORMATS)
    for file in ("action.yml", "composite/action.yml"):
        described = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))["inputs"]["format"]["description"]
        assert set(re.findall(r"`([a-z]+)`", described)) == set(FORMATS)
    assert ", ".join(FORMAT_NAMES) in " ".join(run_cli("check", "--help", cwd=ROOT).out.split())
    assert len({row.title for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_says_how_its_files_are_read(row: FormatRow, tmp_path: Path) -> None:
    """Its sample is recognised where it can be, is read as this format, and lacks what the row says."""
    sample = samples()[row.name]
    (tmp_path / "a").write_bytes(sample.whole)
    shown, _ = recognised(iter([sample.whole]))
    assert shown in ((None, row) if row.shown_by else (None,))
    assert (sample.form is None) == (row.shown_by is not None)
    read = read_file(find_reports([str(tmp_path / "a")])[0], read_as=ReadAs(sample.form))
    assert row_of(read) is row
    assert (read.run is not None) == (row.a_run_is == "seed") == ("seeds" not in row.lacks)
    assert (read.finish is not None and not read.finish.known) == ("end" in row.lacks)
    if read.observed is not None:
        assert ("invariants" in row.lacks) == (not read.observed.invariants)
        assert ("points" in row.lacks) == (not read.observed.points)
    every = read_file(find_reports([str(tmp_path / "a")])[0], read_as=ReadAs(row.name))
    assert every == read


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_one_format_is_refused_as_any_other(row: FormatRow, name: str, tmp_path: Path) -> None:
    """With both of them where the content shows it."""
    if row.name == name:
        return
    (tmp_path / "a").write_bytes(samples()[name].whole)
    ended = run_cli("check", "a", "--from", row.name, "--profile", "general", cwd=tmp_path)
    assert ended.code == 2, ended.out
    assert "expected" in ended.err
