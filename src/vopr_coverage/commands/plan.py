"""`vopr-coverage plan`: divides a night's work among jobs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vopr_coverage.canaries.judge import NONE_DECLARED
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
from vopr_coverage.commands.output import add_outputs, annotate, emit, emit_document, log_withheld, write_outputs
from vopr_coverage.commands.per_seed import add_per_seed, seed_runs
from vopr_coverage.commands.plan_rates import calibrator, given_rates
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.errors import ExitCode, UsageError, UserError
from vopr_coverage.files import write_text
from vopr_coverage.nightly.calibration import CANARY_RATE
from vopr_coverage.nightly.planner import CALIBRATION_S, plan_night, seed_base_of
from vopr_coverage.nightly.regression_file import read_regressions
from vopr_coverage.nightly.wish import DETERMINISM_SEEDS, JOBS_MAX, Asked, Wish, own_work
from vopr_coverage.recorder.child_environment import own_tokens
from vopr_coverage.render.plan import render_plan_text
from vopr_coverage.runner.environment import Runner

TITLE = "VOPR nightly"

EPILOG = """\
The words behind -- are COMMAND, which runs the simulator once. {scenario}, {seed} and {iterations} are replaced in it:

  vopr-coverage plan combined=1000000 swizzle=500000 --minutes 170 --run-number "$GITHUB_RUN_NUMBER" \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json

COMMAND runs for --calibrate seconds per scenario, from the night's first seed on, to measure how many iterations a
second one job does; with --per-seed it runs once a seed, as in the jobs of the night. If it dies meanwhile, or every
seed fails, nothing is planned; --rate gives that number instead. If canaries have a command of their own,
--canary-command and --canary-rate do the same for them. Several SCENARIO=N, rates or seeds can stand in one argument,
with white space or commas between them; an empty argument counts as none.

