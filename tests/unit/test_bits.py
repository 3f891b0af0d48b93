"""Which seed hit which point, as bits: rows and columns say the same as sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vopr_coverage.model.bits import columns_of, counts_of, lowest, rows_of, stacked, width_of

SEEDS = st.lists(st.frozensets(st.integers(0, 19)), max_size=40)


def bytes_of(seeds: list[frozenset[int]]) -> bytes:
    """One row a seed, as a recording has them."""
    return b"".join(sum(1 << point for point in hits).to_bytes(width_of(20), "little") for hits in seeds)


@given(SEEDS)
def test_counts_are_those_of_the_sets(seeds: list[frozenset[int]]) -> None:
    """Of every bit, also those that pad a row."""
    counts = counts_of(bytes_of(seeds), width_of(20))
    assert counts == [sum(point in hits for hits in seeds) for point in range(24)]


@given(SEEDS)
def test_columns_are_those_of_the_sets(seeds: list[frozenset[int]]) -> None:
    """Bit i is the i-th seed."""
    columns = columns_of(bytes_of(seeds), width_of(20))
    assert columns == [sum(1 << seed for seed, hits in enumerate(seeds) if point in hits) for point in range(24)]


@given(SEEDS)
def test_rows_are_those_of_the_sets(seeds: list[frozenset[int]]) -> None:
    """Columns turned round are rows again, without those that pad."""
    columns = columns_of(bytes_of(seeds), width_of(20))[:20]
    assert rows_of(columns, len(seeds)) == [sum(1 << point for point in hits) for hits in seeds]


@given(st.lists(SEEDS, max_size=4))
def test_columns_below_each_other(parts: list[list[frozenset[int]]]) -> None:
    """The rows of the first part come first."""
    columns = [columns_of(bytes_of(part), width_of(20)) for part in parts]
    together = columns_of(bytes_of([hits for part in parts for hits in part]), width_of(20))
    sizes = [len(part) for part in parts]
    for k in range(20):
        assert stacked([(c[k], size) for c, size in zip(columns, sizes, strict=True)]) == together[k]


def test_the_first_seed_of_a_point() -> None:
    """The lowest bit that is set."""
    assert lowest(0b1100) == 2
    assert lowest(0) is None


def test_widths() -> None:
    """Rows have whole bytes."""
    assert [width_of(points) for points in (0, 1, 8, 9, 100)] == [0, 1, 1, 2, 13]
