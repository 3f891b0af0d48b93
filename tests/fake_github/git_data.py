"""The git data API: branches, commits, folders and files, and the one mutation of the GraphQL API that moves a branch.

Status codes are those of the description. The sentences of a refused move are GitHub's, as its users quote them.
"""

from __future__ import annotations

import base64
import binascii
import json
from http import HTTPStatus
from typing import Any

from tests.fake_github.answers import SITE, Json, json_answer, node_id, refusal
from tests.fake_github.calls import READ_ONLY, Call, Route, invalid_request, not_found, sent_json
from tests.fake_github.loopback import Answer
from tests.fake_github.state import GitCommit
from tests.fake_github.tables import A_COMMITTER

NOT_FAST_FORWARD = "Update is not a fast forward"
NO_REFERENCE = "Reference does not exist"
EXISTS = "Reference already exists"
PROTECTED = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n"
UNVERIFIED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
A_SIGNATURE = {**A_COMMITTER, "date": "2026-11-01T02:00:00Z"}
NO_COMMIT = "0" * 40
HEADS = "refs/heads/"


# ---- reading


def get_ref(call: Call, branch: str) -> Answer:
    """A branch and its newest commit."""
    commit = call.world.git.branches.get((call.repo, branch))
    return not_found() if commit is None else json_answer(HTTPStatus.OK, ref(call, branch, commit))


def get_commit(call: Call, sha: str) -> Answer:
    """A commit."""
    known = sha in call.world.git.commits
    return json_answer(HTTPStatus.OK, git_commit(call, sha)) if known else not_found()


def get_tree(call: Call, sha: str) -> Answer:
    """A folder, without those below it."""
    known = sha in call.world.git.trees
    return json_answer(HTTPStatus.OK, tree(call, sha)) if known else not_found()


def get_blob(call: Call, sha: str) -> Answer:
    """A file, in base64 with a line end every 60 characters."""
    data = call.world.git.blobs.get(sha)
    if data is None:
        return not_found()
    told = {"sha": sha, "node_id": node_id(call.world.id_of(sha)), "size": len(data), "url": url(call, "blobs", sha)}
    text = base64.b64encode(data).decode()
    lines = "".join(f"{text[at : at + 60]}\n" for at in range(0, len(text), 60))
    return json_answer(HTTPStatus.OK, {**told, "content": lines, "encoding": "base64"})


def list_commits(call: Call) -> Answer:
    """The history of a commit or a branch, the newest first."""
    git, query = call.world.git, call.request.query
    start = git.branches.get((call.repo, query.get("sha", "main")), query.get("sha", ""))
    if start not in git.commits:
        return not_found()
    found = git.history(start)[: int(query.get("per_page", 30))]
    return json_answer(HTTPStatus.OK, [listed(call, sha) for sha in found])


# ---- writing


def create_blob(call: Call) -> Answer:
    """A file that no folder has yet."""
    sent = sent_json(call.request)
    if isinstance(sent, Answer):
        return sent
    try:
        data = content_of(sent)
    except (binascii.Error, ValueError):
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "content is not valid Base64")
    sha = call.world.git.add_blob(data)
    return json_answer(HTTPStatus.CREATED, {"sha": sha, "url": url(call, "blobs", sha)})


def content_of(sent: Json) -> bytes:
    """The bytes of a blob that a request brings."""
    text: str = sent.get("content", "")
    return base64.b64decode(text, validate=True) if sent.get("encoding") == "base64" else text.encode()


