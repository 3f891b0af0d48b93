"""What is to be recorded, and the manifest that it begins with."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

import msgspec

from vopr_coverage import __version__
from vopr_coverage.errors import UsageError, printable, shown
from vopr_coverage.model.manifest import (
    DOUBLE_RUNS_FLAG,
    MANIFEST_BYTES_MAX,
    PLACEHOLDERS,
    Host,
    Recording,
    has_output,
    unknown_placeholders,
)
from vopr_coverage.recorder.commits import UNKNOWN_COMMIT, FoundCommit

SCENARIO_CHARACTERS_MAX = 200
COMMAND_WORDS_MAX = 1_000
WORD_CHARACTERS_MAX = 100_000


# Codes by which shells and the programs that start others say that nothing ran, or that somebody ended it.
NOTHING_RAN = frozenset({125, 126, 127, 130, 143})
FOUND_BUG = frozenset(range(1, 256)) - NOTHING_RAN
PARALLEL_MAX = 256


class SeedRuns(msgspec.Struct, frozen=True):
    """How seeds run that have a process each: how many at a time, and which exit codes say that a bug was found."""

    parallel: int = 1
    found_bug: frozenset[int] = FOUND_BUG

    @property
    def unusual_codes(self) -> tuple[int, ...] | None:
        """The codes in their order; None if they are the usual ones."""
        return None if self.found_bug == FOUND_BUG else tuple(sorted(self.found_bug))


class RecordingPlan(msgspec.Struct, frozen=True):
    """What to record. Seeds are unsigned 64-bit; without `timeout_s` there is no time limit.

    `restarts` is how often the simulator is started again behind a seed that it died at. With `per_seed`, every seed
    has a process of its own.
    """

    scenario: str
    seed: int
    iterations: int
    command: tuple[str, ...]
    folder: Path
    commit: FoundCommit = UNKNOWN_COMMIT
    timeout_s: float | None = None
    double_runs: bool = False
    restarts: int = 0
    per_seed: SeedRuns | None = None


def refuse(plan: RecordingPlan) -> None:
    """Refuse a plan that cannot be carried out, before anything is written.

    Raises:
        UsageError: always, with the first reason.
    """
    if not plan.command:
        raise UsageError("no command: put it behind --, as in `record … -- vopr --seed {seed} --json`")
    if plan.per_seed:
        _refuse_unfit(plan.command)
    if has_output(plan.command) and not plan.per_seed:
        raise UsageError("{output} is for --per-seed: every seed writes to a path of its own")
    unknown = unknown_placeholders(plan.command)
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise UsageError(f"the command has the unknown placeholder {shown('{' + unknown[0] + '}')}; known: {known}")
    if not 0 < len(plan.scenario) <= SCENARIO_CHARACTERS_MAX:
        raise UsageError(f"--scenario: expected a name of 1 to {SCENARIO_CHARACTERS_MAX} characters")
    if len(plan.command) > COMMAND_WORDS_MAX or max(map(len, plan.command)) > WORD_CHARACTERS_MAX:
        raise UsageError(f"the command is too long: at most {COMMAND_WORDS_MAX:,} words of {WORD_CHARACTERS_MAX:,}")
    try:
        size = len(started_by(plan).to_json())
    except UnicodeEncodeError:
        raise UsageError("the command or the scenario holds bytes that are not UTF-8") from None
    if size > MANIFEST_BYTES_MAX // 2:
        raise UsageError(f"the command is too long: its manifest takes {size:,} bytes")


def refuse_without_seed(command: Sequence[str]) -> None:
    """Refuse a command that cannot run one seed.

    Raises:
        UsageError: it has no {seed}.
    """
    if not any("{seed}" in word for word in command):
        raise UsageError(
            "--per-seed: the command has no {seed}; for a simulator that takes its seed from a variable, "
            "write env NAME={seed} in front of it"
        )


def _refuse_unfit(command: tuple[str, ...]) -> None:
    """Refuse a command that cannot run one seed, or no seed on this machine."""
    refuse_without_seed(command)
    if "{" not in command[0] and which(command[0]) is None:
        raise UsageError(f"the command {printable(command[0])} cannot be started: no such program")


def started_by(plan: RecordingPlan) -> Recording:
    """The manifest of a run that is about to begin."""
    return Recording(
        command=plan.command,
        scenario=plan.scenario,
        seed=str(plan.seed),
        iterations=plan.iterations,
        commit=plan.commit.name,
        commit_source=plan.commit.source,
        head=plan.commit.head,
        per_seed=plan.per_seed is not None,
        parallel=plan.per_seed.parallel if plan.per_seed else None,
        failed_exit=plan.per_seed.unusual_codes if plan.per_seed else None,
        restarts=None if plan.per_seed else plan.restarts,
        double_runs=plan.double_runs or DOUBLE_RUNS_FLAG in plan.command,
        started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        timeout_s=plan.timeout_s,
        host=Host(platform.system(), platform.machine(), platform.python_version()),
        version=__version__,
        id=secrets.token_hex(16),
    )
