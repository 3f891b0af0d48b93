"""Reads a simulation stream, the open format of any tester: `start`, one `seed` record a seed, `end`.

One pass and constant memory. docs/formats/simulation.md describes the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from vopr_coverage.errors import PROBLEMS_SHOWN_MAX, ManyErrors, ReportError, shown
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.points import Observed
from vopr_coverage.model.report import CoverageReport, Input, Run
from vopr_coverage.reading.named_counts import NamedCounts
from vopr_coverage.reading.records import CrashedData, read_died
from vopr_coverage.reading.simulation_files import as_files
from vopr_coverage.reading.simulation_observed import (
    declared_twice,
    given_counters,
    hits_of,
    observed_of,
    properties_in,
    undeclared_text,
)
from vopr_coverage.reading.simulation_records import (
    EndLine,
    SeedLine,
    StartLine,
    Unknown,
    are_sound,
    decode_seed_block,
    read_line,
)
from vopr_coverage.reading.simulation_rows import SeedRow, read_row
from vopr_coverage.reading.simulation_tally import SimulationTally
from vopr_coverage.reading.source import BrokenData, CutShort, NoRecords

UNKNOWN_NAMES_KEPT_MAX = 10


def read_simulation(blocks: Iterable[bytes], source: str) -> Input:
    """Read one simulation stream.

    Args:
        blocks: whole lines, as `source.blocks` yields them; consumed once.
        source: the stream's name in messages.

    Returns:
        An Input with its Run, unless its records are files, and what was observed by name. `report` is None without
        an `end` record, and where neither points nor invariants are recorded.

    Raises:
        ReportError, ManyErrors: records that violate schemas/simulation.json, each with line and pointer.
        NoRecords: no record at all.
    """
    reader = SimulationReader(source)
    for _ in reader.steps(blocks):
        pass
    read = reader.finish()
    return as_files(read) if reader.start and reader.start.unit == "file" else read


@dataclass
class SimulationReader:
    """One pass over one stream. Line numbers count from 1."""

    source: str
    tally: SimulationTally = field(default_factory=SimulationTally)
    start: StartLine | None = None
    end: EndLine | None = None
    cut_short: bool = False
    errors: list[ReportError] = field(default_factory=list)
    other_lines: int = 0
    strays: int = 0  # records after the end, or of a second stream
    ended: bool = False
    died: bool = False  # the last record is of a seed that the simulator died at
    torn: bool = False  # the last line is a part of one
    unknown: dict[str, int] = field(default_factory=dict)  # key → first line

    def steps(self, blocks: Iterable[bytes]) -> Iterator[None]:
        """Read one block a step. Raises what `read_simulation` raises, except errors that only `finish` can find."""
        number = 1
        try:
            for block in blocks:
                number += self._read_block(block, number)
                yield
        except CutShort:
            self.cut_short = True
        except BrokenData as error:
            raise error.on_line(number) from None

    def _read_block(self, block: bytes, first_line: int) -> int:
        """Read whole lines: all at once if they are seeds in their order, else one by one. Returns their number."""
        if self.start and not self.ended:
            try:
                records = decode_seed_block(block)
                if records and are_sound(records) and self.tally.add_block(records):
                    self.died = False
                    return len(records)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass
        lines = block.split(b"\n")  # splitlines() also splits at a lone CR
        number = first_line
        for line in lines:
            number += self._read_line(line, number) if line.strip() else 1
        last = lines[-1].lstrip()
        self.torn = last.startswith(b"{") and not isinstance(read_line(last, self.source, 0), Unknown)
        return number - first_line - 1

    def _read_line(self, line: bytes, number: int) -> int:
        """Read one line. Returns how many lines of the simulator's stream it stands for."""
        found = read_line(line, self.source, number)
        if found is None:
            recorded = read_row(line) or read_died(line)
            if recorded is None:
                self.other_lines += 1
            else:
                self._take_recorded(recorded, number)
            return recorded.seeds if isinstance(recorded, SeedRow) else 1
        if isinstance(found, list):
            self.errors += found
            if len(self.errors) > PROBLEMS_SHOWN_MAX:
                raise ManyErrors(self.errors)
        else:
            for key in found.keys:
                if len(self.unknown) < UNKNOWN_NAMES_KEPT_MAX:
                    self.unknown.setdefault(f"key {shown(key)} in a {found.record.type} record", number)
            self._take(found.record, number)
        return 1

    def _take(self, record: StartLine | SeedLine | EndLine, number: int) -> None:
        contradictions = self.tally.contradictions
        if isinstance(record, StartLine) and self.start:
            self.ended = True
            self.strays += 1
            first, again = self.start, record
            contradictions.add(
                f"two streams in one file: line {number} starts again at seed {again.first_seed} for "
                f"{counted(again.seeds, 'seed')}, the first start was at seed {first.first_seed} for {first.seeds}"
            )
        elif self.ended:
            self.strays += 1
        elif isinstance(record, StartLine):
            self._begin(record, number)
        elif isinstance(record, SeedLine):
            self.tally.add(record, number)
            self.died = False
        else:
            self.ended, self.end = True, record

    def _take_recorded(self, recorded: SeedRow | CrashedData, number: int) -> None:
        """What only a recording has."""
        self.died = isinstance(recorded, CrashedData)
        if self.ended:
            self.strays += 1 if isinstance(recorded, CrashedData) else recorded.seeds
        elif isinstance(recorded, CrashedData):
            self.tally.add_crash(recorded, number)
        else:
            self.tally.add_row(recorded, number)

    def _begin(self, record: StartLine, number: int) -> None:
        self.start, tally = record, self.tally
        if tally.records:
            tally.contradictions.add(f"line {number} has the start record, after {counted(tally.records, 'seed')}")
            return
        tally.starting_seed, tally.announced = record.first_seed, record.seeds
        tally.hits.declare(name for names in record.points.values() for name in names)
        tally.ran.declare([*record.invariants, *record.optional_invariants])

    def finish(self) -> Input:
        """The result of the whole stream."""
        tally = self.tally
        if self.errors:
            raise ManyErrors(self.errors)
        if not (self.start or tally.records or self.end):
            what = f"{counted(self.other_lines, 'line')} without one" if self.other_lines else "blank lines only"
            raise NoRecords(self.source, expected="records of a simulation stream", found=what, lines=self.other_lines)
        if self.strays:
            stand = agreeing(self.strays, "stands", "stand")
            tally.contradictions.add(f"{counted(self.strays, 'record')} {stand} after the end of the stream")
        observed = observed_of(self.start, self.end, tally) if self.start and self.end else None
        if self.end:
            self._check_end(self.end)
        run = Run(
            starting_seed=tally.starting_seed,
            announced=tally.announced,
            records=tally.records,
            failed_records=tally.failed,
            iterations=tally.records,
            ended_early=self._ended_early(),
            contradictions=tally.contradictions.sentences(),
            failures=tally.failure_groups(),
            seed_ignored=tally.seed_ignored,
            first_hashes=tally.first_hashes(),
            different_runs=tally.different.richness(),
            ran_nothing=tally.ran_nothing,
            fault_counts=self._fault_counts(observed),
            attempts_only=(self.end.attempts or {}) if self.end else {},
            properties=properties_in(self.end),
            next_seed=None if self.torn or self.cut_short or self.ended or not self.start else tally.next_seed(),
            crashed=self.died and not self.ended,
        )
        return Input(
            source=self.source,
            format="simulation",
            report=self._report(observed),
            run=run,
            scenario=self.start.scenario if self.start else None,
            warnings=tuple(self._remarks()),
            observed=observed,
            listed_only=observed is not None,
            hits=hits_of(self.start, tally),
        )

    # ---- what is known at the end

    def _report(self, observed: Observed | None) -> CoverageReport | None:
        tally, end = self.tally, self.end
        if observed is None or end is None:
            return None
        recorded = tally.hits.recorded or tally.ran.recorded or end.hits is not None or end.ran is not None
        if not recorded and not observed.counters:
            return None
        return coverage_of(observed, tally.events or 0, tally.time_ns or 0)

    def _fault_counts(self, observed: Observed | None) -> dict[str, int] | None:
        if observed is None:
            return None
        return {name: point.count or 0 for name, point in observed.points.items() if point.kind != "phase"}

    def _check_end(self, end: EndLine) -> None:
        tally = self.tally
        contradictions = tally.contradictions
        if end.seeds != tally.records:
            contradictions.add(f"end.seeds is {end.seeds}, the stream has {counted(tally.records, 'seed record')}")
        if end.failed != tally.failed:
            contradictions.add(f"end.failed is {end.failed}, {counted(tally.failed, 'seed record')} failed")
        missing, gaps = tally.close_gaps()
        if missing:
            first = ((tally.starting_seed or 0) + gaps[0][0]) % (1 << 64)
            have = agreeing(missing, "has", "have")
            contradictions.add(f"{counted(missing, 'seed')} {have} no record, the first is {first}")
        for key, counts, total in (("hits", tally.hits, end.hits), ("ran", tally.ran, end.ran)):
            self._check_totals(key, counts, total)
        for name, count in given_counters(end).items():
            if name in tally.counters and name != "unique_query_plans" and count != tally.counters[name]:
                contradictions.add(f"end.counters.{name} is {count}, the seeds make {tally.counters[name]}")

    def _check_totals(self, key: str, counts: NamedCounts, total: dict[str, int] | None) -> None:
        if total is None or not counts.recorded:
            return
        sums = counts.totals()
        for name in sorted(sums.keys() | total.keys()):
            if sums.get(name, 0) != total.get(name, 0) and name not in counts.dropped:
                self.tally.contradictions.add(
                    f"end.{key} has {shown(name)} {total.get(name, 0)} times, the seeds {sums.get(name, 0)} times"
                )

    def _ended_early(self) -> str | None:
        tally = self.tally
        if not self.start:
            return "there is no start record, pass the whole stream"
        if self.end:
            return "the gzip data breaks off after the end record" if self.cut_short else None
        seed = tally.next_seed()
        if seed is not None:
            where = f"stopped at seed {seed}"
        else:
            last = tally.last_seed()
            where = "stopped before any seed" if last is None else f"stopped after the last seed {last}"
            where += ", before the end record"
        return f"no end record after {tally.records} of {counted(tally.announced or 0, 'seed')}, {where}"

    def _remarks(self) -> Iterator[str]:
        tally = self.tally
        if self.other_lines:
            are = agreeing(self.other_lines, "is no record", "are no records")
            yield f"{counted(self.other_lines, 'line')} {are} of the stream (is stderr mixed in?)"
        for what, number in self.unknown.items():
            yield f"unknown {what}, first on line {number}"
        yield from declared_twice(self.start) if self.start else ()
        for key, counts, total, names in self._named():
            undeclared = sorted((counts.totals().keys() | (total or {}).keys()) - set(names))
            if undeclared:
                yield undeclared_text(key, undeclared, more=bool(counts.dropped))
            if names and not counts.recorded and total is None and tally.records:
                yield f"no record has `{key}`, so none of the {counted(len(names), 'name')} declared for it is measured"

    def _named(self) -> Iterator[tuple[str, NamedCounts, dict[str, int] | None, list[str]]]:
        if not (self.start and self.end):
            return
        points = [name for names in self.start.points.values() for name in names]
        yield "hits", self.tally.hits, self.end.hits, points
        invariants = [*self.start.invariants, *self.start.optional_invariants]
        yield "ran", self.tally.ran, self.end.ran, invariants
