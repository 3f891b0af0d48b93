"""Hashes and digests that never vary over the seeds of a run, so that comparing them proves nothing."""

from __future__ import annotations

import pytest

from tests.support.seed_records import KERNEL, STORED, died, failed, passed, simulated
from vopr_coverage.determinism.differences import Constancy, Constant
from vopr_coverage.reading.records import RanData
from vopr_coverage.reading.simulation_records import Failed, SeedLine
from vopr_coverage.reading.stretches import SeedRecord


def seen(*stretches: list[SeedRecord]) -> list[Constant]:
    """The hashes that never varied in these records."""
    constancy = Constancy()
    for records in stretches:
        constancy.see(records)
    return list(constancy.constants())


def test_a_hash_of_two_seeds_can_be_constant() -> None:
    """One seed shows nothing, and no seed neither."""
    assert seen([]) == []
    assert seen([passed()]) == []
    assert seen([passed()], [], [passed(kernel="9" * 64)]) == [Constant("storage_hash", STORED, 2)]
    both = [Constant("storage_hash", STORED, 3), Constant("kernel_state_hash", KERNEL, 3)]
    assert seen([passed()], [passed(), passed()]) == both


def test_a_hash_that_has_varied_is_constant_no_more() -> None:
    """Whatever comes later; the other one is watched on, past seeds that have no hash."""
    varied: list[SeedRecord] = [passed(), passed(storage="6" * 64)]
    more: list[SeedRecord] = [passed(), failed(), RanData(seed=1), passed()]
    assert seen(varied, more, [failed()], more) == [Constant("kernel_state_hash", KERNEL, 6)]
    assert seen(varied, [passed(kernel="9" * 64)], more) == []


def test_a_constant_value_is_cut_at_500_characters() -> None:
    """A hash may have any length."""
    (constant,) = seen([passed(storage="6" * 501, kernel=KERNEL), passed(storage="6" * 501, kernel="9" * 64)])
    assert constant == Constant("storage_hash", "6" * 500 + "…", 2)


def test_digests_are_watched_by_name() -> None:
    """Of seeds that passed and have one; a name that varied hides none behind it."""
    records: list[SeedRecord] = [
        simulated({"log": "1", "net": "7"}),
        simulated({"log": "2", "net": "7"}),
        simulated({"log": "3", "net": "8"}, Failed("agreement")),
        simulated(None),
    ]
    assert seen(records, records) == [Constant("digest net", "7", 4)]
    assert seen([simulated("a"), simulated("a")]) == [Constant("digest", "a", 2)]
    assert seen([simulated(""), simulated("")]) == [Constant("digest", "", 2)]
    assert seen([simulated({}), simulated({})]) == []


def test_a_digest_that_comes_late_is_watched_as_long_as_another_is() -> None:
    """Once all have varied, nothing is looked at any more."""
    late: list[SeedRecord] = [simulated({"log": "1", "late": "5"}), simulated({"log": "1", "late": "5"})]
    log, net = Constant("digest log", "1", 3), Constant("digest late", "5", 2)
    assert seen([simulated({"log": "1"})], late) == [log, net]
    varied: list[SeedRecord] = [simulated({"log": "1"}), simulated({"log": "2"})]
    assert seen(varied, late) == []


@pytest.mark.parametrize(("varied", "seeds"), [(99, 4), (100, 2)])
def test_nothing_is_watched_any_more_once_a_hundred_digests_have_varied(varied: int, seeds: int) -> None:
    """A simulator may make up a name for each seed: memory does not grow with them."""
    names = [f"n{number}" for number in range(varied)]
    one, other = (simulated(dict.fromkeys(names, text) | {"same": "5"}) for text in ("1", "2"))
    assert seen([one, other], [one, other]) == [Constant("digest same", "5", seeds)]


@pytest.mark.parametrize("first", [simulated(None), simulated(None, Failed("agreement"))])
def test_a_simulation_stream_is_known_whichever_record_comes_first(first: SeedLine) -> None:
    """The one of a seed that the simulator died at is of any stream."""
    records: list[SeedRecord] = [first, simulated("a"), simulated("a"), died()]
    for each in (records, records[::-1]):
        assert seen(each) == [Constant("digest", "a", 2)]
