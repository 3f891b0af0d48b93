"""Two judges on the same files: valid files, changed at random, judged by ours and by tools/second_judge.py.

    python tools/agreement.py --minutes 1 --seed 1

A file that passes must pass with both, and where both read it, they must agree on each of the seven categories and on
completeness. A file that ours refuses is no finding: it is stricter than the other on purpose.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.samples import CUT, samples
from tools import second_judge
from tools.second_judge import FAILED, NOT_MEASURED, Evidence, opinion
from vopr_coverage.check.flow import Rules, check
from vopr_coverage.check.request import CheckRequest
from vopr_coverage.errors import UserError
from vopr_coverage.model.verdict import Verdict

READERS: dict[str, Callable[[bytes], Evidence]] = {
    "stream": second_judge.read_stream,
    "report": second_judge.read_report,
    "simulation": second_judge.read_simulation,
}
COMPLETE = "run-complete"
NUMBERS = (0, 1, 2, 3, 9, 40, 1 << 40)


def simulation() -> list[Any]:
    """A simulation stream with all that the small judge looks at."""
    start = {
        "type": "start", "format": "simulation/1", "first_seed": 7, "seeds": 4, "invariants": ["agreement", "order"],
        "points": {"fault": ["a", CUT], "sometimes": ["s"], "reachable": ["r"], "phase": ["p", "q"]},
        "counters": ["view_changes", "repairs"],
    }  # fmt: skip
    seeds = [
        {
            "type": "seed", "seed": 7 + at, "status": "ok", "events": 5,
            "hits": {"a": at, CUT: 1, "s": 2, "p": 3, "q": at},
            "ran": {"agreement": 3, "order": at}, "counters": {"view_changes": at, "repairs": 1}, "digest": f"{at}",
        }
        for at in range(4)
    ]  # fmt: skip
    return [start, *seeds, {"type": "end", "seeds": 4, "failed": 0}]


def whole_files() -> dict[str, list[Any]]:
    """A valid file of each format, as the documents in its lines."""
    all_samples = samples()
    return {
        "stream": [json.loads(line) for line in all_samples["stream"].whole.splitlines()],
        "report": [json.loads(all_samples["report"].whole)],
        "simulation": simulation(),
    }


# ---- changes


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document with a key of it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def change_value(rng: random.Random, lines: list[Any]) -> None:
    """Change, remove, rename or copy something in one document."""
    places = list(_places(rng.choice(lines)))
    if not places:
        return
    holder, key = rng.choice(places)
    how = rng.random()
    if how < 0.15:
        del holder[key]
    elif how < 0.25 and isinstance(holder, dict):
        holder[rng.choice([CUT, "b", *(str(other) for _, other in places)])] = holder.pop(key)
    elif how < 0.35 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif how < 0.45:
        other, at = rng.choice(places)
        holder[key] = copy.deepcopy(other[at])
    elif isinstance(holder[key], int):
        holder[key] = rng.choice((holder[key] + 1, max(holder[key] - 1, 0), *NUMBERS))
    elif how < 0.5:
        holder[key] = rng.choice((None, "", [], {}, 1.5, True, -1))


def change_lines(rng: random.Random, lines: list[Any]) -> None:
    """Remove a line, repeat it, or move it."""
    at = rng.randrange(len(lines))
    how = rng.random()
    if how < 0.4:
        del lines[at]
    elif how < 0.7:
        lines.insert(rng.randrange(len(lines) + 1), copy.deepcopy(lines[at]))
    else:
        lines.insert(rng.randrange(len(lines)), lines.pop(at))


def changed(rng: random.Random, whole: list[Any]) -> bytes:
    """The file after a few changes, or none."""
    lines = copy.deepcopy(whole)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        if lines:
            (change_lines if rng.random() < 0.2 else change_value)(rng, lines)
    texts = [json.dumps(line).encode() for line in lines]
    if rng.random() < 0.1:
        texts.insert(rng.randrange(len(texts) + 1), rng.choice((b"a log line", b"", b'{"level": "info"}')))
    return b"\n".join(texts) + b"\n"


def bounds_for(rng: random.Random, names: dict[str, list[str]]) -> dict[str, Any]:
    """What a config may ask for, near what healthy files have."""

    def some(kind: str) -> list[str]:
        return rng.sample(names[kind], rng.choice((0, 1, min(2, len(names[kind])))))

    return {
        "profile": "none",
        "fault_point_coverage_min": rng.choice((0, 0.25, 0.5, 0.75, 1.0)),
        "critical_fault_points": some("points"),
        "required_invariants": some("invariants"),
        "min_view_changes": rng.choice((0, 0, 0, 6, 9, 10)),
        "min_repairs": rng.choice((0, 0, 0, 4, 5, 9)),
        "min_unique_query_plans": rng.choice((0, 0, 0, 0, 90)),
        "min_phase_events": {name: rng.choice((1, 6, 12, 396)) for name in some("phases")},
        "min_iterations": 1,  # so that no config asks for nothing
    }


NAMES = {
    "stream": {
        "points": [CUT, "network.drop", "sim.network.send", "nowhere"],
        "invariants": ["vsr_agreement", "query_aggregates", "nowhere"],
        "phases": ["storage.fsync_complete", "nowhere"],
    },
    "report": {"points": ["a", CUT, "nowhere"], "invariants": ["agreement", "nowhere"], "phases": ["nowhere", "p"]},
    "simulation": {
        "points": ["a", CUT, "s", "r", "nowhere"],
        "invariants": ["agreement", "order"],
        "phases": ["p", "q"],
    },
}


# ---- the comparison


def judged(path: Path, config: Path) -> Verdict | None:
    """Our verdict; None where the file is refused."""
    try:
        return check(CheckRequest(reports=[str(path)], config=str(config)), Rules())
    except UserError:
        return None


def statuses(verdict: Verdict) -> dict[str, str]:
    """What our judge says: the seven categories, and completeness."""
    (report,) = verdict.reports
    return {row.gate: str(row.status) for row in (*report.inputs[0].gates, *report.gates)}


def disagreement(name: str, data: bytes, verdict: Verdict | None, bounds: dict[str, Any]) -> str:
    """What the judges do not agree on, "" if nothing."""
    if verdict is None or not verdict.reports:
        return ""
    try:
        evidence = READERS[name](data)
    except Exception as error:  # a file that is not valid: the small judge is made for others
        return f"passed, and the second judge cannot read it: {error!r}" if verdict.passed else ""
    ours, theirs = statuses(verdict), opinion(evidence, bounds)
    if verdict.passed and not (evidence.complete and {*theirs.values()}.isdisjoint({FAILED, NOT_MEASURED})):
        return f"passed, and the second judge says: complete {evidence.complete}, {theirs}"
    if COMPLETE in ours and (ours[COMPLETE] not in (FAILED, NOT_MEASURED)) != evidence.complete:
        lines = [each.line for each in verdict.violations if each.gate == COMPLETE]
        return f"complete: ours {ours[COMPLETE]} {lines}, the second judge {evidence.complete}"
    if not evidence.complete:
        return ""  # what is incomplete has no coverage
    apart = {gate: (ours[gate], status) for gate, status in theirs.items() if ours.get(gate, status) != status}
    return f"ours and theirs: {apart}" if apart else ""


def main(argv: list[str] | None = None) -> int:
    """Compare for some time; returns 1 at the first finding."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1, help="of the first input (default: 1)")
    parser.add_argument("--inputs", type=int, help="so many inputs, however long they take")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="the folder for a finding")
    options = parser.parse_args(argv)
    files, ends = whole_files(), Counter[str]()
    until, number = time.monotonic() + 60 * options.minutes, options.seed
    with tempfile.TemporaryDirectory() as folder:
        config, path = Path(folder, "config.yml"), Path(folder, "input")
        while number - options.seed < options.inputs if options.inputs else time.monotonic() < until:
            rng = random.Random(number)  # noqa: S311 (so that a seed plays its input again)
            name = rng.choice(list(files))
            bounds, data = bounds_for(rng, NAMES[name]), changed(rng, files[name])
            config.write_text(json.dumps(bounds))
            path.write_bytes(data)
            verdict = judged(path, config)
            if found := disagreement(name, data, verdict, bounds):
                options.keep.mkdir(parents=True, exist_ok=True)
                kept = options.keep / f"{name}-{number}"
                kept.write_bytes(data)
                kept.with_suffix(".yml").write_text(json.dumps(bounds))
                print(f"{name}, seed {number}, kept as {kept}: {found}")
                return 1
            ends[verdict.status if verdict else "refused"] += 1
            number += 1
    told = ", ".join(f"{count:,} {end}" for end, count in ends.most_common())
    print(f"{number - options.seed:,} inputs from seed {options.seed} on, both judges agree: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
