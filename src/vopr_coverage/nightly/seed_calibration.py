"""Measures how fast a simulator runs that runs one seed a process: its seeds are recorded for a while, and counted."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from vopr_coverage.errors import UsageError, shown
from vopr_coverage.files import why
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.model.manifest import STDERR, Recording, simulator_ending
from vopr_coverage.nightly.calibration import ITERATIONS, Calibration
from vopr_coverage.progress import RunProgress
from vopr_coverage.reading.compact import ITERATIONS as SEEDS
from vopr_coverage.recorder.last_words import TAIL_BYTES, last_words
from vopr_coverage.recorder.plan import RecordingPlan, SeedRuns
from vopr_coverage.recorder.record import record


class _Watched(RunProgress):
    """Passes on how many seeds have run."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        super().__init__(sys.stderr, ITERATIONS, terminal=False)
        self._advance = advance

    def advance(self, done: int) -> None:
        """Called with each seed that has ended."""
        self._advance(done)


def calibrate_seeds(
    runs: SeedRuns, command: Sequence[str], scenario: str, seed: int, seconds: float, advance: Callable[[int], None]
) -> Calibration:
    """Run seeds from `seed` on for at most `seconds`, each in a process of its own, as `record --per-seed` does.

    Args:
        command: with its placeholders.
        advance: is called with the seeds that have ended so far.

    Raises:
        UsageError: the command cannot run one seed, or cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="vopr-coverage-") as name:
        plan = RecordingPlan(
            scenario=scenario, seed=seed, iterations=ITERATIONS, command=tuple(command), folder=Path(name),
            timeout_s=seconds, per_seed=runs,
        )  # fmt: skip
        try:
            recording = record(plan, _Watched(advance))
            stderr = (plan.folder / STDERR).read_bytes()[-TAIL_BYTES:]
        except OSError as error:
            raise UsageError(f"seeds cannot be recorded to calibrate with: {why(error)}") from None
    if recording.interrupted:
        raise KeyboardInterrupt
    return _measured(recording, command[0], seconds, stderr)


def _measured(recording: Recording, program: str, seconds: float, stderr: bytes) -> Calibration:
    """What a recording shows about the rate: nothing, where the simulator cannot run seeds, or fails at all of them."""
    count = sum(recording.lines.get(kind, 0) for kind in SEEDS)
    # Seeds that were stopped do not count, and neither does the time that it took to stop them.
    took_s = min(recording.duration_s or seconds, seconds)
    simulator, took = f"the simulator {shown(program)}", f"{in_digits(took_s)} s"
    if not recording.timed_out:
        ending = simulator_ending(recording) or "could not be started"
        broken = f"{simulator} {ending} after {took} and {counted(count, 'seed')}, and left no result of the next one"
        return Calibration(0.0, broken, last_words=recording.last_words or last_words(stderr))
    if not count:
        return Calibration(0.0, f"{simulator} finished no seed in {took}, then it was stopped", stopped=True)
    if not recording.lines.get("iteration_ok"):
        failed = f"{simulator} failed at each of {counted(count, 'seed')}"
        return Calibration(count / took_s, failed, last_words=last_words(stderr))
    return Calibration(count / took_s)
