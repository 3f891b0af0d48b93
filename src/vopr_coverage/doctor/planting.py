"""Plants the faults of the table in the runs of one scenario, one by one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from vopr_coverage.doctor.faults import ROWS, FaultKind, Where
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Input

REPORT_MISSING = "report-missing"
NAMES_MAX = 200  # of one kind in one scenario: a hostile report may list a million


class Fault(msgspec.Struct, frozen=True):
    """One fault, planted.

    Attributes:
        kind, subject: the row of the table, and what it is about; "" for a whole run.
        scenario: of the runs that it is planted in; None where they name none, or all are merged.
        what: what happened, in a sentence without its full stop.
        figures: the count before and after, in words and numbers of ours; "" without one.
        inputs: all runs of the scenario, with the fault in them.
        changed: the positions of the runs that differ.
        reports: how many reports a check would read; None if none is missing.
    """

    kind: str
    subject: str
    scenario: str | None
    what: str
    figures: str
    inputs: tuple[Input, ...]
    changed: tuple[int, ...]
    reports: int | None = None

    @property
    def name(self) -> str:
        """`fault-point-silent network.drop`."""
        return fault_name(self.kind, self.subject)


class NotPlanted(msgspec.Struct, frozen=True):
    """A kind of fault that does not apply to the runs of a scenario, or to one name in them."""

    name: str
    scenario: str | None
    why: str


def fault_name(kind: str, subject: str) -> str:
    """The name of a fault: its kind, and what it is about."""
    return f"{kind} {subject}" if subject else kind


def missing_report(inputs: Sequence[Input]) -> Fault | NotPlanted:
    """The last report that a pattern matches is missing. A report that is named by its path cannot be, unnoticed."""
    times = Counter(read.pattern for read in inputs if read.pattern)
    for index, read in reversed(list(enumerate(inputs))):
        if times[read.pattern] > 1:
            figures = f"{len(inputs):,} → {len(inputs) - 1:,}"
            return Fault(
                kind=REPORT_MISSING,
                subject="",
                scenario=None,
                what=f"one of the reports is missing: {figures}",
                figures=figures,
                inputs=(*inputs[:index], *inputs[index + 1 :]),
                changed=(),
                reports=len(inputs) - 1,
            )
    return NotPlanted(REPORT_MISSING, None, "no pattern matches two of the reports, so a missing one is an error")


def faults_of(
    inputs: Sequence[Input],
    scenario: str | None,
    *,
    merged: bool,
    coverage: bool,
    sums: Sequence[Input] | None = None,
) -> Iterator[Fault | NotPlanted]:
    """All faults of the table, planted in the runs of one scenario one by one.

    Args:
        merged: whether the gate adds these runs up.
        coverage: whether their coverage is required.
        sums: these runs added up, where the gate does so: faults in their coverage are planted there.
    """
    for row in ROWS:
        if row.where is Where.BESIDE and not merged:
            yield NotPlanted(row.kind, scenario, "nothing is merged, so no seed can count twice")
        elif row.is_coverage and not coverage:
            yield NotPlanted(row.kind, scenario, "the scenario expects a violation and requires no coverage")
        else:
            yield from _planted(row, sums if sums and row.is_coverage else inputs, scenario)


def _planted(row: FaultKind, inputs: Sequence[Input], scenario: str | None) -> Iterator[Fault | NotPlanted]:
    names = list(dict.fromkeys(name for read in inputs for name in row.names(read)))
    if not names:
        yield NotPlanted(row.kind, scenario, row.needs)
    for name in names[:NAMES_MAX]:
        changes = {index: sick for index, read in enumerate(inputs) if (sick := row.plant(read, name))}
        if not changes:
            yield NotPlanted(fault_name(row.kind, name), scenario, row.needs)
            continue
        yield _fault(row, name, scenario, inputs, changes)
    if len(names) > NAMES_MAX:
        yield NotPlanted(row.kind, scenario, f"{counted(len(names) - NAMES_MAX, 'further name')}: too many to plant")


def _fault(
    row: FaultKind, name: str, scenario: str | None, inputs: Sequence[Input], changes: Mapping[int, Input]
) -> Fault:
    first = next(iter(changes))
    if row.where is Where.ONE:
        changes = {first: changes[first]}
    copy = [changes.get(index, read) for index, read in enumerate(inputs)]
    changed = list(changes)
    if row.where is Where.BESIDE:
        copy, changed = [*inputs, changes[first]], [first, len(inputs)]
    figures = _figures(row, name, inputs, copy)
    return Fault(
        kind=row.kind,
        subject=name,
        scenario=scenario,
        what=row.words.format(name) + (f": {figures}" if figures else ""),
        figures=figures,
        inputs=tuple(copy),
        changed=tuple(changed),
    )


def _figures(row: FaultKind, name: str, before: Sequence[Input], after: Sequence[Input]) -> str:
    """`1,740 → 0 in 20 iterations`; "" without a count."""
    pairs = [(row.figure(old, name), row.figure(new, name)) for old, new in zip(before, after, strict=False)]
    if all(old is None for old, _ in pairs):
        return ""
    ran = sum(read.run.iterations for read in before if read.run)
    length = f" in {counted(ran, 'iteration')}" if ran else ""
    total = max if row.is_distinct else sum
    return f"{total(old or 0 for old, _ in pairs):,} → {total(new or 0 for _, new in pairs):,}{length}"
