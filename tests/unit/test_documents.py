"""Flat and wrapped reports: what is read, and what is refused with advice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.reports import (
    a_coverage,
    a_flat_report,
    a_stream,
    records_of,
)
from vopr_coverage.errors import ManyErrors, ReportError
from vopr_coverage.formats import schema as contract
from vopr_coverage.model.report import CoverageReport, Input
from vopr_coverage.reading import read_report
from vopr_coverage.reading.formats import read_document


def document(text: bytes) -> Input:
    """A flat or wrapped document, as read."""
    return read_document([text], "d")


def refusal(text: bytes) -> str:
    """Why a document is refused."""
    with pytest.raises((ReportError, ManyErrors)) as caught:
        document(text)
    return str(caught.value)


def laid_out(text: bytes) -> bytes:
    """The same JSON with a line for each value."""
    return json.dumps(json.loads(text), indent=2).encode()


@pytest.mark.parametrize("layout", [bytes, laid_out])
@pytest.mark.parametrize("extra", [{}, {"type": "coverage", "data": [1]}, {"coverage_percent": 12, "fault_point": {}}])
def test_flat_and_wrapped_documents_hold_the_same_report(
    layout: Callable[[bytes], bytes], extra: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However it is laid out, and whatever else it carries, the twelve figures are read."""
    flat = a_flat_report(**extra)
    wrapped = json.dumps({"coverage": json.loads(flat), "coverage_validation": {"passed": True}, **extra}).encode()
    folder = tmp_path_factory.mktemp("documents")
    for text, kind in ((flat, "report"), (wrapped, "wrapped")):
        path = folder / f"{kind}.json"
        path.write_bytes(layout(text))
        read = read_report(str(path))
        assert (read.format, read.run, read.listed_only) == (kind, None, False)
        assert read.report == CoverageReport.from_json(a_flat_report().decode())


def test_null_figures_of_a_document_are_not_measured() -> None:
    """`null` stands for a figure that nobody took; a missing key is an error."""
    read = document(a_flat_report(view_changes=None, repairs=None, unique_query_plans=None))
    assert read.report is not None
    assert (read.report.view_changes, read.report.repairs, read.report.unique_query_plans) == (None, None, None)
    without = json.loads(a_flat_report())
    del without["repairs"]
    assert refusal(json.dumps(without).encode()) == "d#: expected the key 'repairs', found no such key"
    assert refusal(a_flat_report(total_events=None)) == (
        "d#/total_events: expected an integer from 0 to 2^64-1, found null"
    )


def test_coverage_cut_out_of_its_stream_is_refused_with_advice() -> None:
    """`jq .data.coverage` drops the failures; so does wrapping it up again."""
    advice = "a stream's coverage cut out of its run; pass the whole stream, failures included"
    cut = json.dumps(a_coverage()).encode()
    assert refusal(cut) == f"d: expected a CoverageReport, found {advice}"
    assert refusal(b'{"coverage":%s}' % cut) == f"d#/coverage: expected a CoverageReport, found {advice}"
    data = records_of(a_stream())[-1]["data"]
    assert refusal(json.dumps(data).encode()) == f"d#/coverage: expected a CoverageReport, found {advice}"


def test_lists_that_are_not_as_long_as_their_counts_are_remarked_on() -> None:
    """The seed's own test writes such reports, so it is a warning, with both numbers."""
    read = document(a_flat_report(total_fault_points=10, fault_points_hit=9))
    assert read.warnings == ("hit_fault_points lists 3 names, fault_points_hit says 9",)


@pytest.mark.parametrize(
    ("changes", "contradiction"),
    [
        # one name twice: two names are not three hits
        (
            {"hit_fault_points": ["a", "b", "a"]},
            "hit_fault_points lists 2 different names, fault_points_hit says 3",
        ),
        # and none the less where the list is shorter than its count
        (
            {"hit_fault_points": ["a", "a"]},
            "hit_fault_points lists 1 different name, fault_points_hit says 3",
        ),
        (
            {"total_fault_points": 5, "missed_fault_points": ["x", "x"]},
            "missed_fault_points lists 1 different name, the counts leave 2",
        ),
        # more names than the count has room for
        (
            {"fault_points_hit": 2, "total_fault_points": 3},
            "hit_fault_points lists 3 different names, fault_points_hit says 2",
        ),
        ({"missed_fault_points": ["x", "y"]}, "missed_fault_points lists 2 different names, the counts leave 1"),
        (
            {"fault_points_hit": 4, "hit_fault_points": ["a", "b", "c", "d"]},
            "missed_fault_points lists 1 different name, the counts leave 0",
        ),
        (
            {"missed_fault_points": ["sim.network.send"]},
            "fault point 'sim.network.send' is listed as hit and as missed (1 such name)",
        ),
        (
            {"missed_invariants": ["linearizability", "hash_chain", "other"]},
            "invariant 'hash_chain' is listed as missed and as run (2 such names)",
        ),
        (
            {"phase_events": {"vsr.prepare:sent": 5, "vsr.prepare.sent": 5, "a:b": 1}},
            "phase event 'vsr.prepare:sent' is also listed as 'vsr.prepare.sent'",
        ),
    ],
)
def test_names_that_cannot_carry_their_counts_contradict_the_report(
    changes: dict[str, Any], contradiction: str
) -> None:
    """Each name counts once, whatever else the report says."""
    read = document(a_flat_report(**changes))
    assert read.contradictions == (contradiction,)
    assert read.warnings == ()
    wrapped = document(b'{"coverage": %s}' % a_flat_report(**changes))
    assert wrapped.contradictions == read.contradictions


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"total_fault_points": 10, "fault_points_hit": 9},  # shorter than its count: the seed's own test
        {"hit_fault_points": [], "missed_fault_points": []},
        # names twice, and enough of them
        {"fault_points_hit": 2, "total_fault_points": 3, "hit_fault_points": ["a", "b", "b"]},
        {"missed_invariants": ["never", "never"], "invariant_executions": {"never": 0, "once": 1}},
        {"phase_events": {"a:b": 1, "a.c": 1}},
    ],
)
def test_lists_that_carry_their_counts_or_name_fewer_do_not_contradict_the_report(changes: dict[str, Any]) -> None:
    """What is merely not listed may be so; a name twice is remarked on where it makes a list too long."""
    assert document(a_flat_report(**changes)).contradictions == ()


def test_more_hits_than_points_are_told_once() -> None:
    """What the counts leave is then nothing that a list could be compared with."""
    read = document(a_flat_report(total_fault_points=2))
    assert read.contradictions == ("fault_points_hit is 3, total_fault_points 2",)


def test_the_built_streams_and_reports_meet_our_schemas() -> None:
    """The worlds that these tests build are ones that our contract describes."""
    for stream in (a_stream(4, failing=[1], lost=[2]), a_stream(era="feb2026")):
        for record in records_of(stream):
            assert contract.problems("stream", record) == []
    assert contract.problems("report", json.loads(a_flat_report())) == []
