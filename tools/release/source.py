"""What a release is made from: the version, and the time that stands in everything that is packed.

The time is that of the last commit which changed what is packed. The release commit changes `action.yml` alone, so the
image has the same digest before that commit and after it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMAGE_SOURCES = ("Dockerfile", ".dockerignore", "entrypoint.py", "requirements/image.txt", "src", "pyproject.toml")
PACKAGE_SOURCES = ("src", "pyproject.toml", "README.md", "LICENSE")


class ReleaseError(Exception):
    """Why there can be no release, in one sentence."""


def git(root: Path, *words: str) -> str:
    """What a git command prints.

    Raises:
        ReleaseError: git fails, with the last line of what it says.
    """
    return run(["git", "-C", str(root), *words]).strip()


def run(line: Sequence[str], env: dict[str, str] | None = None, at: Path | None = None) -> str:
    """What a command prints on its standard output; it runs in the folder `at`.

    Raises:
        ReleaseError: it cannot be started or fails, with the last lines of what it says.
    """
    try:
        done = subprocess.run(line, capture_output=True, text=True, env=env, cwd=at, check=False)  # noqa: S603
    except OSError as error:
        raise ReleaseError(f"{line[0]}: {error}") from None
    if done.returncode:
        said = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-15:])
        raise ReleaseError(f"{' '.join(line)[:200]} ended with exit code {done.returncode}: {said}")
    return done.stdout


def version_of(root: Path) -> str:
    """The version in the source, without importing it."""
    text = (root / "src" / "vopr_coverage" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', text, re.MULTILINE)
    if not found:
        raise ReleaseError("src/vopr_coverage/__init__.py has no __version__ of three numbers")
    return found[1]


def homepage_of(root: Path) -> str:
    """The address of the repository, as pyproject.toml has it."""
    found = re.search(r'^Homepage = "(https://[^"]+)"$', (root / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    if not found:
        raise ReleaseError("pyproject.toml has no Homepage")
    return found[1]


def epoch_of(root: Path, sources: Sequence[str]) -> int:
    """The time for everything that is packed, in seconds since 1970: SOURCE_DATE_EPOCH, or the last change's.

    Raises:
        ReleaseError: the checkout has no commit that changed any of it, as one of depth 1 may not have.
    """
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    if git(root, "rev-parse", "--is-shallow-repository") == "true":
        raise ReleaseError("the checkout is shallow, so the time of the last change is not known: fetch all of it")
    found = git(root, "log", "-1", "--format=%ct", "--", *sources)
    if not found:
        raise ReleaseError(f"no commit has {', '.join(sources)}")
    return int(found)


def copy_with_other_times_and_modes(root: Path, copy: Path, sources: Sequence[str]) -> None:
    """The sources as another checkout, made at another time under another umask, would have them."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in sources:
        source, target = root / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, target)
    for path in copy.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (1, 1))
