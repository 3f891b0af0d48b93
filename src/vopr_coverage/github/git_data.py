"""A branch as GitHub's git data API has it: read a file of it, and move it from one commit to the next.

The branch is moved only from the commit that was read: either GitHub itself refuses what is no descendant of the
newest commit, or the request names the commit that the branch must be at.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from vopr_coverage.github.api import Api
from vopr_coverage.github.retry import Trouble, TroubleKind

FILE_MODE = "100644"
# A tree takes a text in itself; a large one is sent as a blob of its own.
INLINE_BYTES_MAX = 256 << 10
_REPOSITORY_ID = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id } }"
_UPDATE_REFS = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"


class _Target(msgspec.Struct):
    sha: str
    type: str = "commit"


class _Ref(msgspec.Struct):
    object: _Target


class _Sha(msgspec.Struct):
    sha: str


class _Commit(msgspec.Struct):
    sha: str
    tree: _Sha


class TreeEntry(msgspec.Struct, frozen=True):
    """A name in a tree. `size` is in bytes, None for a folder."""

    path: str
    type: str
    sha: str
    size: int | None = None


class _Tree(msgspec.Struct):
    sha: str
    tree: tuple[TreeEntry, ...]
    truncated: bool = False


class _Blob(msgspec.Struct):
    content: str
    encoding: str


class _ListedMessage(msgspec.Struct):
    message: str


class ListedCommit(msgspec.Struct, frozen=True):
    """A commit in the history of a branch."""

    sha: str
    commit: _ListedMessage


class _Node(msgspec.Struct):
    id: str


class _Found(msgspec.Struct):
    repository: _Node


class Head(NamedTuple):
    """A branch's newest commit, its tree, and what is at the root of that."""

    commit: str
    tree: str
    entries: dict[str, TreeEntry]


class GitBranch:
    """One branch of one repository. Reading is tried again; every write is one request, done once.

    All methods raise Trouble where GitHub could not be asked, or refused.
    """

    def __init__(self, api: Api, repository: str, name: str) -> None:
        self._api, self._repository, self._name = api, repository, name
        self._git = f"/repos/{repository}/git"
        self._path = f"heads/{quote(name)}"

    def tip(self) -> str | None:
        """The newest commit, None where there is no such branch."""
        try:
            return self._api.get(f"{self._git}/ref/{self._path}", _Ref).object.sha
        except Trouble as trouble:
            if trouble.status == 404:
                return None
            raise

    def head(self) -> Head | None:
        """The newest commit with its tree, None where there is no such branch."""
        tip = self.tip()
        if tip is None:
            return None
        commit = self._api.get(f"{self._git}/commits/{tip}", _Commit)
        tree = self._api.get(f"{self._git}/trees/{commit.tree.sha}", _Tree)
        return Head(tip, tree.sha, {entry.path: entry for entry in tree.tree})

    def content(self, entry: TreeEntry) -> bytes:
        """A file."""
        blob = self._api.get(f"{self._git}/blobs/{entry.sha}", _Blob)
        try:
            return base64.b64decode(blob.content) if blob.encoding == "base64" else blob.content.encode()
        except binascii.Error:
            raise Trouble(TroubleKind.BROKEN, "GitHub's answer was not what it should be") from None

    def history(self, tip: str, commits_max: int) -> list[ListedCommit]:
        """The commits up to `tip`, the newest first, at most so many (100)."""
        query = {"sha": tip, "per_page": commits_max}
        return self._api.get(f"/repos/{self._repository}/commits", list[ListedCommit], query)

    def commit(self, files: Mapping[str, bytes], message: str, base: Head | None, *, parents: tuple[str, ...]) -> str:
        """A commit with these files, and those that `base` has besides. No branch has it yet."""
        entries = [self._entry(name, data) for name, data in files.items()]
        tree = self._api.write(
            "POST", f"{self._git}/trees", _Sha, {"tree": entries, **({"base_tree": base.tree} if base else {})}
        )
        body = {"message": message, "tree": tree.sha, "parents": list(parents)}
        return self._api.write("POST", f"{self._git}/commits", _Sha, body).sha

    def create(self, commit: str) -> None:
        """Create the branch; GitHub refuses with 422 if there is one by now."""
        self._api.write("POST", f"{self._git}/refs", _Ref, {"ref": f"refs/heads/{self._name}", "sha": commit})

    def advance(self, commit: str) -> None:
        """Move the branch to a descendant of its newest commit; to any other commit GitHub refuses with 422."""
        self._api.write("PATCH", f"{self._git}/refs/{self._path}", _Ref, {"sha": commit, "force": False})

    def replace(self, was: str, commit: str) -> None:
        """Move the branch to a commit that need not be a descendant, if it still is at `was`.

        The REST API can't ask for that; `updateRefs` of the other one can.
        """
        owner, _, name = self._repository.partition("/")
        found = self._api.query(_REPOSITORY_ID, {"owner": owner, "name": name}, _Found)
        update = {"name": f"refs/heads/{self._name}", "beforeOid": was, "afterOid": commit, "force": True}
        self._api.query(
            _UPDATE_REFS, {"input": {"repositoryId": found.repository.id, "refUpdates": [update]}}, dict[str, object]
        )

    def _entry(self, name: str, data: bytes) -> dict[str, object]:
        entry: dict[str, object] = {"path": name, "mode": FILE_MODE, "type": "blob"}
        if len(data) <= INLINE_BYTES_MAX and data.isascii():
            return {**entry, "content": data.decode("ascii")}
        body = {"content": base64.b64encode(data).decode(), "encoding": "base64"}
        return {**entry, "sha": self._api.write("POST", f"{self._git}/blobs", _Sha, body).sha}
