"""Reads files as they were found. A recording without a stream is a run that did not finish, and is judged as one.

A stream does not show how its simulator ended. A recording's manifest does: here it becomes known that it died.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain

import msgspec
from msgspec.structs import replace

from vopr_coverage.errors import ReportError, UserError, Words
from vopr_coverage.files import opened
from vopr_coverage.model.crash import CRASH, crash_of, is_crash
from vopr_coverage.model.figures import counted
from vopr_coverage.model.manifest import Recording
from vopr_coverage.model.points import PointKind
from vopr_coverage.model.report import FailureGroup, Input, Run
from vopr_coverage.reading import of_format, read_report, recognise
from vopr_coverage.reading.find import ReportFile
from vopr_coverage.reading.formats import read_document, row_of
from vopr_coverage.reading.foundationdb import is_part
from vopr_coverage.reading.outputs import with_outputs
from vopr_coverage.reading.point_lists import with_list
from vopr_coverage.reading.seeds import Seeds, SeedsReader
from vopr_coverage.reading.simulation import read_simulation
from vopr_coverage.reading.simulation_seeds import SimulationSeedsReader
from vopr_coverage.reading.source import NoRecords, Progress, blocks
from vopr_coverage.reading.stream import read_stream
from vopr_coverage.reading.stretches import Stretch


class ReadAs(msgspec.Struct, frozen=True):
    """What somebody says of files that their content does not.

    Attributes:
        form: the format that all of them have to be, a name of `reading.formats.FORMATS`; None: any. Of a recorded
            simulator that wrote files it is the format of these files.
        declared: points that a run may reach, beside those that the files declare: kinds by name, None if unknown.
    """

    form: str | None = None
    declared: Mapping[str, PointKind | None] = {}


AS_SHOWN = ReadAs()  # whatever their content shows


def read_file(file: ReportFile, progress: Progress | None = None, read_as: ReadAs = AS_SHOWN) -> Input:
    """Read one report, or the stream of a recording, under its path.

    Args:
        progress: called with the number of unpacked bytes of each block.

    Raises:
        FileError, ReportError, ManyErrors: see `read_report`.
    """
    wrote_files = file.recording is not None and file.recording.writes_output
    try:
        form = None if wrote_files else read_as.form
        read = _as_recorded(read_report(file.path, progress, form), file.recording)
    except NoRecords as error:
        if file.recording is None:
            raise
        return _nothing_written(error)
    read = with_outputs(read, file.path, read_as.form) if wrote_files else read
    return read if is_part(read) else with_list(read, read_as.declared)


def why_not_whole(recording: Recording, path: str) -> str:
    """Why a recording whose simulator ended by itself is not whole, in one line; "" if its ending says so.

    Args:
        path: of its stream.
    """
    if recording.whole or recording.stopped or recording.ended_badly or recording.per_seed:
        return ""
    try:
        run = read_report(path).run
    except UserError as error:
        return str(error).partition("\n")[0]
    return (run.ended_early if run else None) or ""


def _as_recorded(read: Input, recording: Recording | None) -> Input:
    """What a stream's manifest adds to it: where its simulator died, and what the coverage is of."""
    if read.run is None or recording is None:
        return read
    if not (recording.parts or recording.per_seed):
        return _with_crash(read, read.run, recording)
    ended_by_it = bool(recording.parts) and not recording.stopped and recording.parts[-1].died_at is not None
    run = replace(read.run, crashed=read.run.crashed and ended_by_it, measured=recording.measured)
    warnings = list(read.warnings)
    if read.report is not None and run.covered < run.iterations:
        died = sum(group.count for group in run.failures if group.crash)
        of = f"Coverage is of {run.covered:,} of {counted(run.iterations, 'iteration')}"
        why = f": the simulator died at {counted(died, 'seed')}, and one that dies reports no coverage" if died else ""
        warnings.append(of + why)
    return replace(read, run=run, warnings=tuple(warnings))


