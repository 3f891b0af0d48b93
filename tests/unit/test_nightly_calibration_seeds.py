"""The rate of a simulator that runs one seed a process: what its recording of a moment shows, and what is recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.recordings import a_manifest
from vopr_coverage.errors import UsageError
from vopr_coverage.model.manifest import STDERR, Recording, recording_from_json
from vopr_coverage.nightly import seed_calibration
from vopr_coverage.nightly.calibration import Calibration
from vopr_coverage.nightly.seed_calibration import _measured, calibrate_seeds
from vopr_coverage.progress import RunProgress
from vopr_coverage.recorder.plan import RecordingPlan, SeedRuns

STOPPED: dict[str, Any] = {"timed_out": True, "exit_code": None, "duration_s": 2.0}


def a_recording_of(**changes: Any) -> Recording:
    """A manifest; by default of a run of 2 s that was stopped behind three good seeds."""
    told = STOPPED | {"lines": {"iteration_ok": 3}} | changes
    return recording_from_json(json.dumps(a_manifest(**told)).encode(), "manifest.json")


def measured(seconds: float = 2.0, stderr: bytes = b"", **changes: Any) -> Calibration:
    """What such a recording shows."""
    return _measured(a_recording_of(**changes), "sim", seconds, stderr)


def test_seeds_that_ended_in_time_are_the_rate() -> None:
    """Failed ones, too; other lines are none. The time that it took to stop the last ones does not count."""
    assert measured() == Calibration(1.5)
    assert measured(lines={"start": 1, "iteration_ok": 1, "iteration_failed": 4}) == Calibration(2.5)
    assert measured(duration_s=7.5) == Calibration(1.5)
    assert measured(seconds=8.0) == Calibration(1.5)
    assert measured(duration_s=None) == Calibration(1.5)


def test_a_simulator_that_ended_the_recording_is_broken() -> None:
    """How it ended, where, and its last words: those of the recording, or else its stderr."""
    ended = {"timed_out": False, "exit_code": 127, "duration_s": 0.25}
    broken = "the simulator 'sim' ended with exit code 127 after 0.25 s and 3 seeds, and left no result of the next one"
    assert measured(**ended, stderr=b"no such\nflag") == Calibration(0.0, broken, last_words=("no such", "flag"))
    said = measured(**ended, stderr=b"more", last_words=["bye"])
    assert said == Calibration(0.0, broken, last_words=("bye",))
    assert measured(timed_out=False, exit_code=None, lines={}).trouble == (
        "the simulator 'sim' could not be started after 2 s and 0 seeds, and left no result of the next one"
    )
    assert measured(timed_out=False, lines={"iteration_failed": 1}, signal=9).trouble == (
        "the simulator 'sim' ended by signal 9 after 2 s and 1 seed, and left no result of the next one"
    )


def test_no_seed_in_time_lacks_nothing_but_time() -> None:
    """The advice differs."""
    assert measured(seconds=0.5, lines={"start": 1}, stderr=b"loading") == Calibration(
        0.0, "the simulator 'sim' finished no seed in 0.5 s, then it was stopped", stopped=True
    )


def test_a_simulator_that_fails_at_each_seed_has_no_rate_of_a_night() -> None:
    """It may just die early."""
    assert measured(lines={"iteration_failed": 3, "iteration_ok": 0}, stderr=b"thread panicked") == Calibration(
        1.5, "the simulator 'sim' failed at each of 3 seeds", last_words=("thread panicked",)
    )
    assert measured(lines={"iteration_failed": 1}).trouble == "the simulator 'sim' failed at each of 1 seed"


class Recorder:
    """Stands in for `record`: notes the plan, counts two seeds, and leaves stderr and a manifest."""

    def __init__(self, left: Recording | OSError, stderr: bytes = b"") -> None:
        self._left, self._stderr = left, stderr
        self.plans: list[RecordingPlan] = []

    def __call__(self, plan: RecordingPlan, progress: RunProgress) -> Recording:
        """Record."""
        assert plan.folder.is_dir()
        self.plans.append(plan)
        progress.advance(1)
        progress.advance(2)
        progress.clear()
        if isinstance(self._left, OSError):
            raise self._left
        (plan.folder / STDERR).write_bytes(self._stderr)
        return self._left


@pytest.fixture
def seen() -> list[int]:
    """The seeds that have ended, as they are told."""
    return []


def calibrated(patch: pytest.MonkeyPatch, recorder: Recorder, seen: list[int]) -> Calibration:
    """What is measured with this recorder."""
    patch.setattr(seed_calibration, "record", recorder)
    return calibrate_seeds(SeedRuns(parallel=3), ["sim", "{seed}"], "combined", 7, 2.0, seen.append)


def test_seeds_are_recorded_in_a_folder_that_is_gone_afterwards(
    monkeypatch: pytest.MonkeyPatch, seen: list[int]
) -> None:
    """For so long, as many at a time as on the night; progress counts the seeds that have ended."""
    recorder = Recorder(a_recording_of())
    assert calibrated(monkeypatch, recorder, seen) == Calibration(1.5)
    (plan,) = recorder.plans
    assert replace(plan, folder=Path()) == RecordingPlan(
        scenario="combined", seed=7, iterations=1_000_000_000, command=("sim", "{seed}"), folder=Path(), timeout_s=2.0,
        per_seed=SeedRuns(parallel=3),
    )  # fmt: skip
    assert plan.folder.name.startswith("vopr-coverage-")
    assert not plan.folder.exists()
    assert seen == [1, 2]


def test_the_program_and_its_stderr_are_told(monkeypatch: pytest.MonkeyPatch, seen: list[int]) -> None:
    """The end of it, if it is long."""
    left = a_recording_of(timed_out=False, exit_code=3, last_words=[])
    found = calibrated(monkeypatch, Recorder(left, b"x\n" * 100_000 + b"out of\nmemory"), seen)
    assert found.trouble.startswith("the simulator 'sim' ended with exit code 3 after 2 s")
    assert found.last_words[-2:] == ("out of", "memory")
    assert calibrated(monkeypatch, Recorder(left, b"out of\nmemory"), seen).last_words == ("out of", "memory")


def test_an_interrupted_recording_is_an_interrupted_calibration(
    monkeypatch: pytest.MonkeyPatch, seen: list[int]
) -> None:
    """Nothing is planned on it."""
    with pytest.raises(KeyboardInterrupt):
        calibrated(monkeypatch, Recorder(a_recording_of(interrupted=True)), seen)


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch, seen: list[int]) -> None:
    """With the reason of the system."""
    with pytest.raises(UsageError) as told:
        calibrated(monkeypatch, Recorder(OSError(28, "No space left on device")), seen)
    assert str(told.value) == "seeds cannot be recorded to calibrate with: no space left on device"


def test_seeds_are_really_run() -> None:
    """Two in half a second, and the third one hangs: four a second."""
    seen: list[int] = []
    script = 'test "$1" -lt 9 || exec sleep 60'
    command = ["sh", "-c", script, "sim", "{seed}"]
    assert calibrate_seeds(SeedRuns(), command, "combined", 7, 0.5, seen.append) == Calibration(4.0)
    assert seen[-1] == 2
