"""Any verdict fits any budget: closed, with even tables, and with a word about what is left out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.examples import examples
from tests.support.pages import (
    ABOUT,
    HOSTILE,
    MARKER,
    a_gate,
    a_judged,
    a_verdict,
    a_violation,
    closed,
    compared,
    even_tables,
)
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.verdict import (
    BaseSeen,
    BoundUsed,
    Change,
    Failure,
    GateBefore,
    InputSeen,
    JudgedReport,
    Remark,
    Unusable,
    Verdict,
    Violation,
)
from vopr_coverage.render.budget import (
    COMMENT_CHARACTERS_MAX,
    COMMENT_CHARACTERS_MIN,
    SUMMARY_BYTES_MAX,
    SUMMARY_BYTES_MIN,
    utf8_bytes,
)
from vopr_coverage.render.check import render_check_markdown
from vopr_coverage.render.comment import About, render_comment
from vopr_coverage.render.inert import inert
from vopr_coverage.render.tiers import CHUNKS_AT_ONCE, _text_of
from vopr_coverage.render.wording import GATES

TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=30) | st.sampled_from(sorted(GATES))
GATE_IDS = st.sampled_from(sorted(GATES)) | TEXTS
KINDS = st.sampled_from(["CriticalFaultPointMissed", "InvariantNotExecuted", "SeedFailed", "FaultPointLost"])
LINES = TEXTS | TEXTS.map("Critical fault point '{}' never hit".format)
LINES |= TEXTS.map("Fault point '{}' was hit on base, not here".format)
COUNTS = st.integers(0, 1 << 70)
NUMBERS = st.none() | st.integers() | st.integers(-(1 << 2_000), 1 << 2_000) | st.floats(allow_nan=False)


def many(element: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few different ones, repeated up to `most` times: large, and quickly drawn."""
    return st.tuples(st.lists(element, max_size=3), st.integers(1, most)).map(lambda drawn: tuple(drawn[0] * drawn[1]))


GATE_RESULTS = st.builds(
    lambda gate, status, text, note, value: a_gate(
        gate, status, measured=text, required=text, origin=text, note=note, value=value, minimum=value
    ),
    GATE_IDS, st.sampled_from(list(Status)), TEXTS, st.just("") | TEXTS, NUMBERS,
)  # fmt: skip
CHANGES = st.builds(
    Change, TEXTS, many(st.builds(GateBefore, GATE_IDS, st.sampled_from(list(Status)), TEXTS, NUMBERS), 5),
    *[many(TEXTS, 60)] * 5,
)  # fmt: skip
BASES = st.builds(BaseSeen, TEXTS, st.none() | TEXTS, many(TEXTS, 300))
INPUTS = st.builds(
    InputSeen, TEXTS, st.just("stream"), st.none() | TEXTS, st.booleans(), st.none() | COUNTS, st.none() | st.just("7"),
    many(GATE_RESULTS, 3),
)  # fmt: skip
REPORTS = st.builds(
    lambda status, text, scenario, inputs, results, lowered, points, change: JudgedReport(
        text, scenario, status, text, inputs, results,
        replace_points(a_judged("passed"), points), (BoundUsed("k", 1, text),), lowered, change,
    ),
    st.sampled_from(["passed", "failed", "incomplete"]), TEXTS, st.none() | TEXTS, many(INPUTS, 3),
    many(GATE_RESULTS, 5), many(TEXTS, 300), many(TEXTS, 300), st.none() | CHANGES,
)  # fmt: skip
VIOLATIONS = st.builds(Violation, TEXTS, GATE_IDS, KINDS, LINES, LINES, LINES, LINES, st.just("") | TEXTS, TEXTS)
FAILURES = st.builds(
    lambda text, count, fill, expected: Failure(text, None, text, text, count, ("7",), text, fill, expected),
    TEXTS, COUNTS, st.booleans(), st.booleans(),
)  # fmt: skip
VERDICTS = st.builds(
    lambda status, text, violations, warnings, failures, reports, error, base, unusable: Verdict(
        status, status == "passed", text, text, violations, warnings, failures, reports, error, base, unusable=unusable
    ),
    st.sampled_from(["passed", "failed", "incomplete", "error"]), TEXTS, many(VIOLATIONS, 300),
    many(st.builds(Remark, TEXTS, TEXTS), 300), many(FAILURES, 100), many(REPORTS, 10),
    st.none() | TEXTS | TEXTS.map(lambda text: text * 50), st.none() | BASES,
    st.just(()) | many(st.builds(Unusable, TEXTS, st.none() | TEXTS, TEXTS), 50),
)  # fmt: skip
ABOUTS = st.builds(
    lambda about, foreign, conclusion: replace(about, foreign=foreign, conclusion=conclusion),
    st.sampled_from([ABOUT, About(), replace(ABOUT, summary_url="")]), st.booleans(),
    st.sampled_from(["", "success", "failure"]) | TEXTS,
)  # fmt: skip
COMMENT_BUDGETS = st.integers(COMMENT_CHARACTERS_MIN, COMMENT_CHARACTERS_MAX)
BUDGETS = st.integers(SUMMARY_BYTES_MIN, 40_000) | st.integers(SUMMARY_BYTES_MIN, SUMMARY_BYTES_MAX)


def replace_points(report: JudgedReport, points: tuple[str, ...]) -> Any:
    """A coverage report that missed these points."""
    assert report.report is not None
    report.report.missed_fault_points = list(points)
    return report.report


