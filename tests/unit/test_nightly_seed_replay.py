"""Seeds that are played again: the runs that a file plans, and the result of each in words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.canary_runs import a_run, a_stored, failures, silent
from vopr_coverage.errors import UsageError
from vopr_coverage.model.crash import Crash
from vopr_coverage.model.report import Run
from vopr_coverage.nightly.plan import SeedRange
from vopr_coverage.nightly.regression_file import RegressionSeeds
from vopr_coverage.nightly.replay import (
    SeedToReplay,
    replay_folder,
    replay_result,
    replay_runs,
    seeds_to_replay,
    why_incomplete,
)

KNOWN = [RegressionSeeds("gray", ("7", "8")), RegressionSeeds("combined", ("7",))]
COMMAND = ("vopr", "--scenario={scenario}", "--seed={seed}")


# ---- planned


def test_each_seed_is_a_run_of_one_iteration() -> None:
    """In the order of the file, each in a folder of its own, whoever plays it."""
    assert replay_runs(KNOWN) == [
        SeedRange("gray-7", "gray", "7", 1),
        SeedRange("gray-8", "gray", "8", 1),
        SeedRange("combined-7", "combined", "7", 1),
    ]
    assert [*seeds_to_replay(KNOWN, COMMAND)] == [
        SeedToReplay("gray", "7", "gray-7"),
        SeedToReplay("gray", "8", "gray-8"),
        SeedToReplay("combined", "7", "combined-7"),
    ]
    assert replay_folder("gray", "7") == "gray-7"


@pytest.mark.parametrize(
    ("known", "command", "problem"),
    [
        (KNOWN, ("vopr", "{scenario}"), "the command has no {seed}, so it cannot replay one seed"),
        (KNOWN[:1], ("vopr", "seed"), "the command has no {seed}, so it cannot replay one seed"),
        ([], ("vopr",), "the command has no {seed}, so it cannot replay one seed"),
        (KNOWN, ("vopr", "{se", "ed}", "{scenario}"), "the command has no {seed}, so it cannot replay one seed"),
        (
            KNOWN,
            ("vopr", "{seed}"),
            "the command has no {scenario}, and the seeds belong to several scenarios",
        ),
        (
            KNOWN,
            ("vopr", "{seed}", "{scen", "ario}"),
            "the command has no {scenario}, and the seeds belong to several scenarios",
        ),
    ],
)
def test_a_command_that_would_play_something_else_is_refused(
    known: list[RegressionSeeds], command: tuple[str, ...], problem: str
) -> None:
    """Placeholders are filled in word by word."""
    with pytest.raises(UsageError) as refused:
        list(seeds_to_replay(known, command))
    assert str(refused.value) == problem


@pytest.mark.parametrize("known", [KNOWN[:1], []])
def test_seeds_of_one_scenario_need_no_scenario_in_the_command(known: list[RegressionSeeds]) -> None:
    """The command has it."""
    assert len([*seeds_to_replay(known, ("vopr", "-s{seed}"))]) == 2 * len(known)


# ---- played

ALONE: dict[str, Any] = {"starting_seed": 7}
DIED = Crash(signal=6, last_words=("no quorum",))


@pytest.mark.parametrize(
    ("run", "manifest", "result"),
    [
        (a_run(1, **ALONE), {}, "held"),
        (None, {"exit_code": 1}, "recorded, but its stream cannot be read"),
        (a_run(1, failures=(failures("crash", 7, crash=DIED),)), {"signal": 6}, "crashed, ended by signal 6"),
        (
            a_run(1, failures=(failures("agreement", 7), failures("crash", 7, crash=DIED))),
            {"signal": 6},
            "crashed, ended by signal 6",
        ),
        (
            a_run(1, failures=(failures("agree\x1b", 7), failures("order", 7)), silent_failures=silent(7)),
            {"exit_code": 1},
            r"failed invariant agree\x1b",
        ),
        (a_run(2, silent_failures=silent(7)), {"exit_code": 1}, "failed without a record"),
        (a_run(2, **ALONE), {}, "recorded, but it is not a run of this seed alone"),
        (a_run(1), {}, "recorded, but it is not a run of this seed alone"),
        (a_run(1, starting_seed=None), {"exit_code": 3}, "recorded, but it is not a run of this seed alone"),
        (a_run(1, **ALONE), {"exit_code": 3}, "recorded, ended with exit code 3"),
        (a_run(1, **ALONE), {"exit_code": None, "signal": 9}, "recorded, ended by signal 9"),
    ],
)
def test_the_result_of_one_seed(run: Run | None, manifest: dict[str, Any], result: str) -> None:
    """What failed comes before what is wrong with the run, and that before how its simulator ended."""
    assert replay_result(a_stored(**manifest), run, "7") == result


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ({}, "its stream has no start and end"),
        ({"timed_out": True, "timeout_s": 2.5}, "timed out after 2.5 s"),
        ({"interrupted": True}, "interrupted"),
        ({"exit_code": 101}, "ended with exit code 101"),
    ],
)
def test_why_a_seed_has_no_whole_recording(manifest: dict[str, Any], why: str) -> None:
    """What is known of its end."""
    assert why_incomplete(a_stored(**manifest)) == why
