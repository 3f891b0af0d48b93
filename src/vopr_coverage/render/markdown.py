"""The job summary: GitHub-flavoured Markdown from a Verdict, in as much detail as fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec.structs import replace

from vopr_coverage import extra_gates, gates, health, ladder
from vopr_coverage.outcome import Status
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, first_that_fits, utf8_bytes
from vopr_coverage.render.inert import inert, inert_block
from vopr_coverage.verdict import GateResult, JudgedReport, Verdict, Violation

MARKS: Mapping[str, str] = {
    "passed": "✅",
    "failed": "❌",
    "incomplete": "❌",
    "error": "❌",
    "not measured": "❔",
    "not required": "➖",
}
HEADINGS: Mapping[str, str] = {
    "passed": "Simulation coverage passed",
    "failed": "Simulation coverage failed",
    "incomplete": "Simulation coverage is incomplete: a run did not finish",
    "error": "Simulation coverage could not be judged",
}
GATE_TITLES: Mapping[str, str] = {
    "run-complete": "Run is whole",
    "iterations": "Iterations",
    "failures": "Failing seeds",
    "properties": "Violated properties",
    "determinism": "Determinism",
    "seed-ranges": "Seed ranges",
    "coverage": "Coverage",
    "fault-point-coverage": "1 · Fault point coverage",
    "critical-fault-points": "2 · Critical fault points",
    "required-invariants": "3 · Required invariants",
    "view-changes": "4 · View changes",
    "repairs": "5 · Repairs",
    "query-plans": "6 · Query plans",
    "phase-events": "7 · Phase events",
    "fault-effects": "Fault effects",
    "per-iteration": "Work per iteration",
    "property-floors": "Property counters",
    "required-properties": "Required properties",
}
# Advice is ours, but a verdict that was read back from a file is not: only these pass as prose.
_KNOWN_ADVICE = frozenset(
    text for texts in (gates.ADVICE, extra_gates.ADVICE, health.ADVICE, ladder.ADVICE) for text in texts.values()
)
_SEVERITY = tuple(Status(word) for word in ("failed", "not measured", "passed", "not required"))


@dataclass(frozen=True)
class Tier:
    """How much is told: rows per list, the folded details, and reports in which all is well."""

    rows: int
    details: bool
    passing: bool
    reports: int


TIERS = (
    Tier(rows=1_000, details=True, passing=True, reports=100),
    Tier(rows=200, details=True, passing=False, reports=50),
    Tier(rows=50, details=False, passing=False, reports=20),
    Tier(rows=0, details=False, passing=False, reports=0),
)


def render_markdown(
    verdict: Verdict,
    budget: int = SUMMARY_BYTES_MAX,
    size: Callable[[str], int] = utf8_bytes,
    elsewhere: str = "the verdict file",
) -> str:
    """The job summary, of at most `budget` in units of `size`.

    Args:
        elsewhere: where all that is left out can be found; text of ours.
    """
    drafts = [partial(_draft, verdict, tier, elsewhere) for tier in TIERS]
    return first_that_fits(drafts, budget, size)


def _draft(verdict: Verdict, tier: Tier, elsewhere: str) -> str:
    bad = [report for report in verdict.reports if report.status != "passed"]
    shown = list(verdict.reports) if tier.passing else bad
    return (
        _environment()
        .get_template("summary.md.j2")
        .render(
            verdict=verdict,
            tier=tier,
            reports=sorted(shown, key=lambda report: report.status == "passed")[: tier.reports],
            left_out=len(verdict.reports) - len(shown[: tier.reports]),
            groups=list(_by_gate(verdict.violations)),
            unexpected=[failure for failure in verdict.failures if not failure.expected],
            expected=[failure for failure in verdict.failures if failure.expected],
            elsewhere=Markup(elsewhere),  # noqa: S704 (ours)
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("vopr_coverage.render"),
        autoescape=True,
        finalize=inert,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "mark": partial(_ours, MARKS),
        "heading": partial(_ours, HEADINGS),
        "gate_title": partial(_ours, GATE_TITLES),
        "status": lambda status: Markup(status) if status in MARKS else inert(status),  # noqa: S704 (a known word)
        "prose": _prose,
        "block": inert_block,
        "health": health_rows,
        "missed_names": missed_names,
    }
    return environment


def _ours(texts: Mapping[str, str], key: str) -> Markup:
    """A text of ours by its key; a key that isn't ours stays what it is, inert."""
    return Markup(texts[key]) if key in texts else inert(key)  # noqa: S704 (ours)


def _prose(text: str) -> Markup:
    if text not in _KNOWN_ADVICE:
        return inert(text)
    return Markup(text)  # noqa: S704 (ours)


def _by_gate(violations: Sequence[Violation]) -> Iterator[tuple[str, str, list[Violation]]]:
    """Violations under their gate and advice, in order."""
    groups: dict[tuple[str, str], list[Violation]] = {}
    for violation in violations:
        groups.setdefault((violation.gate, violation.advice), []).append(violation)
    for (gate, advice), members in groups.items():
        yield gate, advice, members


def health_rows(report: JudgedReport) -> list[GateResult]:
    """One row a run-health gate: of several merged runs the worst, saying how many agree with it."""
    rows: list[GateResult] = []
    for results in zip(*(read.gates for read in report.inputs), strict=True):
        worst = min(results, key=lambda result: _SEVERITY.index(result.status))
        if len(results) > 1:
            same = sum(result.status is worst.status for result in results)
            worst = replace(worst, measured=f"{same} of {len(results)} runs: {worst.status}")
        rows.append(worst)
    return rows


def missed_names(report: JudgedReport) -> list[str]:
    """Fault points that were never hit."""
    return report.report.missed_fault_points if report.report else []
