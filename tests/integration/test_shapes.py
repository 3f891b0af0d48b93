"""The types of `reading/shapes.py` never let through what the schema refuses, and take what simulators write."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.reports import PROPERTIES, REAL, Record, ending, start
from tests.support.schemas import a_value, definition
from vopr_coverage.formats import schema as contract
from vopr_coverage.reading.shapes import fits

# Values on both sides of every type and bound of the schema.
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 0.0, -0.0, 0.5, -0.5, 5.0, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30, 10**400, 1e308,
    "", "ok", "1", "start", "batch_complete", "iteration", [], [1], ["a"], [None], [-1], [2**64], [True], [1.0], {},
    {"a": 1}, {"a": -1}, {"a": True}, {"a": 1.0}, {"a": None}, {"a": "1"}, {"a": {}},
    {"a": {"attempted": 1, "applied": 1, "observed": 1}}, {"a": {"attempted": 1, "applied": -1, "observed": 1}},
]  # fmt: skip
PLAIN = {"fault_points": {"total": 1, "hit": 1, "fault_points": {"a": 7}, "coverage_percent": None}}
BASES: list[Record] = [
    start(7, 9),
    start(7, 9, extra="x"),
    ending(3),
    ending(3, properties=PROPERTIES),
    ending(3, coverage=None, rate=None),
    *(a_value("stream", definition("stream", kind)) for kind in ("start", "batch_complete")),  # every key of the schema
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document with each of its keys."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def never_laxer(document: Any) -> None:
    """What fits has no problem in the eyes of the schema."""
    if fits(document):
        assert contract.problems("stream", document) == []


@pytest.mark.parametrize("base", BASES, ids=range(len(BASES)))
def test_no_change_of_one_value_fits_that_the_schema_refuses(base: Record) -> None:
    """Each member in turn is dropped, and takes every odd value."""
    assert fits(base)
    for place in range(len(list(places(base)))):
        for odd in ODD:
            document = copy.deepcopy(base)
            container, key = list(places(document))[place]
            container[key] = copy.deepcopy(odd)
            never_laxer(document)
        document = copy.deepcopy(base)
        container, key = list(places(document))[place]
        del container[key]
        never_laxer(document)


@examples(300)
@given(st.data())
def test_no_change_of_several_values_fits_that_the_schema_refuses(data: st.DataObject) -> None:
    """Up to four members take odd values at once."""
    document = copy.deepcopy(data.draw(st.sampled_from(BASES)))
    for _ in range(data.draw(st.integers(1, 4))):
        container, key = data.draw(st.sampled_from(list(places(document))))
        container[key] = copy.deepcopy(data.draw(st.sampled_from([*ODD, PLAIN])))
    never_laxer(document)


def test_the_records_of_the_real_simulator_fit() -> None:
    """So a healthy stream is read without the validator."""
    seen = set()
    for path in REAL.glob("*.ndjson"):
        for line in path.read_bytes().splitlines():
            record = json.loads(line)
            if record["type"] in ("start", "batch_complete"):
                seen.add(record["type"])
                assert fits(record), path
    assert seen == {"start", "batch_complete"}
