"""What the fake GitHub knows: repositories, pull requests, issues, comments, workflow runs and artifacts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

REPOSITORY = "somebody/database"
ACTIONS_BOT = "github-actions[bot]"
A_SHA = "0123456789abcdef0123456789abcdef01234567"
KEPT = timedelta(days=90)
T = TypeVar("T")
FIRST_ID = 2_500_000_001  # GitHub's have long outgrown 32 bits


@dataclass
class Pull:
    """A pull request; `head_repo` is None when its fork was deleted, and then `author` still names the head's owner."""

    number: int
    repo: str
    state: str
    head_sha: str
    head_ref: str
    head_repo: str | None
    base_ref: str
    author: str
    created_at: datetime
    body: str | None = None


@dataclass
class Issue:
    """An issue; `updated` counts the changes of the whole world, since a second may see several."""

    number: int
    repo: str
    title: str
    body: str | None
    author: str | None
    state: str
    state_reason: str | None
    created_at: datetime
    updated_at: datetime
    updated: int = 0


@dataclass
class Comment:
    """An issue comment; `author` is None when the account is gone."""

    id: int
    repo: str
    issue: int
    body: str
    author: str | None
    author_type: str
    created_at: datetime
    updated_at: datetime


@dataclass
class Run:
    """A workflow run; `head_repo` is None when the fork was deleted."""

    id: int
    repo: str
    head_repo: str | None
    head_branch: str
    head_sha: str
    event: str
    status: str
    conclusion: str | None
    run_attempt: int
    path: str
    created_at: datetime


@dataclass
class Job:
    """A job of one attempt of a run."""

    id: int
    run: Run
    run_attempt: int
    name: str
    status: str
    conclusion: str | None
    created_at: datetime


@dataclass
class Artifact:
    """An artifact of a run, or of a run that is gone (None); `digest` is `sha256:…`, or None as before 2025."""

    id: int
    repo: str
    name: str
    content: bytes
    size: int
    digest: str | None
    expired: bool
    created_at: datetime
    expires_at: datetime | None
    run: Run | None


@dataclass(frozen=True)
class GitCommit:
    """A commit as git has it."""

    tree: str
    parents: tuple[str, ...]
    message: str


