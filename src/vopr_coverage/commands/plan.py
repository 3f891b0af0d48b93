"""`vopr-coverage plan`: divides a night's work among jobs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage.check.terms import Overrides, terms_for
from vopr_coverage.commands.options import (
    add_canaries,
    add_config,
    add_simulator,
    minutes,
    one_of,
    pair,
    refuse_unknown_placeholders,
    seconds,
    simulator_command,
    uint64,
    words_of,
)
from vopr_coverage.commands.output import add_outputs, log, write_outputs
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.errors import ExitCode, UsageError, printable, shown
from vopr_coverage.files import write_text
from vopr_coverage.model.figures import counted
from vopr_coverage.model.manifest import filled
from vopr_coverage.nightly.plan import NightPlan, PlannedWork
from vopr_coverage.nightly.planner import CALIBRATION_S, plan_night
from vopr_coverage.nightly.regression_file import read_regressions
from vopr_coverage.nightly.wish import DETERMINISM_SEEDS, JOBS_MAX, Asked, Wish
from vopr_coverage.runner.environment import Runner

CALIBRATION_SEED = "0"
CALIBRATION_ITERATIONS = 1_000_000_000  # more than any simulator does before it is stopped
HEADINGS = {"long-run": "long run", "coverage": "coverage", "canary": "canaries", "determinism": "determinism"}

EPILOG = """\
The words behind -- are COMMAND, which runs the simulator once. {scenario}, {seed} and {iterations} are replaced in it:

  vopr-coverage plan combined=1000000 swizzle=500000 --minutes 170 --run-number "$GITHUB_RUN_NUMBER" \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json

COMMAND runs for --calibrate seconds per scenario, to measure how many iterations a second one job does. --rate gives
that number instead. Several SCENARIO=N, rates or seeds can stand in one argument, with white space or commas between
them; an empty argument counts as none.

exit codes:
  0  every scenario of the long run and of coverage gets at least its min_iterations
  1  the time is too short for the min_iterations of a scenario
  2  wrong usage, or the config or the simulator cannot be used: nothing was planned
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `plan`."""
    parser.add_argument(
        "asked", nargs="+", metavar="SCENARIO=N", help="the long run: iterations of each scenario in one night"
    )
    parser.add_argument(
        "--coverage",
        action="append",
        default=[],
        metavar="SCENARIO=N",
        help="iterations of each scenario to judge coverage on",
    )
    parser.add_argument(
        "--canary", action="append", default=[], metavar="SCENARIO=N",
        help="iterations of each canary of the config, and of the control run",
    )  # fmt: skip
    add_canaries(parser, "plan no canaries, whatever --canary says")
    parser.add_argument(
        "--determinism",
        action="append",
        default=[],
        metavar="SCENARIO=N",
        help="iterations from each of the first seeds on, each run twice",
    )
    parser.add_argument(
        "--determinism-seeds", action="append", default=[], metavar="SEEDS",
        help=f"the first seeds of the determinism runs (default: {' '.join(map(str, DETERMINISM_SEEDS))})",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=minutes, required=True, metavar="M", help="how long one job may simulate, in minutes"
    )
    parser.add_argument(
        "--jobs", type=int, default=JOBS_MAX, metavar="N",
        help=f"at most so many jobs for the long run (default and limit: {JOBS_MAX}); coverage gets what is left",
    )  # fmt: skip
    parser.add_argument(
        "--run-number",
        type=int,
        required=True,
        metavar="N",
        help="the number of this run of the workflow; it decides which seeds the night runs",
    )
    parser.add_argument(
        "--rate",
        action="append",
        default=[],
        metavar="SCENARIO=R",
        help="iterations a second of one job; COMMAND is not run to measure it",
    )
    parser.add_argument(
        "--calibrate", type=seconds, default=CALIBRATION_S, metavar="S",
        help=f"how long COMMAND runs to measure the rate of a scenario, in seconds (default: {CALIBRATION_S:g})",
    )  # fmt: skip
    parser.add_argument(
        "--regressions",
        metavar="F",
        help="the regression file: seeds that failed once, a line `SCENARIO SEED` each; all of them run every night",
    )
    add_config(parser)
    add_simulator(parser)
    parser.add_argument(
        "--format", type=one_of(("text", "json")), default="text", metavar="text|json",
        help="text (the default), or json: the plan on one line, with a matrix for the strategy of each job",
    )  # fmt: skip
    parser.add_argument("--plan-file", metavar="F", help="write the plan to this file, as JSON")
    add_outputs(parser, "plan, and smallest-shard (the fewest iterations of a coverage job),")


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Plan a night and print it."""
    command = simulator_command(arguments.template, arguments.simulator)
    refuse_unknown_placeholders(command)
    wish = _wish(arguments)
    rates = _rates(arguments, wish)
    if arguments.no_canaries:
        wish = replace(wish, canary=None, canaries=())
    if command:
        for asked in wish.asked():  # a scenario of several jobs is measured once
            if asked.scenario.lower() not in rates:
                rates[asked.scenario.lower()] = _measured_rate(command, asked.scenario, arguments.calibrate)
    plan = plan_night(wish, rates, arguments.run_number, arguments.minutes, arguments.jobs)
    print(plan.to_json() if arguments.format == "json" else "\n".join(_text(plan)))
    if arguments.plan_file:
        write_text(arguments.plan_file, plan.to_json() + "\n")
    smallest = min((shard.iterations for shard in plan.coverage.include), default=0)
    write_outputs(arguments.outputs, {"plan": plan.to_json(), "smallest-shard": str(smallest)})
    return ExitCode.PASSED if plan.enough else ExitCode.GATE_FAILED


