"""In place of GitHub's own actions, inside a job's container: artifacts are folders below /artifacts.

    python3 stand_ins.py checkout|upload|download

Where the real ones decide something that the workflow relies on, so do these: what an artifact's root is, that names
are taken, that hidden files stay behind, that a missing artifact is an error. Inputs arrive as variables.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

OURS = ("composite", "handoff", "requirements", "setup", "src")
ARTIFACTS, LOST = Path("/artifacts"), Path("/artifacts/.lost")


def checkout() -> None:
    """Our own files from /ours to the path named; the caller's are there, since act puts them there itself."""
    for name in OURS:
        shutil.copytree(Path("/ours") / name, Path(os.environ["TO"]) / name)


def upload() -> None:
    """Files below the paths named; the root is the folder named, or what several paths have in common."""
    name, paths = os.environ["NAME"], [Path(line) for line in os.environ["PATHS"].split("\n") if line.strip()]
    files = [file for path in paths for file in files_of(path)]
    root = Path(os.path.commonpath(paths))
    if not files:
        print(f"No files were found with the provided path: {paths}")
        sys.exit(os.environ["IF_NONE"] == "error")
    to = ARTIFACTS / name
    if name in (LOST.read_text().split() if LOST.exists() else ()):
        print(f"{name} gets lost on the way")
        return
    if to.exists() and os.environ["OVERWRITE"] != "true":
        sys.exit(f"Conflict: an artifact with this name already exists: {name}")
    shutil.rmtree(to, ignore_errors=True)
    for file in files:
        kept = to / file.relative_to(root.parent if root.is_file() else root)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, kept)  # no modes: an artifact has none
    (ARTIFACTS / ".kept").mkdir(exist_ok=True)
    (ARTIFACTS / ".kept" / name).write_text(os.environ["DAYS"])


def files_of(path: Path) -> Iterator[Path]:
    """The path itself, or all below it that isn't hidden."""
    if path.is_file():
        yield path
    for folder, folders, names in os.walk(path):
        folders[:] = [one for one in folders if not one.startswith(".")]
        yield from (Path(folder) / one for one in names if not one.startswith("."))


def download() -> None:
    """One artifact by name, which must be there; or all that match a pattern, into one folder."""
    name, pattern, to = os.environ["NAME"], os.environ["PATTERN"], Path(os.environ["TO"] or ".")
    if name and not (ARTIFACTS / name).is_dir():
        sys.exit(f"Artifact '{name}' not found")
    found = [ARTIFACTS / name] if name else sorted(p for p in ARTIFACTS.iterdir() if fnmatchcase(p.name, pattern))
    for artifact in found:
        merged = name or os.environ["MERGE"] == "true" or len(found) == 1
        shutil.copytree(artifact, to if merged else to / artifact.name, dirs_exist_ok=True)


if __name__ == "__main__":
    {"checkout": checkout, "upload": upload, "download": download}[sys.argv[1]]()
