"""The verdict on a night as data: which run it is of, the verdict on nothing, and the counts that no night has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from vopr_coverage.errors import UserError
from vopr_coverage.nightly.verdict import GateScore, NightRun, NightVerdict, SeedsRan, Work, night_from_json, night_run
from vopr_coverage.runner.environment import Runner

COMMIT = "fedcba9876543210fedcba9876543210fedcba98"
RUNNER = Runner(
    server_url="https://ghe.example",
    repository="owner/name",
    run_id="4711",
    run_attempt="2",
    run_number="41",
    sha=COMMIT,
    workflow="Simulation nightly",
)
RUN = NightRun(
    run_id="4711",
    run_attempt=2,
    run_number=41,
    commit=COMMIT,
    workflow="Simulation nightly",
    url="https://ghe.example/owner/name/actions/runs/4711/attempts/2",
)
NIGHT = NightVerdict(
    status="passed",
    passed=True,
    reason="all 7 parts passed",
    version="1.0",
    place=RUN,
    work=(Work("long-run", "combined", 10, 10, 10, 1), Work("coverage", "combined", 10, 10, 10, 1)),
    detected=1,
    declared=2,
    seeds_doubled=9,
    seeds_differing=1,
    at_most=0.5,
    gate=GateScore(0.5, 4, 2, None),
    seeds_ran=(SeedsRan("long-run", "combined", "7", 10), SeedsRan("coverage", "combined", "17", 10)),
)


# ---- which run it is


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, RUN),
        ({"run_number": "4x"}, replace(RUN, run_number=0)),
        ({"run_number": ""}, replace(RUN, run_number=0)),
        ({"run_number": "9" * 18}, replace(RUN, run_number=10**18 - 1)),
        ({"run_number": "9" * 19}, replace(RUN, run_number=0)),
        ({"run_number": "٤"}, replace(RUN, run_number=0)),  # a digit, and not one of ASCII
        ({"sha": "HEAD"}, replace(RUN, commit=None)),
        ({"sha": f"{COMMIT}x"}, replace(RUN, commit=None)),
        ({"repository": ""}, replace(RUN, url="")),
        ({"run_id": "47x"}, NightRun()),
        ({"run_attempt": "2x"}, NightRun()),
        ({"run_id": "", "run_attempt": ""}, NightRun()),
    ],
)
def test_a_night_is_the_run_that_the_runner_describes(changes: dict[str, str], expected: NightRun) -> None:
    """Without an id and an attempt it is no run at all; what else is no number or commit is left out."""
    assert night_run(replace(RUNNER, **changes)) == expected
    assert NightRun() == NightRun(run_id="", run_attempt=1, run_number=0, commit=None, workflow="", url="")


# ---- the verdict on nothing


def test_where_nothing_could_be_judged_the_verdict_is_an_error() -> None:
    """The reason is the first line of the error, which is there as a whole."""
    expected = NightVerdict(
        status="error",
        passed=False,
        reason="nothing was judged: gate.yml:3: no such key",
        version="1.0",
        place=RUN,
        error="gate.yml:3: no such key\nand more",
    )
    assert NightVerdict.not_judged("1.0", "gate.yml:3: no such key\nand more", RUN) == expected


# ---- reading it back


def problems(night: NightVerdict) -> list[str]:
    """What reading it complains of."""
    try:
        night_from_json(night.to_json().encode(), "night.json")
    except UserError as error:
        return str(error).splitlines()
    return []


def test_a_night_is_read_as_it_was_written() -> None:
    """Every field, at the largest counts that can be."""
    most = (1 << 63) - 1
    largest = replace(
        NIGHT,
        detected=most,
        declared=most,
        seeds_doubled=most,
        seeds_differing=most,
        gate=GateScore(1.0, most, most, None),
        place=replace(RUN, run_number=most),
        work=(replace(NIGHT.work[0], ran=most),),
        seeds_ran=(SeedsRan("long-run", "combined", str((1 << 64) - 1), 1),),
    )
    for night in (NIGHT, largest, replace(NIGHT, detected=None, declared=None, seeds_differing=None, gate=None)):
        assert night_from_json(night.to_json().encode(), "night.json") == night


def test_a_file_that_is_no_night_is_named() -> None:
    """By its own name and place, with what was expected."""
    with pytest.raises(UserError) as raised:
        night_from_json(b"[]", "night.json")
    assert str(raised.value) == "night.json#: expected a verdict on a night, found an array of 0"
    broken = json.loads(NIGHT.to_json()) | {"passed": 1}
    with pytest.raises(UserError) as raised:
        night_from_json(json.dumps(broken).encode(), "night.json")
    assert str(raised.value) == "night.json#/passed: expected true or false, found 1"


BELOW = "expected a count below 2^63, found 9223372036854775808"
TOO_MANY = 1 << 63


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"seeds_doubled": TOO_MANY}, [f"#/seeds_doubled: {BELOW}"]),
        ({"place": replace(RUN, run_number=TOO_MANY)}, [f"#/place/run_number: {BELOW}"]),
        ({"work": (NIGHT.work[0], replace(NIGHT.work[1], ran=TOO_MANY))}, [f"#/work/1/ran: {BELOW}"]),
        ({"detected": None}, ["#/detected: expected a number beside declared, found null"]),
        (
            {"declared": None},
            [
                "#/detected: expected a number beside declared, found 1",
                "#/detected: expected at most 0, of which it is a part, found 1",
            ],
        ),
        ({"detected": 3}, ["#/detected: expected at most 2, of which it is a part, found 3"]),
        ({"seeds_differing": 10}, ["#/seeds_differing: expected at most 9, of which it is a part, found 10"]),
        (
            {"seeds_doubled": None, "at_most": None},
            ["#/seeds_differing: expected at most 0, of which it is a part, found 1"],
        ),
        (
            {"gate": GateScore(1.0, 4, 5, None)},
            ["#/gate/noticed: expected at most 4, of which it is a part, found 5"],
        ),
        ({"at_most": None}, ["#/at_most: expected a bound where seeds ran twice, and only there, found null"]),
        (
            {"seeds_doubled": 0, "seeds_differing": 0},
            ["#/at_most: expected a bound where seeds ran twice, and only there, found 0.5"],
        ),
        (
            {"seeds_ran": (NIGHT.seeds_ran[0], SeedsRan("coverage", "combined", str(1 << 64), 1))},
            ["#/seeds_ran/1/seed: expected a seed below 2^64, found '18446744073709551616'"],
        ),
    ],
)
def test_counts_that_no_night_has_are_told_by_their_place(changes: dict[str, Any], lines: list[str]) -> None:
    """The schema allows them; shares and bounds would be computed from them."""
    assert problems(replace(NIGHT, **changes)) == [f"night.json{line}" for line in lines]


def test_all_that_cannot_be_is_told_at_once() -> None:
    """In the order of the rules."""
    night = replace(NIGHT, detected=3, at_most=None)
    assert problems(night) == [
        "night.json#/detected: expected at most 2, of which it is a part, found 3",
        "night.json#/at_most: expected a bound where seeds ran twice, and only there, found null",
    ]
