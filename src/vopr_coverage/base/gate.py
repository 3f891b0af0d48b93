"""The gate `regression`: how much may be lost against the base branch. Pure. Off unless somebody sets a limit."""

from __future__ import annotations

import msgspec

from vopr_coverage.base.compare import Base, Before, figures_today
from vopr_coverage.errors import UsageError, shown
from vopr_coverage.gates.elsewhere import ADVICE, NO_COUNTERPART_NOTE, REGRESSION
from vopr_coverage.gates.endings import NOT_MEASURED_TEXT
from vopr_coverage.model.figures import seed_percent
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.verdict import Change

ROUNDING = 1e-9  # of percentage points: 70 % to 60 % is ten points and not a trace more


class Limit(msgspec.Struct, frozen=True):
    """How much may be lost: percentage points of fault point coverage, and named points and invariants.

    `lost` None means that any number may be.
    """

    points: float
    lost: int | None
    origin: str


class BaseComparison(msgspec.Struct, frozen=True):
    """A base to compare with, and what may be lost against it; without a limit nothing fails."""

    base: Base
    limit: Limit | None = None


def comparison_of(base: Base | None, max_regression: str | None, spelling: str) -> BaseComparison | None:
    """What a user asked for.

    Args:
        max_regression: as `parse_limit` reads it.
        spelling: how a setting is written where the user set it, `--{}` or `input {}`.

    Raises:
        UsageError: no limit, or one without a base to hold it against: that would be a gate that can't fail.
    """
    if max_regression is None:
        return BaseComparison(base) if base else None
    origin = spelling.format("max-regression")
    limit = parse_limit(max_regression, origin)
    if base is None:
        raise UsageError(f"{origin} needs a base to compare with: set {spelling.format('base')}")
    return BaseComparison(base, limit)


def parse_limit(text: str, origin: str) -> Limit:
    """`2`, `2.5, lost=3` or `lost=any`: at most so many percentage points and so many names.

    Without `lost` no name may be lost: a point that is lost and another that is won leave the
    percentage as it was. Without a number any fall is allowed.

    Raises:
        UsageError: anything else.
    """
    points, lost = 100.0, 0
    allowed: int | None = lost
    for word in (word.strip() for word in text.replace("\n", ",").split(",")):
        key, equals, value = (part.strip() for part in word.partition("="))
        if equals and key == "lost" and value == "any":
            allowed = None
        elif equals and key == "lost" and _is_number(value) and "." not in value:
            allowed = int(value)
        elif not equals and _is_number(word) and float(word) <= 100:
            points = float(word)
        else:
            expected = "percentage points from 0 to 100, lost=NUMBER or lost=any"
            raise UsageError(f"{origin}: expected {expected}, found {shown(word)}")
    return Limit(points, allowed, origin)


def _is_number(text: str) -> bool:
    whole, _, decimals = text.partition(".")
    digits = whole + decimals
    return digits.isascii() and digits.isdigit() and bool(whole) and len(digits) <= 9


def judge_regression(report: CoverageReport | None, change: Change | None, before: Before, limit: Limit) -> Outcome:
    """At most so much lost against base. What can't be compared is *not measured*; what is new has lost nothing."""
    required = _limit_told(limit)
    if before.missing is None and before.report is None:
        return Outcome(REGRESSION, Status.NOT_REQUIRED, "", "nothing", limit.origin, note=NO_COUNTERPART_NOTE)
    then = figures_today(before.report, report) if before.report else None
    if report is None or change is None or then is None:
        return _not_compared(report, before, required, limit)
    fell = (then.fault_point_coverage() - report.fault_point_coverage()) * 100
    shares = f"{seed_percent(then.fault_point_coverage())} to {seed_percent(report.fault_point_coverage())}"
    lost = [_lost("FaultPointLost", f"Fault point '{name}' was hit", limit, point=name) for name in change.lost_points]
    lost += [
        _lost("InvariantLost", f"Invariant '{name}' ran", limit, invariant=name) for name in change.lost_invariants
    ]
    violations = []
    if fell > limit.points + ROUNDING:
        line = f"Fault point coverage fell by {fell:.1f} points, {shares} (expected at most {limit.points:g})"
        expected, actual = f"At most {limit.points:g} points", f"{fell:.1f} points"
        violations.append(Shortfall("CoverageFell", "Fault point coverage fell", expected, actual, line))
    if limit.lost is not None and len(lost) > limit.lost:
        violations += lost
    fallen = f"{max(fell, 0.0):.1f} points"
    return Outcome(
        REGRESSION,
        Status.FAILED if violations else Status.PASSED,
        f"{fallen}, {len(lost)} lost",
        required,
        limit.origin,
        max(fell, 0.0),
        limit.points,
        tuple(violations),
        advice=ADVICE["regression"],
    )


def report_lost(name: str) -> Shortfall:
    """A report that was judged on base, and nothing here answers to it."""
    line = f"Report '{name}' was judged on base and is missing here"
    return Shortfall("ReportLost", "A report of the base is missing", "Judged as on base", "Missing", line)


def _limit_told(limit: Limit) -> str:
    names = "any lost" if limit.lost is None else f"{limit.lost} lost"
    return f"at most {limit.points:g} points, {names}"


def _not_compared(report: CoverageReport | None, before: Before, required: str, limit: Limit) -> Outcome:
    """Without figures of our own the missing coverage is told already; without a base it is told here."""
    line = f"Regression against base: {NOT_MEASURED_TEXT} (expected {required})"
    why = before.missing or "the base carries no coverage for this report"
    untold = Shortfall("RegressionNotMeasured", "Not compared with the base", required, NOT_MEASURED_TEXT, line, why)
    violations = () if report is None else (untold,)
    return Outcome(
        REGRESSION,
        Status.NOT_MEASURED,
        NOT_MEASURED_TEXT,
        required,
        limit.origin,
        violations=violations,
        advice=ADVICE["no-base"],
    )


def _lost(kind: str, what: str, limit: Limit, *, point: str | None = None, invariant: str | None = None) -> Shortfall:
    line = f"{what} on base, not here"
    expected = f"At most {limit.lost} lost"
    return Shortfall(
        kind=kind, message=line, expected=expected, actual="Not here", line=line, point=point, invariant=invariant
    )