def _with_crash(read: Input, run: Run, recording: Recording) -> Input:
    """The run with the seed that its simulator died at as one failed seed more, if that is how it ended.

    It is not if the recorder ended the simulator, if somebody else did, or if the seed is not known for sure.
    """
    if not recording.finished or recording.stopped:
        return read
    if run.complete or run.next_seed is None or run.contradictions:
        return read
    if not is_crash(recording.exit_code, recording.signal):
        return read
    crash = crash_of(recording.exit_code, recording.signal, recording.last_words)
    died = FailureGroup(invariant=CRASH, count=1, message=crash.message, seeds=(run.next_seed,), crash=crash)
    return replace(
        read,
        run=replace(
            run,
            failures=(*run.failures, died),
            failed_records=run.failed_records + 1,
            iterations=run.iterations + 1,
            crashed=True,
        ),
    )


@contextmanager
def opened_seeds(
    file: ReportFile, progress: Progress | None = None, read_as: ReadAs = AS_SHOWN
) -> Iterator[Seeds | SeedlessRun]:
    """Open one run to read it seed by seed; arguments and errors as those of `read_file`.

    A document without records is refused.
    """
    form = None if file.recording is not None and file.recording.writes_output else read_as.form
    with opened(file.path) as stream:
        pieces = blocks(stream, file.path, progress)
        if file.recording:
            pieces = _until_no_records(pieces)
        reader, seen = recognise(pieces, file.path, form)
        whole: Iterable[bytes] = chain(seen, pieces)
        if reader is read_document:
            whole = [*whole]
        if reader is read_simulation:
            yield _seeds(whole, file, SimulationSeedsReader(file.path))
        elif reader is read_stream or (reader is read_document and not _is_document(whole, file)):
            yield _seeds(whole, file, None)
        else:
            read = of_format(form, reader(whole, file.path), file.path)
            yield SeedlessRun(with_list(_as_recorded(read, file.recording), read_as.declared))


def _seeds(pieces: Iterable[bytes], file: ReportFile, reader: SeedsReader | None) -> Seeds:
    if file.recording:
        return _RecordedSeeds(pieces, file.path, file.recording, reader)
    return Seeds(pieces, file.path, reader)


def _is_document(pieces: Iterable[bytes], file: ReportFile) -> bool:
    """Whether it is a document that a tester of another kind writes.

    Raises:
        ReportError: a report with totals of unknown seeds.
    """
    try:
        read = read_document(pieces, file.path)
    except UserError:
        return False
    if row_of(read).a_run_is == "totals":
        raise ReportError(file.path, "", expected="a run of seeds", found=Words(row_of(read).title))
    return True


class SeedlessRun:
    """A run of a format that tells nothing of single seeds, where a run that is read seed by seed is asked for."""

    starting_seed: int | None = None
    announced: int | None = None
    marks: tuple[bytes, ...] = ()
    start: None = None

    def __init__(self, read: Input) -> None:
        self.read = replace(read, run=read.run or _without_seeds(read.finish.ended_early if read.finish else None))

    def __iter__(self) -> Iterator[Stretch]:
        """None."""
        return iter(())


class _RecordedSeeds(Seeds):
    """The seeds of a recording, which may have none."""

    def __init__(self, blocks: Iterable[bytes], source: str, recording: Recording, reader: SeedsReader | None) -> None:
        super().__init__(blocks, source, reader)
        self._recording = recording

    def _finish(self) -> Input:
        try:
            return _as_recorded(super()._finish(), self._recording)
        except NoRecords as error:
            return _nothing_written(error)


def _until_no_records(blocks: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from blocks
    except NoRecords:  # the end of the reading reports that
        return


def _nothing_written(error: NoRecords) -> Input:
    """What is known of a run whose simulator wrote no record."""
    what = f"no record written, but {counted(error.lines, 'other line')}" if error.lines else "nothing written"
    run = replace(_without_seeds(what), wrote_nothing=True)
    return Input(source=error.source, format="stream", report=None, run=run, listed_only=True)


def _without_seeds(ended_early: str | None) -> Run:
    """A run of which no seed is known."""
    return Run(starting_seed=None, announced=None, records=0, failed_records=0, iterations=0, ended_early=ended_early)
