"""The nightly's history: what is recorded, what of a file is believed, and how histories become one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.histories import FIRST_RUN, a_night, a_record, night_at, records, work
from vopr_coverage.errors import ReportError
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.text import without_mark
from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.nightly.verdict import COUNT_MAX, Work
from vopr_coverage.trends.clock import clock_went_back
from vopr_coverage.trends.file import read_history, record_night
from vopr_coverage.trends.history import (
    HISTORY_BYTES_MAX,
    TrendRecord,
    night_of,
    parse_history,
    text_of,
    union,
)
from vopr_coverage.trends.of_night import records_of

thorough = examples(200)

counts = st.none() | st.integers(0, 3)
histories = st.lists(
    st.builds(
        lambda number, attempt, scenario, ran, at, local: a_record(
            number, run_attempt=attempt, scenario=scenario, ran=ran, at=at, **({"run_id": ""} if local else {})
        ),
        st.integers(0, 3),
        st.integers(1, 2),
        st.sampled_from(["combined", "swizzle"]),
        counts,
        st.sampled_from(["2026-11-01T02:00:00Z", "2026-11-02T02:00:00Z"]),
        st.booleans(),
    ),
    max_size=6,
)


def line(**changes: Any) -> bytes:
    """A record as a line of a file; `changes` replace its fields, and `...` takes one away."""
    document = {**msgspec.to_builtins(a_record()), **changes}
    return json.dumps({key: value for key, value in document.items() if value is not ...}).encode() + b"\n"


# ---- what a night leaves


def test_a_night_leaves_a_record_per_job_and_scenario() -> None:
    """With the whole night's status, in UTC, and the figures as they were measured."""
    night = a_night(0, work(), work("coverage", ran=500, failed=2, view_changes=None), status="failed")
    east = datetime(2026, 11, 1, 4, 17, tzinfo=timezone(timedelta(hours=2)))
    first, second = records_of(night, east)
    assert (first.at, first.run_id, first.run_number) == ("2026-11-01T02:17:00Z", str(FIRST_RUN), 41)
    assert (second.job, second.scenario, second.status) == ("coverage", "combined", "failed")
    assert (second.ran, second.failed, second.view_changes) == (500, 2, None)


def test_what_left_no_recording_was_not_measured() -> None:
    """All runs lost: that nothing ran is not known. One of two lost: what the other ran is."""
    (lost,) = records(0, work(ran=0, rate=None, lost=2))
    assert (lost.asked, lost.planned, lost.ran, lost.failed) == (1_000, 1_000, None, None)
    (half,) = records(0, work(ran=500, lost=1))
    assert half.ran == 500
    (idle,) = records(0, work(planned=0, ran=0, runs=0))
    assert (idle.planned, idle.ran) == (0, 0)


def test_canaries_and_doubled_seeds_are_their_jobs() -> None:
    """They stand in those jobs' records, also where nothing else is known of the job, and nowhere else."""
    found = records(0, work(), work("canary"), detected=4, declared=5, seeds_doubled=900)
    told = {one.job: (one.detected, one.declared, one.seeds_doubled, one.ran) for one in found}
    assert told["long-run"] == (None, None, None, 1_000)
    assert told["canary"] == (4, 5, None, 1_000)
    assert told["determinism"] == (None, None, 900, None)


def test_every_figure_of_a_night_reaches_the_history() -> None:
    """With its own value. A figure of `Work` that a record shall not have is named here."""
    figures = [field for field in Work.__struct_fields__ if field not in ("job", "scenario", "first_hashes")]
    of_night = ["detected", "declared", "seeds_doubled"]
    numbers = {field: 100 + number for number, field in enumerate([*figures, *of_night])}
    in_records = {field for field in TrendRecord.__struct_fields__ if field in numbers}
    assert {*figures, *of_night} - in_records == {"runs", "lost", "failed_as_expected", "pairs"}
    given: dict[str, Any] = {field: numbers[field] for field in figures if field in in_records}
    for job, more in (("canary", ["detected", "declared"]), ("determinism", ["seeds_doubled"])):
        (record, *_) = records(0, work(job, **given), **{field: numbers[field] for field in of_night})
        for field in [*given, *more]:
            assert getattr(record, field) == numbers[field], field
    (record,) = records(0, work(first_hashes=("0" * 16,)), seed_base="7")
    assert (record.first_hashes, record.seed_base) == (("0" * 16,), "7")


def test_what_is_recorded_can_be_read_again() -> None:
    """Whatever a report claimed: a count beyond all measure is none, and a name is cut."""
    odd = work(scenario="x" * 500, ran=COUNT_MAX + 1, view_changes=1 << 70, rate=1e300)
    (record,) = records(0, odd)
    assert (record.ran, record.view_changes, record.rate, len(record.scenario)) == (None, None, None, 200)
    assert parse_history(text_of([record]), "h").records == (record,)


