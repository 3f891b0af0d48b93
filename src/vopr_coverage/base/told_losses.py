"""Names that are lost against the base, in words. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from vopr_coverage.base.losses import Loss, Losses
from vopr_coverage.errors import printable
from vopr_coverage.gates.elsewhere import ADVICE
from vopr_coverage.gates.endings import NOT_MEASURED_TEXT
from vopr_coverage.model.figures import counted
from vopr_coverage.model.outcome import Shortfall

NAMED_MAX = 10
NONE_BEYOND_CHANCE = "None lost beyond chance"


def lost_point(name: str, expected: str) -> Shortfall:
    """A fault point that was hit before."""
    line = f"Fault point '{name}' was hit on base, not here"
    return Shortfall("FaultPointLost", message=line, expected=expected, actual="Not here", line=line, point=name)


def lost_invariant(name: str, expected: str) -> Shortfall:
    """An invariant that ran before."""
    line = f"Invariant '{name}' ran on base, not here"
    return Shortfall("InvariantLost", message=line, expected=expected, actual="Not here", line=line, invariant=name)


def told(losses: Losses) -> tuple[list[Shortfall], tuple[str, ...], Shortfall | None]:
    """What is lost beyond chance, what chance explains, and what nobody can tell; None if all can be told."""
    lost = [_beyond_chance(loss, losses.compared) for loss in losses.losses if loss.is_significant]
    by_chance = [_by_chance(loss) for loss in losses.losses if not loss.is_significant and loss.could_be]
    more = len(by_chance) - NAMED_MAX
    if more > 0:
        by_chance[NAMED_MAX:] = [f"{counted(more, 'more name')} lost, explained by chance"]
    return lost, tuple(by_chance), _untold(losses)


def _shortfall(loss: Loss) -> Shortfall:
    return (lost_point if loss.is_point else lost_invariant)(loss.name, NONE_BEYOND_CHANCE)


def _beyond_chance(loss: Loss, compared: int) -> Shortfall:
    plain = _shortfall(loss)
    detail = f"chance does not explain it, among {counted(compared, 'name')} compared"
    return replace(plain, line=f"{plain.line}: {loss.counts}", detail=detail)


def _by_chance(loss: Loss) -> str:
    return f"{_shortfall(loss).line}: lost, explained by chance: {loss.counts}"


def _untold(losses: Losses) -> Shortfall | None:
    """The violation where a name is lost of which it can't be told whether by chance."""
    too_few = [loss for loss in losses.losses if not loss.could_be]
    if not (losses.unknown or too_few):
        return None
    if losses.unknown:
        names, why = losses.unknown, "nobody knows how many seeds hit it, on base or here"
    else:
        names, why = tuple(loss.name for loss in too_few), f"too few samples to tell: {too_few[0].counts}"
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return Shortfall(
        kind="RegressionNotMeasured",
        message="Losses not told from chance",
        expected=NONE_BEYOND_CHANCE,
        actual=NOT_MEASURED_TEXT,
        line=f"Regression against base: {NOT_MEASURED_TEXT}: '{printable(names[0])}'{more} lost, {why}",
        advice=ADVICE["by-chance"],
    )
