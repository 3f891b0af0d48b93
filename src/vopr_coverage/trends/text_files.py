"""The four text files of the seed document: dates and three figures, one line a night. Pure.

All four have the same number of lines, so that `paste` puts them side by side; `nan` is a figure that was not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from vopr_coverage.errors import nearest, printable, shown
from vopr_coverage.trends.history import TrendRecord, night_of, place_in_time

DATES = "dates.txt"
COVERAGE_JOB, LONG_RUN = "coverage", "long-run"
NOT_MEASURED = "nan"


def _coverage(record: TrendRecord) -> str:
    if record.fault_points_hit is None or not record.fault_points_known:
        return NOT_MEASURED
    return f"{100 * record.fault_points_hit / record.fault_points_known:.2f}"


def _count(value: int | None) -> str:
    return NOT_MEASURED if value is None else str(value)


FIGURES: dict[str, Callable[[TrendRecord], str]] = {
    "fault-coverage.txt": _coverage,
    "invariant-count.txt": lambda record: _count(record.invariants),
    "view-changes.txt": lambda record: _count(record.view_changes),
}
TEXT_NAMES = (DATES, *FIGURES)


class TextFiles(NamedTuple):
    """The files.

    Attributes:
        files: their contents by name.
        said: what they are about, in a line.
        problem: why all figures are `nan`, "" if they need not be.
    """

    files: dict[str, bytes]
    said: str
    problem: str = ""


def text_files(history: Iterable[TrendRecord], scenario: str = "") -> TextFiles:
    """The four files of the workflow that ran last.

    Args:
        scenario: as `--series` names it; "" for the coverage job's, of several the one that ran most iterations. A
            scenario that the coverage job never ran is that of the long run.
    """
    nights = _nights(history)
    if not nights:
        return TextFiles(dict.fromkeys(TEXT_NAMES, b""), "no nights yet")
    job, name = _series(nights, scenario)
    problem = "" if name or not scenario else _unknown(nights, scenario)
    found = [
        next((one for one in reversed(night) if one.job == job and one.scenario == name), None) for night in nights
    ]
    lines = {DATES: [night[-1].at[:10] for night in nights]}
    for file, figure in FIGURES.items():
        lines[file] = [NOT_MEASURED if record is None else figure(record) for record in found]
    workflow = printable(nights[-1][-1].workflow) or "this workflow"
    said = f"{printable(name or scenario) or 'no scenario'} of the {printable(job)} job of {workflow}"
    return TextFiles({file: "".join(f"{line}\n" for line in of).encode() for file, of in lines.items()}, said, problem)


def _nights(history: Iterable[TrendRecord]) -> list[list[TrendRecord]]:
    """The nights of the workflow that ran last, the oldest first; of each its latest attempt."""
    records = sorted(history, key=lambda record: (place_in_time(record), record.run_attempt))
    nights: dict[str, list[TrendRecord]] = {}
    for record in records:
        if record.workflow != records[-1].workflow:
            continue
        there = nights.setdefault(night_of(record), [])
        if there and there[0].run_attempt != record.run_attempt:
            there.clear()
        there.append(record)
    return list(nights.values())


def _series(nights: Sequence[Sequence[TrendRecord]], wanted: str) -> tuple[str, str]:
    """Job and scenario; no scenario where none is what was wanted."""
    ran: dict[tuple[str, str], int] = {}
    for night in nights:
        for record in night:
            if record.scenario:
                key = (record.job, record.scenario)
                ran[key] = ran.get(key, 0) + (record.ran or 0)
    keys = [key for key in ran if not wanted or key[1].lower() == wanted.lower()]
    if not keys:
        return COVERAGE_JOB, ""
    return max(keys, key=lambda key: (key[0] == COVERAGE_JOB, key[0] == LONG_RUN, ran[key], key))


def _unknown(nights: Sequence[Sequence[TrendRecord]], wanted: str) -> str:
    known = {record.scenario for night in nights for record in night if record.scenario}
    return f"--series: no night ran {shown(wanted)}; {nearest(wanted, known)}"
