"""A compacted stream says what the stream says: line for line, however a pipe delivers it."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.reports import REAL, SEED_COUNT, a_record, a_stream, ending, failed, ndjson, ok, start
from vopr_coverage.reading.compact import HASH_DIGITS_KEPT, OTHER_TYPES, UNKNOWN_TYPES_KEPT_MAX, Compactor
from vopr_coverage.reading.source import LINE_BYTES_MAX
from vopr_coverage.reading.stream import read_stream

NOISY = ndjson(
    start(7, 4),
    b"[vsr.agreement] phase=fsync_end\n",
    ok(7),
    b"\n",
    b'["ok",[8,1,2.0,"a"]]\n',
    ok(8, cpu_ms=3),
    failed(9),
    a_record("heartbeat", {}),
    ok(10, storage_hash="not hexadecimal"),
    ending(3, [9]),
    b"half a line",
)


def compacted(stream: bytes, *cuts: int) -> tuple[bytes, Compactor]:
    """A stream, fed in pieces that end at these places."""
    compactor, places = Compactor(), [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]
    return b"".join([*map(compactor.feed, pieces), compactor.finish()]), compactor


def hashes_of(compact: bytes) -> list[list[str]]:
    """The storage and the kernel hash of each seed."""
    return [json.loads(line)[1][3:] for line in compact.splitlines()]


def test_a_healthy_seed_becomes_a_short_line() -> None:
    """Seed, events, time and the first 64 bits of either hash; those of the first seed stay whole."""
    hashes = {"storage_hash": "ab" * 32, "kernel_state_hash": "0f" * 32}
    seed = ok(SEED_COUNT - 1, events=7640, simulated_time_ms=10000.5, **hashes)
    out, _ = compacted(ndjson(ok(0), seed))
    last = out.splitlines()[-1]
    assert last == b'["ok",[18446744073709551615,7640,10000.5,"abababababababab","0f0f0f0f0f0f0f0f"]]'
    assert len(json.loads(last)[1][3]) == HASH_DIGITS_KEPT
    assert hashes_of(out)[0] == ["0" * 64, "16f7" * 16]


def test_hashes_that_differ_late_are_told_apart() -> None:
    """A counter padded with zeros is no hash, but seeds that share none must not look alike."""
    out, _ = compacted(ndjson(*(ok(seed, kernel_state_hash=f"{seed // 2:064x}") for seed in range(600))))
    assert hashes_of(out) == [[f"{seed:064x}", f"{seed // 2:064x}"] for seed in range(600)]


@pytest.mark.parametrize(
    "line",
    [
        ndjson(start()),
        ndjson(failed(3)),
        ndjson(ending()),
        ndjson(a_record("heartbeat", {"any": 1})),
        ndjson(ok(3, cpu_ms=7)),  # an unknown key warns, so it has to be met again
        ndjson(ok(-1)),  # the reader refuses it
        ndjson(ok(SEED_COUNT)),
        ndjson(ok(0, events=SEED_COUNT)),
        ndjson(ok(0, simulated_time_ms=-1.0)),
        ndjson(ok(0, storage_hash="")),
        b"[vsr.agreement] phase=fsync_end\n",
        b'{"data":{}}\n',
        b"\xff\xfe\n",
        b"\n",
        b" \r\n",
        b"no line end",
    ],
)
def test_what_is_no_healthy_seed_stays_byte_for_byte(line: bytes) -> None:
    """Alone and between healthy seeds; the reader will meet it again."""
    assert compacted(line)[0] == line
    between = line if line.endswith(b"\n") else line + b"\n"
    out, _ = compacted(ndjson(ok(1), between, ok(2)))
    assert out.split(b"\n", 1)[1].startswith(between)
    assert out.count(b"\n") == 3


def test_a_hash_that_is_not_hexadecimal_is_kept_whole() -> None:
    """Only of a hash do the first digits tell as much as all of them."""
    for odd in ("f" * 63, "F" * 64, "seed 1 " * 20, "é" * 64):
        out, _ = compacted(ndjson(ok(1), ok(2, storage_hash=odd), ok(3, storage_hash="ab" * 32)))
        assert [storage for storage, _ in hashes_of(out)][1:] == [odd, "ab" * 8]


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.lists(st.integers(0, len(NOISY)), max_size=8))
def test_it_does_not_matter_in_what_pieces_a_stream_arrives(cuts: list[int]) -> None:
    """A pipe cuts wherever it likes."""
    whole, counted = compacted(NOISY)
    out, seen = compacted(NOISY, *cuts)
    assert out == whole
    assert (seen.lines, seen.compact, seen.verbatim) == (counted.lines, counted.compact, counted.verbatim)


def test_every_line_is_counted_by_what_it_is() -> None:
    """The manifest has these counts."""
    _, seen = compacted(NOISY + ndjson(b"\n", ok(-1)))
    assert seen.lines == {
        "start": 1,
        "iteration_ok": 3,
        "iteration_failed": 1,
        "batch_complete": 1,
        "other_records": 1,
        "broken_records": 1,
        "no_records": 3,
    }
    assert seen.unknown_records == {"heartbeat": 1}
    assert (seen.compact, seen.verbatim, seen.iterations) == (2, 9, 4)


def test_unknown_types_are_counted_in_bounded_room() -> None:
    """A simulator may name a record after each seed."""
    stream = ndjson(*(a_record(f"seed-{number}" + "x" * 500, {}) for number in range(50)))
    _, seen = compacted(stream)
    assert sum(seen.unknown_records.values()) == 50
    assert len(seen.unknown_records) == UNKNOWN_TYPES_KEPT_MAX + 1
    assert seen.unknown_records[OTHER_TYPES] == 50 - UNKNOWN_TYPES_KEPT_MAX
    assert max(map(len, seen.unknown_records)) == 100


def test_a_stream_is_whole_with_an_end_after_its_start() -> None:
    """Either alone is not."""
    assert (compacted(a_stream())[1].started, compacted(a_stream())[1].ended) == (True, True)
    assert not compacted(ndjson(ending()))[1].ended
    assert not compacted(ndjson(start(), ok(0)))[1].ended


def test_a_line_without_end_does_not_stay_in_memory() -> None:
    """What no reader takes is passed on, and the lines behind it are compacted again."""
    compactor, piece = Compactor(), b"x" * (1 << 20)
    out = sum(len(compactor.feed(piece)) for _ in range(LINE_BYTES_MAX // len(piece) + 3))
    assert out == LINE_BYTES_MAX + 3 * len(piece)
    assert compactor.feed(b"end\n" + ndjson(ok(0))).startswith(b'end\n["ok",')
    assert compactor.lines == {"no_records": 1, "iteration_ok": 1}


def test_a_compacted_stream_compacts_to_itself() -> None:
    """So a recording of `zcat recording` is the same recording."""
    once, _ = compacted(NOISY)
    assert compacted(once)[0] == once


@pytest.mark.parametrize("name", sorted(path.name for path in REAL.glob("*.ndjson")))
def test_a_real_stream_reads_the_same_compacted(name: str) -> None:
    """All that the reader tells, in one block and line by line."""
    stream = (REAL / name).read_bytes()
    out, _ = compacted(stream)
    assert read_stream([out], "s") == read_stream([stream], "s")
    assert read_stream(out.splitlines(keepends=True), "s") == read_stream([stream], "s")
