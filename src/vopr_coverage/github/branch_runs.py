"""The runs of a branch that left an artifact of one name, the newest run first.

By run id, not by upload: when an old run is started again, it uploads last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from vopr_coverage.github.api import Api
from vopr_coverage.github.artifacts import Artifact, ArtifactPage
from vopr_coverage.github.context import JobContext, WorkflowRun
from vopr_coverage.github.retry import Trouble

PAGES_LOOKED_MAX = 10
RUNS_LOOKED_MAX = 10


class BranchRun(msgspec.Struct, frozen=True):
    """A run, and its artifacts of that name, the latest upload first."""

    run: WorkflowRun
    artifacts: tuple[Artifact, ...]


class _Uploads:
    """The artifacts of one name, read page by page: GitHub lists the latest upload first."""

    def __init__(self, api: Api, place: JobContext, name: str) -> None:
        self._place, self._name = place, name
        path = f"/repos/{place.repository}/actions/artifacts"
        self._pages = api.pages(path, ArtifactPage, {"name": name})
        self._pages_left = PAGES_LOOKED_MAX
        self._oldest: str | None = None
        self.by_run: defaultdict[int, list[Artifact]] = defaultdict(list)

    def read_page(self) -> bool:
        """Read one more page; False if there is none, or enough were read."""
        page = next(self._pages, None) if self._pages_left else None
        self._pages_left -= 1
        if page is None:
            self._pages_left = 0
            return False
        for artifact in page.artifacts:
            if artifact.name == self._name and (run_id := _run_on_branch(artifact, self._place)):
                self.by_run[run_id].append(artifact)
        self._oldest = min((artifact.created_at for artifact in page.artifacts if artifact.created_at), default=None)
        return True

    def reach(self, moment: str | None) -> bool:
        """Whether all uploads since that moment are known, as far as times tell."""
        return bool(moment and self._oldest and self._oldest < moment)


def runs_of_branch(api: Api, place: JobContext, name: str, *, without: int = 0) -> Iterator[BranchRun]:
    """The runs on this branch of our own repository that left such an artifact, the newest first; see `is_of_branch`.

    A newer run uploads after an older one began, so pages are read back to the beginning of the newest run found. At
    most ten pages are read, and ten runs looked up.

    Args:
        without: a run to pass over.

    Raises:
        Trouble: GitHub could not be asked.
    """
    uploads = _Uploads(api, place, name)
    runs: dict[int, WorkflowRun | None] = {}
    while True:
        uploads.by_run.pop(without, None)
        if not uploads.by_run:
            if not uploads.read_page():
                return
            continue
        newest = max(uploads.by_run)
        if newest not in runs:
            if len(runs) == RUNS_LOOKED_MAX:
                return
            runs[newest] = _run(api, place, newest)
        run = runs[newest]
        if run and not uploads.reach(run.created_at) and uploads.read_page():
            continue  # it may have shown a newer run
        artifacts = sorted(uploads.by_run.pop(newest), key=lambda artifact: artifact.uploaded, reverse=True)
        if run:
            yield BranchRun(run, tuple(artifacts))


def _run_on_branch(artifact: Artifact, place: JobContext) -> int:
    """The id of the artifact's run, if it is one on this branch of our own repository; else 0."""
    run = artifact.workflow_run
    if run is None or run.head_branch != place.branch:
        return 0
    return run.id if run.repository_id is not None and run.repository_id == run.head_repository_id else 0


def _run(api: Api, place: JobContext, number: int) -> WorkflowRun | None:
    """The run in its latest attempt; None if it was deleted meanwhile."""
    try:
        return api.get(f"/repos/{place.repository}/actions/runs/{number}", WorkflowRun)
    except Trouble as trouble:
        if trouble.status == 404:
            return None
        raise
