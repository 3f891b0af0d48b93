"""Streams as the reader understands them, for tests that need no file."""

from __future__ import annotations

from io import BytesIO

import pytest

from tests.support.reports import (
    Record,
    ndjson,
)
from vopr_coverage.errors import UserError
from vopr_coverage.model.report import CoverageReport, Input, Run
from vopr_coverage.reading.stream import read_stream


def reading(*pieces: Record | bytes) -> Input:
    """These records and lines as read: in one block, and with what is between the ends in a block of its own."""
    stream = ndjson(*pieces)
    lines = BytesIO(stream).readlines()
    apart = (b"".join(part) for part in (lines[:1], lines[1:-1], lines[1:][-1:]) if part)
    whole = read_stream([stream], "s")
    assert read_stream(apart, "s") == whole
    return whole


def run_of(*pieces: Record | bytes) -> Run:
    """What the stream's records say about the run."""
    run = reading(*pieces).run
    assert run is not None
    return run


def report_of(*pieces: Record | bytes) -> CoverageReport:
    """The coverage of a whole stream."""
    report = reading(*pieces).report
    assert report is not None
    return report


def complaint(*pieces: Record | bytes) -> list[str]:
    """The lines that a stream which can't be read gets."""
    with pytest.raises(UserError) as caught:
        reading(*pieces)
    return str(caught.value).splitlines()
