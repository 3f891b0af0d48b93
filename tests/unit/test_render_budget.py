"""Any verdict fits any budget: closed, with even tables, and with a word about what is left out."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pages import HOSTILE, a_gate, a_judged, a_violation, closed, even_tables
from vopr_coverage.outcome import Status
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, SUMMARY_BYTES_MIN, utf8_bytes
from vopr_coverage.render.inert import inert
from vopr_coverage.render.markdown import render_markdown
from vopr_coverage.render.wording import GATES
from vopr_coverage.verdict import (
    BoundUsed,
    Failure,
    InputSeen,
    JudgedReport,
    Remark,
    Verdict,
    Violation,
    error_verdict,
)

TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=30) | st.sampled_from(sorted(GATES))
GATE_IDS = st.sampled_from(sorted(GATES)) | TEXTS
KINDS = st.sampled_from(["CriticalFaultPointMissed", "InvariantNotExecuted", "SeedFailed"])
LINES = TEXTS | TEXTS.map("Critical fault point '{}' never hit".format)
COUNTS = st.integers(0, 1 << 70)


def many(element: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few different ones, repeated up to `most` times: large, and quickly drawn."""
    return st.tuples(st.lists(element, max_size=3), st.integers(1, most)).map(lambda drawn: tuple(drawn[0] * drawn[1]))


GATE_RESULTS = st.builds(
    lambda gate, status, text, note: a_gate(gate, status, measured=text, required=text, origin=text, note=note),
    GATE_IDS, st.sampled_from(list(Status)), TEXTS, st.just("") | TEXTS,
)  # fmt: skip
INPUTS = st.builds(
    InputSeen, TEXTS, st.just("stream"), st.none() | TEXTS, st.booleans(), st.none() | COUNTS, st.none() | st.just("7"),
    many(GATE_RESULTS, 3),
)  # fmt: skip
REPORTS = st.builds(
    lambda status, text, scenario, inputs, results, lowered, points: JudgedReport(
        text, scenario, status, text, inputs, results,
        replace_points(a_judged("passed"), points), (BoundUsed("k", 1, text),), lowered,
    ),
    st.sampled_from(["passed", "failed", "incomplete"]), TEXTS, st.none() | TEXTS, many(INPUTS, 3),
    many(GATE_RESULTS, 5), many(TEXTS, 300), many(TEXTS, 300),
)  # fmt: skip
VIOLATIONS = st.builds(Violation, TEXTS, GATE_IDS, KINDS, LINES, LINES, LINES, LINES, st.just("") | TEXTS, TEXTS)
FAILURES = st.builds(
    lambda text, count, fill, expected: Failure(text, None, text, text, count, ("7",), text, fill, expected),
    TEXTS, COUNTS, st.booleans(), st.booleans(),
)  # fmt: skip
VERDICTS = st.builds(
    lambda status, text, violations, warnings, failures, reports, error: Verdict(
        status, status == "passed", text, text, violations, warnings, failures, reports, error
    ),
    st.sampled_from(["passed", "failed", "incomplete", "error"]), TEXTS, many(VIOLATIONS, 300),
    many(st.builds(Remark, TEXTS, TEXTS), 300), many(FAILURES, 100), many(REPORTS, 10),
    st.none() | TEXTS | TEXTS.map(lambda text: text * 50),
)  # fmt: skip
BUDGETS = st.integers(SUMMARY_BYTES_MIN, 40_000) | st.integers(SUMMARY_BYTES_MIN, SUMMARY_BYTES_MAX)


def replace_points(report: JudgedReport, points: tuple[str, ...]) -> Any:
    """A coverage report that missed these points."""
    assert report.report is not None
    report.report.missed_fault_points = list(points)
    return report.report


@settings(max_examples=80, derandomize=True, deadline=None, database=None)
@given(VERDICTS, BUDGETS)
def test_any_verdict_fits_any_budget(verdict: Verdict, budget: int) -> None:
    """From 4 KiB to 1 MiB: within the budget, everything closed, and what is left out is said."""
    markdown = render_markdown(verdict, budget)
    assert len(markdown.encode()) <= budget
    assert closed(markdown)
    assert even_tables(markdown)
    assert "\n\n\n" not in markdown
    assert left_out_is_said(verdict, markdown)


def left_out_is_said(verdict: Verdict, markdown: str) -> bool:
    """Whether the page tells every violation and every warning, or else where they are."""
    if "all in the verdict file" in markdown or "everything is in the verdict file" in markdown or verdict.error:
        return True
    names = [re.sub("^Critical fault point '(.+)' never hit$", r"\1", v.line, flags=re.S) for v in verdict.violations]
    return all(str(inert(text)) in markdown for text in [*names, *(warning.text for warning in verdict.warnings)])


def test_the_budget_counts_bytes() -> None:
    """The runner drops a file above 1 MiB of bytes; characters would let four times as much through."""
    assert [utf8_bytes(text) for text in ("a", "é", "…", "😀")] == [1, 2, 3, 4]
    warnings = tuple(Remark("", "€" * 290) for _ in range(1_000))
    markdown = render_markdown(Verdict("failed", False, "", "1.0", warnings=warnings), 600_000)
    assert len(markdown) < 300_000
    assert len(markdown.encode()) <= 600_000


def test_the_longest_texts_fit_the_smallest_budget() -> None:
    """The headline is bounded by construction: no reason, version, gate or error is long enough to break it."""
    for mark in ("@", "|", "\U000e0001", "😀"):
        long = mark * 5_000
        for status in ("passed", "failed", "incomplete", "error", long):
            strange: Any = status
            rows = tuple(a_violation(f"{number}{long}", long) for number in range(30))
            known = tuple(a_violation(gate, long) for gate in GATES)
            for violations in ((), rows, known, rows + known):
                assert render_markdown(Verdict(strange, False, long, long, violations), SUMMARY_BYTES_MIN)
        assert render_markdown(error_verdict(long, long), SUMMARY_BYTES_MIN)
