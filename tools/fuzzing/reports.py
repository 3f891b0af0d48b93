"""The doors for reports: one for each format, and for each further way in which one is stored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any
from zlib import crc32

import yaml

from tests.support.reports import a_stream
from tests.support.samples import CUT, Sample, samples
from tools.fuzzing.door import Door, Ending, Finding
from tools.fuzzing.drawn import document_of
from tools.fuzzing.judging import COMPLETE, RULES, Court, Judged, Names, read_bytes
from tools.fuzzing.pages import hold_pages
from tools.fuzzing.second import FAILED, Evidence
from tools.fuzzing.second.foreign import read_antithesis, read_foundationdb, read_p, read_points, read_tigerbeetle
from tools.fuzzing.second.jepsen import read_jepsen
from tools.fuzzing.second.simulation import read_simulation
from tools.fuzzing.second.streams import read_report, read_stream
from vopr_coverage.check.flow import judge_inputs
from vopr_coverage.errors import UserError
from vopr_coverage.model.verdict import verdict_from_json
from vopr_coverage.reading.compact import Compactor

TWICE, STORED, SHOWN = 8, 64, 64  # one input in so many is also held to these promises
WITH_POINTS = ("a", CUT, "nowhere")
SECOND: dict[str, Callable[[bytes], Evidence]] = {
    "stream": read_stream,
    "report": read_report,
    "wrapped": lambda data: read_report(json.dumps(json.loads(data)["coverage"]).encode()),
    "simulation": read_simulation,
    "antithesis": read_antithesis,
    "jepsen": read_jepsen,
    "foundationdb": read_foundationdb,
    "p": read_p,
    "tigerbeetle": read_tigerbeetle,
    "points": read_points,
}
NAMES = {
    "stream": Names(
        points=("sim.network.send", "network.drop", CUT, "sim.storage.write", "nowhere"),
        invariants=("vsr_agreement", "replica_consistency", "nowhere"),
        phases=("storage.fsync_complete", "nowhere"),
    ),
    "report": Names(WITH_POINTS, ("agreement", "nowhere"), ("nowhere", "p")),
    "simulation": Names(("a", CUT, "s", "r", "nowhere"), ("agreement", "order"), ("p", "q")),
    "antithesis": Names((CUT, "nowhere"), ("counter never decreases", "nowhere"), ends=True),
    "jepsen": Names((f"operation {CUT}", "operation read", "nowhere"), ("checker workload", "checker stats")),
    "foundationdb": Names((f"a.cpp: {CUT}", "a.cpp: a", "nowhere")),
    "p": Names(WITH_POINTS),
    "tigerbeetle": Names((), ("fuzzer vopr", f"fuzzer {CUT}", "fuzzer canary")),
    "points": Names(WITH_POINTS, ends=True, listed=WITH_POINTS),
}
NAMES["wrapped"] = NAMES["report"]
TOKENS = {
    "jepsen": (b":valid? false", b":unknown", b"#_", b"#{", b":ok-count", b"\\newline", b"^{", b"#inst", b"(", b";"),
    "foundationdb": (
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&#0;", b"&#x110000;", b'Severity="40"', b'Passed="0"', b"'",
        b'Type="ElapsedTime"', b'Covered="1"', b"&quot;", b"&#99999999999999999999;", b'Type="TestsExpectedToPass"',
    ),
    "antithesis": (b'"hit": true', b'"condition": false', b'"antithesis_sdk": {}', b'"assert_type": "always"'),
    "points": (b"\t1", b"\t0", b"#", b"workload finished", b"cut.me"),
    "stream": (
        b'["ok",[0,1,1.0,"a","b"]]', b'["died",[0,1,null,[]]]', b'["ran",[1]]', b'"observed": 9', b'"applied": 0',
    ),
    "simulation": (b'["seeds",{"first_seed":7,"seeds":2}]', b'"status": "failed"', b'"hits": {}', b'"violated": ["x"]'),
}  # fmt: skip
READS = {
    "stream": ("reading/records", "reading/stream", "reading/lines", "reading/envelopes", "reading/source"),
    "simulation": ("reading/simulation", "reading/simulation_records", "reading/simulation_rows"),
    "antithesis": ("reading/antithesis", "reading/antithesis_records"),
    "jepsen": ("reading/jepsen", "formats/edn"),
    "report": ("reading/documents", "formats/strict_json", "formats/schema", "reading/__init__"),
}


def report_doors() -> list[Door]:
    """Each format by itself, and streams as `record` stores them."""
    doors = [_door_of(name, sample) for name, sample in samples().items() if name in SECOND]
    return [*doors, _recorded("stream"), _recorded("simulation"), _packed()]


def _door_of(name: str, sample: Sample) -> Door:
    court = _court(name, sample)
    return Door(
        name=name,
        take=lambda data: _take(court, data),
        samples=_samples(name, sample),
        reads=READS.get(name, (f"reading/{_MODULE.get(name, name)}",)),
        tokens=TOKENS.get(name, ()),
        draw=document_of("report") if name == "report" else document_of("wrapped") if name == "wrapped" else None,
        text="lines" if name in ("stream", "simulation", "antithesis") else "json" if name in _DOCUMENTS else "bytes",
        weight=2,
    )


_MODULE = {"p": "p_lang", "points": "point_lists", "wrapped": "documents"}
_DOCUMENTS = ("report", "wrapped", "p", "tigerbeetle")


def _court(name: str, sample: Sample) -> Court:
    bounds = yaml.safe_load(sample.config)
    if name == "points" or "aliases" not in bounds:
        more: tuple[Any, ...] = ({"fault_point_coverage_min": 0, "critical_fault_points": [], **_REST, **bounds},)
    else:
        more = ()  # aliases are for the other doors: the small judge knows none
    return Court(sample.form, NAMES[name], SECOND[name], more if name == "tigerbeetle" else ())


_REST: dict[str, Any] = {
    "required_invariants": [],
    "min_view_changes": 0,
    "min_repairs": 0,
    "min_unique_query_plans": 0,
    "min_phase_events": {},
}


def _samples(name: str, sample: Sample) -> tuple[bytes, ...]:
    """Small files, since small ones are read fast: with the point, and without any sign of it."""
    if name == "stream":
        failing = a_stream(3, failing=(1,))
        return (a_stream(3), failing, a_stream(3, era="feb2026"))
    if name == "simulation":
        return (sample.whole, sample.without, _whole_simulation())
    if name == "antithesis":
        return tuple(_few_lines(text) for text in (sample.whole, sample.without))
    return (sample.whole, sample.without)


def _few_lines(text: bytes) -> bytes:
    """The first and last lines of a file of an SDK, with all that is special."""
    lines = text.splitlines(keepends=True)
    return b"".join([*lines[:8], *lines[-6:]])


def _whole_simulation() -> bytes:
    """A simulation stream with all that the small judge looks at."""
    start = {
        "type": "start", "format": "simulation/1", "first_seed": 7, "seeds": 4, "invariants": ["agreement", "order"],
        "points": {"fault": ["a", CUT], "sometimes": ["s"], "reachable": ["r"], "phase": ["p", "q"]},
        "counters": ["view_changes", "repairs"],
    }  # fmt: skip
    seeds = [
        {
            "type": "seed", "seed": 7 + at, "status": "ok", "events": 5,
            "hits": {"a": at, CUT: 1, "s": 2, "p": 3, "q": at},
            "ran": {"agreement": 3, "order": at}, "counters": {"view_changes": at, "repairs": 1}, "digest": f"{at}",
        }
        for at in range(4)
    ]  # fmt: skip
    return b"\n".join(json.dumps(each).encode() for each in (start, *seeds, {"type": "end", "seeds": 4, "failed": 0}))


def _take(court: Court, data: bytes) -> Ending:
    """Read and judge, and hold the verdict to all that can be said of it."""
    judged, number = court.judged(data), crc32(data) >> 8
    has_opinion = court.hold(data, judged)
    if number % TWICE == 0 and court.judged(data).verdict != judged.verdict:
        raise Finding("the same bytes are judged differently the second time")
    if number % STORED == 1:
        hold_stored(judged)
    if number % SHOWN == 2:
        hold_pages(judged.verdict)
    return "judged" if has_opinion else "taken"


def hold_stored(judged: Judged) -> None:
    """A verdict that is written and read again is the same."""
    text = judged.verdict.to_json().encode("utf-8")
    again = verdict_from_json(text, "verdict.json")
    if again.to_json().encode("utf-8") != text:
        raise Finding("a verdict differs after it was stored")


# ---- as `record` stores them


def compacted(data: bytes) -> bytes:
    """A stream as `record` stores it."""
    compactor = Compactor()
    return compactor.feed(data) + compactor.finish()


def _recorded(name: str) -> Door:
    """A stream that was changed, and then recorded: what is stored is judged as the stream itself."""
    sample = samples()[name]
    court = Court(None, NAMES[name], None)

    def take(data: bytes) -> Ending:
        bounds, config = court.config_of(data)
        ours = _ending_of(lambda: court.judged(data))
        stored = compacted(data)
        if crc32(data) % TWICE == 0 and compacted(data) != stored:
            raise Finding("the same bytes are stored differently the second time")
        theirs = _ending_of(lambda: _judged_by(stored, bounds, config))
        if ours != theirs:
            raise Finding("a stream is judged differently once it is recorded", f"{ours}, recorded {theirs}")
        return "judged" if isinstance(ours, tuple) else "refused"

    whole, without = (compacted(each) for each in (sample.whole, sample.without)) if name != "stream" else (b"", b"")
    small = tuple(filter(None, (*_samples(name, sample), whole, without)))
    return Door(
        name=f"recorded {name}",
        take=take,
        samples=(*small, compacted(small[0])),
        reads=("reading/compact", "reading/compact_simulation"),
        tokens=TOKENS[name],
        text="lines",
        weight=2,
    )


def _judged_by(data: bytes, bounds: Any, config: Any) -> Judged:
    read = read_bytes(data, None, config)
    return Judged(read, judge_inputs([read], RULES, config), bounds)


def _ending_of(run: Callable[[], Judged]) -> object:
    """What has to be the same: whether it passes, and every gate's status; or that it is refused."""
    try:
        judged = run()
    except UserError:
        return "no pass"
    if judged.statuses.get(COMPLETE) == FAILED:
        return "no pass"  # what is not whole has no coverage
    return judged.verdict.passed, tuple(sorted(judged.statuses.items()))


# ---- compressed


def _packed() -> Door:
    """Reports in gzip, damaged in their compressed form."""
    court = Court(None, NAMES["stream"], None)
    plain = [a_stream(3), samples()["report"].whole, samples()["simulation"].whole]

    def take(data: bytes) -> Ending:
        judged = court.judged(data)
        if judged.verdict.passed and data[:2] == b"\x1f\x8b":
            try:
                gzip.decompress(data)
            except Exception as error:  # whatever it is: it is no whole file
                raise Finding("a file that breaks off passes", repr(error)) from None
        return "taken"

    return Door(
        name="compressed",
        take=take,
        samples=tuple(gzip.compress(each, mtime=0) for each in plain),
        reads=("reading/source",),
        tokens=(gzip.compress(b"", mtime=0), b"\x1f\x8b\x08", b"\x00" * 8),
    )
