"""The commands of a night, from its plan and the config's `night`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec

from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.config.night import NightSection, in_full, in_one_text
from vopr_coverage.errors import UsageError, shown
from vopr_coverage.nightly.plan import CanaryRange, NightPlan, SeedRange, Shard

SPARE = 4  # how much longer than planned a recording may take: cores that all work are slower than one alone
SPARE_S = 60.0


class Task(msgspec.Struct, frozen=True):
    """One recording, or the replay of the regression seeds.

    Attributes:
        folder: where it belongs, relative to the night's folder.
        words: the command of vopr-coverage, without its `--out`.
        iterations: how many it runs; 0 where that is not known before.
        seconds: how long it should take, by its planned rate; 0 if unknown.
    """

    folder: str
    words: tuple[str, ...]
    iterations: int = 0
    seconds: float = 0.0


def of_build(command: str, binary: str, built: Path) -> str:
    """The command with this build's copy in place of the binary.

    Args:
        built: the folder with the copy.

    Raises:
        UsageError: no word of the command is the binary, so that every build would run the same one.
    """
    plain = binary.removeprefix("./").rstrip("/")
    words, found = [], False
    for word in shlex.split(command):
        path = word.removeprefix("./")
        mine = path == plain or path.startswith(f"{plain}/")
        words.append(str(built / path) if mine else word)
        found |= mine
    if not found:
        raise UsageError(
            f"night: command: expected the binary {shown(binary)} among its words, so that each build runs its own"
        )
    return shlex.join(words)


def plan_words(section: NightSection, number: int, cores: int, config: str | None, builds: Path) -> list[str]:
    """The command that plans the night, without its `--plan-file`."""
    minutes, jobs = pieces(section.minutes, cores)
    words = ["plan", in_one_text(section.scenarios), "--coverage", in_one_text(section.coverage)]
    words += ["--canary", in_one_text(section.canary), "--canaries", "true" if section.canaries else "false"]
    words += ["--determinism", in_one_text(section.determinism), "--minutes", in_full(minutes), "--jobs", str(jobs)]
    words += ["--determinism-seeds", " ".join(map(str, section.determinism_seeds)), "--run-number", str(number)]
    for flag, rates in (("--rate", section.rates), ("--canary-rate", section.canary_rates)):
        words += [flag, in_one_text(rates)]
    words += ["--regressions", section.regressions, *_config(config), *_per_seed(section)]
    words += ["--command", of_build(section.command, section.binary, builds / CONTROL)]
    if section.canary_command:
        words += ["--canary-command", of_build(section.canary_command, section.binary, builds / CONTROL)]
    return words


def pieces(minutes: float, cores: int) -> tuple[float, int]:
    """The minutes of one recording, and how many of them fit: an eighth of the night, so that all cores end together.

    A piece has a minute at least, unless the night itself is shorter; there are 256 at most.
    """
    piece = max(minutes / 8, min(1.0, minutes))
    return piece, min(256, max(1, round(cores * minutes / piece)))


def tasks_of(plan: NightPlan, section: NightSection, builds: Path) -> list[Task]:
    """All recordings of a night, the longest first."""
    rates = {(work.job, work.scenario): work.rate for work in plan.work}
    control = of_build(section.command, section.binary, builds / CONTROL)
    tasks = [
        *(
            _recording(f"long-run/{run.name}", run, control, section, rates.get(("long-run", run.scenario)))
            for run in plan.long_run.include
        ),
        *(
            _recording(f"coverage/{run.name}", run, control, section, rates.get(("coverage", run.scenario)))
            for run in plan.coverage.include
        ),
        *(
            _recording(
                f"determinism/{run.name}/{half}", run, control, section, rates.get(("determinism", run.scenario))
            )
            for run in plan.determinism.include
            for half in ("a", "b")
        ),
        *_canaries(plan, section, builds, rates.get(("canary", next(iter(section.canary), "")))),
    ]
    if plan.regressions:
        words = ["replay", section.regressions, "--minutes", in_full(section.minutes), *_per_seed(section, False)]
        tasks.append(Task("regressions", (*words, "--command", control)))
    return sorted(tasks, key=lambda task: -task.seconds)


def _canaries(plan: NightPlan, section: NightSection, builds: Path, rate: float | None) -> Iterator[Task]:
    """A recording for each canary that was built."""
    for run in plan.canary.include:
        built = builds / (run.build or run.name)
        command = of_build(section.canary_command or section.command, section.binary, built)
        yield _recording(f"canary/{run.name}", run, command, section, rate)


def _recording(folder: str, run: Shard | SeedRange, command: str, section: NightSection, rate: float | None) -> Task:
    seconds = run.iterations / rate if rate else 0.0
    allowed = (seconds or section.minutes * 60) * SPARE + SPARE_S
    words = ["record", "--scenario", run.scenario, "--seed", run.seed, "--iterations", str(run.iterations)]
    words += [*_per_seed(section), "--timeout", f"{allowed:.0f}"]
    words += [] if section.per_seed else ["--on-crash", "restart"]
    words += ["--expected-crash", run.crash] if isinstance(run, CanaryRange) and run.crash else []
    return Task(folder, (*words, "--command", command), run.iterations, seconds)


def _per_seed(section: NightSection, side_by_side: bool = True) -> list[str]:
    """The flags for a simulator that runs one seed a process."""
    if not section.per_seed:
        return []
    flags = ["--per-seed", *(["--failed-exit", section.failed_exit] if section.failed_exit else [])]
    return [*flags, "--parallel", str(section.parallel)] if side_by_side else flags


def _config(config: str | None) -> list[str]:
    return ["--config", config] if config else []


def summary_words(
    section: NightSection, night: Path, config: str | None, trends: Path, needs: Path | None
) -> list[str]:
    """The command that judges the night."""
    words = ["summary", str(night), *_config(config), "--regressions", section.regressions]
    words += ["--canaries", "true" if section.canaries else "false", "--trends", str(trends)]
    words += ["--profile", section.profile] if section.profile else []
    words += ["--trends-gate"] if section.trends_gate else []
    words += ["--needs", str(needs)] if needs else []
    return [*words, "--verdict-file", str(night / "night.json"), "--summary-file", str(night / "night.md")]
