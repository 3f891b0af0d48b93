"""Whether a commit is part of the history of the one that is judged. Git knows; here GitHub is asked."""

from __future__ import annotations

import msgspec

from vopr_coverage.github.api import Api
from vopr_coverage.github.context import SHA, JobContext
from vopr_coverage.github.retry import Trouble

_ANCESTOR = {"ahead": True, "identical": True, "behind": False, "diverged": False}


class Ancestry(msgspec.Struct, frozen=True):
    """The answer; `is_ancestor` is None where GitHub cannot tell, and `why` says why not."""

    is_ancestor: bool | None
    why: str = ""


class _Comparison(msgspec.Struct):
    status: str


def ancestry_of(api: Api, place: JobContext, commit: str) -> Ancestry:
    """Whether the commit is an ancestor of what this job judges, or the same. At most one call."""
    if commit in place.contained:
        return Ancestry(is_ancestor=True)
    if not place.sha or not SHA.fullmatch(commit):
        return Ancestry(is_ancestor=None, why="the commits are not known")
    path = f"/repos/{place.repository}/compare/{commit}...{place.sha}"
    try:
        status = api.get_once(path, _Comparison, {"per_page": 1}).status  # of what else it lists nothing is needed
    except Trouble as trouble:
        hint = "; the job needs `contents: read`" if trouble.status in (403, 404) else ""
        return Ancestry(is_ancestor=None, why=f"{trouble}{hint}")
    if status not in _ANCESTOR:
        return Ancestry(is_ancestor=None, why="GitHub's answer was not what it should be")
    return Ancestry(_ANCESTOR[status])
