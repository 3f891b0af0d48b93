"""The gate on pairs of points: how many of them met in one seed. Pure."""

from __future__ import annotations

from vopr_coverage.gates.endings import NOT_MEASURED_TEXT, Evidence, absent, not_required
from vopr_coverage.gates.row import Part, Row
from vopr_coverage.model.figures import counted, in_digits, seed_percent
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.pairs import PairCoverage, Strangers
from vopr_coverage.model.thresholds import Bounds

GATE, STRANGERS_TOLD = "pair-coverage", 3
ADVICE = {
    GATE: "Run longer, or look for a fault that is switched off while another one is on (docs/seeds.md).",
    "not-by-seed": "Have the simulator write which seed hit which point (docs/formats/simulation.md), or set "
    "`min_pair_coverage` to 0.",
}


def judge_pair_coverage(evidence: Evidence, bounds: Bounds) -> Outcome:
    """The share of all pairs of points that one seed or more hit both of.

    Where hits are not known seed by seed it is not measured.
    """
    bound = bounds.min_pair_coverage
    if not bound.value:
        return not_required(GATE, bound)
    required = f"≥ {seed_percent(bound.value)}"
    if evidence.report is None:
        return absent(GATE, bound, required)
    pairs = evidence.pairs
    share = pairs.share if pairs else None
    status = Status.NOT_MEASURED if share is None else Status.PASSED if share >= bound.value else Status.FAILED
    return Outcome(
        gate=GATE,
        status=status,
        measured=NOT_MEASURED_TEXT
        if pairs is None or share is None
        else f"{seed_percent(share)} ({pairs.met} of {pairs.possible})",
        required=required,
        origin=bound.origin,
        value=share,
        minimum=bound.value,
        violations=() if status is Status.PASSED else (_shortfall(pairs, share, seed_percent(bound.value)),),
        advice=ADVICE["not-by-seed" if share is None else GATE],
    )


def never_met(pair: Strangers, seeds: int) -> str:
    """Two points that chance would have let meet, in one sentence: a name is foreign text."""
    expected = in_digits(round(pair.expected, 1))
    return f"{pair.one} × {pair.other}: never together in {counted(seeds, 'seed')}, {expected} expected"


def _shortfall(pairs: PairCoverage | None, share: float | None, minimum: str) -> Shortfall:
    actual = NOT_MEASURED_TEXT if share is None else seed_percent(share)
    strangers = [never_met(pair, pairs.seeds) for pair in pairs.strangers[:STRANGERS_TOLD]] if pairs else []
    return Shortfall(
        kind="PairCoverage",
        message="Pair coverage below minimum" if share is not None else "Pair coverage not measured",
        expected=minimum,
        actual=actual,
        line=f"Pair coverage: {actual} (expected >= {minimum})",
        detail="; ".join(strangers),
    )


ROWS = (
    Row(
        id=GATE,
        part=Part.EXTRA,
        title="Pair coverage",
        judge=judge_pair_coverage,
        keys=("min_pair_coverage",),
        advice=tuple(ADVICE.values()),
    ),
)
