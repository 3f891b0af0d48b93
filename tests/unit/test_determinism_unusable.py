"""Runs that cannot be compared: what one of two shows by itself, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.compared_files import again, fill
from tests.support.determinism_verdicts import seen
from tests.support.recordings import a_recording
from tests.support.run_pairs import varying
from tests.support.simulations import a_simulation, as_lines
from vopr_coverage import __version__
from vopr_coverage.determinism.flow import doublecheck
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import FileError, ManyErrors, ReportError, UsageError, UserError
from vopr_coverage.reading.source import NoRecords, Progress

NOWHERE = "nowhere: expected a readable file, found no such file or directory"
NO_MATCH = "no*where: expected at least one file, found no match for this pattern"
NOISE = "noise: expected records of a VOPR stream, found 2 lines without one; was the simulator run with --json?"
TWO_PROCESSES = "two runs must come from two processes, or the comparison proves nothing"
SAME = "hold the same run, begun and ended at the same instant"


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the runs of `fill`."""
    monkeypatch.chdir(tmp_path)
    fill(tmp_path)
    return tmp_path


def refusal(*runs: str, **more: Any) -> tuple[type[UserError], str]:
    """Why these runs are refused."""
    with pytest.raises(UserError) as told:
        doublecheck(runs, **more)
    return type(told.value), str(told.value)


# ---- one of two that cannot be used


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("other", "problem"), [("nowhere", NOWHERE), ("no*where", NO_MATCH), ("noise", NOISE)])
def test_of_two_runs_the_usable_one_is_judged_beside_the_error(
    world: Path, other: str, problem: str, turned: bool
) -> None:
    """The seeds that failed its own check are found; nothing looks like a pass."""
    (world / "lost").write_bytes(varying(60, lost=[3]))
    by_itself = doublecheck(["lost"])
    found = "lost: nondeterministic: 1 of 60 seeds failed without a record: 3"
    assert by_itself.reason == found
    assert doublecheck(["lost", other][:: -1 if turned else 1]) == replace(
        by_itself,
        status="error",
        reason=f"1 of 2 runs cannot be compared: {problem}; {found}",
        error=problem,
    )


@pytest.mark.parametrize(
    ("stream", "first"), [(varying(60), "0"), (as_lines(a_simulation(60)), "7")], ids=["VOPR", "simulation"]
)
def test_that_the_usable_run_was_not_checked_by_itself_is_no_finding(world: Path, stream: bytes, first: str) -> None:
    """A comparison was asked for, and that there is none is what the error says."""
    (world / "good").write_bytes(stream)
    assert doublecheck(["good", "noise"]) == DeterminismVerdict(
        status="error",
        passed=False,
        reason=f"1 of 2 runs cannot be compared: {NOISE}",
        version=__version__,
        mode="twice in one run",
        runs=(seen(60, "good", scenario=None, first_seed=first),),
        error=NOISE,
    )


def test_of_an_error_of_several_lines_the_reason_has_the_first(world: Path) -> None:
    """All of them are the error."""
    (world / "bad").write_bytes(varying(60).replace(b'"events":100', b'"events":-1', 2))
    verdict = doublecheck(["bad", "b"])
    lines = [f"bad:{line}#/data/events: expected an integer from 0 to 2^64-1, found -1" for line in (2, 3)]
    assert verdict.reason == f"1 of 2 runs cannot be compared: {lines[0]}"
    assert verdict.error == "\n".join(lines)


def test_a_recording_is_judged_with_its_manifest_beside_an_unusable_run(world: Path) -> None:
    """Its folder is what can be read again; its scenario is its own, and that of a stream is the user's."""
    a_recording(world / "rec", varying(60), iterations=60, double_runs=True)
    verdict = doublecheck(["rec", "nowhere"], scenario="given")
    assert (verdict.runs, verdict.seeds, verdict.findings) == ((seen(60, "rec"),), 60, ())
    assert (verdict.status, verdict.passed, verdict.nothing_judged) == ("error", False, False)
    assert verdict.reason == f"1 of 2 runs cannot be compared: {NOWHERE}"
    assert doublecheck(["named=a", "nowhere"], scenario="given").runs[0].scenario == "named"
    assert doublecheck(["a", "noise"], scenario="given").runs[0].scenario == "given"


