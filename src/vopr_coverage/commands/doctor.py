"""`vopr-coverage doctor`: plants faults in healthy runs, and says which of them the gate does not notice."""

from __future__ import annotations

import argparse
from functools import partial

from vopr_coverage import __version__
from vopr_coverage.base.file import base_from_file
from vopr_coverage.base.gate import comparison_of
from vopr_coverage.check.flow import Rules
from vopr_coverage.check.request import CheckRequest
from vopr_coverage.commands.options import add_gate, add_reading, add_terms, known_of, overrides_of
from vopr_coverage.commands.output import add_verdict_files, judge_and_publish, progress_line
from vopr_coverage.doctor.flow import DoctorRequest, Watch, examine_gate
from vopr_coverage.doctor.verdict import DoctorVerdict
from vopr_coverage.render.terminal import on_terminal
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import commits_under_test

EPILOG = """\
Give healthy runs, and the flags with which your gate judges them. One fault after another is planted in the figures
that were read, and each copy is judged by the same gate. What stays green is a blind spot; docs/doctor.md lists the
faults. The score is the share of them that the gate noticed.

exit codes:
  0  the score is not below doctor_min of the config (off by default), and no workflow file has a finding
  1  the score is below doctor_min, or a workflow file has a finding
  2  wrong usage, the runs do not pass their own gate, or a file cannot be used: nothing was judged
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `doctor`."""
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="a healthy run, as `check` takes reports; SCENARIO=PATH names its scenario",
    )
    add_terms(parser)
    add_reading(parser)
    add_gate(parser)
    parser.add_argument(
        "--workflow", nargs="+", action="extend", default=[], metavar="FILE",
        help="a workflow file: say where in it a red gate would not stop anything",
    )  # fmt: skip
    parser.add_argument(
        "--write", action="store_true",
        help="add the lines that close blind spots to the config file; all else in it stays as it is",
    )  # fmt: skip
    add_verdict_files(parser)


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Examine, print and write."""
    from vopr_coverage.render.doctor import lines_to_copy, render_doctor_markdown, render_doctor_text

    def judge() -> DoctorVerdict:
        with progress_line() as line:
            watch = Watch(line.for_file, line.for_faults()) if line else Watch()
            return _judged(arguments, runner, watch)

    return judge_and_publish(
        arguments,
        runner,
        judge,
        nothing_judged=partial(DoctorVerdict.not_judged, __version__),
        text=lambda verdict, terminal: on_terminal(render_doctor_text(verdict), terminal, exact=lines_to_copy(verdict)),
        markdown=render_doctor_markdown,
    )


def _judged(arguments: argparse.Namespace, runner: Runner, watch: Watch) -> DoctorVerdict:
    request = CheckRequest(
        reports=arguments.runs,
        config=arguments.config,
        scenario=arguments.scenario,
        commits=commits_under_test(runner),
        form=arguments.form,
        declared=arguments.declared,
        points=arguments.points,
    )
    overrides = overrides_of(arguments)
    base = base_from_file(arguments.base) if arguments.base else None
    comparison = comparison_of(base, arguments.max_regression, overrides.spelling)
    rules = Rules(arguments.merge, overrides, comparison, known_of(arguments))
    return examine_gate(DoctorRequest(request, arguments.workflow, arguments.write), rules, watch)
