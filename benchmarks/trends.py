"""The bars of trends: stores under races and faults, ten years of nights, and the gate on drawn histories.

    python benchmarks/trends.py [--schedules N] [--histories N] [--first SEED] [--workers N]

Exit code 0: every bar is met. 1: one is missed. With VOPR_OPENAPI=PATH (`make openapi`) all traffic is checked against
GitHub's own description, too. A schedule and a history are functions of their numbers, and can be played again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.fake_github.contract import Contract
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import REPOSITORY
from tests.support import drawn_histories as drawn
from tests.support.pull_requests import SECRET
from tests.support.trend_stores import (
    BRANCH,
    a_store_schedule,
    append_to_branch,
    play_on_branch,
    play_on_folder,
    ten_years,
)
from vopr_coverage.trends.compare import lately
from vopr_coverage.trends.file import stored_text
from vopr_coverage.trends.gate import remarks_in
from vopr_coverage.trends.history import parse_history, union
from vopr_coverage.trends.text_files import text_files

SCHEDULES, HISTORIES, NIGHTS = 1_000, 1_000, 90
CHUNK = 25
TURN_S = 120.0
BYTES_MAX, COMMITS_MAX, SECONDS_MAX = 5 << 20, 20, 1.0
ALARMS_MAX, TOLD_MIN = 0.01, 0.99
BUDGET_MIN = 100  # iterations a scenario and night from which the bars of the gate hold; fewer are measured, too
LOSSES_WITH_A_BAR = (drawn.one_point_gone, drawn.ten_points_of_coverage, drawn.more_points_declared)
LOSSES = (*LOSSES_WITH_A_BAR, drawn.half_the_rate, drawn.a_tenth_of_the_rate)
KINDS = (drawn.stationary, drawn.seasonal, drawn.drifting, drawn.with_gaps)


def contract() -> Contract | None:
    """GitHub's own description, where the environment names one."""
    path = os.environ.get("VOPR_OPENAPI")
    return Contract(Path(path)) if path else None


def on_branch(first: int, count: int) -> list[str]:
    """Play schedules on a branch."""
    os.environ["no_proxy"] = "127.0.0.1"
    wrong: list[str] = []
    with FakeGitHub(contract(), turn_s_max=TURN_S) as github:
        for seed in range(first, first + count):
            with github.scenario():
                wrong += [f"branch, schedule {seed}: {line}" for line in play_on_branch(github, a_store_schedule(seed))]
    return wrong


def on_folder(first: int, count: int) -> list[str]:
    """Play schedules on a folder."""
    wrong: list[str] = []
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder:
            wrong += [f"folder, schedule {seed}: {line}" for line in play_on_folder(Path(folder) / "store", seed)]
    return wrong


def chunks(first: int, count: int) -> Iterator[tuple[int, int]]:
    """Pieces of work: where they begin, and how much they are."""
    return ((at, min(CHUNK, first + count - at)) for at in range(first, first + count, CHUNK))


def schedules(first: int, count: int, pool: ProcessPoolExecutor) -> bool:
    """Nights lost or twice under races, faults and kills."""
    met = True
    for name, play in (("branch", on_branch), ("folder", on_folder)):
        start_s = time.monotonic()
        tasks = [pool.submit(play, at, size) for at, size in chunks(first, count)]
        wrong = [line for task in tasks for line in task.result()]
        for line in wrong[:20]:
            print(line)
        seconds = time.monotonic() - start_s
        print(f"{name}: {count:,} schedules in {seconds:.0f} s, {len(wrong)} nights lost or twice (bar: 0)", flush=True)
        met &= not wrong
    return met


