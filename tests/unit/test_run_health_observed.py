"""What run health tells of formats without run records: whole outcomes, in the words that a user reads."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.judged_runs import FLAT
from vopr_coverage.gates.observed import finish_outcome, properties_outcome, undecided_outcome
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.points import Broken, Observed
from vopr_coverage.model.report import Finish

UNKNOWN_END = (
    "This format doesn't tell whether a run finished: name the event that the program reports at its end as "
    "`complete_when` in the config, or excuse the gate with `on_not_measured`."
)
ENDED_EARLY = "Look at the program's own output and exit status, and run it again."
UNDECIDED = "The tester could not tell whether it holds: look at its own output, or let it run longer."
BROKEN = "A property that must hold was broken: look at the run in which it was."


# ---- whether the run finished


def test_a_run_that_says_that_it_finished_has_finished() -> None:
    """Nothing more is asked of it."""
    finished = Outcome("run-complete", Status.PASSED, "finished", "the run finished", "always")
    assert finish_outcome(Finish(known=True)) == finished


@pytest.mark.parametrize("known", [True, False])
def test_a_run_that_ended_early_fails_with_how_it_ended(known: bool) -> None:
    """That is certain, whatever else is not."""
    why = "there is no event of its end"
    line = f"Run incomplete: {why}"
    assert finish_outcome(Finish(known, ended_early=why)) == Outcome(
        "run-complete",
        Status.FAILED,
        "ended early",
        "the run finished",
        "always",
        violations=(Shortfall("RunIncomplete", "Run incomplete", "A run that finished", why, line),),
        advice=ENDED_EARLY,
    )


def test_an_end_that_nothing_tells_of_is_not_measured() -> None:
    """It is neither a pass nor a run that broke off."""
    line = "Whether the run finished is not measured"
    assert finish_outcome(Finish(known=False)) == Outcome(
        "run-complete",
        Status.NOT_MEASURED,
        "not measured",
        "the run finished",
        "always",
        violations=(Shortfall("NotMeasured", line, "A run that finished", "not measured", line),),
        advice=UNKNOWN_END,
    )


# ---- whether its properties held


def not_decided(*names: str) -> Outcome:
    """The outcome of properties that may hold."""
    lines = [f"Property '{name}' was not decided" for name in names]
    told = [
        Shortfall("NotMeasured", line, "Holds", "not measured", line, point=name)
        for name, line in zip(names, lines, strict=True)
    ]
    return Outcome(
        "properties",
        Status.NOT_MEASURED,
        "not measured",
        "0 violated",
        "always",
        violations=tuple(told),
        advice=UNDECIDED,
    )


def broken(told: str, *violations: Shortfall) -> Outcome:
    """The outcome of properties that were broken."""
    return Outcome(
        "properties",
        Status.FAILED,
        told,
        "0 violated",
        "always",
        len(violations),
        violations=violations,
        advice=BROKEN,
    )


def test_properties_that_held_pass_with_a_figure() -> None:
    """Also those of a file that observed nothing."""
    passed = Outcome("properties", Status.PASSED, "0 violated", "0 violated", "always", 0)
    assert properties_outcome(replace(FLAT, observed=Observed())) == passed
    assert properties_outcome(FLAT) == passed


def test_each_broken_property_is_told_in_the_words_of_its_format() -> None:
    """With the number of runs, if there are several."""
    two = {"p": Broken("p", "broke its promise"), "q": Broken("q", "was false", runs=2)}
    assert properties_outcome(replace(FLAT, observed=Observed(broken=two))) == broken(
        "2 violated",
        Shortfall(
            "PropertyViolated",
            "Property 'p' broke its promise",
            "Holds",
            "Violated",
            "Property 'p' broke its promise",
            point="p",
        ),
        Shortfall(
            "PropertyViolated",
            "Property 'q' was false",
            "Holds",
            "Violated in 2 runs",
            "Property 'q' was false, in 2 runs",
            point="q",
        ),
    )


def test_what_is_not_decided_is_not_measured_unless_something_is_broken() -> None:
    """A violation is certain, and comes alone."""
    assert undecided_outcome(("p", "q")) == not_decided("p", "q")
    assert properties_outcome(replace(FLAT, observed=Observed(undecided=("p", "q")))) == not_decided("p", "q")
    both = Observed(broken={"r": Broken("r", "was false")}, undecided=("p",))
    line = "Property 'r' was false"
    assert properties_outcome(replace(FLAT, observed=both)) == broken(
        "1 violated", Shortfall("PropertyViolated", line, "Holds", "Violated", line, point="r")
    )
