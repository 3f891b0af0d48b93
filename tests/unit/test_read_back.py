"""What was written by another job and is read back may hold counts that cannot be: told, and never reckoned with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.archives import a_verdict_file
from tests.support.checking import checked
from tests.support.histories import a_record, work
from tests.support.night_folders import a_plan
from tests.support.reports import a_flat_report
from tests.support.tracked_issues import a_green_night, a_red_night
from vopr_coverage.base.file import base_from_bytes
from vopr_coverage.errors import UserError
from vopr_coverage.nightly.plan import plan_from_json
from vopr_coverage.nightly.verdict import NightVerdict, TrendLine, night_from_json
from vopr_coverage.render.issue import IssueAbout, issue_title, render_issue
from vopr_coverage.render.night import render_night_markdown, render_night_text
from vopr_coverage.trends.compare import lately
from vopr_coverage.trends.history import parse_history
from vopr_coverage.trends.of_night import records_of

COUNTS: tuple[int | None, ...] = (None, 0, 1, 2, 5, 2**31, 2**63 - 1, 2**63, 2**64, 10**40, 10**400)
NIGHT = a_red_night(5, seed_base="7", work=(work("long-run"), work("canary")), seeds_doubled=9, at_most=0.3)


def with_fields(document: NightVerdict, **fields: Any) -> bytes:
    """The file with these fields changed."""
    return json.dumps(json.loads(document.to_json()) | fields).encode()


def publish(night: NightVerdict) -> None:
    """All that is made of a night that was read back."""
    render_night_text(night)
    render_night_markdown(night)
    issue_title(night)
    render_issue(night, IssueAbout())
    records_of(night, datetime(2026, 11, 26, tzinfo=UTC))


def test_canaries_of_a_night_are_counts_that_can_be_or_refused() -> None:
    """As many as were declared at most, both or neither, and below 2^63; whatever is read can be published."""
    for detected, declared in product(COUNTS, COUNTS):
        data = with_fields(NIGHT, detected=detected, declared=declared)
        can_be = (detected is None) == (declared is None) and (detected or 0) <= (declared or 0) < 2**63
        try:
            publish(night_from_json(data, "night.json"))
        except UserError:
            assert not can_be, (detected, declared)
        else:
            assert can_be, (detected, declared)


def test_what_cannot_be_is_told() -> None:
    """By its place in the file."""
    with pytest.raises(UserError, match=r"night\.json#/detected: expected at most 5, of which .* found 6"):
        night_from_json(with_fields(NIGHT, detected=6, declared=5), "night.json")
    with pytest.raises(UserError, match=r"night\.json#/seeds_differing: expected at most 9, of which .* found 10"):
        night_from_json(with_fields(NIGHT, seeds_differing=10), "night.json")
    gate: dict[str, Any] = {"score": 1.0, "planted": 3, "noticed": 4, "minimum": None, "blind_spots": []}
    with pytest.raises(UserError, match=r"night\.json#/gate/noticed: expected at most 3, of which .* found 4"):
        night_from_json(with_fields(NIGHT, gate=gate), "night.json")


def test_seeds_that_ran_twice_and_their_bound_go_together() -> None:
    """A bound out of nothing is none."""
    for doubled, at_most in product(COUNTS, (None, 0, 0.5, 1)):
        data = with_fields(NIGHT, seeds_doubled=doubled, at_most=at_most)
        can_be = (doubled or 0) < 2**63 and bool(doubled) == (at_most is not None)
        try:
            publish(night_from_json(data, "night.json"))
        except UserError:
            assert not can_be, (doubled, at_most)
        else:
            assert can_be, (doubled, at_most)


# A number with a fraction has 53 digits in base two: of 2^64-1 it makes 2^64.
LARGE = msgspec.structs.replace(
    NIGHT, trends=(TrendLine("long-run", "a", "iterations", (float(2**64 - 1), None), float(2**64 - 1)),)
)


@pytest.mark.parametrize("night", [NIGHT, LARGE, a_red_night(5), a_green_night(5)])
def test_what_we_write_is_read_back(night: NightVerdict) -> None:
    """The rules refuse nothing of ours."""
    assert night_from_json(night.to_json().encode(), "night.json") == night


def test_a_record_of_more_canaries_than_declared_is_left_out_of_the_history() -> None:
    """Its share would be above all others for weeks."""
    for detected, declared in product((None, 0, 4, 5, 6, 2**63 - 1), (None, 0, 5, 2**63 - 1)):
        line = msgspec.json.encode(a_record(1, job="canary", detected=detected, declared=declared))
        history = parse_history(line, "trends.ndjson")
        assert bool(history.records) == ((detected or 0) <= (declared or 0)), (detected, declared)
        assert bool(history.warnings) != bool(history.records)
        lately([*history.records, *(a_record(n, job="canary", detected=5, declared=5) for n in range(2, 6))])


@pytest.mark.parametrize("hit", [0, 3, 4, 5, 2**64, 10**400], ids=lambda hit: str(len(str(hit))))
def test_a_base_that_hit_more_points_than_there_are_is_none(tmp_path: Path, hit: int) -> None:
    """It is told, and the gate is not measured."""
    base = json.loads(a_verdict_file(str(tmp_path)))
    base["reports"][0]["report"]["fault_points_hit"] = hit
    now = tmp_path / "now.json"
    now.write_bytes(a_flat_report())
    found = base_from_bytes(json.dumps(base).encode(), "a run")
    assert (found.missing is None) == (hit == 3)
    verdict = checked([str(now)], profile="smoke_test", base=found, max_regression="0, lost=any")
    assert verdict.passed == (hit == 3)


@pytest.mark.parametrize(
    ("change", "at"),
    [
        (lambda plan: plan["work"][0].update(planned=121), "#/work/0/planned: expected at most 120, as many as were"),
        (lambda plan: plan["work"][3].update(asked=59), "#/work/3/planned: expected at most 59, as many as were"),
        (lambda plan: plan["long_run"]["include"][1].update(shard=3), "#/long_run/include/1/shard: expected a number"),
        (lambda plan: plan["coverage"]["include"][0].update(shard=256), "#/coverage/include/0/shard: expected a numb"),
    ],
)
def test_a_plan_of_more_than_was_asked_for_is_refused(change: Any, at: str) -> None:
    """It would pass for a night that is large enough."""
    plan = json.loads(a_plan().to_json())
    change(plan)
    with pytest.raises(UserError, match=at):
        plan_from_json(json.dumps(plan).encode(), "plan.json")
