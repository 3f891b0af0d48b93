"""Adds up the seed records of one simulation stream, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import msgspec

from vopr_coverage.model.report import FailureGroup
from vopr_coverage.reading.different_runs import DifferentRuns
from vopr_coverage.reading.named_counts import NamedCounts
from vopr_coverage.reading.order import Failures, SeedOrder
from vopr_coverage.reading.records import CrashedData
from vopr_coverage.reading.seed_hits import HitCounts
from vopr_coverage.reading.simulation_records import Counters, SeedLine
from vopr_coverage.reading.simulation_rows import SeedRow, kept_digest, seeds_of

FIRST_SEEDS = 8  # whose results are kept: chance repeats one of them, but never eight
DIGEST_DIGITS = 16


class SimulationTally(SeedOrder):
    """The seed records so far. Times are nanoseconds; None is not measured."""

    def __init__(self) -> None:
        super().__init__()
        self.ok = 0
        self.failed = 0
        self.hits = HitCounts()
        self.ran = NamedCounts()
        self.different = DifferentRuns()
        self.counters: dict[str, int] = {}
        self._events: int | None = 0
        self._had_events = False
        self._time_ns: int | None = 0
        self._failures = Failures()
        self._begun: list[SeedLine] = []
        self._all_alike = True

    # ---- adding

    def add_block(self, records: Sequence[SeedLine]) -> bool:
        """Add the records of consecutive seeds at once; False, and nothing added, if one is out of order."""
        due = self.due(len(records))
        if due is None or [record.seed for record in records] != list(range(due, due + len(records))):
            return False
        self.took(len(records))
        self.hits.add_seeds(due, [record.hits for record in records])
        self._add(records)
        return True

    def add(self, record: SeedLine, number: int) -> None:
        """Add the record on line `number`, in order or not."""
        if self.follow(record.seed, number):
            self.hits.add_seeds(record.seed, [record.hits])
        else:
            self.hits.add([record.hits])
        self._add([record])

    def add_row(self, row: SeedRow, number: int) -> None:
        """Add a row of seeds, in order or not; the first of them stood on line `number`."""
        if self.due(row.seeds) == row.first_seed:
            self.took(row.seeds)
            self._keep_hits(row, 0, row.seeds)
        else:
            for at, seed in enumerate(row.numbers()):
                if self.follow(seed, number + at):
                    self._keep_hits(row, at, 1)
        self._events = _plus(self._events, [None] if row.events is None else row.events)
        self._had_events = self._had_events or any(row.events or ())
        self._time_ns = _plus(self._time_ns, [None] if row.time_ns is None else row.time_ns)
        self.different.add(row.digest or [None] * row.seeds)
        for counts, columns in ((self.hits, row.hits), (self.ran, row.ran)):
            if columns is not None:
                counts.add_columns(columns, row.seeds)
        if row.counters is not None:
            self._count([row.counters])
        for failed in row.failed:
            self._failures.add(row.first_seed + failed.at, failed.invariant, failed.message)
        self.failed += len(row.failed)
        self.ok += row.seeds - len(row.failed)
        if self._all_alike or len(self._begun) < FIRST_SEEDS:
            self._look_at(seeds_of(row))

    def _keep_hits(self, row: SeedRow, at: int, seeds: int) -> None:
        """Which of so many seeds of a row, from one on, hit which points."""
        if row.hits is not None:
            of_these = (1 << seeds) - 1
            columns = {name: int(column.seeds, 16) >> at & of_these for name, column in row.hits.items()}
            self.hits.keep(row.first_seed + at, seeds, {name: column for name, column in columns.items() if column})

    def add_crash(self, died: CrashedData, number: int) -> None:
        """Add the seed that the simulator died at. What it did before is not known."""
        self.follow(died.seed, number)
        self.failed += 1
        self._failures.add_crash(died.seed, died.crash)

    def _add(self, records: Sequence[SeedLine]) -> None:
        """One list for each column: these run for every seed of every night."""
        events = [record.events for record in records]
        self._events = _plus(self._events, events)
        self._had_events = self._had_events or any(events)
        self._time_ns = _plus(self._time_ns, [record.time_ns for record in records])
        self.ran.add([record.ran for record in records if record.ran is not None])
        self.different.add(record.digest for record in records)
        self._count([record.counters for record in records if record.counters is not None])
        failed = [record for record in records if record.failure is not None]
        self.ok += len(records) - len(failed)
        self._fail(failed)
        if self._all_alike or len(self._begun) < FIRST_SEEDS:
            self._look_at(records)

    def _fail(self, records: Sequence[SeedLine]) -> None:
        self.failed += len(records)
        for record in records:
            if record.failure is not None:
                self._failures.add(record.seed, record.failure.invariant, record.failure.message)

    def _count(self, all_counters: Iterable[Counters]) -> None:
        for counters in all_counters:
            for name, count in counters.given().items():
                before = self.counters.get(name, 0)
                # The same query plan may have run at several seeds.
                self.counters[name] = max(before, count) if name == "unique_query_plans" else before + count

    def _look_at(self, records: Sequence[SeedLine]) -> None:
        for record in records:
            if record.failure is not None:
                continue
            if len(self._begun) < FIRST_SEEDS:
                self._begun.append(record)
            first = self._begun[0]
            if record.digest is None or result_of(record) != result_of(first):
                self._all_alike = False

    # ---- asking

    @property
    def records(self) -> int:
        """Seed records read."""
        return self.ok + self.failed

    @property
    def events(self) -> int | None:
        """Events of all seeds; None if a seed does not tell."""
        return self._events if self.records else None

    @property
    def time_ns(self) -> int | None:
        """Simulated time of all seeds in nanoseconds; None if a seed does not tell."""
        return self._time_ns if self.records else None

    @property
    def ran_nothing(self) -> bool:
        """Whether seeds passed, and no seed had an event."""
        return self.ok > 0 and self._events is not None and not self._had_events

    @property
    def seed_ignored(self) -> bool:
        """Whether all of two or more passed seeds gave exactly the same run; without digests nobody can tell."""
        return self.ok >= 2 and self._all_alike

    def first_hashes(self) -> tuple[str, ...]:
        """A digest of what each of the first seeds that passed did; none without digests."""
        if any(record.digest is None for record in self._begun):
            return ()
        return tuple(
            sha256(msgspec.json.encode(result_of(r), order="sorted")).hexdigest()[:DIGEST_DIGITS] for r in self._begun
        )

    def failure_groups(self) -> tuple[FailureGroup, ...]:
        """The failures by invariant, in the order of their first seeds."""
        return self._failures.groups()


def result_of(record: SeedLine) -> tuple[object, ...]:
    """What a seed did, as far as its record tells, and as a recording stores it: without how often it hit a point."""
    return kept_digest(record.digest), record.events, record.time_ns, _names(record.hits), _names(record.ran)


def _names(counts: Mapping[str, int] | None) -> list[str] | None:
    return None if counts is None else sorted(name for name, count in counts.items() if count)


def _plus(before: int | None, figures: Sequence[int | None]) -> int | None:
    """The sum so far and these figures; None as soon as one was not measured."""
    if before is None:
        return None
    try:
        return before + sum(figures)  # type: ignore[arg-type]
    except TypeError:
        return None
