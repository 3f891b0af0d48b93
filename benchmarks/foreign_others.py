"""Samples of all other producers: what `expected.json` says of them, and the same figures from a verdict."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.foreign_cases import Case, Said
from tests.support.markdown_blocks import ROOT, blocks_of

HYPOTHESIS_PAGE = ROOT / "docs" / "formats" / "hypothesis.md"


def foundationdb(folder: Path, truth: Mapping[str, Any]) -> Iterator[Case]:
    """Each run by itself, all files of the folder at once, and a run without its last file."""
    keys = ("declared", "hit", "missed", "rare", "complete")
    runs = [{key: run[key] for key in keys} | {"files": run["files"]} for run in truth["runs"]]
    for run in runs:
        true = {key: run[key] for key in keys} | {"runs": 1, "violated": []}
        yield _traces(run["files"][0], [folder / name for name in run["files"]], true)
    cut = runs[0]["files"][:-1]
    unfinished = {key: truth["only_files_1_and_2_of_the_simulation"][key] for key in keys} | {"coverage": None}
    yield _traces("without its last file", [folder / name for name in cut], unfinished)
    every = [folder / name for run in runs for name in run["files"]]
    true = {"files a run": sorted(len(run["files"]) for run in runs)}
    yield Case("all files", tuple(map(str, every)), true, lambda said: {"files a run": _rolled(said)})


def _traces(name: str, files: list[Path], truth: Mapping[str, Any]) -> Case:
    return Case(name, tuple(map(str, files)), truth, _figures_of_traces)


def _figures_of_traces(said: Said) -> dict[str, Any]:
    points = said.observed["points"]
    rare = [re.match(r"(\d+) missed probes? (?:is|are) marked as rare", warning) for warning in said.warnings]
    return {
        "declared": len([point for point in points if point["declared"]]),
        "hit": len([point for point in points if point["hit"]]),
        "missed": len([point for point in points if not point["hit"]]),
        "rare": sum(int(found[1]) for found in rare if found),
        "runs": said.observed["runs"],
        "violated": said.named("broken"),
        "complete": said.complete,
        "coverage": said.value("fault-point-coverage"),
    }


def _rolled(said: Said) -> list[int]:
    names = [report["name"] for report in said.verdict["reports"]]
    counts = [re.search(r"\((\d+) files\)", name) for name in names]
    return sorted(int(found[1]) if found else 1 for found in counts)


def jepsen(folder: Path, truth: Mapping[str, Any]) -> Iterator[Case]:
    """Each run by itself, and all that a pattern over the folder finds."""
    for name in truth["runs"]:
        true = truth["files"][name]
        wanted: dict[str, Any] = {"checkers": true["checkers"], "runs": 1, "complete": True}
        wanted["ok"] = {f"operation {f}": figures["ok"] for f, figures in (true["by_f"] or {}).items()}
        wanted["missing"] = [f"operation {f}" for f in true.get("never_ok", ())]
        if true["valid"] == "false" or "vacuous" in true:
            wanted["exit code"] = 1
        if true["checkers"].get("workload") == "false":
            wanted["anomalies"] = true["anomaly_types"]
        yield Case(name, (str(folder / name),), wanted, _figures_of_jepsen)
    sources = sorted(str(folder / name) for name in truth["runs"])
    yield Case(
        "all runs", (str(folder / "**" / "results.edn"),), {"sources": sources}, lambda s: {"sources": s.sources}
    )


def _figures_of_jepsen(said: Said) -> dict[str, Any]:
    said_of = dict.fromkeys(said.named("invariants"), "true")
    said_of |= dict.fromkeys(said.named("broken"), "false") | dict.fromkeys(said.observed["undecided"], "unknown")
    points = said.observed["points"]
    told = [each["line"].partition(": ")[2] for each in said.observed["broken"]]
    return {
        "checkers": {name.removeprefix("checker "): each for name, each in said_of.items() if name != "the run"},
        "ok": {point["name"]: point["count"] for point in points},
        "missing": [point["name"] for point in points if not point["hit"]],
        "anomalies": [name for line in told if line for name in line.split(", ")],
        "runs": said.observed["runs"],
        "complete": said.complete,
        "exit code": said.exit_code,
    }


def p(folder: Path, truth: Mapping[str, Any]) -> Iterator[Case]:
    """The one document."""
    for file in sorted(folder.glob("*_scenario_coverage.json")):
        true = {"declared": truth["declared"], "hit": truth["hit"], "missing": [name for name, _ in truth["missing"]]}
        yield Case(file.name, (str(file),), true | {"counts": truth["incidence"]}, _figures_of_points)


def _figures_of_points(said: Said) -> dict[str, Any]:
    points = said.observed["points"]
    return {
        "declared": len([point for point in points if point["declared"]]),
        "hit": [point["name"] for point in points if point["hit"]],
        "missing": [point["name"] for point in points if not point["hit"]],
        "counts": {point["name"]: point["count"] for point in points},
        "complete": said.complete,
    }


def tigerbeetle(folder: Path, truth: Mapping[str, Any]) -> Iterator[Case]:
    """The one list."""
    for file in sorted(folder.glob("*.json")):
        if file.name == "expected.json":
            continue
        wanted = {
            "seeds": truth["seeds_run_floor"],
            "fuzzers": truth["fuzzers"],
            "failures": truth["failures_excluding_canary"],
            "canary": truth["canary_failures_floor"],
            "coverage": truth["coverage_points"],
            "complete": True,
        }
        yield Case(file.name, (str(file),), wanted, _figures_of_fuzzers)


def _figures_of_fuzzers(said: Said) -> dict[str, Any]:
    executions = {each["name"]: each["executions"] for each in said.observed["invariants"]}
    return {
        "seeds": said.observed["runs"],
        "fuzzers": len(executions),
        "failures": len(said.observed["broken"]),
        "canary": executions.get("fuzzer canary"),
        "coverage": said.value("fault-point-coverage"),
        "complete": said.complete,
    }


def gofail(folder: Path, truth: Mapping[str, Any], scratch: Path) -> Iterator[Case]:
    """Lists of points, made as in docs/formats/points.md: the enabled failpoints, and the counts of these."""
    enabled = [line.partition("=")[0] for line in _lines(folder / "list.txt") if line.partition("=")[2]]
    (scratch / "points.txt").write_text("".join(f"{name}\n" for name in enabled))
    answers = [line.split(" ", 2) for line in _lines(folder / "counts.txt")]
    hits = "".join(f"{name}\t{count}\n" for name, code, count in answers if code == "200")
    (scratch / "run.txt").write_text(hits)
    counts = {name: count for name, count in truth["counts"].items() if count is not None}
    true = {"declared": len(truth["enabled"]), "hit": list(counts), "missing": [], "counts": counts}
    config = {"format": "points", "declared": str(scratch / "points.txt")}
    yield Case("counts.txt", (str(scratch / "run.txt"),), true, _figures_of_points, config)


def hypothesis(folder: Path, truth: Mapping[str, Any], scratch: Path) -> Iterator[Case]:
    """The list of points that the script in docs/formats/hypothesis.md makes."""
    page = HYPOTHESIS_PAGE.read_text(encoding="utf-8")
    script = next(block.text for block in blocks_of(page) if "`hits.py`" in block.before)
    command = [sys.executable, "-c", script, str(folder / "testcases.jsonl")]
    hits = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counts = Counter[str]()
    for of_one in truth["properties"].values():
        counts.update(of_one["events"])
    (scratch / "run.txt").write_text(hits)
    (scratch / "points.txt").write_text("".join(f"{name}\n" for name in counts))
    true = {"declared": len(counts), "hit": list(counts), "missing": [], "counts": dict(counts), "complete": True}
    config = {"format": "points", "declared": str(scratch / "points.txt"), "complete_when": "all tests ended"}
    yield Case("testcases.jsonl", (str(scratch / "run.txt"),), true, _figures_of_points, config)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
