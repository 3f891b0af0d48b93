"""A store in a folder: for a laptop, a server of one's own, and tests.

Who writes holds a lock, which the system takes back from a process that dies. Each file is replaced as a whole, the
history first: the text files are made from it, so a writer that was killed between them leaves files that the next one
makes anew.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from vopr_coverage.errors import FileError, UserError, printable
from vopr_coverage.files import HeldError, is_there, locked, read_bytes, replace_file, why
from vopr_coverage.model.figures import in_digits
from vopr_coverage.trends.history import HISTORY_BYTES_MAX, History, TrendRecord, parse_history, union
from vopr_coverage.trends.store import TRENDS_NAME, Stored, StoreFiles, store_files, stored_line

LOCK_NAME = ".vopr-trends.lock"
LOCK_WAIT_S = 60.0


class FolderStore:
    """A folder with `trends.ndjson` and the four text files; it is created with the first night.

    Args:
        series: the scenario of the text files, "" for the usual one.
        lock_wait_s: how long to wait for another writer, in seconds.
    """

    def __init__(self, folder: Path, series: str = "", lock_wait_s: float = LOCK_WAIT_S) -> None:
        self._folder, self._series, self._lock_wait_s = folder, series, lock_wait_s
        self._name = f"the folder {printable(str(folder))}"

    def load(self) -> Stored:
        """The nights in it. Files are replaced as a whole, so that reading needs no lock."""
        try:
            history = self._read()
        except UserError as error:
            return Stored(warnings=(f"the nights in {self._name} were not loaded: {error}",))
        return Stored(history.records, (), history.warnings, history.later)

    def append(self, records: Sequence[TrendRecord]) -> Stored:
        """Add nights to it. Where that fails, its files are as they were."""
        there, files = History(), StoreFiles({}, ())
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with locked(self._folder / LOCK_NAME, self._lock_wait_s):
                there = self._read()
                files = store_files(there, records, self._series)
                self._write(files.files)
        except HeldError:
            held = f"another process has held {LOCK_NAME} in it for {in_digits(self._lock_wait_s)} s"
            problem = f"{self._name} was not written: {held}"
        except (OSError, ValueError) as error:
            problem = f"{self._name} was not written: {why(error)}"
        except UserError as error:
            problem = f"{self._name} was not written: {error}"
        else:
            said = stored_line(there, records, self._name)
            return Stored(union(there.records, records), (said,), (*there.warnings, *files.warnings), there.later)
        hint = "the next run that can write adds these nights, too, from the history that it has"
        return Stored(union(there.records, records), (), (*there.warnings, f"{problem}; {hint}"), there.later)

    def _read(self) -> History:
        path = self._folder / TRENDS_NAME
        return parse_history(read_bytes(path, HISTORY_BYTES_MAX), str(path)) if is_there(path) else History()

    def _write(self, files: dict[str, bytes]) -> None:
        for part in self._folder.glob(".*.txt.*"):
            part.unlink()  # of a writer that was killed: nobody else writes now
        for part in self._folder.glob(f".{TRENDS_NAME}.*"):
            part.unlink()
        for name, data in files.items():
            if _bytes_of(self._folder / name) != data:
                replace_file(self._folder / name, data)
        _sync(self._folder)


def _bytes_of(path: Path) -> bytes | None:
    try:
        return read_bytes(path, HISTORY_BYTES_MAX)
    except FileError:
        return None


def _sync(folder: Path) -> None:
    """Let the names of the files survive a power failure, too, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