@examples(60)
@given(VERDICTS, BUDGETS)
def test_any_verdict_fits_any_budget(verdict: Verdict, budget: int) -> None:
    """From 4 KiB to 1 MiB: within the budget, everything closed, and what is left out is said."""
    markdown = render_check_markdown(verdict, budget)
    assert len(markdown.encode()) <= budget
    assert closed(markdown)
    assert even_tables(markdown)
    assert "\n\n\n" not in markdown
    assert left_out_is_said(verdict, markdown)


@examples(60)
@given(VERDICTS, COMMENT_BUDGETS, ABOUTS)
def test_any_comment_fits_any_budget(verdict: Verdict, budget: int, about: About) -> None:
    """Of code points here; and the hidden first line by which it is found again is there, however short it is."""
    markdown = render_comment(verdict, about, budget)
    assert len(markdown) <= budget <= COMMENT_CHARACTERS_MAX
    assert len(markdown.encode()) <= 262_144  # what is stored of a comment
    assert markdown.startswith(f"{MARKER}\n## " if about.marker else "## ")
    assert markdown.count("<!-- vopr-coverage") == (1 if about.marker else 0)
    assert closed(markdown)
    assert even_tables(markdown)
    assert "\n\n\n" not in markdown
    assert left_out_is_said(verdict, markdown)


_ELSEWHERE = re.compile(r"(all|everything is) in (the verdict file|<a href=\"[^\"]+\">the run&#39;s summary</a>)")
_SHORTENED = re.compile("(?:Critical fault|Fault) point '(.+)' (?:never hit|was hit on base, not here)", re.DOTALL)


def left_out_is_said(verdict: Verdict, markdown: str) -> bool:
    """Whether the page tells all that a reader must know, or else where it is.

    Bounds below the profile's (`lowered`) are not among it: `vopr-coverage profiles` and the verdict file list them.
    """
    if _ELSEWHERE.search(markdown) or verdict.error is not None:
        return True
    texts = [warning.text for warning in verdict.warnings]
    texts += [line for each in verdict.unusable for line in each.problem.split("\n") if line]
    for report in verdict.reports:
        if report.change:
            texts += [*report.change.loosened, *report.change.lost_points, *report.change.lost_invariants]
            texts += [*report.change.new_points, *report.change.new_invariants]
    if verdict.base:
        texts += [*verdict.base.absent, verdict.base.origin, verdict.base.missing or ""]
    return all(is_shown(text, markdown) for text in texts) and all(
        str(inert(violation.line)) in markdown or str(inert(_SHORTENED.sub(r"\1", violation.line))) in markdown
        for violation in verdict.violations
    )


def is_shown(text: str, markdown: str) -> bool:
    """Whether a text is on the page. A long one is cut where `inert` cuts it, or later."""
    return str(inert(text)).removesuffix("…</code>") in markdown


def test_the_budget_counts_bytes() -> None:
    """The runner drops a file above 1 MiB of bytes; characters would let four times as much through."""
    assert [utf8_bytes(text) for text in ("a", "é", "…", "😀")] == [1, 2, 3, 4]
    warnings = tuple(Remark("", "€" * 290) for _ in range(1_000))
    markdown = render_check_markdown(Verdict("failed", False, "", "1.0", warnings=warnings), 600_000)
    assert len(markdown) < 300_000
    assert len(markdown.encode()) <= 600_000


@pytest.mark.parametrize("reports", [12, 60])
def test_a_draft_is_given_up_only_where_it_is_too_long(reports: int) -> None:
    """A page that has just the size of the budget is shown, whatever blank lines its template has left in between."""
    verdict = a_verdict(reports)
    page = render_check_markdown(verdict, SUMMARY_BYTES_MAX)
    assert render_check_markdown(verdict, utf8_bytes(page)) == page
    assert utf8_bytes(render_check_markdown(verdict, utf8_bytes(page) - 1)) < utf8_bytes(page)


def test_the_rest_of_a_draft_that_is_too_long_is_not_made() -> None:
    """Of a page for which a megabyte would have to be thrown away, hardly more is made than what fits."""
    chunks = iter(["word\n"] * 10_000)
    assert _text_of(chunks, 1_000, len) is None
    assert len(list(chunks)) > 10_000 - 1_000 / len("word") - 2 * CHUNKS_AT_ONCE
    assert _text_of(iter(["word\n", "", "word"] * 100), 800, len) == "word\nword" * 100


def test_the_longest_texts_fit_the_smallest_budget() -> None:
    """The headline is bounded by construction: no reason, version, gate or error is long enough to break it."""
    for mark in ("@", "|", "\U000e0001", "😀"):
        long = mark * 5_000
        for status in ("passed", "failed", "incomplete", "error", long):
            strange: Any = status
            rows = tuple(a_violation(f"{number}{long}", long) for number in range(30))
            known = tuple(a_violation(gate, long) for gate in GATES)
            for violations in ((), rows, known, rows + known):
                assert render_check_markdown(Verdict(strange, False, long, long, violations), SUMMARY_BYTES_MIN)
            verdict = Verdict(strange, False, long, long, rows + known, base=BaseSeen(long, long, (long,) * 30))
            assert render_check_markdown(compared(verdict), SUMMARY_BYTES_MIN)
            for told in (verdict, compared(verdict)):
                assert render_comment(told, ABOUT, COMMENT_CHARACTERS_MIN)
        error = Verdict.not_judged(long, long)
        assert render_check_markdown(error, SUMMARY_BYTES_MIN)
        assert render_comment(error, replace(ABOUT, conclusion=long, foreign=True), COMMENT_CHARACTERS_MIN)
        forged = Verdict("passed", True, long, long, reports=(a_judged("passed", long),))
        assert render_comment(forged, replace(ABOUT, conclusion=long, foreign=True), COMMENT_CHARACTERS_MIN)
