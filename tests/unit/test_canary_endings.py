"""How a canary's run ended: what detects it, what stops it, and in whose words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.recordings import a_recording
from tests.support.reports import PROPERTIES, a_stream
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.folder import canary_run, read_run
from vopr_coverage.canaries.judge import (
    ADVICE,
    CanaryEnding,
    CanaryResult,
    CanaryRun,
    CanaryVerdict,
    judge_canaries,
)
from vopr_coverage.model.crash import crash_of
from vopr_coverage.model.report import Input, Run
from vopr_coverage.reading.records import died_line

HASHES = Detector(("hash_chain",))
VIOLATED = PROPERTIES | {"violation_count": 1, "violated_ids": ["storage.hash"]}


@pytest.fixture
def control(tmp_path: Path) -> Input:
    """A healthy run of 20 seeds."""
    (tmp_path / "control").write_bytes(a_stream(20))
    return read_run(str(tmp_path / "control"))


def ended(control: Input, run: CanaryRun, detector: Detector = HASHES) -> CanaryResult:
    """One canary, judged."""
    (result,) = judge_canaries([ControlRun(control)], [run], {run.name: detector}, "1.0").results
    return result


def recorded(tmp_path: Path, stream: bytes, **manifest: Any) -> CanaryRun:
    """A canary's recording."""
    a_recording(tmp_path / "bug", stream, seed="0", iterations=20, **manifest)
    return canary_run("bug", tmp_path / "bug")


def streamed(tmp_path: Path, stream: bytes) -> CanaryRun:
    """A canary's bare stream."""
    (tmp_path / "bug").write_bytes(stream)
    return canary_run("bug", tmp_path / "bug")


# ---- what detects


def test_a_property_that_was_violated_detects_with_its_name(control: Input, tmp_path: Path) -> None:
    """Only a declared one does; beside it, another invariant may fail."""
    run = streamed(tmp_path, a_stream(20, properties=VIOLATED))
    found = ended(control, run, Detector(properties=("storage.hash",)))
    assert (found.ending, found.detail, found.seeds) == (
        CanaryEnding.DETECTED, "property storage.hash was violated", (),
    )  # fmt: skip
    other = ended(control, run, Detector(properties=("storage.other",)))
    assert (other.ending, other.detail) == (CanaryEnding.WRONG_INVARIANT, "property storage.hash")
    both = streamed(tmp_path, a_stream(20, failing=[3], properties=VIOLATED))
    assert ended(control, both, Detector(properties=("storage.hash",))).ending is CanaryEnding.DETECTED
    wrong = ended(control, both)
    assert (wrong.detail, wrong.seeds) == ("model_verification on 1 seed; property storage.hash", ("3",))


def test_no_violated_property_is_no_detection(control: Input, tmp_path: Path) -> None:
    """However many are declared."""
    found = ended(control, streamed(tmp_path, a_stream(20)), Detector(properties=("storage.hash",)))
    assert found.ending is CanaryEnding.NOT_DETECTED


def test_seeds_that_do_not_repeat_themselves_are_named(control: Input, tmp_path: Path) -> None:
    """Five of them at most, and as the wrong thing where an invariant was declared."""
    run = streamed(tmp_path, a_stream(20, lost=range(6)))
    found = ended(control, run, Detector(determinism=True))
    assert found.detail == "6 seeds did not give the same result twice"
    assert found.seeds == ("0", "1", "2", "3", "4")
    assert (found.failed, found.iterations) == (6, 20)
    wrong = ended(control, run)
    assert (wrong.ending, wrong.detail) == (CanaryEnding.WRONG_INVARIANT, "6 seeds without a record")
    assert wrong.seeds == found.seeds


# ---- what stops


@pytest.mark.parametrize("failing", [[], [3]], ids=["well", "with its own failure"])
def test_a_run_that_timed_out_detected_nothing(control: Input, tmp_path: Path, failing: list[int]) -> None:
    """Whatever failed before: the seeds after it are missing. It says after how long."""
    stream = a_stream(20, failing=dict.fromkeys(failing, "hash_chain"))
    run = recorded(tmp_path, stream, timed_out=True, timeout_s=90.0, whole=False, exit_code=None)
    found = ended(control, run)
    assert (found.ending, found.detail) == (CanaryEnding.TIMED_OUT, "timed out after 90 s")
    assert (found.iterations, found.seeds, found.advice) == (20, (), ADVICE[CanaryEnding.TIMED_OUT])


def test_a_run_that_timed_out_with_a_violated_property_detected_nothing(control: Input, tmp_path: Path) -> None:
    """The property was violated in what was left of it."""
    run = recorded(tmp_path, a_stream(20, properties=VIOLATED), timed_out=True, timeout_s=1.0, whole=False)
    found = ended(control, run, Detector(properties=("storage.hash",)))
    assert found.ending is CanaryEnding.TIMED_OUT


def test_a_crash_without_a_failed_seed_says_how_it_ended(control: Input, tmp_path: Path) -> None:
    """The stream is whole, and the simulator ended by a signal."""
    found = ended(control, recorded(tmp_path, a_stream(20), exit_code=None, signal=11))
    assert (found.ending, found.detail) == (CanaryEnding.CRASHED, "ended by signal 11")


