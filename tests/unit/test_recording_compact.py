"""A compacted stream says what the stream says: line for line, however a pipe delivers it."""

from __future__ import annotations

import io
import json
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.reports import (
    REAL,
    SEED_COUNT,
    a_flat_report,
    a_record,
    a_stream,
    ending,
    failed,
    ndjson,
    ok,
    start,
)
from vopr_coverage.errors import UserError
from vopr_coverage.model.report import Input
from vopr_coverage.reading import recognise
from vopr_coverage.reading.compact import HASH_DIGITS_KEPT, OTHER_TYPES, UNKNOWN_TYPES_KEPT_MAX, Compactor
from vopr_coverage.reading.source import LINE_BYTES_MAX, blocks
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


@examples(200)
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


# ---- streams that something went wrong with


def as_read(stream: bytes, piece_bytes: int = 1 << 16) -> Input | str:
    """What the reader says of a stream that a pipe delivers in such pieces, or why it refuses it."""
    rest = blocks(io.BufferedReader(Pipe(stream, piece_bytes), piece_bytes), "s")
    try:
        reader, seen = recognise(rest)
        return reader(chain(seen, rest), "s")
    except UserError as error:
        return str(error)


class Pipe(io.RawIOBase):
    """Bytes that come in pieces of at most so many."""

    def __init__(self, data: bytes, piece_bytes: int) -> None:
        self._data, self._piece_bytes = io.BytesIO(data), piece_bytes

    def readable(self) -> bool:
        """It can only be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next piece."""
        piece = self._data.read(min(len(buffer), self._piece_bytes))
        buffer[: len(piece)] = piece
        return len(piece)


def split_and_joined(stream: bytes, joint: bytes, split_at: bytes, split: bytes) -> bytes:
    """Two records on one line, with something between them, and one record on two lines: as many as there are lines."""
    lines = stream.splitlines(keepends=True)
    lines[3] = lines[3].replace(b"\n", joint)
    lines[6] = lines[6].replace(split_at, split, 1)
    return b"".join(lines)


LONG_NOISE = b'{"level":"info","n":%d}\n'
ODD: dict[str, bytes] = {
    "two records on a line, one on two": split_and_joined(a_stream(9), b"", b'"data":', b'"data":\n'),
    "the same with a space": split_and_joined(a_stream(9), b" ", b",", b"\n,"),
    "with a comma": split_and_joined(a_stream(9), b",", b",", b"\n"),
    "with nulls": split_and_joined(a_stream(9), b"\nnull\n", b",", b",\n"),
    "a null between records": a_stream(9).replace(b'"iteration"}\n', b'"iteration"}\nnull\n', 2),
    "a null for a record": a_stream(9).replace(ndjson(ok(4)), b"null\n"),
    "a null for a value": a_stream(9).replace(b'"events":100', b'"events":\n', 1),
    "compact seeds, two on a line": split_and_joined(compacted(a_stream(9))[0], b"", b"[", b"[\n"),
    "a first seed with a longer hash, like the third and fourth but for that": ndjson(
        start(0, 4),
        *(ok(seed, storage_hash=text) for seed, text in enumerate(("0" * 65, "1" * 64, f"{2:064}", f"{3:064}"))),
        ending(4),
    ),
    "a NUL byte that a recording moves forward": b"".join([a_stream(40)[:6_000], b"\0", a_stream(40)[6_000:]]),
    "a NUL byte in the first line": a_stream(3).replace(b"starting", b"start\0ing"),
    "a NUL byte in front of all records": b"noise\nno\0ise\n" + a_stream(3),
    "a first record on the edge of what is looked at": b"".join(LONG_NOISE % n for n in range(2_580)) + a_stream(9),
    "a first record behind what is looked at": b"".join(LONG_NOISE % n for n in range(4_000)) + a_stream(9),
    "many blank lines": b"\n" * 5_000 + a_stream(3),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_streams_read_the_same_compacted_and_in_pieces(name: str) -> None:
    """Line for line: it matters neither where blocks begin nor that lines have become shorter."""
    stream = ODD[name]
    whole = as_read(stream)
    assert {as_read(stream, size) == whole for size in (50, 700, 5_000)} == {True}
    recorded = compacted(stream)[0]
    assert {as_read(recorded, size) == whole for size in (50, 700, 5_000, 1 << 16)} == {True}


def test_a_document_behind_blank_lines_is_one_however_it_arrives() -> None:
    """The first piece of a pipe may hold nothing that tells a format."""
    report = b"\n" * 5_000 + a_flat_report()
    whole = as_read(report)
    assert not isinstance(whole, str)
    assert (whole.format, as_read(report, 50)) == ("report", whole)


WOUNDED = (a_stream(8, failing=[2], lost=[5]), NOISY, compacted(a_stream(5))[0], a_stream(4).replace(b"\n", b"\r\n"))
SCRAPS = (
    b"", b"\n", b"\n\n", b" ", b"\r", b",", b"{", b"}", b"[", b"]", b":", b'"', b"null", b"\0", b"\xff", b"1e400",
    b'"seed":1,', b'["ok",[1,100,1.0,"a","b"]]\n', b"\xef\xbb\xbf", b"\\ud800", b"\xe2\x80\xa8",
)  # fmt: skip
WOUNDS = st.tuples(st.sampled_from(("insert", "replace", "swap", "move line end")), *[st.integers(0, 1 << 14)] * 2)


def wounded(stream: bytes, kind: str, place: int, other: int) -> bytes:
    """A stream with one thing wrong; line ends and punctuation, where records begin and end, are hit most often."""
    marks = [at for at, byte in enumerate(stream) if byte in b'\n{}[],:"']
    at, elsewhere = marks[place % len(marks)] + place % 2, marks[other % len(marks)]
    scrap, changed = SCRAPS[other % len(SCRAPS)], bytearray(stream)
    if kind == "move line end":
        ends = [at for at, byte in enumerate(stream) if byte == ord("\n")]
        del changed[ends[place % len(ends)]]
        changed[elsewhere:elsewhere] = b"\n"
    elif kind == "swap" and at < len(changed):
        changed[at], changed[elsewhere] = changed[elsewhere], changed[at]
    elif kind == "insert":
        changed[at:at] = scrap
    else:
        changed[at : at + 1] = scrap
    return bytes(changed)


@examples(300)
@given(st.sampled_from(WOUNDED), st.lists(WOUNDS, min_size=1, max_size=3), st.sampled_from((50, 700, 1 << 16)))
def test_wounded_streams_read_the_same_compacted_and_in_pieces(
    stream: bytes, wounds: list[tuple[str, int, int]], piece_bytes: int
) -> None:
    """Whatever is wrong with a stream, its recording is judged as it is."""
    for kind, place, other in wounds:
        if stream.count(b"\n") and len(stream) > 10:
            stream = wounded(stream, kind, place, other)
    whole = as_read(stream)
    assert as_read(stream, piece_bytes) == whole
    assert as_read(compacted(stream)[0], piece_bytes) == whole
