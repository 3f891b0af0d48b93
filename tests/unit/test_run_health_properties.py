"""What the gates on properties and determinism tell: whole outcomes, in the words that a user reads."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judged_runs import CUT, FLAT, a_recording, a_run
from tests.support.reports import requiring
from vopr_coverage.gates.health import judge_determinism, judge_properties
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.points import Broken, Observed
from vopr_coverage.model.report import Input, Properties, SeedList
from vopr_coverage.model.thresholds import Bounds, nothing_layer, resolve

NOTHING = requiring()
BROKEN = "A property that must always hold was broken, although the simulator exits with 0."
UNDECIDED = "The tester could not tell whether it holds: look at its own output, or let it run longer."
REPLAY = (
    "Replay these seeds without --check-determinism: a seed that then holds is nondeterministic, one that fails is an "
    "ordinary bug. Run the check with --no-trace-on-failure: while it keeps traces, VOPR calls ordinary failures "
    "nondeterministic, too."
)
NOT_REPORTED = (
    "The report has no such figure: have the simulator write it, or set this minimum to 0, or excuse the gate with "
    "`on_not_measured`."
)
NO_RUN = "this format has no run records"
UNFINISHED = "the run did not finish"


# ---- properties


PASSED = Outcome("properties", Status.PASSED, "0 violated", "0 violated", "always", 0)
UNKNOWN = Shortfall(
    "NotMeasured",
    "Property violations: not measured",
    "Measured",
    "not measured",
    "Property violations: not measured",
)
MISSED = Outcome(
    "properties", Status.NOT_MEASURED, "not measured", "0 violated", violations=(UNKNOWN,), advice=NOT_REPORTED
)
OPEN = Outcome(
    "properties",
    Status.NOT_MEASURED,
    "not measured",
    "0 violated",
    "always",
    violations=(
        Shortfall(
            "NotMeasured",
            "Property 'p' was not decided",
            "Holds",
            "not measured",
            "Property 'p' was not decided",
            point="p",
        ),
    ),
    advice=UNDECIDED,
)


def violated(*names: str) -> Outcome:
    """The outcome of a stream with these violated properties."""
    lines = [f"Property '{name}' was violated" for name in names]
    told = [
        Shortfall("PropertyViolated", line, "Holds", "Violated", line, point=name)
        for name, line in zip(names, lines, strict=True)
    ]
    count = len(names)
    return Outcome(
        "properties",
        Status.FAILED,
        f"{count} violated",
        "0 violated",
        "always",
        count,
        violations=tuple(told),
        advice=BROKEN,
    )


@pytest.mark.parametrize(
    ("read", "bounds", "expected"),
    [
        (a_run(), NOTHING, PASSED),
        (a_run(properties=Properties({}, violated_ids=("p", "q"))), NOTHING, violated("p", "q")),
        (
            a_run(ended_early=CUT, properties=Properties({}, violated_ids=("p",))),
            NOTHING,
            Outcome("properties", Status.NOT_MEASURED, "not measured", "0 violated", "always", note=UNFINISHED),
        ),
        (FLAT, NOTHING, Outcome("properties", Status.NOT_REQUIRED, "", "nothing", note=NO_RUN)),
        (FLAT, requiring(required_properties=["p"]), MISSED),
        (a_run(properties=None), requiring(min_properties={"always_evaluated": 1}), MISSED),
        (replace(a_run(), observed=Observed(undecided=("p",))), NOTHING, OPEN),
        (replace(a_run(properties=None), observed=Observed(undecided=("p",))), NOTHING, OPEN),
        (replace(FLAT, observed=Observed(undecided=("p",))), NOTHING, OPEN),
        (
            replace(a_run(properties=Properties({}, violated_ids=("q",))), observed=Observed(undecided=("p",))),
            NOTHING,
            violated("q"),
        ),
        # of a stream its own properties count, and not what was observed beside them
        (replace(a_run(), observed=Observed(broken={"p": Broken("p", "broke")})), NOTHING, PASSED),
    ],
)
def test_properties_are_told_by_name(read: Input, bounds: Bounds, expected: Outcome) -> None:
    """Violated, not decided, or not known."""
    assert judge_properties(read, bounds, None) == expected


def test_a_stream_without_properties_warns_until_somebody_has_decided() -> None:
    """A config has, and so has a format that says by itself what it observed."""
    warning = "This stream carries no properties: violated ones would not be seen."
    note = "this stream carries no properties"
    nobody = resolve(nothing_layer("profile none"))
    silent = Outcome("properties", Status.NOT_REQUIRED, "", "nothing", note=note)
    old = a_run(properties=None)
    assert judge_properties(old, nobody, None) == replace(silent, warnings=(warning,))
    assert judge_properties(old, requiring(min_properties={}), None) == silent
    assert judge_properties(replace(old, observed=Observed()), nobody, None) == silent


# ---- determinism


def lost(count: int, measured: str, line: str) -> Outcome:
    """The outcome of seeds that left no record."""
    told = Shortfall(
        "NondeterministicSeeds", "Seeds failed without a record", "A record for each", f"{count} without", line
    )
    return Outcome(
        "determinism", Status.FAILED, measured, "0 seeds", "always", count, violations=(told,), advice=REPLAY
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"double_runs": True}, Outcome("determinism", Status.PASSED, "0 seeds differ", "0 seeds", "always", 0)),
        (
            {},
            Outcome(
                "determinism",
                Status.NOT_REQUIRED,
                "",
                "nothing",
                note="seeds were not shown to run twice, see `vopr-coverage determinism`",
            ),
        ),
        ({"ended_early": CUT}, Outcome("determinism", Status.NOT_REQUIRED, "", "nothing", note=UNFINISHED)),
        (
            {"silent_failures": SeedList(1, (4,))},
            lost(1, "1 seed without a record", "Nondeterministic: 1 failed seed left no record: 4"),
        ),
        (
            {"silent_failures": SeedList(2, (4, 6)), "double_runs": True, "ended_early": CUT},
            lost(2, "2 seeds without a record", "Nondeterministic: 2 failed seeds left no record: 4, 6"),
        ),
    ],
)
def test_determinism_is_told_with_the_seeds_that_left_no_record(changes: dict[str, Any], expected: Outcome) -> None:
    """A run that passes has shown that its seeds ran twice."""
    assert judge_determinism(a_run(**changes), NOTHING, None) == expected


def test_seeds_without_a_record_may_be_failures_whose_traces_were_kept() -> None:
    """Then VOPR's check calls both by the same name."""
    command = ["vopr", "--seed", "{seed}", "--check-determinism"]
    read = replace(a_run(silent_failures=SeedList(1, (4,))), recording=a_recording(command=command))
    line = "Nondeterministic, or failed with traces kept: 1 failed seed left no record: 4"
    assert judge_determinism(read, NOTHING, None) == lost(1, "1 seed without a record", line)


def test_a_format_without_runs_has_no_determinism_to_show() -> None:
    """And is not reproached with it."""
    outcome = Outcome("determinism", Status.NOT_REQUIRED, "", "nothing", note=NO_RUN)
    assert judge_determinism(FLAT, NOTHING, None) == outcome