def create_tree(call: Call) -> Answer:
    """A folder: these entries, and those of the base that have other names."""
    sent = sent_json(call.request)
    if isinstance(sent, Answer):
        return sent
    git = call.world.git
    base = sent.get("base_tree")
    if base is not None and base not in git.trees:
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "base_tree is not a tree oid")
    entries = dict(git.trees[base]) if base else {}
    for entry in sent.get("tree", ()):
        if ("sha" in entry) == ("content" in entry):
            return invalid_request("Must supply either tree.sha or tree.content.")
        sha = entry["sha"] if "sha" in entry else git.add_blob(entry["content"].encode())
        if sha not in git.blobs and sha not in git.trees:
            return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"tree.sha {sha} is not a valid blob")
        entries[entry["path"]] = (entry["mode"], entry["type"], sha)
    return json_answer(HTTPStatus.CREATED, tree(call, git.add_tree(entries)))


def create_commit(call: Call) -> Answer:
    """A commit that no branch has yet."""
    sent = sent_json(call.request)
    if isinstance(sent, Answer):
        return sent
    git, parents = call.world.git, tuple(sent.get("parents", ()))
    if sent.get("tree") not in git.trees or any(parent not in git.commits for parent in parents):
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Tree SHA does not exist")
    sha = git.add_commit(GitCommit(sent["tree"], parents, sent.get("message", "")))
    return json_answer(HTTPStatus.CREATED, git_commit(call, sha))


def create_ref(call: Call) -> Answer:
    """A new branch."""
    sent = sent_json(call.request)
    if isinstance(sent, Answer):
        return sent
    git, branch = call.world.git, str(sent.get("ref", "")).removeprefix(HEADS)
    if (call.repo, branch) in git.branches:
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, EXISTS)
    if sent.get("sha") not in git.commits:
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Object does not exist")
    if branch in git.protected:
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, PROTECTED)
    git.branches[call.repo, branch] = sent["sha"]
    return json_answer(HTTPStatus.CREATED, ref(call, branch, sent["sha"]))


def update_ref(call: Call, branch: str) -> Answer:
    """Move a branch; without force to a descendant of its newest commit only."""
    sent = sent_json(call.request)
    if isinstance(sent, Answer):
        return sent
    wrong = moved(call, branch, sent.get("sha", ""), force=bool(sent.get("force")))
    if wrong:
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, wrong)
    return json_answer(HTTPStatus.OK, ref(call, branch, sent["sha"]))


def moved(call: Call, branch: str, sha: str, *, force: bool) -> str:
    """Move a branch, or say why not."""
    git, there = call.world.git, call.world.git.branches.get((call.repo, branch))
    if there is None:
        return NO_REFERENCE
    if sha not in git.commits:
        return "Object does not exist"
    if branch in git.protected:
        return PROTECTED
    if not force and there not in git.history(sha):
        return NOT_FAST_FORWARD
    git.branches[call.repo, branch] = sha
    return ""


# ---- the GraphQL API


def answer_graphql(call: Call) -> Answer:
    """The id of a repository, or `updateRefs`; whatever is wrong, the status is 200."""
    sent = json.loads(call.request.body)
    given: Json = sent["variables"]
    if "updateRefs" in sent["query"]:
        return json_answer(HTTPStatus.OK, update_refs(call, given["input"]))
    name = f"{given['owner']}/{given['name']}"
    if name not in call.world.repositories:
        return json_answer(HTTPStatus.OK, graphql_error("NOT_FOUND", f"Could not resolve to a Repository {name!r}."))
    return json_answer(HTTPStatus.OK, {"data": {"repository": {"id": node_id(call.world.id_of(name))}}})


def update_refs(call: Call, given: Json) -> Json:
    """Move one branch, if it is at `beforeOid`."""
    if call.read_only:
        return graphql_error("FORBIDDEN", READ_ONLY)
    names = (name for name in call.world.repositories if node_id(call.world.id_of(name)) == given["repositoryId"])
    here = Call(**{**vars(call), "repo": next(names)})
    (update,) = given["refUpdates"]
    branch = update["name"].removeprefix(HEADS)
    there = call.world.git.branches.get((here.repo, branch), NO_COMMIT)
    if update.get("beforeOid") not in (None, there):
        return graphql_error("UNPROCESSABLE", f"{update['name']} is at {there} but expected {update['beforeOid']}")
    wrong = moved(here, branch, update["afterOid"], force=bool(update.get("force")))
    if wrong:
        return graphql_error("UNPROCESSABLE", wrong)
    return {"data": {"updateRefs": {"clientMutationId": None}}}


