"""`vopr-coverage record` with real processes: what is left of a run that ends badly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.recordings import manifest_of, printing
from tests.support.reports import a_stream, ending, ndjson, ok, run_cli, start
from tests.support.simulators import a_simulator, processes_with, read, record, wait_for
from vopr_coverage.reading import read_report
from vopr_coverage.recorder import child

KILL_AFTER_S = 1.0  # here, where nobody's simulator needs the time to end by itself


@pytest.fixture
def simulator(tmp_path: Path) -> list[str]:
    """The words that start one; its stream never has an end."""
    return a_simulator(tmp_path)


@contextmanager
def recording(folder: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A recording that is under way, in `folder`/out."""
    asked = ["--scenario", "combined", "--seed", "0", "--iterations", "9", "--out", "out", "--"]
    words = [sys.executable, "-m", "vopr_coverage", "record", *asked, *command]
    with subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_on_disk(folder: Path) -> int:
    """Iterations that could be read now, if all were killed."""
    try:
        run = read_report(str(folder / "stream.ndjson.gz")).run
    except Exception:  # nothing there yet
        return 0
    return run.records if run else 0


def test_a_simulator_that_dies_is_a_failed_seed(tmp_path: Path, simulator: list[str]) -> None:
    """Its signal, the seed it died at, and the command that replays it."""
    assert record(tmp_path, *simulator, "--die-at", "2").code == 0  # every seed has a result
    assert manifest_of(tmp_path / "out")["signal"] == signal.SIGKILL
    ended = run_cli("check", "out", cwd=tmp_path)
    assert ended.code == 1
    assert "  - out: Simulator died at seed 2: ended by signal 9\n" in ended.out
    assert "sim.py --seed 2 --iterations 1 --die-at 2\n" in ended.out
    assert "incomplete" not in ended.out


def test_a_timeout_ends_the_simulator(tmp_path: Path, simulator: list[str]) -> None:
    """With SIGTERM; what came before it is there, and check says that it timed out."""
    ended = record(tmp_path, *simulator, "--hang-at", "2", options=("--timeout", "1.5"))
    assert ended.code == 1
    assert "timed out after 1.5 s" in ended.err
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["timed_out"], manifest["signal"], manifest["whole"]) == (True, signal.SIGTERM, False)
    assert 1.5 <= manifest["duration_s"] < 9
    assert lines_on_disk(tmp_path / "out") == 2
    told = "Run incomplete: timed out after 1.5 s, no batch_complete after 2 of 3 iterations, stopped at seed 2"
    ended = run_cli("check", "out", cwd=tmp_path)
    assert f"  - out: {told}\n" in ended.out
    assert "the simulator was ended by signal 15; stderr ends with: hanging\n" in ended.out
    assert "sim.py --seed 0 --iterations 3 --hang-at 2\n" in ended.out


def test_a_run_that_hangs_after_its_end_is_not_whole(tmp_path: Path) -> None:
    """All of the stream is there, but the simulator had to be ended: exit code 1, and check fails it."""
    (tmp_path / "stream").write_bytes(a_stream())
    ended = record(tmp_path, "sh", "-c", f"cat {tmp_path / 'stream'}; sleep 60", options=("--timeout", "1"))
    assert ended.code == 1
    assert not manifest_of(tmp_path / "out")["whole"]
    assert "  - out: Recording timed out after 1 s\n" in run_cli("check", "out", cwd=tmp_path).out


A_REFUSED_END = b'{"data":{"failures":-1},"timestamp":"","type":"batch_complete"}\n'
A_SIMULATION = b'{"type":"start","format":"simulation/1","first_seed":0,"seeds":3}\n'


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (
            ndjson(start(), ok(0), ok(1), ok(2), {**ending(), "timestamp": 7}),
            "out/stream.ndjson.gz:5#/timestamp: expected text, found 7",
        ),
        (
            A_SIMULATION
            + b"".join(b'{"type":"seed","seed":%d,"status":"ok"}\n' % seed for seed in range(3))
            + b'{"type":"end","seeds":3,"failed":-1}\n',
            "out/stream.ndjson.gz:5#/failed: expected an integer from 0 to 2^64-1, found -1",
        ),
        (ndjson(start(), ok(0)), "no batch_complete after 1 of 3 iterations, stopped at seed 1"),
        (ndjson(ok(0), ending(1)), "there is no start record, pass the whole stream"),
    ],
)
def test_why_a_stream_is_not_whole_is_said(tmp_path: Path, stream: bytes, why: str) -> None:
    """A record that no reader takes: its line, and what was expected there. A record that is missing: which."""
    (tmp_path / "stream").write_bytes(stream)
    ended = record(tmp_path, *printing(tmp_path / "stream"))
    assert ended.code == 1
    assert ended.err.splitlines()[1:] == [f"vopr-coverage: {why}"]


