"""The job summary: GitHub-flavoured Markdown from a Verdict, in as much detail as fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined, Undefined
from markupsafe import Markup

from vopr_coverage.render import digest, wording
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, SUMMARY_BYTES_MIN, first_that_fits, utf8_bytes
from vopr_coverage.render.inert import KEY_CHARACTERS_MAX, inert, inert_block
from vopr_coverage.verdict import Verdict


@dataclass(frozen=True)
class Tier:
    """How much is told.

    Attributes:
        rows: entries per list, 0 for the headline alone.
        open: entries of a list that stand in the open; the others are folded, if there is `folded`.
        folded: whether there are <details> at all.
        passing: whether reports in which all is well have their tables.
        reports: how many reports have their tables, the failing ones first.
        error_characters: of the error where nothing was judged.
    """

    rows: int
    open: int
    folded: bool
    passing: bool
    reports: int
    error_characters: int


TIERS = (
    Tier(rows=1_000, open=10, folded=True, passing=True, reports=100, error_characters=40_000),
    Tier(rows=200, open=10, folded=True, passing=False, reports=50, error_characters=10_000),
    Tier(rows=50, open=10, folded=False, passing=False, reports=20, error_characters=5_000),
    Tier(rows=10, open=10, folded=False, passing=False, reports=5, error_characters=2_000),
    Tier(rows=3, open=3, folded=False, passing=False, reports=1, error_characters=1_000),
    Tier(rows=0, open=0, folded=False, passing=False, reports=0, error_characters=200),
)


def render_markdown(
    verdict: Verdict,
    budget: int = SUMMARY_BYTES_MAX,
    size: Callable[[str], int] = utf8_bytes,
    elsewhere: str = "the verdict file",
) -> str:
    """The job summary, of at most `budget` in units of `size`.

    Args:
        budget: SUMMARY_BYTES_MIN or more.
        elsewhere: where all that is left out can be found; text of ours.
    """
    assert budget >= SUMMARY_BYTES_MIN, "a headline must fit"
    bad = [report for report in verdict.reports if report.status != "passed"]
    good = [report for report in verdict.reports if report.status == "passed"]
    groups = digest.groups_of(verdict.violations)
    told = {
        "verdict": verdict,
        "overview": bad + good if len(verdict.reports) > 1 else [],
        "groups": groups,
        "headline": digest.headline_of(groups),
        "lowered": digest.lowered_bounds(verdict),
        "unexpected": [failure for failure in verdict.failures if not failure.expected],
        "expected": [failure for failure in verdict.failures if failure.expected],
        "several": len(verdict.reports) > 1 or len({violation.source for violation in verdict.violations}) > 1,
        "elsewhere": Markup(elsewhere),  # noqa: S704 (ours)
    }

    def draft(tier: Tier) -> str:
        reports = (bad + good if tier.passing or not bad else bad)[: tier.reports]
        text = _environment().get_template("summary.md.j2").render(told, tier=tier, reports=reports)
        # Untrusted text has no line breaks left, so these are the template's own.
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"

    return first_that_fits((partial(draft, tier) for tier in TIERS), budget, size)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("vopr_coverage.render"),
        autoescape=True,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.globals["EXCUSED"] = wording.EXCUSED
    environment.filters |= {
        "mark": partial(wording.ours, wording.MARKS),
        "heading": partial(wording.ours, wording.HEADINGS),
        "status": wording.status,
        "gate_title": wording.gate_title,
        "gate_in_a_sentence": wording.gate_in_a_sentence,
        "figure": wording.figure,
        "prose": wording.prose,
        "key": partial(inert, most=KEY_CHARACTERS_MAX),
        "block": inert_block,
        "one_by_one": digest.one_by_one,
        "s": wording.plural,
        "parts": digest.parts_of,
        "notes": digest.notes_of,
        "iterations": digest.iterations_of,
        "invariants": digest.invariants_of,
    }
    return environment


def _finalized(value: object) -> Markup:
    """Every value on its way to the page; `x if condition` without an else is nothing."""
    return Markup() if isinstance(value, Undefined) else inert(value)
