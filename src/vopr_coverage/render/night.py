"""The verdict on a night, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from vopr_coverage.doctor.verdict import BlindSpot
from vopr_coverage.errors import printable
from vopr_coverage.model.confidence import wilson
from vopr_coverage.model.figures import agreeing, counted, in_digits, percent
from vopr_coverage.nightly.verdict import Finding, NightVerdict, TrendLine, Work
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, TEXT_ENTRIES_MAX, utf8_bytes
from vopr_coverage.render.marks import MARKS

HEADINGS = {
    "passed": "The night passed",
    "failed": "The night failed",
    "incomplete": "The night is incomplete: not all of it was run",
    "error": "The night could not be judged",
}
TITLES = {
    "build": "Build",
    "plan": "Plan",
    "long-run": "Long run",
    "regressions": "Regression seeds",
    "determinism": "Determinism",
    "coverage": "Coverage",
    "canary": "Canaries",
    "gate": "Gate",
}


def render_night_text(verdict: NightVerdict) -> str:
    """The whole answer as text. Nothing in it moves a cursor or ends a line of ours."""
    blocks = [
        f"{MARKS[verdict.status]} {HEADINGS[verdict.status]}: {printable(verdict.reason)}\n",
        *_section("Parts", (f"{MARKS[job.status]} {title(job.name)}: {printable(job.line)}" for job in verdict.jobs)),
        *_section("What is wrong", map(_finding, verdict.findings)),
        *_section("Add to the regression file", map(printable, verdict.regressions)),
        *_section("Asked, planned, ran", map(_work, verdict.work)),
        *_section("Bounds", bounds(verdict)),
        *_section("What the gate does not notice", map(_blind_spot, verdict.gate.blind_spots if verdict.gate else ())),
        *_section("Trends", map(_trend, (line for line in verdict.trends if line.remark))),
        *_section("Warnings", (printable(f"{warning.source}: {warning.text}") for warning in verdict.warnings)),
    ]
    return "\n".join(blocks)


def _section(heading: str, entries: Iterable[str]) -> Iterator[str]:
    shown = list(entries)
    if not shown:
        return
    lines = [f"  - {entry}" for entry in shown[:TEXT_ENTRIES_MAX]]
    if len(shown) > TEXT_ENTRIES_MAX:
        lines.append(f"  … and {len(shown) - TEXT_ENTRIES_MAX} more, all of them in the verdict file")
    yield "\n".join([f"{heading}:", *lines, ""])


def title(part: str) -> str:
    """A part of the night as people call it."""
    return TITLES.get(part, printable(part))


def _finding(finding: Finding) -> str:
    where = f"{title(finding.job)}, {printable(finding.source)}" if finding.source else title(finding.job)
    lines = [f"{where}: {printable(finding.line)}", *filter(None, [printable(finding.detail)])]
    if finding.repro:
        lines.append(printable(finding.repro) + (" (replays the whole run)" if finding.whole_run else ""))
    if finding.advice:
        lines.append(printable(finding.advice))
    return "\n      ".join(lines)


def _work(work: Work) -> str:
    figures = [f"{work.ran:,} of {work.planned:,} planned and {work.asked:,} asked for"]
    if work.lost:
        figures.append(f"{work.lost} of {counted(work.runs, 'run')} lost")
    if work.failed:
        figures.append(f"{counted(work.failed, 'seed')} failed")
    if work.failed_as_expected:
        figures.append(f"{counted(work.failed_as_expected, 'seed')} failed as expected")
    if work.rate is not None:
        figures.append(f"{in_digits(work.rate)}/s")
    if work.fault_points_hit is not None:
        figures.append(f"{work.fault_points_hit} of {counted(work.fault_points_known or 0, 'fault point')}")
    if work.invariants is not None:
        figures.append(f"{counted(work.invariants, 'invariant')} ran")
    if work.view_changes is not None:
        figures.append(counted(work.view_changes, "view change"))
    return f"{title(work.job)}, {printable(work.scenario)}: {', '.join(figures)}"


def _blind_spot(spot: BlindSpot) -> str:
    where = f"{printable(spot.scenario)}: " if spot.scenario else ""
    return where + printable(spot.what) + (f" ({printable(spot.note)})" if spot.note else "")


def _trend(line: TrendLine) -> str:
    return f"{title(line.job)}, {printable(line.scenario)}, {printable(line.figure)}: {printable(line.remark)}"


def bounds(verdict: NightVerdict) -> list[str]:
    """What double runs and canaries show about all seeds and bugs, in our own words and numbers."""
    lines = []
    if verdict.seeds_doubled and verdict.seeds_differing:
        differ = agreeing(verdict.seeds_differing, "differs", "differ")
        lines.append(f"{verdict.seeds_differing:,} of {counted(verdict.seeds_doubled, 'seed')} that ran twice {differ}")
    elif verdict.seeds_doubled and verdict.at_most is not None:
        share = percent(verdict.at_most)
        lines.append(f"{counted(verdict.seeds_doubled, 'seed')} ran twice: at most {share} of all differ (95 %)")
    elif verdict.seeds_doubled == 0:
        lines.append("No seed ran twice and was compared")
    if verdict.declared:
        detected = verdict.detected or 0
        low, high = wilson(verdict.declared, detected)
        score = f"{detected} of {counted(verdict.declared, 'canary', 'canaries')} detected"
        lines.append(f"{score}: mutation score from {percent(low)} to {percent(high)} (95 %)")
    return lines


def by_part(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Findings under the part that they are of, in the night's order."""
    return [(part, list(found)) for part, found in groupby(findings, key=lambda finding: finding.job)]


def render_night_markdown(verdict: NightVerdict, budget: int = SUMMARY_BYTES_MAX) -> str:
    """The same as GitHub-flavoured Markdown, in at most `budget` bytes of UTF-8; all foreign text is inert."""
    from vopr_coverage.render.tiers import draft_page  # jinja2 takes long to load
    from vopr_coverage.render.trends import trend_rows

    variables = {
        "verdict": verdict,
        "mark": MARKS[verdict.status],
        "heading": HEADINGS[verdict.status],
        "marks": MARKS,
        "titles": TITLES,
        "by_part": by_part(verdict.findings),
        "bounds": bounds(verdict),
        "trends": trend_rows(verdict.trends),
        "compared": any(line.median is not None for line in verdict.trends),
        "elsewhere": "night.json",
    }
    return draft_page("night.md.j2", variables, budget, utf8_bytes)
