"""The command line: flags to `check`, verdicts to text, exceptions to exit codes. Nothing is decided here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from traceback import print_exc
from typing import Any, NoReturn

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.check import MERGES, Settings, check, find_and_load_config, terms_for
from vopr_coverage.contract import SCHEMA_NAMES, schema_text
from vopr_coverage.errors import ExitCode, UsageError, UserError, nearest, printable, shown
from vopr_coverage.paths import find_reports
from vopr_coverage.progress import ProgressLine
from vopr_coverage.reading import read_report
from vopr_coverage.render.text import render_text
from vopr_coverage.thresholds import PROFILE_NAMES, profile_layer, resolve, thresholds_of
from vopr_coverage.verdict import Verdict, error_verdict

ISSUES = "the issue tracker of vopr-coverage-action"
INTERRUPTED = 130

EXIT_CODES = """exit codes:
  0  every threshold is met
  1  a gate failed, or a run did not finish
  2  reports, config or usage can't be used: nothing was judged
  3  a bug of ours
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing that it calls ends the process."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # a terminal that can't show ✅ must not cost the verdict
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        arguments = _parser().parse_args(argv)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except UserError as error:
        print(_told(error), file=sys.stderr)
        return ExitCode.UNUSABLE
    except SystemExit as ended:  # argparse ends --help and --version this way
        return int(ended.code or 0)
    except KeyboardInterrupt:
        print("vopr-coverage: interrupted, nothing was judged", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; the text is lost, so the verdict can't be a pass.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.UNUSABLE
    except Exception:  # what is left is our bug, and must never look like a verdict
        print(f"vopr-coverage {__version__}: this is our bug, please report it at {ISSUES}:", file=sys.stderr)
        print_exc()
        return ExitCode.OUR_BUG


def entry() -> NoReturn:
    """The console script."""
    sys.exit(main())


def _told(error: UserError) -> str:
    return "\n".join(f"vopr-coverage: {line}" for line in str(error).splitlines())


class _Parser(argparse.ArgumentParser):
    """argparse that raises where it would print usage and end the process."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            flag = unknown[0].partition("=")[0]
            self.error(f"unknown argument {shown(flag)}; {nearest(flag, self._option_string_actions)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{printable(message)}\ntry '{self.prog} --help'")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="vopr-coverage",
        description="The coverage gate for deterministic simulation testing.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"vopr-coverage {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_check(commands)
    _add_init(commands)
    _add_schema(commands)
    _add_profiles(commands)
    return parser


def _add_check(commands: Any) -> None:
    check_parser = _command(commands, "check", _run_check, "judge reports and say what they missed", epilog=EXIT_CODES)
    check_parser.add_argument(
        "reports",
        nargs="*",
        metavar="REPORT",
        help="a stream of `vopr --json`, a CoverageReport or a document with one under 'coverage'; a pattern; "
        "- for standard input; SCENARIO=PATH names a run's scenario; gzip is read too",
    )
    _add_terms(check_parser)
    check_parser.add_argument(
        "--merge", type=_one_of(MERGES), default="none", metavar="none|scenario|all",
        help="judge each report by itself (none, the default), or added up by scenario, or all as one",
    )  # fmt: skip
    check_parser.add_argument(
        "--on-not-measured", metavar="POLICY",
        help="about required figures that a report doesn't carry: fail (the default), warn or ignore for "
        "view-changes, repairs and query-plans; or GATE=POLICY,…",
    )  # fmt: skip
    check_parser.add_argument("--verdict-file", metavar="F", help="write the verdict as JSON")
    check_parser.add_argument("--summary-file", metavar="F", help="write the job summary, as Markdown")
    check_parser.add_argument(
        "--format", type=_one_of(("text", "json", "markdown")), default="text", metavar="text|json|markdown",
        help="what is printed (default: text)",
    )  # fmt: skip


def _add_init(commands: Any) -> None:
    init = _command(commands, "init", _run_init, "write a starter config from healthy runs")
    init.add_argument("runs", nargs="+", metavar="RUN", help="a stream of a run in which all was well")
    init.add_argument("-o", "--output", metavar="F", help="write to F, which must not exist yet (default: print)")


def _add_schema(commands: Any) -> None:
    schema = _command(commands, "schema", _run_schema, "print a JSON Schema")
    schema.add_argument("name", metavar="NAME", help=", ".join(SCHEMA_NAMES))


def _add_profiles(commands: Any) -> None:
    profiles = _command(commands, "profiles", _run_profiles, "print a profile, or the bounds in force and who set each")
    profiles.add_argument(
        "name", nargs="?", type=_one_of(PROFILE_NAMES), metavar="NAME",
        help=f"{', '.join(PROFILE_NAMES)}; without it: the bounds that `check` would use",
    )  # fmt: skip
    _add_terms(profiles)
    profiles.add_argument("--format", type=_one_of(("text", "json")), default="text", metavar="text|json")


def _add_terms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile", type=_one_of(PROFILE_NAMES), metavar="default|smoke_test|nightly",
        help="the thresholds to start from (default: the config's, else default)",
    )  # fmt: skip
    parser.add_argument(
        "--config", metavar="FILE", help="the config (default: .github/vopr-coverage.yml where there is one)"
    )
    parser.add_argument("--scenario", metavar="NAME", help="the scenario of runs that don't name their own")
    parser.add_argument("--min-iterations", type=_count, metavar="N", help="fail a stream that ran fewer iterations")


def _command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    epilog: str | None = None,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    def chosen(word: str) -> str:
        if word not in words:
            raise argparse.ArgumentTypeError(f"unknown {shown(word)}; {nearest(word, words)}")
        return word

    return chosen


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise argparse.ArgumentTypeError(f"expected an integer of 0 or more, found {shown(text)}")
    return int(text)


def _settings(arguments: argparse.Namespace) -> Settings:
    return Settings(
        profile=arguments.profile,
        config=arguments.config,
        scenario=arguments.scenario,
        merge=getattr(arguments, "merge", "none"),
        min_iterations=arguments.min_iterations,
        on_not_measured=getattr(arguments, "on_not_measured", None),
    )


def _run_check(arguments: argparse.Namespace) -> int:
    line = ProgressLine(sys.stderr)
    failed: UserError | None = None
    try:
        progress = line.for_file if sys.stderr.isatty() else lambda _: None
        verdict = check(arguments.reports, _settings(arguments), progress)
    except UserError as error:
        verdict, failed = error_verdict(__version__, str(error)), error
    finally:
        line.clear()
    _publish(verdict, arguments)
    if failed:
        raise failed
    return ExitCode.PASSED if verdict.passed else ExitCode.GATE_FAILED


def _publish(verdict: Verdict, arguments: argparse.Namespace) -> None:
    """Print and write the verdict. A file that can't be written is a warning: the verdict stands."""
    if arguments.format == "json":
        sys.stdout.write(verdict.to_json())
    elif arguments.format == "markdown":
        sys.stdout.write(_markdown(verdict))
    elif verdict.error is None:
        sys.stdout.write(render_text(verdict))
    if arguments.verdict_file:
        _write(arguments.verdict_file, verdict.to_json())
    if arguments.summary_file:
        _write(arguments.summary_file, _markdown(verdict))


def _markdown(verdict: Verdict) -> str:
    from vopr_coverage.render.markdown import (
        render_markdown,
    )  # jinja2 takes longer to load than a small check

    return render_markdown(verdict)


def _write(path: str, text: str) -> None:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        print(f"vopr-coverage: warning: {printable(path)} was not written: {error.strerror}", file=sys.stderr)


def _run_init(arguments: argparse.Namespace) -> int:
    from vopr_coverage.starter import starter_config

    files = find_reports(arguments.runs)
    config = starter_config([replace(read_report(file.path), source=file.label) for file in files])
    if not arguments.output:
        sys.stdout.write(config)
        return ExitCode.PASSED
    try:
        Path(arguments.output).parent.mkdir(parents=True, exist_ok=True)
        with open(arguments.output, "x", encoding="utf-8", newline="\n") as file:
            file.write(config)
    except OSError as error:
        raise UsageError(f"{printable(arguments.output)} was not written: {(error.strerror or '').lower()}") from None
    print(f"wrote {printable(arguments.output)}; look at its comments before you commit it")
    return ExitCode.PASSED


def _run_schema(arguments: argparse.Namespace) -> int:
    sys.stdout.write(schema_text(arguments.name))
    return ExitCode.PASSED


def _run_profiles(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    if arguments.name and settings != Settings():
        raise UsageError(f"profiles {arguments.name} prints that profile as it is: leave the flags out, or the name")
    if arguments.name:
        bounds = resolve(profile_layer(arguments.name))
    else:
        bounds = terms_for(settings.scenario, settings, find_and_load_config(settings)).bounds
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
