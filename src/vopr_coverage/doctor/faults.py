"""The table of faults that are planted in healthy evidence. Pure.

A fault of the simulator is planted in all runs of a scenario, because all of them come from the same build. A fault of
one run is planted in the first run that it applies to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple

from vopr_coverage.doctor import coverage_faults as coverage
from vopr_coverage.doctor import run_faults as run
from vopr_coverage.model.report import Input

# Half of a count is told from chance only if the count is large: where 100 independent events are expected, 50 or fewer
# occur once in 40 million runs, and once in 5,000 if the variance is twice as large.
HALVED_MIN = 100

_COUNTS = ("view_changes", "repairs", "unique_query_plans")
_DISTINCT = ("unique_query_plans",)  # counts different things, which chance moves far less


class Where(Enum):
    """In which runs of a scenario a fault is planted."""

    ALL = "all runs"
    ONE = "one run"
    BESIDE = "a run of its own, beside the others"


class FaultKind(NamedTuple):
    """One kind of fault.

    Attributes:
        kind: its name in doctor.json.
        where: the runs that it is planted in.
        plant: the changed input; None where it does not apply.
        words: what happened, with {} for the name.
        names: what it may happen to in an input; one empty name if it is about the whole run.
        figure: the count that it changes; None without one.
        is_coverage: whether it is about coverage, which a scenario with `expect` need not have.
        needs: what an input must have for it, as the end of the sentence "not planted: …".
    """

    kind: str
    where: Where
    plant: Callable[[Input, str], Input | None]
    words: str
    names: Callable[[Input], Iterable[str]]
    needs: str
    figure: Callable[[Input, str], int | None]
    is_coverage: bool = False

    @property
    def is_distinct(self) -> bool:
        """Whether its figure counts different things, which several runs have in common."""
        return self.figure is _property_count


# ---- the figures that faults change


def _effects(read: Input, name: str) -> int | None:
    """Effects of a fault point; None where the stream has no such figure, or the point never has an effect."""
    effects = read.run.fault_effects if read.run else None
    return None if effects is None else effects.get(name, 0) or None


def _executions(read: Input, name: str) -> int | None:
    return read.report.invariant_executions.get(name) if read.report else None


def _occurrences(read: Input, name: str) -> int | None:
    return read.report.phase_events.get(name) if read.report else None


def _count(read: Input, name: str) -> int | None:
    return getattr(read.report, name) if read.report else None


def _property_count(read: Input, name: str) -> int | None:
    return read.run.properties.counters.get(name) if read.run and read.run.properties else None


def _iterations(read: Input, _name: str) -> int | None:
    return read.run.iterations if read.run else None


# ---- the names that faults are about


def _the_run(read: Input) -> Iterable[str]:
    return ("",)


def _points(read: Input) -> Iterable[str]:
    return read.report.hit_fault_points if read.report else ()


def _points_with_effect(read: Input) -> Iterable[str]:
    return [name for name, count in (read.run.fault_effects or {}).items() if count] if read.run else ()


def _invariants(read: Input) -> Iterable[str]:
    return [name for name, count in read.report.invariant_executions.items() if count] if read.report else ()


def _phases(read: Input) -> Iterable[str]:
    return [name for name, count in read.report.phase_events.items() if count] if read.report else ()


def _counts(read: Input) -> Iterable[str]:
    return [name for name in _COUNTS if _count(read, name)]


def _property_counters(read: Input) -> Iterable[str]:
    counters = read.run.properties.counters if read.run and read.run.properties else {}
    return [name for name, count in counters.items() if count]


def _half_the_phase(read: Input, name: str) -> Input | None:
    return coverage.with_half_the_phase(read, name) if (_occurrences(read, name) or 0) >= HALVED_MIN else None


def _half_the_count(read: Input, name: str) -> Input | None:
    enough = name in _DISTINCT or (_count(read, name) or 0) >= HALVED_MIN
    return coverage.with_half_the_count(read, name) if enough else None


_STREAM = "it needs a stream with run records"
_RECORDING = "it needs a recording whose manifest has a commit"
_RARE = f"fewer than {HALVED_MIN} of them: half would be chance"

ALL, ONE, BESIDE = Where.ALL, Where.ONE, Where.BESIDE


def _of(
    name: str,
    where: Where,
    plant: Callable[[Input, str], Input | None],
    words: str,
    names: Callable[[Input], Iterable[str]],
    needs: str,
    figure: Callable[[Input, str], int | None] = lambda _read, _name: None,
) -> FaultKind:
    return FaultKind(kind=name, where=where, plant=plant, words=words, names=names, needs=needs, figure=figure)


# What is about coverage first, then run health; in the order of the gates.
COVERAGE_ROWS = (
    _of("fault-point-silent", ALL, coverage.without_point, "fault point '{}' never fires", _points,
        "no fault point was hit", _effects),
    _of("fault-without-effect", ALL, coverage.without_effect, "fault point '{}' has no effect", _points_with_effect,
        "no fault point tells its effects", _effects),
    _of("invariant-not-run", ALL, coverage.without_invariant, "invariant '{}' never runs", _invariants,
        "no invariant ran", _executions),
    _of("phase-to-zero", ALL, coverage.without_phase, "phase event '{}' never occurs", _phases,
        "no phase event occurred", _occurrences),
    _of("phase-halved", ALL, _half_the_phase, "phase event '{}' occurs half as often", _phases, _RARE, _occurrences),
    _of("count-to-zero", ALL, coverage.without_count, "{} falls to zero", _counts,
        "no view changes, repairs or query plans are reported", _count),
    _of("count-halved", ALL, _half_the_count, "{} falls to half", _counts, _RARE, _count),
    _of("property-counter-to-zero", ALL, coverage.without_property_count, "property counter {} falls to zero",
        _property_counters, "no properties are reported", _property_count),
    _of("property-counter-halved", ALL, coverage.with_half_the_property_count, "property counter {} falls to half",
        _property_counters, "a counter of 1 has no half", _property_count),
    _of("properties-missing", ALL, coverage.without_properties, "the stream has no properties any more", _the_run,
        "no properties are reported"),
    _of("coverage-missing", ALL, coverage.without_coverage, "the stream has no coverage any more", _the_run, _STREAM),
)  # fmt: skip
HEALTH_ROWS = (
    _of("stream-cut-at-end", ONE, run.cut_at_the_end, "the stream breaks off before its last record", _the_run,
        _STREAM),
    _of("stream-cut-in-middle", ONE, run.cut_in_the_middle, "the stream breaks off in the middle", _the_run,
        "it needs a stream of two iterations", _iterations),
    _of("record-lost", ONE, run.with_a_lost_record, "one iteration left no record", _the_run, _STREAM),
    _of("half-of-the-seeds", ALL, run.with_half_the_seeds, "half as many seeds are run", _the_run,
        "it needs a stream of two iterations with coverage", _iterations),
    _of("same-seed", ALL, run.with_the_same_seed, "every iteration runs the same seed", _the_run,
        "it needs a stream with two ok iterations"),
    _of("nothing-happens", ALL, run.with_nothing_happening, "no iteration has a single event", _the_run,
        "it needs a stream with an ok iteration"),
    _of("seed-failed", ONE, run.with_a_failed_seed, "one seed fails an invariant", _the_run, _STREAM),
    _of("expected-failure-gone", ALL, run.without_the_expected_failure, "no seed fails as expected", _the_run,
        "no failing seed is expected"),
    _of("expected-failure-halved", ALL, run.with_half_the_expected_failures,
        "half as many seeds fail as expected", _the_run, "no failing seeds are expected"),
    _of("property-violated", ONE, run.with_a_violated_property, "one property is violated", _the_run,
        "no properties are reported"),
    _of("seed-nondeterministic", ONE, run.with_a_nondeterministic_seed,
        "one seed fails without a record, as one whose two runs differ", _the_run, _STREAM),
    _of("crash-at-exit", ONE, run.with_a_crash_at_exit, "the simulator crashes after its last record", _the_run,
        "it needs a recording without failed seeds"),
    _of("other-commit", ONE, run.of_another_commit, "the recording is of another commit", _the_run, _RECORDING),
    _of("shards-overlap", BESIDE, run.the_same_seeds_again, "two shards ran the same seeds", _the_run, _STREAM),
)  # fmt: skip
ROWS = (*(row._replace(is_coverage=True) for row in COVERAGE_ROWS), *HEALTH_ROWS)
