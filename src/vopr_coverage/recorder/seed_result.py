"""The result of a process that ran one seed: by its records if it wrote any, and by how it ended. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from vopr_coverage.errors import printable
from vopr_coverage.model.crash import OUTSIDE_SIGNALS, PANIC, crash_of
from vopr_coverage.reading.compact import Compactor
from vopr_coverage.reading.compact_simulation import SimulationSeen
from vopr_coverage.reading.records import (
    CrashedData,
    FailedData,
    OkData,
    RanData,
    Record,
    died_line,
    failed_line,
    passed_line,
    ran_line,
    read_record,
)
from vopr_coverage.reading.simulation_records import SeedLine, Unknown, read_line
from vopr_coverage.reading.simulation_rows import one_seed, read_row
from vopr_coverage.recorder.last_words import last_words
from vopr_coverage.recorder.parts import announces
from vopr_coverage.recorder.process import Ended

PROBLEM_CHARACTERS_MAX = 400


class SeedOutput(msgspec.Struct, frozen=True):
    """What a process wrote: its compacted stream, its other lines on stdout, and its stderr; the end of each."""

    stream: Compactor
    records: bytes
    other: bytes
    stderr: bytes

    @property
    def last_words(self) -> tuple[str, ...]:
        """Of stderr; or of stdout, if only that has a panic or anything at all, as with a test runner."""
        only_stdout = _panics(self.other) and not _panics(self.stderr)
        return last_words(self.other if only_stdout or not self.stderr.strip() else self.stderr)


class SeedResult(msgspec.Struct, frozen=True):
    """The result of one seed.

    Attributes:
        ended: how its process ended; None if it could not be started.
        line: the line of the recording; b"" if it failed without a record, or has `record`.
        failed: whether it failed.
        end: `data` of its end record; None if it wrote none, or died.
        record: of a simulation stream, the seed's record.
        simulation: what its simulation stream said besides; None if it wrote none.
        died: whether it crashed, so that `line` is ours.
        output: the folder with its output files; "" if there is none.
        problem: why there is no result; then nothing else counts. "" if there is one.
        last_words: of a process that did not end well.
        kept: the end of what it wrote besides records, if it did not end well.
    """

    ended: Ended | None = None
    line: bytes = b""
    failed: bool = False
    end: Mapping[str, Any] | None = None
    record: SeedLine | None = None
    simulation: SimulationSeen | None = None
    died: bool = False
    problem: str = ""
    output: str = ""
    last_words: tuple[str, ...] = ()
    kept: bytes = b""

    def why_none(self, seed: int) -> tuple[str, ...]:
        """Why there is no result: its last words, or what is wrong with its records; () if there is one."""
        if not self.problem:
            return ()
        return self.last_words or (problem_in_words(seed, self.problem)[:PROBLEM_CHARACTERS_MAX],)


def result_of(seed: int, ended: Ended, written: SeedOutput, found_bug: Collection[int]) -> SeedResult:
    """The result of the process that ran this seed and that nobody has stopped.

    Args:
        found_bug: the exit codes that say so. Signals always do, except those that people and runners send.
    """
    code, stream = ended.exit_code, written.stream
    well = ended.status == 0
    known = SeedResult(
        ended=ended,
        last_words=() if well else written.last_words,
        kept=b"" if well else written.other + written.stderr,
    )
    record = _record_of(seed, written.records)
    if stream.started and not announces(stream, seed, 1):
        return msgspec.structs.replace(known, problem="its stream is not of this seed alone")
    known = msgspec.structs.replace(known, simulation=stream.simulation)
    if stream.simulation:
        row = _seed_of(seed, written.records)
        if row and row.failure:
            return msgspec.structs.replace(known, record=row, failed=True, end=stream.end)
        known = msgspec.structs.replace(known, record=row)
    elif record and isinstance(record[0], FailedData):
        return msgspec.structs.replace(known, line=record[1], failed=True, end=stream.end)
    died = ended.signal not in OUTSIDE_SIGNALS if ended.signal is not None else code in found_bug
    silent = stream.end is not None and bool(stream.end["failed_seeds"])
    if silent:  # its two runs differed
        return msgspec.structs.replace(known, failed=True, end=stream.end)
    if died:
        line = died_line(seed, crash_of(code, ended.signal, known.last_words))
        return msgspec.structs.replace(known, line=line, failed=True, died=True, record=None)
    if not well:
        return msgspec.structs.replace(known, problem=f"{_ending(ended)} does not say that a bug was found")
    if stream.started and not ((record or known.record) and stream.end):
        refused = _refused(written.other, stream.simulation is not None)
        why = f": {refused}" if refused else ""
        return msgspec.structs.replace(known, problem=f"its stream breaks off{why}")
    if known.record:
        return msgspec.structs.replace(known, end=stream.end)
    return msgspec.structs.replace(known, line=record[1] if record else ran_line(seed), end=stream.end)


def _ending(ended: Ended) -> str:
    return f"exit code {ended.exit_code}" if ended.signal is None else f"signal {ended.signal}"


def _refused(output: bytes, is_simulation: bool) -> str:
    """Why no reader takes the first broken record among these lines; "" if there is none."""
    read = read_line if is_simulation else read_record
    for line in output.splitlines():
        found = read(line, "", 0)
        if isinstance(found, list):
            return str(found[0]).removeprefix(":0")  # the line's number in this stream is not known
    return ""


def _panics(output: bytes) -> bool:
    return any(PANIC.search(line) for line in output.decode("utf-8", "replace").splitlines())


def _record_of(seed: int, records: bytes) -> tuple[Any, bytes] | None:
    """The record of this seed, and its line without a time of day."""
    for line in records.splitlines(keepends=True):
        record = read_record(line, "", 0)
        if not isinstance(record, Record):  # of a simulation stream
            continue
        if record.type != "iteration" or isinstance(record.data, (CrashedData, RanData)) or record.data.seed != seed:
            continue  # lines of ours are ours to write
        if isinstance(record.data, FailedData):
            line = failed_line(record.data)
        elif isinstance(record.data, OkData):
            line = passed_line(record.data)
        return record.data, line
    return None


def _seed_of(seed: int, records: bytes) -> SeedLine | None:
    """The record of this seed in a simulation stream."""
    for line in records.splitlines():
        row = read_row(line)
        if row and (row.first_seed, row.seeds) == (seed, 1):
            return one_seed(row)
        found = read_line(line, "", 0) if row is None else None
        if isinstance(found, Unknown) and isinstance(found.record, SeedLine) and found.record.seed == seed:
            return found.record
    return None


def problem_in_words(seed: int, problem: str) -> str:
    """Why the recording ends before this seed, in one line."""
    return f"seed {seed} has no result: {printable(problem)}"
