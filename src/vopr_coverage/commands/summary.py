"""`vopr-coverage summary`: judges a whole night from its folder."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.commands.options import add_canaries, add_config, one_of, or_empty
from vopr_coverage.commands.output import (
    add_outputs,
    add_verbose,
    add_verdict_files,
    judge_and_publish,
    progress_line,
    write_outputs,
)
from vopr_coverage.errors import UsageError, UserError, printable
from vopr_coverage.files import is_there, read_bytes
from vopr_coverage.model.thresholds import PROFILE_CHOICES
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.earlier import keep_earlier
from vopr_coverage.nightly.job_results import NEEDS_BYTES_MAX, PARTS, needs_from_json
from vopr_coverage.nightly.night import NightTerms, judge_night
from vopr_coverage.nightly.regression_file import read_regressions
from vopr_coverage.nightly.verdict import NIGHT_BYTES_MAX, NightVerdict, night_from_json, night_run
from vopr_coverage.render.terminal import Terminal, on_terminal
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import commits_under_test
from vopr_coverage.trends.file import ComparedNight, add_night, compare_night
from vopr_coverage.trends.gate import judge_trends, with_gate

# Outputs of the workflow; build and plan only lead to these.
PARTS_OUT = tuple(name for name in PARTS if name not in ("build", "plan"))

SWITCH = ("true", "false")
Judge = Callable[[NightVerdict, ComparedNight], NightVerdict]

EPILOG = """\
NIGHT is a folder with plan.json, which `plan --plan-file` writes, and a recording of each planned run. NAME is what
the plan calls the run:

  long-run/NAME
  regressions/SCENARIO-SEED
  determinism/NAME/a and determinism/NAME/b
  coverage/NAME
  canary/NAME

Every recording is judged here, whatever its job reported. A planned run without a recording fails its part.

exit codes:
  0  every part of the night passed
  1  a part of the night did not pass, or did not finish
  2  wrong usage, or the plan or the config cannot be used: nothing was judged, and what an earlier attempt found stays
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `summary`."""
    parser.add_argument("night", metavar="NIGHT", help="the folder with the plan and the recordings of one night")
    parser.add_argument(
        "--needs", metavar="F", help="the results of the jobs, as `toJSON(needs)` writes them; - for standard input"
    )
    parser.add_argument(
        "--profile", type=or_empty(one_of(PROFILE_CHOICES)), metavar="default|smoke_test|nightly|none",
        help="the profile to start from, for coverage (default: the config's, else `default`)",
    )  # fmt: skip
    add_config(parser)
    parser.add_argument("--regressions", metavar="F", help="the regression file; its seeds are not suggested again")
    add_canaries(parser, "the night was planned without canaries")
    parser.add_argument("--trends", metavar="F", help="the history of nights; this night is added to it")
    parser.add_argument(
        "--trends-gate", type=or_empty(one_of(SWITCH)), default="false", metavar="true|false",
        help="whether a figure that is unlike the nights before fails the night (default: false)",
    )  # fmt: skip
    parser.add_argument(
        "--earlier", metavar="F",
        help="the verdict that an earlier attempt of this run left: what it found stays where this attempt has no "
        "evidence; a missing file means that there was none",
    )  # fmt: skip
    add_outputs(parser, "the verdict and the status of each part")
    add_verbose(parser)
    add_verdict_files(parser)


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Judge a night, print and write."""
    from vopr_coverage.render.night import render_night_markdown

    now = datetime.now(UTC)
    place = night_run(runner)
    gate = arguments.trends_gate == "true"
    if gate and not arguments.trends:
        raise UsageError("--trends-gate judges by the history of nights: it needs --trends")
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
            progress = line.for_recordings() if line else None
            verdict = judge_night(Path(arguments.night), needs, terms, progress)
        verdict = _with_earlier(verdict, arguments.earlier)
        if not arguments.trends:
            return verdict
        return _with_trends(verdict, Path(arguments.trends), now, _by_trends if gate else _as_it_is)

    return judge_and_publish(
        arguments,
        runner,
        judge,
        nothing_judged=lambda message: _with_earlier(
            NightVerdict.not_judged(__version__, message, place), arguments.earlier
        ),
        text=partial(_text, verbose=arguments.verbose),
        markdown=render_night_markdown,
        also=partial(_write_outputs, arguments),
    )


def _text(verdict: NightVerdict, terminal: Terminal, *, verbose: bool) -> str:
    from vopr_coverage.render.night import render_night_text

    commands = {printable(finding.repro) for finding in verdict.findings if finding.repro}
    text = render_night_text(verdict, verbose=verbose)
    return on_terminal(text, terminal, commands, {f"- {printable(line)}" for line in verdict.regressions})


def _with_earlier(verdict: NightVerdict, path: str | None) -> NightVerdict:
    """Keep what an earlier attempt found. A file that cannot be used is a warning: this attempt has its own verdict."""
    try:
        if not path or not is_there(path):
            return verdict
        return keep_earlier(verdict, night_from_json(read_bytes(path, NIGHT_BYTES_MAX), path))
    except UserError as error:
        text = f"findings of an earlier attempt were not kept: {printable(str(error).splitlines()[0])}"
        return replace(verdict, warnings=(*verdict.warnings, Remark("summary", text)))


def _with_trends(verdict: NightVerdict, path: Path, now: datetime, judge: Judge) -> NightVerdict:
    """Compare the night with those before it, and add it to them, even a red one."""
    compared = compare_night(path, verdict, now)
    judged = replace(
        judge(verdict, compared),
        trends=compared.lines,
        last_green=compared.last_green,
    )
    texts = (*compared.warnings, *add_night(path, compared, judged, now))
    return replace(judged, warnings=(*judged.warnings, *(Remark("trends", text) for text in texts)))


def _by_trends(verdict: NightVerdict, compared: ComparedNight) -> NightVerdict:
    """Let the remarks on the night's figures be findings of the night."""
    problems = (compared.problem,) if compared.problem else ()
    return with_gate(verdict, judge_trends(compared.lines, compared.nights, verdict.place.run_number, problems))


def _as_it_is(verdict: NightVerdict, compared: ComparedNight) -> NightVerdict:
    """Trends inform, and no more."""
    return verdict


def _write_outputs(arguments: argparse.Namespace, verdict: NightVerdict) -> None:
    """Write the outputs of the step. A part that was not judged counts as failed."""
    statuses = {job.name: str(job.status) for job in verdict.jobs}
    outputs = {"verdict": str(verdict.status), "passed": "true" if verdict.passed else "false"}
    outputs |= {name: statuses.get(name, "failed") for name in PARTS_OUT}
    outputs |= {"night-file": arguments.verdict_file or "", "summary-file": arguments.summary_file or ""}
    write_outputs(arguments.outputs, outputs)
