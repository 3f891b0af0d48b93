"""The last green night, and the four figures that always stand on a night's page."""

from __future__ import annotations

from math import inf

import pytest
from msgspec.structs import replace

from tests.support.histories import a_record
from tests.support.red_nights import a_green_night
from vopr_coverage.model.verdict import VerdictStatus
from vopr_coverage.nightly.verdict import GreenNight, NightRun, TrendLine, Work
from vopr_coverage.trends.green import last_green
from vopr_coverage.trends.history import TrendRecord
from vopr_coverage.trends.standing import standing_figures

COMMIT = "fedcba9876543210fedcba9876543210fedcba98"


def ended(number: int, status: VerdictStatus, attempt: int = 1, **more: object) -> TrendRecord:
    """A record of a night that ended so."""
    record = replace(a_record(number), status=status, run_attempt=attempt, commit=COMMIT)
    return replace(record, run_id=str(100 + number), **more)


TONIGHT = NightRun("110", 1, 50, COMMIT, a_record(0).workflow)


def test_the_last_green_night_is_the_newest_before_tonight() -> None:
    """Of this workflow; a night that was red when it was started again is red, and later nights are none before."""
    history = [
        ended(1, "passed"),
        ended(3, "passed"),
        ended(4, "passed"),
        ended(4, "failed", attempt=2),
        ended(5, "incomplete"),
        ended(6, "passed", workflow="another"),
        ended(10, "passed"),
        ended(12, "passed"),
    ]
    record = ended(3, "passed")
    expected = GreenNight("103", record.run_number, COMMIT, record.at[:10])
    assert last_green(history, TONIGHT) == expected
    assert last_green(reversed(history), TONIGHT) == expected
    assert last_green([ended(5, "failed")], TONIGHT) is None
    assert last_green([], TONIGHT) is None


def test_outside_of_github_every_night_is_an_earlier_one() -> None:
    """There is no run whose number could tell."""
    history = [ended(1, "passed", workflow=""), replace(ended(2, "passed", workflow=""), run_id="", commit=None)]
    green = last_green(history, NightRun())
    assert green == GreenNight("", history[1].run_number, None, history[1].at[:10])


def told(*lines: TrendLine, work: tuple[Work, ...] = ()) -> dict[str, tuple[float | None, ...]]:
    """The figures of a night with these trends, by name."""
    return {line.figure: line.values for line in standing_figures(a_green_night(trends=lines, work=work))}


def of(figure: str, *values: float | None, scenario: str = "a", job: str = "long-run") -> TrendLine:
    """A line of the long run."""
    return TrendLine(job, scenario, figure, values)


def test_four_figures_stand_for_all_scenarios_together() -> None:
    """Iterations and seeds are summed, the rate is that of all iterations, and coverage is the lowest."""
    share, rate = "failed seeds per 1,000 iterations", "iterations a second"
    figures = told(
        of("iterations", 1_000.0, 2_000.0),
        of("iterations", 3_000.0, 2_000.0, scenario="b"),
        of(rate, 10.0, 20.0),
        of(rate, 30.0, 20.0, scenario="b"),
        of(share, 1.0, 0.0),
        of(share, 1.0, 0.5, scenario="b"),
        of("fault point coverage in %", 100.0, 90.0, job="coverage"),
        of("fault point coverage in %", 95.0, 100.0, scenario="b", job="coverage"),
    )
    assert figures == {
        "fault point coverage in %": (95.0, 90.0),
        "iterations": (4_000.0, 4_000.0),
        "failed seeds": (4.0, 1.0),
        rate: (20.0, 20.0),
    }


def test_a_part_of_a_sum_is_a_gap_and_not_a_loss() -> None:
    """A scenario that is new, or was not measured; a history that is longer than another ends with the same night."""
    lines = (of("iterations", None, 5.0, 7.0), of("iterations", 1.0, 2.0, scenario="b"))
    assert told(*lines)["iterations"] == (None, 6.0, 9.0)
    assert told(of("iterations", 5.0, None))["iterations"] == (5.0, None)


@pytest.mark.parametrize("value", [0.0, 1e308, 1e-308])
def test_any_number_of_a_file_can_stand_there(value: float) -> None:
    """What cannot be computed is a gap."""
    lines = [of(name, value, value) for name in ("iterations", "iterations a second")]
    lines += [replace(line, scenario="b") for line in lines]
    lines.append(of("failed seeds per 1,000 iterations", value, value))
    for values in told(*lines).values():
        assert all(number is None or 0 <= number < inf for number in values)


def test_without_trends_tonight_stands_alone() -> None:
    """As on a laptop."""
    work = (
        Work("long-run", "a", 10, 10, 10, 1, failed=2, rate=4.0),
        Work("coverage", "a", 10, 10, 10, 1, fault_points_hit=3, fault_points_known=4),
    )
    assert told(work=work) == {
        "fault point coverage in %": (75.0,),
        "iterations": (10.0,),
        "failed seeds": (2.0,),
        "iterations a second": (4.0,),
    }
    assert told() == {}
