"""How each door fared, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from tools.fuzzing.door import Door
from tools.fuzzing.engine import Count
from tools.fuzzing.ledger import Ledger

HEAD = (
    f"{'door':<26} {'inputs':>11} {'refused':>11} {'judged':>11} {'findings':>8} {'slowest':>9} {'peak':>7} "
    f"{'a second':>9}"
)


def table_of(doors: Sequence[Door], ledger: Ledger) -> str:
    """A line a door, and the sum. `judged` are inputs on which both judges had their say."""
    totals = {door.name: ledger.total(door) for door in doors}
    lines = [HEAD, *(_line(name, count) for name, count in totals.items())]
    every = Count(
        inputs=sum(count.inputs for count in totals.values()),
        refused=sum(count.refused for count in totals.values()),
        taken=sum(count.taken for count in totals.values()),
        judged=sum(count.judged for count in totals.values()),
        findings=sum(count.findings for count in totals.values()),
        slowest_ms=max(count.slowest_ms for count in totals.values()),
        peak_mb=max(count.peak_mb for count in totals.values()),
        cpu_s=sum(count.cpu_s for count in totals.values()),
    )
    lines.append(_line("all", every))
    if earlier := ledger.earlier():
        lines.append(f"{earlier:,} further inputs met code that has changed since, and are not counted.")
    return "\n".join(lines)


def _line(name: str, count: Count) -> str:
    speed = count.inputs / count.cpu_s if count.cpu_s else 0
    return (
        f"{name:<26} {count.inputs:>11,} {count.refused:>11,} {count.judged:>11,} {count.findings:>8,} "
        f"{count.slowest_ms:>6,.0f} ms {count.peak_mb:>4,.0f} MB {speed:>9,.0f}"
    )
