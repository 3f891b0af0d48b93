"""Nights that repeat others: the same seeds again, or other seeds that do what those did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.histories import FIRST_RUN, a_night, a_record, night_at, work
from vopr_coverage.trends.file import read_history, record_night
from vopr_coverage.trends.history import TrendRecord, parse_history, text_of
from vopr_coverage.trends.repeats import repeats

HASHES = tuple(f"{number:016x}" for number in range(8))
OTHERS = tuple(f"{number + 50:016x}" for number in range(8))


def a_base(number: int, seed_base: str | None, hashes: tuple[str, ...] = HASHES, **changes: Any) -> TrendRecord:
    """The long run of the night of that number."""
    return a_record(number, seed_base=seed_base, first_hashes=hashes, **changes)


def test_nights_with_seeds_of_their_own_repeat_nothing() -> None:
    """Other seeds, other results; and nights of a time when neither was recorded."""
    before = [a_base(number, str(number), (f"{number:016x}", *HASHES[1:])) for number in range(5)]
    assert repeats([*before, a_record(5)], [a_base(6, "6", OTHERS)]) == ()
    assert repeats(before, [a_record(6)]) == ()
    assert repeats([], [a_base(6, "6")]) == ()
    assert repeats(before, []) == ()


def test_a_workflow_whose_run_numbers_began_again_runs_its_seeds_again() -> None:
    """Its file was renamed: the night is told of which run, whatever the code does by now."""
    before = [a_base(number, str(number), OTHERS) for number in range(3)]
    (told,) = repeats(before, [a_base(9, "1")])
    assert told == (
        "this night ran the seeds of run 42 of 'Nightly' on 2026-11-02 again: both begin at seed 1. Run numbers begin "
        "again if the workflow's file is renamed; set seed-base to run other seeds."
    )


def test_another_attempt_of_a_run_is_the_same_night() -> None:
    """It should run the same seeds."""
    before = [a_base(3, "3", run_attempt=1), a_base(4, "4", OTHERS)]
    assert repeats(before, [a_base(3, "3", run_attempt=2)]) == ()


@pytest.mark.parametrize(
    ("others", "again"),
    [
        ([], False),
        ([a_base(1, "1", OTHERS, workflow="Weekly"), a_base(3, "9", OTHERS, workflow="Weekly")], False),  # at its side
        ([a_base(1, "1", OTHERS, workflow="Weekly")], True),  # its former name: it ends where this one begins
        ([a_base(1, "1", HASHES, workflow="Weekly"), a_base(3, "9", OTHERS, workflow="Weekly")], True),  # its runs
        ([a_base(1, "1", HASHES, workflow="Weekly", scenario="x"), a_base(3, "9", (), workflow="Weekly")], False),
        ([a_base(1, None, HASHES, workflow="Weekly")], False),
    ],
)
def test_nights_of_another_workflow_count_if_they_are_this_ones(others: list[TrendRecord], again: bool) -> None:
    """Each workflow counts its own runs, so two of them may begin at the same seed, each with its own simulator."""
    told = repeats([a_base(2, "0", OTHERS), *others], [a_base(5, "1")])
    if others and again and len(others) == 1:
        told = repeats(others, [a_base(5, "1")])
    assert [text.partition(" again")[0] for text in told if " again" in text] == (
        ["this night ran the seeds of run 42 of 'Weekly' on 2026-11-02"] if again else []
    )


def test_other_seeds_that_do_the_same_are_told() -> None:
    """A simulator that uses a part of its seed runs the same simulations every night, all of them green."""
    (told,) = repeats([a_base(0, "0"), a_base(1, "1", OTHERS)], [a_base(2, "2")])
    assert told == (
        "long-run 'combined': the first seeds did exactly what the first seeds of run 41 of 'Nightly' on 2026-11-01 "
        "did, which began at another seed: the simulator uses only a part of its seed."
    )
    (again,) = repeats([a_base(0, "2")], [a_base(2, "2")])
    assert again.startswith("this night ran the seeds of"), "the same seeds may do the same"
    shorter = a_base(2, "2", HASHES[:5], scenario="Combined")
    assert len(repeats([a_base(0, "0")], [shorter])) == 1
    assert repeats([a_base(0, "0")], [a_base(2, "2", scenario="swizzle")]) == ()
    assert repeats([a_base(0, "0")], [a_base(2, "2", job="coverage")]) == ()


@pytest.mark.parametrize("hashes", [(), HASHES[:3], HASHES[:1] * 8, HASHES[:2] * 4])
def test_what_chance_can_repeat_proves_nothing(hashes: tuple[str, ...]) -> None:
    """A few seeds, or a simulation that knows two endings."""
    assert repeats([a_base(0, "0", hashes)], [a_base(2, "2", hashes)]) == ()


def test_a_night_records_its_first_hashes_and_is_told_at_the_next(tmp_path: Path) -> None:
    """Through the file, in which older nights have neither hashes nor seeds."""
    path = tmp_path / "trends.ndjson"
    record_night(path, a_night(0), night_at(0))
    assert b"first_hashes" not in path.read_bytes()
    for number in (1, 2):
        night = a_night(number, work(first_hashes=HASHES), seed_base=str(number))
        _, warnings, _ = record_night(path, night, night_at(number))
    (told,) = warnings
    assert "did exactly what the first seeds of run 42 of 'Nightly' on 2026-11-02 did" in told
    found = read_history(path).records
    assert [(one.run_id, one.seed_base, one.first_hashes) for one in found] == [
        (str(FIRST_RUN), None, ()), (str(FIRST_RUN + 1), "1", HASHES), (str(FIRST_RUN + 2), "2", HASHES),
    ]  # fmt: skip


def test_a_name_of_the_history_is_inert() -> None:
    """Anybody may have written that file."""
    (told,) = repeats([a_base(0, "7", (), workflow="x\n::error::\x1b[2J")], [a_base(1, "7", ())])
    assert told.isprintable()
    assert "'x\\n::error::\\x1b[2J'" in told


@pytest.mark.parametrize("bad", [{"seed_base": "-1"}, {"seed_base": 1}, {"first_hashes": ["x" * 16]},
                                 {"first_hashes": [HASHES[0]] * 9}, {"first_hashes": None}])  # fmt: skip
def test_a_record_with_impossible_seeds_is_none(bad: dict[str, Any]) -> None:
    """As with every other field."""
    good = json.loads(text_of([a_base(0, "1")]))
    assert parse_history(json.dumps(good).encode(), "h").warnings == ()
    assert parse_history(json.dumps(good | bad).encode(), "h").records == ()
