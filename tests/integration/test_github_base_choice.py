"""Which run is the base: the newest by run and commit, whatever was uploaded last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, Kind
from tests.fake_github.state import A_SHA, Artifact, Run
from tests.support.action_steps import MERGE_SHA, Desk, Told
from tests.support.archives import a_verdict_file, verdict_zip
from tests.support.pull_requests import PULL, SECRET
from tests.support.reports import a_flat_report
from vopr_coverage.model.verdict import BaseSeen, verdict_from_json

NAME = "vopr-coverage-default"
OLD, NEW, LATER, FEATURE = "1" * 40, "2" * 40, "3" * 40, "d" * 40
TWO_OF_THREE: Mapping[str, Any] = {
    "hit_fault_points": ["sim.storage.fsync", "sim.network.send"],
    "missed_fault_points": ["sim.storage.write"],
    "fault_points_hit": 2,
}


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A pull request with 2 of 3 points against main, where OLD, NEW and LATER were pushed; it merges into NEW."""
    github.world.add_pull(PULL)
    github.world.add_commits(OLD, NEW, LATER)
    github.world.add_commits(FEATURE, onto=(OLD,))
    github.world.add_commits(MERGE_SHA, onto=(NEW, FEATURE))
    github.add_token(SECRET)
    desk = Desk(tmp_path, github)
    desk.payload["pull_request"]["head"]["sha"] = FEATURE
    monkeypatch.chdir(desk.workspace)
    (desk.workspace / ".github" / "vopr-coverage.yml").unlink()
    (desk.workspace / "now.json").write_bytes(a_flat_report(**TWO_OF_THREE))
    return desk


def push(desk: Desk, sha: str, minutes: int = 0, *, points: int = 3, **run: Any) -> Run:
    """A successful run on main of that commit so many minutes from now, which judged 2 or 3 of 3 points."""
    made = desk.github.world.add_run(head_sha=sha, **run)
    made.created_at += timedelta(minutes=minutes)
    upload(desk, made, points=points)
    return made


def upload(desk: Desk, run: Run, minutes: int = 1, *, points: int = 3, **artifact: Any) -> Artifact:
    """What an attempt of the run leaves, so many minutes after the run was created."""
    verdict = a_verdict_file(str(desk.folder), **(TWO_OF_THREE if points == 2 else {}))
    made = desk.github.world.add_artifact(NAME, verdict_zip(verdict), run, **artifact)
    made.created_at = run.created_at + timedelta(minutes=minutes)
    return made


def judge(desk: Desk, **inputs: str) -> tuple[Told, BaseSeen]:
    """Run the step with a limit, and what its verdict says of the base."""
    told = desk.step(reports="now.json", profile="smoke_test", base="artifact", max_regression="0", **inputs)
    verdict = verdict_from_json((desk.workspace / told.outputs["verdict-file"]).read_bytes(), "verdict")
    assert verdict.base is not None
    return told, verdict.base


def compared(desk: Desk) -> list[str]:
    """Which commits GitHub was asked to compare."""
    return [one.path.rpartition("/")[2] for one in desk.github.requests if "/compare/" in one.path]


def start_again(desk: Desk, run: Run, minutes: int, *, points: int) -> Artifact:
    """Another attempt of a run, so many minutes after the first, with an artifact of its own."""
    run.run_attempt += 1
    return upload(desk, run, minutes, points=points)


def test_an_old_run_that_is_started_again_is_not_the_base(desk: Desk) -> None:
    """It uploads last and is older all the same: against it nothing would be lost."""
    old = push(desk, OLD, points=2)
    new = push(desk, NEW, 60)
    start_again(desk, old, 120, points=2)
    told, base = judge(desk)
    assert base.origin == f"run {new.id} on main at 2222222"
    assert told.code == 1
    assert "Fault point 'sim.storage.write' was hit on base, not here" in told.log


def test_it_is_not_the_base_behind_a_page_of_others(desk: Desk) -> None:
    """The newer run's upload may be far down the list: pages are read back to when the old run began."""
    old = push(desk, OLD, points=2)
    new = push(desk, NEW, 60)
    busy = desk.github.world.add_run(event="pull_request", head_branch="feature")
    for _ in range(150):
        desk.github.world.add_artifact(NAME, b"", busy).created_at += timedelta(minutes=90)
    start_again(desk, old, 120, points=2)
    assert judge(desk)[1].origin.startswith(f"run {new.id} ")


def test_pages_from_before_the_newest_run_are_not_read(desk: Desk) -> None:
    """A repository with thousands of artifacts costs one list."""
    for number in range(150):
        upload(desk, desk.github.world.add_run(head_sha=OLD), -1_000 - number, points=2)
    push(desk, NEW, 60)
    judge(desk, comment="off")
    paths = [one.path.rpartition("/repos/")[2] for one in desk.github.requests]
    assert sum(path.endswith("/actions/artifacts") for path in paths) == 1
    assert len(paths) == 4  # the list, the run, the comparison, the zip


