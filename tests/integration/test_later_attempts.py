"""A later attempt of a night that knows less than an earlier one: what was found stays, and what expired is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import A_SHA, Issue
from tests.support.action_steps import Desk
from tests.support.night_folders import (
    BASE,
    SHARD_SEEDS,
    a_night,
    a_plan,
    a_recorded_run,
    all_needs,
    part,
    red_parts,
    summarised,
)
from tests.support.pull_requests import SECRET
from tests.support.reports import Ended, a_stream
from tests.support.tracked_issues import tracked
from vopr_coverage.nightly.job_results import PARTS
from vopr_coverage.nightly.plan import plan_from_json
from vopr_coverage.nightly.verdict import NightVerdict, SeedsRan

RUN = 4711
SEED = BASE + 7
RED = all_needs(regressions="skipped", long_run="failure")
GREEN = all_needs(regressions="skipped")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a night whose first shard has a failing seed."""
    home = tmp_path / "summary"
    home.mkdir()
    night = a_night(home)
    stream = a_stream(SHARD_SEEDS, first=BASE, failing=[SEED])
    a_recorded_run(night / "long-run" / "combined-1", BASE, SHARD_SEEDS, stream, exit_code=1)
    return home


def attempt(
    home: Path, number: int, needs: dict[str, object], *flags: str, run: int = RUN
) -> tuple[Ended, NightVerdict]:
    """`summary` in that attempt of a run; its verdict is kept as `attempt-N.json`."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"ID": run, "ATTEMPT": number, "NUMBER": 1}.items():
            patch.setenv(f"GITHUB_RUN_{name}", str(value))
        patch.setenv("GITHUB_REPOSITORY", "somebody/database")
        ended = summarised(home, needs, *flags)
    shutil.copy(home / "night.json", home / f"attempt-{number}.json")
    return ended


def kept_remarks(verdict: NightVerdict) -> list[str]:
    """What is said of an earlier attempt that could not be used."""
    return [warning.text for warning in verdict.warnings if warning.source == "summary"]


def empty(home: Path) -> None:
    """What was handed on has expired."""
    shutil.rmtree(home / "night")
    (home / "night").mkdir()


def test_what_has_expired_was_not_never_planned(home: Path) -> None:
    """The jobs' own results say that there was a plan; the night is red either way."""
    empty(home)
    ended, verdict = attempt(home, 2, RED)
    assert ended.code == 1
    assert "plan.json has expired: the night was planned" in ended.out
    assert "nothing was planned" not in ended.out
    assert "Start all jobs of this run again" in ended.out
    assert set(red_parts(verdict).values()) == {"incomplete"}
    assert "expired" not in part(verdict, "regressions").line  # it was skipped: it recorded nothing


@pytest.mark.parametrize("results", [{"plan": "failure"}, {"plan": "skipped", "long-run": "skipped"}], ids=str)
def test_what_was_never_planned_is_said_as_before(home: Path, results: dict[str, str]) -> None:
    """Without a plan no job ran by one."""
    empty(home)
    needs = {job: {"result": "skipped"} for jobs in PARTS.values() for job in jobs}
    needs |= {job: {"result": result} for job, result in {"prepare": "success", "build": "success", **results}.items()}
    ended, _ = attempt(home, 2, dict(needs))
    assert "there is no plan.json: nothing was planned" in ended.out
    assert "expired" not in ended.out


def test_a_plan_that_was_too_small_and_expired_was_planned(home: Path) -> None:
    """Its job is red, and others ran by it."""
    empty(home)
    ended, _ = attempt(home, 2, all_needs(plan="failure", regressions="skipped"))
    assert "plan.json has expired" in ended.out


