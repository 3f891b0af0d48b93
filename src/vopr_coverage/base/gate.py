"""The gate `regression`: how much coverage may be lost against the base branch. Pure. Off unless a limit is set."""

from __future__ import annotations

import msgspec

from vopr_coverage.base.compare import Base, Before, figures_today
from vopr_coverage.base.losses import Losses
from vopr_coverage.base.told_losses import lost_invariant, lost_point, told
from vopr_coverage.errors import UsageError, shown
from vopr_coverage.gates.elsewhere import ADVICE, NO_COUNTERPART_NOTE, REGRESSION
from vopr_coverage.gates.endings import NOT_MEASURED_TEXT
from vopr_coverage.model.figures import agreeing, seed_percent
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.verdict import Change

ROUNDING = 1e-9  # of percentage points: in floats, 70 % to 60 % is a little more than ten points


class Limit(msgspec.Struct, frozen=True):
    """How much may be lost: percentage points of fault point coverage, and named points and invariants.

    `lost` None means any number. With `significant` only those count that chance does not explain.
    """

    points: float
    lost: int | None
    origin: str
    significant: bool = False


class BaseComparison(msgspec.Struct, frozen=True):
    """A base to compare with, and how much may be lost; without a limit the comparison fails nothing."""

    base: Base
    limit: Limit | None = None


def comparison_of(base: Base | None, max_regression: str | None, spelling: str) -> BaseComparison | None:
    """The comparison that the user asked for; None without a base.

    Args:
        max_regression: text as `parse_limit` reads it.
        spelling: how the user writes a setting, `--{}` or `input {}`.

    Raises:
        UsageError: the limit is invalid, or there is a limit without a base: such a gate could not fail.
    """
    if max_regression is None:
        return BaseComparison(base) if base else None
    origin = spelling.format("max-regression")
    limit = parse_limit(max_regression, origin)
    if base is None:
        raise UsageError(f"{origin} needs a base to compare with: set {spelling.format('base')}")
    return BaseComparison(base, limit)


def parse_limit(text: str, origin: str) -> Limit:
    """Parse `2`, `2.5, lost=3`, `lost=any` or `significant`: the most percentage points and names that may be lost.

    Without `lost` no name may be lost: if one point is lost and another is new, the percentage stays
    the same. Without a number of points the percentage may fall to any value. With `significant`, a name that chance
    may have missed is not lost.

    Raises:
        UsageError: anything else.
    """
    points, significant = 100.0, False
    allowed: int | None = 0
    for word in (word.strip() for word in text.replace("\n", ",").split(",")):
        key, equals, value = (part.strip() for part in word.partition("="))
        if word == "significant":
            significant = True
        elif equals and key == "lost" and value == "any":
            allowed = None
        elif equals and key == "lost" and _is_number(value) and "." not in value:
            allowed = int(value)
        elif not equals and _is_number(word) and float(word) <= 100:
            points = float(word)
        else:
            expected = "percentage points from 0 to 100, lost=NUMBER, lost=any or significant"
            raise UsageError(f"{origin}: expected {expected}, found {shown(word)}")
    if significant and allowed is None:
        raise UsageError(f"{origin}: significant says which losses fail, and lost=any that none does: leave one out")
    return Limit(points, allowed, origin, significant)


def _is_number(text: str) -> bool:
    whole, _, decimals = text.partition(".")
    digits = whole + decimals
    return digits.isascii() and digits.isdigit() and bool(whole) and len(digits) <= 9


def judge_regression(
    report: CoverageReport | None, change: Change | None, before: Before, limit: Limit, losses: Losses | None = None
) -> Outcome:
    """At most `limit` is lost against the base. A new report lost nothing; without figures it is *not measured*.

    Args:
        losses: what chance says of the names that are lost, for a limit on significant losses alone.
    """
    required = _limit_text(limit)
    if before.missing is None and before.report is None:
        return Outcome(
            gate=REGRESSION,
            status=Status.NOT_REQUIRED,
            measured="",
            required="nothing",
            origin=limit.origin,
            note=NO_COUNTERPART_NOTE,
        )
    then = figures_today(before.report, report) if before.report else None
    if report is None or change is None or then is None:
        return _not_compared(report, before, required, limit)
    fell = (then.fault_point_coverage() - report.fault_point_coverage()) * 100
    shares = f"{seed_percent(then.fault_point_coverage())} to {seed_percent(report.fault_point_coverage())}"
    lost, by_chance, untold = told(losses) if limit.significant and losses else (_every(change, limit), (), None)
    violations = list[Shortfall]()
    if fell > limit.points + ROUNDING:
        line = f"Fault point coverage fell by {fell:.1f} points, {shares} (expected at most {limit.points:g})"
        expected, actual = f"At most {_points(limit)}", f"{fell:.1f} points"
        violations.append(
            Shortfall(
                kind="CoverageFell", message="Fault point coverage fell", expected=expected, actual=actual, line=line
            )
        )
    if limit.lost is not None and len(lost) > limit.lost:
        violations += lost
    status = Status.FAILED if violations else Status.PASSED
    if untold:
        status = Status.FAILED if violations else Status.NOT_MEASURED
        violations.append(untold)
    fallen = f"{max(fell, 0.0):.1f} points, {len(lost)} lost"
    return Outcome(
        gate=REGRESSION,
        status=status,
        measured=f"{fallen} beyond chance" if limit.significant else fallen,
        required=required,
        origin=limit.origin,
        value=max(fell, 0.0),
        minimum=limit.points,
        violations=tuple(violations),
        warnings=by_chance,
        advice=ADVICE["regression"],
    )


def report_lost(name: str) -> Shortfall:
    """A report that was judged on the base and has no counterpart here."""
    line = f"Report '{name}' was judged on base and is missing here"
    return Shortfall(
        kind="ReportLost",
        message="A report of the base is missing",
        expected="Judged as on base",
        actual="Missing",
        line=line,
    )


def _limit_text(limit: Limit) -> str:
    names = "any lost" if limit.lost is None else f"{limit.lost} lost"
    return f"at most {_points(limit)}, {names}{' beyond chance' if limit.significant else ''}"


def _points(limit: Limit) -> str:
    return f"{limit.points:g} {agreeing(limit.points, 'point')}"


def _not_compared(report: CoverageReport | None, before: Before, required: str, limit: Limit) -> Outcome:
    """Without figures of our own another violation reports the missing coverage; without a base this one does."""
    line = f"Regression against base: {NOT_MEASURED_TEXT} (expected {required})"
    why = before.missing or "the base carries no coverage for this report"
    shortfall = Shortfall(
        kind="RegressionNotMeasured",
        message="Not compared with the base",
        expected=required,
        actual=NOT_MEASURED_TEXT,
        line=line,
        detail=why,
    )
    violations = () if report is None else (shortfall,)
    return Outcome(
        gate=REGRESSION,
        status=Status.NOT_MEASURED,
        measured=NOT_MEASURED_TEXT,
        required=required,
        origin=limit.origin,
        violations=violations,
        advice=ADVICE["no-base"],
    )


def _every(change: Change, limit: Limit) -> list[Shortfall]:
    """Every name that is lost."""
    expected = f"At most {limit.lost} lost"
    lost = [lost_point(name, expected) for name in change.lost_points]
    return lost + [lost_invariant(name, expected) for name in change.lost_invariants]
