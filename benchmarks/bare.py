"""What `vopr-coverage check` is measured against: loops that read a stream and look at nothing.

    python bare.py json-lines|typed-lines|typed-blocks FILE

Each is a process of its own, written as one would who only wants the fastest reading. The
typed loops use msgspec, the fastest typed decoder for Python, and decode every member of an
iteration record. Records of other types are refused by their type, which costs nothing here.
"""

from __future__ import annotations

import sys
from typing import Any

BLOCK_BYTES = 64 << 10  # the fastest of 16 KiB to 1 MiB; the whole file at once is slower still


def json_lines(path: str) -> None:
    """The loop that everybody writes first."""
    import json

    with open(path, "rb") as file:
        for line in file:
            json.loads(line)


def typed_lines(path: str) -> None:
    """One call of the typed decoder a line."""
    import msgspec

    decode = msgspec.json.Decoder(_iteration()).decode
    with open(path, "rb", buffering=BLOCK_BYTES) as file:
        for line in file:
            try:
                decode(line)
            except msgspec.ValidationError:
                continue


def typed_blocks(path: str) -> None:
    """One call of the typed decoder for a block of lines."""
    import msgspec

    decode_lines = msgspec.json.Decoder(_iteration()).decode_lines
    with open(path, "rb", buffering=BLOCK_BYTES) as file:
        file.readline()  # the start record, so that the first block isn't refused for it
        while block := file.read(BLOCK_BYTES):
            try:
                decode_lines(block + file.readline())
            except msgspec.ValidationError:
                continue


def _iteration() -> Any:
    """An iteration record without a constraint; gc=False spares the collector, as in our own reader."""
    from msgspec import defstruct

    fields = [
        ("events", int),
        ("kernel_state_hash", str),
        ("seed", int),
        ("simulated_time_ms", float),
        ("status", str),
        ("storage_hash", str),
    ]
    data = defstruct("data", fields, gc=False)
    return defstruct("iteration", [("data", data), ("timestamp", str), ("type", str)], gc=False)


LOOPS = {"json-lines": json_lines, "typed-lines": typed_lines, "typed-blocks": typed_blocks}

if __name__ == "__main__":
    LOOPS[sys.argv[1]](sys.argv[2])
