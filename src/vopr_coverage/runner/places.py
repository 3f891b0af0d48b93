"""Places in the source code that a tester names, as files of the workspace: an annotation stands only at one of these.

A path is as untrusted as all of a report. It may be of another machine, or relative to a package, so the longest end of
it that is a file of the workspace is taken, and none is guessed. Only names are looked up; no file is opened.
"""

from __future__ import annotations

from pathlib import Path

from vopr_coverage.model.points import Location

PATH_CHARACTERS_MAX = 1_000
PARTS_MAX = 40
LINE_MAX = 1_000_000


def place_in(workspace: Path, location: Location) -> tuple[str, int] | None:
    """The file relative to the workspace, and the line; None where there is no such file, or no line.

    A single name without a folder is only taken at the top of the workspace: elsewhere several files may have it.
    """
    line = location.line
    if line is None or not 0 < line <= LINE_MAX or not 0 < len(location.file) <= PATH_CHARACTERS_MAX:
        return None
    parts = [part for part in location.file.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or len(parts) > PARTS_MAX or not location.file.isprintable():
        return None
    ends = range(max(len(parts) - 1, 1))  # the last name alone counts only if it is all there is
    for begin in ends:
        if _is_file(workspace, parts[begin:]):
            return "/".join(parts[begin:]), line
    return None


def _is_file(workspace: Path, parts: list[str]) -> bool:
    """Whether it is a file of the workspace; links may lead out of it, so no link is followed."""
    try:
        folder = workspace
        for part in parts:
            folder /= part
            if folder.is_symlink():
                return False
        return folder.is_file()
    except (OSError, ValueError):  # a name that is too long
        return False
