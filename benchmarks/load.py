"""Large loads, each in three sizes that double: time, memory and API calls in one table.

    PYTHONPATH=. python benchmarks/load.py [--quick] [--runs N] [--only NAME]

CPU time is the least of several runs, and a growth is that between the smallest and the largest size, as a ratio for
each doubling. Exit code 0: each ratio of time and calls is within its bar. 1: one is above, or a run went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.measured import Measured, child
from tests.support import loads
from vopr_coverage.render.budget import COMMENT_CHARACTERS_MAX, SUMMARY_BYTES_MAX

GROWTH_MAX = 2.4  # of time and of memory, where there is twice as much
CALLS_MAX = 2.6  # of calls: of more jobs at once a larger share is overtaken once more
MB = 1_000_000
OURS = (sys.executable, "-m", "vopr_coverage")
PLAY = (sys.executable, "-m", "tests.support.loads")
GATE = {"profile": "none", "fault_point_coverage_min": 0.5, "complete_when": "workload finished"}
POINTS = {"profile": "none", "fault_point_coverage_min": 0.5}


@dataclass(frozen=True)
class Load:
    """One kind of load.

    Attributes:
        make: writes the input of that size into a folder, and returns the command.
        sizes: three, each twice the one before.
        page_max: characters or bytes of the page summary.md, 0 where there is none.
    """

    name: str
    make: Callable[[Path, int], Sequence[str]]
    sizes: tuple[int, int, int]
    page_max: int = 0


@dataclass(frozen=True)
class Row:
    """One size of one load, the least of its runs."""

    size: int
    cpu_s: float
    wall_s: float
    peak_bytes: int
    page_bytes: int | None
    calls: int | None
    wrong: str


def night(folder: Path, size: int) -> Sequence[str]:
    """A summary of so many recordings."""
    loads.a_large_night(folder, size)
    return (*OURS, "summary", "night", "--config", "config.json", "--summary-file", "summary.md")


def points_of(kind: str) -> Callable[[Path, int], Sequence[str]]:
    """A run with so many fault points."""

    def make(folder: Path, size: int) -> Sequence[str]:
        (folder / "run").write_bytes(loads.many_points(kind, size))
        (folder / "gate.json").write_text(json.dumps(POINTS))
        return (*OURS, "check", "run", "--config", "gate.json", "--summary-file", "summary.md")

    return make


def jobs_of(what: str) -> Callable[[Path, int], Sequence[str]]:
    """So many jobs that publish at once, with the GitHub that answers them, in one process; five schedules."""
    return lambda _, size: (*PLAY, what, str(size))


def history_for(*words: str) -> Callable[[Path, int], Sequence[str]]:
    """A command on a history of so many nights."""

    def make(folder: Path, size: int) -> Sequence[str]:
        (folder / "trends.ndjson").write_bytes(loads.a_history(size))
        return words

    return make


def files(folder: Path, size: int) -> Sequence[str]:
    """So many files of an SDK, merged."""
    loads.many_files(folder / "files", size)
    (folder / "gate.json").write_text(json.dumps(GATE))
    words = ("check", "files/*.jsonl", "--merge", "all", "--config", "gate.json", "--summary-file", "summary.md")
    return (*OURS, *words)


TRENDS = (*OURS, "trends", "trends.ndjson")
LOADS = (
    Load("recordings of a night, summary", night, (250, 500, 1_000), SUMMARY_BYTES_MAX),
    Load("fault points of a report", points_of("report"), (25_000, 50_000, 100_000), COMMENT_CHARACTERS_MAX),
    Load("fault points of VOPR's stream", points_of("stream"), (25_000, 50_000, 100_000), COMMENT_CHARACTERS_MAX),
    Load("points of a simulation stream", points_of("simulation"), (25_000, 50_000, 100_000), COMMENT_CHARACTERS_MAX),
    Load("jobs that write a branch at once", jobs_of("branch"), (4, 8, 16)),
    Load("jobs that comment at once", jobs_of("comment"), (4, 8, 16)),
    Load("nights of a history, read and judged", history_for(*TRENDS, "--gate"), (912, 1_825, 3_650)),
    Load("nights of a history, page", history_for(*TRENDS, "--page", "page.html"), (912, 1_825, 3_650)),
    Load("nights of a history, publish", history_for(*PLAY, "publish", "."), (912, 1_825, 3_650)),
    Load("files of an Antithesis SDK, merged", files, (1_250, 2_500, 5_000), SUMMARY_BYTES_MAX),
)


def quick(load: Load) -> Load:
    """The same, of a quarter of the size; jobs stay, for their count is what matters."""
    sizes = load.sizes if load.sizes[-1] <= 16 else tuple(size // 4 for size in load.sizes)
    return Load(load.name, load.make, (sizes[0], sizes[1], sizes[2]), load.page_max)


def measure(load: Load, size: int, runs: int) -> Row:
    """The input made once, the command run several times."""
    with tempfile.TemporaryDirectory(prefix="vopr-load-") as name:
        folder = Path(name)
        command = load.make(folder, size)
        ran = [child(command, folder) for _ in range(runs)]
        page = folder / ("summary.md" if load.page_max else "page.html")
        page_bytes = page.stat().st_size if page.exists() else None
        return row_of(load, size, ran, page_bytes)


def row_of(load: Load, size: int, ran: Sequence[Measured], page_bytes: int | None) -> Row:
    """What the runs of one size say."""
    wrong = "; ".join(f"exit code {one.code}: {one.output[-200:]}" for one in ran if one.code not in expected(load))
    if load.page_max and not 0 < (page_bytes or 0) <= load.page_max:
        wrong += f"; a page of {page_bytes} bytes"
    calls = re.search(r"(\d+) API calls", ran[-1].output)
    return Row(
        size,
        min(one.cpu_s for one in ran),
        min(one.wall_s for one in ran),
        max(one.peak_bytes for one in ran),
        page_bytes,
        int(calls[1]) if calls else None,
        wrong,
    )


def expected(load: Load) -> tuple[int, ...]:
    """The exit codes of a command that did its work: the gate on a history may find something in it."""
    return (0, 1) if load.name.endswith("judged") else (0,)


def growth(rows: Sequence[Row], of: Callable[[Row], float | None]) -> float | None:
    """By how much a figure grows with each doubling, on average; None where it is not measured."""
    first, last = of(rows[0]), of(rows[-1])
    return (last / first) ** (1 / (len(rows) - 1)) if first and last else None


def shown(load: Load, rows: Sequence[Row]) -> bool:
    """Print the rows of one load; whether its bars are met."""
    for row in rows:
        page = "–" if row.page_bytes is None else f"{row.page_bytes / 1_000:,.0f} kB"
        calls = "–" if row.calls is None else f"{row.calls:,}"
        figures = f"{row.cpu_s:8.2f} s {row.wall_s:8.2f} s {row.peak_bytes / MB:7.0f} MB {page:>9} {calls:>6}"
        print(f"{load.name:<38} {row.size:>8,} {figures}", flush=True)
        if row.wrong:
            print(f"  ✗ {row.wrong}")
    cpu, calls_grow = growth(rows, lambda row: row.cpu_s), growth(rows, lambda row: row.calls)
    memory = growth(rows, lambda row: row.peak_bytes)
    told = [f"{what} × {by:.2f}" for what, by in (("CPU", cpu), ("memory", memory), ("calls", calls_grow)) if by]
    grow = all(by <= GROWTH_MAX for by in (cpu, memory) if by) and (calls_grow or 0) <= CALLS_MAX
    met = grow and not any(row.wrong for row in rows)
    print(
        f"  {'✓' if met else '✗'} twice as much: {', '.join(told)} (bars: {GROWTH_MAX}, calls {CALLS_MAX})", flush=True
    )
    return met


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a quarter of each size, one run")
    parser.add_argument("--runs", type=int, metavar="N", help="of each size (default: 3; 1 with --quick)")
    parser.add_argument("--only", default="", metavar="NAME", help="loads whose name has this text")
    given = parser.parse_args()
    chosen = [quick(load) if given.quick else load for load in LOADS if given.only in load.name]
    if not chosen or (given.runs is not None and given.runs < 1):
        parser.error("--only: expected a part of a name; --runs: expected 1 or more")
    assert all(2 * a - 1 <= b <= 2 * a + 1 for load in LOADS for a, b in pairwise(load.sizes))
    runs = given.runs or (1 if given.quick else 3)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs, the least of {runs} runs")
    print(f"{'load':<38} {'size':>8} {'CPU':>10} {'wall':>10} {'memory':>10} {'page':>9} {'calls':>6}")
    met = [shown(load, [measure(load, size, runs) for size in load.sizes]) for load in chosen]
    print(f"{met.count(False)} loads miss a bar" if not all(met) else "Every load grows with its size, and no faster.")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
