"""The names that a night's file keeps, and the counts that no file of nights could hold."""

from __future__ import annotations

import pytest

from vopr_coverage.nightly.counts import too_large
from vopr_coverage.nightly.reached import ReachedNames, joined_names, reached_names
from vopr_coverage.nightly.verdict import NightRun, Work


def test_names_are_sorted_each_once_and_each_in_its_list() -> None:
    """Whatever their order was."""
    found = reached_names(hit=iter("cab"), missed=iter("edd"), ran=iter("hg"), silent=iter("i"))
    assert found == ReachedNames(hit=("a", "b", "c"), missed=("d", "e"), ran=("g", "h"), silent=("i",))


def test_names_of_200_characters_are_kept_and_longer_ones_left_out() -> None:
    """They are not cut: a part of a name is another name."""
    names = ["x" * 200, "y" * 201, ""]
    found = reached_names(hit=names, missed=names, ran=names, silent=names)
    assert found == ReachedNames(*(("", "x" * 200),) * 4)


def test_of_each_kind_500_names_are_kept() -> None:
    """The first by their order; 500 are all of them."""
    names = [f"n{number:03}" for number in range(501)]
    assert reached_names(hit=names, missed=names[:500], ran=(), silent=()) == ReachedNames(
        hit=tuple(names[:500]), missed=tuple(names[:500])
    )


def test_names_of_two_files_on_one_night_are_joined() -> None:
    """Kind by kind; without one of the files, the other one's names are all there are."""
    one = ReachedNames(hit=("b",), missed=("m",), ran=("r",), silent=("t",))
    other = ReachedNames(hit=("a", "b"), missed=("l",), ran=("q",), silent=("s",))
    both = ReachedNames(hit=("a", "b"), missed=("l", "m"), ran=("q", "r"), silent=("s", "t"))
    assert joined_names(one, other) == joined_names(other, one) == both
    assert joined_names(one, None) == joined_names(None, one) == one
    assert joined_names(None, None) is None


@pytest.mark.parametrize(("count", "fits"), [((1 << 63) - 1, True), (1 << 63, False)])
def test_counts_are_below_two_to_the_63(count: int, fits: bool) -> None:
    """Each that is not names its place and what it is; fields that are no counts are passed over."""
    work = Work("long-run", "combined", asked=1, planned=1, ran=count, runs=1, failed=count)
    errors = list(too_large({"/place": NightRun(run_id="9" * 30), "/work/0": work}, (1 << 63) - 1, "night.json"))
    assert [str(error) for error in errors] == (
        []
        if fits
        else [
            "night.json#/work/0/ran: expected a count below 2^63, found 9223372036854775808",
            "night.json#/work/0/failed: expected a count below 2^63, found 9223372036854775808",
        ]
    )
