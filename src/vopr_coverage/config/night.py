"""The config's `night`: what a whole night builds and runs. Plain data; its keys are inputs of the nightly workflow."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

Work = Mapping[str, int]  # iterations by scenario


class NightSection(msgspec.Struct, frozen=True, kw_only=True):
    """What one night is.

    Attributes:
        build: a bash script; `FEATURES` is empty there, or the name of a canary.
        binary: the file or folder that it leaves, relative to where it runs.
        command: one run of the simulator, with {scenario}, {seed} and {iterations} in it; no shell takes part.
        canary_command: the same for canaries and their control run; "" for `command`.
        per_seed, parallel, failed_exit: the command runs one seed; see `record --per-seed`.
        scenarios, coverage, canary, determinism: iterations by scenario; the last two have one scenario at most.
        determinism_seeds: where the ranges that run twice begin; none for the usual ones.
        minutes: how long one core may simulate for the long run and coverage.
        jobs: how many processes run side by side; None for as many as there are cores.
        rates, canary_rates: iterations a second of one process, by scenario; measured where there are none.
        profile: the thresholds of coverage to start from; "" for the config's.
        regressions: the file of seeds that failed once.
        canaries: whether canaries are built and hunted.
        trends_gate: whether a figure far from the nights before makes a night red.
        nights: the folder of all nights.
        disk_gb: how much it may hold; the recordings of old nights go first.
    """

    build: str
    binary: str
    command: str
    scenarios: Work
    coverage: Work
    canary_command: str = ""
    per_seed: bool = False
    parallel: int = 1
    failed_exit: str = ""
    canary: Work = {}
    determinism: Work = {}
    determinism_seeds: tuple[int, ...] = ()
    minutes: float = 60.0
    jobs: int | None = None
    rates: Mapping[str, float] = {}
    canary_rates: Mapping[str, float] = {}
    profile: str = ""
    regressions: str = ".github/vopr-regressions.txt"
    canaries: bool = True
    trends_gate: bool = False
    nights: str = ".vopr-nights"
    disk_gb: float = 20.0


def in_one_text(work: Mapping[str, float]) -> str:
    """Iterations or rates by scenario as the flags of `plan`, and the workflow's inputs, have them."""
    return " ".join(f"{scenario}={in_full(value)}" for scenario, value in work.items())


def in_full(value: float) -> str:
    """A number as a flag takes it, exactly."""
    return str(int(value)) if value == int(value) else repr(value)
