"""`vopr-coverage plan`: its flags, and from them to a job matrix. Nothing is decided here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from vopr_coverage.check.terms import Overrides, terms_for
from vopr_coverage.commands.options import (
    add_canaries,
    add_config,
    add_template,
    minutes,
    one_of,
    pair,
    seconds,
    the_command,
    uint64,
    words_of,
)
from vopr_coverage.commands.output import add_outputs, append_outputs_to
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.errors import ExitCode, UsageError, printable, shown
from vopr_coverage.files import write_text
from vopr_coverage.model.manifest import filled, unknown_placeholders
from vopr_coverage.nightly.plan import NightPlan, PlannedWork
from vopr_coverage.nightly.planner import CALIBRATION_S, DETERMINISM_SEEDS, JOBS_MAX, Asked, Wish, plan_night
from vopr_coverage.nightly.regression_file import read_regressions

CALIBRATION_SEED = "0"
CALIBRATION_ITERATIONS = 1_000_000_000  # more than any simulator does before it is stopped
HEADINGS = {"long-run": "long run", "coverage": "coverage", "canary": "canaries", "determinism": "determinism"}

EPILOG = """COMMAND is one run of the simulator, with {scenario}, {seed} and {iterations} in it:

  vopr-coverage plan combined=1000000 swizzle=500000 --minutes 170 --run-number "$GITHUB_RUN_NUMBER" \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json

It is run for --calibrate seconds per scenario to measure its rate; --rate takes its place. Lists (SCENARIO=N, rates,
seeds) may stand in one word, divided by white space or commas; an empty word is no word.

exit codes:
  0  every scenario of long run and coverage gets at least its min_iterations
  1  the budget can't hold what a scenario's config asks for at least
  2  usage, config or the simulator can't be used: nothing was planned
  3  a bug of ours
