"""The action's door: inputs go in; log, outputs, job summary, annotations and the pull request's comment come out.

The verdict decides the exit code; failing to publish it is a warning. Only this module and `cli.py` read the
environment.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from functools import partial
from traceback import format_exc
from typing import Protocol

import msgspec

from vopr_coverage import __version__
from vopr_coverage.base.compare import Base
from vopr_coverage.base.file import base_from_file
from vopr_coverage.check.flow import Rules, check
from vopr_coverage.check.request import CheckRequest
from vopr_coverage.errors import ExitCode, FileError, UsageError, UserError, printable, without_commands
from vopr_coverage.files import append_text
from vopr_coverage.github.comment_marker import checked_id
from vopr_coverage.github.comment_settings import CommentSettings, comment_settings_of
from vopr_coverage.github.issue_plan import ID_DEFAULT as TRACKING_ID_DEFAULT
from vopr_coverage.github.retry import Clock, SystemClock
from vopr_coverage.github.session import Hub, Said
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.render.annotations import command, fenced, render_annotations
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX
from vopr_coverage.render.check import render_check_markdown, render_check_text
from vopr_coverage.render.terminal import Terminal, on_terminal
from vopr_coverage.runner.environment import Runner, runner_of
from vopr_coverage.runner.event import commits_of, event_payload
from vopr_coverage.runner.files import append_outputs, bytes_in, step_folder, write_in_workspace
from vopr_coverage.runner.inputs import BASE_ARTIFACT, COMMANDS, lines, one_of, read_inputs, rules_of, switch
from vopr_coverage.runner.outputs import outputs_of
from vopr_coverage.runner.places import place_in
from vopr_coverage.trends.file import rates_in_file

DOCTOR_TITLE = "The gate itself"
SUMMARY_BYTES_MIN = 4096  # the headline fits, even where other steps have filled the summary


class Switches(msgspec.Struct, frozen=True):
    """The inputs that are on or off."""

    fail: bool = True
    summary: bool = True
    annotations: bool = True


class _Page(Protocol):
    def __call__(self, *, budget: int = ...) -> str:
        """The verdict as Markdown, in at most so many bytes."""


class _Left(msgspec.Struct, frozen=True):
    """What a verdict leaves behind: text for the log, JSON and Markdown for files, and outputs."""

    text: str
    verdict: str
    page: _Page
    outputs: dict[str, str]


class _Step(msgspec.Struct, frozen=True):
    """One step with usable inputs: what its commands work with. `event` is the payload of the runner's event."""

    runner: Runner
    event: bytes
    inputs: Mapping[str, str]
    settings: CommentSettings
    hub: Hub


def main(environ: Mapping[str, str], clock: Clock | None = None) -> int:
    """Run the action with this environment and return the step's exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return _run(environ, clock or SystemClock())
    except Exception:  # what is left is our bug, and must never look like a verdict
        print(without_commands(format_exc()), file=sys.stderr)
        print(command("error", f"vopr-coverage {__version__} has a bug of its own; nothing was judged"))
        return ExitCode.OUR_BUG


def _run(environ: Mapping[str, str], clock: Clock) -> int:
    runner = runner_of(environ)
    try:
        inputs = read_inputs(environ)
        one_of(inputs, "command", COMMANDS)
        settings = comment_settings_of(inputs)
        event = event_payload(runner)
    except UserError as error:
        return _publish(Verdict.not_judged(__version__, str(error)), Switches(), runner)
    step = _Step(
        runner=runner,
        event=event,
        inputs=inputs,
        settings=settings,
        hub=Hub(runner, event=event, token=inputs["token"], clock=clock, say=_log),
    )
    if inputs["command"] == "comment":
        return _relay(step)
    if inputs["command"] == "tracking-issue":
        return _track(step)
    if inputs["command"] == "doctor":
        return _examine(step)
    return _check(step)


def _check(step: _Step) -> int:
    """Judge, and publish the verdict everywhere."""
    runner, inputs, switches = step.runner, step.inputs, Switches()
    try:
        switches = _switches(inputs)
        if inputs["workflow"]:
            raise UsageError("input workflow is for command doctor alone")
        rules = _rules(step)
        verdict = check(_request(step), rules)
    except UserError as error:
        verdict = Verdict.not_judged(__version__, str(error))
    code = _publish(verdict, switches, runner)  # first: asking GitHub may take minutes that a job may not have
    message = step.hub.comment(verdict, step.settings)
    if message is not None:
        _print_message(message)
    _write_outputs(runner, {"comment-url": message.url if message else ""})
    return code


def _switches(inputs: Mapping[str, str]) -> Switches:
    return Switches(*(switch(inputs, name) for name in ("fail", "summary", "annotations")))


def _request(step: _Step) -> CheckRequest:
    return CheckRequest(
        reports=lines(step.inputs["reports"]),
        config=step.inputs["config"] or None,
        scenario=step.inputs["scenario"] or None,
        commits=commits_of(step.runner.event, step.runner.sha, step.event),
        roots=step.runner.roots,
        form=step.inputs["format"] or None,
        declared=step.inputs["declared"] or None,
    )


def _examine(step: _Step) -> int:
    """Examine the gate, and publish the doctor's verdict."""
    from vopr_coverage.doctor.flow import DoctorRequest, examine_gate
    from vopr_coverage.doctor.verdict import DoctorVerdict
    from vopr_coverage.render.doctor import lines_to_copy, render_doctor_markdown, render_doctor_text

    runner, inputs, switches = step.runner, step.inputs, Switches()
    try:
        switches = _switches(inputs)
        rules = _rules(step)
        verdict = examine_gate(DoctorRequest(_request(step), lines(inputs["workflow"])), rules)
    except UserError as error:
        verdict = DoctorVerdict.not_judged(__version__, str(error))
    outputs = {
        "passed": "true" if verdict.passed else "false",
        "verdict": verdict.status,
        "score": "" if verdict.score is None else f"{verdict.score:.6f}",
    }
    page = partial(render_doctor_markdown, verdict)
    text = on_terminal(render_doctor_text(verdict), Terminal(), exact=lines_to_copy(verdict))
    _leave(_Left(text, verdict.to_json(), page, outputs), switches, runner)
    if not verdict.passed and (switches.annotations or verdict.error is not None):
        level = "error" if switches.fail or verdict.error is not None else "warning"
        print(command(level, printable(verdict.reason), title=DOCTOR_TITLE))
    return _exit_code(verdict.error is not None, verdict.passed, switches)


