"""A report against base as a page shows it: names that were lost or gained, and differences in our own words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vopr_coverage.model.outcome import Status
from vopr_coverage.model.verdict import Change, GateBefore, GateResult, JudgedReport, Verdict
from vopr_coverage.render.outline import NEVER_WORDS, Group, Item
from vopr_coverage.render.wording import EXCUSED, unbroken

SAME, ALMOST_SAME, NEW, GONE, NO_COMPARISON = "=", "≈", "new", "gone", "–"
SHARE = "fault-point-coverage"  # the gate whose value is a fraction; the others' are counts
VALUE_MAX = 10**12  # beyond, a difference is a direction: a verdict file may hold any number
ROUNDING = 1e-9
SOURCES_MAX = 3  # reports that share a loss, by name
UNMET = (Status.FAILED, Status.NOT_MEASURED)

_Names = Callable[[Change], Sequence[str]]


def is_compared(verdict: Verdict) -> bool:
    """Whether there was a base to hold this against, even if it has none of these reports."""
    has_base = verdict.base is not None and verdict.base.missing is None
    return has_base or any(report.change for report in verdict.reports)


def lost_of(verdict: Verdict) -> Group:
    """What base has and this run lacks: whole reports, properties that held, points hit and invariants run, by name."""
    absent = verdict.base.absent if verdict.base else ()
    reports = (Item("", absent, NEVER_WORDS["ReportLost"]),) if absent else ()
    points = _items(verdict, lambda change: change.lost_points, NEVER_WORDS["FaultPointLost"])
    invariants = _items(verdict, lambda change: change.lost_invariants, NEVER_WORDS["InvariantLost"])
    broken = _items(verdict, lambda change: change.new_violations, "Properties that held on base")
    return _group((*reports, *broken, *points, *invariants))


def gained_of(verdict: Verdict) -> Group:
    """What this run has and base lacks."""
    points = _items(verdict, lambda change: change.new_points, "Fault points newly hit")
    return _group((*points, *_items(verdict, lambda change: change.new_invariants, "Invariants newly run")))


def lost_by(report: JudgedReport) -> int:
    """How many fault points and invariants a report lost."""
    return len(report.change.lost_points) + len(report.change.lost_invariants) if report.change else 0


def _items(verdict: Verdict, names: _Names, words: str) -> tuple[Item, ...]:
    changed = ((report.name, names(report.change)) for report in verdict.reports if report.change)
    return tuple(Item(name, tuple(texts), words) for name, texts in changed if texts)


def _group(items: tuple[Item, ...]) -> Group:
    return Group("", "", sum(len(item.texts) for item in items), items)


@dataclass(frozen=True)
class Names:
    """Names that `sources` lost or gained alike: what is switched off is missing in every scenario."""

    words: str
    texts: tuple[str, ...]
    sources: tuple[str, ...]


def shared_of(group: Group) -> list[Names]:
    """What was lost or gained, each list of names once with all reports that it is about."""
    sources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for item in group.items:
        sources.setdefault((item.never, item.texts), []).append(item.source)
    return [Names(words, texts, tuple(filter(None, of))) for (words, texts), of in sources.items()]


def is_beyond(lists: Sequence[Names], most: int) -> bool:
    """Whether there is more than `most` unfolded entries can show."""
    return len(lists) > most or any(len(names.texts) > most or len(names.sources) > SOURCES_MAX for names in lists)


def befores_of(report: JudgedReport) -> dict[str, GateBefore]:
    """How each gate ends for base's figures, by gate."""
    return {before.gate: before for before in report.change.gates} if report.change else {}


def change_of_gate(result: GateResult, before: GateBefore | None) -> Markup:
    """The Change cell of a gate: its figure against that of base, or an en dash where one is missing."""
    return unbroken(_change(result, before))


def change_of_report(report: JudgedReport) -> Markup:
    """The Change cell of a report among several: its share of fault points, what it lost, what fails since."""
    if report.change is None:
        return unbroken(NEW)
    befores = befores_of(report)
    share = next((result for result in report.gates if result.gate == SHARE), None)
    parts = [_change(share, befores.get(SHARE)) if share else NO_COMPARISON]
    lost = lost_by(report)
    failing = sum(fell(result, befores.get(result.gate)) for result in report.gates)
    parts += [f"{lost:,} lost"] if lost else []
    parts += [f"{failing:,} newly failing"] if failing else []
    return Markup(", ").join(map(unbroken, parts))


def before_in_words(result: GateResult, before: GateBefore | None) -> Markup:
    """How a gate ended on base, where that shows who caused the ending; else nothing."""
    if before is None:
        return Markup()
    if result.status == Status.FAILED and before.status == Status.FAILED:
        return Markup("as on base")
    if fell(result, before):
        return Markup("passed on base")
    if result.status == Status.PASSED and before.status == Status.FAILED:
        return Markup("failed on base")
    return Markup()


def fell(result: GateResult, before: GateBefore | None) -> bool:
    """Whether a gate that is not met here passed on base."""
    unmet = result.status in UNMET and result.note not in EXCUSED
    return unmet and before is not None and before.status == Status.PASSED


def _change(result: GateResult, before: GateBefore | None) -> str:
    if before is None or (result.value is None and before.value is None):
        return NO_COMPARISON
    if before.value is None:
        return NEW
    if result.value is None:
        return GONE
    if result.gate == SHARE:
        return _difference(result.value, before.value, 100, " points")
    return _difference(result.value, before.value, 1, "")


def _difference(now: float, then: float, scale: int, unit: str) -> str:
    """`+9.1 points`, `−3` or `=`; never longer than a cell, whatever the numbers."""
    if now == then:
        return SAME
    if not (abs(now) <= VALUE_MAX and abs(then) <= VALUE_MAX):
        return "much more" if now > then else "much less"
    by = abs(now - then) * scale
    if by <= ROUNDING:
        return SAME
    text = f"{by:,.1f}" if scale > 1 or by != int(by) else f"{int(by):,}"
    return ALMOST_SAME if text == "0.0" else f"{'+' if now > then else '−'}{text}{unit}"
