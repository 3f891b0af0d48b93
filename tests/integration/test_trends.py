"""The history as a file: printed in three forms, and added to by every night."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.histories import WORKFLOW, a_night, night_at, series, work
from tests.support.reports import run_cli
from vopr_coverage.errors import UsageError
from vopr_coverage.nightly.verdict import night_from_json
from vopr_coverage.trends.file import record_night, write_history
from vopr_coverage.trends.history import text_of

FORMS = ("text", "markdown", "json")


def test_a_history_is_printed_without_github(tmp_path: Path) -> None:
    """In three forms; on a laptop a warning is a line."""
    (tmp_path / "h.ndjson").write_bytes(text_of(series("ran", [100, 200])) + b"oops\n")
    text, markdown, as_json = (run_cli("trends", "h.ndjson", "--format", form, cwd=tmp_path) for form in FORMS)
    assert {text.code, markdown.code, as_json.code} == {0}
    assert f"2 nights of {WORKFLOW}" in text.out
    assert "▄█" in text.out
    assert "## Trends" in markdown.out
    whole = json.loads(as_json.out)
    assert whole["workflows"][0]["lines"][0]["values"] == [100, 200]
    assert "1 line is no record" in whole["warnings"][0]
    assert "vopr-coverage: warning: 1 line is no record" in text.err
    assert (tmp_path / "h.ndjson").read_bytes().endswith(b"oops\n")


def test_a_file_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    """Missing, a folder, or too large."""
    (tmp_path / "large.ndjson").write_bytes(b"\n" * ((8 << 20) + 1))
    for name in ("missing.ndjson", ".", "large.ndjson"):
        ended = run_cli("trends", name, cwd=tmp_path)
        assert (ended.code, ended.out) == (2, ""), name
    assert "at most 8 MiB" in ended.err


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """Where it can't take its place, no piece of it is left behind."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="folder was not written"):
        write_history(tmp_path / "folder", series("ran", [1]))
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_night_is_recorded_or_says_why_not(tmp_path: Path) -> None:
    """Trends inform: nothing of them stops a summary, and a file that can't be read isn't overwritten."""
    path = tmp_path / "deep" / "h.ndjson"
    lines, warnings, _ = record_night(path, a_night(0), night_at(0))
    assert (lines[0].values, warnings) == ((1_000,), ())
    path.write_bytes(path.read_bytes() + b"oops\n")
    lines, (warning,), _ = record_night(path, a_night(1), night_at(1))
    assert lines[0].values == (1_000, 1_000)
    assert "1 line is no record" in warning
    path.write_bytes(b"\n" * ((8 << 20) + 1))
    lines, (warning,), _ = record_night(path, a_night(2), night_at(2))
    assert lines[0].values == (1_000,)
    assert "this night was not added to the history" in warning
    assert path.stat().st_size == (8 << 20) + 1
    lines, (warning,), _ = record_night(tmp_path, a_night(2), night_at(2))
    assert "this night was not added to the history" in warning
    blocked = tmp_path / "file" / "h.ndjson"
    blocked.parent.write_bytes(b"")
    assert "not a directory" in record_night(blocked, a_night(2), night_at(2))[1][0]


def test_a_night_with_lines_is_a_verdict_that_can_be_read(tmp_path: Path) -> None:
    """The lines fit the schema of the night's verdict."""
    for number in range(5):
        night = a_night(number, work(), work("canary"), detected=5, declared=5)
        lines, *_ = record_night(tmp_path / "h", night, night_at(number))
    night = replace(night, trends=lines)
    assert night_from_json(night.to_json().encode(), "night").trends == lines
