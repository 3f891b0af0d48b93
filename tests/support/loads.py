"""Inputs of any size, for the bench of loads and the small tests beside it.

python -m tests.support.loads branch|comment JOBS      so many jobs publish at once; prints the API calls
python -m tests.support.loads publish FOLDER           a history's file is added to a branch; prints the API calls
"""

from __future__ import annotations

import json
import os
import random
import sys
from functools import partial
from pathlib import Path

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import REPOSITORY
from tests.support.night_folders import BASE, a_night, a_plan
from tests.support.pull_requests import PULL, SECRET, FakeClock, ours, racing, run_of, wanted
from tests.support.reports import a_coverage, a_flat_report, a_stream
from tests.support.trend_stores import BRANCH, append_to_branch, lost_or_twice, nights, years
from vopr_coverage.github.api import Api
from vopr_coverage.github.comment_upsert import Thread, Written, upsert
from vopr_coverage.github.retry import RetryBudget
from vopr_coverage.nightly.plan import PlannedWork, SeedRange, SeedRanges, Shard, Shards
from vopr_coverage.trends.history import History, parse_history, text_of
from vopr_coverage.trends.store import TRENDS_NAME, Stored, store_files

SHARD_SEEDS = 20
LATENCY_S = (0.1, 0.4)  # of a request to GitHub
PATIENCE_S = 60  # a request waits for those of all other jobs
HOSTED_MAX = 256  # jobs of one matrix


def a_large_night(home: Path, recordings: int) -> Path:
    """A green night of so many recordings: a quarter each of long run and coverage, the rest pairs of double runs."""
    quarter = recordings // 4
    base = a_plan()

    def shards(first: int) -> Shards:
        return Shards(
            tuple(
                Shard(f"combined-{i}", "combined", i, quarter, str(BASE + first + i * SHARD_SEEDS), SHARD_SEEDS)
                for i in range(1, quarter + 1)
            )
        )

    firsts = [str(BASE + 900_000 + i * SHARD_SEEDS) for i in range(quarter)]
    seeds = quarter * SHARD_SEEDS
    work = [PlannedWork(job, "combined", seeds, seeds, 0, 5.0, quarter, 1.0) for job in ("long-run", "coverage")]
    plan = a_plan(
        long_run=shards(10_000),
        coverage=shards(300_000),
        determinism=SeedRanges(tuple(SeedRange(first, "combined", first, SHARD_SEEDS) for first in firsts)),
        work=(*work, base.work[2], PlannedWork("determinism", "combined", seeds, seeds, 0, 5.0, quarter, 1.0)),
    )
    return a_night(home, plan)


def names(count: int) -> list[str]:
    """Fault points of a large program."""
    return [f"sim.part{number % 97}.point_{number:06}" for number in range(count)]


def many_points(kind: str, count: int) -> bytes:
    """A run with so many fault points, three quarters of them hit: `report`, `stream` or `simulation`."""
    points = names(count)
    hit = count * 3 // 4
    if kind == "report":
        told = {"hit_fault_points": points[:hit], "missed_fault_points": points[hit:]}
        return a_flat_report(total_fault_points=count, fault_points_hit=hit, **told)
    if kind == "stream":
        return a_stream(10, coverage=a_coverage(effects={name: int(i < hit) for i, name in enumerate(points)}))
    start = {"type": "start", "format": "simulation/1", "first_seed": 0, "seeds": 8, "points": {"fault": points}}
    share = hit // 8
    seeds = [
        {"type": "seed", "seed": n, "status": "ok", "events": 5, "hits": dict.fromkeys(points[n * share :][:share], 1)}
        for n in range(8)
    ]
    end = {"type": "end", "seeds": 8, "failed": 0}
    return b"".join(json.dumps(one).encode() + b"\n" for one in (start, *seeds, end))


