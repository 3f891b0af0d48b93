"""All doors, and for each what the corpus adds to its samples: inputs that once were findings."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from tools.fuzzing.documents import document_doors
from tools.fuzzing.door import Door
from tools.fuzzing.reports import report_doors
from tools.fuzzing.runs import run_doors
from tools.fuzzing.texts import text_doors

CORPUS = Path(__file__).parents[2] / "tests" / "corpus" / "fuzz"


@cache
def all_doors() -> tuple[Door, ...]:
    """Every door, in the order of the table."""
    doors = [*report_doors(), *document_doors(), *text_doors(), *run_doors()]
    return tuple(replace(door, extra=found_at(door.name)) for door in doors)


def found_at(name: str) -> tuple[bytes, ...]:
    """The inputs of the corpus for that door, in the order of their names."""
    folder = CORPUS / name.replace(" ", "-")
    return tuple(path.read_bytes() for path in sorted(folder.iterdir())) if folder.is_dir() else ()


def door_of(name: str) -> Door:
    """The door of that name."""
    return next(door for door in all_doors() if door.name == name)
