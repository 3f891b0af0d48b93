"""Canaries of a night, as findings: whole ones, of missed canaries, of control runs, and of other seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.night_folders import a_recorded_run
from vopr_coverage.canaries.controls import ControlSeen
from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult, CanaryVerdict
from vopr_coverage.nightly.findings import canary_findings, other_seeds
from vopr_coverage.nightly.plan import CanaryRange
from vopr_coverage.nightly.verdict import Finding

AS_PLANNED = "Start every run with the seed and the scenario of the plan."
MISSED = CanaryResult("bug", CanaryEnding.NOT_DETECTED, "inv\tariant x", "", advice="Give it more seeds.")


def a_finding(line: str, what_to_do: str, source: str = "bug", **more: Any) -> Finding:
    """A finding on canaries."""
    return Finding(job="canary", source=source, kind="canary", line=line, advice=what_to_do, **more)


def found(*results: CanaryResult, controls: tuple[ControlSeen, ...] = ()) -> list[Finding]:
    """The findings of a verdict with these results."""
    verdict = CanaryVerdict(False, "", "1.0", "", (), results, 0, 0, 0.0, 1.0, controls=controls)
    return list(canary_findings(verdict))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "not detected; expected: inv\\tariant x"),
        ({"detail": "60 seeds\nheld"}, "not detected: 60 seeds\\nheld; expected: inv\\tariant x"),
        ({"why": "it is\ndead"}, "not detected; it is\\ndead; expected: inv\\tariant x"),
        ({"detail": "a", "why": "b"}, "not detected: a; b; expected: inv\\tariant x"),
    ],
)
def test_a_canary_that_was_missed_says_how_and_what_was_expected(changes: dict[str, str], line: str) -> None:
    """With its own advice; how it ended is the rule, and what was expected is kept as a message."""
    expected = a_finding(line, "Give it more seeds.", rule="not detected", message="inv\\tariant x")
    assert found(replace(MISSED, **changes)) == [expected]


def test_every_ending_but_one_is_a_finding() -> None:
    """A detected canary is none."""
    endings = [ending for ending in CanaryEnding if ending is not CanaryEnding.DETECTED]
    results = [replace(MISSED, name=str(ending), ending=ending) for ending in CanaryEnding]
    assert [(finding.source, finding.rule) for finding in found(*results)] == [
        (str(ending), str(ending)) for ending in endings
    ]


def test_each_problem_of_a_control_run_comes_first() -> None:
    """It hides what a canary does."""
    controls = (
        ControlSeen("control", "calm"),
        ControlSeen("storm-control", "stormy", ("1 seed\tfailed", "a property was violated")),
    )
    first = [
        a_finding(
            f"the control run is not green: {problem}",
            "Fix this first: it hides the effect of a canary.",
            "storm-control",
        )
        for problem in ("1 seed\\tfailed", "a property was violated")
    ]
    assert found(MISSED, controls=controls) == [*first, *found(MISSED)]


# ---- other seeds than planned


@pytest.mark.parametrize(
    ("ran", "lines"),
    [
        ({}, []),
        ({"scenario": "COMBINED"}, []),
        ({"seed": 101}, ["bug ran 60 iterations from seed 101, planned were 60 from 100"]),
        ({"iterations": 1}, ["bug ran 1 iteration from seed 100, planned were 60 from 100"]),
        ({"scenario": "ca\tlm"}, ["it is of scenario ca\\tlm, planned was combined"]),
        (
            {"seed": 101, "scenario": "calm"},
            [
                "bug ran 60 iterations from seed 101, planned were 60 from 100",
                "it is of scenario calm, planned was combined",
            ],
        ),
    ],
)
def test_a_canary_ran_what_was_planned_or_says_what_it_ran(
    tmp_path: Path, ran: dict[str, Any], lines: list[str]
) -> None:
    """It is not compared with the control run of the same seeds otherwise. Canaries that are lost, or cannot be read,
    have other findings, and what comes behind them is judged all the same."""
    planned = [CanaryRange(name, "combined", "100", 60) for name in ("control", "absent", "broken", "bug")]
    a_recorded_run(tmp_path / "control", 3, 9)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{", encoding="utf-8")
    a_recorded_run(tmp_path / "bug", **{"seed": 100, "iterations": 60} | ran)
    assert list(other_seeds(planned, tmp_path)) == [a_finding(line, AS_PLANNED) for line in lines]


def test_what_was_planned_is_told_in_printable_form(tmp_path: Path) -> None:
    """With thousands apart; the name of a scenario is the config's."""
    a_recorded_run(tmp_path / "bug", 7, 3)
    planned = [CanaryRange("bug", "ca\tlm", "100", 1_000, "build")]
    assert list(other_seeds(planned, tmp_path)) == [
        a_finding("bug ran 3 iterations from seed 7, planned were 1,000 from 100", AS_PLANNED),
        a_finding("it is of scenario combined, planned was ca\\tlm", AS_PLANNED),
    ]
