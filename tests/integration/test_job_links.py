"""`summary` in a job on GitHub links to the jobs of the run. Only links are lost where GitHub cannot be asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, Kind
from tests.fake_github.state import REPOSITORY, Run
from tests.support.night_folders import CONFIG, a_night
from tests.support.pages import page_of
from tests.support.pull_requests import SECRET, FakeClock
from tests.unit.test_job_pages import NAMES, RUNS
from vopr_coverage.commands import summary
from vopr_coverage.commands.parser import parse
from vopr_coverage.nightly.verdict import NightVerdict, night_from_json
from vopr_coverage.runner.environment import runner_of

HOSTILE_NAME = '</code><a href="https://evil.example">@team</a> [x](https://evil.example)\n## '


@dataclass
class Told:
    """How `summary` ended, and its page."""

    code: int
    night: NightVerdict
    page: str
    err: str

    @property
    def links(self) -> set[str | None]:
        """Where the page leads."""
        return {dict(attributes).get("href") for _, tag, attributes in page_of(self.page).elements if tag == "a"}


@dataclass
class Desk:
    """A night's folder on a runner, and the run that it belongs to."""

    home: Path
    github: FakeGitHub
    run: Run
    capsys: pytest.CaptureFixture[str]

    def summary(self, **environ: str) -> Told:
        """`summary night` there; no wait takes time."""
        told = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": str(self.run.id),
            "GITHUB_RUN_ATTEMPT": "2",
            "GITHUB_TOKEN": SECRET,
            **environ,
        }
        words = ["summary", "night", "--config", "config.json"]
        words += ["--verdict-file", "night.json", "--summary-file", "night.md"]
        code = int(summary.run(parse(words)[1], runner_of(told), FakeClock()))
        printed = self.capsys.readouterr()
        page = (self.home / "night.md").read_text(encoding="utf-8")
        assert SECRET not in printed.out + printed.err + page
        return Told(code, night_from_json((self.home / "night.json").read_bytes(), "night.json"), page, printed.err)


@pytest.fixture
def desk(
    tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A green night in the second attempt of a run; the token may read and no more."""
    a_night(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    github.add_token(SECRET, read_only=True)
    run = github.world.add_run(event="schedule", conclusion=None, run_attempt=2)
    github.world.add_job(run, "night / Plan", run_attempt=1, conclusion="failure")
    return Desk(tmp_path, github, run, capsys)


def test_every_run_has_a_link_to_its_job(desk: Desk) -> None:
    """Of this attempt, whatever else the run has; a job's name is foreign, and none of it is on the page."""
    ids = {name: desk.github.world.add_job(desk.run, f"night / {name}").id for name in NAMES}
    for number in range(150):  # two pages, and what is ours on both
        desk.github.world.add_job(desk.run, f"{HOSTILE_NAME}{number}")
    told = desk.summary()
    jobs = f"https://github.com/{REPOSITORY}/actions/runs/{desk.run.id}/job"
    assert told.code == 0
    assert {(page.job, page.source): int(page.id) for page in told.night.job_pages} == {
        key: list(ids.values())[number - 1] for key, number in RUNS.items()
    }
    assert {link for link in told.links if link and "/job/" in link} == {
        f"{jobs}/{ids[name]}" for name in NAMES if name != "Summary"
    }
    assert "evil" not in told.page
    assert [request.status for request in desk.github.requests] == [200, 200]


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.name.startswith("TIMEOUT")])
def test_no_fault_of_githubs_changes_what_the_page_says(desk: Desk, kind: Kind) -> None:
    """No permission, no GitHub: the same page without those links, the same verdict, and one line in the log."""
    for name in NAMES:
        desk.github.world.add_job(desk.run, f"night / {name}")
    linked = desk.summary()
    desk.github.inject(SECRET, lambda _: Fault(kind, 3_600 if "LIMIT" in kind.name else None))
    told = desk.summary()
    assert (told.code, told.night.job_pages, told.night.warnings) == (0, (), linked.night.warnings)
    assert not any("/job/" in (link or "") for link in told.links)
    assert "the page has no links to the jobs of this run: " in told.err
    assert "<summary>13 jobs</summary>" in linked.page
    assert "<summary>13 jobs</summary>" not in told.page


@pytest.mark.parametrize(
    "environ", [{"GITHUB_TOKEN": ""}, {"GITHUB_RUN_ID": ""}, {"GITHUB_REPOSITORY": ""}], ids=lambda one: next(iter(one))
)
def test_where_nobody_asks_github_nothing_is_said(desk: Desk, environ: dict[str, Any]) -> None:
    """On a laptop, or without a token: no request, no line about it."""
    told = desk.summary(**environ)
    assert (told.code, told.night.job_pages) == (0, ())
    assert "link" not in told.err
    assert desk.github.requests == []


def test_an_attempt_that_github_does_not_know_has_no_links(desk: Desk) -> None:
    """The answer is that it was not found."""
    told = desk.summary(GITHUB_RUN_ATTEMPT="3")
    assert (told.code, told.night.job_pages) == (0, ())
    assert "GitHub answered 404" in told.err
