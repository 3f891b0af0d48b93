"""The progress line: silent for small files, then how far and how fast, and gone before the verdict."""

from __future__ import annotations

import io
from pathlib import Path

from vopr_coverage.progress import ProgressLine, RunProgress

MB = 1_000_000


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_file_that_is_read_within_a_second_needs_no_line(tmp_path: Path) -> None:
    """Most files are small; a flicker would be noise."""
    out, clock = io.StringIO(), Clock()
    advance = ProgressLine(out, clock).for_file(str(tmp_path / "a"))
    clock.now = 0.9
    advance(5 * MB)
    assert out.getvalue() == ""


def test_a_long_read_shows_how_far_and_how_fast(tmp_path: Path) -> None:
    """Megabytes of the file's size, and the rate since its start; redrawn five times a second at most."""
    file = tmp_path / "night.ndjson"
    file.write_bytes(b"x" * (4 * MB))
    out, clock = io.StringIO(), Clock()
    line = ProgressLine(out, clock)
    advance = line.for_file(str(file))
    clock.now = 2.0
    advance(3 * MB)
    clock.now = 2.1
    advance(MB // 2)
    assert out.getvalue() == "\r\x1b[Knight.ndjson: 3 of 4 MB, 2 MB/s"
    line.clear()
    assert out.getvalue().endswith("\r\x1b[K")


def test_what_grows_past_its_file_shows_no_total(tmp_path: Path) -> None:
    """Gzip unpacks to more than the file holds, and standard input has no size."""
    file = tmp_path / "night.ndjson.gz"
    file.write_bytes(b"x" * MB)
    for path in (str(file), "-"):
        out, clock = io.StringIO(), Clock()
        advance = ProgressLine(out, clock).for_file(path)
        clock.now = 2.0
        advance(8 * MB)
        assert out.getvalue().endswith(": 8 MB, 4 MB/s")


def test_a_calibration_shows_what_runs_and_how_far() -> None:
    """Scenario, seconds and iterations; five times a second at most, and not for what takes a second."""
    out, clock = io.StringIO(), Clock()
    advance = ProgressLine(out, clock).for_calibration(30.0)("calibrating com\x1bbined (1 of 2)")
    clock.now = 0.9
    advance(7)
    assert out.getvalue() == ""
    clock.now = 12.0
    advance(1_234)
    advance(1_235)
    assert out.getvalue() == "\r\x1b[Kcalibrating com\\x1bbined (1 of 2): 12 of 30 s, 1,234 iterations"


def test_a_name_cannot_move_the_cursor(tmp_path: Path) -> None:
    """File names come from a stranger's checkout, too."""
    out, clock = io.StringIO(), Clock()
    advance = ProgressLine(out, clock).for_file(str(tmp_path / "a\x1b[2J"))
    clock.now = 2.0
    advance(MB)
    assert "\x1b[2J" not in out.getvalue()


def test_a_long_night_shows_how_many_recordings_are_read() -> None:
    """Silent for a second, then redrawn five times a second at most, and gone before the verdict."""
    out, clock = io.StringIO(), Clock()
    line = ProgressLine(out, clock)
    advance = line.for_recordings()
    for clock.now, done in ((0.9, 3), (2.0, 12), (2.1, 13), (2.3, 1_300)):
        advance(done, 6_400)
    assert out.getvalue() == "\r\x1b[K12 of 6,400 recordings read\r\x1b[K1,300 of 6,400 recordings read"
    line.clear()
    assert out.getvalue().endswith("\r\x1b[K")


def test_a_run_on_a_terminal_shows_rate_and_what_is_left() -> None:
    """Silent for a second, then redrawn five times a second at most, and gone at the end."""
    out, clock = io.StringIO(), Clock()
    progress = RunProgress(out, 1_000, True, clock)
    clock.now = 0.9
    progress.advance(90)
    assert out.getvalue() == ""
    clock.now = 2.0
    progress.advance(200)
    clock.now = 2.1
    progress.advance(210)
    assert out.getvalue() == "\r\x1b[K200 of 1,000 iterations, 100/s, 8 s left"
    progress.clear()
    assert out.getvalue().endswith("\r\x1b[K")


def test_a_run_that_nobody_watches_says_a_line_every_half_minute() -> None:
    """In a job's log: a long silence looks like a hang."""
    out, clock = io.StringIO(), Clock()
    progress = RunProgress(out, 1_000_000, False, clock)
    for clock.now in (1.0, 29.9, 30.0, 31.0, 59.9, 60.0):
        progress.advance(int(clock.now * 2.5))
    progress.clear()
    assert out.getvalue().splitlines() == [
        "vopr-coverage: 75 of 1,000,000 iterations, 2.5/s, 111 h 7 min left",
        "vopr-coverage: 150 of 1,000,000 iterations, 2.5/s, 111 h 6 min left",
    ]


def test_a_run_that_has_not_begun_promises_nothing() -> None:
    """Without a rate there is no telling what is left; nor is there once all is done."""
    out, clock = io.StringIO(), Clock()
    progress = RunProgress(out, 10, False, clock)
    clock.now = 30.0
    progress.advance(0)
    clock.now = 60.0
    progress.advance(10)
    assert out.getvalue().splitlines() == [
        "vopr-coverage: 0 of 10 iterations, 0/s",
        "vopr-coverage: 10 of 10 iterations, 0.167/s",
    ]
