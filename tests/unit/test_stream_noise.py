"""What doesn't belong in a stream: unknown records, other programs' lines, broken records."""

from __future__ import annotations

import sys
from io import BufferedReader, BytesIO, RawIOBase
from typing import Any

import pytest

from tests.support.reports import (
    REAL,
    a_record,
    a_stream,
    ending,
    ok,
    start,
)
from tests.support.streams import complaint, reading
from vopr_coverage.errors import FileError
from vopr_coverage.reading import read_report


def test_unknown_record_types_and_keys_warn_with_their_first_line() -> None:
    """A newer simulator stays readable, and what was passed over is said once, escaped."""
    heartbeat = a_record("heart\nbeat", {"any": ["thing"]})
    records = [start(0, 3, shard=1), heartbeat, ok(0, cpu_ms=3), ok(1), heartbeat, ok(2, cpu_ms=4), ending(3)]
    records[2]["host"] = "a"
    read = reading(*records)
    assert read.run is not None
    assert read.run.contradictions == ()
    assert read.warnings == (
        "unknown key 'data.shard' in 'start' records, first on line 1",
        "unknown record type 'heart\\nbeat', first on line 2",
        "unknown key 'host' in 'iteration' records, first on line 3",
        "unknown key 'data.cpu_ms' in 'iteration' records, first on line 3",
    )


NOISE = [
    b"[vsr.cross_replica_agreement] phase=fsync_end: (view 1, op 7)\n",
    b"   Compiling kimberlite v0.8.0\n",
    b'{"level":"info","msg":"type and data"}\n',
    b'{"type":"log","message":"seed 3"}\n',
    b'{"data":{"seed":3},"severity":"DEBUG","time":1}\n',
    b'{"level":"info","value":NaN,"value":1}\n',
    b'"text"\n',
    b"17\n",
    b'["a",1]\n',
    b"\xc3( is not UTF-8\n",
    b"{half of an object\n",
]


@pytest.mark.parametrize("noise", NOISE)
def test_lines_of_other_programs_are_counted_and_change_nothing(noise: bytes) -> None:
    """stderr in the same file, before the first record, among them and after the end, is no record."""
    quiet, lines = reading(a_stream()), a_stream().splitlines(keepends=True)
    noisy = reading(noise, lines[0], noise, *lines[1:-1], noise, lines[-1], noise)
    assert (noisy.report, noisy.run) == (quiet.report, quiet.run)
    assert noisy.warnings == ("4 lines are no records of the stream (is stderr mixed in?)",)


def test_noise_may_stand_in_front_of_a_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the very first line is, one line that is a record makes the file a stream."""
    folder = tmp_path_factory.mktemp("noise")
    for number, noise in enumerate([*NOISE, b"\n", b"\r\n", b"[1] done\n" * 40_000]):
        path = folder / f"{number}.ndjson"
        path.write_bytes(noise + a_stream())
        read = read_report(str(path))
        assert read.run is not None
        assert (read.format, read.run.complete, read.run.contradictions) == ("stream", True, ()), noise[:40]


class Pipe(RawIOBase):
    """A pipe that delivers its data in given pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Deliver one piece."""
        piece = self.pieces.pop(0) if self.pieces else b""
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("noise", [b'{"level":"info","msg":"here we go"}\n', b"[vsr.agreement] phase=a\n", b"{x}\n"])
def test_a_pipe_may_deliver_a_stream_in_any_pieces(noise: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much of a live run has arrived by the first look must not decide what it is taken for."""

    class Standard:
        """Standard input with a line a piece."""

        buffer = BufferedReader(Pipe([noise, *BytesIO(a_stream()).readlines()]))

    monkeypatch.setattr(sys, "stdin", Standard)
    read = read_report("-")
    assert read.run is not None
    assert (read.format, read.run.complete, read.run.records) == ("stream", True, 3)
    assert read.warnings == ("1 line is no record of the stream (is stderr mixed in?)",)


def test_standard_input_that_is_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """`vopr-coverage check - <&-` has no stream to read from, which is not a bug of ours."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(FileError, match=r"^-: expected data on standard input, found none: it is closed$"):
        read_report("-")


def test_blank_lines_and_windows_line_ends_are_no_noise() -> None:
    """CRLF and empty lines are read without a remark."""
    read = reading(a_stream().replace(b"\n", b"\r\n\r\n"))
    assert (read.warnings, read.run) == ((), reading(a_stream()).run)


def test_a_broken_record_is_never_taken_for_noise() -> None:
    """A line that is meant as a record and breaks its schema stops the reading, with line and pointer."""
    assert complaint(start(0, 1), b'{"timestamp":"","type":"iteration"}\n', ending(1)) == [
        "s:2#: expected the key 'data', found no such key"
    ]
    assert complaint(start(0, 1), b'{"data":{"seed":0},"timestamp":""}\n', ending(1)) == [
        "s:2#: expected the key 'type', found no such key"
    ]
    assert complaint(start(0, 1), ok(0, events=-1), ok(1, seed="1"), ending(1, coverage={})) == [
        "s:2#/data/events: expected an integer from 0 to 2^64-1, found -1",
        "s:3#/data/seed: expected an integer from 0 to 2^64-1, found '1'",
        "s:4#/data/coverage: expected the key 'fault_points', found no such key",
        "s:4#/data/coverage: expected the key 'phases', found no such key",
        "s:4#/data/coverage: expected the key 'invariants', found no such key",
    ]


def test_the_first_ten_problems_of_a_file_are_told() -> None:
    """A file with a thousand broken records gets ten lines and a remark, in file order."""
    told = complaint(start(0, 1000), *(ok(seed, events=-1) for seed in range(1000)))
    assert [one.partition("#")[0] for one in told[:10]] == [f"s:{number}" for number in range(2, 12)]
    assert told[10:] == ["… and 1 more problem"]


def test_text_without_a_single_record_is_refused() -> None:
    """What the simulator prints for people is not a run without failures."""
    assert complaint((REAL / "not-json.txt").read_bytes()) == [
        "s: expected records of a VOPR stream, found 22 lines without one; was the simulator run with --json?"
    ]
    assert complaint(b"\n\n") == [
        "s: expected records of a VOPR stream, found blank lines only; was the simulator run with --json?"
    ]