"""


def add_plan(parser: argparse.ArgumentParser) -> None:
    """The flags of `plan`."""
    parser.add_argument("asked", nargs="+", metavar="SCENARIO=N", help="what should run: iterations in one night")
    parser.add_argument(
        "--coverage", action="append", default=[], metavar="SCENARIO=N", help="iterations to judge coverage on"
    )
    parser.add_argument(
        "--canary", action="append", default=[], metavar="SCENARIO=N",
        help="iterations of each canary of the config, and of the control run",
    )  # fmt: skip
    add_canaries(parser, "run none, whatever --canary says")
    parser.add_argument(
        "--determinism", action="append", default=[], metavar="SCENARIO=N", help="iterations per seed, each run twice"
    )
    parser.add_argument(
        "--determinism-seeds", action="append", default=[], metavar="SEEDS",
        help=f"where they begin (default: {' '.join(map(str, DETERMINISM_SEEDS))})",
    )  # fmt: skip
    parser.add_argument("--minutes", type=minutes, required=True, metavar="M", help="what one job may simulate for")
    parser.add_argument(
        "--jobs", type=int, default=JOBS_MAX, metavar="N",
        help=f"at most so many jobs for the long run (default and most: {JOBS_MAX}); coverage gets what is left",
    )  # fmt: skip
    parser.add_argument(
        "--run-number", type=int, required=True, metavar="N", help="of this night's run: its seeds follow from it"
    )
    parser.add_argument(
        "--rate", action="append", default=[], metavar="SCENARIO=R", help="iterations a second of one job; not measured"
    )
    parser.add_argument(
        "--calibrate", type=seconds, default=CALIBRATION_S, metavar="S",
        help=f"how long COMMAND runs to measure a scenario's rate (default: {CALIBRATION_S:g})",
    )  # fmt: skip
    parser.add_argument(
        "--regressions",
        metavar="F",
        help="seeds that failed once, a line `SCENARIO SEED` each; they are run every night",
    )
    add_config(parser)
    add_template(parser)
    parser.add_argument(
        "--format", type=one_of(("text", "json")), default="text", metavar="text|json",
        help="json: the plan on one line, with a matrix per job, as its strategy takes it",
    )  # fmt: skip
    parser.add_argument("--plan-file", metavar="F", help="write the plan as JSON")
    add_outputs(parser, "plan and smallest-shard, the fewest iterations of a coverage job")


def run_plan(arguments: argparse.Namespace, simulator: Sequence[str]) -> int:
    """Plan a night and print it; `simulator` is what stands behind `--`."""
    command = the_command(arguments.template, simulator)
    for name in unknown_placeholders(command):
        raise UsageError(f"the simulator's command: no placeholder {shown(name)} is known")
    wish = _wish(arguments)
    rates = _rates(arguments, wish)
    if arguments.no_canaries:
        wish = Wish(
            wish.long_run, wish.coverage, determinism=wish.determinism,
            determinism_seeds=wish.determinism_seeds, regressions=wish.regressions,
        )  # fmt: skip
    if command:
        for one in wish.asked():  # a scenario of several jobs is measured once
            if one.scenario.lower() not in rates:
                rates[one.scenario.lower()] = _measured(command, one.scenario, arguments.calibrate)
    plan = plan_night(wish, rates, arguments.run_number, arguments.minutes, arguments.jobs)
    print(plan.to_json() if arguments.format == "json" else "\n".join(_text(plan)))
    if arguments.plan_file:
        write_text(arguments.plan_file, plan.to_json() + "\n")
    smallest = min((shard.iterations for shard in plan.coverage.include), default=0)
    append_outputs_to(arguments.outputs, {"plan": plan.to_json(), "smallest-shard": str(smallest)})
    return ExitCode.PASSED if plan.enough else ExitCode.GATE_FAILED


def _wish(arguments: argparse.Namespace) -> Wish:
    config = load_config(arguments.config)
    seeds = words_of(arguments.determinism_seeds)
    try:
        starts = tuple(map(uint64, seeds)) or DETERMINISM_SEEDS
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"--determinism-seeds: {error}") from None
    return Wish(
        tuple(_asked(arguments.asked, "plan", config)),
        tuple(_asked(arguments.coverage, "--coverage", config)),
        _the_one(_asked(arguments.canary, "--canary", config), "--canary"),
        tuple(config.canaries),
        _the_one(_asked(arguments.determinism, "--determinism", config), "--determinism"),
        starts,
        read_regressions(Path(arguments.regressions)) if arguments.regressions else (),
    )


def _asked(texts: Iterable[str], where: str, config: Config) -> Iterator[Asked]:
    """What should run, with the minimum that the config has for each scenario."""
    for text in words_of(texts):
        name, iterations = pair(text, where, int)
        least = terms_for(name, Overrides(), config).bounds.min_iterations.value
        yield Asked(name, iterations, least)


def _the_one(asked: Iterable[Asked], where: str) -> Asked | None:
    found = list(asked)
    if len(found) > 1:
        raise UsageError(f"{where}: expected one SCENARIO=NUMBER, found {len(found)}")
    return found[0] if found else None


def _rates(arguments: argparse.Namespace, wish: Wish) -> dict[str, float]:
    """What was given instead of being measured, by scenario in lower case."""
    known = {one.scenario.lower() for one in wish.asked()}
    rates: dict[str, float] = {}
    for text in words_of(arguments.rate):
        name, rate = pair(text, "--rate", float)
        if name.lower() not in known:
            raise UsageError(f"--rate: {shown(name)} is no scenario of this plan")
        if name.lower() in rates:
            raise UsageError(f"--rate: scenario {shown(name)} is named twice")
        rates[name.lower()] = rate
    return rates


def _measured(command: Sequence[str], scenario: str, seconds: float) -> float:
    from vopr_coverage.nightly.calibration import measured_rate  # every command would wait for subprocess to load

    _say(f"calibrating {scenario} for {seconds:g} s")
    rate = measured_rate(filled(command, scenario, CALIBRATION_SEED, CALIBRATION_ITERATIONS), seconds)
    _say(f"calibrated {scenario}: {rate:,.1f} iterations a second")
    return rate


def _text(plan: NightPlan) -> Iterator[str]:
    jobs = sum(one.jobs for one in plan.work)
    yield f"run {plan.run_number}, seeds {plan.seed_base} and up, {_many(jobs, 'job')} of at most {plan.minutes:g} min"
    for job, work in groupby(plan.work, lambda one: one.job):
        yield f"{HEADINGS[job]}:"
        yield from (f"  {printable(one.scenario)}: {_work(one, plan)}" for one in work)
    if plan.regressions:
        yield "regressions:"
    for replay in plan.regressions:
        yield f"  {printable(replay.scenario)}: {_many(len(replay.seeds), 'seed')} that failed once"
    if plan.remarks:
        yield from ("", "Not all of it is planned:", *(f"  - {printable(remark)}" for remark in plan.remarks))
    if not plan.enough:
        yield from ("", "❌ A scenario would get less than its min_iterations")


def _work(one: PlannedWork, plan: NightPlan) -> str:
    how = {
        "canary": f"control and {_many(one.jobs - 1, 'canary', 'canaries')}, ",
        "determinism": f"from {_many(one.jobs, 'seed')} on, each twice, ",
    }
    runs = f"{one.planned:,} of {one.asked:,} iterations in {_many(one.jobs, 'job')} of {one.minutes:,.1f} min"
    first = f", from {plan.canary.include[0].seed} on" if one.job == "canary" else ""
    return f"{how.get(one.job, '')}{runs} at {one.rate:,.1f} a second{first}"


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def _say(text: str) -> None:
    print(f"vopr-coverage: {printable(text)}", file=sys.stderr, flush=True)
