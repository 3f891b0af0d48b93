"""Rules for workflow files: where would a red gate stop nothing? Pure.

A rule is about what GitHub does, not about style: where the job turns red all the same, there is no finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from posixpath import normpath

import msgspec

from vopr_coverage.config.file import Config
from vopr_coverage.doctor.conditions import has_status_function, is_true, may_skip
from vopr_coverage.doctor.verdict import WorkflowFinding
from vopr_coverage.doctor.workflow_file import Gate, Job, Workflow, read_workflow
from vopr_coverage.doctor.writers import may_lose_reports, unwritten

FINDINGS_MAX = 1_000
COMMENTS = ("comment", "tracking-issue")  # commands that publish what another one judged


class _File(msgspec.Struct, frozen=True):
    """One file, with what its rules have to know.

    Attributes:
        all: every file that was given.
        gates: those of this file.
        floor: whether config or flag set a minimum of iterations.
    """

    workflow: Workflow
    gates: tuple[Gate, ...]
    all: tuple[Workflow, ...]
    config: Config
    floor: bool


_Rule = Callable[[Gate, _File], Iterator[WorkflowFinding]]


def findings_in(
    texts: Mapping[str, str], config: Config, min_iterations: int | None = None
) -> tuple[WorkflowFinding, ...]:
    """All findings in workflow files, by their names; file by file, in the order of their lines.

    Args:
        config: the config that gates without a path of their own read.
        min_iterations: of the flag, which stands above the config.

    Raises:
        ConfigError: a file that is no workflow.
    """
    read = [read_workflow(text, file) for file, text in texts.items()]
    workflows = tuple(workflow for workflow, _ in read)
    floor = bool(min_iterations) or _has_floor(config)
    files = [
        _File(workflow=workflow, gates=tuple(gates), all=workflows, config=config, floor=floor)
        for workflow, gates in read
    ]
    found = [finding for file in files for finding in _of_file(file)]
    found += _of_all(files)
    order = {workflow.file: place for place, workflow in enumerate(workflows)}
    found.sort(key=lambda finding: (order[finding.file], finding.line))
    return tuple(dict.fromkeys(found))[:FINDINGS_MAX]


def _has_floor(config: Config) -> bool:
    def sets(layer: Mapping[str, object]) -> bool:
        bound = layer.get("min_iterations")
        return bool(bound and getattr(bound, "value", 0))

    own = list(config.scenarios.values())
    return sets(config.layer) or (bool(own) and all(sets(scenario.layer) for scenario in own))


def _of_file(file: _File) -> Iterator[WorkflowFinding]:
    for gate in file.gates:
        if gate.command in COMMENTS:
            continue
        for rule in _RULES:
            yield from rule(gate, file)


def _of_all(files: Sequence[_File]) -> Iterator[WorkflowFinding]:
    """Files without any gate: a comment blocks nothing."""
    gates = [gate for file in files for gate in file.gates]
    if any(gate.command not in COMMENTS for gate in gates):
        return
    if not gates:
        workflow = files[0].workflow
        yield WorkflowFinding(
            file=workflow.file,
            line=1,
            rule="no-gate",
            place="the whole file",
            what="no step calls vopr-coverage",
            why="Nothing here judges a simulation, so nothing can be red.",
            instead="Add a step with the action, or name the workflow file that has it.",
        )
    for file in files:
        for gate in file.gates:
            if gate.command == "comment" and "workflow_run" not in file.workflow.triggers:
                yield _finding(
                    gate, file, gate.line, "comment-only",
                    "the only step of vopr-coverage writes a comment",
                    "A comment judges nothing and blocks nothing.",
                    "a step with `command: check`, in a job that is a required check",
                )  # fmt: skip


def _finding(gate: Gate, file: _File, line: int, rule: str, what: str, why: str, instead: str) -> WorkflowFinding:
    return WorkflowFinding(
        file=file.workflow.file, line=line, rule=rule, place=gate.place, what=what, why=why, instead=instead
    )


# ---- rules, in the order of docs/doctor.md


def _continue_on_error(gate: Gate, file: _File) -> Iterator[WorkflowFinding]:
    places = [(gate.job.pointer, gate.job.continue_on_error, "job")]
    if gate.step:
        places.append((gate.step.pointer, gate.step.continue_on_error, "step"))
    for pointer, value, what in places:
        if is_true(value):
            yield _finding(
                gate, file, file.workflow.line(f"{pointer}/continue-on-error"), "continue-on-error",
                f"`continue-on-error: {value}` on the {what}",
                f"The {what} may fail and counts as a success.",
                f"the {what} without `continue-on-error`",
            )  # fmt: skip


def _exit_code_lost(gate: Gate, file: _File) -> Iterator[WorkflowFinding]:
    if gate.cli and gate.cli.lost:
        line = gate.line - gate.cli.line + gate.cli.lost.line
        yield _finding(
            gate, file, line, "exit-code-lost",
            f"`vopr-coverage {gate.command}`: {gate.cli.lost.what}",
            "The step is green whatever the verdict is.",
            f"`vopr-coverage {gate.command} …` as a command of its own, with nothing behind it",
        )  # fmt: skip


def _fail_false(gate: Gate, file: _File) -> Iterator[WorkflowFinding]:
    value = gate.inputs.get("fail", "")
    if gate.step and not gate.cli and (value == "false" or "${{" in value):
        may = "" if value == "false" else "may "
        yield _finding(
            gate, file, file.workflow.line(f"{gate.step.pointer}/with/fail"), "fail-false",
            f"`fail: {value}`",
            f"The step {may}pass{'' if may else 'es'}, and violations become warnings.",
            "the step without `fail`",
        )  # fmt: skip


def _may_be_skipped(gate: Gate, file: _File) -> Iterator[WorkflowFinding]:
    triggers = file.workflow.triggers
    if gate.step and may_skip(gate.step.condition, triggers):
        yield _finding(
            gate, file, file.workflow.line(f"{gate.step.pointer}/if"), "may-be-skipped",
            f"`if: {gate.step.condition}` on the step",
            "Where this is false, the gate is skipped and the job is green.",
            "the step without `if`, or with `if: always()`",
        )  # fmt: skip
    if may_skip(gate.job.condition, triggers) and not _is_judged_later(gate.job, file):
        yield _finding(
            gate, file, file.workflow.line(f"{gate.job.pointer}/if"), "may-be-skipped",
            f"`if: {gate.job.condition}` on the job",
            "Where this is false, the job is skipped, and a required check that is skipped counts as passed.",
            "the job without `if`, or with `if: always()`",
        )  # fmt: skip


def _skipped_counts_as_passed(gate: Gate, file: _File) -> Iterator[WorkflowFinding]:
    job = gate.job
    if job.needs and not has_status_function(job.condition) and not _is_judged_later(job, file):
        yield _finding(
            gate, file, file.workflow.line(f"{job.pointer}/needs"), "skipped-counts-as-passed",
            f"`needs: {', '.join(job.needs)}` without `if: always()`",
            "If a job that it needs fails, this one is skipped, and a required check that is skipped counts as passed.",
            "`if: always()` on the job: without reports the gate says so and fails",
        )  # fmt: skip


def _no_min_iterations(gate: Gate, file: _File) -> Iterator[WorkflowFinding]:
    if gate.command != "check":
        return
    words = gate.cli.words if gate.cli else ()
    given = gate.inputs.get("min-iterations", "") or _flag(words, "--min-iterations")
    config = gate.inputs.get("config", "") or _flag(words, "--config")
    is_ours = not config or normpath(config) == normpath(file.config.path or "")
    if given not in ("", "0") or (file.floor and is_ours):
        return
    unread = "" if is_ours else f" (`{config}` was not read: pass it with `--config`)"
    yield _finding(
        gate, file, gate.line, "no-min-iterations",
        f"no minimum of iterations, neither here nor in the config{unread}",
        "A run of a single iteration passes, if that reaches what the gate asks for.",
        "`min-iterations:` with the number that the simulator is asked for, or `min_iterations` in the config",
    )  # fmt: skip


def _reports_may_be_lost(gate: Gate, file: _File) -> Iterator[WorkflowFinding]:
    if gate.step is None or gate.command != "check" or _counts_reports(gate):
        return
    step = may_lose_reports(gate, file.all)
    if step and not _is_judged_later(gate.job, file):
        yield _finding(
            gate, file, file.workflow.line(f"{step.pointer}/continue-on-error"), "reports-may-be-lost",
            f"step {step.label} may fail (`continue-on-error`), and the reports are a pattern",
            "A report that was not written is not missed: the pattern matches the others.",
            "`min-reports:` with the number of reports, or the step without `continue-on-error`",
        )  # fmt: skip


def _nothing_writes(gate: Gate, file: _File) -> Iterator[WorkflowFinding]:
    if gate.step is None or gate.command != "check":
        return
    for path in unwritten(gate, file.all):
        yield _finding(
            gate, file, gate.line, "nothing-writes",
            f"no step before the gate writes {path}",
            "The gate finds nothing to judge, or a file of the repository, which is the same for every change.",
            "the path that the simulation writes",
        )  # fmt: skip


_RULES: tuple[_Rule, ...] = (
    _continue_on_error,
    _exit_code_lost,
    _fail_false,
    _may_be_skipped,
    _skipped_counts_as_passed,
    _no_min_iterations,
    _reports_may_be_lost,
    _nothing_writes,
)


def _is_judged_later(job: Job, file: _File) -> bool:
    """Whether a job that always runs looks at the result of this one, or judges again what it left."""
    for other in file.workflow.jobs:
        runs = has_status_function(other.condition) and not may_skip(other.condition, file.workflow.triggers)
        if job.id not in other.needs or not runs or other is job:
            continue
        judges = any(gate.job is other and gate.command not in COMMENTS for gate in file.gates)
        looks = any(word in other.text for word in (f"needs.{job.id}.result", "toJSON(needs", "needs.*.result"))
        if judges or looks:
            return True
    return False


def _counts_reports(gate: Gate) -> bool:
    words = gate.cli.words if gate.cli else ()
    return bool(gate.inputs.get("min-reports", "") or _flag(words, "--min-reports"))


def _flag(words: Sequence[str], flag: str) -> str:
    """The value of a flag in a command line; "" without it."""
    for at, word in enumerate(words):
        if word == flag:
            return "".join(words[at + 1 : at + 2])
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return ""