def _wish(arguments: argparse.Namespace) -> Wish:
    config = load_config(arguments.config)
    seeds = words_of(arguments.determinism_seeds)
    try:
        starts = tuple(map(uint64, seeds)) or DETERMINISM_SEEDS
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"--determinism-seeds: {error}") from None
    return Wish(
        long_run=tuple(_asked(arguments.asked, "plan", config)),
        coverage=tuple(_asked(arguments.coverage, "--coverage", config)),
        canary=_at_most_one(_asked(arguments.canary, "--canary", config), "--canary"),
        canaries=tuple(config.canaries),
        determinism=_at_most_one(_asked(arguments.determinism, "--determinism", config), "--determinism"),
        determinism_seeds=starts,
        regressions=read_regressions(Path(arguments.regressions)) if arguments.regressions else (),
    )


def _asked(texts: Iterable[str], where: str, config: Config) -> Iterator[Asked]:
    """What should run, with the minimum that the config has for each scenario."""
    for text in words_of(texts):
        name, iterations = pair(text, where, int)
        minimum = terms_for(name, Overrides(), config).bounds.min_iterations.value
        yield Asked(name, iterations, minimum)


def _at_most_one(asked: Iterable[Asked], where: str) -> Asked | None:
    given = list(asked)
    if len(given) > 1:
        raise UsageError(f"{where}: expected one SCENARIO=NUMBER, found {len(given)}")
    return given[0] if given else None


def _rates(arguments: argparse.Namespace, wish: Wish) -> dict[str, float]:
    """The rates of --rate, by scenario in lower case."""
    known = {asked.scenario.lower() for asked in wish.asked()}
    rates: dict[str, float] = {}
    for text in words_of(arguments.rate):
        name, rate = pair(text, "--rate", float)
        if name.lower() not in known:
            raise UsageError(f"--rate: {shown(name)} is no scenario of this plan")
        if name.lower() in rates:
            raise UsageError(f"--rate: scenario {shown(name)} is named twice")
        rates[name.lower()] = rate
    return rates


def _measured_rate(command: Sequence[str], scenario: str, seconds: float) -> float:
    from vopr_coverage.nightly.calibration import measured_rate  # every command would wait for subprocess to load

    log(f"calibrating {scenario} for {seconds:g} s")
    rate = measured_rate(filled(command, scenario, CALIBRATION_SEED, CALIBRATION_ITERATIONS), seconds)
    log(f"calibrated {scenario}: {rate:,.1f} iterations a second")
    return rate


def _text(plan: NightPlan) -> Iterator[str]:
    jobs = counted(sum(work.jobs for work in plan.work), "job")
    yield f"run {plan.run_number}, seeds {plan.seed_base} and up, {jobs} of at most {plan.minutes:g} min"
    for job, work_of_job in groupby(plan.work, lambda work: work.job):
        yield f"{HEADINGS[job]}:"
        yield from (f"  {printable(work.scenario)}: {_work_text(work, plan)}" for work in work_of_job)
    if plan.regressions:
        yield "regressions:"
    for regressions in plan.regressions:
        yield f"  {printable(regressions.scenario)}: {counted(len(regressions.seeds), 'seed')} that failed once"
    if plan.remarks:
        yield from ("", "Not all of it is planned:", *(f"  - {printable(remark)}" for remark in plan.remarks))
    if not plan.enough:
        yield from ("", "❌ A scenario would get less than its min_iterations")


def _work_text(work: PlannedWork, plan: NightPlan) -> str:
    runs = {
        "canary": f"control and {counted(work.jobs - 1, 'canary', 'canaries')}, ",
        "determinism": f"from {counted(work.jobs, 'seed')} on, each twice, ",
    }
    jobs = f"in {counted(work.jobs, 'job')} of {work.minutes:,.1f} min"
    first = f", from {plan.canary.include[0].seed} on" if work.job == "canary" else ""
    iterations = f"{work.planned:,} of {counted(work.asked, 'iteration')} {jobs} at {work.rate:,.1f} a second"
    return f"{runs.get(work.job, '')}{iterations}{first}"
