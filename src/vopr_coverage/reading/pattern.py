"""What a pattern matches: `*`, `?` and `[…]` stand for parts of a name, `**` for folders of any depth.

As in GitHub's own glob library, a leading dot is a character like any other, and symbolic links are followed.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import re
from collections.abc import Iterator, Sequence

import msgspec

from vopr_coverage.errors import FileError
from vopr_coverage.files import why

ANY_DEPTH = "**"
PATTERN_CHARACTERS_MAX = 4_096  # of a path there are no more; a longer pattern takes fnmatch seconds
_WILDCARD = re.compile(r"[*?[]")
_SEPARATORS = os.sep + (os.altsep or "")
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
_BETWEEN_NAMES = re.compile(f"[{re.escape(_SEPARATORS)}]+")

_Part = str | re.Pattern[str]  # `**` or a name, or what a name must match


class Match(msgspec.Struct, frozen=True, order=True, gc=False):
    """One path that a pattern matches.

    Attributes:
        folder: the path without its last name, "" for the working directory.
        may_be_link: whether the path itself may be a symbolic link.
    """

    path: str
    folder: str
    is_folder: bool
    may_be_link: bool


def is_pattern(text: str) -> bool:
    """Whether a text has a wildcard."""
    return _WILDCARD.search(text) is not None


def matches(pattern: str) -> list[Match]:
    """All files and folders that a pattern matches, each path once, sorted by path; of one that is too long, none.

    The search begins at the names before the first wildcard. It enters a real folder once for the same rest of the
    pattern, so symbolic links that lead in a circle end. A folder that several paths lead to is entered by the path
    without links.

    Raises:
        FileError: a folder cannot be read, so what it contains is not known.
    """
    if len(pattern) > PATTERN_CHARACTERS_MAX:
        return []
    wildcard = _WILDCARD.search(pattern)
    before = pattern[: wildcard.start()] if wildcard else pattern
    length = max(len(os.path.splitdrive(before)[0]), *(before.rfind(separator) + 1 for separator in _SEPARATORS))
    names = _BETWEEN_NAMES.split(pattern[length:])
    parts: list[_Part] = []
    for name in filter(None, names):
        if name != ANY_DEPTH or parts[-1:] != [ANY_DEPTH]:
            parts.append(_part(name))
    found: dict[str, Match] = {}
    for match in _walk(pattern[:length], parts):
        found.setdefault(match.path, match)
    only_folders = names[-1] == ""
    return sorted(match for match in found.values() if match.is_folder or not only_folders)


def _part(name: str) -> _Part:
    if name == ANY_DEPTH or not is_pattern(name):
        return name
    return re.compile(fnmatch.translate(os.path.normcase(name)))


def _walk(start: str, parts: Sequence[_Part]) -> Iterator[Match]:
    entered: set[tuple[int, int, int]] = set()
    folders, linked = [(start, 0)], list[tuple[str, int]]()  # folders to enter, each with the part for its entries
    while folders or linked:
        folder, at = folders.pop() if folders else linked.pop()
        part, is_last = parts[at], at + 1 == len(parts)
        if isinstance(part, str) and part != ANY_DEPTH:
            path = os.path.join(folder, part)
            if not is_last:
                folders.append((path, at + 1))
            elif _status(path, of_link=True):
                yield Match(path, folder, os.path.isdir(path), may_be_link=True)
            continue
        status = _status(folder or os.curdir)
        if status is None or (status.st_dev, status.st_ino, at) in entered:
            continue
        entered.add((status.st_dev, status.st_ino, at))
        if part == ANY_DEPTH and not is_last:
            folders.append((folder, at + 1))
        if part == ANY_DEPTH and is_last and folder:
            path = folder.rstrip(_SEPARATORS) or folder
            yield Match(path, os.path.dirname(path), is_folder=True, may_be_link=True)
        for entry in _entries(folder):
            if isinstance(part, re.Pattern) and not part.match(os.path.normcase(entry.name)):
                continue
            path, is_folder = entry.path if folder else entry.name, _is_folder(entry)
            if is_last:
                yield Match(path, folder, is_folder, entry.is_symlink())
            if is_folder and (part == ANY_DEPTH or not is_last):
                (linked if entry.is_symlink() else folders).append((path, at if part == ANY_DEPTH else at + 1))


def _status(path: str, *, of_link: bool = False) -> os.stat_result | None:
    """What the system says about a path; None if there is no such file or folder."""
    try:
        return os.lstat(path) if of_link else os.stat(path)
    except ValueError:  # a NUL byte
        return None
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise FileError(path, "a folder that can be read", why(error)) from None


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder or os.curdir) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise FileError(folder or os.curdir, "a folder that can be read", why(error)) from None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a link to one; opening any other tells why it cannot be read."""
    try:
        return entry.is_dir()
    except OSError:
        return False
