"""The content of a report, in one shape for every format. Nothing here is judged.

`CoverageReport` has the twelve figures of the seed document. `Run` has the figures that only streams
contain. Both are per file; `check/merge.py` adds several up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple

import msgspec

from vopr_coverage.formats.serde import Serde
from vopr_coverage.model.crash import Crash
from vopr_coverage.model.figures import counted
from vopr_coverage.model.hits import Hits
from vopr_coverage.model.manifest import Recording
from vopr_coverage.model.points import Observed
from vopr_coverage.statistics.species import Richness

Format = Literal[
    "stream", "report", "wrapped", "simulation", "antithesis", "jepsen", "foundationdb", "p", "tigerbeetle", "points"
]  # fmt: skip

SEED_COUNT = 1 << 64  # seeds are unsigned 64-bit integers and wrap around
FIRST_SEEDS_MIN = 4  # that are compared with the first seeds of another run; fewer may do the same by chance
FIRST_RESULTS_MIN = 3  # different ones among them: seeds that all do the same are a finding about their own run
# The operations of which VOPR counts attempts and never an effect: attempted, they are hit, unless a config decides.
ATTEMPT_ONLY_BY_DEFAULT = frozenset(
    {"sim.network.deliver", "sim.network.send", "sim.storage.fsync", "sim.storage.read", "sim.storage.write"}
)
CHECKED_TWICE = "determinism"  # the invariant of a simulation stream whose simulator runs its seeds twice
SEEDS_KEPT_MAX = 1_000  # per (run, invariant): enough to work with, and bounded


@dataclass(slots=True)
class CoverageReport(Serde):
    """The flat coverage report (source: the seed document, "Coverage Report Structure").

    Counts are over all iterations of a campaign. `None` in the three nullable figures means
    *not measured*, which is neither zero nor a pass.
    """

    schema_name: ClassVar[str] = "report"

    total_fault_points: int = 0
    fault_points_hit: int = 0
    hit_fault_points: list[str] = field(default_factory=list)
    missed_fault_points: list[str] = field(default_factory=list)
    invariant_executions: dict[str, int] = field(default_factory=dict)
    missed_invariants: list[str] = field(default_factory=list)
    view_changes: int | None = None
    repairs: int | None = None
    unique_query_plans: int | None = None
    phase_events: dict[str, int] = field(default_factory=dict)
    total_events: int = 0
    simulation_time_ns: int = 0

    def fault_point_coverage(self) -> float:
        """Fraction of the fault points that were hit, 0 to 1; 0.0 when there are none."""
        return self.fault_points_hit / self.total_fault_points if self.total_fault_points else 0.0


class FailureGroup(msgspec.Struct, frozen=True):
    """All seeds of one run that failed the same invariant; `seeds` has the first thousand.

    With `crash`, the simulator died at these seeds, and `invariant` is no invariant's name: see `model/crash.py`.
    """

    invariant: str
    count: int
    message: str
    seeds: tuple[int, ...]
    crash: Crash | None = None


class SeedList(msgspec.Struct, frozen=True):
    """A number of seeds, and the first thousand of them."""

    count: int = 0
    seeds: tuple[int, ...] = ()


class Properties(msgspec.Struct, frozen=True):
    """The property counters of a stream by name, and the ids of unsatisfied and violated properties."""

    counters: Mapping[str, int]
    unsatisfied_ids: tuple[str, ...] = ()
    violated_ids: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """The figures that only a stream of run records contains.

    Attributes:
        starting_seed, announced: from the `start` record; None without one.
        records: iteration records read, ok and failed.
        iterations: records, plus failed seeds without a record.
        ended_early: None for a complete stream, else where it ended, as the end of a sentence.
        contradictions: counts and orders that disagree, each with both numbers.
        silent_failures: failed seeds without a record: determinism failures.
        seed_ignored: all of two or more ok iterations have the same hashes, events and time.
        first_hashes: of each of the first eight ok iterations, a digest of its hashes, events and time.
        ran_nothing: there are ok iterations, and none of them has an event.
        double_runs: True if the stream shows that seeds ran twice, None if it does not.
        fault_effects: observed count per fault point that has one; None if the stream has no such figure.
        fault_counts: how often each fault point was hit; None without coverage.
        attempts_only: how often each fault point was attempted that never took effect in this run.
        properties: None if the stream has none.
        wrote_nothing: a recorded simulator ended without a single record, so that there is nothing to judge.
        next_seed: the seed that was running when an incomplete stream ended; None if that is not known for sure.
        measured: how many of the iterations the coverage is of; None: of all.
        different_runs: how many different runs its first seeds made, by their digests; None where that can't be told.
        crashed: the run ended early because the simulator died at a seed, which is the last of the failures.
    """

    starting_seed: int | None
    announced: int | None
    records: int
    failed_records: int
    iterations: int
    ended_early: str | None
    contradictions: tuple[str, ...] = ()
    failures: tuple[FailureGroup, ...] = ()
    silent_failures: SeedList = SeedList()
    seed_ignored: bool = False
    first_hashes: tuple[str, ...] = ()
    ran_nothing: bool = False
    double_runs: bool | None = None
    fault_effects: Mapping[str, int] | None = None
    fault_counts: Mapping[str, int] | None = None
    attempts_only: Mapping[str, int] = {}
    properties: Properties | None = None
    wrote_nothing: bool = False
    next_seed: int | None = None
    crashed: bool = False
    measured: int | None = None
    different_runs: Richness | None = None

    @property
    def complete(self) -> bool:
        """Whether the stream has its `start` and its `batch_complete`."""
        return self.ended_early is None

    @property
    def simulations(self) -> int:
        """The number of simulations that coverage is of: two per iteration if the stream shows that seeds ran twice."""
        return self.covered * (2 if self.double_runs else 1)

    @property
    def covered(self) -> int:
        """The number of iterations that coverage is of. A simulator that died has none to report."""
        return self.iterations if self.measured is None else min(self.measured, self.iterations)


class Finish(msgspec.Struct, frozen=True):
    """Whether a run finished, of a format without run records: `known` is false if nothing tells, and `ended_early`
    says how it ended if it did not finish."""

    known: bool
    ended_early: str | None = None


class Input(msgspec.Struct, frozen=True):
    """One file as it was read.

    Attributes:
        scenario: what it is judged as; `own_scenario`: what the stream itself calls it, where both are known.
        report: None if the file contains no coverage (an incomplete run, or `"coverage": null`).
        run: None if the format has no run records.
        warnings: remarks of the reader.
        contradictions: of a document with itself, each with both numbers; those of a stream are in `run`.
        finish: whether the run finished, if the format has observations and no run.
        hits: which seeds hit which points; None if that is not known seed by seed.
        observed: points and invariants by name, with their kinds and incidences; None if the format has only a report.
        listed_only: the report lists only fault points that occurred; the others are still to be added.
        via_alias: the aliases that were counted, by the name that they stand for.
        recording: the manifest of a recorded run.
        commits: the commits that this check may be about; none if unknown.
        pattern: that the file was found by; "" if it was named by its path, so that it cannot be missing.
    """

    source: str
    format: Format
    report: CoverageReport | None
    run: Run | None = None
    scenario: str | None = None
    warnings: tuple[str, ...] = ()
    listed_only: bool = False
    via_alias: Mapping[str, tuple[str, ...]] = {}
    recording: Recording | None = None
    commits: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    pattern: str = ""
    observed: Observed | None = None
    finish: Finish | None = None
    hits: Hits | None = None
    own_scenario: str | None = None

    @property
    def hit_points(self) -> set[str]:
        """All points that were hit, also those that nobody declared and that are in no report."""
        observed = self.observed.points.items() if self.observed else ()
        hit = {name for name, point in observed if point.hit and point.kind != "phase"}
        return hit.union(self.report.hit_fault_points if self.report else ())

    @property
    def finished(self) -> bool:
        """Whether nothing shows that the run broke off."""
        return (self.run is None or self.run.complete) and not (self.finish and self.finish.ended_early)

    @property
    def complete(self) -> bool | None:
        """Whether the run finished; None where nothing tells."""
        return None if self.finished and self.finish and not self.finish.known else self.finished


def same_first_results(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the first hashes of two runs show that their first seeds did exactly the same."""
    pairs = list(zip(one, other, strict=False))
    alike = all(left == right for left, right in pairs)
    return alike and len(pairs) >= FIRST_SEEDS_MIN and len({left for left, _ in pairs}) >= FIRST_RESULTS_MIN


