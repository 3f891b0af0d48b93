"""The base to compare with as a file: what can be used of it, and why nothing can."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.bases import a_base_report
from vopr_coverage.base.compare import Base
from vopr_coverage.base.file import base_from_bytes, base_from_file
from vopr_coverage.errors import FileError
from vopr_coverage.model.rates import RateSeen, RatesSeen
from vopr_coverage.model.verdict import BoundUsed, JudgedReport, Verdict, VerdictStatus

NIGHT = a_base_report("hit crash\nmissed drop")
COMMIT, OTHER = "a" * 40, "b" * 40
ELEVEN_OF_TEN = RatesSeen(10, 10, 1, 1, (RateSeen("crash", 11, 0.7, 1.0, 1.0, 0.0, 0.0),))


def a_verdict(*reports: JudgedReport, error: str | None = None) -> Verdict:
    """A verdict of these reports."""
    status: VerdictStatus = "passed" if reports and error is None else "error"
    return Verdict(status, status == "passed", reason="r", version="1.0", reports=reports, error=error)


def read(verdict: Verdict) -> Base:
    """A verdict as a base."""
    return base_from_bytes(verdict.to_json().encode(), "run 7 of main")


def at(*commits: str | None) -> JudgedReport:
    """A report of files that were recorded at these commits."""
    read = NIGHT.inputs[0]
    return replace(NIGHT, inputs=tuple(replace(read, commit=commit) for commit in commits))


def test_a_verdict_is_a_base_as_it_is() -> None:
    """With where it came from."""
    assert read(a_verdict(NIGHT)) == Base("run 7 of main", a_verdict(NIGHT))


@pytest.mark.parametrize(
    ("reports", "commit"),
    [
        ([at(COMMIT)], COMMIT),
        ([at(COMMIT, COMMIT), at(COMMIT)], COMMIT),
        ([at(COMMIT, OTHER)], None),
        ([at(COMMIT), at(OTHER)], None),
        ([at(COMMIT, None)], None),
        ([at(None)], None),
    ],
)
def test_the_commit_of_a_base_is_that_of_all_its_files(reports: list[JudgedReport], commit: str | None) -> None:
    """Where they differ, or one does not say, it is not known."""
    assert read(a_verdict(*reports)).commit == commit


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (a_verdict(error="no file"), "nothing was judged there"),
        (a_verdict(NIGHT, error="one of two files"), "not everything was judged there"),
        (
            a_verdict(NIGHT, a_base_report("hit crash\nmissed crash")),
            "it is no verdict that can be used: verdict: expected counts that agree, found fault point 'crash' is "
            "listed as hit and as missed (1 such name)",
        ),
        # the first of two
        (
            a_verdict(a_base_report("hit a\nmissed a\nran i 1\nnever i")),
            "it is no verdict that can be used: verdict: expected counts that agree, found fault point 'a' is "
            "listed as hit and as missed (1 such name)",
        ),
        # long names are cut, and what could move a cursor is escaped: 13 and 187 characters
        (
            a_verdict(a_base_report("hit a\nmissed a".replace("a", "\x1b" + "a" * 300))),
            "it is no verdict that can be used: verdict: expected counts that agree, found fault point '\\x1b"
            + "a" * 183,
        ),
        (
            a_verdict(replace(NIGHT, rates=ELEVEN_OF_TEN)),
            "it is no verdict that can be used: verdict: expected counts that agree, found 11 of 10 samples hit "
            "'crash'",
        ),
        (
            a_verdict(replace(NIGHT, bounds=(BoundUsed("min_view_changes", 3.5, "x"),))),
            "it is no verdict that can be used: night: expected a value of min_view_changes as thresholds have it, "
            "found 3.5",
        ),
    ],
)
def test_a_verdict_that_cannot_be_used_says_why(verdict: Verdict, why: str) -> None:
    """It may be of another version, or written by anybody."""
    assert read(verdict) == Base("run 7 of main", missing=why)


def test_only_the_first_of_many_problems_is_told() -> None:
    """The reason stands in one line of a page."""
    found = base_from_bytes(b'{"status": 1, "passed": 2}', "run 7 of main")
    assert found.verdict is None
    assert found.missing is not None
    assert found.missing.startswith("it is no verdict that can be used: verdict#")
    assert "\n" not in found.missing
    assert base_from_bytes(b"[", "x").missing is not None


# ---- on disk


def test_a_file_is_a_base_by_its_path(tmp_path: Path) -> None:
    """Below one of the roots, or anywhere without roots."""
    file = tmp_path / "base.json"
    file.write_text(a_verdict(NIGHT).to_json(), "utf-8")
    expected = Base(f"the verdict file {file}", a_verdict(NIGHT))
    assert base_from_file(str(file)) == expected
    assert base_from_file(str(file), (tmp_path / "other", tmp_path)) == expected


def test_a_file_that_is_missing_fails_nothing_by_itself(tmp_path: Path) -> None:
    """It is told; a path is printed as it can be."""
    file = tmp_path / "none\x1b.json"
    found = base_from_file(str(file))
    assert found == Base(
        f"the verdict file {tmp_path}/none\\x1b.json",
        missing="it can't be read: expected a readable file, found no such file or directory",
    )


def test_a_file_outside_the_workspace_is_refused(tmp_path: Path) -> None:
    """Whether it is there or not: the answer must not say."""
    inside = tmp_path / "work"
    inside.mkdir()
    (tmp_path / "there.json").write_text("{}", "utf-8")
    for name in ("there.json", "missing.json"):
        with pytest.raises(FileError, match=rf"{name}: expected .* found a path outside"):
            base_from_file(str(tmp_path / name), (inside,))


def test_a_file_of_more_than_16_mib_is_not_read(tmp_path: Path) -> None:
    """A verdict has thousands of names, and not millions."""
    file = tmp_path / "base.json"
    file.write_bytes(a_verdict(NIGHT).to_json().encode() + b" " * (16 << 20))
    assert base_from_file(str(file)).missing == "it can't be read: expected at most 16 MiB, found a larger file"
