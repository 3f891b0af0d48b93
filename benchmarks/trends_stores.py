"""The bars of the history's stores: no night is lost under races and faults, and ten years stay small and fast.

    python benchmarks/trends_stores.py [--schedules N] [--first SEED] [--workers N]

Exit code 0: every bar is met. 1: one is missed. With VOPR_OPENAPI=PATH (`make openapi`) all traffic is checked against
GitHub's own description, too. A schedule is a function of its number, and can be played again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.fake_github.contract import Contract
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import REPOSITORY
from tests.support.drawn_histories import a_simulator
from tests.support.pull_requests import SECRET
from tests.support.trend_stores import (
    BRANCH,
    a_store_schedule,
    append_to_branch,
    play_on_branch,
    play_on_folder,
    years,
)
from vopr_coverage.trends.compare import lately
from vopr_coverage.trends.file import stored_text
from vopr_coverage.trends.gate import remarks_in
from vopr_coverage.trends.history import parse_history, union
from vopr_coverage.trends.text_files import text_files

SCHEDULES = 1_000
CHUNK = 25
TURN_S = 120.0
BYTES_MAX, COMMITS_MAX, SECONDS_MAX = 5 << 20, 20, 1.0


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


def size_and_time() -> bool:
    """Ten years on the branch: its size, its commits, and the time of one more night."""
    os.environ["no_proxy"] = "127.0.0.1"
    history = years(10)
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
    tonight = a_simulator(1, 100_000).night(last)
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


def main() -> int:
    """Measure, print a line for each bar, and say whether all are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schedules", type=int, default=SCHEDULES, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.workers) as pool:
        met = [size_and_time(), schedules(asked.first, asked.schedules, pool)]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