def contradictions_of(report: CoverageReport) -> list[str]:
    """What cannot be true in a flat report, so that its coverage means nothing; each with both numbers or the name."""
    contradictions = []
    if report.fault_points_hit > report.total_fault_points:
        contradictions.append(
            f"fault_points_hit is {report.fault_points_hit}, total_fault_points {report.total_fault_points}"
        )
    contradictions += [
        f"{listed.key} lists {counted(len(set(listed.names)), 'different name')}, {listed.says}"
        for listed in _lists(report)
        if not listed.possible
    ]
    both = sorted(set(report.hit_fault_points) & set(report.missed_fault_points))
    if both:
        contradictions.append(
            f"fault point '{both[0]}' is listed as hit and as missed ({counted(len(both), 'such name')})"
        )
    ran = sorted(name for name in set(report.missed_invariants) if report.invariant_executions.get(name))
    if ran:
        contradictions.append(f"invariant '{ran[0]}' is listed as missed and as run ({counted(len(ran), 'such name')})")
    return contradictions


def remarks_on(report: CoverageReport) -> list[str]:
    """Lists whose length differs from their count: only a warning, because the seed's own tests have such reports."""
    return [
        f"{listed.key} lists {counted(len(listed.names), 'name')}, {listed.says}"
        for listed in _lists(report)
        if listed.possible and len(listed.names) != listed.expected
    ]


class _Listed(NamedTuple):
    """A list of fault points, the count that it should have, and what says so."""

    key: str
    names: list[str]
    expected: int
    says: str

    @property
    def possible(self) -> bool:
        """Whether it can be the list of so many points, or of some of them; a negative count says nothing.

        A list with a name twice is no part of a longer one: it was written as if each name counted.
        """
        distinct = len(set(self.names))
        if distinct < self.expected:
            return distinct == len(self.names)
        return distinct == self.expected or self.expected < 0


def _lists(report: CoverageReport) -> tuple[_Listed, _Listed]:
    hit, left = report.fault_points_hit, report.total_fault_points - report.fault_points_hit
    return (
        _Listed("hit_fault_points", report.hit_fault_points, hit, f"fault_points_hit says {hit}"),
        _Listed("missed_fault_points", report.missed_fault_points, left, f"the counts leave {left}"),
    )
