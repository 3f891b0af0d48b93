"""`make night`: a whole night on this machine in a minute, with the example simulator and the workflow's commands.

    python examples/night.py [--features LIST] [--simulation] [--keep DIR]

`--features` plants bugs in the build under test, so that the night is red: try `nondeterministic`, `drop-disabled` or
`canary-wrong-hash`. With `--simulation`, the simulator writes the simulation stream in place of vopr's.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUILDS = "build/night-builds"
TEMPLATE = "{build} --scenario {{scenario}} --seed {{seed}} --iterations {{iterations}} {stream} --no-trace-on-failure"
# What the simulator writes: the option that asks for it, and the config of the gate.
VOPR = ("--json", "examples/configs/simulator.yml")
SIMULATION = ("--simulation -", "examples/configs/simulator-stream.yml")
WORK = [
    "combined=300", "--coverage", "combined=200", "--canary", "combined=200", "--determinism", "combined=30",
    "--determinism-seeds", "42 123",
]  # fmt: skip


def main() -> int:
    """Run the night; the exit code is that of `summary`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--features", default="", metavar="LIST", help="bugs to plant in the build under test")
    parser.add_argument(
        "--keep", default="build/night", metavar="DIR", help="the night's folder (default: build/night)"
    )
    parser.add_argument(
        "--simulation", dest="stream", action="store_const", const=SIMULATION, default=VOPR,
        help="let the simulator write the simulation stream",
    )  # fmt: skip
    arguments = parser.parse_args()
    stream, config = arguments.stream
    night = Path(arguments.keep)
    shutil.rmtree(ROOT / night, ignore_errors=True)
    names = ["control", *vopr("canary", "--names", "--config", config, quiet=True).split()]
    for name in names:
        build(name, arguments.features if name == "control" else name)
    plan = the_plan(night, stream, config)
    for run in plan["long_run"]["include"]:
        record(run, night / "long-run" / run["name"], stream)
    for run in plan["determinism"]["include"]:
        for process in ("a", "b"):
            record(run, night / "determinism" / run["name"] / process, stream)
    for run in plan["coverage"]["include"]:
        record(run, night / "coverage" / run["name"], stream)
    for run in plan["canary"]["include"]:
        record(run, night / "canary" / run["name"], stream, run["build"])
    files = ["--verdict-file", f"{night}/night.json", "--summary-file", f"{night}/night.md"]
    return subprocess.run(
        command_line("summary", str(night), "--config", config, *files), cwd=ROOT, check=False
    ).returncode


def build(name: str, features: str) -> None:
    """Build the simulator with these features."""
    line = ["examples/simulator/build.py", "--features", features, "--out", f"{BUILDS}/{name}"]
    print(f"$ python3 {shlex.join(line)}", flush=True)
    subprocess.run([sys.executable, *line], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def the_plan(night: Path, stream: str, config: str) -> Any:
    """The night's plan. The rate is given, because measuring it takes half a minute."""
    command = TEMPLATE.format(build=f"{BUILDS}/control", stream=stream)
    options = ["--minutes", "5", "--run-number", "1", "--rate", "combined=50", "--config", config]
    text = vopr("plan", *WORK, *options, "--format", "json", "--command", command)
    (ROOT / night).mkdir(parents=True)
    (ROOT / night / "plan.json").write_text(text, encoding="utf-8")
    return json.loads(text)


def record(run: Mapping[str, Any], folder: Path, stream: str, name: str = "control") -> None:
    """Record one run of the plan. Incomplete recordings and failed seeds are judged by `summary`."""
    what = ["--scenario", run["scenario"], "--seed", run["seed"], "--iterations", str(run["iterations"])]
    what += ["--expected-crash", run["crash"]] if run.get("crash") else []
    what += ["--on-crash", "restart"]
    command = TEMPLATE.format(build=f"{BUILDS}/{name}", stream=stream)
    subprocess.run(command_line("record", *what, "--out", str(folder), "--command", command), cwd=ROOT, check=False)


def vopr(*words: str, quiet: bool = False) -> str:
    """What a `vopr-coverage` command prints; if it fails, the night ends."""
    line = command_line(*words, quiet=quiet)
    return subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def command_line(*words: str, quiet: bool = False) -> list[str]:
    """The words that run a `vopr-coverage` command; printed as a user would type it."""
    if not quiet:
        print(f"$ vopr-coverage {shlex.join(words)}", flush=True)
    return [sys.executable, "-m", "vopr_coverage", *words]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:  # the command has printed why
        sys.exit(error.returncode)
