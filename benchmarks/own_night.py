"""Measures a night on two cores against one, and kills nights at random moments.

    make own-night-bench                                  both, with 10 nights that are killed
    make own-night-bench ARGS="--kill 200 --log F"        only nights that are killed; goes on behind the last one in F

Each night is killed one to three times by SIGKILL: its own process, or any that it started, however deep: builds, plan,
recordings, simulators, doctor, summary, history. If its own process was killed, it goes on with --resume. The bars: the
verdict of an undisturbed night, no seed twice, none lost; two cores take at most 0.6 of the time of one. A night that
ended before anything was killed doesn't count: another one runs. The folder of a night that misses a bar is stored
beside F, as F-N.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.own_night_kills import KINDS, Kills, Outcome, killed_night, outcome, undisturbed

ROOT = Path(__file__).resolve().parent.parent
BAR = 0.6
NIGHT = {
    "build": f'"{sys.executable}" {ROOT}/examples/simulator/build.py --features "$FEATURES" --out sim',
    "binary": "sim",
    "command": "sim --scenario {scenario} --seed {seed} --iterations {iterations} --json --no-trace-on-failure",
    "scenarios": {"combined": 20},
    "coverage": {"combined": 8},
    "canary": {"combined": 8},
    "determinism": {"combined": 4},
    "determinism_seeds": [42],
    "minutes": 1,
    "rates": {"combined": 0.25},  # so that the long run is divided
}
# A minute, divided, and the same for any number of cores: all of it fits into one.
LONG = {
    **NIGHT,
    "scenarios": {"combined": 8000},
    "coverage": {"combined": 2000},
    "canary": {"combined": 20},
    "determinism": {"combined": 10},
    "rates": {"combined": 8},
    "minutes": 40,
}
GATE = {
    "profile": "none",
    "fault_points": ["sim.network.send", "sim.storage.write"],
    "fault_point_coverage_min": 1.0,
    "canaries": {"canary-wrong-hash": {"invariants": ["hash_chain"]}},
}


def main() -> int:
    """Print the figures; the exit code says whether the bars are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kill", type=int, metavar="N", help="kill N nights, and measure nothing else")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which they are killed")
    parser.add_argument(
        "--log", type=Path, metavar="F", help="a line for each killed night; those in it are not repeated"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        met = arguments.kill is not None or cores_are_used(folder)
        return int(not (killed(folder, arguments.kill or 10, arguments.seed, arguments.log) and met))


def cores_are_used(folder: Path) -> bool:
    """Whether two cores are enough faster than one."""
    configure(folder, LONG)
    one, two = (undisturbed(folder, jobs) for jobs in (1, 2))
    print(f"one core {one:.1f} s, two {two:.1f} s: {two / one:.2f} of the time (bar: {BAR})", flush=True)
    return two / one <= BAR


def killed(folder: Path, nights: int, seed: int, log: Path | None) -> bool:
    """Kill nights, and compare each with an undisturbed one. Returns whether all were like it."""
    configure(folder, NIGHT)
    calm = undisturbed(folder, 2)
    expected = outcome(folder)
    print(f"an undisturbed night: {calm:.1f} s, {len(expected.seeds)} seeds, {expected.verdict['status']}", flush=True)
    done = [Kills(**json.loads(line)) for line in log.read_text().splitlines()] if log and log.exists() else []
    while sum(bool(kills.kinds) for kills in done) < nights:
        number = len(done) + 1
        kills = killed_night(folder, number, seed, calm, expected)
        done.append(kills)
        if log and not kills.as_calm:
            shutil.copytree(folder, log.with_name(f"{log.name}-{number}"), symlinks=True, dirs_exist_ok=True)
        print(f"night {number}: {kills.in_words()}", flush=True)
        if log:
            with log.open("a", encoding="utf-8") as file:
                file.write(kills.to_json() + "\n")
    print(table(done, expected))
    return all(kills.as_calm for kills in done)


def table(done: list[Kills], expected: Outcome) -> str:
    """All nights, by what was killed."""
    kills = Counter(kind for each in done for kind in each.kinds)
    unknown = sorted(set(kills) - set(KINDS))
    rows = [f"{'killed process':<22}{'kills':>7}"]
    rows += [f"{kind:<22}{kills[kind]:>7,}" for kind in (*KINDS, *unknown)]
    rows += [f"{'all':<22}{kills.total():>7,}"]
    nights = [
        ("nights", sum(bool(each.kinds) for each in done)),
        ("and without a kill, not counted", sum(not each.kinds for each in done)),
        ("with another verdict", sum(not each.verdict for each in done)),
        ("seeds of a night", len(expected.seeds)),
        ("seeds twice", sum(each.twice for each in done)),
        ("seeds lost", sum(each.lost for each in done)),
        ("with another history", sum(not each.history for each in done)),
        ("processes left behind", sum(each.left for each in done)),
    ]
    return "\n".join(["", *rows, "", *(f"{name:<32}{number:>7,}" for name, number in nights)])


def configure(folder: Path, night: dict[str, object]) -> None:
    """Write the config that the next nights read."""
    (folder / "night.yml").write_text(json.dumps({**GATE, "night": night}), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
