"""The action's door: inputs to `check`, the verdict to log, outputs, summary, annotations and the pull request.

The verdict decides the exit code; failing to publish is a warning. Only this module and
`cli.py` read the environment.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from traceback import print_exc

import msgspec

from vopr_coverage import __version__
from vopr_coverage.base.compare import Base
from vopr_coverage.base.file import base_from_file
from vopr_coverage.check.flow import CheckRequest, check
from vopr_coverage.errors import ExitCode, FileError, UsageError, UserError, printable
from vopr_coverage.files import append_text
from vopr_coverage.github.comment_marker import checked_id
from vopr_coverage.github.comment_settings import CommentSettings, comment_settings_of
from vopr_coverage.github.issue_plan import ID_DEFAULT as TRACKING_ID_DEFAULT
from vopr_coverage.github.retry import Clock, SystemClock
from vopr_coverage.github.session import Hub, Said
from vopr_coverage.model.manifest import commits_of
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.render.annotations import command, fenced, render_annotations
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX
from vopr_coverage.render.markdown import render_markdown
from vopr_coverage.render.text import render_text
from vopr_coverage.runner.files import (
    append_outputs,
    bytes_in,
    event_payload,
    step_folder,
    write_in_workspace,
)
from vopr_coverage.runner.inputs import BASE_ARTIFACT, COMMANDS, lines, one_of, read_inputs, rules_of, switch


class Switches(msgspec.Struct, frozen=True):
    """The inputs that are on or off."""

    fail: bool = True
    summary: bool = True
    annotations: bool = True


def main(environ: Mapping[str, str], clock: Clock | None = None) -> int:
    """Run the action with this environment and return the step's exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return _run(environ, clock or SystemClock())
    except Exception:  # what is left is our bug, and must never look like a verdict
        print_exc()
        print(command("error", f"vopr-coverage {__version__} has a bug of its own; nothing was judged"))
        return ExitCode.OUR_BUG


def _run(environ: Mapping[str, str], clock: Clock) -> int:
    try:
        inputs = read_inputs(environ)
        one_of(inputs, "command", COMMANDS)
        how = comment_settings_of(inputs)
        event = _event(environ)
    except UserError as error:
        return _tell(Verdict.not_judged(__version__, str(error)), Switches(), environ)
    hub = Hub(environ, event, inputs["token"], clock, _say)
    if inputs["command"] == "comment":
        return _relay(inputs, how, hub, environ)
    if inputs["command"] == "tracking-issue":
        return _track(inputs, how, hub, environ)
    return _check(inputs, how, hub, environ)


def _check(inputs: Mapping[str, str], how: CommentSettings, hub: Hub, environ: Mapping[str, str]) -> int:
    """Judge, and tell it everywhere."""
    switches = Switches()
    try:
        switches = Switches(*(switch(inputs, name) for name in ("fail", "summary", "annotations")))
        roots = _roots(environ)
        rules = rules_of(inputs, _base(inputs["base"], how, hub, roots))
        request = CheckRequest(
            reports=lines(inputs["reports"]),
            config=inputs["config"] or None,
            scenario=inputs["scenario"] or None,
            commits=_commits(environ),
            roots=roots,
        )
        verdict = check(request, rules)
    except UserError as error:
        verdict = Verdict.not_judged(__version__, str(error))
    code = _tell(verdict, switches, environ)  # first: asking GitHub may take minutes, and a job may not have them
    said = hub.comment(verdict, how)
    if said is not None:
        _tell_one(said)
    _write_outputs(environ, {"comment-url": said.url if said else ""})
    return code


def _base(word: str, how: CommentSettings, hub: Hub, roots: tuple[Path, ...]) -> Base | None:
    if word in ("", "none"):
        return None
    return hub.base(how) if word == BASE_ARTIFACT else base_from_file(word, roots)


def _relay(inputs: Mapping[str, str], how: CommentSettings, hub: Hub, environ: Mapping[str, str]) -> int:
    """Comment for another run. What is refused there is an error here, so that somebody looks."""
    try:
        if inputs["reports"] or inputs["base"] not in ("", "none"):
            raise UsageError("command comment takes everything from the run's artifact: leave reports and base out")
        told, refused = hub.relay(how)
    except UserError as error:
        print(command("error", printable(str(error))))
        return ExitCode.UNUSABLE
    for said in told:
        _tell_one(said)
    if refused:
        print(command("error", f"The run's verdict was refused: {printable(refused)}"))
    _write_outputs(environ, {"comment-url": next((said.url for said in told if said.url), "")})
    return ExitCode.UNUSABLE if refused else ExitCode.PASSED


