"""Nights that cannot be planned, each told in its own words, and what canaries of their own run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from vopr_coverage.canaries.detector import Detector
from vopr_coverage.errors import UsageError
from vopr_coverage.nightly.plan import CanaryRange
from vopr_coverage.nightly.planner import plan_night, seed_base_of
from vopr_coverage.nightly.wish import (
    Asked,
    CanaryGroup,
    Wish,
    own_work,
    refuse_impossible,
    refuse_unsafe_canaries,
)

A, B = Asked("a", 1), Asked("b", 1)
RATES = {"a": 1.0, "b": 1.0}
MOST = 1 << 40


def told_by(refuse: Callable[[], object]) -> str:
    """What is told of something that is refused; "" of what is not."""
    try:
        refuse()
    except UsageError as error:
        return str(error)
    return ""


def refusal(wish: Wish, minutes: float = 10, jobs_max: int = 9, **rates: dict[str, float]) -> str:
    """What is told of work that cannot be planned."""
    told = {"rates": RATES, "canary_rates": RATES} | rates
    return told_by(lambda: refuse_impossible(wish, minutes=minutes, jobs_max=jobs_max, **told))


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (Wish(()), "nothing to plan: name at least one scenario"),
        (Wish((A, B, Asked("A", 1))), "scenario 'a' is named twice"),
        (Wish((A,), (B, Asked("B", 2))), "scenario 'b' is named twice"),
        (Wish((Asked("", 1),)), "scenario '': expected a printable name of at most 200 characters"),
        (Wish((A,), (Asked("a\n", 1),)), "scenario 'a\\n': expected a printable name of at most 200 characters"),
        (Wish((Asked("a", 0),)), "scenario 'a': expected at least 1 iteration, found 0"),
        (Wish((A,), determinism=Asked("b", -2)), "scenario 'b': expected at least 1 iteration, found -2"),
        (
            Wish((Asked("a", MOST + 1),)),
            "scenario 'a': expected at most 2^40 iterations, all seeds of a night",
        ),
        (Wish((Asked("c", 1),)), "scenario 'c' has no rate: measure it, or give one"),
        (
            Wish((A,), canary=A, canaries=("x",), own={"x": Asked("c", 1)}),
            "scenario 'c' has no rate: measure it, or give one",
        ),
        (
            Wish((A,), tuple(Asked(f"s{n}", 1) for n in range(257))),
            "coverage scenarios: expected at most 256 in a night: they are jobs of one matrix, found 257",
        ),
        (
            Wish((A,), canary=A, canaries=tuple(f"c{n}" for n in range(256))),
            "canaries: expected at most 255 in a night: they are jobs of one matrix, found 256",
        ),
        (
            Wish((A,), canary=A, canaries=tuple(f"c{n}" for n in range(255)), own={"c7": B}),
            "canaries: expected at most 254 in a night: they are jobs of one matrix, found 255",
        ),
        (
            Wish((A,), canaries=tuple(f"c{n}" for n in range(256))),
            "canaries: expected at most 255 in a night: they are jobs of one matrix, found 256",
        ),
        (
            Wish((A,), determinism_seeds=tuple(range(257))),
            "determinism seeds: expected at most 256 in a night: they are jobs of one matrix, found 257",
        ),
        (
            Wish((A,), canary=A, canaries=("-x",)),
            "canary '-x': expected a name of letters, digits, '.', '_' and '-', at most 80, the first no '.' or '-'",
        ),
    ],
)
def test_work_that_cannot_be_planned_is_told(wish: Wish, told: str) -> None:
    """The first problem of it, with what was expected."""
    assert refusal(wish, rates={**RATES, **{f"s{n}": 1.0 for n in range(257)}}) == told


@pytest.mark.parametrize(
    "wish",
    [
        Wish((A,), (A,), canary=A, canaries=("x",), determinism=A),  # the same scenario in several parts
        Wish((Asked("a", MOST),)),
        Wish((A,), tuple(Asked(f"s{n}", 1) for n in range(256))),
        Wish((A,), canary=A, canaries=tuple(f"c{n}" for n in range(255))),
        Wish((A,), canary=A, canaries=tuple(f"c{n}" for n in range(254)), own={"c7": B}),
        Wish((A,), determinism_seeds=tuple(range(256))),
    ],
)
def test_work_at_its_bounds_can_be_planned(wish: Wish) -> None:
    """Nothing is told."""
    assert refusal(wish, rates={**RATES, **{f"s{n}": 1.0 for n in range(257)}}) == ""


def test_each_command_has_its_own_rates() -> None:
    """In lower case, from a millionth to a million millions a second."""
    no_rate = "scenario 'A' has no rate: measure it, or give one"
    wish = Wish((Asked("A", 1),), canary=B, canaries=("x",))
    assert refusal(wish, rates={"a": 1.0}, canary_rates={"b": 1.0}) == ""
    assert refusal(wish, rates={"b": 1.0}, canary_rates={"b": 1.0}) == no_rate
    assert refusal(wish, rates={"a": 1.0}, canary_rates={"a": 1.0}) == no_rate.replace("'A'", "'b'")
    for rate, told in ((1e-6, ""), (0.99e-6, no_rate), (1e12, ""), (1.01e12, no_rate)):
        assert refusal(Wish((Asked("A", 1),)), rates={"a": rate}) == told


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (0, "expected a budget of more than 0 minutes, found 0"),
        (-1.5, "expected a budget of more than 0 minutes, found -1.5"),
        (float("inf"), "expected a budget of more than 0 minutes, found inf"),
        (float("nan"), "expected a budget of more than 0 minutes, found nan"),
        (0.01, ""),
    ],
)
def test_a_budget_is_a_time(minutes: float, told: str) -> None:
    """More than none, and one that ends."""
    assert refusal(Wish((A,)), minutes=minutes) == told


@pytest.mark.parametrize(
    ("jobs_max", "told"),
    [(1, "expected from 2 to 256 jobs, found 1"), (2, ""), (256, ""), (257, "expected from 2 to 256 jobs, found 257")],
)
def test_each_scenario_has_a_job_and_a_matrix_256(jobs_max: int, told: str) -> None:
    """GitHub allows no more."""
    assert refusal(Wish((A, B)), jobs_max=jobs_max) == told


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("a.b", "_c-d", "9", "X", "x" * 80), ""),
        (("a", ""), "canary '': {unsafe}"),
        (("a/b",), "canary 'a/b': {unsafe}"),
        ((".a",), "canary '.a': {unsafe}"),
        (("-a",), "canary '-a': {unsafe}"),
        (("x" * 81,), f"canary '{'x' * 39}…': {{unsafe}}"),
        (("CONTROL",), "canary 'CONTROL': expected another name: it is the name of the run without a canary"),
        (("ab", "aB"), "canary 'ab': expected names that differ in more than their case"),
    ],
)
def test_a_canary_names_a_folder_an_artifact_and_a_build(names: tuple[str, ...], told: str) -> None:
    """On every system, and beside the others."""
    unsafe = "expected a name of letters, digits, '.', '_' and '-', at most 80, the first no '.' or '-'"
    assert told_by(lambda: refuse_unsafe_canaries(names)) == told.format(unsafe=unsafe)


@pytest.mark.parametrize(
    ("wish", "minutes", "told"),
    [
        (
            Wish((Asked("a", MOST), B)),
            1e9,
            "a night has 2^40 seeds of its own, this one would need 1,099,511,627,777",
        ),
        (
            Wish((Asked("a", MOST),), canary=B, canaries=("x",)),
            1e9,
            "a night has 2^40 seeds of its own, this one would need 1,099,511,627,777",
        ),
        (Wish((Asked("a", MOST - 1),), canary=B, canaries=("x",)), 1e9, ""),
        (
            Wish((A,), canary=B, canaries=("control-a", "x"), own={"x": A}),
            10,
            "two scenarios, or a canary and a control run, would share a folder: rename one of them",
        ),
        (
            Wish((A,), canary=B, canaries=("Control-A", "x"), own={"x": A}),
            10,
            "two scenarios, or a canary and a control run, would share a folder: rename one of them",
        ),
        *(
            (
                Wish((A,), determinism=A, determinism_seeds=seeds),
                10,
                "determinism seeds: expected at least one, each once and below 2^64",
            )
            for seeds in ((), (1, 2, 1), (-1, 2), (0, 1 << 64))
        ),
    ],
)
def test_what_only_the_whole_plan_shows_is_told(wish: Wish, minutes: float, told: str) -> None:
    """More seeds than a night has, two runs in one folder, and ranges that are none."""
    assert told_by(lambda: plan_night(wish, {"a": 1e12, "b": 1e12}, 1, minutes)) == told


@pytest.mark.parametrize(("number", "found"), [(-1, "-1"), (1 << 64, "18446744073709551616")])
def test_a_run_number_is_one_that_a_run_can_have(number: int, found: str) -> None:
    """Also where a night is given its first seed."""
    told = told_by(lambda: plan_night(Wish((A,)), RATES, number, 10, seed_base=7))
    assert told == f"run number: expected an integer of 0 or more, found {found}"
    assert seed_base_of(0) == 0
    assert seed_base_of((1 << 64) - 1) < 1 << 64


# ---- canaries of their own


def test_canaries_are_grouped_by_scenario() -> None:
    """The usual one first, whatever the order of the names; without a usual one there are none."""
    wish = Wish((A,), canary=A, canaries=("x", "y", "z"), own={"x": B, "z": Asked("A", 9)})
    assert wish.canary_groups() == [CanaryGroup({"y": A, "z": Asked("A", 9)}), CanaryGroup({"x": B})]
    assert [group.control for group in wish.canary_groups()] == [Asked("A", 9), B]
    assert Wish((A,), canaries=("x",)).canary_groups() == []
    assert Wish((A,), canary=A).canary_groups() == []
    assert wish.work() == [A]
    assert Wish((A,), (B,), determinism=A).work() == [A, B, A]


def test_own_work_is_what_differs_from_the_usual() -> None:
    """In scenario or iterations. A fault point that is gone needs as many as the longest canary of its scenario."""
    usual = Asked("Usual", 100)
    gone = Detector(fault_points=("net.drop",), iterations=5)
    declared = {
        "plain": Detector(("log",)),
        "same": Detector(("log",), scenario="USUAL", iterations=100),
        "short": Detector(("log",), iterations=9),
        "other": Detector(("log",), scenario="gray"),
        "long": Detector(("log",), scenario="Gray", iterations=700),
        "gone": replace(gone, scenario="gray"),
        "gone too": gone,
    }
    assert own_work(declared, usual) == {
        "short": Asked("Usual", 9),
        "other": Asked("gray", 100),
        "long": Asked("Gray", 700),
        "gone": Asked("gray", 700),
    }
    only_short = {"gone": gone, "short": Detector(("log",), iterations=9)}
    assert own_work({"gone": Detector(fault_points=("net.drop",))}, Asked("Usual", 0)) == {}  # which is refused
    assert own_work(only_short, usual) == {"gone": Asked("Usual", 9), "short": Asked("Usual", 9)}


def test_a_control_run_is_known_by_its_build() -> None:
    """In older plans, by its name."""
    runs = [CanaryRange("control-b", "b", "1", 1, build="control"), CanaryRange("control", "b", "1", 1)]
    assert all(run.is_control for run in runs)
    assert not CanaryRange("control", "b", "1", 1, build="x").is_control
    assert not CanaryRange("x", "b", "1", 1).is_control
