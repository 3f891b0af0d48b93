"""Which report of base a report is compared with."""

from __future__ import annotations

import pytest

from tests.support.bases import a_base_report
from vopr_coverage.base.compare import Base, Before, counterparts
from vopr_coverage.model.verdict import Verdict


@pytest.mark.parametrize(
    ("base", "before"),
    [
        (None, Before()),
        (Base("base", missing="it has expired"), Before(missing="it has expired")),
    ],
)
def test_without_a_base_no_report_has_a_counterpart(base: Base | None, before: Before) -> None:
    """And the reason is that of the base."""
    assert counterparts([("a", None), ("b", "swizzle")], base) == ([before, before], [])
    assert counterparts([], base) == ([], [])


@pytest.mark.parametrize(
    ("names", "theirs", "pairs", "absent"),
    [
        # letters that only a capital form makes equal are other letters
        ([("a", "straße")], [("b", "strasse")], [None], ["b"]),
        ([("a", "straße"), ("b", "strasse")], [("b", "straße"), ("a", "strasse")], ["b", "a"], []),
        ([("a", "SWIZZLE")], [("b", "swizzle")], ["b"], []),
        # without a scenario on one side the name decides, then what is left over
        ([("a", None)], [("a", "swizzle")], ["a"], []),
        ([("a", "swizzle")], [("b", None)], ["b"], []),
        # the same name, and another scenario
        ([("a", "combined")], [("a", "swizzle")], [None], ["a"]),
        # a scenario without a name is none
        ([("a", ""), ("b", "")], [("b", ""), ("a", "")], ["a", "b"], []),
        # a counterpart is one of one report only
        ([("a", "x"), ("b", None)], [("b", "x")], ["b", None], []),
        ([("b", None), ("a", "x")], [("b", "x"), ("c", None)], ["c", "b"], []),
        # two of ours with one name, and none of theirs twice
        ([("a", None), ("a", None)], [("a", None)], [None, None], ["a"]),
        ([("a", None)], [("a", None), ("a", None)], [None], ["a", "a"]),
        # the third is left over on either side
        ([("a", "x"), ("b", None), ("c-2", None)], [("c-1", None), ("b", None), ("z", "X")], ["z", "b", "c-1"], []),
    ],
)  # fmt: skip
def test_which_counterpart_a_report_has(
    names: list[tuple[str, str | None]],
    theirs: list[tuple[str, str | None]],
    pairs: list[str | None],
    absent: list[str],
) -> None:
    """By scenario, by name, and the last one on either side."""
    reports = tuple(a_base_report("", name=name, scenario=scenario) for name, scenario in theirs)
    found, left = counterparts(names, Base("base", Verdict("passed", True, "r", "1.0", reports=reports)))
    assert [before.report and before.report.name for before in found] == pairs
    assert left == absent
