"""`vopr-coverage determinism`: judges whether seeds that ran twice came out the same."""

from __future__ import annotations

import argparse
from functools import partial

from vopr_coverage import __version__
from vopr_coverage.commands.output import add_verdict_files, judge_and_publish, progress_line
from vopr_coverage.determinism.flow import doublecheck
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.runner.environment import Runner

EPILOG = """one RUN, made with --check-determinism: seeds whose two runs differed fail without a record.
two RUNs of the same seeds, made by two processes or machines: compared seed by seed.

exit codes:
  0  no difference, in as many seeds as it says
  1  seeds differ, a run did not finish, or nothing shows that seeds ran twice
  2  runs, config or usage can't be used: nothing was judged
  3  a bug of ours
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `determinism`."""
    parser.add_argument(
        "runs", nargs="+", metavar="RUN",
        help="a stream of `vopr --json`, or a folder that `record` wrote; SCENARIO=PATH names its scenario; "
        "gzip is read too",
    )  # fmt: skip
    parser.add_argument(
        "--config", metavar="FILE",
        help="its `repro` makes the replay commands (default: .github/vopr-coverage.yml where there is one)",
    )  # fmt: skip
    parser.add_argument("--scenario", metavar="NAME", help="the scenario of runs that don't name their own")
    add_verdict_files(parser)


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Judge, print and write."""
    from vopr_coverage.render.determinism import render_determinism_markdown, render_determinism_text

    def judge() -> DeterminismVerdict:
        with progress_line() as line:
            progress = line.for_file if line else lambda _: None
            return doublecheck(arguments.runs, arguments.config, arguments.scenario, progress)

    return judge_and_publish(
        arguments,
        judge,
        nothing_judged=partial(DeterminismVerdict.not_judged, __version__),
        text=render_determinism_text,
        markdown=render_determinism_markdown,
    )
