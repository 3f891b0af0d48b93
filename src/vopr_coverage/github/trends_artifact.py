"""The nightly's history as earlier runs left it: found through the API, and put together again.

Every night's artifact holds all the nights before it. Several are read all the same: a night that
does not know them begins anew, and the next one finds the older ones again behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec.structs import replace

from vopr_coverage.errors import UserError
from vopr_coverage.github.api import Api
from vopr_coverage.github.artifacts import Artifact, fetch_entry
from vopr_coverage.github.branch_runs import runs_of_branch
from vopr_coverage.github.context import JobContext
from vopr_coverage.github.lookup import is_of_branch
from vopr_coverage.github.retry import Trouble, TroubleKind
from vopr_coverage.trends.history import HISTORY_BYTES_MAX, History, TrendRecord, parse_history, union
from vopr_coverage.trends.store import TRENDS_NAME, Stored

TRENDS_ARTIFACT = "vopr-coverage-trends"
ARTIFACTS_USED_MAX = 5
ARTIFACTS_LOOKED_MAX = 10


class ArtifactStore:
    """The artifacts of earlier runs on this branch. The workflow itself writes them: it uploads the history's file."""

    def __init__(self, api: Api, place: JobContext) -> None:
        self._api, self._place = api, place

    def load(self) -> Stored:
        """The nights that earlier runs on this branch have recorded, red ones too."""
        return _restored(self._api, self._place)

    def append(self, records: Sequence[TrendRecord]) -> Stored:
        """The same, with these nights: what uploads the file then adds them."""
        there = self.load()
        return replace(there, records=union(there.records, records))


def _restored(api: Api, place: JobContext) -> Stored:
    histories: list[tuple[TrendRecord, ...]] = []
    later: list[bytes] = []
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
            later += found.later
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
    said = f"history of {', '.join(f'run {run}' for run in runs)} restored"
    if not runs:
        said = f"no run on this branch has left an artifact {TRENDS_ARTIFACT} yet: the history begins with this night"
    return Stored(union(*histories), (said,) if runs or not warnings else (), tuple(warnings), tuple(later))


def _artifacts(api: Api, place: JobContext) -> Iterator[tuple[int, Artifact]]:
    """Run id and artifact, the newest run first; of several attempts the latest first."""
    for found in runs_of_branch(api, place, TRENDS_ARTIFACT):
        for artifact in found.artifacts if is_of_branch(found.run, place) else ():
            yield found.run.id, artifact


def _history_in(api: Api, place: JobContext, run_id: int, artifact: Artifact) -> History:
    data = fetch_entry(api, place.repository, artifact, TRENDS_NAME, HISTORY_BYTES_MAX)
    return parse_history(data, f"run {run_id}'s {TRENDS_NAME}")