def test_a_recording_that_a_successful_job_left_has_expired(home: Path) -> None:
    """A job that hands on nothing fails; so where it succeeded there was one."""
    shutil.rmtree(home / "night" / "coverage")
    _, verdict = attempt(home, 2, RED)
    (lost,) = (finding for finding in verdict.findings if finding.kind == "lost run")
    assert lost.line.endswith("its job succeeded, so it has expired or was deleted")
    assert "after three days" in lost.advice
    _, verdict = attempt(home, 2, all_needs(regressions="skipped", coverage_run="failure"))
    (lost,) = (finding for finding in verdict.findings if finding.kind == "lost run")
    assert "expired" not in lost.line


def test_what_the_first_attempt_found_stays(home: Path) -> None:
    """Seed, command and line for the regression file, in its part, and which attempt found it."""
    _, first = attempt(home, 1, RED)
    (found,) = first.findings
    assert (found.seed, found.scenario) == (str(SEED), "combined")
    empty(home)
    ended, second = attempt(home, 2, RED, "--earlier", "attempt-1.json")
    (kept,) = (finding for finding in second.findings if finding.kind == "failing seed")
    assert (kept.seed, kept.repro, kept.scenario, kept.job) == (found.seed, found.repro, "combined", "long-run")
    assert kept.line == f"{found.line} (found by attempt 1)"
    assert second.regressions == first.regressions != ()
    assert (ended.code, second.status, part(second, "long-run").status) == (1, "failed", "failed")
    assert part(second, "long-run").line.endswith("1 finding kept of attempt 1")
    assert second.seed_base == first.seed_base
    assert found.repro in ended.out
    _, third = attempt(home, 3, RED, "--earlier", "attempt-2.json")
    assert [finding for finding in third.findings if finding.kind == "failing seed"] == [kept]


def test_a_whole_attempt_stands_for_itself(home: Path) -> None:
    """All ran again and nothing failed: what an earlier attempt found was not there again."""
    attempt(home, 1, RED)
    a_recorded_run(home / "night" / "long-run" / "combined-1", BASE, SHARD_SEEDS)
    ended, verdict = attempt(home, 2, GREEN, "--earlier", "attempt-1.json")
    assert (ended.code, verdict.findings, kept_remarks(verdict)) == (0, (), [])


def test_of_a_part_that_is_not_whole_a_seed_that_ran_again_is_not_kept(home: Path) -> None:
    """The other shard is lost; the one with the seed is there, and holds."""
    attempt(home, 1, RED)
    a_recorded_run(home / "night" / "long-run" / "combined-1", BASE, SHARD_SEEDS)
    shutil.rmtree(home / "night" / "long-run" / "combined-2")
    _, verdict = attempt(home, 2, RED, "--earlier", "attempt-1.json")
    assert [finding.kind for finding in verdict.findings] == ["lost run"]
    shutil.rmtree(home / "night" / "long-run" / "combined-1")
    _, verdict = attempt(home, 2, RED, "--earlier", "attempt-1.json")
    assert [finding.kind for finding in verdict.findings] == ["failing seed", "lost run", "lost run"]


def test_another_run_and_a_later_attempt_are_not_earlier_ones(home: Path) -> None:
    """That is said, and nothing of it is kept."""
    attempt(home, 2, RED)
    empty(home)
    for number, run in ((3, RUN + 1), (1, RUN), (2, RUN)):
        _, verdict = attempt(home, number, RED, "--earlier", "attempt-2.json", run=run)
        assert all(finding.kind != "failing seed" for finding in verdict.findings)
        assert "were not kept: not of this run" in kept_remarks(verdict)[0]
        attempt(home, 2, RED)


