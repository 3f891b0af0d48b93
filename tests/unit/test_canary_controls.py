"""Control runs: which of them a canary is compared with, and why one shows nothing."""

from __future__ import annotations

import pytest

from tests.support.canary_runs import CUT, a_control, a_run, a_stored, an_input, failures, violated
from vopr_coverage.canaries.controls import control_of, problems_of_control, refuse_unclear, why_no_control
from vopr_coverage.errors import UsageError
from vopr_coverage.model.crash import Crash
from vopr_coverage.model.report import Input, SeedList

DIED = Crash(signal=6, last_words=("panicked at a.rs:1", "no quorum"))


# ---- why one is not green


@pytest.mark.parametrize(
    ("control", "problems"),
    [
        (an_input(a_run()), []),
        (an_input(None), ["it has no run records: pass a stream"]),
        (an_input(a_run(0)), ["it ran no iteration"]),
        (an_input(a_run(1)), []),
        (an_input(a_run(ended_early=CUT)), [f"it did not finish: {CUT}"]),
        (
            an_input(a_run(ended_early=CUT), recording=a_stored(exit_code=101, last_words=["at a.rs:1", "no quorum"])),
            [f"it did not finish: ended with exit code 101, {CUT}; stderr ends with: at a.rs:1 / no quorum"],
        ),
        (
            an_input(a_run(ended_early=CUT, crashed=True, failures=(failures("crash", 9, crash=DIED),))),
            [
                "its simulator died on 1 seed, first on 9: ended by signal 6; stderr ends with: panicked at a.rs:1 / "
                "no quorum"
            ],
        ),
        (an_input(a_run(crashed=True)), []),
        (
            an_input(a_run(failures=(failures("crash", 4, 7, crash=Crash(exit_code=134)),))),
            ["its simulator died on 2 seeds, first on 4: ended with exit code 134"],
        ),
        (
            an_input(a_run(failures=(failures("hash_chain", 3), failures("agreement", 5, 6)))),
            ["invariant hash_chain failed on 1 seed", "invariant agreement failed on 2 seeds"],
        ),
        (an_input(a_run(silent_failures=SeedList(1, (3,)))), ["1 seed failed without a record"]),
        (an_input(a_run(silent_failures=SeedList(1_200, (3,)))), ["1,200 seeds failed without a record"]),
        (an_input(a_run(properties=violated())), []),
        (
            an_input(a_run(properties=violated("storage.hash", "storage.order"))),
            ["property storage.hash was violated", "property storage.order was violated"],
        ),
        (an_input(a_run(contradictions=("20 seeds, 19 records", "b"))), ["20 seeds, 19 records", "b"]),
    ],
)
def test_why_a_control_run_is_not_green(control: Input, problems: list[str]) -> None:
    """A sentence each; none for a whole run in which nothing failed."""
    assert list(problems_of_control(control)) == problems


def test_all_that_is_wrong_is_told() -> None:
    """How it ended comes first, then its seeds, then its properties."""
    run = a_run(
        0,
        ended_early=CUT,
        contradictions=("its counts differ",),
        failures=(failures("hash_chain", 3),),
        silent_failures=SeedList(2, (4, 5)),
        properties=violated("storage.hash"),
    )
    assert list(problems_of_control(an_input(run))) == [
        f"it did not finish: {CUT}",
        "its counts differ",
        "it ran no iteration",
        "invariant hash_chain failed on 1 seed",
        "2 seeds failed without a record",
        "property storage.hash was violated",
    ]


# ---- which one is meant


def test_the_scenario_of_a_control_run_is_that_of_its_run() -> None:
    """None if nothing says it."""
    assert a_control("gray").scenario == "gray"
    assert a_control().scenario is None


def test_the_control_run_of_a_scenario_is_found_among_several() -> None:
    """Wherever it stands and however its name is written; one without a name is not taken for it."""
    runs = [a_control(), a_control("Combined"), a_control("gray")]
    assert control_of("combined", runs) is runs[1]
    assert control_of("GRAY", runs) is runs[2]
    assert control_of("swizzle", runs) is None
    assert control_of(None, runs) is None
    assert control_of("", runs) is None


@pytest.mark.parametrize(
    ("scenario", "of", "why"),
    [
        ("gray", [], "there is no control run that could be used"),
        (None, [], "there is no control run that could be used"),
        ("gray", ["combined"], "there is no control run of scenario 'gray', only of 'combined'"),
        ("gray", ["b", "a"], "there is no control run of scenario 'gray', only of 'b', 'a'"),
        ("gray", ["b", None], "there is no control run of scenario 'gray', only of 'b'"),
        (None, ["b", "a"], "its scenario is unknown, and there are control runs of 'b', 'a'"),
        ("\x1b[m", ["b\n"], r"there is no control run of scenario '\x1b[m', only of 'b\n'"),
    ],
)
def test_why_there_is_no_control_run(scenario: str | None, of: list[str | None], why: str) -> None:
    """With the scenarios that have one, as they are written; names are foreign text."""
    assert why_no_control(scenario, [a_control(name) for name in of]) == why


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (["a", None], "control run control-None: with several, name the scenario of each: SCENARIO=RUN"),
        ([None, None], "control run control-None: with several, name the scenario of each: SCENARIO=RUN"),
        (["b", "Gray", "GRAY"], "control run control-Gray: expected one of each scenario, found two of 'gray'"),
        (["a\x1b"] * 2, r"control run control-a\x1b: expected one of each scenario, found two of 'a\x1b'"),
    ],
)
def test_control_runs_of_which_none_is_meant_are_refused(of: list[str | None], told: str) -> None:
    """The first of them is named; its name is foreign text."""
    with pytest.raises(UsageError) as refused:
        refuse_unclear([a_control(name) for name in of])
    assert str(refused.value) == told


@pytest.mark.parametrize("of", [[], [None], ["gray"], ["gray", "combined"]])
def test_control_runs_that_can_be_told_apart_are_taken(of: list[str | None]) -> None:
    """A single one need not say what it ran."""
    refuse_unclear([a_control(name) for name in of])