# ---- reading


def test_every_field_is_required_and_null_is_allowed_for_figures() -> None:
    """As the schema says it."""
    later = {"seed_base", "first_hashes", "names", "incidence"}  # records of older nights have none of them
    assert set(contract.schema("trend")["required"]) == set(TrendRecord.__struct_fields__) - later
    nothing = dict.fromkeys(["asked", "planned", "ran", "failed", "rate", "view_changes", "detected", "commit"])
    (record,) = parse_history(line(**nothing), "h").records
    assert record.ran is None


@pytest.mark.parametrize(
    "bad",
    [
        b"not json",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"x":' + b"[" * 100_000,
        line(extra=1),
        line(job=...),
        line(format="urn:vopr-coverage:schema:trend:v2"),
        line(ran=-1),
        line(ran=1.5),
        line(ran="5"),
        line(ran=True),
        line(ran=1 << 63),
        line(rate=-0.5),
        line(rate=1e300),
        line(rate=10**400),
        line(at="yesterday"),
        line(at="2026-11-01T02:17:00+00:00"),
        line(at="2026-11-01T02:17:00Z\n"),
        line(run_id="-1"),
        line(run_id="1\n"),
        line(run_id=1),
        line(run_id="1" * 21),
        line(run_attempt=None),
        line(commit="HEAD"),
        line(status="green"),
        line(scenario="x" * 201),
        line(scenario="\ud800"),
        line(rate=float("nan")),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_a_line_that_is_no_record_is_left_out_and_counted(bad: bytes) -> None:
    """The lines around it are read, and the first complaint has its line and what was expected."""
    found = parse_history(line() + bad.strip() + b"\n" + b"\n" + b"oops\n" + line(scenario="swizzle"), "h")
    assert [one.scenario for one in found.records] == ["combined", "swizzle"]
    (warning,) = found.warnings
    assert warning.startswith("2 lines are no records and were left out of the history, the first: h:2")
    assert "expected" in warning
    assert "something else" not in warning


def test_a_history_that_is_too_large_is_refused() -> None:
    """Not read in part: what is missing would look as if it had not been measured."""
    assert parse_history(b"\n" * HISTORY_BYTES_MAX, "h").records == ()
    with pytest.raises(ReportError, match="h: expected a history of at most 8 MiB"):
        parse_history(b"\n" * (HISTORY_BYTES_MAX + 1), "h")


values = st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from([0.5, 1 << 63, COUNT_MAX, "", "1", "x" * 201])
fields = st.sampled_from([*TrendRecord.__struct_fields__, "other"])


@thorough
@given(st.dictionaries(fields, values | st.just(...), max_size=2))
def test_the_decoder_takes_what_the_schema_takes(changes: dict[str, Any]) -> None:
    """The schema is the contract; the decoder is only faster."""
    text = line(**changes)
    document = json.loads(text)
    allowed = not contract.problems("trend", document)
    if allowed and (document["detected"] or 0) > (document["declared"] or 0):
        allowed = False  # what no schema can say
    assert bool(parse_history(text, "h").records) == allowed


@thorough
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
def test_no_bytes_are_a_bug(data: bytes) -> None:
    """Every line that isn't blank is a record or is counted; a byte order mark is none."""
    found = parse_history(data, "h")
    lines = sum(bool(text.strip()) for text in without_mark(data).split(b"\n"))
    assert bool(found.warnings) == (lines > len(found.records))


# ---- one history of many


@thorough
@given(histories, histories, histories)
def test_histories_meet_in_any_order(a: list[TrendRecord], b: list[TrendRecord], c: list[TrendRecord]) -> None:
    """Which artifact came first doesn't matter, nor whether one came twice; no night is lost."""
    whole = union(a, b, c)
    assert whole == union(union(c, a), b) == union(c, b, a, whole)
    assert {night_of(one) for one in whole} == {night_of(one) for one in [*a, *b, *c]}
    keys = [(night_of(one), one.run_attempt, one.job, one.scenario) for one in whole]
    assert len(keys) == len(set(keys))


@thorough
@given(histories)
def test_a_history_survives_its_file(history: list[TrendRecord]) -> None:
    """Written and read again, it is the same."""
    assert parse_history(text_of(history), "h").records == union(history)


def test_runs_stand_in_the_order_they_were_made_in() -> None:
    """Ten comes behind nine; a number that began anew with another workflow file changes nothing."""
    nine, ten = a_record(run_id="9", run_number=400), a_record(run_id="10", run_number=1)
    local = a_record(run_id="", run_number=0)
    again = a_record(run_id="9", run_number=400, run_attempt=2, at="2026-12-01T00:00:00Z")
    assert union([local, ten, again, nine]) == (nine, again, ten, local)


def test_of_two_that_tell_differently_the_later_counts() -> None:
    """The same attempt, job and scenario twice: as when a summary is made again."""
    before, after = a_record(ran=1), a_record(ran=2, at="2026-11-01T03:00:00Z")
    assert union([after], [before]) == union([before], [after]) == (after,)


def test_outside_of_github_every_night_is_one() -> None:
    """There are no run ids to tell them apart by."""
    nights = [a_record(number, run_id="", run_number=0) for number in range(3)]
    assert union(nights, nights) == tuple(nights)


def test_the_oldest_nights_go_first() -> None:
    """Of more than fits in a file that can be read again; always whole nights, and no number of them is too many."""
    nights = [records(number, work(), work("coverage"))[index] for number in range(405) for index in (0, 1)]
    assert len(union(nights)) == 2 * 405
    wide = [a_record(number, scenario=f"{number}-{one}-{'x' * 190}") for number in range(30) for one in range(600)]
    text = text_of(wide)
    assert 7 << 20 < len(text) <= HISTORY_BYTES_MAX
    left = parse_history(text, "h").records
    assert night_of(left[-1]) == str(FIRST_RUN + 29)
    assert len(left) % 600 == 0


def test_lines_of_a_later_version_stay() -> None:
    """They are no records here, and whoever writes the history anew keeps them; other lines are left out."""
    newer, torn = line(format="urn:vopr-coverage:schema:trend:v2").strip(), line()[:-9]
    found = parse_history(newer + b"\n" + torn + b"\n" + line(extra=1) + line(), "h")
    assert found.later == (newer, line(extra=1).strip())
    (warning,) = found.warnings
    assert warning.startswith("3 lines are no records and were left out of the history, the first: h:1")
    assert "; 2 lines of a later version of vopr-coverage stay in the file: update to read them; " in warning
    assert warning.endswith("; an older copy of the file may still have these nights"), "the torn one is gone"
    again = parse_history(text_of(found.records, found.later), "h")
    assert (again.records, set(again.later)) == (found.records, set(found.later))
    assert text_of((), [b"x" * (1 << 20), b"y"]) == b"y\n"


def test_a_time_without_a_zone_is_our_mistake() -> None:
    """It could be any night."""
    with pytest.raises(AssertionError):
        records_of(a_night(0), night_at(0).replace(tzinfo=None))


def test_two_records_of_one_night_are_told() -> None:
    """The later one counts. Records that differ in names alone are halves of one."""
    one, other = a_record(5, ran=1), a_record(5, ran=2, at="2026-11-06T09:00:00Z")
    twice = text_of([one]) + text_of([other])
    (warning,) = parse_history(twice, "h").warnings
    assert warning == (
        "h: two records of run 46 on 2026-11-06, 'long-run', 'combined' differ; "
        "the later one counts, so there is nothing to do unless somebody edited the file"
    )
    assert parse_history(text_of([one]) * 2, "h").warnings == ()
    named = a_record(5, ran=1, names=ReachedNames(hit=("a",)))
    assert parse_history(text_of([one]) + text_of([named]), "h").warnings == ()


@pytest.mark.parametrize(
    ("before", "tonight", "told"),
    [
        ({}, {}, ""),
        ({"at": "2027-01-01T00:00:00Z"}, {}, "set the runner's clock; nights stay in the order of their runs"),
        ({"at": "2027-01-01T00:00:00Z", "run_attempt": 2}, {}, ""),  # an old run that was started again
        ({"at": "2027-01-01T00:00:00Z"}, {"run_attempt": 2}, ""),
        ({"at": "2027-01-01T00:00:00Z", "workflow": "Weekly"}, {}, ""),
        ({"at": "2027-01-01T00:00:00Z", "run_id": ""}, {"run_id": ""}, "or this night is taken for an older one"),
        ({"at": "2027-01-01T00:00:00Z", "run_id": ""}, {}, ""),  # on a laptop
    ],
)
def test_a_clock_that_goes_back_is_told(before: dict[str, Any], tonight: dict[str, Any], told: str) -> None:
    """On that night, once, with what to do."""
    found = "; ".join(clock_went_back([a_record(0, **before)], [a_record(1, **tonight)]))
    assert found.endswith(told) if told else not found


def test_a_night_with_a_clock_that_went_back_is_recorded(tmp_path: Path) -> None:
    """With a warning; nights stay in the order of their runs, and none is lost."""
    path = tmp_path / "trends.ndjson"
    record_night(path, a_night(0), night_at(9))
    _, (warning,), _ = record_night(path, a_night(1), night_at(1))
    assert warning.startswith("the clock of this night says 2026-11-02T02:17:00Z")
    assert [record.run_number for record in read_history(path).records] == [41, 42]