def _rules(step: _Step) -> Rules:
    history = step.inputs["history"]
    known = (rates_in_file(history, step.runner.roots),) if history else ()
    return rules_of(step.inputs, _base(step), known)


def _base(step: _Step) -> Base | None:
    base = step.inputs["base"]
    if base in ("", "none"):
        return None
    return step.hub.base(step.settings) if base == BASE_ARTIFACT else base_from_file(base, step.runner.roots)


def _relay(step: _Step) -> int:
    """Comment for another run. What is refused there is an error here, so that somebody looks."""
    try:
        if step.inputs["reports"] or step.inputs["base"] not in ("", "none"):
            raise UsageError("command comment takes everything from the run's artifact: leave reports and base out")
        messages, refused = step.hub.relay(step.settings)
    except UserError as error:
        print(command("error", printable(str(error))))
        return ExitCode.UNUSABLE
    for message in messages:
        _print_message(message)
    if refused:
        print(command("error", f"The run's verdict was refused: {printable(refused)}"))
    _write_outputs(step.runner, {"comment-url": next((message.url for message in messages if message.url), "")})
    return ExitCode.UNUSABLE if refused else ExitCode.PASSED


def _track(step: _Step) -> int:
    """Publish a night's verdict in an issue. Where that fails, the step fails: nobody would learn of the night."""
    try:
        paths = lines(step.inputs["reports"])
        if len(paths) != 1:
            raise UsageError(
                f"command tracking-issue takes one path in reports, the night's night.json; found {len(paths)}"
            )
        id = checked_id(step.inputs["comment-id"], TRACKING_ID_DEFAULT)
        messages = step.hub.track(paths[0], step.runner.roots, id, step.settings.author)
    except UserError as error:
        print(command("error", printable(str(error))))
        return ExitCode.UNUSABLE
    for message in messages:
        _print_message(message)
    _write_outputs(step.runner, {"issue-url": messages[-1].url})
    return ExitCode.PASSED


def _publish(verdict: Verdict, switches: Switches, runner: Runner) -> int:
    """Write log, files, summary, outputs and annotations; returns the exit code."""
    page = partial(render_check_markdown, verdict, place=runner.files_url)
    _leave(
        _Left(render_check_text(verdict, Terminal()), verdict.to_json(), page, outputs_of(verdict)), switches, runner
    )
    if switches.annotations or verdict.error is not None:
        for line in render_annotations(verdict, fail=switches.fail, place=partial(place_in, runner.workspace)):
            print(line)
    return _exit_code(verdict.lacks_evidence, verdict.passed, switches)


def _exit_code(is_error: bool, passed: bool, switches: Switches) -> int:
    if is_error:
        return ExitCode.UNUSABLE
    if not passed and not switches.fail:
        print("This step passes because its input `fail` is false.")
    return ExitCode.PASSED if passed or not switches.fail else ExitCode.GATE_FAILED


def _leave(left: _Left, switches: Switches, runner: Runner) -> None:
    """Write log, files, summary and outputs."""
    print(fenced(left.text, secrets.token_hex(16)), end="", flush=True)
    folder = step_folder(runner.action)
    paths = {"verdict-file": f"{folder}/verdict.json", "summary-file": f"{folder}/summary.md"}
    texts = {"verdict-file": left.verdict, "summary-file": left.page()}
    refused = ""
    for output, path in list(paths.items()):
        try:
            refused = write_in_workspace(runner.workspace, path, texts[output]) or refused
        except FileError as error:
            _warn(f"{path} was not written: {error.found}")
            del paths[output]
    if refused:
        _log(f"{folder} was written, but its owner could not be set: {refused}")
    try:
        if switches.summary and runner.step_summary:
            room = SUMMARY_BYTES_MAX - bytes_in(runner.step_summary)
            append_text(runner.step_summary, left.page(budget=max(room, SUMMARY_BYTES_MIN)))
    except FileError as error:
        _warn(f"the job summary was not written: {error.found}")
    _write_outputs(runner, left.outputs | paths)


def _write_outputs(runner: Runner, outputs: Mapping[str, str]) -> None:
    try:
        if runner.output:
            append_outputs(runner.output, outputs)
    except FileError as error:
        _warn(f"the outputs were not written: {error.found}")


def _print_message(message: Said) -> None:
    if message.level == "line":
        _log(message.text)
    else:
        print(command(message.level, printable(message.text)))


def _log(text: str) -> None:
    """Print a line that starts no workflow command, whatever GitHub's answers hold."""
    print(f"vopr-coverage: {printable(text)}", flush=True)


def _warn(text: str) -> None:
    print(command("warning", printable(text)))


if __name__ == "__main__":
    sys.exit(main(os.environ))