def test_an_attempt_that_judges_nothing_keeps_all_that_was_found(home: Path, desk: Desk) -> None:
    """Exit code 2, and seed, command and line are in its verdict, on its page, in the issue, and after it."""
    _, first = attempt(home, 1, RED)
    (found,) = first.findings
    plan = (home / "night" / "plan.json").read_bytes()
    (home / "night" / "plan.json").write_text("{}")
    ended, second = attempt(home, 2, RED, "--earlier", "attempt-1.json")
    assert (ended.code, second.status, second.passed) == (2, "error", False)
    (kept,) = second.findings
    assert (kept.seed, kept.repro, kept.line) == (found.seed, found.repro, f"{found.line} (found by attempt 1)")
    assert (second.regressions, second.seed_base) == (first.regressions, first.seed_base)
    page = (home / "night.md").read_text()
    assert "Nothing was judged" in page
    assert str(SEED) in page
    assert str(SEED) in (track(desk, home, 2).body or "")
    _, third = attempt(home, 3, RED, "--earlier", "attempt-2.json")
    assert third.findings == second.findings
    (home / "night" / "plan.json").write_bytes(plan)
    stream = a_stream(SHARD_SEEDS, first=BASE)
    shutil.rmtree(home / "night" / "long-run" / "combined-1")
    a_recorded_run(home / "night" / "long-run" / "combined-1", BASE, SHARD_SEEDS, stream)
    _, whole = attempt(home, 4, GREEN, "--earlier", "attempt-3.json")
    assert (whole.status, whole.findings) == ("passed", ())


@pytest.mark.parametrize("file", [None, b"", b"{}", b'{"format": "urn:vopr-coverage:schema:night:v2"}'])
def test_without_a_usable_earlier_verdict_this_attempt_has_its_own(home: Path, file: bytes | None) -> None:
    """A first attempt has none before it; one that is broken is a warning."""
    path = home / "earlier.json"
    if file is not None:
        path.write_bytes(file)
    ended, verdict = attempt(home, 2, RED, "--earlier", "earlier.json")
    assert (ended.code, len(verdict.findings)) == (1, 1)
    assert len(kept_remarks(verdict)) == (file is not None)


def test_a_night_names_the_seeds_that_it_ran(tmp_path: Path) -> None:
    """Shards that touch are one range; what was not planned, or is lost, is none."""
    night = a_night(tmp_path, a_plan({"combined": ["17"]}))
    _, verdict = attempt(tmp_path, 1, all_needs())
    assert verdict.seeds_ran == (
        SeedsRan("long-run", "combined", str(BASE), 120),
        SeedsRan("regressions", "combined", "17", 1),
        SeedsRan("coverage", "combined", str(BASE + 1_000), 60),
        SeedsRan("determinism", "combined", "42", 60),
    )
    a_recorded_run(night / "long-run" / "combined-2", 99, SHARD_SEEDS)
    shutil.rmtree(night / "determinism")
    _, verdict = attempt(tmp_path, 1, all_needs())
    assert [(ran.job, ran.iterations) for ran in verdict.seeds_ran] == [
        ("long-run", 60),
        ("regressions", 1),
        ("coverage", 60),
    ]


# ---- the tracking issue


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The last job of a nightly, with a token that may write issues."""
    github.add_token(SECRET)
    folder = tmp_path / "desk"
    folder.mkdir()
    desk = Desk(folder, github, run_id=RUN, event="schedule")
    desk.payload = {}
    monkeypatch.chdir(desk.workspace)
    return desk


def track(desk: Desk, home: Path, number: int, run: int = RUN) -> Issue:
    """`tracking-issue` behind that attempt; the one issue."""
    shutil.copy(home / f"attempt-{number}.json", desk.workspace / "night.json")
    desk.run_id, desk.environ = run, {"GITHUB_RUN_ATTEMPT": str(number), "GITHUB_SHA": A_SHA}
    assert desk.step(command="tracking-issue", reports="night.json").code == 0
    (issue,) = tracked(desk.github) + tracked(desk.github, "closed")
    return issue


@pytest.mark.parametrize("flags", [(), ("--earlier", "attempt-1.json")], ids=["issue-alone", "earlier"])
def test_the_issue_keeps_its_seed_where_the_evidence_has_expired(
    home: Path, desk: Desk, flags: tuple[str, ...]
) -> None:
    """The seed and the command that replays it, whether the night's verdict kept them or the issue alone has them."""
    _, first = attempt(home, 1, RED)
    track(desk, home, 1)
    empty(home)
    attempt(home, 2, RED, *flags)
    body = track(desk, home, 2).body or ""
    assert str(SEED) in body
    assert first.findings[0].repro in body
    assert "expired" in body


