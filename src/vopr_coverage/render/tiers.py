"""A page drafted from a template in tiers, from everything to the headline alone, until it fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Undefined
from markupsafe import Markup

from vopr_coverage.causes.check import causes_of
from vopr_coverage.causes.words import quoted
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.render import changes, outline, wording
from vopr_coverage.render.budget import first_that_fits
from vopr_coverage.render.bytecode import Compiled
from vopr_coverage.render.inert import KEY_CHARACTERS_MAX, SENTENCE_CHARACTERS_MAX, UNCUT, copyable, inert, inert_block
from vopr_coverage.render.links import origin_link
from vopr_coverage.render.marks import MARKS
from vopr_coverage.render.pairs import pairs_of_report
from vopr_coverage.render.rates import rates_of
from vopr_coverage.render.warnings import warnings_of

CHUNKS_AT_ONCE = 100
CAUSES_MAX = 3  # in the open
DETAILS_MAX = 10
GATES_MAX = 50  # more than we have come from a file that isn't ours
NAME_CHARACTERS_MAX = 160  # of one name in what a cause says
SHORT_NAME_CHARACTERS_MAX = 24


@dataclass(frozen=True)
class Tier:
    """How much a page shows.

    Attributes:
        rows: entries per list, 0 for the headline alone.
        open: entries of a list shown unfolded; with `folded` the others are folded, else they are left out.
        folded: whether there are <details> at all.
        passing: whether reports that passed have their tables.
        reports: how many reports have their tables, the failing ones first.
        error_characters: how many characters of the error are shown, where nothing was judged.
        command_characters: how long a command may be that is shown with its cause; it is never cut.
    """

    rows: int
    open: int
    folded: bool
    passing: bool
    reports: int
    error_characters: int
    command_characters: int = 4_000


TIERS = (
    Tier(rows=1_000, open=10, folded=True, passing=True, reports=100, error_characters=40_000),
    Tier(rows=200, open=10, folded=True, passing=False, reports=50, error_characters=10_000),
    Tier(rows=50, open=10, folded=False, passing=False, reports=20, error_characters=5_000),
    Tier(rows=10, open=10, folded=False, passing=False, reports=5, error_characters=2_000),
    Tier(rows=3, open=3, folded=False, passing=False, reports=1, error_characters=1_000),
    Tier(rows=0, open=0, folded=False, passing=False, reports=0, error_characters=200, command_characters=120),
)


def draft_until_it_fits(
    template: str, verdict: Verdict, elsewhere: Markup, budget: int, size: Callable[[str], int], **more: Any
) -> str:
    """The page in the first tier that has at most `budget`, in units of `size`.

    Args:
        elsewhere: where all that is left out can be found; text of ours.
        more: further variables of this template; `place` is the address of the files at the commit that is judged.
    """
    return draft_page(template, _variables(verdict) | {"place": ""} | more | {"elsewhere": elsewhere}, budget, size)


def draft_page(template: str, variables: Mapping[str, Any], budget: int, size: Callable[[str], int]) -> str:
    """The same for a page whose template gets `variables` and `tier` alone."""

    def draft(tier: Tier) -> str | None:
        chunks = environment().get_template(template).generate(variables, tier=tier)
        text = _text_of(chunks, budget, size)
        # Untrusted text has no line breaks left, so these are the template's own.
        return None if text is None else re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"

    return first_that_fits((partial(draft, tier) for tier in TIERS), budget, size)


def _text_of(chunks: Iterator[str], most: int, size: Callable[[str], int]) -> str | None:
    """What a template yields, as one text; None as soon as it has more than `most` without its line breaks.

    The rest of a draft that is too long anyway can take longer than all that is shorter.
    """
    parts, least = list[str](), 0
    while chunk := list(islice(chunks, CHUNKS_AT_ONCE)):
        parts.append("".join(chunk))
        least += size(parts[-1].replace("\n", ""))
        if least > most:
            return None
    return "".join(parts)


def _variables(verdict: Verdict) -> dict[str, Any]:
    """What every page of a verdict shows, in its order."""
    bad = [report for report in verdict.reports if report.status != "passed"]
    good = sorted(
        (report for report in verdict.reports if report.status == "passed"),
        key=lambda report: not changes.lost_by(report),  # reports that lost something come first
    )
    groups = outline.groups_of(verdict.violations)
    lost = changes.lost_of(verdict)
    named = set(lost.items)
    sources = {violation.source for violation in verdict.violations}
    causes = causes_of(verdict)
    told = {cause.command for cause in causes}
    in_the_open = {cause.command for cause in causes[:CAUSES_MAX]}
    unexpected = [failure for failure in verdict.failures if not failure.expected]
    return {
        "verdict": verdict,
        "ending": outline.ending_of(verdict),
        "nothing_judged": outline.nothing_judged(verdict),
        "problems": outline.problems_of(verdict),
        "bad": bad,
        "good": good,
        "overview": bad + good if len(verdict.reports) > 1 else [],
        "groups": [outline.without(named, group) for group in groups],
        "headline": outline.headline_of(groups),
        "too_short": outline.minimums_of_longer_runs(verdict),
        "loosened": outline.loosened_bounds(verdict),
        "lost": lost,
        "gained": changes.gained_of(verdict),
        "compared": changes.is_compared(verdict),
        "causes": causes,
        "unexpected": [failure for failure in unexpected if failure.repro not in in_the_open],
        "of_no_cause": [failure for failure in unexpected if failure.repro not in told],
        "expected": [failure for failure in verdict.failures if failure.expected],
        "regressions": outline.regressions_of(verdict),
        "warnings": warnings_of(verdict),
        "several": len(verdict.reports) > 1 or len(sources) > 1,
    }


@cache
def environment() -> Environment:
    """All Markdown pages are rendered in it."""
    ours = Environment(
        loader=PackageLoader("vopr_coverage.render"),
        bytecode_cache=Compiled(),
        autoescape=True,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    ours.globals |= {
        "CAUSES_MAX": CAUSES_MAX,
        "DETAILS_MAX": DETAILS_MAX,
        "NAME_MAX": NAME_CHARACTERS_MAX,
        "SHORT_NAME_MAX": SHORT_NAME_CHARACTERS_MAX,
        "EXCUSED": wording.EXCUSED,
        "GATES_MAX": GATES_MAX,
        "SOURCES_MAX": changes.SOURCES_MAX,
        "SENTENCE_MAX": SENTENCE_CHARACTERS_MAX,
    }
    ours.filters |= {
        "mark": partial(wording.ours, MARKS),
        "heading": partial(wording.ours, wording.HEADINGS),
        "health_heading": partial(wording.ours, wording.HEALTH_HEADINGS),
        "status": wording.status,
        "gate_title": wording.gate_title,
        "gate_link": wording.gate_link,
        "told": wording.told,
        "quoted": quoted,
        "origin": origin_link,
        "copyable": copyable,
        "gate_in_a_sentence": wording.gate_in_a_sentence,
        "figure": wording.figure,
        "sentence": partial(inert, most=SENTENCE_CHARACTERS_MAX),
        "prose": wording.prose,
        "key": partial(inert, most=KEY_CHARACTERS_MAX),
        "uncut": partial(inert, most=UNCUT),
        "block": inert_block,
        "one_by_one": outline.one_by_one,
        "counted": wording.counted,
        "agreeing": wording.agreeing,
        "table": outline.table_of,
        "health": outline.health_by_status,
        "notes": outline.notes_of,
        "iterations": outline.iterations_of,
        "invariants": outline.invariants_of,
        "rates": rates_of,
        "pairs": pairs_of_report,
        "shared": changes.shared_of,
        "beyond": changes.is_beyond,
        "befores": changes.befores_of,
        "change": changes.change_of_gate,
        "report_change": changes.change_of_report,
        "before": changes.before_in_words,
        "fell": changes.fell,
    }
    return ours


def _finalized(value: object) -> Markup:
    """Every value on its way to the page; `x if condition` without an else is nothing."""
    return Markup() if isinstance(value, Undefined) else inert(value)
