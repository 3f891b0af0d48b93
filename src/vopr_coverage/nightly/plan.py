"""The plan of a night as plain data. `plan` prints it, each job reads its part, and `summary` reads all of it. Pure.

Seeds are text, because browsers and jq cannot represent all of them as numbers. Names are unique in their list and
safe for files and artifacts, for every name of a scenario.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Literal

import msgspec

from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.errors import ManyErrors, ReportError, Words
from vopr_coverage.formats import schema as contract
from vopr_coverage.nightly.regression_file import RegressionSeeds, is_seed

PLAN_FORMAT = "urn:vopr-coverage:schema:plan:v1"
PLAN_BYTES_MAX = 4 << 20
_SAFE = re.compile(r"[A-Za-z0-9._-]{1,80}")
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,49}")

PlannedJob = Literal["long-run", "coverage", "canary", "determinism"]


class Shard(msgspec.Struct, frozen=True):
    """One of several jobs that share a scenario: `iterations` seeds from `seed` on."""

    name: str
    scenario: str
    shard: int
    shards: int
    seed: str
    iterations: int


class SeedRange(msgspec.Struct, frozen=True):
    """One job with `iterations` seeds from `seed` on."""

    name: str
    scenario: str
    seed: str
    iterations: int


class CanaryRange(SeedRange, frozen=True):
    """A canary or a control run.

    Attributes:
        build: the build that runs, `control` for a control run; "" in older plans.
        crash: what the last words of a crash match that detects it; "" if no crash does.
    """

    build: str = ""
    crash: str = ""

    @property
    def is_control(self) -> bool:
        """Whether it is a control run, and of its scenario."""
        return (self.build or self.name) == CONTROL


class Shards(msgspec.Struct, frozen=True):
    """A matrix in the form of a job's `strategy`."""

    include: tuple[Shard, ...] = ()


class SeedRanges(msgspec.Struct, frozen=True):
    """A matrix in the form of a job's `strategy`."""

    include: tuple[SeedRange, ...] = ()


class CanaryRanges(msgspec.Struct, frozen=True):
    """A matrix in the form of a job's `strategy`."""

    include: tuple[CanaryRange, ...] = ()

    @property
    def controls(self) -> tuple[CanaryRange, ...]:
        """The control runs, one for each scenario."""
        return tuple(run for run in self.include if run.is_control)


class PlannedWork(msgspec.Struct, frozen=True):
    """One scenario of one job.

    Attributes:
        asked, planned: iterations of all its runs together; `planned` is the sum over its matrix.
            Under `determinism` each of them runs twice and counts once.
        min_iterations: the minimum in the config; 0 for canary and determinism, which have none.
        rate: iterations per second of one job, measured or given.
        jobs: how many jobs share the work; `minutes`: how long the longest of them should take.
    """

    job: PlannedJob
    scenario: str
    asked: int
    planned: int
    min_iterations: int
    rate: float
    jobs: int
    minutes: float


class NightPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A night.

    Attributes:
        seed_base: its first seed. The seeds of long run, coverage and canaries follow it and do not overlap.
        run_number: the number that `seed_base` is computed from, if it was not given.
        minutes: how long one job may simulate.
        enough: whether every scenario of long run and coverage gets its `min_iterations`.
        remarks: what does not fit into the budget, and what was cut, a sentence each.
        coverage, determinism, canary: empty if it was not asked for.
        canary: for each scenario the control run, then the canaries that are compared with it, from the same seed on.
        determinism: each is named by its first seed.
        regressions: the regression seeds to replay.
    """

    format: str = PLAN_FORMAT
    seed_base: str
    run_number: int
    minutes: float
    enough: bool
    remarks: tuple[str, ...]
    work: tuple[PlannedWork, ...]
    long_run: Shards
    coverage: Shards = Shards()
    determinism: SeedRanges = SeedRanges()
    canary: CanaryRanges = CanaryRanges()
    regressions: tuple[RegressionSeeds, ...] = ()

    def to_json(self) -> str:
        """This plan as JSON on one line, for an output of a job; see schemas/plan.json."""
        return msgspec.json.encode(self).decode()


def is_safe(name: str) -> bool:
    """Whether a file and an artifact may have this name."""
    return bool(_SAFE.fullmatch(name)) and name not in (".", "..")


def safe_name(scenario: str) -> str:
    """A name for files and artifacts, made from a scenario's name. Different scenarios get different names."""
    if _PLAIN.fullmatch(scenario):
        return scenario
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", scenario).strip("-")[:40]
    return f"{readable or 'scenario'}-{sha256(scenario.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def plan_from_json(data: bytes, source: str) -> NightPlan:
    """Read a plan; it is as untrusted as any report.

    Raises:
        ReportError, ManyErrors: it is too long, no JSON or does not match the schema; a name is unsafe or used
            twice; or a seed is 2^64 or more.
    """
    if len(data) > PLAN_BYTES_MAX:
        raise ReportError(source, "", expected="a night's plan", found=Words(f"over {PLAN_BYTES_MAX >> 20} MiB"))
    plan = msgspec.convert(contract.document(data, source, "plan"), NightPlan)
    problems = list(_problems(plan, source))
    if problems:
        raise ManyErrors(problems)
    return plan


def _problems(plan: NightPlan, source: str) -> Iterator[ReportError]:
    """Problems that the schema cannot express."""
    lists: dict[str, Sequence[Shard | SeedRange]] = {
        "long_run": plan.long_run.include,
        "coverage": plan.coverage.include,
        "determinism": plan.determinism.include,
        "canary": plan.canary.include,
    }
    for key, entries in lists.items():
        names: set[str] = set()
        for index, entry in enumerate(entries):
            at = f"#/{key}/include/{index}"
            if not is_safe(entry.name):
                yield ReportError(source, f"{at}/name", expected="a name that is safe for files", found=entry.name)
            elif entry.name.lower() in names:
                yield ReportError(source, f"{at}/name", expected="every name once", found=entry.name)
            names.add(entry.name.lower())
            if not is_seed(entry.seed):
                yield ReportError(source, f"{at}/seed", expected="a seed below 2^64", found=entry.seed)
    for key in ("long_run", "coverage"):
        for index, shard in enumerate(getattr(plan, key).include):
            if shard.shard > shard.shards:
                at, expected = f"#/{key}/include/{index}/shard", f"a number up to {shard.shards}, the count of shards"
                yield ReportError(source, at, expected=expected, found=shard.shard)
    for index, work in enumerate(plan.work):
        if work.planned > work.asked:
            expected = f"at most {work.asked}, as many as were asked for"
            yield ReportError(source, f"#/work/{index}/planned", expected=expected, found=work.planned)
    if not is_seed(plan.seed_base):
        yield ReportError(source, "#/seed_base", expected="a seed below 2^64", found=plan.seed_base)
    for index, replay in enumerate(plan.regressions):
        for number, seed in enumerate(replay.seeds):
            if not is_seed(seed):
                at = f"#/regressions/{index}/seeds/{number}"
                yield ReportError(source, at, expected="a seed below 2^64", found=seed)
