"""Regression seeds as runs of one iteration each: the runs, their folders, and their results in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from vopr_coverage.errors import UsageError, printable
from vopr_coverage.model.manifest import Recording, run_ending
from vopr_coverage.model.report import Run
from vopr_coverage.nightly.plan import SeedRange, safe_name
from vopr_coverage.nightly.regression_file import RegressionSeeds


class SeedToReplay(msgspec.Struct, frozen=True):
    """One seed to replay. `folder` is the name of its recording's folder."""

    scenario: str
    seed: str
    folder: str


def replay_folder(scenario: str, seed: str) -> str:
    """The name of the folder of one seed's recording."""
    return f"{safe_name(scenario)}-{seed}"


def replay_runs(regressions: Iterable[RegressionSeeds]) -> list[SeedRange]:
    """Regression seeds as planned runs of one iteration, each named as `replay` names its folder."""
    return [
        SeedRange(replay_folder(known.scenario, seed), known.scenario, seed, 1)
        for known in regressions
        for seed in known.seeds
    ]


def seeds_to_replay(regressions: Sequence[RegressionSeeds], command: Sequence[str]) -> Iterator[SeedToReplay]:
    """Every seed of a regression file, in its order.

    Raises:
        UsageError: the command has no placeholder for the seed, or none for one of several scenarios.
    """
    if not _has("{seed}", command):
        raise UsageError("the command has no {seed}, so it cannot replay one seed")
    if len(regressions) > 1 and not _has("{scenario}", command):
        raise UsageError("the command has no {scenario}, and the seeds belong to several scenarios")
    for known in regressions:
        for seed in known.seeds:
            yield SeedToReplay(known.scenario, seed, replay_folder(known.scenario, seed))


def _has(placeholder: str, command: Iterable[str]) -> bool:
    return any(placeholder in word for word in command)


def why_incomplete(recording: Recording) -> str:
    """Why a recording is not whole, in a few words."""
    return run_ending(recording) if recording.stopped or recording.ended_badly else "its stream has no start and end"


def replay_result(recording: Recording, run: Run | None, seed: str) -> str:
    """The result of one seed's whole recording, in a few words. `check` is what judges it.

    Args:
        run: None if the recorded stream cannot be read.
    """
    if run is None:
        return "recorded, but its stream cannot be read"
    if run.failures and run.failures[-1].crash:
        return f"crashed, {run.failures[-1].crash.ending}"
    if run.failures:
        return f"failed invariant {printable(run.failures[0].invariant)}"
    if run.silent_failures.count:
        return "failed without a record"
    if run.iterations != 1 or str(run.starting_seed) != seed:
        return "recorded, but it is not a run of this seed alone"
    if recording.ended_badly:
        return f"recorded, {run_ending(recording)}"
    return "held"
