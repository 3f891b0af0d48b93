"""What the API is asked for: the base's last verdict, a run's verdict, and the pull requests of a run."""

from __future__ import annotations

import msgspec

from vopr_coverage.base.compare import Base
from vopr_coverage.base.file import base_from_bytes
from vopr_coverage.github.ancestry import ancestry_of
from vopr_coverage.github.api import Api
from vopr_coverage.github.artifact_zip import ArtifactError
from vopr_coverage.github.artifacts import Artifact, ArtifactPage, artifact_name, fetch_verdict
from vopr_coverage.github.branch_runs import runs_of_branch
from vopr_coverage.github.context import JobContext, Ref, WorkflowRun
from vopr_coverage.github.retry import Trouble, TroubleKind
from vopr_coverage.model.figures import counted

BASE_EVENTS = frozenset({"push", "schedule", "workflow_dispatch"})
PULLS_MAX = 10


class _OpenPull(msgspec.Struct, frozen=True):
    number: int
    head: Ref


def find_base(api: Api, place: JobContext, comment_id: str) -> Base:
    """The verdict of the base branch's newest successful run whose commit is an ancestor of what is judged.

    It must be a push, a scheduled or a dispatched run of this repository: a pull request's run has
    a branch name of its own choice. One that cannot be loaded never fails a check by itself.
    """
    name = artifact_name(comment_id)
    origin = f"the last successful run on {place.branch}"
    passed_over = 0
    try:
        for found in runs_of_branch(api, place, name, without=place.run_id):
            run = found.run
            if run.conclusion != "success" or not is_of_branch(run, place):
                continue
            ancestry = ancestry_of(api, place, run.head_sha)
            if ancestry.is_ancestor is False:
                passed_over += 1
                continue
            origin = f"run {run.id} on {place.branch} at {run.head_sha[:7]}"
            if ancestry.is_ancestor is None:
                origin += f" (whether that is an ancestor of what is judged is not known: {ancestry.why})"
            base = base_from_bytes(fetch_verdict(api, place.repository, found.artifacts[0]), origin)
            return msgspec.structs.replace(base, commit=run.head_sha)
    except Trouble as trouble:
        forbidden = trouble.kind is TroubleKind.REFUSED and trouble.status == 403
        return Base(origin, missing=f"{trouble}{'; the job needs `actions: read`' if forbidden else ''}")
    except ArtifactError as error:
        return Base(origin, missing=str(error))
    if passed_over:
        runs = counted(passed_over, "run")
        return Base(origin, missing=f"{runs} left an artifact {name}, of no commit that {place.sha[:7]} descends from")
    return Base(origin, missing=f"no such run has left an artifact {name}")


def is_of_branch(run: WorkflowRun, place: JobContext) -> bool:
    """Whether a run is what this branch of our own repository runs by itself: no pull request's, and no fork's."""
    ours = run.head_repository is not None and _same(run.head_repository.full_name, place.repository)
    return ours and run.event in BASE_EVENTS and run.head_branch == place.branch


def verdict_of_run(api: Api, place: JobContext, run: WorkflowRun, comment_id: str) -> bytes | None:
    """The verdict file that a run uploaded last, or None if it left none.

    Raises:
        ArtifactError, Trouble: there is one, and it cannot be loaded or used.
    """
    name = artifact_name(comment_id)
    path = f"/repos/{place.repository}/actions/runs/{run.id}/artifacts"
    pages = api.pages(path, ArtifactPage, {"name": name})
    found = [artifact for page in pages for artifact in page.artifacts if _is_of_run(artifact, name, run)]
    if not found:
        return None
    return fetch_verdict(api, place.repository, max(found, key=lambda artifact: artifact.uploaded))


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
    if len(found) > PULLS_MAX:
        raise Trouble(TroubleKind.REFUSED, f"{len(found)} pull requests have this head")
    return found


def _same(a: str, b: str) -> bool:
    return a.lower() == b.lower()
