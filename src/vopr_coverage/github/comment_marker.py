"""The hidden first line of a comment, by which the next run knows it again. Pure."""

from __future__ import annotations

import re

import msgspec

from vopr_coverage.errors import UsageError, shown

ID_DEFAULT = "default"
ID_CHARACTERS_MAX = 64
_ID = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")  # two hyphens in a row would end an HTML comment
_LINE = re.compile(
    r"<!-- vopr-coverage id=([A-Za-z0-9._-]{1,64}) sha=([0-9a-f]{40}|[0-9a-f]{64}) "
    r"run=([0-9]{1,18}) attempt=([0-9]{1,18}) -->"
)


class Stamp(msgspec.Struct, frozen=True):
    """Which comment it is (`id`), and which attempt of which run wrote it about which commit."""

    id: str
    sha: str
    run_id: int
    attempt: int

    @property
    def age(self) -> tuple[int, int]:
        """Compares runs: the newer is the greater. Attempts of an old run stay older than a new run."""
        return (self.run_id, self.attempt)

    def line(self) -> str:
        """The stamp as it stands in a comment."""
        return f"<!-- vopr-coverage id={self.id} sha={self.sha} run={self.run_id} attempt={self.attempt} -->"


def stamp_of(body: str) -> Stamp | None:
    """The stamp of a comment of ours; None for any other comment."""
    found = _LINE.fullmatch(body.partition("\n")[0].rstrip("\r"))
    return Stamp(found[1], found[2], int(found[3]), int(found[4])) if found else None


def checked_id(text: str, default: str = ID_DEFAULT, spelling: str = "input comment-id") -> str:
    """A comment-id as it was given, or the default for "".

    Args:
        spelling: what the user calls it.

    Raises:
        UsageError: it can't stand in a hidden line.
    """
    if not text:
        return default
    if not _ID.fullmatch(text) or len(text) > ID_CHARACTERS_MAX:
        expected = f"letters and digits with single . _ - between them, at most {ID_CHARACTERS_MAX}"
        raise UsageError(f"{spelling}: expected {expected}, found {shown(text)}")
    return text
