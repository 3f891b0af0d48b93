"""The first day with another tester: `init` learns from its healthy samples, `check` judges every sample by that.

    PYTHONPATH=. python benchmarks/first_day_foreign.py FOLDER

Each folder below FOLDER has samples of one producer, which `expected.json` describes. Healthy samples must pass; runs
in which something went wrong must not: they fail, or are refused. Where a producer has no sick sample, a healthy one
with one change is judged. Samples that are neither are left out.

A weak run is one in which nothing went wrong and less was reached. Two or three healthy runs are too few for a minimum
of single runs that notices it. So weak runs are judged as all runs of a program are to be: merged, with all points and
invariants listed, under the profile `general`, which the healthy runs must pass.

Exit code 0: all of them ended as they should. 1: one did not. 2: there are no samples.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.foreign_cases import ran
from benchmarks.foreign_sdk import CONFIG

# Runs of the SDKs' sample program in which something went wrong, by how their names begin.
SICK = ("always-fails", "crash", "no-catalog", "torn", "two-processes", "unreachable", "zero-steps")
WEAK = "never-true"
ENDINGS = {"healthy": (0,), "sick": (1, 2), "weak": (1,)}  # exit codes of `check`
# One change that makes a healthy sample a sick one: the text, and what it becomes.
CHANGES = {
    "p": [('"satisfied": true', '"satisfied": false'), ('"satisfyingSchedules": 99', '"satisfyingSchedules": 0')],
    "tigerbeetle": [('"ok": true', '"ok": false')],
}


@dataclass(frozen=True)
class Samples:
    """What `init` learns from, and what must not pass; both are files, or several that are one run."""

    healthy: list[list[Path]]
    sick: dict[str, list[Path]]


def samples_of(folder: Path, scratch: Path) -> Samples:
    """The samples of one producer."""
    if folder.name.startswith("antithesis-"):
        sick = {path.name: [path] for path in sorted(folder.glob("*.jsonl")) if path.name.startswith(SICK)}
        return Samples([[path] for path in sorted(folder.glob("healthy-*.jsonl"))], sick)
    if folder.name == "foundationdb":
        (home,) = [path for path in folder.iterdir() if path.is_dir()]
        rolled = sorted(home.glob("trace.0.0.0.0.*.xml"))
        server = [path for path in home.glob("*.xml") if path not in rolled]
        return Samples([rolled], {"without its last file": rolled[:-1], "of an ordinary server": server})
    if folder.name == "jepsen":
        healthy = [path for path in _runs(folder) if path.parent.name.endswith("-true") or "e=false" in str(path)]
        sick = {str(path.relative_to(folder)): [path] for path in _runs(folder) if path not in healthy}
        return Samples([[path] for path in healthy], sick)
    if folder.name in CHANGES:
        (path,) = [path for path in folder.glob("*.json") if path.name != "expected.json"]
        text = path.read_text(encoding="utf-8")
        for before, after in CHANGES[folder.name]:
            text = text.replace(before, after, 1)
        (scratch / path.name).write_text(text, encoding="utf-8")
        return Samples([[path]], {f"{path.name}, changed": [scratch / path.name]})
    return Samples([], {})


def _runs(folder: Path) -> Iterator[Path]:
    skipped = {"latest", "current", "independent"}
    return (path for path in sorted(folder.rglob("results.edn")) if not skipped & {*path.parts})


def first_day(folder: Path, scratch: Path) -> Counter[str]:
    """Learn and judge; prints each sample that ended as it should not. Returns how many ended how."""
    found, counts = samples_of(folder, scratch), Counter[str]()
    if not found.healthy:
        return counts
    config = scratch / f"{folder.name}.yml"
    learnt = [str(path) for paths in found.healthy for path in paths]
    code, _, message = ran("init", *learnt, "--output", str(config))
    if code:
        print(f"  ✗ {folder.name}: init refuses healthy samples: {message.strip()[:200]}")
        return Counter({"healthy wrong": len(found.healthy)})
    for paths in found.healthy:
        counts[_ending("healthy", paths, config)] += 1
    for paths in found.sick.values():
        counts[_ending("sick", paths, config)] += 1
    weak = sorted(folder.glob(f"{WEAK}-*.jsonl"))
    if weak:
        config = _general(folder, scratch)
        counts[_ending("healthy", [Path(path) for path in learnt], config)] += 1
        counts[_ending("weak", weak, config)] += 1
    return counts


def _general(folder: Path, scratch: Path) -> Path:
    """The profile, with all points and invariants listed, which not every SDK does by itself."""
    kinds = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["kinds"]
    points = [f"{name}\t{kind.lower()}\n" for name, kind in kinds.items() if kind in ("Sometimes", "Reachable")]
    declared, config = scratch / "points.txt", scratch / "general.json"
    declared.write_text("".join(points), encoding="utf-8")
    always = [name for name, kind in kinds.items() if kind == "Always"]
    listed = {"declared": str(declared), "invariant_coverage_min": 0, "required_invariants": always}
    config.write_text(json.dumps({"profile": "general", **listed, **CONFIG}))
    return config


def _ending(state: str, paths: list[Path], config: Path) -> str:
    """Whether these files passed, and a line if they should not have."""
    merging = ("--merge", "all") if len(paths) > 1 else ()
    code, _, message = ran("check", *map(str, paths), "--config", str(config), *merging)
    if code not in ENDINGS[state]:
        print(f"  ✗ {paths[0].parent.name}/{paths[0].name} is {state}, and ends with {code}: {message.strip()[:200]}")
    return f"{state} {'as it should' if code in ENDINGS[state] else 'wrong'}"


def main(argv: list[str] | None = None) -> int:
    """Play the first day of every producer; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with a folder for each producer")
    arguments = parser.parse_args(argv)
    total = Counter[str]()
    for path in sorted(arguments.folder.glob("*/expected.json")):
        with tempfile.TemporaryDirectory() as scratch:
            counts = first_day(path.parent, Path(scratch))
        if counts:
            print(f"{path.parent.name}: {_told(counts)}")
        total += counts
    if not total:
        print(f"benchmarks/first_day_foreign.py needs samples below {arguments.folder}", file=sys.stderr)
        return 2
    print(_told(total))
    return 1 if any(total[f"{state} wrong"] for state in ENDINGS) else 0


def _told(counts: Counter[str]) -> str:
    """How many of each state ended as they should."""
    every = {state: counts[f"{state} as it should"] + counts[f"{state} wrong"] for state in ENDINGS}
    return ", ".join(
        f"{counts[f'{state} as it should']} of {count} {state} {'pass' if state == 'healthy' else 'do not pass'}"
        for state, count in every.items()
        if count
    )


if __name__ == "__main__":
    sys.exit(main())
