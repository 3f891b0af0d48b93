"""A night from its builds to its verdict. Each step is skipped if what it leaves is there already."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.config.file import Config
from vopr_coverage.config.night import NightSection
from vopr_coverage.errors import ExitCode, printable, shown
from vopr_coverage.files import read_bytes, replace_file, why
from vopr_coverage.model.figures import counted
from vopr_coverage.nightly.plan import PLAN_BYTES_MAX, NightPlan, plan_from_json
from vopr_coverage.own_night.crew import Crew, was_killed
from vopr_coverage.own_night.folder import UNFINISHED, Begun, NightsFolder, finish
from vopr_coverage.own_night.leash import SCRIPT
from vopr_coverage.own_night.tasks import Task, plan_words, summary_words, tasks_of

LOG_LINES_TOLD = 20
FAILED = ".failed"  # a build that can't be built leaves this in place of its copy
TRENDS = "trends"
VERDICT = "night.json"
PAGE = "trends.html"


class Steps(msgspec.Struct, frozen=True):
    """What all steps of one night need.

    Attributes:
        cores: how many processes run side by side.
        page: whether the history's page can be drawn here.
        say: takes a line for people.
    """

    nights: NightsFolder
    night: Path
    begun: Begun
    config: Config
    crew: Crew
    cores: int
    page: bool
    say: Callable[[str], None]

    @property
    def section(self) -> NightSection:
        """The config's `night`."""
        return self.begun.section


class BrokenOff(Exception):
    """A step without which nothing can be recorded failed; `job` names it, `final` says that it would fail again."""

    def __init__(self, job: str, why: str, final: bool) -> None:
        super().__init__(why)
        self.job, self.final = job, final


def run_steps(steps: Steps) -> int:
    """Run what is left of a night, and return its exit code. A night that lacks something can still go on then."""
    needs = None
    try:
        ended = _recorded(steps)
    except BrokenOff as broken:
        steps.say(str(broken))
        needs, ended = _note_of(steps, broken.job), broken.final
    code = _judged(steps, needs)
    if ended and code in (ExitCode.PASSED, ExitCode.GATE_FAILED) and (steps.night / VERDICT).exists():
        finish(steps.night, code)
    return code


def _recorded(steps: Steps) -> bool:
    """Run everything but the judges. Returns whether no recording is missing.

    Raises:
        BrokenOff: there is no build or no plan.
    """
    _build_all(steps)
    plan = _planned(steps)
    hands = max(1, steps.cores // max(1, steps.section.parallel if steps.section.per_seed else 1))
    tasks = _tasks(steps, plan)
    left = sum(not (steps.night / task.folder).exists() for task in tasks)
    steps.say(f"{left:,} of {counted(len(tasks), 'recording')} to make, {hands} side by side")
    lost = steps.crew.record(tasks)
    for sentence in lost:
        steps.say(sentence)
    _examine_gate(steps, plan)
    return not lost


def _note_of(steps: Steps, failed: str) -> Path:
    """The results of the jobs for the summary, if one failed that all the others wait for."""
    jobs = ("prepare", "build", "plan", "long-run", "regressions", "determinism", "coverage-run", "coverage")
    results = dict.fromkeys((*jobs, "canary-run", "canary"), "skipped")
    for job in jobs[: jobs.index(failed)]:
        results[job] = "success"
    results[failed] = "failure"
    needs = steps.night / "needs.json"
    replace_file(needs, json.dumps({name: {"result": result} for name, result in results.items()}).encode())
    return needs


# ---- builds


def _build_all(steps: Steps) -> None:
    """Build the simulator, and once more for each canary; one after the other, since they share the checkout.

    Raises:
        BrokenOff: there is no build to run the night with.
    """
    canaries = list(steps.config.canaries) if steps.section.canaries and steps.section.canary else []
    for name in (CONTROL, *canaries):
        copy = steps.night / "builds" / name
        note = copy.with_name(name + FAILED)
        if not copy.exists() and not note.exists():
            steps.say(f"building {printable(name)}")
            if problem := _build(steps, name, copy):
                steps.say(f"build {printable(name)} failed: {problem}")
                copy.parent.mkdir(exist_ok=True)
                replace_file(note, problem.encode())
        if name == CONTROL and note.exists():
            raise BrokenOff("build", "there is no build to run the night with", final=True)


def _build(steps: Steps, name: str, copy: Path) -> str:
    """Why there is no build of that name; "" if there is one.

    Raises:
        BrokenOff: it was killed each time, so nobody knows whether it can be built.
    """
    features = name if name != CONTROL else steps.begun.features
    code = steps.crew.command(f"build-{name}", [SCRIPT, steps.section.build], {"FEATURES": features})
    if was_killed(code):
        raise BrokenOff("build", f"build {printable(name)} was killed each time; --resume tries it again", final=False)
    if code:
        told = _tail(steps.night / "logs" / f"build-{name}.log")
        return f"the script ended with exit code {code}{told}"
    binary = Path(steps.section.binary)
    if not binary.exists():
        return f"it left no {shown(steps.section.binary)}, which `binary` names"
    part = steps.night / UNFINISHED / f"build-{name}-{os.getpid()}"
    shutil.rmtree(part, ignore_errors=True)
    place = part / steps.section.binary.removeprefix("./")
    place.parent.mkdir(parents=True)
    if binary.is_dir():
        shutil.copytree(binary, place, symlinks=True)
    else:
        shutil.copy2(binary, place)
    copy.parent.mkdir(exist_ok=True)
    os.replace(part, copy)
    return ""


# ---- plan and recordings


def _planned(steps: Steps) -> NightPlan:
    """The night's plan.

    Raises:
        UsageError: the command doesn't name the binary.
        BrokenOff: there is none, because the config or the simulator can't be used.
    """
    path = steps.night / "plan.json"
    if not path.exists():
        steps.say("planning" + ("" if steps.section.rates else ": the simulator's rates are measured first"))
        part = steps.night / UNFINISHED / f"plan-{os.getpid()}.json"
        part.parent.mkdir(exist_ok=True)
        words = plan_words(
            steps.section, steps.begun.number, steps.cores, steps.config.path, (steps.night / "builds").resolve()
        )
        code = steps.crew.command("plan", [*words, "--plan-file", str(part)])
        if code not in (0, 1) or not part.exists():
            told = _tail(steps.night / "logs" / "plan.log")
            raise BrokenOff("plan", f"the night can't be planned{told}", final=False)
        os.replace(part, path)
    plan = plan_from_json(read_bytes(path, PLAN_BYTES_MAX), str(path))
    for remark in plan.remarks:
        steps.say(printable(remark))
    return plan


def _tasks(steps: Steps, plan: NightPlan) -> list[Task]:
    """The tasks of the plan; a canary that could not be built is noted where its recording would be."""
    builds = steps.night / "builds"
    unbuilt = {name.name.removesuffix(FAILED) for name in builds.glob(f"*{FAILED}")}
    for run in plan.canary.include:
        if (run.build or run.name) in unbuilt:
            folder = steps.night / "canary" / run.name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "build-failed").touch()
    return tasks_of(plan, steps.section, builds.resolve())


