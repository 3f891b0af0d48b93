"""docs/nightly.md says what the workflow does: inputs, outputs, artifacts, jobs and findings, row by row."""

from __future__ import annotations

from typing import get_args

from tests.support.workflow_files import CALL, FINAL, JOBS, ROOT, WORKFLOW
from vopr_coverage.config.night_settings import NAMES, REQUIRED, WITHOUT_SECTION, key_of
from vopr_coverage.nightly.verdict import FindingKind
from vopr_coverage.nightly.wish import DETERMINISM_SEEDS

PAGE = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The cells of the page's table whose header row begins with this, backticks around them removed."""
    rows = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def test_the_page_has_every_input_with_its_default() -> None:
    """Row by row, in the same order: first the key of the section, then what is so without one."""
    rows = {row[0]: row[1] for row in table("input")}
    assert list(rows) == list(CALL)
    for name, cell in rows.items():
        if name not in NAMES:
            assert cell == CALL[name]["default"]
            continue
        key, _, last = cell.partition(", else ")
        assert key.strip("`") == f"the config's `night.{key_of(name)}".strip("`"), name
        assert last.startswith("required") == (name in (*REQUIRED, "canary")), name
        without = WITHOUT_SECTION.get(name) or {"per-seed": "false", "trends-gate": "false"}.get(name, "")
        if name == "determinism-seeds":
            without = " ".join(map(str, DETERMINISM_SEEDS))
        assert last.startswith("required") or last.rpartition("else ")[2].strip("`") == without, name


def test_the_page_has_every_output_artifact_and_finding() -> None:
    """With the days that an artifact is kept for, and each kind of finding with its advice."""
    assert [row[0] for row in table("output")] == list(WORKFLOW["on"]["workflow_call"]["outputs"])
    assert {row[0]: row[1] for row in table("artifact")} == {name: f"{FINAL[name][0]} days" for name in FINAL}
    assert {row[0] for row in table("finding")} == set(get_args(FindingKind))


def test_every_output_is_one_of_the_summary() -> None:
    """As `summary --outputs` writes them."""
    for name, given in WORKFLOW["on"]["workflow_call"]["outputs"].items():
        assert given["value"] == f"${{{{ jobs.summary.outputs.{name} }}}}"
        assert JOBS["summary"]["outputs"][name] == f"${{{{ steps.summary.outputs.{name} }}}}"
        assert given["description"].endswith(".")


def test_the_page_has_every_job() -> None:
    """By the names that people see."""
    told = {name for row in table("job") for name in row[0].split(", ")}
    assert told == {job["name"].split(" (")[0] for job in JOBS.values()}
