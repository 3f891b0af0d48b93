"""What the API is asked for: the base's last verdict, a run's verdict, and the pull requests of a run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from vopr_coverage.base.compare import Base
from vopr_coverage.base.file import base_from_bytes
from vopr_coverage.github.api import Api
from vopr_coverage.github.artifact_zip import ArtifactError
from vopr_coverage.github.artifacts import Artifact, ArtifactPage, artifact_name, fetch_verdict
from vopr_coverage.github.context import JobContext, Ref, WorkflowRun
from vopr_coverage.github.retry import Trouble, TroubleKind

BASE_EVENTS = frozenset({"push", "schedule", "workflow_dispatch"})
PAGES_LOOKED_MAX = 10
RUNS_LOOKED_MAX = 10


class _OpenPull(msgspec.Struct, frozen=True):
    number: int
    head: Ref


def find_base(api: Api, place: JobContext, comment_id: str) -> Base:
    """The verdict of the base branch's last successful run that we can trust.

    It must be a push, a scheduled or a dispatched run of this repository: a pull request's run has
    a branch name of its own choice. One that cannot be loaded never fails a check by itself.
    """
    name = artifact_name(comment_id)
    origin = f"the last successful run on {place.branch}"
    try:
        for artifact in _candidates(api, place, name):
            assert artifact.workflow_run is not None, "candidates have a run"
            run = api.get(f"/repos/{place.repository}/actions/runs/{artifact.workflow_run.id}", WorkflowRun)
            if run.conclusion != "success" or not is_of_branch(run, place):
                continue
            origin = f"run {run.id} on {place.branch} at {run.head_sha[:7]}"
            return base_from_bytes(fetch_verdict(api, place.repository, artifact), origin)
    except Trouble as trouble:
        forbidden = trouble.kind is TroubleKind.REFUSED and trouble.status == 403
        return Base(origin, missing=f"{trouble}{'; the job needs `actions: read`' if forbidden else ''}")
    except ArtifactError as error:
        return Base(origin, missing=str(error))
    return Base(origin, missing=f"no such run has left an artifact {name}")


def _candidates(api: Api, place: JobContext, name: str) -> Iterator[Artifact]:
    """The first ten of those that may hold a base: of other runs than this."""
    found = artifacts_on_branch(api, place, name)
    others = (artifact for artifact in found if artifact.workflow_run and artifact.workflow_run.id != place.run_id)
    return islice(others, RUNS_LOOKED_MAX)


def artifacts_on_branch(api: Api, place: JobContext, name: str) -> Iterator[Artifact]:
    """Artifacts of that name on this branch of our own repository, the newest first, of runs that are still there.

    Raises:
        Trouble: GitHub could not be asked.
    """
    path = f"/repos/{place.repository}/actions/artifacts"
    for number, page in enumerate(api.pages(path, ArtifactPage, {"name": name}), 1):
        for artifact in page.artifacts:
            run = artifact.workflow_run
            if run is None or run.head_branch != place.branch or artifact.name != name:
                continue
            if run.repository_id is not None and run.repository_id == run.head_repository_id:
                yield artifact
        if number == PAGES_LOOKED_MAX:
            return


def is_of_branch(run: WorkflowRun, place: JobContext) -> bool:
    """Whether a run is what this branch of our own repository runs by itself: no pull request's, and no fork's."""
    ours = run.head_repository is not None and _same(run.head_repository.full_name, place.repository)
    return ours and run.event in BASE_EVENTS and run.head_branch == place.branch


def verdict_of_run(api: Api, place: JobContext, run: WorkflowRun, comment_id: str) -> bytes | None:
    """The verdict file that a run left behind, or None if it left none.

    Raises:
        ArtifactError, Trouble: there is one, and it cannot be loaded or used.
    """
    name = artifact_name(comment_id)
    path = f"/repos/{place.repository}/actions/runs/{run.id}/artifacts"
    pages = api.pages(path, ArtifactPage, {"name": name})
    found = [artifact for page in pages for artifact in page.artifacts if _is_of_run(artifact, name, run)]
    if not found:
        return None
    return fetch_verdict(api, place.repository, max(found, key=lambda artifact: artifact.id))


def _is_of_run(artifact: Artifact, name: str, run: WorkflowRun) -> bool:
    return artifact.name == name and artifact.workflow_run is not None and artifact.workflow_run.id == run.id


def pulls_of_run(api: Api, place: JobContext, run: WorkflowRun) -> list[int]:
    """The open pull requests whose head is exactly what the run was about, by commit and by repository.

    GitHub's own list is empty for forks, and a number in an artifact would be the fork's choice.

    Raises:
        Trouble: GitHub could not be asked.
    """
    if run.head_repository is None or not run.head_branch:
        return []
    owner = run.head_repository.full_name.partition("/")[0]
    query = {"state": "open", "head": f"{owner}:{run.head_branch}"}
    found = []
    for page in api.pages(f"/repos/{place.repository}/pulls", list[_OpenPull], query):
        for pull in page:
            home = pull.head.repo
            if pull.head.sha == run.head_sha and home and _same(home.full_name, run.head_repository.full_name):
                found.append(pull.number)
    if len(found) > RUNS_LOOKED_MAX:
        raise Trouble(TroubleKind.REFUSED, f"{len(found)} pull requests have this head")
    return found


def _same(a: str, b: str) -> bool:
    return a.lower() == b.lower()
