"""`vopr-coverage plan`: its flags, and from them to a job matrix. Nothing is decided here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from vopr_coverage.check import Settings, find_and_load_config, terms_for
from vopr_coverage.errors import ExitCode, UsageError, printable, shown
from vopr_coverage.nightly.planning import CALIBRATION_S, JOBS_MAX, Asked, Plan, plan_night, seed_base_of
from vopr_coverage.nightly.regressions import Replay, read_regressions
from vopr_coverage.recording import filled, unknown_placeholders

CALIBRATION_SEED = "0"
CALIBRATION_ITERATIONS = 1_000_000_000  # more than any simulator does before it is stopped

EPILOG = """COMMAND is one run of the simulator, with {scenario}, {seed} and {iterations} in it:

  vopr-coverage plan combined=1000000 swizzle=500000 --minutes 170 --run-number "$GITHUB_RUN_NUMBER" \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json

It is run for --calibrate seconds per scenario to measure its rate; --rate takes its place.

exit codes:
  0  every scenario gets at least its min_iterations
  1  the budget can't hold what a scenario's config asks for at least
  2  usage, config or the simulator can't be used: nothing was planned
  3  a bug of ours
"""


def add_plan(parser: argparse.ArgumentParser) -> None:
    """The flags of `plan`."""
    parser.add_argument("asked", nargs="+", metavar="SCENARIO=ITERATIONS", help="what should run in one night")
    parser.add_argument("--minutes", type=float, required=True, metavar="M", help="what one job may simulate for")
    parser.add_argument(
        "--jobs", type=int, default=JOBS_MAX, metavar="N", help=f"at most so many jobs (default and most: {JOBS_MAX})"
    )
    parser.add_argument(
        "--run-number", type=int, required=True, metavar="N", help="of this night's run: its seeds follow from it"
    )
    parser.add_argument(
        "--rate", action="append", default=[], metavar="SCENARIO=R", help="iterations a second of one job; not measured"
    )
    parser.add_argument(
        "--calibrate", type=float, default=CALIBRATION_S, metavar="S",
        help=f"how long COMMAND runs to measure a scenario's rate (default: {CALIBRATION_S:g})",
    )  # fmt: skip
    parser.add_argument(
        "--regressions",
        metavar="F",
        help="seeds that failed once, a line `SCENARIO SEED` each; they are run every night",
    )
    parser.add_argument(
        "--config", metavar="FILE", help="the config (default: .github/vopr-coverage.yml where there is one)"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", metavar="text|json",
        help="json: the plan with `matrix`, as a job's strategy takes it",
    )  # fmt: skip


def run_plan(arguments: argparse.Namespace, command: Sequence[str]) -> int:
    """Plan a night and print it; `command` is what stands behind `--`."""
    from vopr_coverage.nightly.calibration import measured_rate  # every command would wait for subprocess to load

    asked = _asked(arguments)
    rates = dict(_pair(text, "--rate", float) for text in arguments.rate)
    unknown = next((name for name in rates if name not in {one.scenario for one in asked}), None)
    if unknown is not None:
        raise UsageError(f"--rate: {shown(unknown)} is no scenario of this plan")
    replays = read_regressions(Path(arguments.regressions)) if arguments.regressions else ()
    for name in unknown_placeholders(command):
        raise UsageError(f"the simulator's command: no placeholder {shown(name)} is known")
    for one in asked:
        if one.scenario not in rates and command:
            _say(f"calibrating {one.scenario} for {arguments.calibrate:g} s")
            line = filled(command, one.scenario, CALIBRATION_SEED, CALIBRATION_ITERATIONS)
            rates[one.scenario] = measured_rate(line, arguments.calibrate)
    plan = plan_night(asked, rates, seed_base_of(arguments.run_number), arguments.minutes, arguments.jobs)
    print(_json(plan, replays) if arguments.format == "json" else _text(plan, replays))
    return ExitCode.PASSED if plan.enough else ExitCode.GATE_FAILED


def _asked(arguments: argparse.Namespace) -> list[Asked]:
    """What should run, with the minimum that the config has for each scenario."""
    settings = Settings(config=arguments.config)
    config = find_and_load_config(settings)
    found = []
    for text in arguments.asked:
        name, iterations = _pair(text, "plan", int)
        least = terms_for(name, settings, config).bounds.min_iterations.value
        found.append(Asked(name, iterations, least))
    return found


def _pair(text: str, where: str, kind: Any) -> tuple[str, Any]:
    name, equals, number = text.partition("=")
    try:
        if not name or not equals or not number.isascii():
            raise ValueError
        return name, kind(number)
    except ValueError:
        expected = "SCENARIO=NUMBER"
        raise UsageError(f"{where}: expected {expected}, found {shown(text)}") from None


def _json(plan: Plan, replays: Sequence[Replay]) -> str:
    matrix = {"include": msgspec.to_builtins(plan.shards)}
    whole = {"matrix": matrix, "regressions": msgspec.to_builtins(replays), **msgspec.to_builtins(plan)}
    del whole["shards"]
    return msgspec.json.encode(whole).decode()


def _text(plan: Plan, replays: Sequence[Replay]) -> str:
    lines = [f"seeds of this night: {plan.seed_base} and up, {len(plan.shards)} jobs"]
    for one in plan.scenarios:
        jobs = f"{one.jobs} job{'' if one.jobs == 1 else 's'} of {one.minutes:,.1f} min"
        work = f"{one.planned:,} of {one.asked:,} iterations in {jobs} at {one.rate:,.1f} a second"
        lines.append(f"  {printable(one.scenario)}: {work}")
    lines += [f"  {printable(one.scenario)}: {len(one.seeds)} seeds that failed once" for one in replays]
    if plan.remarks:
        lines += ["", "The budget can't hold all of it:", *(f"  - {printable(remark)}" for remark in plan.remarks)]
    if not plan.enough:
        lines += ["", "❌ A scenario would get less than its min_iterations"]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(f"vopr-coverage: {printable(text)}", file=sys.stderr, flush=True)
