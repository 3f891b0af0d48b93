"""`vopr-coverage summary`: judges a whole night from its folder."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.commands.options import add_canaries, add_config, one_of, or_empty
from vopr_coverage.commands.output import (
    add_outputs,
    add_verdict_files,
    judge_and_publish,
    progress_line,
    write_outputs,
)
from vopr_coverage.files import read_bytes
from vopr_coverage.model.thresholds import PROFILE_NAMES
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.job_results import NEEDS_BYTES_MAX, PARTS, needs_from_json
from vopr_coverage.nightly.night import NightTerms, judge_night
from vopr_coverage.nightly.regression_file import read_regressions
from vopr_coverage.nightly.verdict import NightVerdict, night_run
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import commits_under_test
from vopr_coverage.trends.file import record_night

# Outputs of the workflow; build and plan only lead to these.
PARTS_OUT = tuple(name for name in PARTS if name not in ("build", "plan"))

EPILOG = """NIGHT is a folder with plan.json, as `plan --format json` prints it, and the recordings of what it planned:

  long-run/NAME  regressions/SCENARIO-SEED  determinism/NAME/a and b  coverage/NAME  canary/NAME

NAME is that of the plan. All of them are judged anew, whatever their jobs said; a run that is missing is lost.

exit codes:
  0  every part of the night holds
  1  one does not, or did not finish
  2  usage, plan or config can't be used: nothing was judged
  3  a bug of ours
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `summary`."""
    parser.add_argument("night", metavar="NIGHT", help="the folder with the plan and the recordings of one night")
    parser.add_argument(
        "--needs", metavar="F", help="the jobs' results, as `toJSON(needs)` has them; - for standard input"
    )
    parser.add_argument(
        "--profile", type=or_empty(one_of(PROFILE_NAMES)), metavar="default|smoke_test|nightly",
        help="the thresholds for coverage (default: the config's, else default)",
    )  # fmt: skip
    add_config(parser)
    parser.add_argument("--regressions", metavar="F", help="the regression file: its seeds need not be added again")
    add_canaries(parser, "no canary was run, and none was asked for")
    parser.add_argument("--trends", metavar="F", help="the history of earlier nights; this one is added to it")
    add_outputs(parser, "verdict and parts")
    add_verdict_files(parser)


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Judge a night, print and write."""
    from vopr_coverage.render.night import render_night_markdown, render_night_text

    now = datetime.now(UTC)
    place = night_run(runner)
    commits = commits_under_test(runner)

    def judge() -> NightVerdict:
        regressions = read_regressions(Path(arguments.regressions)) if arguments.regressions else ()
        needs = needs_from_json(read_bytes(arguments.needs, NEEDS_BYTES_MAX), "needs") if arguments.needs else None
        terms = NightTerms(
            config=arguments.config or None,
            profile=arguments.profile or None,
            commits=commits,
            canaries=not arguments.no_canaries,
            kept=frozenset((known.scenario.lower(), seed) for known in regressions for seed in known.seeds),
            place=place,
            today=now.strftime("%Y-%m-%d"),
        )
        with progress_line() as line:
            progress = line.for_recordings() if line else lambda _done, _total: None
            verdict = judge_night(Path(arguments.night), needs, terms, progress)
        return _with_trends(verdict, Path(arguments.trends), now) if arguments.trends else verdict

    return judge_and_publish(
        arguments,
        judge,
        nothing_judged=partial(NightVerdict.not_judged, __version__, place=place),
        text=render_night_text,
        markdown=render_night_markdown,
        also=partial(_write_outputs, arguments),
    )


def _with_trends(verdict: NightVerdict, path: Path, now: datetime) -> NightVerdict:
    """Compare the night with those before it, and add it to them, even a red one."""
    lines, warnings = record_night(path, verdict, now)
    remarks = tuple(Remark("trends", text) for text in warnings)
    return replace(verdict, trends=lines, warnings=(*verdict.warnings, *remarks))


def _write_outputs(arguments: argparse.Namespace, verdict: NightVerdict) -> None:
    """Write the outputs of the step. A part that was not judged counts as failed."""
    statuses = {job.name: str(job.status) for job in verdict.jobs}
    outputs = {"verdict": str(verdict.status), "passed": "true" if verdict.passed else "false"}
    outputs |= {name: statuses.get(name, "failed") for name in PARTS_OUT}
    outputs |= {"night-file": arguments.verdict_file or "", "summary-file": arguments.summary_file or ""}
    write_outputs(arguments.outputs, outputs)
