"""Values that can't be get exit code 2, a JSON pointer or a line, what was expected and what was found."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.endings import refusals_of, refused
from tests.support.reports import (
    a_coverage,
    a_record,
    a_stream,
    ending,
    ndjson,
    ok,
    run_cli,
    start,
)
from tests.support.reports import a_flat_report as flat

COUNT = "an integer from 0 to 2^64-1"


def raw(key: str, token: str) -> bytes:
    """A flat report in which `key` stands with a token that no serialiser writes."""
    return flat(**{key: "@"}).replace(b'"@"', token.encode())


def without(key: str) -> bytes:
    """A flat report without one key."""
    return json.dumps({k: v for k, v in json.loads(flat()).items() if k != key}).encode()


LONG = "x" * 50 + "\n"
VALUES: dict[str, tuple[bytes, str]] = {
    "text for a count": (flat(repairs="12"), f"#/repairs: expected {COUNT}, or null for not measured, found '12'"),
    "a fraction for a count": (flat(total_events=5.0), f"#/total_events: expected {COUNT}, found 5.0"),
    "true for a count": (flat(total_events=True), f"#/total_events: expected {COUNT}, found true"),
    "a negative count": (flat(phase_events={"a/b~c": -1}), f"#/phase_events/a~1b~0c: expected {COUNT}, found -1"),
    "2^64": (flat(simulation_time_ns=2**64),
             f"#/simulation_time_ns: expected {COUNT}, found 18446744073709551616"),
    "400 digits": (flat(total_events=10**400), f"#/total_events: expected {COUNT}, found an integer of 1329 bits"),
    "5,000 digits": (raw("total_events", "9" * 5_000),
                     ": expected a number below 2^64, found an integer of thousands of digits"),
    "null where none may be": (flat(total_events=None), f"#/total_events: expected {COUNT}, found null"),
    "a missing key": (without("view_changes"), "#: expected the key 'view_changes', found no such key"),
    "a list for a map": (flat(invariant_executions=["a"]),
                         "#/invariant_executions: expected an object of name: count, found an array of 1"),
    "a number among names": (flat(hit_fault_points=["a", 7]), "#/hit_fault_points/1: expected a name (text), found 7"),
    "a hostile value": (flat(total_events="a\nb\x1b[31m\u202e"),
                        f"#/total_events: expected {COUNT}, found 'a\\nb\\x1b[31m\\u202e'"),
    "a long value": (flat(total_events=LONG), f"#/total_events: expected {COUNT}, found '{'x' * 39}…'"),
    "a hostile name": (flat(phase_events={"\n::error::": "1"}),
                       f"#/phase_events/\\n::error::: expected {COUNT}, found '1'"),
    "NaN": (raw("total_events", "NaN"), ": expected a finite number, found NaN"),
    "Infinity": (raw("total_events", "-Infinity"), ": expected a finite number, found -Infinity"),
    "1e400": (raw("total_events", "1e400"), ": expected a number that fits a double, found 1e400"),
    "a key twice": (b'{"total_events": 1, "total_events": 2}', ": expected every key once, "
                    "found the key 'total_events' twice"),
    "half a character": (raw("missed_fault_points", '["\\ud83c"]'),
                         ": expected whole characters, found half of a surrogate pair"),
    "a document cut in the middle": (json.dumps(json.loads(flat()), indent=1).encode().partition(b'"hit_fault')[0],
                                     ":4: expected JSON, found its end"),
    "two documents in a file": (flat() + b"\n" + flat(),
                                ":2: expected JSON, found '{\"total_fault_points\": 4, \"fault_points…'"),
    "coverage that is no report": (b'{"coverage": 0.87}', "#/coverage: expected a CoverageReport object, found 0.87"),
    "coverage cut out of a stream": (
        b'{"coverage": %s}' % json.dumps(a_coverage()).encode(),
        "#/coverage: expected a CoverageReport, "
        "found a stream's coverage cut out of its run; pass the whole stream, failures included",
    ),
    "a negative seed": (ndjson(start(0, 1), ok(-1), ending(1)), f":2#/data/seed: expected {COUNT}, found -1"),
    "5.0 events": (ndjson(start(0, 1), ok(0, events=5.0), ending(1)), f":2#/data/events: expected {COUNT}, found 5.0"),
    "an unknown status": (ndjson(start(0, 1), ok(0, status="skipped"), ending(1)),
                          ":2#/data/status: expected 'ok' or 'failed', found 'skipped'"),
    "a start without seeds": (ndjson(a_record("start", {"iterations": 1}), ending(0)),
                              ":1#/data: expected the key 'starting_seed', found no such key"),
    "a fault point that was hit a negative number of times": (
        a_stream(coverage=a_coverage(attempted={"net/send": -2})),
        f":5#/data/coverage/fault_points/fault_points/net~1send/attempted: expected {COUNT}, found -2",
    ),
    "a key twice in the end": (a_stream().replace(b'"failures":0', b'"failures":1,"failures":0'),
                               ":5: expected every key once, found the key 'failures' twice"),
    "NaN in a record": (a_stream().replace(b'"rate":6.0', b'"rate":NaN'), ":5: expected a finite number, found NaN"),
}  # fmt: skip


def test_values_that_cannot_be_are_told_with_pointer_or_line(tmp_path: Path) -> None:
    """File, line or JSON pointer, what was expected, and at most 40 escaped characters of what was found."""
    contents, texts = zip(*VALUES.values(), strict=True)
    assert refusals_of(contents, tmp_path) == [f"{number}.json{told}" for number, told in enumerate(texts)]


def test_several_problems_of_a_file_stand_in_its_order(tmp_path: Path) -> None:
    """One line a problem, in the order of the document, the first ten of them."""
    (tmp_path / "r.json").write_bytes(flat(total_events=-1, hit_fault_points="a", view_changes=[]))
    assert refused(run_cli("check", "r.json", cwd=tmp_path)) == [
        "r.json#/hit_fault_points: expected an array of names, found 'a'",
        f"r.json#/view_changes: expected {COUNT}, or null for not measured, found an array of 0",
        f"r.json#/total_events: expected {COUNT}, found -1",
    ]
    (tmp_path / "r.json").write_bytes(flat(phase_events={f"p{n}": -1 for n in range(20)}))
    told = refused(run_cli("check", "r.json", cwd=tmp_path))
    assert told[:2] == [f"r.json#/phase_events/p{n}: expected {COUNT}, found -1" for n in range(2)]
    assert told[10:] == ["… and 10 more problems"]


def test_one_more_problem_is_singular(tmp_path: Path) -> None:
    """In a config as in a report."""
    (tmp_path / "config.json").write_text(json.dumps({f"key{n:02}": 1 for n in range(11)}), encoding="utf-8")
    told = refused(run_cli("profiles", "--config", "config.json", cwd=tmp_path))
    assert told[10:] == ["… and 1 more problem"]
