"""The route that compares two commits, as far as their history tells: no files, no diff."""

from __future__ import annotations

from http import HTTPStatus

from tests.fake_github.answers import SITE, Json, json_answer, node_id
from tests.fake_github.calls import Call, not_found
from tests.fake_github.loopback import Answer
from tests.fake_github.state import World
from tests.fake_github.tables import A_COMMITTER


def compare_commits(call: Call, base: str, head: str) -> Answer:
    """How the head stands to the base. Commits that GitHub doesn't know, or that have no common ancestor, are 404."""
    world = call.world
    if base not in world.parents or head not in world.parents:
        return not_found()
    theirs, ours = history(world, base), history(world, head)
    ahead, behind = [one for one in ours if one not in theirs], [one for one in theirs if one not in ours]
    common = next((one for one in ours if one in theirs), None)
    if common is None:
        return not_found()
    status = ("diverged" if behind else "ahead") if ahead else ("behind" if behind else "identical")
    page = f"{SITE}/{call.repo}/compare/{base}...{head}"
    compared: Json = {
        "url": f"{call.api}{call.request.path}",
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": commit(call, base),
        "merge_base_commit": commit(call, common),
        "status": status,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commit(call, one) for one in ahead[::-1][: int(call.request.query.get("per_page", 250))]],
        "files": [],
    }
    return json_answer(HTTPStatus.OK, compared)


def history(world: World, sha: str) -> list[str]:
    """The commit and all its ancestors, nearest first."""
    found = [sha]
    for one in found:  # which grows meanwhile
        found += [parent for parent in world.parents[one] if parent not in found]
    return found


def commit(call: Call, sha: str) -> Json:
    """A `commit`."""
    repo = f"{call.api}/repos/{call.repo}"
    url, page = f"{repo}/commits/{sha}", f"{SITE}/{call.repo}/commit/{sha}"
    return {
        "url": url,
        "sha": sha,
        "node_id": node_id(call.world.id_of(sha)),
        "html_url": page,
        "comments_url": f"{url}/comments",
        "commit": {
            **{"url": f"{repo}/git/commits/{sha}", "message": "A change", "comment_count": 0},
            **{"author": A_COMMITTER, "committer": A_COMMITTER},
            "tree": {"sha": sha, "url": f"{repo}/git/trees/{sha}"},
        },
        "author": None,
        "committer": None,
        "parents": [{"sha": one, "url": f"{repo}/commits/{one}"} for one in call.world.parents[sha]],
    }
