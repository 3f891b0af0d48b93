"""Locks of Python packages: requirements/*.txt, as `make lock` writes them."""

from __future__ import annotations

import re

from tools.audit.ecosystems import PYPI
from tools.audit.model import Packages, Unanswered

_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+_-]+)(?: ;[^\\]*)?(?: \\)?")
_HASH = re.compile(r" +--hash=sha256:[0-9a-f]{64}(?: \\)?")
_OTHER = re.compile(r"\s*(?:#.*)?")


def packages_of(text: str, source: str) -> Packages:
    """The packages of a lock with their hashes. Conditions on the platform are left out: all are audited.

    Raises:
        Unanswered: a line that is none of a lock's.
    """
    found: Packages = {}
    hashes: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if pinned := _PINNED.fullmatch(line):
            hashes = found.setdefault((PYPI.normal(pinned[1]), pinned[2]), [])
        elif _HASH.fullmatch(line):
            hashes.append(line.strip(" \\"))
        elif not _OTHER.fullmatch(line):
            raise Unanswered(f"{source}:{number}: expected a package, a hash or a comment")
    if not found:
        raise Unanswered(f"{source} locks no package")
    return found
