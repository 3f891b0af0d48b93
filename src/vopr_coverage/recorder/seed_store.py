"""The stream of a recording whose seeds had a process each: their results in order, as one run. Pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from vopr_coverage.reading.merged_end import EndSum, SimulationTotals
from vopr_coverage.reading.records import start_line
from vopr_coverage.reading.simulation_records import SeedLine
from vopr_coverage.reading.simulation_rows import rows_of
from vopr_coverage.recorder.seed_result import SeedResult

SEEDS_IN_ROW = 64  # a kill of the recorder loses so many at most
UNDECIDED_MAX = 1_000

OTHER_FORMAT = "its stream has another format than those of the seeds before"
NO_RECORD = "it wrote no record, unlike the seeds before"


class SeedStore:
    """Takes the results in order, and returns what is to be stored.

    The first process that writes a stream decides on the format. If none does, it is VOPR's, with lines of ours.

    Attributes:
        lines: lines by kind, as in a manifest.
    """

    def __init__(self, seed: int, iterations: int) -> None:
        self.lines: dict[str, int] = {}
        self._seed, self._iterations = seed, iterations
        self._is_simulation: bool | None = None
        self._undecided: list[bytes] = []  # lines of seeds that died before any process wrote a stream
        self._sum = EndSum()
        self._totals = SimulationTotals()
        self._by_seed: set[str] = set()
        self._waiting: list[SeedLine] = []
        self._died = 0

    @property
    def measured(self) -> int | None:
        """How many seeds the coverage is of; None: of all."""
        if not self._is_simulation:
            return self._sum.measured
        return self._sum.successes + self._sum.failures - self._died if self._died else None

    def problem(self, result: SeedResult) -> str:
        """Why a result does not fit to those before; "" if it does."""
        if self._is_simulation is None:
            return ""
        if self._is_simulation and not result.simulation and (result.end or not result.died):
            return OTHER_FORMAT if result.end else NO_RECORD
        return OTHER_FORMAT if result.simulation and not self._is_simulation else ""

    def add(self, seed: int, result: SeedResult) -> bytes:
        """One result; it may wait for those that follow."""
        out = self._decide(result)
        if result.end and not result.simulation:
            self._sum.add(result.end, 1)
        else:
            self._sum.count(not result.failed, result.failed, [seed] if result.failed else [])
        if not (result.line or result.record):
            self._count("iteration_silent")
            return out
        self._count("iteration_failed" if result.failed else "iteration_ok")
        if result.simulation and not result.died:
            self._by_seed |= result.simulation.by_seed
            if result.simulation.end:
                self._totals.add(result.simulation.end)
        if result.record:
            if self._waiting and self._waiting[-1].seed + 1 != seed:  # behind a crash, or around 2^64
                out += self._flush()
            self._waiting.append(result.record)
            return out + (self._flush() if len(self._waiting) >= SEEDS_IN_ROW else b"")
        self._died += result.died
        if self._is_simulation is None:
            self._undecided.append(result.line)
            return out + (self._begin(None) if len(self._undecided) > UNDECIDED_MAX else b"")
        return out + self._flush() + result.line

    def end(self) -> bytes:
        """What is stored behind the last seed of a whole run."""
        out = self.stop()
        if not self._is_simulation:
            self._count("batch_complete")
            return out + self._sum.line(timed=False)
        self._count("end")
        total = self._sum
        return out + self._totals.line(total.successes + total.failures, total.failures, self._by_seed)

    def stop(self) -> bytes:
        """What waits, if no more results come."""
        return (self._begin(None) if self._is_simulation is None else b"") + self._flush()

    def _decide(self, result: SeedResult) -> bytes:
        if self._is_simulation is not None or (result.died and not result.simulation):
            return b""
        return self._begin(result)

    def _begin(self, result: SeedResult | None) -> bytes:
        seen = result.simulation if result else None
        self._is_simulation = seen is not None
        self._count("start")
        if seen and seen.start:
            start = replace(seen.start, first_seed=self._seed, seeds=self._iterations)
            line = msgspec.json.encode(start) + b"\n"
        else:
            line = start_line({"starting_seed": self._seed, "iterations": self._iterations})
        out, self._undecided = line + b"".join(self._undecided), []
        return out

    def _flush(self) -> bytes:
        rows = b"".join(rows_of(self._waiting)) if self._waiting else b""
        self._waiting = []
        return rows

    def _count(self, kind: str) -> None:
        self.lines[kind] = self.lines.get(kind, 0) + 1