exit codes:
  0  every scenario of the long run and of coverage gets at least its min_iterations
  1  the time is too short for the min_iterations of a scenario
  2  wrong usage, or the config or the simulator cannot be used: nothing was planned
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `plan`."""
    _add_work(parser)
    _add_budget(parser)
    parser.add_argument(
        "--regressions", metavar="F",
        help="the regression file: seeds that failed once, a line `SCENARIO SEED` each; all of them run every night",
    )  # fmt: skip
    add_config(parser)
    add_simulator(parser)
    add_per_seed(parser)
    told = "text (the default), or json: the plan on one line, with a matrix for the strategy of each job"
    parser.add_argument("--format", type=one_of(("text", "json")), default="text", metavar="text|json", help=told)
    parser.add_argument("--plan-file", metavar="F", help="write the plan to this file, as JSON")
    add_outputs(
        parser, "plan, smallest-shard and smallest-scenario (the fewest iterations of a coverage job and scenario),"
    )


def _add_work(parser: argparse.ArgumentParser) -> None:
    """The flags that name the work of a night."""
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
        help="what each canary of the config runs, and a control run beside them; a canary of the config may name a "
        "scenario or iterations of its own",
    )  # fmt: skip
    parser.add_argument(
        "--canary-command", dest="canary_template", metavar="TEMPLATE",
        help="the command of the canaries and the control run, if it is not COMMAND; its rate is measured, too",
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


def _add_budget(parser: argparse.ArgumentParser) -> None:
    """The flags for the time that a night has, its seeds, and the speed of the simulator."""
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
        "--seed-base", type=_seed_or_none, metavar="N",
        help="the night's first seed (default: computed from --run-number, so that no two nights share seeds)",
    )  # fmt: skip
    parser.add_argument(
        "--rate",
        action="append",
        default=[],
        metavar="SCENARIO=R",
        help="iterations a second of one job; COMMAND is not run to measure it",
    )
    parser.add_argument(
        "--canary-rate",
        action="append",
        default=[],
        metavar="SCENARIO=R",
        help="the same for --canary-command",
    )
    parser.add_argument(
        "--calibrate", type=seconds, default=CALIBRATION_S, metavar="S",
        help=f"how long COMMAND runs to measure the rate of a scenario, in seconds (default: {CALIBRATION_S:g})",
    )  # fmt: skip


class _Commands(msgspec.Struct, frozen=True):
    """The simulator's command, and that of the canaries, which is empty if they have none of their own."""

    command: tuple[str, ...]
    of_canaries: tuple[str, ...]


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Plan a night and print it. On a runner, why nothing was planned is an annotation, too."""
    try:
        return _planned(arguments)
    except UserError as error:
        if runner.is_github:
            from vopr_coverage.render.annotations import command

            annotate(command("error", str(error), title=TITLE))
        raise


def _planned(arguments: argparse.Namespace) -> int:
    commands = _commands(arguments)
    runs = seed_runs(arguments, commands.command)
    wish = _wish(arguments)
    canary_work = [wish.canary, *wish.own.values()] if wish.canary else []
    rates = given_rates(arguments.rate, "--rate", [*wish.work(), *canary_work])
    canary_rates = given_rates(arguments.canary_rate, "--canary-rate", canary_work)
    none_declared = bool(wish.canary and not wish.canaries and not arguments.no_canaries)
    if arguments.no_canaries or not wish.canaries:
        wish = replace(wish, canary=None, canaries=(), own={})
    seed_base = seed_base_of(arguments.run_number) if arguments.seed_base is None else arguments.seed_base
    apart = bool(canary_rates or commands.of_canaries)
    controls = [group.control for group in wish.canary_groups()]
    if commands.command:
        log_withheld(own_tokens())
    with calibrator(seed_base, arguments.calibrate, runs) as measuring:
        measuring.add_rates(rates, commands.command, [*wish.work(), *([] if apart else controls)])
        if apart:
            measuring.add_rates(canary_rates, commands.of_canaries, controls, CANARY_RATE)
    plan = plan_night(
        wish,
        rates,
        arguments.run_number,
        arguments.minutes,
        arguments.jobs,
        canary_rates=canary_rates if apart else None,
        seed_base=seed_base,
    )
    if none_declared:
        plan = replace(plan, remarks=(*plan.remarks, NONE_DECLARED))
    if arguments.format == "json":
        emit_document(plan.to_json() + "\n")
    else:
        emit(render_plan_text(plan) + "\n")
    if arguments.plan_file:
        write_text(arguments.plan_file, plan.to_json() + "\n")
    smallest = min((shard.iterations for shard in plan.coverage.include), default=0)
    scenarios: dict[str, int] = {}
    for shard in plan.coverage.include:
        scenarios[shard.scenario] = scenarios.get(shard.scenario, 0) + shard.iterations
    write_outputs(
        arguments.outputs,
        {
            "plan": plan.to_json(),
            "smallest-shard": str(smallest),
            "smallest-scenario": str(min(scenarios.values(), default=0)),
        },
    )
    return ExitCode.PASSED if plan.enough else ExitCode.GATE_FAILED


def _seed_or_none(text: str) -> int | None:
    """An argument that is a seed; an empty word is none."""
    return uint64(text) if text else None


def _commands(arguments: argparse.Namespace) -> _Commands:
    command = simulator_command(arguments.template, arguments.simulator)
    of_canaries = simulator_command(arguments.canary_template, (), "--canary-command")
    for words in (command, of_canaries):
        refuse_unknown_placeholders(words)
    return _Commands(command, () if of_canaries == command else of_canaries)


def _wish(arguments: argparse.Namespace) -> Wish:
    config = load_config(arguments.config)
    seeds = words_of(arguments.determinism_seeds)
    canary = _at_most_one(_asked(arguments.canary, "--canary", config), "--canary")
    try:
        starts = tuple(map(uint64, seeds)) or DETERMINISM_SEEDS
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"--determinism-seeds: {error}") from None
    return Wish(
        long_run=tuple(_asked(arguments.asked, "plan", config)),
        coverage=tuple(_asked(arguments.coverage, "--coverage", config)),
        canary=canary,
        canaries=tuple(config.canaries),
        own=own_work(config.canaries, canary) if canary else {},
        crashes={name: detector.crash for name, detector in config.canaries.items() if detector.crash},
        determinism=_at_most_one(_asked(arguments.determinism, "--determinism", config), "--determinism"),
        determinism_seeds=starts,
        regressions=read_regressions(Path(arguments.regressions), config.complaint) if arguments.regressions else (),
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
