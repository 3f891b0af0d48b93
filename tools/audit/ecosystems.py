"""The package indexes that we lock packages of, and what is different between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from packaging.utils import canonicalize_name
from packaging.version import Version
from semver import Version as SemVer

VERSION_LENGTH_MAX = 256  # npm's own; no version of a Python package comes near it


class Comparable(Protocol):
    """A version; it is compared with versions of the same ecosystem only."""

    def __lt__(self, other: Any, /) -> bool:
        """Whether it is older."""

    def __ge__(self, other: Any, /) -> bool:
        """Whether it is as new or newer."""


@dataclass(frozen=True)
class Ecosystem:
    """A package index.

    Attributes:
        name: as OSV calls it; its stored database is NAME.zip.
        normal: makes one name of all spellings of a package's name.
        parsed: makes a version of its text, and raises ValueError if it is none.
        range_types: the types of OSV's ranges that are in the order of these versions.
    """

    name: str
    normal: Callable[[str], str]
    parsed: Callable[[str], Comparable]
    range_types: frozenset[str]

    def version(self, text: object) -> Comparable:
        """A version that can be compared.

        Raises:
            ValueError: it is none of this ecosystem.
        """
        if not isinstance(text, str) or len(text) > VERSION_LENGTH_MAX:
            raise ValueError("no version")
        return self.parsed(text)


def _semantic(text: str) -> SemVer:
    # OSV fills up short versions in the same way: its records have 1.2, and 0 for the first of all.
    return SemVer.parse(text, optional_minor_and_patch=True)


PYPI = Ecosystem("PyPI", canonicalize_name, Version, frozenset({"ECOSYSTEM"}))
# A name in other letters is another package at npm. Its order of versions is SemVer, so both types mean the same.
NPM = Ecosystem("npm", str, _semantic, frozenset({"SEMVER", "ECOSYSTEM"}))
ECOSYSTEMS = (PYPI, NPM)
