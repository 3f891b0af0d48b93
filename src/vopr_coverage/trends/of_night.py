"""What a night leaves in the history. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from vopr_coverage.nightly.verdict import COUNT_MAX, NightVerdict, Work
from vopr_coverage.trends.history import RATE_MAX, TEXT_CHARACTERS_MAX, TREND_FORMAT, TrendRecord


def records_of(night: NightVerdict, at: datetime) -> tuple[TrendRecord, ...]:
    """What this night leaves in the history, whatever its verdict.

    Args:
        at: when it was, with a time zone.
    """
    assert at.tzinfo is not None, "a night without a time zone could be another one"
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    work = list(night.work)
    jobs = {figures.job for figures in work}
    for job, measured in (("canary", night.detected), ("determinism", night.seeds_doubled)):
        if measured is not None and job not in jobs:
            work.append(Work(job=job, scenario="", asked=0, planned=0, ran=0, runs=0))
    canaries = next((figures for figures in work if figures.job == "canary"), None)
    return tuple(_record(night, figures, moment, figures is canaries) for figures in work)


def _record(night: NightVerdict, work: Work, at: str, canaries: bool) -> TrendRecord:
    """One record. `canaries`: it has the figures of all canaries, whatever their scenario."""
    known = bool(work.asked or work.planned or work.runs or work.ran)  # else there was no plan that we know of
    gone = not known or work.lost >= work.runs > 0  # what left no recording may have run all the same
    doubles = work.job == "determinism"
    place = night.place
    return TrendRecord(
        format=TREND_FORMAT,
        at=at,
        run_id=place.run_id,
        run_attempt=place.run_attempt,
        run_number=place.run_number,
        commit=place.commit,
        workflow=_cut(place.workflow),
        job=_cut(work.job),
        scenario=_cut(work.scenario),
        status=night.status,
        asked=_count(work.asked) if known else None,
        planned=_count(work.planned) if known else None,
        ran=None if gone else _count(work.ran),
        failed=None if gone else _count(work.failed),
        rate=work.rate if work.rate is not None and 0 <= work.rate <= RATE_MAX else None,
        fault_points_hit=_count(work.fault_points_hit),
        fault_points_known=_count(work.fault_points_known),
        invariants=_count(work.invariants),
        view_changes=_count(work.view_changes),
        detected=_count(night.detected) if canaries else None,
        declared=_count(night.declared) if canaries else None,
        seeds_doubled=_count(night.seeds_doubled) if doubles else None,
        seed_base=night.seed_base,
        first_hashes=work.first_hashes,
        names=work.names,
        incidence=work.incidence,
    )


def _count(value: int | None) -> int | None:
    """A count as a record holds it; one beyond all measure is none."""
    return value if value is not None and value <= COUNT_MAX else None


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS_MAX else f"{text[: TEXT_CHARACTERS_MAX - 1]}…"