def _track(inputs: Mapping[str, str], how: CommentSettings, hub: Hub, environ: Mapping[str, str]) -> int:
    """Tell the night's verdict in an issue. An issue that could not be written is an error: nobody would hear of it."""
    try:
        paths = lines(inputs["reports"])
        if len(paths) != 1:
            raise UsageError(
                f"command tracking-issue takes one path in reports, the night's night.json; found {len(paths)}"
            )
        id = checked_id(inputs["comment-id"], TRACKING_ID_DEFAULT)
        told = hub.track(paths[0], _roots(environ), id, how.author)
    except UserError as error:
        print(command("error", printable(str(error))))
        return ExitCode.UNUSABLE
    for said in told:
        _tell_one(said)
    _write_outputs(environ, {"issue-url": told[-1].url})
    return ExitCode.PASSED


def _tell(verdict: Verdict, switches: Switches, environ: Mapping[str, str]) -> int:
    """Log, files, summary, outputs and annotations; returns the exit code."""
    code = ExitCode.PASSED
    if verdict.error is not None:
        code = ExitCode.UNUSABLE
    elif not verdict.passed and switches.fail:
        code = ExitCode.GATE_FAILED
    _publish(verdict, environ, switches)
    if switches.annotations or verdict.error is not None:
        for line in render_annotations(verdict, fail=switches.fail):
            print(line)
    if not verdict.passed and code is ExitCode.PASSED:
        print("This step passes because its input `fail` is false.")
    return code


def _publish(verdict: Verdict, environ: Mapping[str, str], switches: Switches) -> None:
    print(fenced(render_text(verdict), secrets.token_hex(16)), end="", flush=True)
    workspace, folder = _workspace(environ), step_folder(environ.get("GITHUB_ACTION", ""))
    written = {"verdict-file": f"{folder}/verdict.json", "summary-file": f"{folder}/summary.md"}
    texts = {"verdict-file": verdict.to_json(), "summary-file": render_markdown(verdict)}
    for name, path in list(written.items()):
        try:
            write_in_workspace(workspace, path, texts[name])
        except FileError as error:
            _warn(f"{path} was not written: {error.found}")
            del written[name]
    try:
        if switches.summary and environ.get("GITHUB_STEP_SUMMARY"):
            _summarise(verdict, environ["GITHUB_STEP_SUMMARY"])
    except FileError as error:
        _warn(f"the job summary was not written: {error.found}")
    _write_outputs(environ, _outputs(verdict) | written)


def _summarise(verdict: Verdict, path: str) -> None:
    left = SUMMARY_BYTES_MAX - bytes_in(path)
    append_text(path, render_markdown(verdict, budget=max(left, 4096)))


def _outputs(verdict: Verdict) -> dict[str, str]:
    shares = [None if report.report is None else report.report.fault_point_coverage() for report in verdict.reports]
    measured = [share for share in shares if share is not None]
    return {
        "passed": "true" if verdict.passed else "false",
        "verdict": verdict.status,
        "violations": str(len(verdict.violations)),
        "warnings": str(len(verdict.warnings)),
        "fault-point-coverage": f"{min(measured):.6f}" if measured and len(measured) == len(shares) else "",
    }


def _write_outputs(environ: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    try:
        if environ.get("GITHUB_OUTPUT"):
            append_outputs(environ["GITHUB_OUTPUT"], outputs)
    except FileError as error:
        _warn(f"the outputs were not written: {error.found}")


def _event(environ: Mapping[str, str]) -> bytes:
    """The event's payload; without one there is no pull request, and no more to it."""
    return event_payload(environ.get("GITHUB_EVENT_PATH", ""))


def _commits(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The commits that this job may have simulated."""
    return commits_of(environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_SHA", ""), _event(environ))


def _roots(environ: Mapping[str, str]) -> tuple[Path, ...]:
    temp = environ.get("RUNNER_TEMP")
    return (_workspace(environ), *([Path(temp)] if temp else []))


def _workspace(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("GITHUB_WORKSPACE") or ".")


def _tell_one(said: Said) -> None:
    if said.level == "line":
        _say(said.text)
    else:
        print(command(said.level, printable(said.text)))


def _say(text: str) -> None:
    """A line of the log that starts no workflow command, whatever GitHub's answers hold."""
    print(f"vopr-coverage: {printable(text)}", flush=True)


def _warn(text: str) -> None:
    print(command("warning", printable(text)))


if __name__ == "__main__":
    sys.exit(main(os.environ))
