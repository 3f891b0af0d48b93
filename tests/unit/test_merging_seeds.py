"""The seeds of runs that are merged, and the sentences about those that share some."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from vopr_coverage.check.merge import overlaps, seed_ranges
from vopr_coverage.model.report import SEED_COUNT, Input, Run

LAST = SEED_COUNT - 1


def a_run(iterations: int, first: int | None = 0) -> Run:
    """A whole run of so many seeds."""
    return Run(first, iterations, iterations, 0, iterations, None)


@pytest.mark.parametrize(
    ("run", "ranges"),
    [
        (a_run(3, 7), [(7, 10)]),
        (a_run(1, LAST), [(LAST, SEED_COUNT)]),
        (a_run(2, LAST), [(LAST, SEED_COUNT), (0, 1)]),
        (a_run(0, 7), []),
        (a_run(3, None), []),
        (replace(a_run(3, 7), announced=5), [(7, 12)]),
        (replace(a_run(3, 7), announced=0), []),
        (replace(a_run(3, 7), announced=None), [(7, 10)]),
    ],
)
def test_the_seeds_of_a_run_are_ranges_below_2_to_the_64(run: Run, ranges: list[tuple[int, int]]) -> None:
    """What was announced counts, else what ran; two ranges where they wrap around."""
    assert list(seed_ranges(run)) == ranges


def test_each_run_is_named_with_the_first_that_reaches_as_far() -> None:
    """Of several that end together it is the one that begins first."""
    runs = [
        Input(f"r{n}", "stream", None, a_run(count, first))
        for n, (first, count) in enumerate([(0, 10), (5, 5), (7, 1)])
    ]
    assert overlaps(runs) == [
        "r0 (seeds 0 to 9) and r1 (seeds 5 to 9) share seeds",
        "r0 (seeds 0 to 9) and r2 (seeds 7 to 7) share seeds",
    ]


def test_scenarios_are_compared_without_regard_to_capital_letters_only() -> None:
    """Letters that only a capital form makes equal are other letters; a run without a name is of no named scenario."""
    names = ["straße", "strasse", "Straße", None, ""]
    runs = [Input(f"r{n}\x1b", "stream", None, a_run(2), scenario=name) for n, name in enumerate(names)]
    assert overlaps(runs) == [
        r"r0\x1b (seeds 0 to 1) and r2\x1b (seeds 0 to 1) share seeds",
        r"r3\x1b (seeds 0 to 1) and r4\x1b (seeds 0 to 1) share seeds",
    ]
