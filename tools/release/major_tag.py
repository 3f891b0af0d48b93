"""Moves the tag `v1` to a release, if that is the newest of its major version.

    python -m tools.release.major_tag --repository OWNER/NAME --tag v1.2.3 --commit SHA

A fix of an older version must not take newer ones from those who use `v1`. GitHub is asked through `gh`, which takes
its token from GH_TOKEN.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable

from tools.release.source import ReleaseError, run

_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def numbers(tag: str) -> tuple[int, int, int]:
    """The three numbers of a version's tag.

    Raises:
        ReleaseError: it is none.
    """
    found = _TAG.fullmatch(tag)
    if not found:
        raise ReleaseError(f"{tag} is no tag of a version")
    return int(found[1]), int(found[2]), int(found[3])


def is_newest(tag: str, others: Iterable[str]) -> bool:
    """Whether no other version of the same major one is newer."""
    versions = [numbers(other) for other in others if _TAG.fullmatch(other)]
    return all(numbers(tag) >= other for other in versions if other[0] == numbers(tag)[0])


def move(repository: str, tag: str, commit: str, gh: str) -> str:
    """Move the tag of the major version, or create it; return what was done.

    Raises:
        ReleaseError: GitHub refuses.
    """
    major = f"v{numbers(tag)[0]}"
    refs = json.loads(run([gh, "api", "--paginate", f"repos/{repository}/git/matching-refs/tags/{major}"]))
    tags = {ref["ref"].removeprefix("refs/tags/"): ref["object"]["sha"] for ref in refs}
    if not is_newest(tag, tags):
        return f"{major} stays where it is: there is a newer version than {tag}"
    if major in tags:
        line = ["--method", "PATCH", f"repos/{repository}/git/refs/tags/{major}", "-F", "force=true"]
    else:
        line = ["--method", "POST", f"repos/{repository}/git/refs", "-f", f"ref=refs/tags/{major}"]
    run([gh, "api", *line, "-f", f"sha={commit}"])
    return f"{major} is at {commit}"


def main(argv: list[str] | None = None) -> int:
    """Move it, and say so."""
    parser = argparse.ArgumentParser(description="Moves the tag of a major version.")
    parser.add_argument("--repository", required=True)
    parser.add_argument("--tag", required=True, help="the tag of the release")
    parser.add_argument("--commit", required=True, help="the release commit")
    parser.add_argument("--gh", default="gh", help="the program gh")
    options = parser.parse_args(argv)
    try:
        print(move(options.repository, options.tag, options.commit, options.gh))
    except ReleaseError as error:
        print(f"the tag was not moved: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