def test_the_config_counts_beside_an_unusable_run(world: Path) -> None:
    """It says how to replay."""
    (world / "lost").write_bytes(varying(60, lost=[3]))
    (world / "c.yml").write_text("repro: simulate {seed}\n")
    assert doublecheck(["lost", "noise"], "c.yml").replays[0].command == "simulate 3"


def test_a_run_that_can_be_read_the_second_time_is_no_unusable_one(world: Path) -> None:
    """Somebody wrote it meanwhile: what was wrong at first is the error, and nothing is judged."""
    (world / "late").write_bytes(b"nothing yet\n")
    (world / "draft").write_bytes(again(varying(60)))

    def write(_: int) -> None:
        if (world / "draft").exists():
            (world / "draft").rename(world / "late")

    def progress(path: str) -> Progress | None:
        return write if path == "late" else None

    told = "late: expected records of a VOPR stream, found 1 line without one; was the simulator run with --json?"
    assert refusal("a", "late", progress=progress) == (NoRecords, told)
    assert doublecheck(["a", "late"]).passed


# ---- nothing that can be used


@pytest.mark.parametrize(
    ("runs", "kind", "told"),
    [
        (["nowhere"], FileError, NOWHERE),
        (["noise"], NoRecords, NOISE),
        (["no*where"], ReportError, NO_MATCH),
        (["no*where", "no*where/*"], ManyErrors, f"{NO_MATCH}\n{NO_MATCH.replace('where:', 'where/*:')}"),
        # what was not found comes before what cannot be read
        (["noise", "no*where"], ManyErrors, f"{NO_MATCH}\n{NOISE}"),
        (["nowhere", "noise"], ManyErrors, f"{NOWHERE}\n{NOISE}"),
        # three are no two, whatever is in them
        (["a", "b", "no*where"], ReportError, NO_MATCH),
        (["a", "no*where", "no*where/*"], ManyErrors, f"{NO_MATCH}\n{NO_MATCH.replace('where:', 'where/*:')}"),
        # standard input cannot be read a second time
        (["-", "no*where"], ReportError, NO_MATCH),
    ],
)
def test_runs_that_cannot_be_used_are_an_error(runs: list[str], kind: type[UserError], told: str) -> None:
    """All of them at once, in words that name each."""
    assert refusal(*runs) == (kind, told)


# ---- copies


def test_one_run_named_twice_is_refused(world: Path) -> None:
    """Whatever its names are."""
    (world / "odd\n").symlink_to("a")
    assert refusal("a", "./a") == (UsageError, f"a is named twice: {TWO_PROCESSES}")
    assert refusal("odd\n", "a") == (UsageError, f"odd\\n is named twice: {TWO_PROCESSES}")


def test_more_than_two_runs_are_refused() -> None:
    """By their number."""
    assert refusal("a", "b", "c") == (UsageError, "expected one run or two of the same seeds, found 3")


def test_two_copies_of_a_run_are_refused(world: Path) -> None:
    """A recording beside them would show whether they are."""
    (world / "odd\n").write_bytes(varying(60))
    hint = "; the manifests of `vopr-coverage record` show which process a run is of"
    assert refusal("a", "odd\n") == (UsageError, f"a and odd\\n {SAME}: {TWO_PROCESSES}{hint}")
    a_recording(world / "rec", varying(60), iterations=60)
    assert refusal("rec", "a") == (UsageError, f"rec/stream.ndjson.gz and a {SAME}: {TWO_PROCESSES}{hint}")


def test_two_recordings_are_copies_if_their_manifests_are_equal(world: Path) -> None:
    """A simulated clock shows the same times in every process; two manifests show two processes."""
    for name, made in (("one", "1" * 32), ("copy", "1" * 32), ("two", "2" * 32)):
        a_recording(world / name, varying(60), iterations=60, id=made)
    both = "copy/stream.ndjson.gz and one/stream.ndjson.gz"
    assert refusal("copy", "one") == (UsageError, f"{both} {SAME}: {TWO_PROCESSES}")
    assert doublecheck(["one", "two"]).passed


def test_streams_without_a_clock_are_no_copies(world: Path) -> None:
    """A simulation stream is the same in every process."""
    for name in ("one", "two"):
        (world / name).write_bytes(as_lines(a_simulation()))
    assert doublecheck(["one", "two"]).passed
