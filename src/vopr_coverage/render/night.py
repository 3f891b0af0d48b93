"""The verdict on a night as Markdown: the causes first, then the parts, the figures, and all else folded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from vopr_coverage.causes.night import causes_of_night
from vopr_coverage.model.cause import Cause
from vopr_coverage.model.figures import counted
from vopr_coverage.nightly.job_results import title
from vopr_coverage.nightly.verdict import Finding, NightVerdict
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, utf8_bytes
from vopr_coverage.render.job_links import JobLinks, part_title
from vopr_coverage.render.marks import MARKS
from vopr_coverage.render.mermaid import coverage_charts
from vopr_coverage.render.night_causes import cause_blocks
from vopr_coverage.render.night_figures import bounds, rate_of, remarks_of, standing_rows
from vopr_coverage.render.night_pairs import pairs_of_night
from vopr_coverage.render.night_text import HEADINGS, render_night_text
from vopr_coverage.render.run_links import commit_name, linked, links_of, night_name, since_green
from vopr_coverage.render.trends import trend_rows

COMMAND_CHARACTERS_MAX = 20_000
_PAGE = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}(?:/[A-Za-z0-9._~-]{0,100}){0,10}")

__all__ = ["render_night_markdown", "render_night_text", "title"]


def is_page_url(text: str) -> bool:
    """Whether a page can link this address."""
    return bool(_PAGE.fullmatch(text))


def by_part(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Findings under the part that they are of, in the night's order."""
    return [(part, list(found)) for part, found in groupby(findings, key=lambda finding: finding.job)]


def render_night_markdown(verdict: NightVerdict, budget: int = SUMMARY_BYTES_MAX, trends_page: str = "") -> str:
    """The page of a night in GitHub-flavoured Markdown, in at most `budget` bytes of UTF-8; foreign text is inert.

    Args:
        trends_page: where the history is published, from whoever runs this; "" if nowhere. `is_page_url` holds for it.
    """
    from vopr_coverage.render.tiers import draft_page  # jinja2 takes long to load

    causes = causes_of_night(verdict)
    jobs = JobLinks(verdict.job_pages, links_of(verdict.place.url))
    variables = {
        "verdict": verdict,
        "heading": _heading(verdict, causes),
        "facts": _facts(verdict, trends_page),
        "causes": cause_blocks(verdict, causes, COMMAND_CHARACTERS_MAX, jobs),
        "marks": MARKS,
        "part": part_title,
        "jobs": jobs,
        "rate": rate_of,
        "findings": by_part(verdict.findings),
        "bounds": bounds(verdict),
        "standing": standing_rows(verdict),
        "remarks": remarks_of(verdict, causes),
        "pairs": pairs_of_night(verdict),
        "trends": trend_rows(verdict.trends),
        "charts": coverage_charts(verdict.trends),
        "compared": any(line.median is not None for line in verdict.trends),
        "elsewhere": Markup("`night.json`"),
    }
    return draft_page("night.md.j2", variables, budget, utf8_bytes)


def _heading(verdict: NightVerdict, causes: Sequence[Cause]) -> Markup:
    """The verdict, in one line of ours."""
    line = f"{MARKS[verdict.status]} {HEADINGS[verdict.status]}"
    passed = sum(job.status == "passed" for job in verdict.jobs)
    if verdict.passed and passed:
        line += f": all {counted(passed, 'part')}"
    elif len(causes) > 1:
        line += f": {counted(len(causes), 'cause')}"
    return Markup(line)  # noqa: S704 (ours)


def _facts(verdict: NightVerdict, trends_page: str) -> list[Markup]:
    """Which night it was; of one that is not green also since when, and where its recordings are."""
    links = links_of(verdict.place.url)
    facts = [night_name(verdict.place, links), commit_name(verdict.place.commit)]
    if not verdict.passed:
        facts.append(since_green(verdict.last_green, verdict.place, links))
        facts.append(linked(f"{links.run}#artifacts", Markup("recordings")) if links.run else None)
    if is_page_url(trends_page):
        facts.append(linked(trends_page, Markup("trends")))
    return [fact for fact in facts if fact]
