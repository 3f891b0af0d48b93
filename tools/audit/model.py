"""What an audit is about: locks, their packages, and what is known against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Package = tuple[str, str]  # normalized name, version
Packages = dict[Package, list[str]]  # with what the lock says of each: hashes, or places in the tree of packages

LOCK_BYTES_MAX = 16 << 20


class Unanswered(Exception):
    """Packages could not be looked up."""


@dataclass(frozen=True)
class Lock:
    """A lock file."""

    path: Path
    packages: Packages


@dataclass(frozen=True)
class Known:
    """One vulnerability of one package; `fixed` are versions without it, of which there may be none."""

    package: Package
    names: Sequence[str]
    fixed: Sequence[str]

    def line(self) -> str:
        """One line about it."""
        fixed = ", ".join(self.fixed) or "no version yet"
        return printable(f"{' '.join(self.package)}: {', '.join(self.names)}; fixed in {fixed}")


def printable(text: str) -> str:
    """The text with a question mark for each character that could act on a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


def text_of(path: Path) -> str:
    """The text of a lock file.

    Raises:
        Unanswered: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LOCK_BYTES_MAX + 1)
        if len(data) > LOCK_BYTES_MAX:
            raise Unanswered(f"{path} is larger than {LOCK_BYTES_MAX >> 20} MiB")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unanswered(f"{path} cannot be read: {error}") from None
