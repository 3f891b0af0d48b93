"""A verdict in the order and the portions in which a page tells it. Pure, and without markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from vopr_coverage.outcome import Status
from vopr_coverage.render.wording import COVERAGE, EXTRA, GATE_ORDER, RUN_HEALTH, gate_part
from vopr_coverage.verdict import GateResult, JudgedReport, Verdict, Violation

_SEVERITY = {
    Status.FAILED: 0,
    Status.NOT_MEASURED: 1,
    Status.PASSED: 2,
    Status.NOT_REQUIRED: 3,
}

# Lines that differ in one name only: the name is enough, once the rest has been said.
_NEVER = {
    "CriticalFaultPointMissed": re.compile(r"Critical fault point '(.+)' never hit", re.DOTALL),
    "InvariantNotExecuted": re.compile(r"Required invariant '(.+)' never executed", re.DOTALL),
}
_NEVER_WORDS = {"CriticalFaultPointMissed": "never hit", "InvariantNotExecuted": "never executed"}


@dataclass(frozen=True)
class Item:
    """What one source falls short of: a line, or the names that share the words `never`."""

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


def groups_of(violations: Sequence[Violation]) -> list[Group]:
    """Violations under their gate and advice, gates in the order of the table."""
    members: dict[tuple[str, str], list[Violation]] = {}
    for violation in violations:
        members.setdefault((violation.gate, violation.advice), []).append(violation)
    groups = [Group(gate, advice, len(found), _items(found)) for (gate, advice), found in members.items()]
    return sorted(groups, key=lambda group: GATE_ORDER.get(group.gate, len(GATE_ORDER)))


def _items(violations: Sequence[Violation]) -> tuple[Item, ...]:
    named: dict[tuple[str, str], list[str]] = {}
    lines: list[Item] = []
    for violation in violations:
        pattern = _NEVER.get(violation.kind)
        found = pattern.fullmatch(violation.line) if pattern and not violation.detail else None
        if found:
            named.setdefault((violation.source, violation.kind), []).append(found[1])
        else:
            lines.append(Item(violation.source, (violation.line,), detail=violation.detail))
    return *(Item(source, tuple(names), _NEVER_WORDS[kind]) for (source, kind), names in named.items()), *lines


def short_of(groups: Iterable[Group], part: str) -> list[tuple[str, int]]:
    """Gate and number of violations, for the gates of one part of the table."""
    counts: dict[str, int] = {}
    for group in groups:
        if gate_part(group.gate) == part or (part == COVERAGE and gate_part(group.gate) == EXTRA):
            counts[group.gate] = counts.get(group.gate, 0) + group.count
    return list(counts.items())


def parts_of(report: JudgedReport) -> list[tuple[str, list[GateResult]]]:
    """The table of one report: run health, the seven categories, and what a config asks beyond them."""
    parts: dict[str, list[GateResult]] = {RUN_HEALTH: _health(report), COVERAGE: [], EXTRA: []}
    for result in report.gates:
        parts[EXTRA if gate_part(result.gate) == EXTRA else COVERAGE].append(result)
    return [(name, results) for name, results in parts.items() if results]


def _health(report: JudgedReport) -> list[GateResult]:
    """One row a run-health gate: of several merged runs the worst, saying how many agree with it."""
    by_gate: dict[str, list[GateResult]] = {}
    for read in report.inputs:
        for result in read.gates:
            by_gate.setdefault(result.gate, []).append(result)
    rows = []
    for results in by_gate.values():
        worst = min(results, key=lambda result: _SEVERITY.get(result.status, 0))
        if len(results) > 1 and worst.status is not Status.NOT_REQUIRED:
            same = sum(result.status == worst.status for result in results)
            worst = replace(worst, measured=f"{same} of {len(results)} runs")
        rows.append(worst)
    if len(rows) > 1 and len({(row.status, row.note) for row in rows}) == 1 and rows[0].status == Status.NOT_REQUIRED:
        return [replace(rows[0], gate="")]  # five rows of nothing say no more than one
    return rows


def lowered_bounds(verdict: Verdict) -> list[tuple[str, list[str]]]:
    """Each bound below the profile's, told once, with the reports that it was lowered for."""
    told: dict[str, list[str]] = {}
    for report in verdict.reports:
        for text in report.lowered:
            told.setdefault(text, []).append(report.name)
    return list(told.items())


def iterations_of(report: JudgedReport) -> int | None:
    """All iterations of a report's runs; None where the format doesn't tell."""
    ran = [read.iterations for read in report.inputs if read.iterations is not None]
    return sum(ran) if ran else None


def invariants_of(report: JudgedReport) -> list[tuple[str, int]]:
    """Invariants and how often each ran, the rarest first; those that a report names as missed ran 0 times."""
    if report.report is None:
        return []
    counts = dict.fromkeys(report.report.missed_invariants, 0) | report.report.invariant_executions
    return sorted(counts.items(), key=lambda pair: (pair[1], pair[0]))
