"""Fault points and invariants by name, as a file of nights holds them: bounded. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

NAMES_MAX = 500  # of each kind
NAME_CHARACTERS_MAX = 200

_Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS_MAX)]
_Names = Annotated[tuple[_Name, ...], msgspec.Meta(max_length=NAMES_MAX)]


class ReachedNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Fault points that were `hit` and `missed`, and invariants that `ran` and were `silent`, each sorted.

    Of each there are 500 at most; longer names than 200 characters are left out.
    """

    hit: _Names = ()
    missed: _Names = ()
    ran: _Names = ()
    silent: _Names = ()


def reached_names(
    *, hit: Iterable[str], missed: Iterable[str], ran: Iterable[str], silent: Iterable[str]
) -> ReachedNames:
    """The same, cut to what a file holds."""
    return ReachedNames(_first(hit), _first(missed), _first(ran), _first(silent))


def joined_names(earlier: ReachedNames | None, later: ReachedNames | None) -> ReachedNames | None:
    """The names of two files that tell of the same night, either of which may have only a part of them."""
    if earlier is None or later is None:
        return later or earlier
    return reached_names(
        hit=(*earlier.hit, *later.hit),
        missed=(*earlier.missed, *later.missed),
        ran=(*earlier.ran, *later.ran),
        silent=(*earlier.silent, *later.silent),
    )


def _first(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if len(name) <= NAME_CHARACTERS_MAX})[:NAMES_MAX])
