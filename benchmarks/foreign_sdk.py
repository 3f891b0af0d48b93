"""Files of the Antithesis SDKs: `expected.json`, and the same figures from a verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.foreign_cases import Case, Said

CONFIG = {"complete_when": "workload finished"}
KINDS = ("sometimes", "always", "always or unreachable", "reachable", "unreachable")
# Differences that are meant: what the verdict says instead, and why.
JOINED = "a placeholder of Go's instrumentor is joined with the message that was evaluated at its line"
LOST = "the program aborted, and the SDK's buffer with the evaluation was lost: it is not in the file"
MEANT: dict[tuple[str, str, str], tuple[list[Any], str]] = {
    ("antithesis-go", "oddities.jsonl", "missing"): (
        [
            ["inside a function nobody calls", "never reached"],
            *([name, "evaluated, never true"] for name in ("operand is NaN", "reached index 0", "reached index 1")),
            ["through a wrapper B", "evaluated, never true"],
        ],
        JOINED,
    ),
    ("antithesis-go", "oddities.jsonl", "undeclared"): (
        ["RAW-2", "reached index 1", "reached index 2", "through a wrapper B"],
        JOINED,
    ),
    ("antithesis-cpp", "crash-seed-2.jsonl", "executed"): (
        ["counter never decreases", "queue stays within its limit"],
        LOST,
    ),
}


class Labels:
    """The ids of properties by the names that a verdict calls them, from the lines of the files themselves.

    A property that must not be reached, and was not, is in no list of a verdict: `quiet` has those that are declared.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.id_of: dict[str, str] = {}
        self.quiet: set[str] = set()
        for line in (line for path in paths for line in path.read_bytes().split(b"\n")):
            try:
                self._look(json.loads(line)["antithesis_assert"])
            except (ValueError, LookupError, TypeError):
                continue

    def _look(self, found: dict[str, Any]) -> None:
        id = found["id"]
        for name in (found["message"], f"{found['message']} [{id}]"):
            for suffix in ("", *(f" ({kind})" for kind in KINDS)):
                self.id_of.setdefault(f"{name}{suffix}", id)
        if (found["assert_type"], found["must_hit"], found["hit"]) == ("reachability", False, False):
            self.quiet.add(id)

    def ids(self, *lists: Sequence[Mapping[str, Any]]) -> list[str]:
        """The ids of these, each once."""
        return sorted({self.id_of[each["name"]] for several in lists for each in several})


def cases(folder: Path, truth: Mapping[str, Any]) -> Iterator[Case]:
    """Every file by itself, and those that are judged together."""
    kinds = truth["kinds"]
    for name, true in truth["files"].items():
        yield _case(name, [folder / name], _truth_of_file(true, kinds), kinds)
    for true in truth["merged"]:
        wanted = {key: true[key] for key in ("runs", "declared", "missing", "violated", "vacuous")}
        files = [folder / name for name in true["files"]]
        yield _case(" + ".join(true["files"]), files, wanted | {"incidence": _incidence_truth(true, kinds)}, kinds)


def _case(name: str, files: Sequence[Path], truth: Mapping[str, Any], kinds: Mapping[str, str]) -> Case:
    labels = Labels(files)

    def figures(said: Said) -> dict[str, Any]:
        return _figures(said, labels, kinds)

    return Case(name, tuple(map(str, files)), truth, figures, CONFIG, merged=len(files) > 1)


def _truth_of_file(true: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    if true["bad_lines"] and true["ends_with_newline"]:
        return {"refused at line": true["bad_lines"][0]}
    keys = {"undeclared": "undeclared_but_reached"}
    wanted = {key: true[keys.get(key, key)] for key in ("declared", "reached", "violated", "missing", "vacuous")}
    of_the_sdk = set(true.get("sdk_self_diagnostics_not_a_property", ()))
    wanted["reached"] -= len(of_the_sdk)
    wanted["undeclared"] = [name for name in true["undeclared_but_reached"] if name not in of_the_sdk]
    wanted["runs"] = max(true["headers"], 1)
    wanted["complete"] = CONFIG["complete_when"] in true["events"] and not true["bad_lines"]
    if "program_tally" in true:
        wanted["executed"] = sorted(
            name
            for name, tally in true["program_tally"].items()
            if sum(tally) and kinds.get(name, "").startswith("Always")
        )
    if "cut_at_headers" in true:
        wanted["incidence"] = _incidence_truth(true["cut_at_headers"], kinds)
    return wanted


def _figures(said: Said, labels: Labels, kinds: Mapping[str, str]) -> dict[str, Any]:
    if not said.verdict:
        refused = re.search(r":(\d+): expected", said.message)
        return {"refused at line": int(refused[1]) if refused else said.message}
    points, invariants, broken = (said.observed[key] for key in ("points", "invariants", "broken"))
    evaluated = [point for point in points if point["hit"] or point["evaluated"]]
    ran = [invariant for invariant in invariants if invariant["ran"]]
    entered = [each for each in broken if each["line"] == "was reached"]
    undeclared = [each for each in (*evaluated, *ran) if not each["declared"]]
    quiet = set(labels.ids(entered)) - labels.quiet
    missing = [[each, "evaluated, never true"] for each in labels.ids([p for p in evaluated if not p["hit"]])]
    never = [p for p in points if not p["hit"] and not p["evaluated"]]
    never += [each for each in invariants if not each["ran"] and not each["optional"]]
    missing += [[each, "never reached"] for each in labels.ids(never)]
    return {
        "declared": len({*labels.ids([p for p in points if p["declared"]]), *labels.quiet}
                        | set(labels.ids([i for i in invariants if i["declared"]]))),
        "reached": len(labels.ids(evaluated, ran, entered)),
        "violated": labels.ids(broken),
        "missing": sorted(missing),
        "vacuous": labels.ids([each for each in invariants if each["optional"] and not each["ran"]]),
        "undeclared": sorted({*labels.ids(undeclared), *quiet}),
        "executed": labels.ids(ran),
        "runs": said.observed["runs"],
        "complete": said.complete,
        "incidence": _incidence(points, invariants, broken, kinds),
    }  # fmt: skip


def _incidence_truth(true: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, list[int]]:
    """In how many runs each property was reached (of `sometimes`: true), and in how many it was violated."""
    met, wrong = {}, {}
    for name in true["runs_reached"]:
        kind = kinds.get(name, "Unreachable")  # those that SDKs without declarations never name
        met[name] = 0 if kind == "Unreachable" else true["runs_true" if kind == "Sometimes" else "runs_reached"][name]
        failed = {"Unreachable": "runs_reached", "Sometimes": "", "Reachable": ""}.get(kind, "runs_false")
        wrong[name] = true[failed][name] if failed else 0
    return {name: [met[name], wrong[name]] for name in met if met[name] or wrong[name]}


def _incidence(
    points: Sequence[Mapping[str, Any]],
    invariants: Sequence[Mapping[str, Any]],
    broken: Sequence[Mapping[str, Any]],
    kinds: Mapping[str, str],
) -> dict[str, list[int]]:
    met = {each["name"]: each["runs"] for each in (*points, *invariants)}
    wrong = {each["name"]: each["runs"] for each in broken}
    return {name: [met.get(name, 0), wrong.get(name, 0)] for name in met | wrong if met.get(name) or wrong.get(name)}
