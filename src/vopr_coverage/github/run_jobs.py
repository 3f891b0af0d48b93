"""The jobs of one attempt of a run, as GitHub lists them. A job's name has what a plan or a caller chose in it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from vopr_coverage.errors import UsageError
from vopr_coverage.github.api import Api
from vopr_coverage.github.context import job_context
from vopr_coverage.github.retry import Clock, RetryBudget
from vopr_coverage.nightly.job import RunJob
from vopr_coverage.runner.environment import Runner


class _JobPage(msgspec.Struct, frozen=True):
    """A page of the list."""

    jobs: tuple[RunJob, ...]


def jobs_of_attempt(runner: Runner, clock: Clock, say: Callable[[str], None]) -> tuple[RunJob, ...]:
    """All jobs of the attempt that this job belongs to. The token needs `actions: read`.

    Args:
        say: gets a line about every wait.

    Raises:
        UsageError: this is no runner, or there is no token.
        Trouble: GitHub could not be asked.
    """
    if not runner.token:
        raise UsageError("there is no token in GITHUB_TOKEN")
    place = job_context(runner, b"")
    api = Api(runner.token, place.api_url, RetryBudget(clock, say), runner.ca_file or None)
    path = f"/repos/{place.repository}/actions/runs/{place.run_id}/attempts/{place.run_attempt}/jobs"
    try:
        return tuple(job for page in api.pages(path, _JobPage) for job in page.jobs)
    finally:
        api.close()
