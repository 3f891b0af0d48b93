"""The git data API of the fake: objects, what it refuses, and the mutation that moves a branch from a known commit."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from github import Github, GithubException, InputGitTreeElement
from github.Repository import Repository

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import REPOSITORY

BRANCH = "vopr-trends"
UPDATE = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
ASK = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id } }"


@pytest.fixture
def repo(github: FakeGitHub, connect: Callable[..., Github]) -> Repository:
    """The one repository, as a real client sees it."""
    return connect(github, github.add_token("t")).get_repo(REPOSITORY)


def commit_of(repo: Repository, text: str, *parents: str) -> str:
    """A commit with one file."""
    tree = repo.create_git_tree([InputGitTreeElement("a.txt", "100644", "blob", content=text)])
    return repo.create_git_commit("A change", tree, [repo.get_git_commit(sha) for sha in parents]).sha


def refused(status: int, call: Callable[[], Any]) -> str:
    """The message with which a call is refused."""
    with pytest.raises(GithubException) as caught:
        call()
    assert caught.value.status == status
    return str(caught.value.data["message"])


def test_a_branch_is_made_read_and_moved(repo: Repository, github: FakeGitHub) -> None:
    """What was written is read back, from a blob of either kind; the history is listed, the newest first."""
    first = commit_of(repo, "one\n")
    ref = repo.create_git_ref(f"refs/heads/{BRANCH}", first)
    blob = repo.create_git_blob(base64.b64encode(b"\xff").decode(), "base64")
    base = repo.get_git_tree(repo.get_git_commit(first).tree.sha)
    tree = repo.create_git_tree([InputGitTreeElement("b.bin", "100644", "blob", sha=blob.sha)], base)
    second = repo.create_git_commit("More", tree, [repo.get_git_commit(first)]).sha
    ref.edit(second)
    assert repo.get_git_ref(f"heads/{BRANCH}").object.sha == second
    assert [(entry.path, entry.size) for entry in repo.get_git_tree(tree.sha).tree] == [("a.txt", 4), ("b.bin", 1)]
    assert base64.b64decode(repo.get_git_blob(blob.sha).content) == b"\xff"
    assert [commit.sha for commit in repo.get_commits(sha=BRANCH)] == [second, first]
    assert github.world.git.files(BRANCH) == {"a.txt": b"one\n", "b.bin": b"\xff"}


def test_a_move_that_loses_a_commit_is_refused(repo: Repository, github: FakeGitHub) -> None:
    """422 for a branch that exists, for one that doesn't, for a commit that is no descendant, and for a rule."""
    first = commit_of(repo, "one")
    ref = repo.create_git_ref(f"refs/heads/{BRANCH}", first)
    other = commit_of(repo, "other")
    assert "already exists" in refused(422, lambda: repo.create_git_ref(f"refs/heads/{BRANCH}", other))
    assert "not a fast forward" in refused(422, lambda: ref.edit(other))
    assert "Object does not exist" in refused(422, lambda: ref.edit("0" * 40))
    github.world.git.protected.add(BRANCH)
    assert "rule violations" in refused(422, lambda: ref.edit(other, force=True))
    github.world.git.protected.clear()
    ref.edit(other, force=True)
    github.world.git.branches.clear()
    assert "does not exist" in refused(422, lambda: ref.edit(other))
    assert "Not Found" in refused(404, lambda: repo.get_git_ref(f"heads/{BRANCH}").object)


def test_a_token_that_may_only_read_writes_nothing(repo: Repository, github: FakeGitHub) -> None:
    """403, as for every write."""
    github.add_token("t", read_only=True)
    assert "not accessible" in refused(403, lambda: commit_of(repo, "one"))
    assert github.world.git.commits == {}


def test_update_refs_moves_from_a_known_commit_only(
    repo: Repository, github: FakeGitHub, connect: Callable[..., Github]
) -> None:
    """Even to a commit that is no descendant; from another commit, or without the right, nothing happens."""
    first, second, third = (commit_of(repo, text) for text in ("one", "two", "three"))
    repo.create_git_ref(f"refs/heads/{BRANCH}", first)
    requester = connect(github, "t").requester
    owner, name = REPOSITORY.split("/")
    _, found = requester.graphql_query(ASK, {"owner": owner, "name": name})

    def move(before: str, after: str) -> None:
        update = {"name": f"refs/heads/{BRANCH}", "beforeOid": before, "afterOid": after, "force": True}
        given = {"repositoryId": found["data"]["repository"]["id"], "refUpdates": [update]}
        requester.graphql_query(UPDATE, {"input": given})

    move(first, second)
    with pytest.raises(GithubException):
        move(first, third)
    github.add_token("t", read_only=True)
    with pytest.raises(GithubException):
        move(second, third)
    assert repo.get_git_ref(f"heads/{BRANCH}").object.sha == second
    with pytest.raises(GithubException):
        requester.graphql_query(ASK, {"owner": owner, "name": "none"})
