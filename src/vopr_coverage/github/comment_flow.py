"""From a verdict to a comment: by the run itself, or by a trusted run for one that had no right to comment."""

from __future__ import annotations

import msgspec

from vopr_coverage import __version__
from vopr_coverage.base.compare import changed
from vopr_coverage.errors import UsageError, UserError, shown
from vopr_coverage.github.api import Api
from vopr_coverage.github.comment_marker import Stamp
from vopr_coverage.github.comment_plan import WantedComment, may_create
from vopr_coverage.github.comment_settings import CommentSettings
from vopr_coverage.github.comment_upsert import Thread, Written, upsert
from vopr_coverage.github.context import SHA, JobContext, PullRequest, WorkflowRun
from vopr_coverage.github.lookup import pulls_of_run, verdict_of_run
from vopr_coverage.model.verdict import Verdict, verdict_from_json
from vopr_coverage.render.comment import About, render_comment

SUCCESS = "success"
# A run that was not meant to finish has no verdict to miss.
_NO_VERDICT_IS_FINE = frozenset({"cancelled", "skipped", "stale", "action_required", "neutral"})


class Relayed(msgspec.Struct, frozen=True):
    """What the trusted half did: a comment for each pull request, and what was wrong with the artifact, if anything."""

    written: tuple[Written, ...]
    refused: str = ""


def comment_on(api: Api, place: JobContext, pull: PullRequest, verdict: Verdict, settings: CommentSettings) -> Written:
    """Bring the comment of the pull request that this run is about up to date.

    Raises:
        Trouble: it could not be done.
    """
    stamp = Stamp(settings.id, pull.head.sha, place.run_id, place.run_attempt)
    return _write(api, place, pull.number, verdict, settings, _about(place, stamp), stamp)


def relay(api: Api, place: JobContext, settings: CommentSettings) -> Relayed:
    """Comment for the run that a `workflow_run` event is about, from nothing but the data that it left.

    The pull request is found by head commit and repository, the verdict is validated and rendered
    anew, and the headline is no better than how the run itself ended.

    Raises:
        UsageError: the event is another one.
        Trouble: GitHub could not be asked.
    """
    run = place.run
    if run is None or not SHA.fullmatch(run.head_sha):
        raise UsageError("command comment is for workflows that run on `workflow_run`")
    if run.event != "pull_request":
        return Relayed((Written("", f"the run was a {shown(run.event)}, not of a pull request"),))
    pulls = pulls_of_run(api, place, run)
    if not pulls:
        return Relayed((Written("", "no open pull request has the run's commit as its head"),))
    verdict, refused = _verdict_of(api, place, run, settings)
    if verdict is None:
        return Relayed((Written("", f"the run ended as {run.conclusion} and left no verdict"),))
    stamp = Stamp(settings.id, run.head_sha, run.id, run.run_attempt)
    conclusion = "" if run.conclusion == SUCCESS else run.conclusion or "unknown"
    foreign = run.head_repository is None or run.head_repository.full_name.lower() != place.repository.lower()
    about = msgspec.structs.replace(_about(place, stamp), foreign=foreign, conclusion=conclusion)
    written = [_write(api, place, number, verdict, settings, about, stamp, relayed=True) for number in pulls]
    return Relayed(tuple(written), refused)


def _verdict_of(api: Api, place: JobContext, run: WorkflowRun, settings: CommentSettings) -> tuple[Verdict | None, str]:
    """The run's verdict, and why its artifact was refused; None where it is right that there is none."""
    try:
        data = verdict_of_run(api, place, run, settings.id)
        if data is not None:
            return verdict_from_json(data, "verdict.json"), ""
    except UserError as error:
        return Verdict.not_judged(__version__, f"The run's artifact was refused: {error}"), str(error)
    if run.conclusion in _NO_VERDICT_IS_FINE:
        return None, ""
    return Verdict.not_judged(__version__, f"The run left no artifact vopr-coverage-{settings.id} with a verdict."), ""


def _about(place: JobContext, stamp: Stamp) -> About:
    url = place.run_url(stamp.run_id, stamp.attempt)
    return About(marker=stamp.line(), sha=stamp.sha, run_url=url, summary_url=f"{url}#summary")


def _write(
    api: Api,
    place: JobContext,
    number: int,
    verdict: Verdict,
    settings: CommentSettings,
    about: About,
    stamp: Stamp,
    *,
    relayed: bool = False,
) -> Written:
    passed = verdict.passed and not about.conclusion
    create = may_create(settings.mode, passed=passed, changed=changed(verdict))
    wanted = WantedComment(
        stamp=stamp, body=render_comment(verdict, about), author=settings.author, create=create, second_hand=relayed
    )
    return upsert(api, Thread(api, place.repository, number), wanted)
