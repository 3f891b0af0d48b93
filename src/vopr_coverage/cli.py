"""The command line: flags to `check`, verdicts to text, exceptions to exit codes. Nothing is decided here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from traceback import format_exc
from typing import NoReturn

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.base.file import BASE_BYTES_MAX, base_from_file
from vopr_coverage.base.gate import comparison_of
from vopr_coverage.check.flow import CheckRequest, Rules, check, check_health, refuse_beside_health_only
from vopr_coverage.check.terms import Overrides, terms_for
from vopr_coverage.commands.canary import run_canary
from vopr_coverage.commands.determinism import run_determinism
from vopr_coverage.commands.output import judge_and_tell
from vopr_coverage.commands.parser import split_command, the_parser
from vopr_coverage.commands.plan import run_plan
from vopr_coverage.commands.prepare import run_prepare
from vopr_coverage.commands.record import run_record
from vopr_coverage.commands.replay import run_replay
from vopr_coverage.commands.summary import place_in, run_summary
from vopr_coverage.commands.tracking_issue import run_tracking
from vopr_coverage.commands.trends import run_trends
from vopr_coverage.config.file import load_config
from vopr_coverage.errors import ExitCode, FileError, UsageError, UserError, printable
from vopr_coverage.files import create_text, read_bytes
from vopr_coverage.formats.schema import schema_text
from vopr_coverage.model.manifest import commits_of
from vopr_coverage.model.thresholds import profile_layer, resolve, thresholds_of
from vopr_coverage.model.verdict import Verdict, verdict_from_json
from vopr_coverage.progress import ProgressLine
from vopr_coverage.reading import read_report
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.source import Progress
from vopr_coverage.render.text import render_text

INTERRUPTED = 130
OUR_BUG = "this is our bug, please report it on vopr-coverage-action's issue tracker, with all of this:"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing that it calls ends the process."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # a terminal that can't show ✅ must not cost the verdict
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        own, simulator = split_command(sys.argv[1:] if argv is None else argv)
        arguments = the_parser().parse_args(own, argparse.Namespace(simulator=simulator))
        code = _COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
        return code
    except UserError as error:
        _say(_told(error))
        return ExitCode.UNUSABLE
    except SystemExit as ended:  # argparse ends --help and --version this way
        return int(ended.code or 0)
    except KeyboardInterrupt:
        _say("vopr-coverage: interrupted, nothing was judged")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; the text is lost, so the verdict can't be a pass.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.UNUSABLE
    except Exception:  # what is left is our bug, and must never look like a verdict
        _say(f"vopr-coverage {__version__}: {OUR_BUG}\n{format_exc()}")
        return ExitCode.OUR_BUG


def entry() -> NoReturn:
    """The console script."""
    sys.exit(main())


def _say(text: str) -> None:
    """Print to standard error, if anybody listens: the exit code must not depend on it."""
    with suppress(OSError, ValueError, AttributeError):
        print(text, file=sys.stderr, flush=True)


def _told(error: UserError) -> str:
    return "\n".join(f"vopr-coverage: {line}" for line in str(error).splitlines())


def _overrides(arguments: argparse.Namespace) -> Overrides:
    return Overrides(
        profile=arguments.profile,
        min_iterations=arguments.min_iterations,
        on_not_measured=getattr(arguments, "on_not_measured", None),
    )


def _commits() -> tuple[str, ...]:
    """The commits that a job on GitHub may have simulated."""
    sha = os.environ.get("GITHUB_SHA")
    if not sha:
        return ()
    from vopr_coverage.runner.files import event_payload  # only a runner has events

    payload = event_payload(os.environ.get("GITHUB_EVENT_PATH", ""))
    return commits_of(os.environ.get("GITHUB_EVENT_NAME", ""), sha, payload)


def _run_check(arguments: argparse.Namespace) -> int:
    line = ProgressLine(sys.stderr)
    progress = line.for_file if sys.stderr.isatty() else lambda _: None

    def judged() -> Verdict:
        try:
            return _judged(arguments, progress)
        finally:
            line.clear()

    return judge_and_tell(arguments, judged, partial(Verdict.not_judged, __version__), render_text, _markdown)


def _judged(arguments: argparse.Namespace, progress: Callable[[str], Progress | None]) -> Verdict:
    request = CheckRequest(
        reports=arguments.reports, config=arguments.config, scenario=arguments.scenario, commits=_commits()
    )
    overrides = _overrides(arguments)
    if arguments.health_only:
        if arguments.base:
            refuse_beside_health_only("base", overrides)
        comparison_of(None, arguments.max_regression, overrides.spelling)
        return check_health(request, overrides, arguments.merge, progress)
    base = base_from_file(arguments.base) if arguments.base else None
    comparison = comparison_of(base, arguments.max_regression, overrides.spelling)
    return check(request, Rules(arguments.merge, overrides, comparison), progress)


def _markdown(verdict: Verdict) -> str:
    from vopr_coverage.render.markdown import render_markdown  # jinja2 takes longer to load than a small check

    return render_markdown(verdict)


def _run_comment(arguments: argparse.Namespace) -> int:
    from vopr_coverage.render.comment import About, render_comment

    data = read_bytes(arguments.verdict, BASE_BYTES_MAX)
    sys.stdout.write(render_comment(verdict_from_json(data, arguments.verdict), About()))
    return ExitCode.PASSED


def _run_init(arguments: argparse.Namespace) -> int:
    from vopr_coverage.config.starter import starter_config

    files = find_reports(arguments.runs)
    config = starter_config([replace(read_report(file.path), source=file.label) for file in files])
    if not arguments.output:
        sys.stdout.write(config)
        return ExitCode.PASSED
    try:
        create_text(arguments.output, config)
    except FileError as error:
        raise UsageError(f"{printable(arguments.output)} was not written: {error.found}") from None
    print(f"wrote {printable(arguments.output)}; look at its comments before you commit it")
    return ExitCode.PASSED


def _run_schema(arguments: argparse.Namespace) -> int:
    sys.stdout.write(schema_text(arguments.name))
    return ExitCode.PASSED


def _run_profiles(arguments: argparse.Namespace) -> int:
    overrides = _overrides(arguments)
    if arguments.name and (overrides != Overrides() or arguments.config or arguments.scenario):
        raise UsageError(f"profiles {arguments.name} prints that profile as it is: leave the flags out, or the name")
    if arguments.name:
        bounds = resolve(profile_layer(arguments.name))
    else:
        bounds = terms_for(arguments.scenario, overrides, load_config(arguments.config)).bounds
    if arguments.format == "json":
        print(thresholds_of(bounds).to_json())
        return ExitCode.PASSED
    for key, bound in bounds.items():
        print(f"{key}: {_value(bound.value)}  # {printable(bound.origin)}")
    return ExitCode.PASSED


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{printable(name)}: {least}" for name, least in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(printable(name) for name in value) + "]"
    return str(value)


def _run_plan(arguments: argparse.Namespace) -> int:
    return run_plan(arguments, arguments.simulator)


def _run_summary(arguments: argparse.Namespace) -> int:
    return run_summary(arguments, place_in(os.environ), _commits())


def _run_tracking(arguments: argparse.Namespace) -> int:
    return run_tracking(arguments, os.environ)


def _run_record(arguments: argparse.Namespace) -> int:
    return run_record(arguments, arguments.simulator, os.environ.get("GITHUB_SHA", ""))


def _run_replay(arguments: argparse.Namespace) -> int:
    return run_replay(arguments, arguments.simulator, os.environ.get("GITHUB_SHA", ""))


def _run_trends(arguments: argparse.Namespace) -> int:
    return run_trends(arguments, os.environ)


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "check": _run_check,
    "comment": _run_comment,
    "init": _run_init,
    "schema": _run_schema,
    "profiles": _run_profiles,
    "determinism": run_determinism,
    "plan": _run_plan,
    "canary": run_canary,
    "prepare": run_prepare,
    "record": _run_record,
    "replay": _run_replay,
    "summary": _run_summary,
    "trends": _run_trends,
    "tracking-issue": _run_tracking,
}