@pytest.mark.parametrize("failed", [{"failing": {3: "hash_chain"}}, {"lost": [3]}], ids=["record", "no record"])
def test_an_exit_code_that_a_failed_seed_explains_is_no_crash(
    control: Input, tmp_path: Path, failed: dict[str, Any]
) -> None:
    """A simulator ends with 1 where a seed failed."""
    detector = Detector(("hash_chain",), determinism=True)
    assert ended(control, recorded(tmp_path, a_stream(20, **failed), exit_code=1), detector).ending is (
        CanaryEnding.DETECTED
    )


def test_a_stream_that_breaks_off_is_a_crash_with_its_place(control: Input, tmp_path: Path) -> None:
    """In the stream's words, or in the recording's where it has them."""
    cut = b"".join(a_stream(20).splitlines(keepends=True)[:10])
    found = ended(control, streamed(tmp_path, cut))
    assert (found.ending, found.detail) == (
        CanaryEnding.CRASHED, "no batch_complete after 9 of 20 iterations, stopped at seed 9",
    )  # fmt: skip
    (tmp_path / "bug").unlink()
    found = ended(control, recorded(tmp_path, cut, exit_code=101, whole=False))
    assert (found.ending, found.detail) == (CanaryEnding.CRASHED, "ended with exit code 101")


def test_a_crash_in_a_run_that_went_on_is_no_detection(control: Input, tmp_path: Path) -> None:
    """Whatever the detector is called; an invariant that failed on another seed is one."""
    died = died_line(4, crash_of(None, 6, ["panicked at a.rs:1"]))
    for failing, ending in (([], CanaryEnding.CRASHED), ([9], CanaryEnding.DETECTED)):
        stream = a_stream(20, failing=dict.fromkeys(failing, "hash_chain"), lost=[4]).splitlines(keepends=True)
        stream.insert(5, died)
        found = ended(control, streamed(tmp_path, b"".join(stream)), Detector(("crash", "hash_chain")))
        assert found.ending is ending
        if ending is CanaryEnding.CRASHED:
            assert (found.detail, found.seeds) == ("ended by signal 6; stderr ends with: panicked at a.rs:1", ("4",))


def a_run(**changes: Any) -> Run:
    """A run of which nothing is known."""
    return replace(Run(None, None, 0, 0, 0, "there is no start record, pass the whole stream"), **changes)


@pytest.mark.parametrize(
    ("run", "ending"),
    [
        (a_run(), CanaryEnding.UNUSABLE),
        (a_run(starting_seed=7), CanaryEnding.CRASHED),
        (a_run(records=1, iterations=1), CanaryEnding.CRASHED),
        (a_run(ended_early=None), CanaryEnding.NOT_DETECTED),
    ],
    ids=["nothing", "a start", "a record", "whole"],
)
def test_a_run_without_any_record_is_unusable(control: Input, run: Run, ending: CanaryEnding) -> None:
    """One that began is a crash."""
    found = ended(control, CanaryRun("bug", Input("bug", "stream", None, run)))
    assert found.ending is ending
    if ending is CanaryEnding.UNUSABLE:
        assert found.detail == "there is no record in it"


def test_what_is_no_stream_is_unusable(control: Input) -> None:
    """A flat report has no seeds; and where nothing was given, that is said."""
    flat = ended(control, CanaryRun("bug", Input("bug", "report", control.report)))
    assert (flat.ending, flat.detail, flat.iterations) == (CanaryEnding.UNUSABLE, "", None)
    none = ended(control, CanaryRun("bug"))
    assert (none.ending, none.detail, none.expected) == (
        CanaryEnding.NOT_RUN, "no run was given", "invariant hash_chain",
    )  # fmt: skip
    assert (none.failed, none.seeds, none.iterations) == (0, (), None)
    failed = ended(control, CanaryRun("bug", ending=CanaryEnding.BUILD_FAILED, why="no build"))
    assert (failed.ending, failed.detail) == (CanaryEnding.BUILD_FAILED, "no build")


# ---- the verdict


@pytest.mark.parametrize(
    ("detector", "words"),
    [
        (Detector(("a", "b")), "invariant a or b"),
        (Detector(properties=("p",)), "property p"),
        (Detector(fault_points=("x", "y")), "fault point x or y gone"),
        (Detector(determinism=True), "a determinism failure"),
        (
            Detector(("a",), ("p",), ("x",), determinism=True),
            "invariant a, or property p, or fault point x gone, or a determinism failure",
        ),
        (Detector(), ""),
    ],
)
def test_a_detector_in_words(detector: Detector, words: str) -> None:
    """Each kind that it has, and no other."""
    assert detector.in_words() == words


def test_where_nothing_could_be_judged_nothing_was_detected() -> None:
    """And nothing is known of the share."""
    verdict = CanaryVerdict.not_judged("1.0", "no control")
    assert (verdict.passed, verdict.detected, verdict.declared) == (False, 0, 0)
    assert (verdict.low, verdict.high) == (0.0, 1.0)


def test_a_verdict_file_is_indented(control: Input) -> None:
    """By two spaces: people read it."""
    text = judge_canaries([ControlRun(control)], [], {"bug": HASHES}, "1.0").to_json()
    assert text.startswith('{\n  "passed": false,\n')
    assert text.endswith("}\n")
