"""`vopr-coverage check`: judges reports."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from vopr_coverage import __version__
from vopr_coverage.base.file import base_from_file
from vopr_coverage.base.gate import comparison_of
from vopr_coverage.check.flow import Rules, check, check_health, refuse_beside_health_only
from vopr_coverage.check.request import CheckRequest
from vopr_coverage.commands.options import add_gate, add_reading, add_terms, add_watch, known_of, overrides_of
from vopr_coverage.commands.output import FORMATS, add_verbose, add_verdict_files, judge_and_publish, progress_line
from vopr_coverage.config.file import load_config
from vopr_coverage.errors import UserError, printable
from vopr_coverage.gates.manifest import RUN_INCOMPLETE
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.reading.source import Progress
from vopr_coverage.render.check import render_check_text
from vopr_coverage.render.check_brief import render_check_brief
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import commits_under_test

EPILOG = """\
exit codes:
  0  every threshold is met
  1  a gate failed, or a run did not finish
  2  wrong usage, or the config or a report cannot be used; the other reports are judged nevertheless
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `check`."""
    parser.add_argument(
        "reports",
        nargs="*",
        metavar="REPORT",
        help="a stream of `vopr --json`, a CoverageReport, or a document with one under 'coverage'; may be packed with "
        "gzip; a pattern for such files; a folder that `record` wrote; - for standard input; SCENARIO=PATH names the "
        "scenario of a report",
    )
    add_terms(parser)
    add_reading(parser)
    add_gate(parser)
    parser.add_argument(
        "--health-only", action="store_true",
        help="judge the health of the runs and no coverage: for one of many shards, whose coverage is judged together",
    )  # fmt: skip
    add_verdict_files(parser, (*FORMATS, "junit", "sarif"))
    add_verbose(parser)
    add_watch(parser)


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Judge, print and write."""

    def judge() -> Verdict:
        with progress_line() as line:
            now = partial(_judged, arguments, runner, line.for_file if line else lambda _: None)
            if not arguments.watch:
                return now()
            from vopr_coverage.commands.watch import watched

            load_config(arguments.config)  # one that is missing is an error now, and not waited for
            return watched(now, arguments.reports, arguments.watch, line)

    return judge_and_publish(
        arguments,
        runner,
        judge,
        nothing_judged=partial(Verdict.not_judged, __version__),
        text=render_check_text if arguments.verbose else render_check_brief,
        markdown=partial(_markdown, _place_of(runner)),
        also=_refuse_unusable,
        more={"junit": _junit, "sarif": partial(_sarif, runner)},
    )


def _refuse_unusable(verdict: Verdict) -> None:
    """End as wrong usage does, if reports left nothing to judge; where none could be read, that is raised already.

    Raises:
        UserError: some of the reports could not be judged, or are of simulators that wrote nothing.
    """
    if not (verdict.reports and verdict.lacks_evidence):
        return
    silent = {read.source for report in verdict.reports for read in report.inputs if read.wrote_nothing}
    incomplete = [each for each in verdict.violations if each.kind == RUN_INCOMPLETE and each.source in silent]
    lines = [printable(f"{each.source}: {each.line}") for each in incomplete]
    raise UserError("\n".join([*filter(None, [verdict.error]), *lines]))


def _judged(arguments: argparse.Namespace, runner: Runner, progress: Callable[[str], Progress | None]) -> Verdict:
    request = CheckRequest(
        reports=arguments.reports,
        config=arguments.config,
        scenario=arguments.scenario,
        commits=commits_under_test(runner),
        form=arguments.form,
        declared=arguments.declared,
        points=arguments.points,
    )
    overrides = overrides_of(arguments)
    if arguments.health_only:
        for setting in ("base", "history"):
            if getattr(arguments, setting):
                refuse_beside_health_only(setting, overrides)
        comparison_of(None, arguments.max_regression, overrides.spelling)
        return check_health(request, overrides, arguments.merge, progress)
    base = base_from_file(arguments.base) if arguments.base else None
    comparison = comparison_of(base, arguments.max_regression, overrides.spelling)
    return check(request, Rules(arguments.merge, overrides, comparison, known_of(arguments)), progress)


def _place_of(runner: Runner) -> str:
    """The address of the repository's files; paths of configs must be relative to its root."""
    return runner.files_url if Path.cwd() == runner.workspace else ""


def _junit(verdict: Verdict) -> str:
    from vopr_coverage.render.junit import render_check_junit

    return render_check_junit(verdict)


def _sarif(runner: Runner, verdict: Verdict) -> str:
    from vopr_coverage.render.sarif import render_check_sarif
    from vopr_coverage.runner.places import place_in

    return render_check_sarif(verdict, partial(place_in, runner.workspace))


def _markdown(place: str, verdict: Verdict) -> str:
    from vopr_coverage.render.check import render_check_markdown  # jinja2 takes longer to load than a small check

    return render_check_markdown(verdict, place=place)
