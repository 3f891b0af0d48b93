"""Which points that are lost against the base chance does not explain: `max-regression: significant`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from vopr_coverage.incidence.power import chance_of_fewer, p_in_words
from vopr_coverage.model.incidence import Incidence, Incidences
from vopr_coverage.model.known_rates import KnownRate, KnownRates, hits_in_words, known_invariant, known_point
from vopr_coverage.model.verdict import Change
from vopr_coverage.statistics.losses import LOST_ALPHA, significant


class Loss(msgspec.Struct, frozen=True):
    """One name that was reached before and is not now.

    Attributes:
        chance: of so few hits now, if nothing has changed.
        is_significant: whether that is too little for chance, among all names that were compared.
        could_be: whether any loss could be, with as many samples: if every sample before had hit it.
    """

    is_point: bool
    name: str
    before: KnownRate
    now: Incidence
    chance: float
    is_significant: bool = False
    could_be: bool = True

    @property
    def counts(self) -> str:
        """Both counts, and the chance."""
        there, here = hits_in_words(self.before.incidence), hits_in_words(self.now)
        return f"{there} on {self.before.origin}, {here} here, {p_in_words(self.chance)}"


class Losses(msgspec.Struct, frozen=True):
    """All that is lost. `unknown` has the names of which nobody knows how many seeds hit them, here or before.

    `compared` is how many names were compared, lost or not.
    """

    losses: tuple[Loss, ...] = ()
    unknown: tuple[str, ...] = ()
    compared: int = 0


def losses_of(change: Change, now: Incidences | None, known: Sequence[KnownRates]) -> Losses:
    """What of a change chance explains, and what it doesn't, over all points and invariants that were reached before.

    Args:
        now: of this run; None if nobody knows how many of its seeds hit what.
        known: the rates before, those that are asked first at the beginning.
    """
    lost = (*change.lost_points, *change.lost_invariants)
    if now is None:
        return Losses(unknown=lost)
    tests = [
        *_tests(now, now.points, known, known_point, change.lost_points, is_point=True),
        *_tests(now, now.invariants, known, known_invariant, change.lost_invariants, is_point=False),
    ]
    found = significant([test.chance for test in tests])
    names = {(True, name) for name in change.lost_points} | {(False, name) for name in change.lost_invariants}
    losses = tuple(
        replace(test, is_significant=beyond, could_be=beyond or _could_be(test, now.samples.seeds, len(tests)))
        for test, beyond in zip(tests, found, strict=True)
        if (test.is_point, test.name) in names
    )
    there = {(loss.is_point, loss.name) for loss in losses}
    unknown = [name for _, name in sorted(names - there)]
    return Losses(losses, tuple(unknown), len(tests))


def _tests(
    now: Incidences,
    hits: Mapping[str, int],
    known: Sequence[KnownRates],
    known_name: Callable[[Sequence[KnownRates], str], KnownRate | None],
    lost: Sequence[str],
    *,
    is_point: bool,
) -> Iterator[Loss]:
    """A test for each name that was reached before. One that is not lost passes it, whatever its counts are."""
    gone = set(lost)
    for name, hit in (dict(hits) | dict.fromkeys(lost, 0)).items():
        before = known_name(known, name)
        if before is not None and before.incidence.hit:
            chance = chance_of_fewer(before.incidence, now.of(hit), now.samples.seeds) if name in gone else 1.0
            yield Loss(is_point=is_point, name=name, before=before, now=now.of(hit), chance=chance)


def _could_be(loss: Loss, seeds: int, compared: int) -> bool:
    always = replace(loss.before.incidence, hit=loss.before.incidence.of)
    return chance_of_fewer(always, loss.now, seeds) <= LOST_ALPHA / compared
