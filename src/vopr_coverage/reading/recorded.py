"""Reads files as they were found. A recording without a stream is a run that did not finish, and is judged as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from vopr_coverage.files import opened
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Input, Run
from vopr_coverage.reading import read_report
from vopr_coverage.reading.find import ReportFile
from vopr_coverage.reading.seeds import Seeds
from vopr_coverage.reading.source import NoRecords, Progress, blocks


def read_file(file: ReportFile, progress: Progress | None = None) -> Input:
    """Read one report, or the stream of a recording, under its path.

    Args:
        progress: called with the number of unpacked bytes of each block.

    Raises:
        FileError, ReportError, ManyErrors: see `read_report`.
    """
    try:
        return read_report(file.path, progress)
    except NoRecords as error:
        if file.recording is None:
            raise
        return _nothing_written(error)


@contextmanager
def opened_seeds(file: ReportFile, progress: Progress | None = None) -> Iterator[Seeds]:
    """Open one run to read it seed by seed; arguments and errors as those of `read_file`.

    A document without records is refused.
    """
    with opened(file.path) as stream:
        pieces = blocks(stream, file.path, progress)
        yield _RecordedSeeds(pieces, file.path) if file.recording else Seeds(pieces, file.path)


class _RecordedSeeds(Seeds):
    """The seeds of a recording, which may have none."""

    def __init__(self, blocks: Iterable[bytes], source: str) -> None:
        super().__init__(_until_no_records(blocks), source)

    def _finish(self) -> Input:
        try:
            return super()._finish()
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
    run = Run(
        starting_seed=None,
        announced=None,
        records=0,
        failed_records=0,
        iterations=0,
        ended_early=what,
        wrote_nothing=True,
    )
    return Input(source=error.source, format="stream", report=None, run=run, listed_only=True)
