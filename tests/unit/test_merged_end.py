"""The end record of a run in parts: the sum of what the parts said, mistakes included."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.support.reports import PROPERTIES, a_stream
from vopr_coverage.check.merge import as_unit
from vopr_coverage.formats import schema as contract
from vopr_coverage.model.crash import crash_of
from vopr_coverage.model.report import Input
from vopr_coverage.reading.merged_end import EndSum
from vopr_coverage.reading.records import Record, died_line, ran_line, read_record
from vopr_coverage.reading.stream import read_stream


def end_of(stream: bytes) -> dict[str, Any]:
    """`data` of its last record."""
    data: dict[str, Any] = json.loads(stream.splitlines()[-1])["data"]
    return data


def summed(*ends: dict[str, Any], timed: bool = True) -> dict[str, Any]:
    """The sum of three seeds each, as it is written."""
    total = EndSum()
    for end in ends:
        total.add(end, 3)
    record = json.loads(total.line(timed=timed))
    assert contract.problems("stream", record, "batch_complete") == []
    data: dict[str, Any] = record["data"]
    return data


def changed(path: str, value: Any) -> dict[str, Any]:
    """The end of a healthy stream, in which one figure is another."""
    end = copy.deepcopy(end_of(a_stream(3, properties=PROPERTIES)))
    *parents, name = path.split(".")
    where = end
    for parent in parents:
        where = where[parent]
    where[name] = value
    return end


def read(stream: bytes) -> Input:
    """A stream, read."""
    return read_stream([stream], "s")


def test_the_sum_reads_as_the_merged_runs() -> None:
    """Whoever adds up: the recorder, or `check` with two files."""
    one, other = a_stream(3, properties=PROPERTIES), a_stream(3, first=3, failing=[4], properties=PROPERTIES)
    lines = [*one.splitlines(keepends=True)[:-1], *other.splitlines(keepends=True)[1:-1]]
    lines[0] = lines[0].replace(b'"iterations":3', b'"iterations":6')
    total = EndSum()
    for stream in (one, other):
        total.add(end_of(stream), 3)
    whole = read(b"".join(lines) + total.line(timed=True))
    merged = as_unit("u", None, [read(one), read(other)]).evidence
    assert whole.run is not None
    assert whole.run.contradictions == ()
    assert whole.report == merged.report
    assert whole.run.properties == merged.properties
    assert whole.run.fault_effects == merged.fault_effects
    assert total.measured == 6


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("coverage.fault_points.total", "fault_points.total is"),
        ("coverage.fault_points.hit", "fault_points.hit is"),
        ("coverage.invariants.total", "invariants.total is"),
        ("coverage.invariants.executed", "invariants.executed is"),
        ("coverage.phases.total_events", "phases.total_events is"),
        ("coverage.phases.unique_phases", "phases.unique_phases is"),
        ("properties.violation_count", "violation_count is"),
        ("successes", "successes is"),
        ("failures", "failures is"),
    ],
)
def test_a_part_that_contradicts_itself_makes_a_sum_that_does(path: str, sentence: str) -> None:
    """Nothing is put right on the way."""
    good = a_stream(3, properties=PROPERTIES)
    end = summed(changed(path, 40), end_of(good))
    start = good.splitlines(keepends=True)[0].replace(b'"iterations":3', b'"iterations":6')
    records = good.splitlines(keepends=True)[1:-1] + a_stream(3, first=3).splitlines(keepends=True)[1:-1]
    line = json.dumps({"data": end, "timestamp": "", "type": "batch_complete"}).encode()
    run = read(start + b"".join(records) + line).run
    assert run is not None
    assert any(text.startswith(sentence) for text in run.contradictions), run.contradictions


def test_a_part_without_coverage_leaves_that_of_the_others() -> None:
    """And is not counted as measured."""
    good, silent = end_of(a_stream(3)), changed("coverage", None)
    total = EndSum()
    total.add(good, 3)
    total.add(silent, 3)
    assert total.measured == 3
    assert summed(good, silent)["coverage"] == summed(good)["coverage"]
    assert summed(silent)["coverage"] is None


def test_properties_are_merged_as_runs_are() -> None:
    """The largest counters; unsatisfied by all if all know the same, else by any; none if a part has none."""
    one = changed(
        "properties",
        PROPERTIES | {"unsatisfied_sometimes_ids": ["a", "b"], "violated_ids": ["z"], "violation_count": 1},
    )
    other = changed(
        "properties",
        PROPERTIES | {"unsatisfied_sometimes_ids": ["b", "c"], "violated_ids": ["y"], "violation_count": 1},
    )
    both = summed(one, other)["properties"]
    assert (both["unsatisfied_sometimes_ids"], both["violated_ids"], both["violation_count"]) == (["b"], ["y", "z"], 2)
    more = copy.deepcopy(other)
    more["properties"]["sometimes_total"] += 1
    assert summed(one, more)["properties"]["unsatisfied_sometimes_ids"] == ["a", "b", "c"]
    without = end_of(a_stream(3))
    del without["properties"]
    assert "properties" not in summed(one, without)


def test_points_without_stages_make_sums_without_stages() -> None:
    """How often each occurred."""
    stages = {"attempted": 5, "applied": 2, "observed": 2}
    one = changed("coverage.fault_points", {"fault_points": {"x": stages}, "hit": 1, "total": 1})
    plain = changed("coverage.fault_points", {"fault_points": {"x": 3, "y": 0}, "hit": 1, "total": 2})
    assert summed(one, plain)["coverage"]["fault_points"] == {"fault_points": {"x": 8, "y": 0}, "hit": 1, "total": 2}


def test_a_sum_without_time_is_the_same_every_time() -> None:
    """Recordings of the same seeds are compared byte for byte."""
    one, other = changed("elapsed_secs", 1.5), changed("elapsed_secs", 9.5)
    assert summed(one, timed=False) == summed(other, timed=False)
    assert summed(one, other)["elapsed_secs"] == 11.0
    assert summed(one, other)["rate"] == 6 / 11


# ---- lines of ours


@pytest.mark.parametrize(
    "line",
    [
        b'["died",[3,101,null,["%s"]]]' % (b"x" * 501),
        b'["died",[3,101,null,[%s"x"]]]' % (b'"x",' * 20),
        b'["died",[3,-1,null,[]]]',
        b'["died",[3,null,256,[]]]',
        b'["died",[18446744073709551616,1,null,[]]]',
        b'["died",[3,1,null]]',
        b'["died",[3,1,null,[],1]]',
        b'["ran",[-1]]',
        b'["ran",[3,4]]',
        b'["ran",3]',
        b'["run",[3]]',
    ],
)
def test_what_is_no_line_of_ours_is_no_record(line: bytes) -> None:
    """Whoever wrote it."""
    assert read_record(line, "s", 1) is None


def test_lines_of_ours_are_read_as_they_were_written() -> None:
    """Also the last of all seeds."""
    crash = crash_of(None, 6, ["panicked at a.rs:1", "caf\u00e9"])
    last = 2**64 - 1
    died, ran = (read_record(line.rstrip(), "s", 1) for line in (died_line(last, crash), ran_line(last)))
    assert isinstance(died, Record)
    assert isinstance(ran, Record)
    assert (died.data.seed, died.data.crash, died.data.message) == (last, crash, crash.signature)
    assert (ran.data.seed, ran.data.events) == (last, 0)
