"""`vopr-coverage summary`: judges a whole night from its folder."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.commands.options import add_canaries, add_config, one_of, or_empty
from vopr_coverage.commands.output import (
    add_outputs,
    add_verbose,
    add_verdict_files,
    judge_and_publish,
    log,
    progress_line,
    write_outputs,
)
from vopr_coverage.errors import UsageError, UserError, printable, shown
from vopr_coverage.files import is_there, read_bytes
from vopr_coverage.model.thresholds import PROFILE_CHOICES
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.earlier import keep_earlier
from vopr_coverage.nightly.job_pages import job_pages
from vopr_coverage.nightly.job_results import NEEDS_BYTES_MAX, PARTS, needs_from_json
from vopr_coverage.nightly.night import NightTerms, judge_night, read_plan
from vopr_coverage.nightly.regression_file import read_regressions
from vopr_coverage.nightly.verdict import NIGHT_BYTES_MAX, NightVerdict, night_from_json, night_run
from vopr_coverage.render.terminal import Terminal, on_terminal
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import commits_under_test
from vopr_coverage.trends.file import gate_night, rates_before, record_night

if TYPE_CHECKING:  # else imported by those who ask GitHub
    from vopr_coverage.github.retry import Clock

# Outputs of the workflow; build and plan only lead to these.
PARTS_OUT = tuple(name for name in PARTS if name not in ("build", "plan"))

EPILOG = """\
NIGHT is a folder with plan.json, which `plan --plan-file` writes, and a recording of each planned run. NAME is what
the plan calls the run:

  long-run/NAME
  regressions/SCENARIO-SEED
  determinism/NAME/a and determinism/NAME/b
  coverage/NAME
  canary/NAME

Every recording is judged here, whatever its job reported. A planned run without a recording fails its part.

In a job on GitHub, GITHUB_TOKEN with the permission `actions: read` adds links to the jobs of the run. Without them
the page says the same.

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
        "--profile", type=or_empty(one_of(PROFILE_CHOICES)), metavar="default|smoke_test|nightly|general|none",
        help="the profile to start from, for coverage (default: the config's, else `default`)",
    )  # fmt: skip
    add_config(parser)
    parser.add_argument("--regressions", metavar="F", help="the regression file; its seeds are not suggested again")
    add_canaries(parser, "the night was planned without canaries")
    parser.add_argument("--trends", metavar="F", help="the history of nights; this night is added to it")
    parser.add_argument(
        "--trends-gate", action="store_true",
        help="with --trends: a figure far from the nights before makes a night red that is green otherwise",
    )  # fmt: skip
    parser.add_argument(
        "--trends-page", type=or_empty(_page_url), default="", metavar="URL",
        help="where the history is published, for a link on the night's page",
    )  # fmt: skip
    parser.add_argument(
        "--earlier", metavar="F",
        help="the verdict that an earlier attempt of this run left: what it found stays where this attempt has no "
        "evidence; a missing file means that there was none",
    )  # fmt: skip
    add_outputs(parser, "the verdict and the status of each part")
    add_verbose(parser)
    add_verdict_files(parser)


def _page_url(text: str) -> str:
    from vopr_coverage.render.night import is_page_url

    if not is_page_url(text):
        raise argparse.ArgumentTypeError(
            f"expected an address such as https://org.github.io/repo/, found {shown(text)}"
        )
    return text


def run(arguments: argparse.Namespace, runner: Runner, clock: Clock | None = None) -> int:
    """Judge a night, print and write."""
    from vopr_coverage.render.night import render_night_markdown

    if arguments.trends_gate and not arguments.trends:
        raise UsageError("--trends-gate needs the history: set --trends")
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
            known=rates_before(Path(arguments.trends), place.run_id) if arguments.trends else (),
        )
        with progress_line() as line:
            progress = line.for_recordings() if line else None
            verdict = judge_night(Path(arguments.night), needs, terms, progress)
        verdict = _with_job_pages(_with_earlier(verdict, arguments.earlier), Path(arguments.night), runner, clock)
        return _with_trends(verdict, arguments, now) if arguments.trends else verdict

    return judge_and_publish(
        arguments,
        runner,
        judge,
        nothing_judged=lambda message: _with_earlier(
            NightVerdict.not_judged(__version__, message, place), arguments.earlier
        ),
        text=partial(_text, verbose=arguments.verbose),
        markdown=partial(render_night_markdown, trends_page=arguments.trends_page or ""),
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


def _with_job_pages(verdict: NightVerdict, folder: Path, runner: Runner, clock: Clock | None) -> NightVerdict:
    """Know the pages of the run's jobs, where GitHub can be asked. Links are all that is lost where it cannot."""
    if not (runner.token and verdict.place.url):
        return verdict
    from vopr_coverage.github.retry import SystemClock, Trouble
    from vopr_coverage.github.run_jobs import jobs_of_attempt

    try:
        jobs = jobs_of_attempt(runner, clock or SystemClock(), log)
    except (UserError, Trouble) as trouble:
        log(f"the page has no links to the jobs of this run: {trouble}")
        return verdict
    return replace(verdict, job_pages=job_pages(jobs, read_plan(folder)))


def _with_trends(verdict: NightVerdict, arguments: argparse.Namespace, now: datetime) -> NightVerdict:
    """Compare the night with those before it, and add it to them, even a red one."""
    path = Path(arguments.trends)
    if arguments.trends_gate:
        verdict = gate_night(path, verdict, now)
    recorded = record_night(path, verdict, now)
    remarks = tuple(Remark("trends", text) for text in recorded.warnings)
    return replace(
        verdict,
        trends=recorded.lines,
        last_green=recorded.last_green,
        warnings=(*verdict.warnings, *remarks),
    )


def _write_outputs(arguments: argparse.Namespace, verdict: NightVerdict) -> None:
    """Write the outputs of the step. A part that was not judged counts as failed."""
    statuses = {job.name: str(job.status) for job in verdict.jobs}
    outputs = {"verdict": str(verdict.status), "passed": "true" if verdict.passed else "false"}
    outputs |= {name: statuses.get(name, "failed") for name in PARTS_OUT}
    outputs |= {"night-file": arguments.verdict_file or "", "summary-file": arguments.summary_file or ""}
    write_outputs(arguments.outputs, outputs)
