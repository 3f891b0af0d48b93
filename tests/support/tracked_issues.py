"""Nightlies that are tracked in an issue: nights to tell of, runs that tell of them, and what may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from msgspec.structs import replace

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, random_faults
from tests.fake_github.state import A_SHA, ACTIONS_BOT, REPOSITORY
from tests.fake_github.state import Issue as SeenIssue
from tests.support.pages import NAME
from tests.support.pull_requests import SECRET, SILENT, TIMEOUT_S, WEIGHTS, FakeClock
from vopr_coverage.github.api import Api
from vopr_coverage.github.issue_plan import IssueStamp, Text, WantedIssue, issue_stamp_of
from vopr_coverage.github.issue_upsert import Tracked, Tracker, track
from vopr_coverage.github.retry import RetryBudget, Trouble
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.verdict import Finding, JobSeen, NightRun, NightVerdict, TrendLine

FORGED = 999
DAY = "2026-11-20"


# ---- nights


def a_red_night(run: int | str = "", findings: int = 3, **changes: Any) -> NightVerdict:
    """A night that failed, in which every part of a page occurs; NAME is what files have put there."""
    seen = (
        Finding("long-run", NAME, "failing seed", NAME, NAME, "17", NAME, None, f"vopr --seed 17 {NAME}"),
        Finding("coverage", NAME, "coverage", NAME, NAME, None, None, NAME),
        Finding("determinism", NAME, "determinism", NAME, NAME, "42", None, None, f"vopr {NAME}", whole_run=True),
    )
    jobs = (JobSeen("long-run", "failure", "failed", NAME), JobSeen("canary", "success", "passed", NAME))
    night = NightVerdict(
        *("failed", False, NAME, f"1.0 {NAME}"),
        NightRun(str(run), 1, 41, A_SHA, NAME, f"https://github.example/{NAME}"),
        jobs=jobs,
        findings=tuple(seen[n % 3] for n in range(findings)),
        regressions=(f"{NAME} 17", f"{NAME} 18"),
        trends=(TrendLine("long-run", NAME, NAME, (1.0, None), 1.5, NAME),),
        warnings=(Remark(NAME, NAME),),
    )
    return replace(night, **changes)


def a_green_night(run: int | str = "", **changes: Any) -> NightVerdict:
    """A night in which all is well."""
    place = NightRun(str(run), 1, 42, A_SHA, "Nightly")
    jobs = (JobSeen("long-run", "success", "passed", "all of it"), JobSeen("canary", "skipped", "not required", "none"))
    return replace(NightVerdict("passed", True, "all is well", "1.0", place, jobs=jobs), **changes)


# ---- runs


def wanted_issue(run: int, attempt: int = 1, *, red: bool = True, text: str = "", id: str = "nightly") -> WantedIssue:
    """What a run would say of its night; the text tells the run."""
    stamp = IssueStamp(id, A_SHA, run, attempt, run, DAY)
    return WantedIssue(
        stamp,
        ACTIONS_BOT,
        red,
        draft=lambda of: Text(f"Red in {of.run_id}", f"{of.line()}\n{text or f'as run {of.run_id} has it'}\n"),
        note=lambda of: f"Green again in {of.run_id}",
    )


def an_issue(github: FakeGitHub, run: int, attempt: int = 1, *, state: str = "open", **more: Any) -> SeenIssue:
    """An issue as that run has left it, by our own account unless `author` says otherwise."""
    want = wanted_issue(run, attempt, id=more.pop("id", "nightly"))
    text = want.draft(want.stamp)
    return github.world.add_issue(text.title, text.body, state=state, **more)


def tracked(github: FakeGitHub, state: str = "open", id: str = "nightly") -> list[SeenIssue]:
    """The issues of that id by our own account."""
    found = [(issue, issue_stamp_of(issue.body or "")) for issue in github.issues(state)]
    return [issue for issue, stamp in found if stamp and stamp.id == id and issue.author == ACTIONS_BOT]


def stamp_in(issue: SeenIssue) -> IssueStamp:
    """What the hidden line of an issue of ours says."""
    stamp = issue_stamp_of(issue.body or "")
    assert stamp is not None
    return stamp


@dataclass
class Ended:
    """How a run's attempt ended: what it did, or what stood in its way."""

    tracked: Tracked | None = None
    trouble: Trouble | None = None
    clock: FakeClock = field(default_factory=FakeClock)


