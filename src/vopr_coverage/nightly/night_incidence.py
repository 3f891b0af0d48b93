"""How many seeds of a night hit each point, as a file of nights holds it: bounded. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import nsmallest
from typing import Annotated

import msgspec

from vopr_coverage.model.incidence import Incidence, Incidences
from vopr_coverage.model.rates import SEEDS_MAX
from vopr_coverage.nightly.reached import NAME_CHARACTERS_MAX, NAMES_MAX

_Count = Annotated[int, msgspec.Meta(ge=0, le=SEEDS_MAX)]
_Some = Annotated[int, msgspec.Meta(ge=1, le=SEEDS_MAX)]
_Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS_MAX)]
_Counts = Annotated[dict[_Name, _Count], msgspec.Meta(max_length=NAMES_MAX)]


class NightIncidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """By name, how many samples hit each point, and in how many each invariant ran; see `model.incidence.Samples`.

    Of each there are the 500 rarest at most; longer names than 200 characters are left out.
    """

    of: _Some
    shortest: _Some = 1
    longest: _Some = 1
    points: _Counts = {}
    invariants: _Counts = {}

    @property
    def is_possible(self) -> bool:
        """Whether its counts can be."""
        hits = (*self.points.values(), *self.invariants.values())
        return max(hits, default=0) <= self.of and self.shortest <= self.longest

    def of_points(self) -> dict[str, Incidence]:
        """Each point's incidence."""
        return {name: Incidence(hit, self.of, self.shortest, self.longest) for name, hit in self.points.items()}

    def of_invariants(self) -> dict[str, Incidence]:
        """Each invariant's incidence."""
        return {name: Incidence(hit, self.of, self.shortest, self.longest) for name, hit in self.invariants.items()}


def night_incidence(found: Incidences | None) -> NightIncidence | None:
    """The same, cut to what a file holds; None of what is not known, or beyond all measure."""
    if found is None or found.samples.seeds > SEEDS_MAX:
        return None
    samples = found.samples
    return NightIncidence(
        of=samples.of,
        shortest=samples.shortest,
        longest=samples.longest,
        points=_rarest(found.points),
        invariants=_rarest(found.invariants),
    )


def _rarest(hits: Mapping[str, int]) -> dict[str, int]:
    short = ((hit, name) for name, hit in hits.items() if len(name) <= NAME_CHARACTERS_MAX)
    return {name: hit for hit, name in sorted(nsmallest(NAMES_MAX, short), key=lambda one: one[1])}
