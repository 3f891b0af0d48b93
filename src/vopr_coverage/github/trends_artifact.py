"""The nightly's history as earlier runs left it: found through the API, and put together again.

Every night's artifact holds all the nights before it. Several are read all the same: a night that
does not know them begins anew, and the next one finds the older ones again behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from vopr_coverage.errors import UsageError, UserError
from vopr_coverage.github.api import Api
from vopr_coverage.github.artifacts import Artifact, fetch_entry
from vopr_coverage.github.branch_runs import runs_of_branch
from vopr_coverage.github.context import JobContext, job_context
from vopr_coverage.github.lookup import is_of_branch
from vopr_coverage.github.retry import Clock, RetryBudget, Trouble, TroubleKind
from vopr_coverage.runner.environment import Runner
from vopr_coverage.trends.history import HISTORY_BYTES_MAX, History, TrendRecord, parse_history, union

TRENDS_ARTIFACT = "vopr-coverage-trends"
TRENDS_NAME = "trends.ndjson"
ARTIFACTS_USED_MAX = 5
ARTIFACTS_LOOKED_MAX = 10


class Restored(msgspec.Struct, frozen=True):
    """What was found.

    Attributes:
        runs: those whose artifact was read, the newest first; none at all and no warnings is a first night.
        warnings: why nights may be missing.
    """

    records: tuple[TrendRecord, ...]
    runs: tuple[int, ...]
    warnings: tuple[str, ...]


def restore_history(runner: Runner, event: bytes, clock: Clock, say: Callable[[str], None]) -> Restored:
    """The nights that earlier runs on this branch have recorded, red ones too.

    Args:
        event: the payload of the runner's event.
        say: gets a line about every wait.

    Raises:
        UsageError: this is no runner, or there is no token.
    """
    if not runner.token:
        raise UsageError("--restore: there is no token; GITHUB_TOKEN must hold one that may read actions")
    try:
        place = job_context(runner, event)
    except UsageError as error:
        raise UsageError(f"--restore asks for the runs of a job on GitHub: {error}") from None
    api = Api(runner.token, place.api_url, RetryBudget(clock, say), runner.ca_file or None)
    try:
        return _restored(api, place)
    finally:
        api.close()


def _restored(api: Api, place: JobContext) -> Restored:
    histories: list[tuple[TrendRecord, ...]] = []
    runs: list[int] = []
    warnings: list[str] = []
    expired: list[int] = []
    try:
        for run_id, artifact in islice(_artifacts(api, place), ARTIFACTS_LOOKED_MAX):
            if artifact.expired:
                expired.append(run_id)
                continue
            try:
                found = _history_in(api, place, run_id, artifact)
            except (UserError, Trouble) as error:
                warnings.append(f"the nights may not all be there: run {run_id}'s history was not used: {error}")
                continue
            histories.append(found.records)
            warnings += found.warnings
            runs.append(run_id)
            if len(runs) == ARTIFACTS_USED_MAX:
                break
    except Trouble as trouble:
        hint = (
            "; the job needs `actions: read`" if trouble.kind is TroubleKind.REFUSED and trouble.status == 403 else ""
        )
        warnings.append(f"the nights may not all be there: {trouble}{hint}; a later night finds them again")
    if expired and not runs:
        warnings.append(f"the nights before are gone: run {expired[0]}'s history has expired")
    return Restored(union(*histories), tuple(runs), tuple(warnings))


def _artifacts(api: Api, place: JobContext) -> Iterator[tuple[int, Artifact]]:
    """Run id and artifact, the newest run first; of several attempts the latest first."""
    for found in runs_of_branch(api, place, TRENDS_ARTIFACT):
        for artifact in found.artifacts if is_of_branch(found.run, place) else ():
            yield found.run.id, artifact


def _history_in(api: Api, place: JobContext, run_id: int, artifact: Artifact) -> History:
    data = fetch_entry(api, place.repository, artifact, TRENDS_NAME, HISTORY_BYTES_MAX)
    return parse_history(data, f"run {run_id}'s {TRENDS_NAME}")