def many_files(folder: Path, count: int, properties: int = 50, lines: int = 100) -> None:
    """So many files of an Antithesis SDK, one a process."""
    folder.mkdir(parents=True)
    place = {"begin_column": 7, "begin_line": 1, "class": "", "file": "src/a.cpp", "function": "step"}
    told = {"assert_type": "sometimes", "display_type": "sometimes", "must_hit": True, "details": {}, "location": place}
    rng = random.Random(count)

    def line(number: int, hit: bool) -> str:
        one = {**told, "hit": hit, "condition": hit, "id": f"property {number}", "message": f"property {number}"}
        return json.dumps({"antithesis_assert": one})

    declared = "\n".join(line(number, False) for number in range(properties))
    pool = [line(number, True) for number in range(properties)]
    for number in range(count):
        text = "\n".join([declared, *rng.choices(pool, k=lines), json.dumps({"workload finished": {"n": number}})])
        (folder / f"run-{number:04}.jsonl").write_text(text + "\n", encoding="utf-8")


def a_history(number: int) -> bytes:
    """The history of so many nights, of seven records each."""
    return text_of(years(1 + number // 365)[: number * 7])


# ---- jobs that publish at once


def jobs_on_a_branch(jobs: int, seed: int = 0) -> tuple[int, list[str]]:
    """So many jobs add a night each to one branch at the same instant. Returns API calls, and what is wrong."""
    with FakeGitHub(turn_s_max=PATIENCE_S) as github:
        github.add_token(SECRET)
        append_to_branch(github, nights(0))
        before = len(github.requests)

        def job(number: int, token: str, clock: FakeClock) -> Stored:
            return append_to_branch(github, nights(100 + number), token, clock, PATIENCE_S)

        tokens = [f"{SECRET}{number:02}{seed}" for number in range(jobs)]
        racing(github, {token: partial(job, n, token) for n, token in enumerate(tokens)}, LATENCY_S, seed)
        expected = nights(0, *range(100, 100 + jobs))
        return len(github.requests) - before, lost_or_twice(github.world.git.files(BRANCH), expected, at_least=False)


def jobs_on_a_comment(jobs: int, seed: int = 0) -> tuple[int, list[str]]:
    """So many runs write one comment at the same instant. Returns API calls, and what is wrong."""
    with FakeGitHub(turn_s_max=PATIENCE_S) as github:
        github.world.add_pull(PULL)

        def job(number: int, token: str, clock: FakeClock) -> Written:
            api = Api(token, github.url, RetryBudget(clock), None, PATIENCE_S)
            try:
                return upsert(api, Thread(api, REPOSITORY, PULL), wanted(100 + number))
            finally:
                api.close()

        tokens = [f"{SECRET}{number:02}{seed}" for number in range(jobs)]
        racing(github, {token: partial(job, n, token) for n, token in enumerate(tokens)}, LATENCY_S, seed)
        left = [run_of(comment) for comment in ours(github)]
        return len(github.requests), [] if left == [99 + jobs] else [f"comments of the runs {left}"]


def publish(folder: Path) -> tuple[int, list[str]]:
    """One more night on a branch that has the history of that folder. Returns API calls, and what is wrong."""
    there = parse_history((folder / TRENDS_NAME).read_bytes(), TRENDS_NAME).records
    with FakeGitHub(turn_s_max=PATIENCE_S) as github:
        github.add_token(SECRET)
        github.world.git.push(dict(store_files(History(there), (), "").files), BRANCH)
        told = append_to_branch(github, nights(4_000), timeout_s=PATIENCE_S)
        return len(github.requests), list(told.warnings)


def main() -> int:
    """Publish, and print how many calls that took."""
    os.environ["no_proxy"] = "127.0.0.1"
    what, size = sys.argv[1:]
    if what == "publish":
        calls, wrong = publish(Path(size))
    else:
        plays = [(jobs_on_a_branch if what == "branch" else jobs_on_a_comment)(int(size), seed) for seed in range(5)]
        calls, wrong = sum(calls for calls, _ in plays) // len(plays), [line for _, lines in plays for line in lines]
    print(f"{calls} API calls, {len(wrong)} wrong", *wrong[:5], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
