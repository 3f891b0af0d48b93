"""Who writes the reports that a gate reads? Looks for their names in the steps before it. Pure.

A script may write anything, so a path counts as written as soon as one step may have written it. A finding needs all
steps before the gate to be known, and none of them to name the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from posixpath import basename

from vopr_coverage.doctor.conditions import is_true
from vopr_coverage.doctor.exit_codes import PROGRAM
from vopr_coverage.doctor.shell import SimpleCommand, commands_of
from vopr_coverage.doctor.workflow_file import Gate, Job, Step, Workflow

MAGIC = re.compile(r"[*?\[]")
_DOWNLOAD, _UPLOAD, _CACHE, _CHECKOUT = (
    f"actions/{name}" for name in ("download-artifact", "upload-artifact", "cache", "checkout")
)
_WRITE_NO_REPORTS = frozenset(
    {
        "apt-get",
        "brew",
        "cd",
        "chmod",
        "cmake",
        "echo",
        "exit",
        "export",
        "git",
        "mkdir",
        "npm",
        "pip",
        "pip3",
        "printf",
    }
    | {"rm", "rustup", "set", "sleep", "sudo", "test", "[", "[[", "true", ":", PROGRAM}
)
_BUILDS = (("cargo", "build"), ("cargo", "fetch"), ("go", "build"), ("go", "mod"), ("zig", "build"), ("uv", "pip"))
_NAMES_ITS_OUTPUT = re.compile(r">|(?:^|\s)(?:--?out(?:put)?(?:-file|-dir)?|-o|tee)(?:[\s=]|$)")


def reports_of(gate: Gate) -> list[str]:
    """The paths and patterns that a gate judges, without their scenario and without those that variables name."""
    if gate.cli:
        found = _positional(gate.cli.words) if gate.command == "check" else []
    else:
        lines = (line.strip() for line in gate.inputs.get("reports", "").splitlines())
        found = [line for line in lines if line and not line.startswith("#")]
    paths = [re.sub(r"^[^/=]+=", "", path) for path in found]
    return [path for path in paths if "$" not in path and path != "-"]


def before(gate: Gate) -> list[Step]:
    """The steps of the job that run before the gate."""
    assert gate.step is not None
    return list(gate.job.steps[: gate.job.steps.index(gate.step)])


def unwritten(gate: Gate, workflows: Sequence[Workflow]) -> list[str]:
    """The reports of a gate that no step before it may have written."""
    steps, own = before(gate), gate.cli.before if gate.cli else ()
    if any(map(_is_unknown, steps)) or any(map(_is_opaque, own)):
        return []
    sources = [*(step.text for step in steps), *(" ".join(command.words) for command in own)]
    downloads = [step for step in steps if step.uses.startswith(_DOWNLOAD)]
    if any("run-id" in step.inputs for step in downloads):
        return []
    if downloads:
        others = [step for job in _other_jobs(gate, workflows) for step in job.steps if step.uses.startswith(_UPLOAD)]
        sources += [step.inputs.get("path", "") for step in others]
        if not others or any("$" in step.inputs.get("path", "") for step in others):
            return []
    return [path for path in reports_of(gate) if _names(path) and not _is_named(path, sources)]


def may_lose_reports(gate: Gate, workflows: Sequence[Workflow]) -> Step | None:
    """A step that may fail unnoticed and writes one of several reports; None if none does."""
    if not any(MAGIC.search(path) for path in reports_of(gate)):
        return None
    steps = [*before(gate), *(step for job in _needed(gate, workflows) for step in job.steps)]
    soft = [step for step in steps if is_true(step.continue_on_error)]
    for step in soft:
        written = step.uses.startswith(_DOWNLOAD) or any(_is_named(path, [step.text]) for path in reports_of(gate))
        if written or step.run:
            return step
    return None


def _positional(words: Sequence[str]) -> list[str]:
    """Arguments of `check` that are no flags and no values of flags."""
    found, skip = [], False
    for word in words:
        if skip or word.startswith("-"):
            skip = not skip and word.startswith("--") and "=" not in word and word != "--health-only"
            continue
        if word.startswith((">", "2>", "<", "&>")):
            break
        found.append(word)
    return found


def _needed(gate: Gate, workflows: Sequence[Workflow]) -> Iterator[Job]:
    jobs = [job for workflow in workflows for job in workflow.jobs if gate.job in workflow.jobs]
    return (job for job in jobs if job.id in gate.job.needs)


def _other_jobs(gate: Gate, workflows: Sequence[Workflow]) -> Iterator[Job]:
    return (job for workflow in workflows for job in workflow.jobs if job is not gate.job)


def _names(path: str) -> list[str]:
    """The parts of a path that are plain names, the last one first."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..") and not MAGIC.search(part)]
    return parts[::-1]


def _is_named(path: str, sources: Iterable[str]) -> bool:
    names = _names(path)
    return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) for text in sources for name in names)


def _is_unknown(step: Step) -> bool:
    """Whether a step may write reports without naming them."""
    if step.uses:
        known = (_DOWNLOAD, _UPLOAD, _CHECKOUT)
        return not (step.uses.startswith(known) or step.uses.startswith("actions/setup-"))
    return any(_is_opaque(command) for command in commands_of(step.run))


def _is_opaque(command: SimpleCommand) -> bool:
    words = command.words
    while words and re.fullmatch(r"\w+=.*", words[0], re.DOTALL):
        words = words[1:]
    if not words or basename(words[0]) in _WRITE_NO_REPORTS or words[:2] in _BUILDS:
        return False
    return not _NAMES_ITS_OUTPUT.search(" ".join(words))
