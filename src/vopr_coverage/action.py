"""The action's door: inputs to `check`, the verdict to the log, outputs, summary and annotations.

The verdict decides the exit code; failing to publish is a warning. Only this module and
`cli.py` read the environment.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from traceback import print_exc

from vopr_coverage import __version__
from vopr_coverage.check import MERGES, Settings, check
from vopr_coverage.errors import ExitCode, UsageError, UserError, nearest, printable, shown
from vopr_coverage.render.annotations import command, fenced, render_annotations
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX
from vopr_coverage.render.markdown import render_markdown
from vopr_coverage.render.text import render_text
from vopr_coverage.runner_files import (
    append_outputs,
    append_summary,
    bytes_in,
    step_folder,
    write_in_workspace,
)
from vopr_coverage.thresholds import PROFILE_NAMES
from vopr_coverage.verdict import Verdict, error_verdict

COMMANDS = ("check",)
INPUTS = (
    "reports",
    "command",
    "profile",
    "config",
    "merge",
    "scenario",
    "min-iterations",
    "on-not-measured",
    "fail",
    "summary",
    "annotations",
)
_RUNNERS_OWN = ("ARGS", "ENTRYPOINT")  # legal in any `with:` of a container action


def main(environ: Mapping[str, str]) -> int:
    """Run the action with this environment and return the step's exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return _run(environ)
    except Exception:  # what is left is our bug, and must never look like a verdict
        print_exc()
        print(command("error", f"vopr-coverage {__version__} has a bug of its own; nothing was judged"))
        return ExitCode.OUR_BUG


def _run(environ: Mapping[str, str]) -> int:
    fail, summary, annotations, code = True, True, True, ExitCode.PASSED
    try:
        inputs = _inputs(environ)
        fail, summary, annotations = (_switch(inputs, name) for name in ("fail", "summary", "annotations"))
        verdict = check(_lines(inputs["reports"]), _settings(inputs, environ))
    except UserError as error:
        verdict, code = error_verdict(__version__, str(error)), ExitCode.UNUSABLE
    if not verdict.passed and verdict.error is None and fail:
        code = ExitCode.GATE_FAILED
    _publish(verdict, environ, summary=summary)
    if annotations or verdict.error is not None:
        for line in render_annotations(verdict, fail=fail):
            print(line)
    if not verdict.passed and code is ExitCode.PASSED:
        print("This step passes because its input `fail` is false.")
    return code


def _inputs(environ: Mapping[str, str]) -> dict[str, str]:
    """All inputs, "" where unset. The runner keeps hyphens in INPUT_ names, shells may not.

    Raises:
        UsageError: a name close to one of ours: the runner only warns of an input that doesn't
            exist, and a gate whose setting was misspelt would be another gate. Other names
            are a job's own variables.
    """
    given = {
        key.removeprefix("INPUT_").replace("_", "-").lower(): value.strip()
        for key, value in environ.items()
        if key.startswith("INPUT_") and key.removeprefix("INPUT_") not in _RUNNERS_OWN
    }
    for name in given:
        if name not in INPUTS and get_close_matches(name, INPUTS, n=1, cutoff=0.75):
            raise UsageError(f"unknown input {shown(name)}; {nearest(name, INPUTS)}")
    return {name: given.get(name, "") for name in INPUTS}


def _settings(inputs: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    _one_of(inputs, "command", COMMANDS)
    merge = inputs["merge"] or "none"
    _one_of(inputs, "merge", MERGES)
    _one_of(inputs, "profile", PROFILE_NAMES)
    count = inputs["min-iterations"]
    if count and not (count.isascii() and count.isdigit() and len(count) <= 20):
        raise UsageError(f"input min-iterations: expected an integer of 0 or more, found {shown(count)}")
    temp = environ.get("RUNNER_TEMP")
    return Settings(
        profile=inputs["profile"] or None,
        config=inputs["config"] or None,
        scenario=inputs["scenario"] or None,
        merge=next(word for word in MERGES if word == merge),
        min_iterations=int(count) if count else None,
        on_not_measured=inputs["on-not-measured"] or None,
        spelling="input {}",
        roots=(_workspace(environ), *([Path(temp)] if temp else [])),
    )


def _workspace(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("GITHUB_WORKSPACE") or ".")


def _one_of(inputs: Mapping[str, str], name: str, words: tuple[str, ...]) -> None:
    if inputs[name] and inputs[name] not in words:
        raise UsageError(f"input {name}: unknown {shown(inputs[name])}; {nearest(inputs[name], words)}")


def _switch(inputs: Mapping[str, str], name: str) -> bool:
    """`true`, `false`, or unset for true; a word that is neither must not be guessed at."""
    if inputs[name] not in ("", "true", "false"):
        raise UsageError(f"input {name}: expected true or false, found {shown(inputs[name])}")
    return inputs[name] != "false"


def _lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _publish(verdict: Verdict, environ: Mapping[str, str], *, summary: bool) -> None:
    print(fenced(render_text(verdict), secrets.token_hex(16)), end="", flush=True)
    workspace, folder = _workspace(environ), step_folder(environ.get("GITHUB_ACTION", ""))
    written = {"verdict-file": f"{folder}/verdict.json", "summary-file": f"{folder}/summary.md"}
    texts = {"verdict-file": verdict.to_json(), "summary-file": render_markdown(verdict)}
    for name, path in list(written.items()):
        try:
            write_in_workspace(workspace, path, texts[name])
        except OSError as error:
            _warn(f"{path} was not written: {error}")
            del written[name]
    try:
        if summary and environ.get("GITHUB_STEP_SUMMARY"):
            _summarise(verdict, environ["GITHUB_STEP_SUMMARY"])
    except OSError as error:
        _warn(f"the job summary was not written: {error}")
    try:
        if environ.get("GITHUB_OUTPUT"):
            append_outputs(environ["GITHUB_OUTPUT"], _outputs(verdict) | written)
    except OSError as error:
        _warn(f"the outputs were not written: {error}")


def _summarise(verdict: Verdict, path: str) -> None:
    left = SUMMARY_BYTES_MAX - bytes_in(path)
    append_summary(path, render_markdown(verdict, budget=max(left, 4096)))


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


def _warn(text: str) -> None:
    print(command("warning", printable(text)))


if __name__ == "__main__":
    sys.exit(main(os.environ))
