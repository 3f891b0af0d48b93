"""What is read of a simulator while it is calibrated: its iterations, and the last of what it says otherwise."""

from __future__ import annotations

import io
import os
import threading
import time

import pytest

from tests.support.simulators import wait_for
from vopr_coverage.nightly import calibration
from vopr_coverage.nightly.calibration import LINE_BYTES_MAX, PIECE_BYTES, _Output, _Tail

ITERATION = b'{"data": {"seed": 1}, "type" : "iteration"}\n'
END = b'{"data": {}, "type": "batch_complete"}\n'
FORMAT = b'{"type":"start","format" : "simulation/1"}\n'
SEED = b'{"type" : "seed","seed":1,"status":"ok"}\n'
LAST = b'{"type": "end","seeds":1}\n'


def count(data: bytes) -> tuple[int, bool, tuple[str, ...]]:
    """How many iterations an output has, whether its last record came, and its words that are no records."""
    stream = io.BytesIO(data)
    output = _Output(stream)
    found, _ = output.count_until(time.monotonic(), 60.0, lambda _done: None)
    assert output.ended
    assert stream.closed
    return found, output.whole, output.words()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", (0, False, ())),
        (ITERATION, (1, False, ())),
        (ITERATION * 3 + END, (3, True, ())),
        (ITERATION + ITERATION[:-1], (2, False, ())),  # its line need not end
        (FORMAT + SEED + SEED + LAST, (2, True, ())),
        (FORMAT + ITERATION + SEED + END, (1, False, ())),  # a simulation stream has neither
        (SEED + LAST, (0, False, ())),  # nor a stream of VOPR these
        (b'{"type":"phase","data":{}}\n{"data":1}\n' + ITERATION, (1, False, ())),
        (b'loading {"type":\n\n' + ITERATION + b"done\n", (1, False, ('loading {"type":', "done"))),
    ],
)
def test_iterations_are_counted_and_other_lines_kept(data: bytes, found: tuple[int, bool, tuple[str, ...]]) -> None:
    """By the records of the simulator's own format; a record of another type is neither."""
    assert count(data) == found


def test_a_record_may_come_in_pieces() -> None:
    """Many of them lie across the border between two."""
    number = 3 * PIECE_BYTES // len(ITERATION)
    assert count(ITERATION * number) == (number, False, ())


def test_no_record_is_longer_than_a_mebibyte() -> None:
    """Of a line without an end only so much is held: what is counted is what begins in that."""
    long = b'{"type":"iteration","data":"%s"}\n'
    size = LINE_BYTES_MAX - len(long) + 3
    assert len(long % (b"x" * size)) == LINE_BYTES_MAX + 1
    assert count(long % (b"x" * size))[0] == 1
    assert count(long % (b"x" * (size + 2 * PIECE_BYTES)))[0] == 0


def test_many_words_are_cut_to_the_last_ones() -> None:
    """Five lines, also of a line that is very long."""
    assert count(b"".join(b"line %d\n" % n for n in range(20_000)))[2] == tuple(
        f"line {n}" for n in range(19_995, 20_000)
    )
    assert count(b"x" * 200_000 + b"\nend\n")[2][-1] == "end"


class Broken(io.BytesIO):
    """An output with a first line that then cannot be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__(ITERATION)
        self._error = error

    def read(self, size: int | None = -1, /) -> bytes:
        """The first line, then the error."""
        if data := super().read(size):
            return data
        raise self._error


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("closed")], ids=["gone", "closed"])
def test_what_cannot_be_read_any_more_has_ended(error: Exception) -> None:
    """What came before is counted, or kept."""
    output, tail = _Output(Broken(error)), _Tail(Broken(error))
    assert output.count_until(time.monotonic(), 60.0, lambda _done: None)[0] == 1
    assert output.ended
    assert tail.words() == (ITERATION.decode().strip(),)


def test_the_time_counts_from_the_start_of_the_process() -> None:
    """Until its output ended, or the time was up."""
    _, took_s = _Output(io.BytesIO(ITERATION)).count_until(time.monotonic() - 30, 60.0, lambda _done: None)
    assert 30 <= took_s < 60
    late = _Output(io.BytesIO(ITERATION))
    assert late.count_until(time.monotonic() - 30, 20.0, lambda _done: None) == (0, 20.0)
    assert late.ended is False
    _, took_s = _Output(io.BytesIO(ITERATION)).count_until(time.monotonic() + 9, 60.0, lambda _done: None)
    assert took_s == 1e-6  # a rate is a number


def test_the_end_of_stderr_are_its_words() -> None:
    """Whatever came before."""
    stream = io.BytesIO(b"".join(b"line %d\n" % n for n in range(50_000)))
    assert _Tail(stream).words() == tuple(f"line {n}" for n in range(49_995, 50_000))
    assert stream.closed


def test_an_output_that_another_process_holds_open_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come is read; no exit of ours waits for what reads it."""
    monkeypatch.setattr(calibration, "STOP_S", 0.1)
    before = set(threading.enumerate())
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as stream:
        tail = _Tail(stream)
        os.write(writing, b"here\n")
        wait_for(lambda: tail.words() == ("here",))
        (reader,) = set(threading.enumerate()) - before
        assert reader.daemon
        os.close(writing)
        reader.join()
