"""A workflow file as plain data: its jobs, their steps, and the gates among them. Nothing is judged here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from vopr_coverage.doctor.exit_codes import CliGate, gates_in, shell_of
from vopr_coverage.errors import ConfigError, printable
from vopr_coverage.formats.located_yaml import Located, parse
from vopr_coverage.formats.schema import pointer_to

NIGHT = "vopr-nightly"
OUR_ACTION = "vopr-coverage"
_NO_GATES = ("setup", "handoff")  # actions of ours that judge nothing
_BLOCK = re.compile(r":\s*(?:&\S+\s+)?[|>][-+0-9]*\s*(?:#.*)?$")


class Step(msgspec.Struct, frozen=True):
    """One step. Texts are "" where they are not set; `pointer` leads to it, for the lines of its keys."""

    pointer: str
    label: str
    uses: str
    run: str
    condition: str
    continue_on_error: str
    inputs: Mapping[str, str]
    shell: str
    text: str


class Job(msgspec.Struct, frozen=True):
    """One job. `text` is everything in it, to look for names."""

    id: str
    pointer: str
    needs: tuple[str, ...]
    condition: str
    continue_on_error: str
    uses: str
    steps: tuple[Step, ...]
    shell: str
    windows: bool
    text: str


class Gate(msgspec.Struct, frozen=True):
    """One place that judges.

    Attributes:
        step: None for a job that calls the nightly workflow.
        command: `check`, `comment`, `summary`, …; `night` for a whole night.
        inputs: of the action; the words of a command line stand in `cli`.
    """

    job: Job
    step: Step | None
    command: str
    line: int
    inputs: Mapping[str, str]
    cli: CliGate | None = None

    @property
    def place(self) -> str:
        """The job, and the step in it."""
        return f"job {self.job.id}" + (f", step {self.step.label}" if self.step else "")

    @property
    def pointer(self) -> str:
        """Where it stands in the file."""
        return self.step.pointer if self.step else self.job.pointer


class Workflow(msgspec.Struct, frozen=True):
    """One file. `triggers` are the events under `on`."""

    file: str
    triggers: frozenset[str]
    jobs: tuple[Job, ...]
    located: Located

    def line(self, pointer: str) -> int:
        """The line of a key, or of the closest one around it."""
        return self.located.line(pointer) or 1


def read_workflow(text: str, file: str) -> tuple[Workflow, list[Gate]]:
    """A workflow file, and its gates in order.

    Raises:
        ConfigError: it is no YAML, or no workflow.
    """
    located = parse(text, file)
    root = located.value
    if not isinstance(root, dict) or not isinstance(root.get("jobs"), dict):
        raise ConfigError(f"{printable(file)}: expected a workflow with `jobs`, found something else")
    default = _map(_map(root.get("defaults")).get("run")).get("shell", "")
    jobs = tuple(_job(name, _map(job), _text(default)) for name, job in root["jobs"].items())
    workflow = Workflow(file, frozenset(_names(root.get("on"))), jobs, located)
    lines = text.splitlines()
    return workflow, [gate for job in jobs for gate in _gates(job, workflow, lines)]


def _job(name: str, job: Mapping[str, Any], default: str) -> Job:
    pointer = "/jobs" + pointer_to(name)
    steps = job.get("steps")
    shell = _text(_map(_map(job.get("defaults")).get("run")).get("shell", default))
    return Job(
        id=name,
        pointer=pointer,
        needs=tuple(_names(job.get("needs"))),
        condition=_text(job.get("if")),
        continue_on_error=_text(job.get("continue-on-error")),
        uses=_text(job.get("uses")),
        steps=tuple(
            _step(f"{pointer}/steps/{number}", number, _map(step))
            for number, step in enumerate(steps if isinstance(steps, list) else ())
        ),
        shell=shell,
        windows="windows" in _text(job.get("runs-on")).lower(),
        text=_flat(job),
    )


def _step(pointer: str, number: int, step: Mapping[str, Any]) -> Step:
    inputs = {key: _text(value) for key, value in _map(step.get("with")).items()}
    label = _text(step.get("name")) or _text(step.get("id")) or _text(step.get("uses")) or f"number {number + 1}"
    return Step(
        pointer=pointer,
        label=label,
        uses=_text(step.get("uses")),
        run=_text(step.get("run")),
        condition=_text(step.get("if")),
        continue_on_error=_text(step.get("continue-on-error")),
        inputs=inputs,
        shell=_text(step.get("shell")),
        text=_flat(step),
    )


def _gates(job: Job, workflow: Workflow, lines: list[str]) -> Iterator[Gate]:
    if is_night(job.uses):
        yield Gate(job=job, step=None, command="night", line=workflow.line(job.pointer + "/uses"), inputs={})
    for step in job.steps:
        if is_ours(step):
            command = step.inputs.get("command") or "check"
            line = workflow.line(step.pointer + "/uses")
            yield Gate(job=job, step=step, command=command, line=line, inputs=step.inputs)
        shell = shell_of(step.shell or job.shell, job.windows) if step.run else None
        first = workflow.line(step.pointer + "/run")
        first += bool(first <= len(lines) and _BLOCK.search(lines[first - 1]))
        for cli in gates_in(step.run, shell) if shell else ():
            yield Gate(job=job, step=step, command=cli.command, line=first + cli.line, inputs={}, cli=cli)


def is_night(uses: str) -> bool:
    """Whether a job calls the nightly workflow."""
    return f"/{NIGHT}.y" in uses.partition("@")[0]


def is_ours(step: Step) -> bool:
    """Whether a step calls the action: by its name, or as a local one with the inputs that it takes."""
    path = step.uses.partition("@")[0].rstrip("/")
    if path.rpartition("/")[2] in _NO_GATES:
        return False
    local = path in (".", "./composite") and ("reports" in step.inputs or "command" in step.inputs)
    return OUR_ACTION in path or local


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: object) -> Iterator[str]:
    """A name, a list of names, or a map by names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        yield from (_text(name) for name in value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(map(_text, value)) if isinstance(value, list) else "" if isinstance(value, dict) else str(value)


def _flat(value: object) -> str:
    """All texts in a value, to look for a name."""
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_flat(each)}" for key, each in value.items())
    return "\n".join(map(_flat, value)) if isinstance(value, list) else _text(value)