def years() -> bool:
    """Ten years on the branch: its size, its commits, and the time of one more night."""
    os.environ["no_proxy"] = "127.0.0.1"
    history = ten_years()
    with FakeGitHub(contract()) as github:
        github.add_token(SECRET)
        nights = sorted({record.run_number for record in history})
        append_to_branch(github, [record for record in history if record.run_number < nights[-40]])
        for night in nights[-40:]:
            append_to_branch(github, [record for record in history if record.run_number == night])
        git = github.world.git
        commits = git.history(git.branches[REPOSITORY, BRANCH])
        trees = {git.commits[commit].tree for commit in commits}
        blobs = {sha for tree in trees for _, _, sha in git.trees[tree].values()}
        packed = sum(len(zlib.compress(git.blobs[sha])) for sha in blobs)
        files = git.files(BRANCH)
    plain = sum(map(len, files.values()))
    stored = parse_history(files["trends.ndjson"], "trends.ndjson").records
    seconds = one_night_s(files["trends.ndjson"], history[-1].run_number)
    print(
        f"ten years: {len(nights):,} nights, {len({record.run_id for record in stored})} kept, files of "
        f"{plain / (1 << 20):.2f} MiB, all objects of the branch {packed / (1 << 20):.2f} MiB (bar: 5 MiB), "
        f"{len(commits)} commits (bar: {COMMITS_MAX})"
    )
    print(f"append, gate and text files on it: {seconds:.2f} s (bar: {SECONDS_MAX:.0f} s)", flush=True)
    return max(plain, packed) <= BYTES_MAX and len(commits) <= COMMITS_MAX and seconds <= SECONDS_MAX


def one_night_s(stored: bytes, last: int) -> float:
    """How long a night takes on a store: read, add, compare, judge, and write all files; the best of three, in s."""
    tonight = drawn.a_simulator(1, 100_000).night(last)
    best = float("inf")
    for _ in range(3):
        start_s = time.perf_counter()
        records = union(parse_history(stored, "store").records, tonight)
        stored_text(records)
        text_files(records)
        newest = lately(records)[0]
        remarks_in(newest.lines)
        best = min(best, time.perf_counter() - start_s)
    return best


def alarms_of(kind: Callable[[drawn.Simulator, int], drawn.Played], budget: int, first: int, count: int) -> int:
    """False alarms on so many histories."""
    return sum(drawn.alarms(kind(drawn.a_simulator(seed, budget), NIGHTS)) for seed in range(first, first + count))


def told_of(loss: drawn.Loss, budget: int, first: int, count: int) -> int:
    """How many of so many losses are told on the first night."""
    return sum(drawn.told_at_once(seed, loss, budget) for seed in range(first, first + count))


def gate(first: int, count: int, pool: ProcessPoolExecutor) -> bool:
    """False alarms and missed losses, by iterations a scenario and night.

    The stationary histories of the budgets that the bars are for are `count` together; of the others a tenth is enough.
    """
    met = True
    of_a_budget = -(-count // sum(budget >= BUDGET_MIN for budget in drawn.BUDGETS))
    print(f"{'':24}" + "".join(f"{budget:>10,}" for budget in drawn.BUDGETS) + "  iterations a scenario and night")
    for kind in KINDS:
        histories = of_a_budget if kind is drawn.stationary else -(-count // 10)
        shares = shares_of(partial(alarms_of, kind), first, histories, pool, histories * NIGHTS)
        print(f"{kind.__name__:24}" + "".join(f"{share:>10.2%}" for share in shares) + "  of nights fail", flush=True)
        if kind is drawn.stationary:
            met = all(share <= ALARMS_MAX for share in large(shares))
    for loss in LOSSES:
        shares = shares_of(partial(told_of, loss), first, count, pool, count)
        print(f"{loss.__name__:24}" + "".join(f"{share:>10.1%}" for share in shares) + "  told at once", flush=True)
        if loss in LOSSES_WITH_A_BAR:
            met &= all(share >= TOLD_MIN for share in large(shares))
    bars = f"stationary {ALARMS_MAX:.0%} at most, the first three losses {TOLD_MIN:.0%}"
    print(f"bars, from {BUDGET_MIN} iterations on: {bars}")
    return met


def shares_of(
    measure: Callable[[int, int, int], int], first: int, count: int, pool: ProcessPoolExecutor, whole: int
) -> list[float]:
    """The measured share for each budget."""
    tasks = [[pool.submit(measure, budget, *piece) for piece in chunks(first, count)] for budget in drawn.BUDGETS]
    return [sum(task.result() for task in of_budget) / whole for of_budget in tasks]


def large(shares: list[float]) -> list[float]:
    """The shares for the budgets that the bars are for."""
    return [share for budget, share in zip(drawn.BUDGETS, shares, strict=True) if budget >= BUDGET_MIN]


def main() -> int:
    """Measure, print a line for each bar, and say whether all are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schedules", type=int, default=SCHEDULES, metavar="N")
    parser.add_argument("--histories", type=int, default=HISTORIES, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.workers) as pool:
        met = [
            schedules(asked.first, asked.schedules, pool),
            years(),
            gate(asked.first, asked.histories, pool),
        ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
