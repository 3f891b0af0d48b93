"""The parts of a recorded run: one process each, all but the last of which died at a seed. Their sum is one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from vopr_coverage.model.crash import is_crash
from vopr_coverage.model.manifest import RecordedPart
from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.reading.compact import Compactor
from vopr_coverage.reading.merged_end import EndSum, SimulationTotals
from vopr_coverage.recorder.process import Ended


class RunPart(msgspec.Struct):
    """One process that ran new seeds.

    Attributes:
        seed, iterations: what it was asked for.
        died_at: the seed that it died at; None if it did not die, or not at a seed that is known.
        again: the process that ran the seeds before that one once more, for their coverage, with the same results.
    """

    seed: int
    iterations: int
    stream: Compactor
    ended: Ended
    last_words: tuple[str, ...]
    died_at: int | None = None
    again: Compactor | None = None

    @property
    def before_death(self) -> int:
        """How many seeds it ran before the one that it died at."""
        return 0 if self.died_at is None else (self.died_at - self.seed) % SEED_COUNT

    @property
    def left(self) -> int:
        """How many seeds it has left to others by dying."""
        return 0 if self.died_at is None else self.iterations - self.before_death - 1

    @property
    def as_asked(self) -> bool:
        """Whether the simulator announced the seeds that it was asked for."""
        return announces(self.stream, self.seed, self.iterations)

    @property
    def measured_by(self) -> Compactor | None:
        """The process that has the coverage of its seeds; None if there is none."""
        by = self.stream if self.died_at is None else self.again
        return by if by and by.end and by.end["coverage"] else None

    def told(self) -> RecordedPart:
        """What the manifest says of it."""
        return RecordedPart(
            seed=str(self.seed),
            iterations=self.iterations,
            ran=self.stream.iterations + (self.died_at is not None),
            exit_code=self.ended.exit_code,
            signal=self.ended.signal,
            died_at=None if self.died_at is None else str(self.died_at),
            last_words=self.last_words,
            measured=self.died_at is None and self.measured_by is not None,
        )


def announces(stream: Compactor, seed: int, iterations: int) -> bool:
    """Whether a stream starts with these seeds."""
    start = stream.start
    return start is not None and (start["starting_seed"], start["iterations"]) == (seed, iterations)


def death_of(part: RunPart) -> int | None:
    """The seed that a process died at that nobody has stopped; None if it did not die, or nobody knows where."""
    stream, ended = part.stream, part.ended
    if ended.timed_out or not ended.at_end or stream.ended or stream.torn:
        return None
    if not is_crash(ended.exit_code, ended.signal) or not part.as_asked or stream.due is None:
        return None
    return stream.due if (stream.due - part.seed) % SEED_COUNT < part.iterations else None


def measured(parts: Sequence[RunPart]) -> int | None:
    """How many iterations the coverage of all parts is of; None: of all, because none died."""
    if all(part.died_at is None for part in parts):
        return None
    if parts[0].stream.simulation:
        return _measured_seeds(parts)
    return _sum(parts).measured


def end_line(parts: Sequence[RunPart]) -> bytes:
    """The end record of a run in parts."""
    return simulation_end(parts) if parts[0].stream.simulation else _sum(parts).line(timed=True)


def _measured_seeds(parts: Sequence[RunPart]) -> int:
    """The seeds with a record of what they hit; or, where only end records have that, those of parts with one."""
    by_seed = any(part.stream.simulation and part.stream.simulation.by_seed for part in parts)
    return sum(part.stream.iterations for part in parts if by_seed or part.died_at is None)


def simulation_end(parts: Sequence[RunPart]) -> bytes:
    """The end record of a simulation stream in parts. Totals of its parts are added up, if no seed has any."""
    seeds = failed = 0
    total = SimulationTotals()
    for part in parts:
        seen = part.stream.simulation
        if seen and seen.end:
            seeds, failed = seeds + seen.end.seeds, failed + seen.end.failed
            total.add(seen.end)
        else:
            seeds, failed = seeds + part.stream.iterations, failed + len(part.stream.failed_seeds)
        if part.died_at is not None:
            seeds, failed = seeds + 1, failed + 1
    by_seed = {key for part in parts if part.stream.simulation for key in part.stream.simulation.by_seed}
    return total.line(seeds, failed, by_seed)


def _sum(parts: Sequence[RunPart]) -> EndSum:
    """What the simulator said of each part is taken from there, the rest is counted."""
    total = EndSum()
    for part in parts:
        by = part.stream if part.died_at is None else part.again
        if by and by.end:
            total.add(by.end, part.iterations if part.died_at is None else part.before_death)
        else:
            failed = part.stream.failed_seeds
            total.count(part.stream.lines.get("iteration_ok", 0), len(failed), failed)
        if part.died_at is not None:
            total.count(0, 1, [part.died_at])
    return total


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts by name, added up."""
    total: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            total[name] = total.get(name, 0) + count
    return total
