"""Nights that run the seeds of an earlier night again, or whose seeds do what other seeds did. Pure.

Such a night finds nothing new in code that has not changed, and looks like any other green one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vopr_coverage.errors import shown
from vopr_coverage.model.report import same_first_results
from vopr_coverage.trends.history import TrendRecord, place_in_time


def repeats(history: Iterable[TrendRecord], tonight: Sequence[TrendRecord]) -> tuple[str, ...]:
    """What tonight repeats, a sentence each.

    Args:
        history: in any order; that tonight's records are in it, too, does no harm.
        tonight: as `records_of` gives them.
    """
    if not tonight:
        return ()
    now = tonight[0]
    earlier = (record for record in history if place_in_time(record) < place_in_time(now))
    before = sorted(earlier, key=place_in_time, reverse=True)  # another attempt of a run is no earlier night
    same_base = next((record for record in before if _has_run_these(record, before, tonight)), None)
    sentences = []
    if same_base:
        sentences.append(
            f"this night ran the seeds of {_night(same_base)} again: both begin at seed {now.seed_base}. "
            "Run numbers begin again if the workflow's file is renamed; set seed-base to run other seeds."
        )
    for record in tonight:
        alike = next((other for other in before if _do_the_same(other, record)), None)
        if alike:
            sentences.append(
                f"{record.job} {shown(record.scenario)}: the first seeds did exactly what the first seeds of "
                f"{_night(alike)} did, which began at another seed: the simulator uses only a part of its seed."
            )
    return tuple(sentences)


def _has_run_these(record: TrendRecord, before: Sequence[TrendRecord], tonight: Sequence[TrendRecord]) -> bool:
    """Whether an earlier record is of a night with tonight's seeds.

    Every workflow counts its own runs, so a night of another workflow may have the same first seed. It counts if
    that workflow has the same results, or has not run since this one began: then it is this one's former name.
    """
    now = tonight[0]
    if record.seed_base is None or record.seed_base != now.seed_base:
        return False
    if record.workflow == now.workflow:
        return True
    if any(_same_work(record, of_tonight) and _same_results(record, of_tonight) for of_tonight in tonight):
        return True
    ours = [place_in_time(known) for known in (*before, now) if known.workflow == now.workflow]
    theirs = [place_in_time(known) for known in before if known.workflow == record.workflow]
    return max(theirs) < min(ours)


def _do_the_same(record: TrendRecord, of_tonight: TrendRecord) -> bool:
    """Whether other seeds of the same work gave the same results."""
    return (
        record.seed_base != of_tonight.seed_base
        and _same_work(record, of_tonight)
        and _same_results(record, of_tonight)
    )


def _same_work(one: TrendRecord, other: TrendRecord) -> bool:
    return one.job == other.job and one.scenario.lower() == other.scenario.lower()


def _same_results(one: TrendRecord, other: TrendRecord) -> bool:
    return same_first_results(one.first_hashes, other.first_hashes)


def _night(record: TrendRecord) -> str:
    """A night's name in a sentence."""
    of_workflow = f" of {shown(record.workflow)}" if record.workflow else ""
    return f"run {record.run_number}{of_workflow} on {record.at[:10]}"
