"""The commits of the actions that we use, by their tags: `.github/actions.txt`, a line `OWNER/NAME TAG COMMIT` each.

    python tools/known_actions.py --write     ask for the tags of all that is used, and write the file
    python tools/known_actions.py --check     ask whether each tag is still where the file says

A `uses:` names a commit, and its tag in a comment that nothing checks. A test holds the two together by this file; here
it is held against the repositories themselves. Exit code 1: a tag is somewhere else; 2: a repository does not answer.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FILE = ROOT / ".github" / "actions.txt"
SERVER = "https://github.com"
FOLDERS = (".github/workflows", "workflows", "composite", "handoff", "setup", ".")
_USES = re.compile(r"^[\s-]*(?:- )?uses: *['\"]?([\w.-]+/[\w./-]+)@(\S+?)['\"]?(?: +#(.*))?$", re.MULTILINE)
_PINNED = re.compile(r"[0-9a-f]{40}")
_TAG = re.compile(r" ?(v\d+\.\d+\.\d+)(?: .*)?")
TIMEOUT_S = 60


class Unanswered(Exception):
    """A repository that could not be asked."""


class Used(NamedTuple):
    """One `uses:` of an action of others: where, the repository, the commit or other reference, the comment's tag."""

    where: str
    action: str
    reference: str
    tag: str

    @property
    def is_pinned(self) -> bool:
        """Whether it names a commit, and in its comment a whole version."""
        return bool(_PINNED.fullmatch(self.reference) and self.tag)


def used(root: Path = ROOT) -> Iterator[Used]:
    """Every action of others that a workflow, a starter or one of our own actions uses."""
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.yml")):
            for match in _USES.finditer(path.read_text(encoding="utf-8")):
                tag = _TAG.fullmatch(match[3] or "")
                owner, name = match[1].split("/")[:2]
                yield Used(path.relative_to(root).as_posix(), f"{owner}/{name}", match[2], tag[1] if tag else "")


def known(text: str) -> dict[tuple[str, str], str]:
    """The file's commits, by action and tag."""
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {(action, tag): commit for action, tag, commit in rows}


def commit_of(action: str, tag: str, server: str) -> str:
    """Where a tag is now: its commit, also behind an annotated tag.

    Raises:
        Unanswered: the repository does not answer, or has no such tag.
    """
    line = ["git", "ls-remote", f"{server}/{action}", f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}"]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unanswered(f"{action}: {error}") from None
    if done.returncode:
        raise Unanswered(f"{action}: {(done.stderr.strip().splitlines() or ['git failed'])[-1]}")
    found = {name: sha for sha, _, name in (row.partition("\t") for row in done.stdout.splitlines())}
    commit = found.get(f"refs/tags/{tag}^{{}}") or found.get(f"refs/tags/{tag}")
    if not commit:
        raise Unanswered(f"{action} has no tag {tag}")
    return commit


def main(argv: list[str] | None = None) -> int:
    """Write the file, or check it."""
    parser = argparse.ArgumentParser(description="The commits of the actions that we use.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true")
    what.add_argument("--check", action="store_true")
    parser.add_argument("--server", default=SERVER, help="where the repositories are")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    options = parser.parse_args(argv)
    file = options.root / FILE.relative_to(ROOT)
    try:
        return _write(options.root, file, options.server) if options.write else _check(file, options.server)
    except Unanswered as error:
        print(f"nothing was checked: {error}", file=sys.stderr)
        return 2


def _write(root: Path, file: Path, server: str) -> int:
    pinned = sorted({(each.action, each.tag) for each in used(root) if each.is_pinned})
    rows = [f"{action} {tag} {commit_of(action, tag, server)}\n" for action, tag in pinned]
    file.write_text("# Written by `make actions-lock`: action, tag, commit.\n" + "".join(rows), encoding="utf-8")
    print(f"{len(rows)} actions written to {file}")
    return 0


def _check(file: Path, server: str) -> int:
    rows = known(file.read_text(encoding="utf-8"))
    moved = [
        f"{action} {tag} is at {now}, and was at {commit}: find out why before anything else"
        for (action, tag), commit in rows.items()
        if (now := commit_of(action, tag, server)) != commit
    ]
    print("\n".join(moved) if moved else f"the tags of {len(rows)} actions are where they were")
    return 1 if moved else 0


if __name__ == "__main__":
    sys.exit(main())
