"""An input that is a finding, made smaller as long as it stays one of the same kind."""

from __future__ import annotations

import time

from tools.fuzzing.door import Door, Finding, taken

SECONDS = 5.0


def minimal(door: Door, data: bytes, kind: str) -> bytes:
    """The smallest input that was found in a few seconds by leaving out pieces of it."""
    until, size = time.monotonic() + SECONDS, max(len(data) // 2, 1)
    while size and time.monotonic() < until:
        at = 0
        while at < len(data) and time.monotonic() < until:
            shorter = data[:at] + data[at + size :]
            if kind_of(door, shorter) == kind:
                data = shorter
            else:
                at += size
        size //= 2
    return data


def kind_of(door: Door, data: bytes) -> str:
    """The kind of finding that an input is, "" if it is none."""
    try:
        taken(door, data, float("inf"))
    except Finding as finding:
        return finding.kind
    return ""
