"""`check` judges a recording as it judges the stream: same figures, violations, warnings and refusals.

Each stream is printed by a process, recorded, and judged both ways. Streams and recordings have
the same names in two folders, so that the verdicts have to be equal to the last character.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.checking import checked
from tests.support.recordings import SCENARIO, recorded
from tests.support.reports import (
    MODEST,
    PROPERTIES,
    REAL,
    SEED_COUNT,
    a_flat_report,
    a_record,
    a_stream,
    ending,
    failed,
    ndjson,
    ok,
    records_of,
    start,
)
from vopr_coverage.errors import UserError

LOG = b'{"level":"info","msg":"type and data"}\n'
NOISE = b"[vsr.agreement] phase=fsync_end: (view 1)\n"
HEALTHY = a_stream()
LINES = HEALTHY.splitlines(keepends=True)


def spaced(stream: bytes) -> bytes:
    """The same records with other spacing and order of keys."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records_of(stream))


def many(count: int, **options: object) -> bytes:
    """A stream of several blocks."""
    return a_stream(count, **options)  # type: ignore[arg-type]


STREAMS: dict[str, bytes] = {
    "healthy": HEALTHY,
    "one seed": a_stream(1),
    "no seed": a_stream(0),
    "several blocks": many(1_000),
    "several blocks, some fail": many(1_000, failing=[17, 500, 999]),
    "every seed fails": many(600, failing=range(600)),
    "two invariants": a_stream(5, failing={1: "hash_chain", 3: "vsr_agreement"}),
    "seeds without a record": a_stream(6, lost=[2, 3]),
    "the last seed without a record": a_stream(3, lost=[2]),
    "seeds at 2^63": a_stream(3, first=(1 << 63) - 1),
    "the last seeds there are": a_stream(3, first=SEED_COUNT - 3),
    "seeds that wrap round": a_stream(300, first=SEED_COUNT - 150),
    "first months": a_stream(3, era="feb2026"),
    "no coverage": a_stream(coverage=None),
    "no properties": a_stream(era="feb2026"),
    "a violated property": a_stream(properties=PROPERTIES | {"violated_ids": ["x"], "violation_count": 1}),
    "miscounted properties": a_stream(properties=PROPERTIES | {"violation_count": 2}),
    "wrong successes": a_stream(successes=7),
    "wrong failures": a_stream(failures=1),
    "failed seeds that held": a_stream(failed_seeds=[1], failures=1, successes=2),
    "wrong totals": HEALTHY.replace(b'"total_events":30', b'"total_events":31'),
    "a gap": ndjson(start(0, 3), ok(0), ok(2), ending(2)),
    "a seed twice": ndjson(start(0, 3), ok(0), ok(0), ok(1), ending(3)),
    "out of order": ndjson(start(0, 3), ok(2), ok(1), ok(0), ending(3)),
    "beyond the range": ndjson(start(0, 1), ok(0), ok(1), ending(2)),
    "seed ignored": ndjson(start(), *(ok(n, storage_hash="ab" * 32) for n in range(3)), ending()),
    "seeds differ in time alone": ndjson(
        start(), *(ok(n, storage_hash="ab" * 32, simulated_time_ms=n + 0.1) for n in range(3)), ending()
    ),
    "nothing happened": ndjson(start(), *(ok(n, events=0) for n in range(3)), ending()),
    "time in odd spellings": HEALTHY.replace(b"10000.0", b"1", 1).replace(b"10000.0", b"1E-7", 1),
    "times that don't add up in floats": many(700).replace(b"10000.0", b"0.1000000005"),
    "hashes of other lengths": ndjson(start(), *(ok(n, storage_hash="seed " + str(n)) for n in range(3)), ending()),
    "hashes in capitals": HEALTHY.replace(b"16f7", b"16F7"),
    "hashes like a seed's prefix": ndjson(
        start(0, 2), *(ok(n, storage_hash="a" * 16 + str(n)) for n in (0, 1)), ending(2)
    ),
    "other spacing": spaced(HEALTHY),
    "Windows line ends": HEALTHY.replace(b"\n", b"\r\n"),
    "a byte order mark": b"\xef\xbb\xbf" + HEALTHY,
    "blank lines": HEALTHY.replace(b"\n", b"\n\n \n"),
    "no last line end": HEALTHY[:-1],
    "noise in front": NOISE * 3 + HEALTHY,
    "noise throughout": b"".join(NOISE + line for line in LINES) + NOISE,
    "a logger's JSON throughout": b"".join(LOG + line for line in LINES) + LOG,
    "noise in several blocks": (NOISE * 50).join(many(300).splitlines(keepends=True)),
    "noise that is no UTF-8": b"\xc3( \n" + HEALTHY,
    "noise that looks compact": b'["ok",[1,2]]\n["ok"]\n[]\n["ok",[0,-1,0.0,"a","b"]]\n' + HEALTHY,
    "a compact seed in a stream": ndjson(LINES[0], b'["ok",[0,100,10000.0,"00","11"]]\n', *LINES[2:]),
    "unknown record types": ndjson(LINES[0], a_record("heart\nbeat", {}), *LINES[1:3], a_record("z", {}), *LINES[3:]),
    "unknown keys": ndjson(start(shard=1), ok(0, cpu_ms=3), ok(1), failed(2, why="x"), ending(2, [2])),
    "a coverage failure": HEALTHY + ndjson(a_record("coverage_failures", {"failures": ["a", "b"]})),
    "records after the end": HEALTHY + LINES[1],
    "two streams": HEALTHY + HEALTHY,
    "start in the middle": b"".join([LINES[1], LINES[0], *LINES[2:]]),
    "no start": b"".join(LINES[1:]),
    "no end": b"".join(LINES[:-1]),
    "no end, after noise": b"".join(LINES[:-1]) + b"thread 'main' panicked\n",
    "its start alone": LINES[0],
    "a seed alone": LINES[1],
    "cut within the end": HEALTHY[:-200],
    "cut within a seed": b"".join(LINES[:2]) + LINES[2][:90],
    "empty": b"",
    "blank": b"\n\n",
    "noise alone": NOISE * 5,
    "binary": b"\x7fELF\0\0" + HEALTHY,
    "UTF-16": HEALTHY.decode().encode("utf-16"),
    "a flat report": a_flat_report(),
    "a wrapped report": b'{"coverage": ' + a_flat_report() + b"}",
    "a flat report over many lines": json.dumps(json.loads(a_flat_report()), indent=1).encode(),
    "a document of something else": b'{"hello": [1, 2]}',
    "a refused seed": ndjson(start(), ok(0), ok(-1), ok(2), ending()),
    "a seed above 2^64": ndjson(start(), ok(0), ok(SEED_COUNT), ok(2), ending()),
    "events above 2^64": ndjson(start(), ok(0, events=SEED_COUNT), ok(1), ok(2), ending()),
    "a refused start": ndjson(a_record("start", {"iterations": 3}), ok(0), ending()),
    "a refused end": a_stream(failures=-1),
    "more refused lines than are told": ndjson(start(0, 30), *(ok(n, events=-1) for n in range(30)), ending(30)),
    "duplicate keys at the end": HEALTHY.replace(b'"successes":3', b'"successes":3,"successes":3'),
    "a fraction for a count": HEALTHY.replace(b'"events":100', b'"events":100.0'),
    "half a surrogate pair": HEALTHY.replace(b'"ok"', b'"\\ud800"', 1),
}  # fmt: skip
STREAMS |= {path.name: path.read_bytes() for path in sorted(REAL.iterdir()) if path.suffix != ".gz"}
STREAMS |= {path.name: gzip.decompress(path.read_bytes()) for path in sorted(REAL.glob("*.gz"))}


