"""GitHub as one step of the action may use it. Failing here is a remark, and never decides a verdict."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from vopr_coverage.base.compare import Base
from vopr_coverage.errors import UsageError
from vopr_coverage.github.comment_settings import CommentSettings
from vopr_coverage.github.context import JobContext, job_context
from vopr_coverage.github.retry import Clock, RetryBudget, Trouble, TroubleKind
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.runner.environment import Runner

if TYPE_CHECKING:
    from vopr_coverage.github.api import Api
    from vopr_coverage.github.comment_upsert import Written

DEPENDABOT = "dependabot[bot]"
CLASH = "another step of this run writes the same comment: give each step a comment-id of its own"


class Said(msgspec.Struct, frozen=True):
    """What is to be said of it: a plain line, a notice, or a warning; and the comment's page, if there is one."""

    level: Literal["line", "notice", "warning"]
    text: str
    url: str = ""


class Hub:
    """The repository, the event and the token of one step; nothing is asked before it is needed.

    Args:
        event: the event's payload, as the runner has it.
        say: gets a line about every wait.
    """

    def __init__(self, runner: Runner, *, event: bytes, token: str, clock: Clock, say: Callable[[str], None]) -> None:
        self._runner, self._event, self._token = runner, event, token
        self._patience = RetryBudget(clock, say)

    @cached_property
    def place(self) -> JobContext:
        """Where this step runs.

        Raises:
            UsageError: the variables aren't a runner's.
        """
        return job_context(self._runner, self._event)

    @cached_property
    def _api(self) -> Api:
        from vopr_coverage.github.api import Api  # PyGithub takes as long to load as a small check

        if not self._token:
            raise UsageError("there is no token")
        return Api(self._token, self.place.api_url, self._patience, self._runner.ca_file or None)

    def base(self, settings: CommentSettings) -> Base:
        """The verdict of the base branch's last successful run, or why there is none."""
        from vopr_coverage.github.lookup import find_base

        try:
            return find_base(self._api, self.place, settings.id)
        except UsageError as error:
            return Base("the base branch", missing=str(error))

    def comment(self, verdict: Verdict, settings: CommentSettings) -> Said | None:
        """Bring the pull request's comment up to date; None where there is no pull request, or none is wanted."""
        if settings.mode == "off":
            return None
        try:
            pull = self.place.pull
            if pull is None:
                return None
            from vopr_coverage.github.comment_flow import (
                comment_on,
            )  # late: without a pull request nothing needs PyGithub

            return _done(comment_on(self._api, self.place, pull, verdict, settings))
        except UsageError as error:
            return Said("warning", f"No comment: {error}.")
        except Trouble as trouble:
            return self._not_done(trouble)

    def relay(self, settings: CommentSettings) -> tuple[list[Said], str]:
        """Comment for the run that a `workflow_run` event is about: what is to be said, and what was refused.

        Raises:
            UsageError: the event is another one, or there is no token.
        """
        from vopr_coverage.github.comment_flow import relay

        if settings.mode == "off":
            return [Said("line", "Comment: off")], ""
        try:
            relayed = relay(self._api, self.place, settings)
        except Trouble as trouble:
            hint = "; the job needs `actions: read` and `pull-requests: write`" if _is_forbidden(trouble) else ""
            return [Said("warning", f"No comment: {trouble}{hint}.")], ""
        return [_done(written) for written in relayed.written], relayed.refused

    def track(self, path: str, roots: tuple[Path, ...], id: str, author: str) -> list[Said]:
        """Bring a nightly's issue up to date with the verdict in `path`; the last of what is said has its page.

        Raises:
            UsageError: it was not written, and why.
        """
        from vopr_coverage.github.issue_flow import night_of, read_night, track_night

        api, here = self._api, night_of(self._runner)
        night, wrong = read_night(path, roots, here)
        said = [Said("warning", f"The night left no verdict, and counts as red. {wrong}")] if wrong else []
        try:
            tracked = track_night(api, self.place, here, night, id, author)
        except Trouble as trouble:
            hint = "; the job needs `issues: write`" if _is_forbidden(trouble) else ""
            raise UsageError(f"the tracking issue was not written: {trouble}{hint}") from None
        where = f": {tracked.url}" if tracked.url else ""
        return [*said, Said("line", f"Tracking issue: {tracked.why}{where}", tracked.url)]

    def _not_done(self, trouble: Trouble) -> Said:
        if _is_forbidden(trouble) and self._may_only_read():
            why = "its token may only read. The job summary has everything; docs/pull-requests.md has the way round it"
            return Said("notice", f"No comment on a pull request from a fork or by Dependabot: {why}.")
        hint = "; the job needs `pull-requests: write`" if _is_forbidden(trouble) else ""
        return Said("warning", f"No comment: {trouble}{hint}. The job summary has everything.")

    def _may_only_read(self) -> bool:
        """Whether GitHub gives this run a token that can't write, whatever the workflow asks for."""
        pull = self.place.pull
        home = pull.head.repo if pull else None
        fork = home is None or home.full_name.lower() != self.place.repository.lower()
        return fork or self._runner.actor == DEPENDABOT


def _is_forbidden(trouble: Trouble) -> bool:
    """Whether the token may not; without rights to a private repository GitHub says that there is no such thing."""
    return trouble.kind is TroubleKind.REFUSED and trouble.status in (403, 404)


def _done(written: Written) -> Said:
    if written.clash:
        return Said("warning", f"Comment: {written.why}, and {CLASH}.", written.url)
    where = f": {written.url}" if written.url else ""
    return Said("line", f"Comment: {written.why}{where}", written.url)
