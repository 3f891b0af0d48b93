"""Reads `vopr --json`: NDJSON of `start`, `iteration`…, `batch_complete`, in one pass and constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from vopr_coverage.errors import PROBLEMS_SHOWN_MAX, ManyErrors, ReportError, printable, shown
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.report import Input, Run, SeedList
from vopr_coverage.reading.ending import StreamEnding, read_ending
from vopr_coverage.reading.records import CrashedData, Record, decode_compact_block, decode_ok_block, read_record
from vopr_coverage.reading.source import BrokenData, CutShort, NoRecords
from vopr_coverage.reading.tally import Tally

UNKNOWN_NAMES_KEPT_MAX = 10


def read_stream(blocks: Iterable[bytes], source: str) -> Input:
    """Read one stream.

    Args:
        blocks: whole lines, as `source.blocks` yields them; consumed once.
        source: the stream's name in messages: its path, or `-` for standard input.

    Returns:
        An Input with its Run. `report` is None without a `batch_complete` or without coverage
        in it. Figures that streams do not contain are None, never 0.

    Raises:
        ReportError, ManyErrors: records that violate schemas/stream.json (the first ten, in
        file order, each with line and pointer).
        NoRecords: no record at all.
    """
    reader = StreamReader(source)
    for _ in reader.steps(blocks):
        pass
    return reader.finish()


@dataclass
class StreamReader:
    """One pass over one stream. `line` numbers count from 1."""

    source: str
    tally: Tally = field(default_factory=Tally)
    started: bool = False
    ending: StreamEnding | None = None
    ended: bool = False
    cut_short: bool = False
    torn: bool = False  # the last line is a part of one
    died: bool = False  # the last record is of a seed that the simulator died at
    errors: list[ReportError] = field(default_factory=list)
    other_lines: int = 0
    strays: int = 0  # records after the end, or of a second stream
    unknown: dict[str, int] = field(default_factory=dict)  # kind or key → first line
    simulator_says: list[str] = field(default_factory=list)

    def steps(self, blocks: Iterable[bytes]) -> Iterator[None]:
        """Read one block a step. Raises what `read_stream` raises, except errors that only `finish` can find."""
        number = 1
        try:
            for block in blocks:
                number += self.read_block(block, number)
                yield
        except CutShort:
            self.cut_short = True
        except BrokenData as error:
            raise error.on_line(number) from None

    def read_block(self, block: bytes, first_line: int) -> int:
        """Read whole lines: all at once if they are iterations that passed, else one by one. Returns their number."""
        if self.started and not self.ended:
            try:
                records = decode_compact_block(block) if block[:1] == b"[" else decode_ok_block(block)
                if records and self.tally.add_ok_block(records):
                    self.died = False
                    return len(records)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass
        lines = block.split(b"\n")  # splitlines() also splits at a lone CR
        for number, line in enumerate(lines, first_line):
            if line.strip():
                self._read_line(line, number)
        last = lines[-1].lstrip()
        self.torn = last.startswith(b"{") and not isinstance(read_record(last, self.source, 0), Record)
        return len(lines) - 1

    def _read_line(self, line: bytes, number: int) -> None:
        record = read_record(line, self.source, number)
        if record is None:
            self.other_lines += 1
        elif isinstance(record, list):
            self.errors += record
            if len(self.errors) > PROBLEMS_SHOWN_MAX:
                raise ManyErrors(self.errors)
        else:
            for key in record.unknown_keys:
                self._note_unknown(f"key {shown(key)} in {shown(record.type)} records", number)
            self._take(record, number)

    def _take(self, record: Record, number: int) -> None:
        contradictions = self.tally.contradictions
        match record.type:
            case "coverage_failures":
                self.simulator_says += record.data["failures"][: PROBLEMS_SHOWN_MAX - len(self.simulator_says)]
            case "start" if self.started:
                data, tally = record.data, self.tally
                self.ended = True
                self.strays += 1
                contradictions.add(
                    f"two streams in one file: line {number} starts again at seed {data['starting_seed']} "
                    f"for {counted(data['iterations'], 'iteration')}, the first start was at seed "
                    f"{tally.starting_seed} for {tally.announced}"
                )
            case "start" | "iteration" | "batch_complete" if self.ended:
                self.strays += 1
            case "start":
                self._start(record, number)
            case "iteration":
                self.tally.add(record.data, number)
                self.died = isinstance(record.data, CrashedData)
            case "batch_complete":
                self.ended = True
                self.ending = read_ending(record.data, self.tally)
            case other:
                self._note_unknown(f"record type {shown(other)}", number)

    def _start(self, record: Record, number: int) -> None:
        self.started = True
        if self.tally.records:
            self.tally.contradictions.add(
                f"line {number} has the start record, after {counted(self.tally.records, 'iteration')}"
            )
            return
        self.tally.starting_seed = record.data["starting_seed"]
        self.tally.announced = record.data["iterations"]

    def _note_unknown(self, what: str, number: int) -> None:
        if len(self.unknown) < UNKNOWN_NAMES_KEPT_MAX:
            self.unknown.setdefault(what, number)

    def finish(self) -> Input:
        """The result of the whole stream."""
        tally, ending = self.tally, self.ending
        if self.errors:
            raise ManyErrors(self.errors)
        if not (self.started or tally.records or ending):
            what = f"{counted(self.other_lines, 'line')} without one" if self.other_lines else "blank lines only"
            found = f"{what}; was the simulator run with --json?"
            raise NoRecords(self.source, expected="records of a VOPR stream", found=found, lines=self.other_lines)
        if self.strays:
            stand = agreeing(self.strays, "stands", "stand")
            tally.contradictions.add(f"{counted(self.strays, 'record')} {stand} after the end of the stream")
        silent = ending.silent_failures if ending else SeedList()
        run = Run(
            starting_seed=tally.starting_seed,
            announced=tally.announced,
            records=tally.records,
            failed_records=tally.failed,
            iterations=tally.records + silent.count,
            ended_early=self._ended_early(),
            contradictions=tally.contradictions.sentences(),
            failures=tally.failure_groups(),
            silent_failures=silent,
            seed_ignored=tally.seed_ignored,
            first_hashes=tally.first_hashes(),
            ran_nothing=tally.ok > tally.silent and tally.ok_events == 0,
            double_runs=True if silent.count else None,
            fault_effects=ending.fault_effects if ending else None,
            fault_counts=ending.fault_counts if ending else None,
            attempts_only=ending.attempts_only if ending else {},
            properties=ending.properties if ending else None,
            next_seed=self._next_seed(),
            crashed=self.died and not self.ended,
        )
        # Without a start record the figures at the end cannot be verified: they are not measured.
        report = ending.report if ending and self.started else None
        return Input(
            source=self.source,
            format="stream",
            report=report,
            run=run,
            warnings=tuple(self._remarks()),
            listed_only=True,
        )

    def _ended_early(self) -> str | None:
        tally = self.tally
        if not self.started:
            return "there is no start record, pass the whole stream"
        if self.ending:
            return "the gzip data breaks off after batch_complete" if self.cut_short else None
        seed = tally.next_seed()
        where = f"stopped at seed {seed}" if seed is not None else f"stopped after the last seed {tally.last_seed()}"
        if seed is None and tally.last_seed() is None:
            where = "stopped before any seed"
        where += ", before batch_complete" if seed is None else ""
        iterations = f"{tally.announced} {agreeing(tally.announced or 0, 'iteration')}"
        return f"no batch_complete after {tally.records} of {iterations}, {where}"

    def _next_seed(self) -> int | None:
        """The seed that was running at the end. A line that is cut hides which records were lost behind it."""
        cut = self.torn or self.cut_short or self.ended
        return self.tally.next_seed() if self.started and not cut else None

    def _remarks(self) -> list[str]:
        remarks = []
        if self.other_lines:
            are = agreeing(self.other_lines, "is no record", "are no records")
            lines = f"{counted(self.other_lines, 'line')} {are}"
            remarks.append(f"{lines} of the stream (is stderr mixed in?)")
        remarks += [f"unknown {what}, first on line {number}" for what, number in self.unknown.items()]
        remarks += [f"the simulator itself says: {printable(text[:200])}" for text in self.simulator_says]
        return remarks
