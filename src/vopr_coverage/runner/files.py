"""What a step writes on a runner: outputs, the job summary, and files in the workspace.

The workspace may hold an untrusted checkout, and this process may be root. So links in it are never followed, and
files get the owner of the workspace.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from vopr_coverage.errors import FileError
from vopr_coverage.files import append_text, why

FOLDER = "vopr-coverage"


def append_outputs(path: str, outputs: Mapping[str, str]) -> None:
    """Append step outputs; a random delimiter keeps any value from setting another output.

    Raises:
        FileError: they cannot be written.
    """
    lines = []
    for name, value in outputs.items():
        delimiter = f"vopr_coverage_{secrets.token_hex(16)}"
        assert delimiter not in value, "a random delimiter cannot be guessed"
        lines.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    append_text(path, "".join(lines))


def bytes_in(path: str) -> int:
    """The size of a file in bytes, 0 if it does not exist."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def step_folder(step: str) -> str:
    """The folder of one step's files, relative to the workspace, so that steps of a job do not overwrite each other."""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", step).strip("-_")
    return f"{FOLDER}/{name}" if name else FOLDER


def write_in_workspace(workspace: Path, relative: str, text: str) -> str:
    """Write a file below the workspace, without following links, owned by the owner of the workspace.

    Returns:
        Why the owner could not be set, "" if it was. The file is written in either case.

    Raises:
        FileError: part of the path is a link, or the file cannot be written.
    """
    try:
        return _write_below(workspace, relative.split("/"), text)
    except (OSError, ValueError) as error:
        raise FileError(relative, "a file that can be written", why(error)) from None


def _write_below(workspace: Path, parts: list[str], text: str) -> str:
    *folders, name = parts
    owner, refused = workspace.stat(), ""
    folder = workspace
    for part in folders:
        folder = folder / part
        if folder.is_symlink():
            raise OSError(errno.EPERM, f"{part} is a symbolic link")
        if not folder.is_dir():
            folder.mkdir()
            refused = _give_to(folder, owner)
    target = folder / name
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(text)
    return _give_to(target, owner) or refused


def _give_to(path: Path, owner: os.stat_result) -> str:
    """Set the owner, and return why not. The root of a user namespace, as in a rootless container, may not set any."""
    if hasattr(os, "chown") and os.geteuid() == 0:
        try:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        except OSError as error:
            return why(error)
    return ""
