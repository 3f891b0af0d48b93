"""Notices copies of one file among those that are merged."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Hashable, Iterable, Sequence

from vopr_coverage.errors import UsageError, printable
from vopr_coverage.files import STDIN

FIRST_BLOCK_BYTES = 4096  # streams of one size differ here, in their seeds and times of day


def refuse_copies(paths: Sequence[str]) -> None:
    """Refuse copies of one file: merged, they would count every seed twice.

    Raises:
        UsageError: two files hold the same bytes.
    """
    for of_a_size in _alike([path for path in paths if path != STDIN], os.path.getsize):
        for alike_at_first in _alike(of_a_size, _first_block):
            for copies in _alike(alike_at_first, _digest):
                raise UsageError(f"{printable(copies[0])} and {printable(copies[1])} are the same, byte for byte")


def _alike(paths: Iterable[str], of: Callable[[str], Hashable]) -> list[list[str]]:
    """The groups of two or more files that have something in common."""
    groups: dict[Hashable, list[str]] = {}
    for path in paths:
        groups.setdefault(of(path), []).append(path)
    return [group for group in groups.values() if len(group) > 1]


def _first_block(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(FIRST_BLOCK_BYTES)


def _digest(path: str) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
