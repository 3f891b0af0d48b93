"""A small valid file of each format, for tests that change them; each has a point that is hit and can be cut out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import NamedTuple

from vopr_coverage.reading.compact import Compactor

DATA = Path(__file__).parents[1] / "data"
CUT = "cut.me"  # the point
POINTS = """profile: none
fault_point_coverage_min: 0.1
fault_points: [cut.me]
critical_fault_points: [cut.me]
complete_when: workload finished
aliases: {operation cut.me: cut.me, "a.cpp: cut.me": cut.me}
"""
FUZZERS = """profile: none
required_invariants: [fuzzer cut.me]
"""


class Sample(NamedTuple):
    """A file, and the same without any sign that CUT was reached.

    `form` is what --from needs, None if nothing. `config` asks for `point`, a point or an invariant.
    """

    whole: bytes
    without: bytes
    form: str | None = None
    config: str = POINTS
    point: str = CUT


def samples() -> dict[str, Sample]:
    """By the name of the format."""
    return {
        "stream": _stream(),
        "recorded stream": _recorded(_stream()),
        "report": _report(),
        "wrapped": _wrapped(_report()),
        "simulation": _simulation(),
        "recorded simulation": _recorded(_simulation()),
        "antithesis": _antithesis(),
        "jepsen": _jepsen(),
        "foundationdb": _foundationdb(),
        "p": _p(),
        "tigerbeetle": _tigerbeetle(),
        "points": Sample(f"a\t2\n{CUT}\t1\nworkload finished\n".encode(), b"a\t2\nworkload finished\n", "points"),
    }


def _lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _stream() -> Sample:
    text = (DATA / "real" / "combined.ndjson").read_bytes()
    lines = text.splitlines(keepends=True)
    end = json.loads(lines[-1])
    counts = end["data"]["coverage"]["fault_points"]
    points = counts["fault_points"]
    counts["total"] += 1
    counts["hit"] += 1
    points[CUT] = {"attempted": 3, "applied": 3, "observed": 3}
    whole = b"".join(lines[:-1]) + _lines(end)
    counts["hit"] -= 1
    points[CUT] = {"attempted": 0, "applied": 0, "observed": 0}
    return Sample(whole, b"".join(lines[:-1]) + _lines(end))


def _report() -> Sample:
    report = {
        "total_fault_points": 2, "fault_points_hit": 2, "hit_fault_points": ["a", CUT], "missed_fault_points": [],
        "invariant_executions": {"agreement": 40}, "missed_invariants": [], "view_changes": 9, "repairs": 9,
        "unique_query_plans": 90, "phase_events": {}, "total_events": 5, "simulation_time_ns": 7,
    }  # fmt: skip
    without = report | {"fault_points_hit": 1, "hit_fault_points": ["a"], "missed_fault_points": [CUT]}
    return Sample(json.dumps(report).encode(), json.dumps(without).encode())


def _recorded(sample: Sample) -> Sample:
    """A stream as `record` stores it."""

    def compact(stream: bytes) -> bytes:
        compactor = Compactor()
        return compactor.feed(stream) + compactor.finish()

    return Sample(compact(sample.whole), compact(sample.without))


def _wrapped(report: Sample) -> Sample:
    def text(coverage: bytes) -> bytes:
        return b'{"passed": true, "coverage": %s}' % coverage

    return Sample(text(report.whole), text(report.without))


def _simulation() -> Sample:
    start = {
        "type": "start", "format": "simulation/1", "first_seed": 7, "seeds": 3, "points": {"fault": ["a", CUT]},
        "invariants": ["agreement"],
    }  # fmt: skip

    def seeds(*more: str) -> list[dict[str, object]]:
        hits = dict.fromkeys(["a", *more], 2)
        return [
            {
                "type": "seed",
                "seed": 7 + n,
                "status": "ok",
                "events": 5,
                "hits": hits,
                "ran": {"agreement": 3},
                "digest": f"{n}",
            }
            for n in range(3)
        ]

    end = {"type": "end", "seeds": 3, "failed": 0}
    return Sample(_lines(start, *seeds(CUT), end), _lines(start, *seeds(), end))


def _antithesis() -> Sample:
    text = gzip.decompress((DATA / "antithesis" / "go-healthy-seed-2.jsonl.gz").read_bytes())
    point = {
        "assert_type": "sometimes", "condition": False, "display_type": "Sometimes", "hit": False, "id": CUT,
        "location": {"begin_column": 1, "begin_line": 9, "class": "main", "file": "main.go", "function": "f"},
        "message": CUT, "must_hit": True, "details": None,
    }  # fmt: skip
    declared = _lines({"antithesis_assert": point})
    hit = _lines({"antithesis_assert": point | {"hit": True, "condition": True}})
    first, rest = text.split(b"\n", 1)
    return Sample(first + b"\n" + declared + rest + hit, first + b"\n" + declared + rest)


def _jepsen() -> Sample:
    def text(ok: int) -> bytes:
        read, cut = ":read {:ok-count 3, :count 9}", f":cut.me {{:ok-count {ok}, :count 9}}"
        return (
            f"{{:valid? true, :stats {{:valid? true, :by-f {{{read} {cut}}}}}, :workload {{:valid? true}}}}\n".encode()
        )

    return Sample(text(2), text(0))


def _foundationdb() -> Sample:
    def text(covered: int) -> bytes:
        events = "".join(
            f'<Event Severity="10" Time="1.0" Type="CodeCoverage" File="a.cpp" Line="{line}" Covered="{hit}" '
            f'Comment="{name}" />\n'
            for line, name, hit in ((7, "a", 1), (9, CUT, covered))
        )
        end = '<Event Severity="10" Time="9" Type="ElapsedTime" SimTime="306.9" />'
        return f'<?xml version="1.0"?>\n<Trace>\n{events}{end}\n</Trace>\n'.encode()

    return Sample(text(1), text(0))


def _p() -> Sample:
    def text(hit: bool) -> bytes:
        scenarios = [("a", True), (CUT, hit)]
        told = [{"name": n, "satisfied": s, "satisfyingSchedules": int(s)} for n, s in scenarios]
        return json.dumps({"testCase": "t", "scenarios": told}).encode()

    return Sample(text(True), text(False))


def _tigerbeetle() -> Sample:
    def result(fuzzer: str, *, ok: bool) -> dict[str, object]:
        return {
            "commit_timestamp": 1755880769, "commit_sha": "20a01747fdc2", "fuzzer": fuzzer, "ok": ok, "count": 3,
            "seed_timestamp_start": 1755922105, "seed_timestamp_end": 1755922109, "seed": (1 << 63) + 7,
        }  # fmt: skip

    without = [result("canary", ok=False), result("vopr", ok=True)]
    whole = [*without, result(CUT, ok=True)]
    return Sample(_document(whole), _document(without), config=FUZZERS, point=f"fuzzer {CUT}")


def _document(results: list[dict[str, object]]) -> bytes:
    return json.dumps(results, indent=2).encode()