def next_night(home: Path, *regressions: int, green: bool) -> None:
    """Another night's folder, with seeds of its own; one that is not green has lost its coverage."""
    shutil.rmtree(home / "night")
    plan = json.loads(a_plan().to_json().replace(f'"{BASE // 1000}', f'"{BASE // 500}'))
    plan["regressions"] = [{"scenario": "combined", "seeds": [str(seed)]} for seed in regressions]
    night = a_night(home, plan_from_json(json.dumps(plan).encode(), "plan.json"))
    if not green:
        shutil.rmtree(night / "coverage")


def test_a_seed_stays_until_a_night_has_run_it_again(home: Path, desk: Desk) -> None:
    """Other seeds say nothing about it; once it ran and held, it is gone."""
    attempt(home, 1, RED)
    track(desk, home, 1)
    for run in (RUN + 1, RUN + 2):
        next_night(home, green=False)
        attempt(home, 1, all_needs(regressions="skipped", coverage_run="failure"), run=run)
        body = track(desk, home, 1, run).body or ""
        assert "1 seed of earlier nights, not run again since" in body
        assert f"--seed {SEED}" in body
        assert f"found by run <code>{RUN}</code>" in body
    next_night(home, SEED, green=False)
    attempt(home, 1, all_needs(coverage_run="failure"), run=RUN + 3)
    body = track(desk, home, 1, RUN + 3).body or ""
    assert str(SEED) not in body


def test_a_green_night_that_did_not_run_it_says_so_and_the_next_red_one_has_it_again(home: Path, desk: Desk) -> None:
    """The issue is closed, since nights are green; what it knows is not lost by that."""
    attempt(home, 1, RED)
    track(desk, home, 1)
    next_night(home, green=True)
    attempt(home, 1, GREEN, run=RUN + 1)
    closed = track(desk, home, 1, RUN + 1)
    assert closed.state == "closed"
    assert f"This seed has not run again since: <code>combined</code> <code>{SEED}</code>" in (closed.body or "")
    next_night(home, green=False)
    attempt(home, 1, all_needs(regressions="skipped", coverage_run="failure"), run=RUN + 2)
    shutil.copy(home / "attempt-1.json", desk.workspace / "night.json")
    desk.run_id = RUN + 2
    desk.step(command="tracking-issue", reports="night.json")
    (issue,) = tracked(desk.github)
    assert "1 seed of earlier nights, not run again since" in (issue.body or "")


def test_what_somebody_closed_by_hand_is_not_brought_back(home: Path, desk: Desk) -> None:
    """A click is never undone: the next red night opens an issue of its own."""
    attempt(home, 1, RED)
    issue = track(desk, home, 1)
    desk.github.world.change(issue, state="closed")
    next_night(home, green=False)
    attempt(home, 1, all_needs(regressions="skipped", coverage_run="failure"), run=RUN + 1)
    shutil.copy(home / "attempt-1.json", desk.workspace / "night.json")
    desk.run_id = RUN + 1
    desk.step(command="tracking-issue", reports="night.json")
    (new,) = tracked(desk.github)
    assert str(SEED) not in (new.body or "")


def test_a_night_without_a_verdict_loses_nothing(home: Path, desk: Desk) -> None:
    """Nothing was judged, so nothing was run again."""
    attempt(home, 1, RED)
    track(desk, home, 1)
    (home / "attempt-2.json").write_text("{")
    assert str(SEED) in (track(desk, home, 2).body or "")
