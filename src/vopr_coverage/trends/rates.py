"""How often points were hit on the nights of a history, by scenario. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from vopr_coverage.model.figures import counted
from vopr_coverage.model.incidence import Incidence, added
from vopr_coverage.model.known_rates import KnownRates
from vopr_coverage.trends.history import TrendRecord, place_in_time


def known_rates(records: Iterable[TrendRecord], but: str = "") -> dict[str, KnownRates]:
    """The incidences of all nights that have them, added up, by scenario in lower case.

    Nights run different seeds, so they add up. Of a night that was run again, the latest attempt counts.

    Args:
        but: the id of the run that is judged, which is no night before; "" if it is none of these nights.
    """
    nights: dict[str, dict[tuple[object, ...], TrendRecord]] = defaultdict(dict)
    for record in records:
        if record.incidence is not None and not (but and record.run_id == but):
            key = (place_in_time(record), record.workflow, record.job)
            there = nights[record.scenario.lower()].get(key)
            if there is None or there.run_attempt <= record.run_attempt:
                nights[record.scenario.lower()][key] = record
    return {scenario: _known([*found.values()]) for scenario, found in nights.items()}


def _known(nights: Sequence[TrendRecord]) -> KnownRates:
    found = [night.incidence for night in nights if night.incidence]
    return KnownRates(
        origin=f"the last {counted(len(found), 'night')}",
        points=_added([each.of_points() for each in found]),
        invariants=_added([each.of_invariants() for each in found]),
    )


def _added(nights: Sequence[Mapping[str, Incidence]]) -> dict[str, Incidence]:
    names = sorted({name for night in nights for name in night})
    return {name: added(night[name] for night in nights if name in night) for name in names}