def graphql_error(kind: str, message: str) -> Json:
    """What went wrong, in the shape of that API."""
    return {"data": None, "errors": [{"type": kind, "path": ["updateRefs"], "message": message}]}


# ---- JSON


def url(call: Call, kind: str, name: str) -> str:
    """The address of an object."""
    return f"{call.api}/repos/{call.repo}/git/{kind}/{name}"


def ref(call: Call, branch: str, sha: str) -> Json:
    """A `git-ref`."""
    name = f"{HEADS}{branch}"
    target = {"type": "commit", "sha": sha, "url": url(call, "commits", sha)}
    number = call.world.id_of(f"{call.repo} {name}")
    return {"ref": name, "node_id": node_id(number), "url": url(call, "refs", f"heads/{branch}"), "object": target}


def git_commit(call: Call, sha: str) -> Json:
    """A `git-commit`."""
    commit = call.world.git.commits[sha]
    return {
        "sha": sha,
        "node_id": node_id(call.world.id_of(sha)),
        "url": url(call, "commits", sha),
        "html_url": page(call, sha),
        "author": A_SIGNATURE,
        "committer": A_SIGNATURE,
        "message": commit.message,
        "tree": {"sha": commit.tree, "url": url(call, "trees", commit.tree)},
        "parents": parents(call, commit),
        "verification": UNVERIFIED,
    }


def listed(call: Call, sha: str) -> Json:
    """A `commit`, as lists have it."""
    commit, path = call.world.git.commits[sha], f"{call.api}/repos/{call.repo}/commits/{sha}"
    return {
        "url": path,
        "sha": sha,
        "node_id": node_id(call.world.id_of(sha)),
        "html_url": page(call, sha),
        "comments_url": f"{path}/comments",
        "commit": {
            **{"url": url(call, "commits", sha), "message": commit.message, "comment_count": 0},
            **{"author": A_SIGNATURE, "committer": A_SIGNATURE, "verification": UNVERIFIED},
            "tree": {"sha": commit.tree, "url": url(call, "trees", commit.tree)},
        },
        "author": None,
        "committer": None,
        "parents": parents(call, commit),
    }


def parents(call: Call, commit: GitCommit) -> list[Json]:
    """A commit's, as links."""
    return [{"sha": one, "url": url(call, "commits", one), "html_url": page(call, one)} for one in commit.parents]


def page(call: Call, sha: str) -> str:
    """The page of a commit."""
    return f"{SITE}/{call.repo}/commit/{sha}"


def tree(call: Call, sha: str) -> Json:
    """A `git-tree`."""
    entries: list[Json] = []
    for name, (mode, kind, of) in sorted(call.world.git.trees[sha].items()):
        size: dict[str, Any] = {"size": len(call.world.git.blobs[of])} if kind == "blob" else {}
        entries.append({"path": name, "mode": mode, "type": kind, "sha": of, **size, "url": url(call, f"{kind}s", of)})
    return {"sha": sha, "url": url(call, "trees", sha), "tree": entries, "truncated": False}


GIT_ROUTES = (
    Route("GET", "git/ref/heads/{branch}", get_ref),
    Route("GET", "git/commits/{sha}", get_commit),
    Route("GET", "git/trees/{sha}", get_tree, frozenset({"recursive"})),
    Route("GET", "git/blobs/{sha}", get_blob),
    Route("GET", "commits", list_commits, frozenset({"sha", "per_page"})),
    Route("POST", "git/blobs", create_blob),
    Route("POST", "git/trees", create_tree),
    Route("POST", "git/commits", create_commit),
    Route("POST", "git/refs", create_ref),
    Route("PATCH", "git/refs/heads/{branch}", update_ref),
)
