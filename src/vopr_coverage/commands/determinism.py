"""`vopr-coverage determinism`: judges whether seeds that ran twice came out the same."""

from __future__ import annotations

import argparse
from functools import partial

from vopr_coverage import __version__
from vopr_coverage.commands.output import add_verdict_files, judge_and_publish, progress_line
from vopr_coverage.determinism.flow import doublecheck
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import UserError, printable
from vopr_coverage.render.terminal import on_terminal
from vopr_coverage.runner.environment import Runner

EPILOG = """\
One RUN with --check-determinism: the simulator ran each seed twice, and its stream reports the seeds that differ.
Two RUNs of the same seeds, from two processes or machines: they are compared seed by seed.

exit codes:
  0  no seed differs; the output says how many were compared
  1  seeds differ, a run did not finish, or nothing shows that seeds ran twice
  2  wrong usage, or a run or the config cannot be used; of two runs, the other one is judged by itself nevertheless
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `determinism`."""
    parser.add_argument(
        "runs", nargs="+", metavar="RUN",
        help="a stream of `vopr --json`, which may be packed with gzip, or a folder that `record` wrote; SCENARIO=PATH "
        "names its scenario",
    )  # fmt: skip
    parser.add_argument(
        "--config", metavar="FILE",
        help="the config file; its `repro` is the command that replays a seed (default: .github/vopr-coverage.yml, "
        "if it exists)",
    )  # fmt: skip
    parser.add_argument("--scenario", metavar="NAME", help="the scenario of runs that do not name their own")
    add_verdict_files(parser)


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Judge, print and write."""
    from vopr_coverage.render.determinism import render_determinism_markdown, render_determinism_text

    def judge() -> DeterminismVerdict:
        with progress_line() as line:
            progress = line.for_file if line else lambda _: None
            return doublecheck(arguments.runs, arguments.config, arguments.scenario, progress)

    return judge_and_publish(
        arguments,
        runner,
        judge,
        nothing_judged=partial(DeterminismVerdict.not_judged, __version__),
        text=lambda verdict, terminal: on_terminal(
            render_determinism_text(verdict), terminal, [printable(each.command) for each in verdict.replays]
        ),
        markdown=render_determinism_markdown,
        also=_refuse_unusable,
    )


def _refuse_unusable(verdict: DeterminismVerdict) -> None:
    """End as wrong usage does, if one of two runs cannot be used; where nothing was judged, that is raised already.

    Raises:
        UserError: what is wrong with it.
    """
    if verdict.error is not None and not verdict.nothing_judged:
        raise UserError(verdict.error)