def tell(github: FakeGitHub, want: WantedIssue, token: str = SECRET) -> Ended:
    """One run tells of its night; any other exception than the one that is documented is the test's."""
    ended = Ended()
    api = Api(token, github.url, RetryBudget(ended.clock), None, TIMEOUT_S)
    try:
        ended.tracked = track(api, Tracker(api, REPOSITORY, want.author), want)
    except Trouble as trouble:
        ended.trouble = trouble
    finally:
        api.close()
    return ended


def telling(github: FakeGitHub, wants: Mapping[str, WantedIssue]) -> dict[str, Callable[[], Ended]]:
    """For each token what makes it tell."""
    return {token: partial(tell, github, want, token) for token, want in wants.items()}


# ---- by chance


@dataclass(frozen=True)
class Schedule:
    """What happens by chance: which issue is there before, which runs tell of red or green nights, what goes wrong."""

    there: tuple[int, str] | None
    runs: Mapping[str, tuple[int, bool]]
    faults: Mapping[str, Mapping[int, Fault]]
    order: tuple[str, ...]


def a_schedule(seed: int) -> Schedule:
    """The schedule of that number: one run or two at once, and at most four faults for each."""
    rng = Random(seed)
    tokens = [SECRET, f"{SECRET}2"][: rng.choice([1, 2, 2])]
    runs = rng.sample([101, 102, 103], len(tokens))
    faults = {token: random_faults(rng, 4, among_first=rng.choice([4, 6, 12]), weights=WEIGHTS) for token in tokens}
    silent = any(fault.kind in SILENT for plan in faults.values() for fault in plan.values())
    return Schedule(
        there=rng.choice([None, None, (100, "open"), (104, "open"), (100, "closed"), (104, "closed")]),
        runs={token: (run, rng.random() < 0.7) for token, run in zip(tokens, runs, strict=True)},
        faults=faults,
        # Who waits for the turn of one that hears nothing would time out, too: a fault that nobody planned.
        order=() if silent or len(tokens) == 1 else tuple(rng.choices(tokens, k=30)),
    )


def set_up(github: FakeGitHub, schedule: Schedule) -> None:
    """The repository as it is before, and the tokens with what will go wrong."""
    github.world.add_pull(7)
    an_issue(github, FORGED, author="mallory")  # anybody can paste a stamp
    if schedule.there:
        an_issue(github, schedule.there[0], state=schedule.there[1])
    for token, faults in schedule.faults.items():
        github.add_token(token, faults=faults)


def complaints(github: FakeGitHub, schedule: Schedule, ended: Mapping[str, Ended]) -> list[str]:
    """What must not be there after a schedule, whatever went wrong in it."""
    found, left = [], tracked(github)
    if len(left) > 1:
        found.append(f"{len(left)} open issues: of the runs {[stamp_in(issue).run_id for issue in left]}")
    if [stamp_in(one).run_id for one in github.issues() if one.author == "mallory"] != [FORGED]:
        found.append("somebody else's issue was changed")
    if any(one.trouble for one in ended.values()) or len(schedule.runs) > 1:
        return found
    ((run, red),) = schedule.runs.values()
    there, was = schedule.there or (0, "closed")
    expected = (was == "open") if there > run else red
    if bool(left) != expected:
        found.append(f"{len(left)} open issues, expected {int(expected)}")
    if left and stamp_in(left[0]).run_id != max(run, there):
        found.append(f"an open issue of run {stamp_in(left[0]).run_id}")
    return found
