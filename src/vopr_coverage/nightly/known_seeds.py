"""Seeds that failed on a night and stay known until a night has run them again. Pure.

A night takes new seeds, so that a green night alone says nothing about a seed that failed before it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.nightly.regression_file import is_seed
from vopr_coverage.nightly.run_health import JudgedRun
from vopr_coverage.nightly.verdict import Finding, NightVerdict, SeedsRan

SEEDS_RAN_MAX = 2_000
_KINDS = ("failing seed", "determinism")


class KnownSeed(msgspec.Struct, frozen=True):
    """A seed that failed, and how to replay it; `run_id` is the night that found it. See `Finding`."""

    kind: str
    scenario: str
    seed: str
    invariant: str = ""
    repro: str = ""
    whole_run: bool = False
    run_id: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same seed on another night."""
        return (self.kind, self.scenario.lower(), self.seed, self.invariant)


def seeds_ran(job: str, runs: Iterable[JudgedRun]) -> list[SeedsRan]:
    """The seeds that a job has run, ranges of one scenario that touch as one."""
    found: list[SeedsRan] = []
    for run in runs:
        if run.first_seed is None or not run.ran:
            continue
        if found and found[-1].scenario == run.scenario and int(run.first_seed) == _behind(found[-1]):
            found[-1] = msgspec.structs.replace(found[-1], iterations=found[-1].iterations + run.ran)
        else:
            found.append(SeedsRan(job=job, scenario=run.scenario, seed=run.first_seed, iterations=run.ran))
    return found


def _behind(ran: SeedsRan) -> int:
    return int(ran.seed) + ran.iterations


def has_run(night: NightVerdict, known: KnownSeed) -> bool:
    """Whether the night has run that seed again. Of one that differed between two processes: in two processes."""
    return any(
        (ran.job == "determinism" or known.kind != "determinism")
        and (not known.scenario or ran.scenario.lower() == known.scenario.lower())
        and (int(known.seed) - int(ran.seed)) % SEED_COUNT < ran.iterations
        for ran in night.seeds_ran
    )


def known_seed_of(finding: Finding, run_id: str) -> KnownSeed | None:
    """The seed that a finding is about; None if it is about none that a night could run again."""
    if finding.kind not in _KINDS or finding.seed is None or not is_seed(finding.seed):
        return None
    return KnownSeed(
        kind=finding.kind,
        scenario=finding.scenario,
        seed=finding.seed,
        invariant=finding.invariant or "",
        repro=finding.repro,
        whole_run=finding.whole_run,
        run_id=run_id,
    )


def known_seeds_of(night: NightVerdict, run_id: str) -> tuple[KnownSeed, ...]:
    """The seeds that failed on a night, each once."""
    found = (known_seed_of(finding, run_id) for finding in night.findings)
    return together(seed for seed in found if seed)


def together(seeds: Iterable[KnownSeed]) -> tuple[KnownSeed, ...]:
    """Each seed once: of two that are the same, the first."""
    found: dict[tuple[str, str, str, str], KnownSeed] = {}
    for seed in seeds:
        found.setdefault(seed.key, seed)
    return tuple(found.values())