WITHOUT_RECORDS = {
    "empty": "nothing written",
    "blank": "nothing written",
    "noise alone": "no record written, but 5 other lines",
    "not-json.txt": "no record written, but 22 other lines",
}


def test_the_table_is_as_wide_as_it_says() -> None:
    """Kinds of streams, and every real one."""
    assert len(STREAMS) >= 80
    assert len(set(STREAMS.values())) >= 80


def outcome(report: Path, **settings: Any) -> str:
    """The whole verdict, or why there is none, in either case without where it was read from."""
    try:
        return checked([str(report)], scenario=SCENARIO, folder=report.parents[1], **settings).to_json()
    except UserError as error:
        return str(error).replace("/stream.ndjson.gz", "").replace(str(report), "PATH")


def without_replays(text: str) -> str:
    """A failing seed is replayed with the recorded command, which only the recording has."""
    return re.sub(r'"(repro|whole_run)": .*', "", text)


@pytest.mark.parametrize("name", STREAMS)
def test_a_recording_is_judged_as_its_stream(name: str, tmp_path: Path) -> None:
    """Under bounds that the healthy stream meets, and under the nightly ones."""
    stream = STREAMS[name]
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "run").write_bytes(stream)
    recorded(stream, tmp_path / "recorded" / "run")
    (tmp_path / "modest.json").write_text(json.dumps(MODEST))
    settings: list[dict[str, str]] = [{"config": "modest.json"}, {"profile": "nightly"}]
    for under in settings:
        plain = outcome(tmp_path / "plain" / "run", **under)
        told = outcome(tmp_path / "recorded" / "run", **under)
        if name in WITHOUT_RECORDS:  # a stream of nothing is no report, a recording of it is a run that did nothing
            assert "expected " in plain
            assert f"ended with exit code 0, {WITHOUT_RECORDS[name]}" in told
            continue
        assert without_replays(told) == without_replays(plain)


@pytest.mark.parametrize(
    ("name", "ending_word"),
    [("healthy", '"status": "passed"'), ("a gap", '"status": "failed"'), ("no end", '"status": "incomplete"')],
)
def test_the_table_holds_every_ending(name: str, ending_word: str, tmp_path: Path) -> None:
    """Not all of these are equal because all are refused."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "run").write_bytes(STREAMS[name])
    (tmp_path / "modest.json").write_text(json.dumps(MODEST))
    assert ending_word in outcome(tmp_path / "plain" / "run", config="modest.json")
