"""Jepsen's results.edn: three answers, and what is no run."""

from __future__ import annotations

import pytest

from vopr_coverage.errors import ReportError
from vopr_coverage.model.report import Input
from vopr_coverage.reading.jepsen import is_no_run, read_jepsen

STATS = "{:valid? true, :by-f {:read {:ok-count 3, :count 9} :write {:ok-count 0, :count 7}}}"


def reading(text: str) -> Input:
    """This text, read as results.edn."""
    return read_jepsen([text.encode()], "results.edn")


def test_operations_are_points_and_checkers_are_invariants() -> None:
    """An operation that never succeeded is a point that was missed."""
    read = reading("{:stats %s, :workload {:valid? true}, :valid? true}" % STATS)  # noqa: UP031 (braces)
    observed = read.observed
    assert observed is not None
    points = {name: (point.hit, point.count) for name, point in observed.points.items()}
    assert points == {"operation read": (True, 3), "operation write": (False, 0)}
    assert {name: seen.ran for name, seen in observed.invariants.items()} == {
        "checker stats": True,
        "checker workload": True,
    }
    assert not observed.broken
    assert not observed.undecided


def test_a_checker_that_says_false_is_a_violation_with_its_anomalies() -> None:
    """The first five of them."""
    read = reading("{:workload {:valid? false, :anomaly-types (:G-single :G2)}, :valid? false}")
    assert read.observed is not None
    assert [(broken.name, broken.line) for broken in read.observed.broken.values()] == [
        ("checker workload", "says :valid? false: G-single, G2")
    ]


def test_unknown_is_not_measured_for_a_checker_and_for_the_run() -> None:
    """It did not run as far as anybody can tell."""
    read = reading("{:linear {:valid? :unknown}, :valid? :unknown}")
    assert read.observed is not None
    assert read.observed.undecided == ("checker linear", "the run")
    assert not read.observed.invariants["checker linear"].ran


def test_valid_alone_shows_nothing() -> None:
    """No checker, so no coverage."""
    read = reading("{:valid? true}")
    assert read.report is None


def test_without_stats_operations_are_not_measured() -> None:
    """They are not zero."""
    read = reading("{:linear {:valid? true}, :valid? true}")
    assert read.observed is not None
    assert not read.observed.declares_points
    assert read.warnings == ("no :stats in this file: which operations succeeded is not measured",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[{:process 0, :type :invoke}]", "found a history of operations"),
        ("{:process 0, :type :invoke}", "found a history of operations"),
        ("{:a 1}", "expected results.edn: a map with :valid?"),
        ("{:valid? true", "results.edn:1: expected }, found the end"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(text: str, told: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ReportError) as refused:
        reading(text)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("store/etcd/20250524T211804.900Z/results.edn", None),
        ("store/latest/results.edn", "a copy of another run"),
        ("store/current/results.edn", "a copy of another run"),
        ("store/etcd/latest/results.edn", "a copy of another run"),
        ("store/zk e=false/2025/independent/3/results.edn", "a part of the run above it"),
    ],
)
def test_copies_and_parts_are_no_runs(path: str, why: str | None) -> None:
    """By the names that Jepsen gives them."""
    assert is_no_run(path) == why


@pytest.mark.parametrize("count", ["", ":ok-count -1", ":ok-count true", ':ok-count "3"', ":ok-count nil"])
def test_an_operation_without_a_count_is_refused(count: str) -> None:
    """If it were left out, the share of the others would rise."""
    stats = "{:valid? true, :by-f {:read {:ok-count 3} :cut.me {%s}}}" % count  # noqa: UP031 (braces)
    with pytest.raises(ReportError, match=r"a count of 0 or more as :ok-count of operation cut\.me"):
        reading("{:stats %s, :valid? true}" % stats)  # noqa: UP031


def test_an_error_about_an_operation_is_printable() -> None:
    """Its name is whatever the file has."""
    with pytest.raises(ReportError) as refused:
        reading('{:stats {:by-f {"a\x1b[2J" {:ok-count -1}}} :valid? true}')
    assert all(line.isprintable() for line in str(refused.value).split("\n"))
