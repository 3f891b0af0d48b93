"""The process that atheris guides: the package is loaded with its branches counted. The first byte chooses the door."""

from __future__ import annotations

import os
import sys

import atheris

with atheris.instrument_imports(include=["vopr_coverage"]):
    from tools.fuzzing.door import Finding, taken
    from tools.fuzzing.doors import all_doors
    from tools.fuzzing.guide import FIRST

SECONDS_MAX = 20.0


def main() -> None:
    """Fuzz until libFuzzer's time is up; it never returns."""
    names = os.environ["VOPR_FUZZ_DOORS"].split(",")
    doors = [door for door in all_doors() if door.name in names]
    reached = set[str]()

    def one(data: bytes) -> None:
        if not data:
            return
        door = doors[data[0] % len(doors)]
        if door.name not in reached:
            reached.add(door.name)
            print(f"{FIRST}{door.name}", file=sys.stderr, flush=True)
        try:  # counting branches takes time and memory of its own: libFuzzer has the limit of memory
            taken(door, data[1:], float("inf"), SECONDS_MAX)
        except Finding as finding:
            print(f"{door.name}: {finding.kind}\n{finding.details}", file=sys.stderr, flush=True)
            raise

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
