"""What was done so far: counts by door and lane, each with a fingerprint of the code that it is about.

A fingerprint is made of the modules that a door reads with, and of all that these import: when one of them changes, its
inputs have shown nothing about the code as it is now, and are counted apart.
"""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from tools.fuzzing.door import Door
from tools.fuzzing.engine import Count, as_json

PACKAGE = Path(__file__).parents[2] / "src" / "vopr_coverage"


class Ledger:
    """The counts in one home folder."""

    def __init__(self, home: Path, doors: Sequence[Door]) -> None:
        self.home = home
        self.fingerprints = {door.name: fingerprint(door) for door in doors}

    def _path(self, lane: int) -> Path:
        return self.home / f"lane-{lane}.json"

    def forget(self) -> None:
        """Begin anew."""
        shutil.rmtree(self.home, ignore_errors=True)

    def load(self, lane: int) -> dict[str, Count]:
        """One lane's counts by door and fingerprint; empty if it has not run yet."""
        path = self._path(lane)
        stored = json.loads(path.read_bytes()) if path.exists() else {}
        return {key: Count(**value) for key, value in stored.items()}

    def key(self, door: Door) -> str:
        """Under which name a door's counts of today are stored."""
        return f"{door.name}@{self.fingerprints[door.name]}"

    def store(self, lane: int, counts: dict[str, Count]) -> None:
        """Replace one lane's counts; a reader sees the old or the new ones."""
        self.home.mkdir(parents=True, exist_ok=True)
        draft = self._path(lane).with_suffix(".new")
        draft.write_text(as_json(counts), "utf-8")
        draft.replace(self._path(lane))

    def lanes(self) -> Iterable[dict[str, Count]]:
        """The counts of all lanes."""
        return [self.load(int(path.stem.removeprefix("lane-"))) for path in sorted(self.home.glob("lane-*.json"))]

    def total(self, door: Door) -> Count:
        """All lanes together at one door, with the code as it is now."""
        total = Count()
        for count in filter(None, (lane.get(self.key(door)) for lane in self.lanes())):
            for name in ("inputs", "refused", "taken", "judged", "findings", "cpu_s"):
                setattr(total, name, getattr(total, name) + getattr(count, name))
            total.slowest_ms = max(total.slowest_ms, count.slowest_ms)
            total.peak_mb = max(total.peak_mb, count.peak_mb)
        return total

    def earlier(self) -> int:
        """How many inputs met code that has changed since."""
        now = {f"{name}@{print}" for name, print in self.fingerprints.items()}
        return sum(count.inputs for lane in self.lanes() for key, count in lane.items() if key not in now)

    def findings(self) -> int:
        """How many findings there were with the code as it is now."""
        now = {f"{name}@{print}" for name, print in self.fingerprints.items()}
        return sum(count.findings for lane in self.lanes() for key, count in lane.items() if key in now)


def fingerprint(door: Door) -> str:
    """Of the package's code and data that the door runs; comments do not count."""
    roots = {*door.reads, "check/flow"} if door.weight > 1 else {*door.reads}  # reports are judged, too
    seen, waiting = set[str](), list(roots)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += imports_of(module)
    digest = sha256(_schemas())
    for module in sorted(seen):
        digest.update(_code_of(module))
    return digest.hexdigest()[:12]


@cache
def imports_of(module: str) -> tuple[str, ...]:
    """The modules of the package that a module imports, anywhere in it."""
    found = []
    for node in ast.walk(ast.parse(_file_of(module).read_bytes())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vopr_coverage"):
            name = (node.module or "").removeprefix("vopr_coverage").strip(".").replace(".", "/")
            found += [each for each in (name, *(f"{name}/{alias.name}".strip("/") for alias in node.names)) if each]
    return tuple(each for each in found if _file_of(each).exists())


def _file_of(module: str) -> Path:
    path = PACKAGE / f"{module}.py"
    return path if path.exists() else PACKAGE / module / "__init__.py"


@cache
def _code_of(module: str) -> bytes:
    return ast.dump(ast.parse(_file_of(module).read_bytes())).encode()


@cache
def _schemas() -> bytes:
    return b"".join(path.read_bytes() for path in sorted((PACKAGE / "schemas").glob("*.json")))
