"""From a night's file to its issue. A night that left no verdict is red: silence is never taken for a pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.errors import ReportError, UsageError, UserError, Words, shown
from vopr_coverage.files import read_bytes, refuse_outside
from vopr_coverage.github.api import Api
from vopr_coverage.github.context import JobContext
from vopr_coverage.github.issue_memory import memory_line
from vopr_coverage.github.issue_plan import IssueStamp, Text, WantedIssue, with_memory
from vopr_coverage.github.issue_upsert import Tracked, Tracker, track
from vopr_coverage.nightly.known_seeds import has_run, known_seeds_of
from vopr_coverage.nightly.verdict import NIGHT_BYTES_MAX, NightRun, NightVerdict, night_from_json, night_run
from vopr_coverage.render.budget import ISSUE_CHARACTERS_MAX
from vopr_coverage.render.issue import IssueAbout, closing_note, issue_title, render_issue
from vopr_coverage.runner.environment import Runner

NOWHERE = NightRun()


def read_night(path: str, roots: Sequence[Path] = (), here: NightRun = NOWHERE) -> tuple[NightVerdict, str]:
    """The night's verdict, and why the file can't be used, "" if it can.

    Args:
        roots: folders one of which the file must lie in; none means anywhere.
        here: the run that asks; a file of another run is yesterday's.

    Returns:
        Where the file can't be used, a verdict that says that there is none.
    """
    try:
        refuse_outside(path, roots)
        return _usable(night_from_json(read_bytes(path, NIGHT_BYTES_MAX), path), path, here), ""
    except UserError as error:
        return NightVerdict.not_judged(__version__, f"this run left no verdict on its night.\n{error}", here), str(
            error
        )


def _usable(night: NightVerdict, path: str, here: NightRun) -> NightVerdict:
    """The night if it is this run's and agrees with itself."""
    if here.run_id and night.place.run_id not in ("", here.run_id):
        found = f"one of run {night.place.run_id}"
        raise ReportError(
            path, "#/place/run_id", expected=f"the verdict of this run, {here.run_id}", found=Words(found)
        )
    well = bool(night.jobs) and all(job.status in ("passed", "not required") for job in night.jobs)
    if (night.status == "passed") != night.passed or (night.error is not None) != (night.status == "error"):
        raise ReportError(path, "", expected="a verdict that agrees with itself", found=Words("two that differ"))
    if night.passed and (night.findings or not well):
        found = "findings" if night.findings else "jobs that did not pass, or none"
        raise ReportError(path, "", expected="a green night without findings, all jobs well", found=Words(found))
    return night


def draft_alone(night: NightVerdict) -> str:
    """The issue as it would be written, for a terminal; what only GitHub knows is left out."""
    if night.passed:
        return f"The night is green. An open issue would be closed with this:\n\n{closing_note(IssueAbout())}\n"
    return f"{issue_title(night)}\n\n{render_issue(night, IssueAbout(sha=night.place.commit or ''))}"


def night_of(runner: Runner) -> NightRun:
    """This run, as a verdict on its night names it; the issue needs its commit.

    A run that no event started is none of GitHub's, so it has no page to link to.

    Raises:
        UsageError: the runner's variables name no commit.
    """
    here = night_run(runner)
    if here.commit is None:
        raise UsageError(f"GITHUB_SHA: expected a commit, found {shown(runner.sha)}")
    return here if runner.event else replace(here, url="")


def track_night(api: Api, place: JobContext, here: NightRun, night: NightVerdict, id: str, author: str) -> Tracked:
    """Bring the issue of this id up to date.

    Raises:
        Trouble, UsageError: it could not be done.
    """
    today = datetime.fromtimestamp(api.patience.clock.now(), UTC).date().isoformat()
    seeds = known_seeds_of(night, str(place.run_id))
    stamp = IssueStamp(
        id=id,
        sha=here.commit or "",
        run_id=place.run_id,
        attempt=place.run_attempt,
        first=place.run_id,
        since=today,
        known=seeds,
    )
    tonight = {seed.key for seed in seeds}

    def about(of: IssueStamp) -> IssueAbout:
        first = f"{place.server_url}/{place.repository}/actions/runs/{of.first}" if here.url else ""
        return IssueAbout(
            marker=of.line(),
            sha=of.sha,
            run_url=here.url,
            first_url=first,
            since=of.since,
            nights=of.nights,
            known=tuple(seed for seed in of.known if seed.key not in tonight),
        )

    def draft(of: IssueStamp) -> Text:
        left = ISSUE_CHARACTERS_MAX - len(memory_line(of.known)) - 2
        return Text(issue_title(night), with_memory(render_issue(night, about(of), left), of))

    wanted = WantedIssue(
        stamp=stamp,
        author=author,
        red=not night.passed,
        draft=draft,
        note=lambda of: closing_note(about(of)),
        has_run=lambda seed: has_run(night, seed),
    )
    return track(api, Tracker(api, place.repository, author), wanted)