def test_why_the_stream_of_one_seed_is_refused_is_said(tmp_path: Path) -> None:
    """Its process wrote all of its records, of which the last is wrong."""
    (tmp_path / "stream").write_bytes(ndjson(start(0, 1), ok(0)) + A_REFUSED_END)
    words = (*printing(tmp_path / "stream"), "{seed}")
    ended = record(tmp_path, *words, options=("--per-seed",), iterations=1)
    assert ended.code == 1
    assert "seed 0 has no result: its stream breaks off: #/data: expected the key 'successes'" in ended.err


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not end when it is asked to, or holds the output open, is killed after one second."""
    monkeypatch.setattr(child, "KILL_AFTER_S", KILL_AFTER_S)


def test_simulators_have_ten_seconds_to_end_by_themselves() -> None:
    """As a runner gives them to a cancelled job."""
    assert child.KILL_AFTER_S == 10


@pytest.mark.usefixtures("impatient")
def test_a_timeout_kills_what_does_not_listen(tmp_path: Path, simulator: list[str]) -> None:
    """Ten seconds later, by default."""
    record(tmp_path, *simulator, "--hang-at", "2", "--deaf", "yes", options=("--timeout", "0.5"))
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["timed_out"], manifest["signal"]) == (True, signal.SIGKILL)
    assert manifest["duration_s"] >= 0.5 + KILL_AFTER_S


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_recording_ends_its_simulator_too(tmp_path: Path, simulator: list[str], number: int) -> None:
    """The signal goes to the simulator's whole process group; the recording is whole but for the run's end."""
    shell = ["sh", "-c", '"$@"; true', "sh"]  # the simulator is a grandchild
    with recording(tmp_path, *shell, *simulator, "--hang-at", "2") as process:
        wait_for(lambda: b"hanging" in read(tmp_path / "out" / "stderr.log"))
        process.send_signal(number)
        assert process.wait(20) == 1
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["interrupted"], manifest["whole"], manifest["duration_s"] > 0) == (True, False, True)
    assert lines_on_disk(tmp_path / "out") == 2
    assert not processes_with(str(tmp_path / "sim.py"))


def test_a_recording_that_is_killed_can_be_read(tmp_path: Path, simulator: list[str]) -> None:
    """What was flushed by then, and a manifest that says that it never finished."""
    with recording(tmp_path, *simulator, "--hang-at", "4") as process:
        wait_for(lambda: lines_on_disk(tmp_path / "out") == 4)
        manifest = manifest_of(tmp_path / "out")
        process.kill()
        process.wait(10)
    assert manifest == manifest_of(tmp_path / "out")
    assert (manifest["whole"], manifest["exit_code"], manifest["signal"], manifest["duration_s"]) == (False,) + (
        None,
    ) * 3
    ended = run_cli("check", "out", cwd=tmp_path)
    assert ended.code == 1
    assert "Run incomplete: the recording never finished, no batch_complete after 4 of 9 iterations, " in ended.out
    assert "stopped at seed 4" in ended.out
    assert "its last output may be in stderr.log" in ended.out
    assert "sim.py --seed 0 --iterations 9 --hang-at 4\n" in ended.out
    for pid in processes_with(str(tmp_path / "sim.py")):
        os.kill(pid, signal.SIGKILL)


def test_a_full_disk_ends_the_run_and_says_so(tmp_path: Path, simulator: list[str]) -> None:
    """A limit on the size of files stands in for the disk: exit code 1, no traceback, no simulator left."""
    code = "import os, time\nfor n in range(200): print(os.urandom(20_000).hex(), flush=True)\ntime.sleep(50)"
    words = [sys.executable, "-m", "vopr_coverage", "record", "--scenario", "s", "--seed", "0", "--iterations", "1"]
    limited = "import resource, signal, sys, os; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); "
    limited += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    ended = subprocess.run(
        [sys.executable, "-c", limited, *words, "--out", "out", "--", sys.executable, "-c", code],
        cwd=tmp_path, capture_output=True, text=True, timeout=40, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "vopr-coverage: out cannot be written to: file too large; the run was stopped" in ended.stderr
    assert manifest_of(tmp_path / "out")["interrupted"] is True


@pytest.mark.usefixtures("impatient")
def test_output_that_a_left_behind_process_holds_open_is_not_waited_for(tmp_path: Path) -> None:
    """A daemon that the simulator started must not keep a night's job: it gets as long, ten seconds by default."""
    stream = tmp_path / "stream"
    stream.write_bytes(ndjson(start(0, 1), ok(0)))
    began = time.monotonic()
    assert record(tmp_path, "sh", "-c", f"cat {stream}; sleep 300 & exit 0").code == 1
    assert KILL_AFTER_S <= time.monotonic() - began < 40
    assert lines_on_disk(tmp_path / "out") == 1