# ---- verdict


def _examine_gate(steps: Steps, plan: NightPlan) -> None:
    """Ask the doctor what this gate would not notice. It advises, and decides nothing."""
    runs = [str(steps.night / "coverage" / run.name) for run in plan.coverage.include]
    runs = [run for run in runs if Path(run).exists()]
    verdict = steps.night / "doctor.json"
    if not runs or verdict.exists():
        return
    words = ["doctor", *runs, "--merge", "scenario", *(["--config", steps.config.path] if steps.config.path else [])]
    steps.crew.command("doctor", [*words, "--verdict-file", str(verdict)])
    try:
        blind = len(json.loads(verdict.read_bytes())["blind_spots"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    if blind:
        steps.say(f"the doctor found {counted(blind, 'blind spot')} of this gate: see {printable(str(verdict))}")


def _judged(steps: Steps, needs: Path | None) -> int:
    """Judge the night, and add it to the history; the exit code is that of `summary`."""
    number, history = str(steps.begun.number), steps.night / "trends.ndjson"
    store = ["--store", f"dir={steps.nights.path / TRENDS}"]
    history.unlink(missing_ok=True)
    if (steps.nights.path / TRENDS).exists():
        steps.crew.command("trends", ["trends", str(history), *store, "--restore"])
    # By these the history knows this night from the others, as it knows runs on GitHub.
    this_night = {
        "GITHUB_RUN_ID": number, "GITHUB_RUN_NUMBER": number, "GITHUB_RUN_ATTEMPT": "1", "GITHUB_WORKFLOW": "night",
        "GITHUB_SHA": steps.begun.commit, "GITHUB_REPOSITORY": "", "GITHUB_ACTIONS": "",
    }  # fmt: skip
    words = summary_words(steps.section, steps.night, steps.config.path, history, needs)
    code = steps.crew.printed(words, this_night)
    if history.exists():
        page = ["--page", str(steps.nights.path / PAGE)] if steps.page else []
        if steps.crew.command("trends", ["trends", str(history), *store, *page]):
            steps.say(f"the history was not written{_tail(steps.night / 'logs' / 'trends.log')}")
    if was_killed(code):
        steps.say("the summary was killed each time; --resume judges the night")
        return ExitCode.GATE_FAILED
    return code if code in (ExitCode.PASSED, ExitCode.GATE_FAILED, ExitCode.UNUSABLE) else ExitCode.OUR_BUG


def _tail(log: Path) -> str:
    """The last lines of a log, as the end of a sentence."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_TOLD:]
    except OSError as error:
        return f": {why(error)}"
    return (
        f"; {log.name} in the night's folder ends with:\n" + "\n".join(printable(line) for line in lines)
        if lines
        else ""
    )
