"""Pull requests to comment on: a fake GitHub, runs of ours with faults, and a clock that only says it waited."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from random import Random
from typing import TypeVar

import msgspec

import vopr_coverage
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, random_faults
from tests.fake_github.faults import Kind as FaultKind
from tests.fake_github.state import A_SHA, ACTIONS_BOT, REPOSITORY, Comment
from vopr_coverage.github.api import Api
from vopr_coverage.github.comment_marker import Stamp, stamp_of
from vopr_coverage.github.comment_plan import WantedComment
from vopr_coverage.github.comment_upsert import Thread, Written, upsert
from vopr_coverage.github.retry import RetryBudget, Trouble

T = TypeVar("T")

PULL = 7
FORGED = 999
TIMEOUT_S = 1  # silence costs a test this long; a slow machine only adds a fault
SECRET = "ghs_thisIsTheTokenThatNobodyMayEverSee"  # noqa: S105


@dataclass
class FakeClock:
    """Time that passes only when somebody waits."""

    time_s: float = 1_790_000_000.0
    waits_s: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.time_s

    def sleep(self, seconds: float) -> None:
        """Note the wait, and let that much time pass."""
        self.waits_s.append(seconds)
        self.time_s += seconds


def wanted(run: int, attempt: int = 1, text: str = "", *, id: str = "default", create: bool = True) -> WantedComment:
    """The comment that a run would leave; its text tells the run."""
    stamp = Stamp(id, A_SHA, run, attempt)
    return WantedComment(stamp, f"{stamp.line()}\n{text or f'as run {run} has it'}\n", ACTIONS_BOT, create)


def ours(github: FakeGitHub, id: str = "default") -> list[Comment]:
    """The comments of that id by our own account."""
    found = [(comment, stamp_of(comment.body)) for comment in github.comments(PULL)]
    return [c for c, stamp in found if stamp and stamp.id == id and c.author == ACTIONS_BOT]


def run_of(comment: Comment) -> int:
    """The run that wrote a comment of ours."""
    stamp = stamp_of(comment.body)
    assert stamp is not None
    return stamp.run_id


@dataclass
class Ended:
    """How a run's attempt to comment ended: what it wrote, or what stood in its way."""

    written: Written | None = None
    trouble: Trouble | None = None
    clock: FakeClock = field(default_factory=FakeClock)


def comment(github: FakeGitHub, want: WantedComment, token: str = SECRET, ca_file: str | None = None) -> Ended:
    """One run comments; any other exception than the one that is documented is the test's."""
    ended = Ended()
    api = Api(token, github.url, RetryBudget(ended.clock), ca_file, TIMEOUT_S)
    try:
        ended.written = upsert(api, Thread(api, REPOSITORY, PULL), want)
    except Trouble as trouble:
        ended.trouble = trouble
    finally:
        api.close()
    return ended


@cache
def know_all_types() -> None:
    """Let msgspec (0.22) look at every type once, before threads do.

    Two threads that convert to one type for the first time crash the interpreter: the second one finds the type's
    description half made. The product itself converts in one thread only.
    """
    for module in pkgutil.walk_packages(vopr_coverage.__path__, "vopr_coverage."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    types: list[type[msgspec.Struct]] = [msgspec.Struct]
    while types:
        below = types.pop().__subclasses__()
        types += below
        for each in below:
            with suppress(TypeError):  # a type that nothing is converted to
                msgspec.json.Decoder(each)


def at_once(github: FakeGitHub, runs: Mapping[str, Callable[[], T]], order: Sequence[str]) -> dict[str, T]:
    """What several runs return that work at the same time, their requests taking turns in this order of tokens."""
    github.take_turns(order)
    return _side_by_side(github, runs)


def racing(
    github: FakeGitHub, runs: Mapping[str, Callable[[FakeClock], T]], latency_s: tuple[float, float], seed: int = 0
) -> dict[str, T]:
    """What several runs return that begin at the same instant, each on a runner with a clock of its own.

    A request takes from `latency_s[0]` to `latency_s[1]` seconds on that clock, and no time of the test.
    """
    clocks = {token: FakeClock() for token in runs}
    for token, clock in clocks.items():
        github.add_token(token, faults=partial(_takes, clock, Random(f"{seed} {token}"), latency_s))
    github.race({token: clock.now for token, clock in clocks.items()})
    return _side_by_side(github, {token: partial(run, clocks[token]) for token, run in runs.items()})


def _takes(clock: FakeClock, rng: Random, latency_s: tuple[float, float], _: int) -> Fault | None:
    """Let a request take its time."""
    clock.time_s += rng.uniform(*latency_s)
    return None


def _side_by_side(github: FakeGitHub, runs: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    know_all_types()
    ended: dict[str, T] = {}
    failed: list[BaseException] = []

    def work(token: str, run: Callable[[], T]) -> None:
        try:
            ended[token] = run()
        except BaseException as error:  # a thread's exception is nobody's unless it is handed on
            failed.append(error)
        finally:
            github.leave(token)

    threads = [threading.Thread(target=work, args=one) for one in runs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return ended


SILENT = (FaultKind.TIMEOUT, FaultKind.TIMEOUT_AFTER)
WEIGHTS = {**dict.fromkeys(FaultKind, 1.0), **dict.fromkeys(SILENT, 0.02)}


@dataclass(frozen=True)
class Schedule:
    """What happens in one random night: what is there before, which runs comment, and what goes wrong when.

    `there` is the run of a comment that exists already, or None.
    """

    there: int | None
    runs: Mapping[str, int]
    faults: Mapping[str, Mapping[int, Fault]]
    order: tuple[str, ...]


def a_schedule(seed: int) -> Schedule:
    """The schedule of that number: one run or two at once, and at most four faults for each."""
    rng = Random(seed)
    tokens = [SECRET, f"{SECRET}2"][: rng.choice([1, 2, 2])]
    runs = dict(zip(tokens, rng.sample([101, 102, 103], len(tokens)), strict=True))
    faults = {token: random_faults(rng, 4, among_first=rng.choice([4, 6, 12]), weights=WEIGHTS) for token in tokens}
    silent = any(fault.kind in SILENT for plan in faults.values() for fault in plan.values())
    return Schedule(
        there=rng.choice([None, None, 100, 102, 104]),
        runs=runs,
        faults=faults,
        # Who waits for the turn of one that hears nothing would time out, too: a fault that nobody planned.
        order=() if silent or len(tokens) == 1 else tuple(rng.choices(tokens, k=30)),
    )


def set_up(github: FakeGitHub, schedule: Schedule) -> None:
    """The pull request as it is before, and the tokens with what will go wrong."""
    github.world.add_pull(PULL)
    github.world.add_comment(PULL, "Looks good to me.", author="somebody")
    github.world.add_comment(PULL, wanted(FORGED).body, author="mallory")  # anybody can paste a stamp
    if schedule.there is not None:
        github.world.add_comment(PULL, wanted(schedule.there).body)
    for token, faults in schedule.faults.items():
        github.add_token(token, faults=faults)


def complaints(github: FakeGitHub, schedule: Schedule) -> list[str]:
    """What must not be there after a schedule, whatever went wrong in it."""
    found = []
    left = ours(github)
    if len(left) > 1:
        found.append(f"{len(left)} comments: of the runs {[run_of(comment) for comment in left]}")
    if [run_of(one) for one in github.comments(PULL) if one.author == "mallory"] != [FORGED]:
        found.append("somebody else's comment was changed")
    if schedule.there and not left:
        found.append("the comment is gone")
    return found
