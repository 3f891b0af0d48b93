"""Two records of one seed: each field that differs, with both values, and values that are cut."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.seed_records import KERNEL, STORED, compact, died, failed, passed, simulated
from vopr_coverage.determinism.differences import Difference, alike, differences, told_apart
from vopr_coverage.reading.records import RanData
from vopr_coverage.reading.simulation_records import Failed
from vopr_coverage.reading.stretches import SeedRecord

# ---- which fields differ


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (passed(), passed(), ()),
        (passed(), compact(), ()),
        # simulated time is whole nanoseconds: 0.4 of one is none
        (passed(time_ms=10.0), passed(time_ms=10.0000004), ()),
        (passed(time_ms=10.0), passed(time_ms=10.000001), (Difference("simulated_time_ms", "10.0", "10.000001"),)),
        (
            passed(),
            passed(101, 11.0, "6" * 64, "9" * 64),
            (
                Difference("events", "100", "101"),
                Difference("storage_hash", STORED, "6" * 64),
                Difference("kernel_state_hash", KERNEL, "9" * 64),
                Difference("simulated_time_ms", "10.0", "11.0"),
            ),
        ),
        (
            passed(),
            failed(),
            (
                Difference("status", "ok", "failed"),
                Difference("events", "100", "7"),
                Difference("invariant", None, "hash_chain"),
                Difference("message", None, "broken"),
            ),
        ),
        (failed(), failed(), ()),
        (
            failed(),
            failed(8, "agreement", "torn"),
            (
                Difference("events", "7", "8"),
                Difference("invariant", "hash_chain", "agreement"),
                Difference("message", "broken", "torn"),
            ),
        ),
        # an empty message is one, and no message at all is none
        (
            failed(100, message=""),
            passed(),
            (
                Difference("status", "failed", "ok"),
                Difference("invariant", "hash_chain", None),
                Difference("message", "", None),
            ),
        ),
        # of a seed that left no record no more is known than how it ended
        (RanData(seed=1), passed(), ()),
        (passed(), RanData(seed=1), ()),
        (RanData(seed=1), failed(), (Difference("status", "ok", "failed"),)),
        (failed(), RanData(seed=1), (Difference("status", "failed", "ok"),)),
    ],
)
def test_each_field_that_differs_is_found_with_both_values(
    left: SeedRecord, right: SeedRecord, found: tuple[Difference, ...]
) -> None:
    """In the order of the record, and nothing else."""
    assert differences(left, right) == found


@pytest.mark.parametrize(
    ("digits", "found"),
    [(16, ()), (15, (Difference("storage_hash", STORED, "5" * 15),))],
)
def test_a_hash_is_compared_from_sixteen_digits_on(digits: int, found: tuple[Difference, ...]) -> None:
    """Whichever side has fewer."""
    short = passed(storage=STORED[:digits])
    assert differences(passed(), short) == found
    assert [(one.right, one.left) for one in differences(short, passed())] == [(one.left, one.right) for one in found]


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (simulated("a", events=5), simulated("a", events=5), ()),
        (simulated("a"), simulated("b"), (Difference("digest", "a", "b"),)),
        # digests are compared where both sides have one
        (simulated("a"), simulated(None), ()),
        (simulated(None), simulated("b"), ()),
        (simulated({}), simulated({"log": "1"}), ()),
        (simulated(""), simulated("b"), (Difference("digest", "", "b"),)),
        # in the left side's order, and those that only the right side has behind them
        (
            simulated({"net": "1", "log": "2"}),
            simulated({"log": "3", "disk": "4"}),
            (
                Difference("digest net", "1", None),
                Difference("digest log", "2", "3"),
                Difference("digest disk", None, "4"),
            ),
        ),
        (
            simulated(events=1, time_ns=2, hits={"b": 1, "a": 9}, ran={"x": 1}),
            simulated(events=3, time_ns=None, hits={"a": 1, "c": 0}, ran={"x": 5, "y": 1}),
            (
                Difference("events", "1", "3"),
                Difference("time_ns", "2", None),
                Difference("hits", "a, b", "a"),
                Difference("ran", "x", "x, y"),
            ),
        ),
        # names are compared where both sides count any
        (simulated(hits={"a": 1}), simulated(hits=None), ()),
        (simulated(hits=None), simulated(hits={"a": 1}), ()),
        # a recording does not keep how often a seed hit a point
        (simulated(hits={"a": 1}), simulated(hits={"a": 2}), ()),
        (
            simulated("a", events=1),
            simulated("b", Failed("agreement", "split"), events=1),
            (
                Difference("status", "ok", "failed"),
                Difference("digest", "a", "b"),
                Difference("invariant", None, "agreement"),
                Difference("message", None, "split"),
            ),
        ),
        # of a seed that the simulator died at no more is known
        (
            simulated("a", events=1, hits={"a": 1}),
            died(),
            (
                Difference("status", "ok", "failed"),
                Difference("invariant", None, "crash"),
                Difference("message", None, "abort"),
            ),
        ),
    ],
)
def test_seeds_of_a_simulation_stream_are_compared_by_their_digests_first(
    left: SeedRecord, right: SeedRecord, found: tuple[Difference, ...]
) -> None:
    """Either way round, but for the order of names."""
    assert differences(left, right) == found
    back = {Difference(one.field, one.right, one.left) for one in differences(right, left)}
    assert back == set(found)


# ---- values that are cut


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ("abcd", "abce", ("abcd", "abce")),
        ("abcXe", "abcYe", ("abcX…", "abcY…")),
        ("abcdX", "abcdY", ("…cdX", "…cdY")),
        ("abcdefghX1", "abcdefghY12", ("…ghX1", "…ghY1…")),
        ("abcd", "abcdY", ("…cd", "…cdY")),
        ("abcdefg", "abcdef", ("…efg", "…ef")),
        ("abcdef", "abcdef", ("abcd…", "abcd…")),
    ],
)
def test_two_texts_are_cut_to_four_characters_that_differ(left: str, right: str, told: tuple[str, str]) -> None:
    """From their beginnings if these differ, else from a little before they part."""
    assert told_apart(left, right, 4) == told


@pytest.mark.parametrize(("length", "told"), [(500, "x" * 500), (501, "x" * 500 + "…")])
def test_a_value_that_one_side_alone_has_is_cut_at_500_characters(length: int, told: str) -> None:
    """On either side."""
    left, right = failed(message="x" * length), passed()
    assert differences(left, right)[-1] == Difference("message", told, None)
    assert differences(right, left)[-1] == Difference("message", None, told)


def test_two_values_are_cut_at_500_characters_where_they_differ() -> None:
    """Half of them are alike, so that the place can be found."""
    left, right = failed(message="x" * 600 + "y" * 300), failed(message="x" * 600 + "z" * 300)
    cut = "…" + "x" * 250
    assert differences(left, right) == (Difference("message", cut + "y" * 250 + "…", cut + "z" * 250 + "…"),)


# ---- a recording beside a stream


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (passed(), compact(), True),
        (compact(), passed(), True),
        (compact(), compact(), True),
        (passed(), compact(events=101), False),
        (passed(), compact(time_ms=11.0), False),
        (passed(), compact(storage="6" * 64), False),
        (passed(), compact(kernel="9" * 64), False),
        # digits that one side alone has are not compared
        (passed(kernel="8" * 16 + "0" * 48), compact(), True),
        # fewer than sixteen prove nothing
        (passed(), compact(storage=STORED[:15]), False),
        # in doubt, nothing is alike: the records have to be looked at one by one
        (passed(), failed(100), False),
        (failed(), failed(), False),
        (simulated("a", events=100), simulated("a", events=100), False),
    ],
)
def test_healthy_seeds_of_a_recording_and_of_a_stream_are_alike_at_a_glance(
    left: SeedRecord, right: SeedRecord, same: bool
) -> None:
    """All that both have is the same, for all seeds."""
    assert alike([left], [right]) is same
    assert alike([left, left], [right, right]) is same


@pytest.mark.parametrize("changes", [{"events": 101}, {"time_ms": 11.0}, {"storage": "6" * 64}, {"kernel": "9" * 64}])
def test_one_seed_of_several_that_differs_is_enough(changes: dict[str, Any]) -> None:
    """The last of them."""
    assert alike([passed(), passed()], [compact(), compact()])
    assert not alike([passed(), passed()], [compact(), compact(**changes)])
