"""The comment's bars: random faults, API calls, hostile names. The whole action runs against a GitHub on loopback.

    python benchmarks/comments.py [--schedules N] [--first SEED] [--workers N]

Exit code 0: every bar is met. 1: one is missed. With VOPR_OPENAPI=PATH (`make openapi`) all traffic is
checked against GitHub's own description, too. A schedule is a function of its number: `--first 4711 --schedules 1`
plays that one again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from tests.fake_github.contract import Contract
from tests.fake_github.fake import FakeGitHub
from tests.support.action_steps import Desk, ThreadOutput, Told
from tests.support.pages import (
    ALL_TIERS,
    HOSTILE,
    a_verdict,
    assert_inert,
    comment_at_tier,
    compared,
    named,
    without_lines,
)
from tests.support.pull_requests import PULL, SECRET, a_schedule, at_once, complaints, ours, run_of, set_up, wanted
from vopr_coverage.github import api
from vopr_coverage.render.inert import inert
from vopr_coverage.render.wording import figure

SCHEDULES = 10_000
CHUNK = 100
SILENCE_S = 3  # what a request without an answer costs here; the action waits longer
TURN_S = 120.0
BUSY = 90  # comments on the pull request whose update is counted
UPDATE_CALLS_MAX = 2
HOSTILE_MIN = 200
STRANGE = [text for text in HOSTILE if str(figure(text)) == str(inert(text))]  # a plain number is shown as one
STALE = "an older run's text, two runs having written within one moment"


def contract() -> Contract | None:
    """GitHub's own description, where the environment names one."""
    path = os.environ.get("VOPR_OPENAPI")
    return Contract(Path(path)) if path else None


def play(first: int, count: int) -> tuple[Counter[str], list[str]]:
    """Play schedules from that number on: how they ended, and what must not have happened."""
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    output = ThreadOutput()
    os.environ["no_proxy"] = "127.0.0.1"
    api.TIMEOUT_S = SILENCE_S
    with tempfile.TemporaryDirectory() as folder, FakeGitHub(contract(), turn_s_max=TURN_S) as github:
        desk = Desk(Path(folder), github)
        os.chdir(desk.workspace)
        with output.instead():
            for seed in range(first, first + count):
                with github.scenario():
                    wrong += [f"schedule {seed}: {what}" for what in one(seed, desk, output, ends)]
        os.chdir("/")
    return ends, wrong


def one(seed: int, desk: Desk, output: ThreadOutput, ends: Counter[str]) -> Iterator[str]:
    """One schedule: a failing run or two, each of which wants to comment; yields what is wrong afterwards."""
    schedule = a_schedule(seed)
    set_up(desk.github, schedule)
    steps = {
        token: partial(desk.step_of, run, output, reports="bad.ndjson", token=token)
        for token, run in schedule.runs.items()
    }
    try:
        told = at_once(desk.github, steps, schedule.order)
    except Exception as error:  # a traceback, a token in the log: the schedule's number makes it a case
        yield f"{type(error).__name__}: {error}"
        return
    yield from complaints(desk.github, schedule)
    codes = [step.code for step in told.values()]
    if codes != [1] * len(codes):
        yield f"exit codes {codes}, expected 1 for each"
    ends.update(how(step) for step in told.values())
    left = ours(desk.github)
    if left and all(step.outputs["comment-url"] for step in told.values()):
        ends[STALE] += run_of(left[0]) < max(schedule.runs.values())


def how(step: Told) -> str:
    """How one run ended, in a few words."""
    if step.annotations("warning"):
        return "commented, after waiting" if step.outputs["comment-url"] else "no comment, and a warning"
    return "commented, after waiting" if step.clock.waits_s else "commented at once"


def play_all(first: int, count: int, workers: int) -> tuple[Counter[str], list[str]]:
    """All schedules on all cores, with a line of progress where somebody watches."""
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    done = 0
    with ProcessPoolExecutor(workers) as pool:
        sizes = [(at, min(CHUNK, first + count - at)) for at in range(first, first + count, CHUNK)]
        tasks = {pool.submit(play, at, size): size for at, size in sizes}
        for task in as_completed(tasks):
            some, bad = task.result()
            ends, wrong, done = ends + some, wrong + bad, done + tasks[task]
            if sys.stderr.isatty() or done == count or done % 2_000 == 0:
                print(f"{done:,} of {count:,} schedules, {len(wrong)} wrong", file=sys.stderr, flush=True)
    return ends, wrong


def calls() -> tuple[int, int]:
    """API calls of a whole step for an update on a busy pull request, and where nothing has changed."""
    with tempfile.TemporaryDirectory() as folder, FakeGitHub(contract()) as github:
        github.world.add_pull(PULL)
        github.add_token(SECRET)
        for _ in range(BUSY - 1):
            github.world.add_comment(PULL, "Looks good to me.", author="somebody")
        github.world.add_comment(PULL, wanted(1).body)
        desk = Desk(Path(folder), github)
        os.chdir(desk.workspace)
        desk.step(reports="bad.ndjson")
        update = len(github.requests)
        desk.step(reports="bad.ndjson")
        os.chdir("/")
        return update, len(github.requests) - update


def escapes() -> int:
    """How often a hostile name is more than text in a comment: a link, an image, an element, a broken table."""
    model = compared(without_lines(a_verdict()))  # test_render_inert.py has those to copy
    found = 0
    for tier in ALL_TIERS:
        benign = comment_at_tier(model, tier)
        for text in STRANGE:
            try:
                assert_inert(comment_at_tier(named(model, text), tier), benign)
            except AssertionError:
                found += 1
                print(f"tier {tier}: {text!r}")
    return found


def main() -> int:
    """Measure, print a line for each bar, and say whether all are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schedules", type=int, default=SCHEDULES, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args()
    start_s = time.monotonic()
    ends, wrong = play_all(asked.first, asked.schedules, asked.workers)
    for line in wrong[:20]:
        print(line)
    print(f"{asked.schedules:,} schedules of faults in {time.monotonic() - start_s:.0f} s: {len(wrong)} wrong (bar: 0)")
    for end, count in ends.most_common():
        print(f"  {count:6,}  {end}")
    update, unchanged = calls()
    print(f"API calls with {BUSY} comments: update {update} (bar: {UPDATE_CALLS_MAX}), unchanged {unchanged} (bar: 1)")
    escaped = escapes()
    print(f"hostile strings: {len(STRANGE)} (bar: {HOSTILE_MIN}) in {len(ALL_TIERS)} tiers, {escaped} escapes (bar: 0)")
    met = not wrong and update <= UPDATE_CALLS_MAX and unchanged <= 1 and len(STRANGE) >= HOSTILE_MIN and not escaped
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
