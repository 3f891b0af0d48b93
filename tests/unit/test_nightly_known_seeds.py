"""Seeds that failed on a night: which stay known, and which a later night has run again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.histories import a_night
from vopr_coverage.nightly.known_seeds import KnownSeed, has_run, known_seed_of, known_seeds_of, seeds_ran, together
from vopr_coverage.nightly.run_health import JudgedRun
from vopr_coverage.nightly.verdict import Finding, SeedsRan

LAST = (1 << 64) - 1


def ran(scenario: str, first: int | None, count: int) -> JudgedRun:
    """A run of so many seeds."""
    return JudgedRun("run", scenario, present=True, ran=count, first_seed=None if first is None else str(first))


# ---- what a job has run


@pytest.mark.parametrize(
    ("runs", "ranges"),
    [
        ([], []),
        ([("a", None, 5)], []),
        ([("a", 0, 0)], []),
        ([("a", 0, 1)], [("a", "0", 1)]),
        ([("a", 0, 5), ("a", 5, 2), ("a", 7, 1)], [("a", "0", 8)]),
        ([("a", 0, 5), ("a", 6, 2)], [("a", "0", 5), ("a", "6", 2)]),
        ([("a", 0, 5), ("a", 4, 2)], [("a", "0", 5), ("a", "4", 2)]),
        ([("a", 5, 2), ("a", 0, 5)], [("a", "5", 2), ("a", "0", 5)]),
        ([("a", 0, 5), ("b", 5, 2)], [("a", "0", 5), ("b", "5", 2)]),
        ([("a", 0, 5), ("a", None, 3), ("a", 8, 0), ("a", 5, 2)], [("a", "0", 7)]),
        ([("a", LAST, 2), ("a", 1, 2)], [("a", str(LAST), 2), ("a", "1", 2)]),
    ],
)
def test_the_seeds_of_a_job_as_ranges(
    runs: list[tuple[str, int | None, int]], ranges: list[tuple[str, str, int]]
) -> None:
    """Runs of one scenario that touch are one range; a run of which the seeds are unknown has none."""
    assert seeds_ran("coverage", [ran(*run) for run in runs]) == [SeedsRan("coverage", *range_) for range_ in ranges]


# ---- what ran again


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (("failing seed", "gray", "9"), False),
        (("failing seed", "gray", "10"), True),
        (("failing seed", "GRAY", "14"), True),
        (("failing seed", "gray", "15"), False),
        (("failing seed", "combined", "10"), False),
        (("failing seed", "", "10"), True),
        (("determinism", "gray", "10"), False),
        (("determinism", "", "30"), True),
        (("determinism", "Swizzle", "31"), True),
        (("failing seed", "swizzle", "31"), True),
        (("determinism", "swizzle", "32"), False),
    ],
)
def test_a_seed_is_in_one_of_several_ranges(known: tuple[str, str, str], *, expected: bool) -> None:
    """From the first of a range to its last; of two processes, in the job that has two."""
    ranges = (SeedsRan("coverage", "Gray", "10", 5), SeedsRan("determinism", "swizzle", "30", 2))
    assert has_run(a_night(5, seeds_ran=ranges), KnownSeed(*known)) is expected


# ---- what a finding is about


FAILED = Finding("coverage", "run-1", "failing seed", "seed 17 failed", seed="17", scenario="gray")


def test_a_finding_has_its_seed() -> None:
    """With all that replays it."""
    whole = replace(FAILED, invariant="hash_chain", repro="vopr --seed 17", whole_run=True)
    assert known_seed_of(whole, "4711") == KnownSeed(
        kind="failing seed",
        scenario="gray",
        seed="17",
        invariant="hash_chain",
        repro="vopr --seed 17",
        whole_run=True,
        run_id="4711",
    )
    differed = replace(FAILED, kind="determinism")
    assert known_seed_of(differed, "4711") == KnownSeed("determinism", "gray", "17", run_id="4711")


@pytest.mark.parametrize(
    "finding",
    [
        replace(FAILED, kind="lost run"),
        replace(FAILED, seed=None),
        replace(FAILED, seed=""),
        replace(FAILED, seed="17 to 20"),
        replace(FAILED, seed=str(LAST + 1)),
    ],
)
def test_a_finding_about_no_seed_has_none(finding: Finding) -> None:
    """Or about one that no night could run."""
    assert known_seed_of(finding, "4711") is None


def test_a_night_knows_each_of_its_seeds_once() -> None:
    """The first finding that has it; findings without a seed are left out."""
    findings = (
        replace(FAILED, seed="x"),
        replace(FAILED, repro="first"),
        replace(FAILED, scenario="GRAY", repro="second"),
        replace(FAILED, invariant="hash_chain"),
        replace(FAILED, seed="18"),
        replace(FAILED, kind="determinism"),
        replace(FAILED, scenario="combined"),
    )
    found = known_seeds_of(a_night(5, findings=findings), "4711")
    assert found == (
        KnownSeed("failing seed", "gray", "17", repro="first", run_id="4711"),
        KnownSeed("failing seed", "gray", "17", "hash_chain", run_id="4711"),
        KnownSeed("failing seed", "gray", "18", run_id="4711"),
        KnownSeed("determinism", "gray", "17", run_id="4711"),
        KnownSeed("failing seed", "combined", "17", run_id="4711"),
    )
    assert found[0].key == ("failing seed", "gray", "17", "")
    assert KnownSeed("determinism", "Gray", "17", "hash_chain").key == ("determinism", "gray", "17", "hash_chain")


def test_seeds_of_several_nights_are_known_once() -> None:
    """Under the night that found them first."""
    one, two = (KnownSeed("failing seed", "gray", "17", run_id=run) for run in ("1", "2"))
    other = KnownSeed("failing seed", "gray", "18", run_id="2")
    assert together([one, two, other]) == (one, other)
    assert together([]) == ()
