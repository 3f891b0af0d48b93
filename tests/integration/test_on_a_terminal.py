"""The command line on a real terminal: colours, width, and the verdict in the last line."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.support.reports import a_flat_report, a_stream, ok, run_process
from tests.support.reports import line as record

ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")


def on_a_terminal(
    cwd: Path, *arguments: str, width: int = 60, environ: Mapping[str, str] = MappingProxyType({})
) -> str:
    """What a terminal of this width gets to see of a command, both streams, escapes included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "vopr_coverage", *arguments], cwd=cwd, stdin=subprocess.DEVNULL, stdout=theirs,
        stderr=theirs, env={**kept, "TERM": "xterm", "PYTHONUTF8": "1", **environ},
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    process.wait(30)
    return seen.decode()


def test_a_failed_check_ends_with_its_verdict_in_red(tmp_path: Path) -> None:
    """Wrapped at the terminal's width, with the command whole, and nothing of the report's own moves the cursor."""
    invariant = "agree\x1b[2Jment"
    (tmp_path / "a.ndjson").write_bytes(a_stream(30, failing=dict.fromkeys(range(3), invariant)))
    seen = on_a_terminal(tmp_path, "check", "sim=a.ndjson")
    lines = seen.replace("\r\n", "\n").splitlines()
    assert lines[0] == "\x1b[1;31m❌ Coverage validation FAILED\x1b[0m"
    assert re.fullmatch(r"\x1b\[1;31m❌ Coverage validation failed: .*\x1b\[0m", lines[-1])
    command = "vopr --scenario sim --seed 0 --iterations 1 --json -v --no-trace-on-failure"
    assert f"\x1b[36m     {command}\x1b[0m" in lines
    prose = [line for line in lines if not line.startswith("  - ") and command not in line]
    assert max(len(ESCAPE.sub("", line)) for line in prose) <= 60
    assert "\x1b[2J" not in seen
    assert len(lines) <= 25


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused(tmp_path: Path, name: str, value: str) -> None:
    """By the variables that all programs know."""
    (tmp_path / "a.json").write_bytes(a_flat_report())
    seen = on_a_terminal(tmp_path, "check", "a.json", environ={name: value})
    assert "\x1b" not in seen
    assert seen.splitlines()[-1].startswith("❌ " if "FAILED" in seen else "✅ ")


def test_what_is_piped_has_no_colours_unless_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe may end in a file."""
    (tmp_path / "a.json").write_bytes(a_flat_report())
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    assert "\x1b" not in run_process("check", "a.json", cwd=tmp_path).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;3" in run_process("check", "a.json", cwd=tmp_path).out
    assert "\x1b" not in run_process("check", "a.json", "--format", "json", cwd=tmp_path).out


def test_a_calibration_shows_how_far_it_is(tmp_path: Path) -> None:
    """On a line that is rewritten, and gone before the next one."""
    (tmp_path / "sim.py").write_text(
        f"import sys, time\nsys.stdout.buffer.write({record(ok(7))!r})\nsys.stdout.flush()\ntime.sleep(60)\n"
    )
    night = ["plan", "combined=5", "swizzle=5", "--rate", "swizzle=1", "--minutes", "1", "--run-number", "1"]
    seen = on_a_terminal(tmp_path, *night, "--calibrate", "2", "--", sys.executable, "sim.py", width=200)
    assert re.search(r"\r\x1b\[Kcalibrating combined: 1 of 2 s, 1 iteration\r", seen)
    assert "\r\x1b[Kvopr-coverage: calibrated combined: 0.5 iterations a second" in seen
