"""A folder of runs for tests of the way from their names to a verdict."""

from __future__ import annotations

from pathlib import Path

from tests.support.reports import ndjson, records_of
from tests.support.run_pairs import changed, varying


def again(stream: bytes) -> bytes:
    """The same run of another process: only the clock has moved."""
    return ndjson(*(record | {"timestamp": "2026-05-08T03:00:00+00:00"} for record in records_of(stream)))


def fill(folder: Path) -> None:
    """A run of 60 seeds, the same of another process, one that differs, and a file without a run."""
    (folder / "a").write_bytes(varying(60))
    (folder / "b").write_bytes(again(varying(60)))
    (folder / "c").write_bytes(changed(again(varying(60)), 7, events=1))
    (folder / "noise").write_bytes(b"no record\nnone at all\n")
