"""Locks of npm packages: package-lock.json in the versions 2 and 3, which npm 7 and newer write."""

from __future__ import annotations

import json
import re
from typing import Any

from tools.audit.ecosystems import NPM
from tools.audit.model import Packages, Unanswered

FOLDER = "node_modules/"
_NAME = re.compile(r"(?:@[A-Za-z0-9._~-]+/)?[A-Za-z0-9._~-]+")
_NAME_LENGTH_MAX = 214  # npm's own
_FORMATS = (2, 3)


def packages_of(text: str, source: str) -> Packages:
    """The packages of a lock with their places in the tree, also those for other platforms and for development.

    The root and the folders of this repository that links lead to are no packages of npm's.

    Raises:
        Unanswered: it is no such lock, or one of its packages has no name or version.
    """
    entries = _entries(text, source)
    links = {place: str(entry["resolved"]) for place, entry in entries.items() if _is_link(entry, entries)}
    own = {"", *links.values()}
    found: Packages = {}
    for place, entry in entries.items():
        if place in own or place in links:
            continue
        if not _is_installed(place):
            raise Unanswered(f"{source}: no link leads to {place!r}")
        found.setdefault((_name(place, entry, source), _version(place, entry, source)), []).append(place)
    if not found:
        raise Unanswered(f"{source} locks no package")
    return found


def _entries(text: str, source: str) -> dict[str, dict[str, Any]]:
    try:
        lock = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unanswered(f"{source} is no JSON: {error}") from None
    if not isinstance(lock, dict) or lock.get("lockfileVersion") not in _FORMATS:
        raise Unanswered(f"{source}: expected lockfileVersion 2 or 3")
    entries = lock.get("packages")
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise Unanswered(f"{source}: expected `packages` with an object for each of them")
    return entries


def _is_installed(place: str) -> bool:
    return f"/{FOLDER}" in f"/{place}"


def _is_link(entry: dict[str, Any], entries: dict[str, dict[str, Any]]) -> bool:
    """Whether it leads to a folder of our own. One that leads to a package would hide that package."""
    to = entry.get("resolved")
    return entry.get("link") is True and isinstance(to, str) and to in entries and not _is_installed(to)


def _name(place: str, entry: dict[str, Any], source: str) -> str:
    """The name at npm: that of the folder, unless the package is installed under an alias."""
    name = entry.get("name", place.rpartition(FOLDER)[2])
    if not isinstance(name, str) or len(name) > _NAME_LENGTH_MAX or not _NAME.fullmatch(name):
        raise Unanswered(f"{source}: the package in {place!r} has no name of npm's")
    return NPM.normal(name)


def _version(place: str, entry: dict[str, Any], source: str) -> str:
    version = entry.get("version")
    try:
        NPM.version(version)
    except ValueError:
        raise Unanswered(f"{source}: the package in {place!r} has no version") from None
    assert isinstance(version, str)
    return version
