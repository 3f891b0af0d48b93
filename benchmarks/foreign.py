"""Whether `check --format json` says of samples of other testers what their makers know to be true.

    PYTHONPATH=. python benchmarks/foreign.py FOLDER

Each folder below FOLDER has samples of one producer and the truth about them, `expected.json`. Every sample is judged,
the files that belong together also merged, and each figure of the verdict is compared. A difference that is meant is
printed with its reason.

Exit code 0: all figures are equal, or their difference is meant. 1: one is not. 2: there are no samples.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import foreign_others, foreign_sdk
from benchmarks.foreign_cases import Case, Said, ran

TEXT_MAX = 300
CASES: dict[str, Callable[[Path, Mapping[str, Any], Path], Iterable[Case]]] = {
    "antithesis-sdk-jsonl": lambda folder, truth, _: foreign_sdk.cases(folder, truth),
    "fdb-trace-xml": lambda folder, truth, _: foreign_others.foundationdb(folder, truth),
    "gofail": foreign_others.gofail,
    "hypothesis-observability": foreign_others.hypothesis,
    "jepsen-results-edn": lambda folder, truth, _: foreign_others.jepsen(folder, truth),
    "p-scenario-coverage": lambda folder, truth, _: foreign_others.p(folder, truth),
    "tigerbeetle-fuzzing-data": lambda folder, truth, _: foreign_others.tigerbeetle(folder, truth),
}


def said_of(case: Case, scratch: Path) -> Said:
    """What `check` says, through the same door as a user's."""
    config = scratch / "config.json"
    config.write_text(json.dumps({"profile": "general", **case.config}))
    merging = ["--merge", "all"] if case.merged else []
    exit_code, out, err = ran("check", *case.files, "--format", "json", "--config", str(config), *merging)
    return Said(exit_code, json.loads(out) if exit_code in (0, 1) else {}, err)


def as_stream(case: Case, said: Said, scratch: Path) -> Case | None:
    """The same as a simulation stream; None where the stream would have no end, or the case is no single report."""
    if not said.complete or len(said.verdict["reports"]) > 1 or "complete_when" in case.config:
        return None
    stream = scratch / "stream.ndjson"
    stream.unlink(missing_ok=True)
    reading = [("--from", case.config.get("format")), ("--declared", case.config.get("declared"))]
    flags = [text for flag, value in reading if value for text in (flag, value)]
    exit_code, _, err = ran("convert", *case.files, *flags, "--out", str(stream))
    assert exit_code == 0, err
    return Case(f"{case.name}, converted", (str(stream),), said.names, lambda converted: converted.names)


def compare(folder: Path, truth: Mapping[str, Any], scratch: Path) -> Counter[str]:
    """All samples of one producer; prints each difference. Returns how many figures are equal, meant and unequal."""
    counts: Counter[str] = Counter()
    for case in CASES[truth["format"]](folder, truth, scratch):
        said = said_of(case, scratch)
        counts += compare_one(folder.name, case, said)
        stream = as_stream(case, said, scratch)
        if stream:
            counts += compare_one(folder.name, stream, said_of(stream, scratch))
    return counts


def compare_one(producer: str, case: Case, said: Said) -> Counter[str]:
    """All figures of one case."""
    counts: Counter[str] = Counter()
    found = case.figures(said)
    for figure, true in case.truth.items():
        where, says = f"{producer}/{case.name}, {figure}", found.get(figure)
        meant, reason = foreign_sdk.MEANT.get((producer, case.name, figure), (None, ""))
        if _alike(says) == _alike(true):
            counts["equal"] += 1
        elif reason and _alike(says) == _alike(meant):
            counts["meant"] += 1
            print(f"  · {where}: {reason}")
        else:
            counts["unequal"] += 1
            print(f"  ✗ {where}\n      expected {_shown(true)}\n      found    {_shown(says)}")
    return counts


def _alike(figure: Any) -> Any:
    """The order of a list says nothing."""
    return sorted(figure) if isinstance(figure, list) else figure


def _shown(figure: Any) -> str:
    return json.dumps(figure, ensure_ascii=False)[:TEXT_MAX]


def main(argv: list[str] | None = None) -> int:
    """Compare all producers; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with a folder for each producer")
    arguments = parser.parse_args(argv)
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(arguments.folder.glob("*/expected.json")):
            truth = json.loads(path.read_text(encoding="utf-8"))
            if truth["format"] not in CASES:
                print(f"{path.parent.name}: {truth['format']} is not read")
                continue
            counts = compare(path.parent, truth, Path(scratch))
            total += counts
            print(f"{path.parent.name}: {counts['equal']} equal, {counts['meant']} meant, {counts['unequal']} unequal")
    if not total:
        print(f"benchmarks/foreign.py needs samples: {arguments.folder} has no */expected.json", file=sys.stderr)
        return 2
    print(f"{total['equal']} figures equal, {total['meant']} different on purpose, {total['unequal']} unequal")
    return 1 if total["unequal"] else 0


if __name__ == "__main__":
    sys.exit(main())
