"""Which commit is simulated: what the user says, what GitHub says, and what is checked out."""

from __future__ import annotations

import subprocess
from typing import NamedTuple

from vopr_coverage.errors import UsageError, shown
from vopr_coverage.model.manifest import COMMIT, SHA, CommitSource
from vopr_coverage.recorder.child_environment import child_environment

GIT_TIMEOUT_S = 5.0


class FoundCommit(NamedTuple):
    """The commit under test.

    Attributes:
        name, source: the commit and where it was taken from; None if unknown.
        head: git's HEAD in the working directory; None if the user passed the commit, or without git.
    """

    name: str | None = None
    source: CommitSource | None = None
    head: str | None = None

    @property
    def difference(self) -> str:
        """A sentence if GitHub's commit and git's differ, else ""."""
        if self.source != "environment" or self.head in (None, self.name):
            return ""
        return f"GITHUB_SHA is {self.name}, and git's HEAD here is {self.head}: the manifest has both"


UNKNOWN_COMMIT = FoundCommit()


def find_commit(flag: str | None, sha: str) -> FoundCommit:
    """The commit under test: the flag, else GitHub's variable, else git's HEAD; unknown without any of them.

    Raises:
        UsageError: the flag is not the hexadecimal name of a commit.
    """
    if flag is not None:
        if not COMMIT.fullmatch(flag):
            raise UsageError(f"--commit: expected 7 to 64 hexadecimal digits in lower case, found {shown(flag)}")
        return FoundCommit(flag, "flag")
    head = _git_head()
    if SHA.fullmatch(sha):
        return FoundCommit(sha, "environment", head)
    return FoundCommit(head, "git", head) if head else UNKNOWN_COMMIT


def _git_head() -> str | None:
    try:
        result = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 (the git that the user's shell would run)
            stdin=subprocess.DEVNULL,
            env=child_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    head = result.stdout.strip()
    return head if result.returncode == 0 and SHA.fullmatch(head) else None
