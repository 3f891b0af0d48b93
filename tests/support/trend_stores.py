"""Random schedules of writers to one store: races, faults of GitHub's, pushes by hand; and what must be there after."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from msgspec.structs import replace

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, random_faults
from tests.fake_github.state import REPOSITORY
from tests.support.drawn_histories import a_simulator
from tests.support.histories import records, work
from tests.support.pull_requests import SECRET, SILENT, TIMEOUT_S, WEIGHTS, FakeClock, at_once
from vopr_coverage.github.api import Api
from vopr_coverage.github.retry import RetryBudget
from vopr_coverage.github.trends_branch import COMMITS_MAX, MESSAGE, BranchStore
from vopr_coverage.model.verdict import VerdictStatus
from vopr_coverage.trends.folder import FolderStore
from vopr_coverage.trends.history import TrendRecord, parse_history, text_of
from vopr_coverage.trends.store import TRENDS_NAME, Stored
from vopr_coverage.trends.text_files import TEXT_NAMES

BRANCH = "vopr-trends"
PARTS_OF_A_NIGHT = 2
KILLED_WITHIN_S = 0.05


def nights(*numbers: int) -> tuple[TrendRecord, ...]:
    """Whole nights, of two records each."""
    return tuple(record for number in numbers for record in records(number, work(), work("coverage")))


def append_to_branch(
    github: FakeGitHub,
    added: Sequence[TrendRecord],
    token: str = SECRET,
    clock: FakeClock | None = None,
    timeout_s: int = TIMEOUT_S,
) -> Stored:
    """One run adds nights to the branch; waiting takes no time, and its random waits follow from the token."""
    patience = RetryBudget(clock or FakeClock(), draw=Random(token).random)
    api = Api(token, github.url, patience, None, timeout_s)
    try:
        return BranchStore(api, REPOSITORY, BRANCH).append(added)
    finally:
        api.close()


@dataclass(frozen=True)
class StoreSchedule:
    """What happens to a branch.

    Attributes:
        there: commits that the branch has before, a night each.
        writers: the nights that each token adds.
        faults: what goes wrong with which request of a token.
        pushes: before which request of a token somebody pushes a night by hand, and which night.
        order: of the requests, by token; () is as they come.
    """

    there: int
    writers: dict[str, tuple[int, ...]]
    faults: dict[str, dict[int, Fault]]
    pushes: dict[tuple[str, int], int]
    order: tuple[str, ...]


def a_store_schedule(seed: int) -> StoreSchedule:
    """The schedule of that number: one to three runs at once, at most four faults for each, up to two pushes."""
    rng = Random(seed)
    tokens = [f"{SECRET}{number}" for number in range(rng.choice([1, 2, 2, 3]))]
    there = rng.choice([0, 0, 1, COMMITS_MAX - 2, COMMITS_MAX - 1, COMMITS_MAX, COMMITS_MAX + 3])
    writers = {token: tuple(sorted(rng.sample(range(100, 110), rng.randint(1, 3)))) for token in tokens}
    faults = {token: random_faults(rng, 4, among_first=rng.choice([6, 12, 20]), weights=WEIGHTS) for token in tokens}
    silent = any(fault.kind in SILENT for plan in faults.values() for fault in plan.values())
    places = [(rng.choice(tokens), rng.randint(0, 12)) for _ in range(rng.choice([0, 0, 1, 2]))]
    return StoreSchedule(
        there=there,
        writers=writers,
        faults=faults,
        pushes={place: 200 + number for number, place in enumerate(places)},
        order=() if silent or len(tokens) == 1 else tuple(rng.choices(tokens, k=60)),
    )


def play_on_branch(github: FakeGitHub, schedule: StoreSchedule) -> list[str]:
    """Play a schedule, then let every run add its nights once more without faults; returns what is wrong."""
    git = github.world.git
    github.add_token(SECRET)
    for number in range(schedule.there):  # the branch as it grew
        files = {TRENDS_NAME: text_of(nights(*range(number + 1)))}
        git.push(files, BRANCH, message=f"{MESSAGE}1 night added to the branch")
    for token in schedule.writers:
        github.add_token(token, faults=partial(_fault, github, schedule, token))
    steps: dict[str, Callable[[], Stored]] = {
        token: partial(append_to_branch, github, nights(*numbers), token) for token, numbers in schedule.writers.items()
    }
    ended = at_once(github, steps, schedule.order)
    expected = set(range(schedule.there)) | git.by_hand
    stored = expected | {n for token, told in ended.items() if told.said for n in schedule.writers[token]}
    wrong = [f"after the schedule: {line}" for line in _compare(github, stored, at_least=True)]
    for token, numbers in schedule.writers.items():
        github.add_token(token)
        told = append_to_branch(github, nights(*numbers), token)
        wrong += [f"without faults: {warning}" for warning in told.warnings if "was not written" in warning]
        expected |= set(numbers)
    return wrong + _compare(github, expected, at_least=False)


def _fault(github: FakeGitHub, schedule: StoreSchedule, token: str, number: int) -> Fault | None:
    """What goes wrong with that request; before it, somebody may push a night by hand, on top of what is there."""
    night = schedule.pushes.get((token, number))
    git = github.world.git
    if night is not None and (REPOSITORY, BRANCH) in git.branches:
        files = git.files(BRANCH)
        git.push({**files, TRENDS_NAME: files.get(TRENDS_NAME, b"") + text_of(nights(night))}, BRANCH)
        git.by_hand.add(night)
    return schedule.faults[token].get(number)


def _compare(github: FakeGitHub, expected: set[int], *, at_least: bool) -> list[str]:
    """What of these nights is not on the branch, and what is there twice or besides."""
    git = github.world.git
    if (REPOSITORY, BRANCH) not in git.branches:
        return ["there is no branch"] if expected else []
    return lost_or_twice(git.files(BRANCH), nights(*sorted(expected)), at_least=at_least)


def lost_or_twice(files: dict[str, bytes], expected: Sequence[TrendRecord], *, at_least: bool) -> list[str]:
    """What is wrong with the files of a store that should hold these nights."""
    found = parse_history(files.get(TRENDS_NAME, b""), TRENDS_NAME)
    lost = [record for record in expected if record not in found.records]
    wrong = [f"lost: run {record.run_number}, {record.job}" for record in lost] + list(found.warnings)
    if not at_least and (more := len(found.records) - len(expected)):
        wrong.append(f"{more} records too many")
    lines = {name: files[name].count(b"\n") for name in TEXT_NAMES if name in files}
    if not at_least and set(lines.values()) != {len(expected) // PARTS_OF_A_NIGHT}:
        wrong.append(f"text files of {lines} lines for {len(expected) // PARTS_OF_A_NIGHT} nights")
    return wrong


def years(count: int, seed: int = 0, red: float = 0.05) -> list[TrendRecord]:
    """Nights of four scenarios, a share of them red. Every half year a fault point is lost or found."""
    rng = Random(seed)
    simulator = a_simulator(seed, 100_000)
    found: list[TrendRecord] = []
    for number in range(count * 365):
        if number % 180 == 179:
            simulator.rates.append(0.0 if rng.random() < 0.5 else 1.0)
        status: VerdictStatus = "failed" if rng.random() < red else "passed"
        hashes = tuple(f"{rng.getrandbits(64):016x}" for _ in range(8))
        found += [
            replace(one, status=status, seed_base=str(rng.getrandbits(63)), first_hashes=hashes)
            for one in simulator.night(number)
        ]
    return found


# ---- a folder


def append_to_folder(folder: Path, numbers: Sequence[int]) -> None:
    """In a process of its own: add nights one by one."""
    for number in numbers:
        FolderStore(folder).append(nights(number))


def play_on_folder(folder: Path, seed: int) -> list[str]:
    """Two or three processes add nights at once, and some are killed at a random moment; returns what is wrong."""
    rng = Random(seed)
    shares = [tuple(rng.sample(range(12), rng.randint(1, 4))) for _ in range(rng.choice([2, 2, 3]))]
    doomed = [rng.random() < 0.4 for _ in shares]
    after_s = [rng.random() * KILLED_WITHIN_S for _ in shares]
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=append_to_folder, args=(folder, share)) for share in shares]
    for process in processes:
        process.start()
    for process, is_doomed, wait_s in zip(processes, doomed, after_s, strict=True):
        if is_doomed:
            process.join(wait_s)
            if process.pid and process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
    for process in processes:
        process.join()
    done = {n for share, process in zip(shares, processes, strict=True) if process.exitcode == 0 for n in share}
    wrong = lost_or_twice(_files(folder), nights(*sorted(done)), at_least=True)
    everything = sorted({number for share in shares for number in share})
    FolderStore(folder).append(nights(*everything))
    wrong += lost_or_twice(_files(folder), nights(*everything), at_least=False)
    left = {path.name for path in folder.iterdir()} - {TRENDS_NAME, *TEXT_NAMES, ".vopr-trends.lock"}
    return wrong + [f"left behind: {name}" for name in sorted(left)]


def _files(folder: Path) -> dict[str, bytes]:
    paths = folder.iterdir() if folder.is_dir() else ()
    return {path.name: path.read_bytes() for path in paths if not path.name.startswith(".")}
