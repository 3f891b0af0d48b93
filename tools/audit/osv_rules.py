"""Whether a record of OSV's is about a version, as the OSV schema evaluates it. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from tools.audit.ecosystems import Comparable, Ecosystem

Events = list[dict[str, str]]
_ENDS: dict[str, Callable[[Comparable, Comparable], bool]] = {"fixed": operator.ge, "last_affected": operator.gt}
_ALL = ("0", "*")  # before the first version, after the last one


def affects(affected: dict[str, Any], text: str, ecosystem: Ecosystem) -> bool:
    """Whether it says that this version is affected: the version is listed, or is in one of the ranges.

    Raises:
        ValueError: a version is none of this ecosystem.
        AttributeError, KeyError, TypeError: it is not built as the schema says.
    """
    version = ecosystem.version(text)
    if any(_same(listed, version, ecosystem) for listed in affected.get("versions") or ()):
        return True
    return any(_in_range(events, version, ecosystem) for events in ranges(affected, ecosystem))


def ranges(affected: dict[str, Any], ecosystem: Ecosystem) -> Iterator[Events]:
    """The events of each range of versions; ranges of commits are none.

    Raises:
        ValueError: a range is in an order that this ecosystem does not have.
    """
    for one in affected.get("ranges") or ():
        if one["type"] in ecosystem.range_types:
            yield one["events"]
        elif one["type"] != "GIT":
            raise ValueError(f"{ecosystem.name} has no ranges of type {one['type']!r}")


def _same(listed: str, version: Comparable, ecosystem: Ecosystem) -> bool:
    try:
        return ecosystem.version(listed) == version
    except ValueError:  # an old release from before the rules for versions, which no lock can hold
        return False


def _in_range(events: Events, version: Comparable, ecosystem: Ecosystem) -> bool:
    def place(event: tuple[str, str]) -> tuple[bool, Comparable]:
        kind, at = event
        is_first = kind == "limit" or at in _ALL
        return not is_first, ecosystem.version("0" if is_first else at)

    limits = [event["limit"] for event in events if "limit" in event]
    if limits and not any(limit == "*" or version < ecosystem.version(limit) for limit in limits):
        return False
    affected = False
    for kind, at in sorted(((kind, at) for event in events for kind, at in event.items()), key=place):
        if kind == "introduced" and (at == "0" or version >= ecosystem.version(at)):
            affected = True
        elif kind in _ENDS and _ENDS[kind](version, ecosystem.version(at)):
            affected = False
    return affected
