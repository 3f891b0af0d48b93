"""The release commit: `action.yml` names the image by its digest, and nothing else differs from the commit before it.

    python -m tools.release.commit write --digest sha256:…    commit and tag, in this checkout
    python -m tools.release.commit check --tag v1.2.3         whether the commit here may be released by that tag

`check` prints `version=…`, `image=…` and `digest=…`, as a workflow takes outputs. A dry run has no tag, and its digest
is empty.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.release.notes import section_of
from tools.release.source import ROOT, ReleaseError, git, homepage_of, version_of

BUILT_HERE = "Dockerfile"  # what action.yml says everywhere but in a release commit
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_IMAGE = re.compile(r"^(  image: )(.+)$", re.MULTILINE)


def image_name(root: Path) -> str:
    """Where the image of this repository is pulled from, without tag or digest."""
    return f"ghcr.io/{homepage_of(root).removeprefix('https://github.com/').lower()}"


def image_of(action: str) -> str:
    """What `action.yml` says behind `image:`.

    Raises:
        ReleaseError: it has no such line, or several.
    """
    found = _IMAGE.findall(action)
    if len(found) != 1:
        raise ReleaseError(f"action.yml has {len(found)} lines with an image, and one is expected")
    return str(found[0][1])


def with_image(action: str, image: str) -> str:
    """The text of `action.yml` with another image, and no other change."""
    image_of(action)
    return _IMAGE.sub(lambda match: match[1] + image, action)


def digest_of(root: Path) -> str:
    """The digest that `action.yml` names; empty where the image is built by the Dockerfile.

    Raises:
        ReleaseError: it names neither.
    """
    image = image_of((root / "action.yml").read_text(encoding="utf-8"))
    if image == BUILT_HERE:
        return ""
    name, _, digest = image.removeprefix("docker://").partition("@")
    if name != image_name(root) or not DIGEST.fullmatch(digest) or not image.startswith("docker://"):
        raise ReleaseError(f"action.yml has the image {image}, which is neither {BUILT_HERE} nor ours by its digest")
    return digest


def problems(root: Path, tag: str, branch: str) -> Iterator[str]:
    """What keeps the commit in `root` from being released by `tag`; nothing, if it may be.

    Args:
        tag: the tag; empty for a dry run, which needs no release commit.
        branch: the branch that the commit before it has to be on; empty: any.
    """
    version = version_of(root)
    if git(root, "status", "--porcelain"):
        yield "the checkout has changes that are in no commit"
    if not tag:
        return
    if tag != f"v{version}":
        yield f"the tag is {tag}, and the version in the source is {version}"
    _, date = section_of((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        yield f"CHANGELOG.md has no date for {version}, but {date!r}"
    yield from _shape(root)
    if branch and not _is_on(root, "HEAD^", branch):
        yield f"the commit before the release commit is not on {branch}"


def _shape(root: Path) -> Iterator[str]:
    """What is wrong with HEAD as a release commit: its files, and the one line."""
    before = git(root, "show", "HEAD^:action.yml") + "\n"
    after = (root / "action.yml").read_text(encoding="utf-8")
    if not digest_of(root):
        yield "action.yml does not name the image by its digest: this is no release commit"
    if image_of(before) != BUILT_HERE or with_image(before, image_of(after)) != after:
        yield "action.yml differs from the commit before it in more than the line of the image"
    changed = git(root, "diff", "--name-only", "HEAD^", "HEAD").splitlines()
    if changed != ["action.yml"]:
        yield f"the release commit changes {', '.join(changed)}, and not action.yml alone"


def _is_on(root: Path, commit: str, branch: str) -> bool:
    try:
        git(root, "merge-base", "--is-ancestor", commit, branch)
    except ReleaseError:
        return False
    return True


def write(root: Path, digest: str) -> str:
    """Write the release commit on top of HEAD, and tag it; return the tag. Nothing is pushed, no branch moves.

    Raises:
        ReleaseError: HEAD, digest or version cannot be released.
    """
    if not DIGEST.fullmatch(digest):
        raise ReleaseError(f"{digest!r} is no digest")
    tag = f"v{version_of(root)}"
    path = root / "action.yml"
    if wrong := next(problems(root, "", ""), ""):
        raise ReleaseError(wrong)
    git(root, "checkout", "--quiet", "--detach")
    before = path.read_text(encoding="utf-8")
    path.write_text(with_image(before, f"docker://{image_name(root)}@{digest}"), encoding="utf-8", newline="\n")
    git(root, "commit", "--quiet", "--message", f"Release {tag[1:]}", "--", "action.yml")
    if wrong := next(problems(root, tag, ""), ""):
        raise ReleaseError(f"the commit was written, and not tagged: {wrong}")
    git(root, "tag", "--annotate", "--message", tag, tag)
    return tag


def main(argv: list[str] | None = None) -> int:
    """Write it, or check it."""
    parser = argparse.ArgumentParser(description="The commit that is released.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write", help="commit and tag")
    writing.add_argument("--digest", required=True, help="what a dry run printed")
    checking = commands.add_parser("check", help="say whether HEAD may be released")
    checking.add_argument("--tag", default="", help="the tag; empty for a dry run")
    checking.add_argument("--branch", default="", help="where the commit before it has to be")
    options = parser.parse_args(argv)
    try:
        if options.command == "write":
            tag = write(options.root, options.digest)
            print(f"{tag} is tagged here. `git push origin {tag}` releases it.")
            return 0
        wrong = list(problems(options.root, options.tag, options.branch))
        for each in wrong:
            print(f"no release: {each}", file=sys.stderr)
        print(f"version={version_of(options.root)}\nimage={image_name(options.root)}\ndigest={digest_of(options.root)}")
    except ReleaseError as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
