"""The folder of all nights: which there are, which of them goes on, and how much of old ones is kept."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from vopr_coverage.config.night import NightSection
from vopr_coverage.errors import UsageError, UserError, printable
from vopr_coverage.files import HeldError, locked, read_bytes, replace_file, why

LOCK = ".lock"
BEGUN = "begun.json"
DONE = "done.json"
UNFINISHED = "unfinished"  # what a step writes until it is whole
# What a night may lose when it is old; its plan, verdicts, pages and logs stay.
_BULK = ("builds", "long-run", "coverage", "canary", "determinism", "regressions", UNFINISHED)
_NUMBER = re.compile(r"[0-9]{6}")
_GB = 1_000_000_000

AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)


class Begun(msgspec.Struct, frozen=True):
    """What a night was begun with; it goes on only with the same.

    Attributes:
        number: of the night in its folder; its seeds follow from it.
        commit: git's HEAD, "" if unknown.
        features: what is planted in the build under test, on purpose.
        section: the config's `night`.
    """

    number: int
    at: str
    commit: str
    features: str
    section: NightSection


class Done(msgspec.Struct, frozen=True):
    """A night that came to its end, and the exit code that it had."""

    exit_code: int
    at: str


class NightsFolder:
    """The folder of all nights: a subfolder for each, by its number, and the history of all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others from running a night in it.

        Raises:
            UsageError: another process does, or the folder can't be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with locked(self.path / LOCK):
                yield
        except HeldError:
            raise UsageError(f"another night runs in {printable(str(self.path))}: wait for its end") from None
        except OSError as error:
            raise UsageError(f"{printable(str(self.path))}: {why(error)}") from None

    def numbers(self) -> list[int]:
        """The nights, the oldest first."""
        found = (each.name for each in self.path.iterdir() if _NUMBER.fullmatch(each.name) and each.is_dir())
        return sorted(int(name) for name in found)

    def night(self, number: int) -> Path:
        """The folder of one night."""
        return self.path / f"{number:06}"

    def begin(self, section: NightSection, commit: str, features: str) -> tuple[Path, Begun]:
        """The folder of a new night."""
        number = max(self.numbers(), default=0) + 1
        night = self.night(number)
        night.mkdir()
        begun = Begun(number=number, at=now(), commit=commit, features=features, section=section)
        _write(night / BEGUN, begun)
        return night, begun

    def go_on(self, section: NightSection, commit: str, features: str) -> tuple[Path, Begun, Done | None]:
        """The folder of the newest night, what it was begun with, and how it ended if it did.

        Raises:
            UsageError: there is none, or something else was begun.
        """
        numbers = self.numbers()
        while numbers and not (self.night(numbers[-1]) / BEGUN).exists():
            numbers.pop()  # killed before it had begun
        if not numbers:
            raise UsageError(f"there is no night in {printable(str(self.path))} to go on with: leave out --resume")
        night = self.night(numbers[-1])
        begun = _read(night / BEGUN, Begun)
        for what, then, today in (
            ("the commit", begun.commit, commit),
            ("--features", begun.features, features),
            ("`night` in the config", begun.section, section),
        ):
            if then != today:
                raise UsageError(
                    f"night {begun.number} can't go on: {what} has changed since it began; leave out --resume for a "
                    "new night"
                )
        done = _read(night / DONE, Done) if (night / DONE).exists() else None
        return night, begun, done

    def thin(self, budget_gb: float, newest: Path) -> list[str]:
        """Delete recordings and builds of old nights, the oldest first, until the folder fits into its budget.

        Returns:
            A sentence for each night that lost something, and one if the rest is still too much.
        """
        told, size = [], _size(self.path)
        for number in self.numbers():
            night = self.night(number)
            bulk = [night / name for name in _BULK if (night / name).exists()]
            if size <= budget_gb * _GB or night == newest or not bulk:
                continue
            freed = sum(_size(folder) for folder in bulk)
            for folder in bulk:
                shutil.rmtree(folder, ignore_errors=True)
            size -= freed
            told.append(f"night {number}: recordings and builds deleted, {freed / _GB:.2f} GB; its verdict stays")
        if size > budget_gb * _GB:
            told.append(f"{printable(str(self.path))} holds {size / _GB:.2f} GB, more than its disk_gb, {budget_gb:g}")
        return told


def finish(night: Path, exit_code: int) -> None:
    """Note that a night came to its end."""
    _write(night / DONE, Done(exit_code, now()))


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: Path, what: msgspec.Struct) -> None:
    replace_file(path, msgspec.json.format(msgspec.json.encode(what), indent=2) + b"\n")


def _read(path: Path, kind: type[AnyStruct]) -> AnyStruct:
    try:
        return msgspec.json.decode(read_bytes(path, 1 << 20), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, UserError) as error:
        raise UsageError(f"{printable(str(path))} can't be read: {printable(str(error))}") from None


def _size(path: Path) -> int:
    """The bytes of all files below a folder."""
    total = 0
    for root, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue  # gone meanwhile
    return total