@pytest.mark.parametrize("conclusion", ["failure", None])
def test_a_newest_attempt_that_did_not_succeed_is_no_base(desk: Desk, conclusion: str | None) -> None:
    """Even though an earlier attempt of that run did; the run before it is."""
    old = push(desk, OLD)
    new = push(desk, NEW, 60)
    new.run_attempt, new.conclusion = 2, conclusion
    assert judge(desk)[1].origin == f"run {old.id} on main at 1111111"


def test_of_two_attempts_the_later_upload_is_taken(desk: Desk) -> None:
    """By its time: ids of artifacts do not always grow."""
    run = push(desk, NEW, points=2)
    later = start_again(desk, run, 60, points=3)
    first = next(one for one in desk.github.world.artifacts.values() if one is not later)
    later.id, first.id = first.id, later.id
    desk.github.world.artifacts = {later.id: later, first.id: first}
    assert judge(desk)[0].code == 1


def test_a_commit_that_the_merge_lacks_is_no_base(desk: Desk) -> None:
    """Main has moved on since the pull request was merged for this run: what it has there was not lost here."""
    push(desk, NEW, points=2)
    push(desk, LATER, 60)
    told, base = judge(desk)
    assert base.origin.endswith("at 2222222")
    assert told.code == 0
    assert compared(desk) == [f"{LATER}...{MERGE_SHA}", f"{NEW}...{MERGE_SHA}"]


def test_the_commits_of_the_event_need_no_call(desk: Desk) -> None:
    """A pull request's merge has both sides as parents; most are judged against the commit that they merge into."""
    desk.payload["pull_request"]["base"]["sha"] = NEW
    push(desk, OLD)
    push(desk, NEW, 60)
    assert judge(desk)[1].origin.endswith("at 2222222")
    assert compared(desk) == []


def test_after_a_forced_push_there_is_no_base(desk: Desk) -> None:
    """Runs of a history that was thrown away; the reason is told, and the gate is not measured."""
    for sha, minutes in (("4" * 40, 0), ("5" * 40, 60)):
        desk.github.world.add_commits(sha, onto=(OLD,))
        push(desk, sha, minutes)
    told, base = judge(desk)
    expected = "2 runs left an artifact vopr-coverage-default, of no commit that fffffff descends from"
    assert (told.code, base.missing) == (1, expected)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Kind.READ_ONLY, "GitHub answered 403 Resource not accessible by integration; the job needs `contents: read`"),
        (Kind.NOT_FOUND, "GitHub answered 404 Not Found; the job needs `contents: read`"),
        (Kind.ERROR_500, "GitHub answered 500"),
        (Kind.BAD_GATEWAY_502, "GitHub answered 502"),
    ],
)
def test_where_github_cannot_tell_the_newest_is_compared_with_and_that_is_said(
    desk: Desk, fault: Kind, why: str
) -> None:
    """A token without the right, a commit that is gone, a comparison that is too large: no reason to fail a check."""
    push(desk, OLD, points=2)
    new = push(desk, NEW, 60)
    desk.github.inject(SECRET, {2: Fault(fault)})
    told, base = judge(desk)
    prefix = f"run {new.id} on main at 2222222 (whether that is an ancestor of what is judged is not known: "
    assert base.origin.startswith(prefix + why)
    assert told.code == 1
    assert not told.clock.waits_s
    assert len(compared(desk)) == 1


def test_a_push_is_compared_with_the_run_before_it(desk: Desk) -> None:
    """And an old push that is started again with one before itself, not with what came later."""
    desk.event, desk.payload = "push", {"ref": "refs/heads/main"}
    first, second, third = push(desk, OLD), push(desk, NEW, 60), push(desk, LATER, 120)
    desk.run_id, desk.environ["GITHUB_SHA"] = third.id, LATER
    assert judge(desk)[1].origin == f"run {second.id} on main at 2222222"
    desk.run_id, desk.environ["GITHUB_SHA"] = second.id, NEW
    assert judge(desk)[1].origin == f"run {first.id} on main at 1111111"


def test_a_merge_queue_is_compared_with_what_it_merges_onto(desk: Desk) -> None:
    """Its event names that commit."""
    desk.event = "merge_group"
    desk.payload = {"merge_group": {"base_ref": "refs/heads/main", "base_sha": NEW, "head_sha": MERGE_SHA}}
    push(desk, NEW)
    push(desk, LATER, 60)
    assert judge(desk)[1].origin.endswith("at 2222222")
    assert compared(desk) == [f"{LATER}...{MERGE_SHA}"]


def test_a_pull_requests_own_commit_is_known(desk: Desk) -> None:
    """A branch of ours that ran by a dispatch on main's name, or a pull request that was merged already."""
    desk.payload["pull_request"]["head"]["sha"] = A_SHA
    push(desk, A_SHA)
    judge(desk)
    assert compared(desk) == []


def test_a_run_that_was_deleted_meanwhile_is_passed_over(desk: Desk) -> None:
    """Its artifact may still be listed."""
    new = push(desk, NEW)
    gone = push(desk, NEW, 60)
    del desk.github.world.runs[gone.id]
    assert judge(desk)[1].origin.startswith(f"run {new.id} ")