@dataclass
class GitObjects:
    """The objects and branches of all repositories. `trees`: name → mode, kind and sha. `branches`: by repository
    and name; `protected` of them can't be written. `by_hand` is for tests: what they pushed.
    """

    blobs: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, dict[str, tuple[str, str, str]]] = field(default_factory=dict)
    commits: dict[str, GitCommit] = field(default_factory=dict)
    branches: dict[tuple[str, str], str] = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)
    by_hand: set[int] = field(default_factory=set)

    def add_blob(self, data: bytes) -> str:
        """Store a file."""
        return self._added(self.blobs, b"blob", data, data)

    def add_tree(self, entries: dict[str, tuple[str, str, str]]) -> str:
        """Store a folder."""
        listed = [f"{mode} {name}".encode() + b"\0" + bytes.fromhex(sha) for name, (mode, _, sha) in entries.items()]
        return self._added(self.trees, b"tree", b"".join(sorted(listed)), entries)

    def add_commit(self, commit: GitCommit) -> str:
        """Store a commit; each is another one, as its time would make it."""
        text = f"{commit} {len(self.commits)}".encode()
        return self._added(self.commits, b"commit", text, commit)

    def push(
        self,
        files: dict[str, bytes],
        branch: str,
        *,
        repo: str = REPOSITORY,
        force: bool = False,
        message: str = "By hand",
    ) -> str:
        """What somebody with a clone does: a commit with these files alone, on top of the branch or instead of it."""
        tree = self.add_tree({name: ("100644", "blob", self.add_blob(data)) for name, data in files.items()})
        there = self.branches.get((repo, branch))
        parents = () if force or there is None else (there,)
        self.branches[repo, branch] = commit = self.add_commit(GitCommit(tree, parents, message))
        return commit

    def files(self, branch: str, repo: str = REPOSITORY) -> dict[str, bytes]:
        """The files at the root of a branch."""
        tree = self.trees[self.commits[self.branches[repo, branch]].tree]
        return {name: self.blobs[sha] for name, (_, kind, sha) in tree.items() if kind == "blob"}

    def history(self, commit: str) -> list[str]:
        """A commit and its ancestors, the nearest first."""
        found = [commit]
        for one in found:  # which grows meanwhile
            found += [parent for parent in self.commits[one].parents if parent not in found]
        return found

    def _added(self, objects: dict[str, T], kind: bytes, data: bytes, value: T) -> str:
        sha = hashlib.sha1(kind + b" %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        objects.setdefault(sha, value)
        return sha


class World:
    """All of it; tests add things and change them freely, and requests see the change at once."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self._ids = count(FIRST_ID)
        self._known_ids: defaultdict[str, int] = defaultdict(lambda: next(self._ids))
        self.repositories = {REPOSITORY}
        self._changes = count(1)
        self.pulls: dict[tuple[str, int], Pull] = {}
        self.issues: dict[tuple[str, int], Issue] = {}
        self.without_issues: set[str] = set()
        self.comments: dict[int, Comment] = {}
        self.runs: dict[int, Run] = {}
        self.jobs: dict[int, Job] = {}
        self.artifacts: dict[int, Artifact] = {}
        self.parents: dict[str, tuple[str, ...]] = {}
        self.git = GitObjects()

    def id_of(self, name: str) -> int:
        """The id of a repository or an account, the same every time."""
        return self._known_ids[name]

    def add_pull(
        self,
        number: int,
        *,
        repo: str = REPOSITORY,
        state: str = "open",
        head_sha: str = A_SHA,
        head_ref: str = "feature",
        head_repo: str | None = REPOSITORY,
        base_ref: str = "main",
        author: str = "",
        body: str | None = None,
    ) -> Pull:
        """Open a pull request; its author is the head's owner unless named."""
        self.repositories |= {repo, head_repo or repo}
        author = author or (head_repo or "somebody/").split("/")[0]
        pull = Pull(number, repo, state, head_sha, head_ref, head_repo, base_ref, author, self.now(), body)
        self.pulls[repo, number] = pull
        return pull

    def add_issue(
        self,
        title: str,
        body: str | None = None,
        *,
        author: str | None = ACTIONS_BOT,
        state: str = "open",
        repo: str = REPOSITORY,
    ) -> Issue:
        """Open an issue under the next number, which pull requests share."""
        number = max((number for at, number in (*self.issues, *self.pulls) if at == repo), default=0) + 1
        moment = self.now()
        issue = Issue(number, repo, title, body, author, state, None, moment, moment, next(self._changes))
        self.issues[repo, number] = issue
        return issue

    def change(self, issue: Issue, **fields: str | None) -> None:
        """Give an issue another title, body or state; a state is changed with a reason."""
        reason = fields.pop("state_reason", None)
        state = fields.get("state", issue.state)
        if state != issue.state:
            issue.state_reason = reason or ("completed" if state == "closed" else "reopened")
        for name, value in fields.items():
            setattr(issue, name, value)
        issue.updated_at, issue.updated = self.now(), next(self._changes)

    def add_comment(
        self, issue: int, body: str, *, author: str | None = ACTIONS_BOT, author_type: str = "", repo: str = REPOSITORY
    ) -> Comment:
        """Write a comment; an author is a Bot when the login ends so, else a User."""
        author_type = author_type or ("Bot" if (author or "").endswith("[bot]") else "User")
        moment = self.now()
        comment = Comment(next(self._ids), repo, issue, body, author, author_type, moment, moment)
        self.comments[comment.id] = comment
        return comment

    def add_commits(self, *shas: str, onto: tuple[str, ...] = ()) -> str:
        """Commit these, one upon the other, the first onto others (a merge has several), and name the last."""
        for sha in shas:
            self.parents[sha] = onto
            onto = (sha,)
        return shas[-1]

    def add_run(
        self,
        *,
        repo: str = REPOSITORY,
        head_repo: str | None = REPOSITORY,
        head_branch: str = "main",
        head_sha: str = A_SHA,
        event: str = "push",
        status: str = "completed",
        conclusion: str | None = "success",
        run_attempt: int = 1,
        path: str = ".github/workflows/nightly.yml",
    ) -> Run:
        """Start a workflow run, or rather end one."""
        self.repositories |= {repo, head_repo or repo}
        number = next(self._ids)
        run = Run(
            number, repo, head_repo, head_branch, head_sha, event, status, conclusion, run_attempt, path, self.now()
        )
        self.runs[number] = run
        return run

    def add_job(
        self,
        run: Run,
        name: str,
        *,
        run_attempt: int | None = None,
        status: str = "completed",
        conclusion: str | None = "success",
    ) -> Job:
        """Start a job of a run, or rather end one; of the run's attempt unless given."""
        job = Job(next(self._ids), run, run_attempt or run.run_attempt, name, status, conclusion, self.now())
        self.jobs[job.id] = job
        return job

    def add_artifact(
        self,
        name: str,
        content: bytes,
        run: Run | None = None,
        *,
        repo: str = REPOSITORY,
        digest: str | None = "right",
        size: int | None = None,
        expired: bool = False,
    ) -> Artifact:
        """Upload a zip; its digest and size tell the truth unless given."""
        if digest == "right":
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        size, moment = len(content) if size is None else size, self.now()
        artifact = Artifact(next(self._ids), repo, name, content, size, digest, expired, moment, moment + KEPT, run)
        self.artifacts[artifact.id] = artifact
        return artifact

    def comments_on(self, issue: int, repo: str = REPOSITORY) -> list[Comment]:
        """The comments of an issue or pull request, oldest first."""
        return [one for one in self.comments.values() if (one.repo, one.issue) == (repo, issue)]
