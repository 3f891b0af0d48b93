"""A verdict in the order and the parts that a page shows. Pure, and without markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice

import msgspec

from vopr_coverage.model.figures import counted
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.replay import seeds_to_keep
from vopr_coverage.model.verdict import Failure, GateResult, JudgedReport, Verdict, Violation
from vopr_coverage.nightly.regression_file import regression_line
from vopr_coverage.render.wording import COVERAGE, EXCUSED, EXTRA, GATE_ORDER, RUN_HEALTH, gate_part

_SEVERITY = {
    Status.FAILED: 0,
    Status.NOT_MEASURED: 1,
    Status.PASSED: 2,
    Status.NOT_REQUIRED: 3,
}

# Violations that differ in one name only: the name is enough where a page shows the rest.
NEVER_WORDS = {
    "CriticalFaultPointMissed": "Never hit",
    "InvariantNotExecuted": "Never executed",
    "FaultPointLost": "Fault points hit on base, not here",
    "InvariantLost": "Invariants run on base, not here",
    "ReportLost": "Reports of the base that are missing here",
}
_ONE = {
    NEVER_WORDS["FaultPointLost"]: "Fault point",
    NEVER_WORDS["InvariantLost"]: "Invariant",
    NEVER_WORDS["ReportLost"]: "Report",
}


@dataclass(frozen=True)
class Item:
    """What one source falls short of: a line, or all names that share the words `never`.

    `source` is "" where the names are those of whole reports.
    """

    source: str
    texts: tuple[str, ...]
    never: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Group:
    """All violations of one gate with the same advice; `count` of them."""

    gate: str
    advice: str
    count: int
    items: tuple[Item, ...]

    def more_than(self, most: int) -> bool:
        """Whether there are more items, or more names in one of them."""
        return len(self.items) > most or any(len(item.texts) > most for item in self.items)


def groups_of(violations: Sequence[Violation]) -> list[Group]:
    """Violations under their gate and advice, gates in the order of the table."""
    members: dict[tuple[str, str], list[Violation]] = {}
    for violation in violations:
        members.setdefault((violation.gate, violation.advice), []).append(violation)
    groups = [Group(gate, advice, len(of_group), _items(of_group)) for (gate, advice), of_group in members.items()]
    return sorted(groups, key=lambda group: GATE_ORDER.get(group.gate, len(GATE_ORDER)))


def _items(violations: Sequence[Violation]) -> tuple[Item, ...]:
    named: dict[tuple[str, str], list[str]] = {}
    lines: list[Item] = []
    for violation in violations:
        is_report = violation.kind == "ReportLost"
        name = violation.source if is_report else violation.point or violation.invariant
        if name and violation.kind in NEVER_WORDS and not violation.detail:
            source = "" if is_report else violation.source  # what is missing has no place
            named.setdefault((source, violation.kind), []).append(name)
        else:
            lines.append(Item(violation.source, (violation.line,), detail=violation.detail))
    return *(Item(source, tuple(names), NEVER_WORDS[kind]) for (source, kind), names in named.items()), *lines


def ending_of(verdict: Verdict) -> str:
    """How a verdict ended by all that it says: a file can call itself passed and list what fell short.

    It is *partial* if there are reports beside an error, or reports that could not be judged.
    """
    if verdict.unusable:
        return "partial"
    if verdict.error is not None:
        return "partial" if verdict.reports else "error"
    if verdict.status != "passed":
        return verdict.status
    holds = verdict.passed and bool(verdict.reports) and not verdict.violations
    return "passed" if holds and all(report.status == "passed" for report in verdict.reports) else "failed"


def nothing_judged(verdict: Verdict) -> bool:
    """Whether the verdict has an error in place of a judgement."""
    return verdict.error is not None and ending_of(verdict) == "error"


def problems_of(verdict: Verdict) -> list[str]:
    """Why not everything could be judged, line by line; empty if all of it was, or nothing."""
    if ending_of(verdict) != "partial":
        return []
    texts = [each.problem for each in verdict.unusable] or [verdict.error or ""]
    return [line for text in texts for line in text.split("\n") if line]


@dataclass(frozen=True)
class Headline:
    """Which gates were not met, in one line: gate and number of violations, by part of the table.

    `others` counts violations of gates that we don't know: no foreign name makes the headline.
    """

    health: list[tuple[str, int]]
    coverage: list[tuple[str, int]]
    others: int


def headline_of(groups: Iterable[Group]) -> Headline:
    """The headline of what fell short."""
    counts: dict[str, int] = {}
    for group in groups:
        counts[group.gate] = counts.get(group.gate, 0) + group.count
    known = [(gate, count) for gate, count in counts.items() if gate in GATE_ORDER]
    return Headline(
        health=[(gate, count) for gate, count in known if gate_part(gate) == RUN_HEALTH],
        coverage=[(gate, count) for gate, count in known if gate_part(gate) != RUN_HEALTH],
        others=sum(count for gate, count in counts.items() if gate not in GATE_ORDER),
    )


def one_by_one(group: Group, most: int) -> list[Item]:
    """The first violations of a group, each as an item of its own."""
    singles = (
        replace(item, texts=(text,), never=_ONE.get(item.never, "")) for item in group.items for text in item.texts
    )
    return list(islice(singles, most))


def without(named: AbstractSet[Item], group: Group) -> Group:
    """A group without the items in `named`, since a page shows a name once. Gate and advice stay."""
    items = tuple(item for item in group.items if item not in named)
    return replace(group, items=items, count=sum(len(item.texts) for item in items))


def regressions_of(verdict: Verdict) -> list[str]:
    """Lines for the regression file, up to ten of each run whose scenario is known."""
    by_source: dict[str, list[Failure]] = {}
    for failure in verdict.failures:
        if not failure.expected:
            by_source.setdefault(failure.source, []).append(failure)
    lines = (
        regression_line(failures[0].scenario, seed, invariant)
        for failures in by_source.values()
        for seed, invariant in seeds_to_keep(failures)
    )
    return list(dict.fromkeys(filter(None, lines)))


def parts_of(report: JudgedReport) -> list[tuple[str, list[GateResult]]]:
    """The table of one report: run health, the seven categories, and what a config asks beyond them."""
    parts: dict[str, list[GateResult]] = {RUN_HEALTH: health_of(report), COVERAGE: [], EXTRA: []}
    for result in report.gates:
        parts[EXTRA if gate_part(result.gate) == EXTRA else COVERAGE].append(result)
    return [(name, results) for name, results in parts.items() if results]


@dataclass(frozen=True)
class Table:
    """The rows of one report: those that a reader is to see, by part, and those that say nothing about this run.

    Without coverage, because a run did not finish, a figure that is missing is no news.
    """

    parts: list[tuple[str, list[GateResult]]]
    not_required: list[GateResult]
    not_measured: list[GateResult]

    @property
    def rows(self) -> list[GateResult]:
        """All that are seen."""
        return [result for _, results in self.parts for result in results]

    @property
    def coverage(self) -> list[GateResult]:
        """Those of the seven categories and beyond."""
        return [result for part, results in self.parts if part != RUN_HEALTH for result in results]


def table_of(report: JudgedReport) -> Table:
    """The table of a report: only what is required, and can be measured, is seen."""
    parts, not_required, not_measured = [], [], []
    for name, results in parts_of(report):
        seen = []
        for result in results:
            if result.status == Status.NOT_REQUIRED:
                not_required.append(result)
            elif result.status == Status.NOT_MEASURED and report.report is None and result.note not in EXCUSED:
                not_measured.append(result)
            else:
                seen.append(result)
        parts += [(name, seen)] if seen else []
    return Table(parts, not_required, not_measured)


def notes_of(results: Iterable[GateResult]) -> list[tuple[str, list[str]]]:
    """What gates add to their figures: each note once, with the gates that it is about."""
    gates: dict[str, list[str]] = {}
    for result in results:
        if result.note:
            gates.setdefault(result.note, []).append(result.gate)
    return list(gates.items())


def _severity(result: GateResult) -> int:
    return _SEVERITY.get(result.status, 0)


def health_of(report: JudgedReport) -> list[GateResult]:
    """One row a run-health gate: of several merged runs the worst, saying how many agree with it."""
    by_gate: dict[str, list[GateResult]] = {}
    for read in report.inputs:
        for result in read.gates:
            by_gate.setdefault(result.gate, []).append(result)
    rows = []
    for results in by_gate.values():
        worst = min(results, key=_severity)
        if len(results) > 1 and worst.status is not Status.NOT_REQUIRED:
            same = sum(result.status == worst.status for result in results)
            worst = msgspec.structs.replace(worst, measured=f"{same} of {counted(len(results), 'run')}")
        rows.append(worst)
    if len(rows) > 1 and len({(row.status, row.note) for row in rows}) == 1 and rows[0].status == Status.NOT_REQUIRED:
        return [msgspec.structs.replace(rows[0], gate="")]  # one row says as much as five
    return rows


def health_by_status(report: JudgedReport) -> list[tuple[str, list[GateResult]]]:
    """The rows of run health in one line: those that ended alike together, the worst first.

    They are those that the table shows, or all of them if it shows none.
    """
    seen = dict(table_of(report).parts).get(RUN_HEALTH) or health_of(report)
    rows: dict[str, list[GateResult]] = {}
    for row in sorted(seen, key=_severity):
        rows.setdefault(row.status, []).append(row)
    return list(rows.items())


def minimums_of_longer_runs(verdict: Verdict) -> list[tuple[str, list[str]]]:
    """Each minimum that runs were too short for, listed once, with the reports that it concerns."""
    return _once((report.name, report.too_short) for report in verdict.reports)


def loosened_bounds(verdict: Verdict) -> list[tuple[str, list[str]]]:
    """Each way of judging less strictly than on base, listed once, with the reports that it concerns."""
    return _once((report.name, report.change.loosened) for report in verdict.reports if report.change)


def _once(texts_by_name: Iterable[tuple[str, Sequence[str]]]) -> list[tuple[str, list[str]]]:
    names_by_text: dict[str, list[str]] = {}
    for name, texts in texts_by_name:
        for text in texts:
            names_by_text.setdefault(text, []).append(name)
    return list(names_by_text.items())


def iterations_of(report: JudgedReport) -> int | None:
    """All iterations of a report's runs; None where the format does not contain them."""
    ran = [read.iterations for read in report.inputs if read.iterations is not None]
    return sum(ran) if ran else None


def invariants_of(report: JudgedReport) -> list[tuple[str, int]]:
    """Invariants and how often each ran, the rarest first; those that a report names as missed ran 0 times."""
    if report.report is None:
        return []
    counts = dict.fromkeys(report.report.missed_invariants, 0) | report.report.invariant_executions
    return sorted(counts.items(), key=lambda pair: (pair[1], pair[0]))
