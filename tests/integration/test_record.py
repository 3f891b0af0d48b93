"""`vopr-coverage record` with real processes: what is kept, and what is left of a run that ends badly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.build import SEED_COUNT, Ended, a_stream, ndjson, ok, run_cli, start
from tests.recordings import kept, manifest_of, printing
from vopr_coverage.reading import read_report
from vopr_coverage.recorder import keeping
from vopr_coverage.recording import recording_from_json

# A simulator as a real one is started: it knows flags, prints as it goes, and may be slow or die.
SIMULATOR = """
import json, os, signal, sys, time
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
first, count = int(words["--seed"]), int(words["--iterations"])
def say(kind, data):
    print(json.dumps({"data": data, "timestamp": "t", "type": kind}), flush=True)
say("start", {"starting_seed": first, "iterations": count})
for seed in range(first, first + count):
    if words.get("--die-at") == str(seed):
        os.kill(os.getpid(), signal.SIGKILL)
    if words.get("--hang-at") == str(seed):
        if "--deaf" in words:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("hanging", file=sys.stderr, flush=True)
        time.sleep(60)
    hashes = {"storage_hash": f"{seed:064x}", "kernel_state_hash": "16f7" * 16}
    say("iteration", {"seed": seed, "status": "ok", "events": 5, "simulated_time_ms": 1.5, **hashes})
"""


@pytest.fixture
def simulator(tmp_path: Path) -> list[str]:
    """The words that start it; its stream never has an end."""
    (tmp_path / "sim.py").write_text(SIMULATOR)
    return [sys.executable, str(tmp_path / "sim.py"), "--seed", "{seed}", "--iterations", "{iterations}"]


def record(folder: Path, *command: str, options: tuple[str, ...] = (), seed: int = 0, iterations: int = 3) -> Ended:
    """Record three seeds into `folder`/out."""
    asked = ("--scenario", "combined", "--seed", str(seed), "--iterations", str(iterations))
    return run_cli("record", *asked, "--out", "out", *options, "--", *command, cwd=folder)


def printed(folder: Path, stream: bytes, exit_code: int = 0, options: tuple[str, ...] = ()) -> Ended:
    """Record a simulator that prints this stream."""
    (folder / "stream").write_bytes(stream)
    return record(folder, *printing(folder / "stream", exit_code), options=options)


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


def wait_for(what: Callable[[], Any], seconds: float = 20.0) -> None:
    """Until it is true; processes take their time on a busy machine."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def lines_on_disk(folder: Path) -> int:
    """Iterations that could be read now, if all were killed."""
    try:
        run = read_report(str(folder / "stream.ndjson.gz")).run
    except Exception:  # nothing there yet
        return 0
    return run.records if run else 0


# ---- whole runs


def test_a_whole_run_is_kept(tmp_path: Path) -> None:
    """Exit code 0, the stream compacted, stderr apart, and a manifest that the schema takes."""
    ended = printed(tmp_path, a_stream())
    assert ended.code == 0
    assert ended.out == ""
    assert ended.err.startswith("vopr-coverage: recorded 3 of 3 iterations, ")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "manifest.json", "stderr.log", "stream.ndjson.gz",
    ]  # fmt: skip
    manifest = manifest_of(tmp_path / "out")
    assert recording_from_json((tmp_path / "out" / "manifest.json").read_bytes(), "m").whole
    assert manifest["lines"] == {"start": 1, "iteration_ok": 3, "batch_complete": 1}
    assert (manifest["exit_code"], manifest["signal"], manifest["seed"]) == (0, None, "0")
    assert manifest["duration_s"] > 0
    assert manifest["rate"] > 0
    assert set(manifest["host"]) == {"os", "arch", "python"}
    assert kept(tmp_path / "out").count(b"\n") == 5


@pytest.mark.parametrize("exit_code", [1, 2, 101])
def test_the_simulators_status_is_kept_and_not_judged(tmp_path: Path, exit_code: int) -> None:
    """Judging is check's."""
    assert printed(tmp_path, a_stream(), exit_code).code == 0
    assert manifest_of(tmp_path / "out")["exit_code"] == exit_code


@pytest.mark.parametrize("stream", [b"", b"no records\n", a_stream()[:-300], a_stream().partition(b"\n")[2]])
def test_an_incomplete_stream_is_kept_and_ends_with_1(tmp_path: Path, stream: bytes) -> None:
    """Whatever its exit code says."""
    ended = printed(tmp_path, stream)
    assert ended.code == 1
    assert ended.err.startswith("vopr-coverage: incomplete: recorded ")
    assert not manifest_of(tmp_path / "out")["whole"]


def test_stderr_is_kept_apart(tmp_path: Path) -> None:
    """It is no part of the stream, and what it holds is no record."""
    code = "import sys; sys.stderr.write('a panic\\n'); sys.stdout.write('noise\\n')"
    assert record(tmp_path, sys.executable, "-c", code).code == 1
    assert (tmp_path / "out" / "stderr.log").read_bytes() == b"a panic\n"
    assert kept(tmp_path / "out") == b"noise\n"
    assert manifest_of(tmp_path / "out")["stderr_bytes"] == 8


def test_of_a_long_stderr_the_first_and_the_last_part_are_kept(tmp_path: Path) -> None:
    """A simulator that logs each step would fill the disk; how much is missing is told."""
    code = "import sys\nfor n in range(400_000): sys.stderr.write(f'line {n:06}\\n')"
    record(tmp_path, sys.executable, "-c", code)
    log, manifest = (tmp_path / "out" / "stderr.log").read_bytes(), manifest_of(tmp_path / "out")
    dropped = 400_000 * 12 - keeping.LOG_HEAD_BYTES_MAX - keeping.LOG_TAIL_BYTES_MAX
    assert manifest["stderr_bytes"] == 400_000 * 12
    assert manifest["stderr_dropped_bytes"] == dropped
    assert log.startswith(b"line 000000\n")
    assert log.endswith(b"line 399999\n")
    assert f"[vopr-coverage: {dropped} bytes are left out here]\n".encode() in log
    assert len(log) == keeping.LOG_HEAD_BYTES_MAX + keeping.LOG_TAIL_BYTES_MAX + len(
        f"\n[vopr-coverage: {dropped} bytes are left out here]\n"
    )


def test_placeholders_are_replaced_without_a_shell(tmp_path: Path) -> None:
    """In each word, as often as they stand there; the manifest keeps the template."""
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "{scenario}/{seed}", "--n={iterations}", "$HOME; {}", "--", "*"]
    record(tmp_path, *command, seed=SEED_COUNT - 1, iterations=SEED_COUNT - 1)
    told = json.loads(kept(tmp_path / "out"))
    assert told == [f"combined/{SEED_COUNT - 1}", f"--n={SEED_COUNT - 1}", "$HOME; {}", "--", "*"]
    manifest = manifest_of(tmp_path / "out")
    assert manifest["command"] == command
    assert (manifest["seed"], manifest["iterations"]) == (str(SEED_COUNT - 1), SEED_COUNT - 1)


def test_no_variable_of_the_environment_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs hold their secrets there; the simulator gets them, the recording doesn't."""
    monkeypatch.setenv("A_SECRET", "hunter2-hunter2")
    code = "import os, sys; sys.exit(0 if os.environ['A_SECRET'] else 1)"
    record(tmp_path, sys.executable, "-c", code)
    assert manifest_of(tmp_path / "out")["exit_code"] == 0
    assert all(b"hunter2" not in path.read_bytes() for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(("words", "double"), [(("--check-determinism",), True), ((), False)])
def test_double_runs_are_seen_in_the_command(tmp_path: Path, words: tuple[str, ...], double: bool) -> None:
    """Or said with --double-runs."""
    (tmp_path / "stream").write_bytes(a_stream())
    record(tmp_path, *printing(tmp_path / "stream"), *words)
    assert manifest_of(tmp_path / "out")["double_runs"] is double
    record(tmp_path, *printing(tmp_path / "stream"), options=("--double-runs", "--out", "said"))
    assert manifest_of(tmp_path / "said")["double_runs"] is True


# ---- commits


def test_the_commit_is_the_flag_else_githubs_else_gits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this order, with who said so."""
    monkeypatch.setenv("GITHUB_SHA", "b" * 40)
    printed(tmp_path, a_stream(), options=("--commit", "abc1234"))
    assert commit_of(tmp_path) == ("abc1234", "flag")
    printed(tmp_path, a_stream(), options=("--out", "github"))
    assert commit_of(tmp_path, "github") == ("b" * 40, "environment")
    monkeypatch.delenv("GITHUB_SHA")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    printed(tmp_path, a_stream(), options=("--out", "none"))
    assert commit_of(tmp_path, "none") == (None, None)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, capture_output=True, text=True).stdout.strip()
    printed(tmp_path, a_stream(), options=("--out", "git"))
    assert commit_of(tmp_path, "git") == (head, "git")


def commit_of(folder: Path, name: str = "out") -> tuple[str | None, str | None]:
    """The commit of a recording, and who said so."""
    manifest = manifest_of(folder / name)
    return manifest["commit"], manifest["commit_source"]


# ---- usage


@pytest.mark.parametrize(
    ("options", "command", "told"),
    [
        ((), (), "no command: put it behind --"),
        ((), ("vopr", "{sede}"), "the command has the unknown placeholder '{sede}'; known: {scenario}, {seed}"),
        ((), ("no-such-simulator",), "the command no-such-simulator can't be started: no such file or directory"),
        (("--commit", "HEAD"), ("true",), "--commit: expected 7 to 64 hexadecimal digits in lower case, found 'HEAD'"),
        (("--timeout", "0"), ("true",), "argument --timeout: expected seconds above 0, found '0'"),
        (("--timeout", "nan"), ("true",), "argument --timeout: expected seconds above 0, found 'nan'"),
        (("--seed", "-1"), ("true",), "argument --seed: expected "),
        (("--seed", str(SEED_COUNT)), ("true",), "argument --seed: expected an integer from 0 to 2^64-1"),
        (("--iterations", "1e6"), ("true",), "argument --iterations: expected an integer from 0 to 2^64-1"),
        (("--scenario", ""), ("true",), "--scenario: expected a name of 1 to 200 characters"),
        (("--out", "full"), ("true",), "--out full is not empty: a recording needs a folder of its own"),
        (("--out", "file"), ("true",), "--out file can't be used: file exists"),
    ],
)
def test_unusable_usage_touches_nothing(
    tmp_path: Path, options: tuple[str, ...], command: tuple[str, ...], told: str
) -> None:
    """Exit code 2, one line, and no folder left behind."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "file").touch()
    ended = record(tmp_path, *command, options=options)
    assert ended.code == 2
    assert ended.err.startswith(f"vopr-coverage: {told}")
    assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "x"]


def test_an_empty_folder_may_be_there_already(tmp_path: Path) -> None:
    """As a workflow makes it; it stays where the command can't be started."""
    (tmp_path / "out").mkdir()
    assert record(tmp_path, "no-such-simulator").code == 2
    assert list((tmp_path / "out").iterdir()) == []
    assert printed(tmp_path, a_stream()).code == 0


# ---- runs that end badly


def test_a_simulator_that_is_killed_leaves_what_it_said(tmp_path: Path, simulator: list[str]) -> None:
    """Its signal, and the seed it died at."""
    assert record(tmp_path, *simulator, "--die-at", "2").code == 1
    assert manifest_of(tmp_path / "out")["signal"] == signal.SIGKILL
    ended = run_cli("check", "out", cwd=tmp_path)
    assert ended.code == 1
    assert "  - out: Run incomplete: no batch_complete after 2 of 3 iterations, died at seed 2\n" in ended.out
    assert "ended by signal 9" in ended.out


def test_a_timeout_ends_the_simulator(tmp_path: Path, simulator: list[str]) -> None:
    """With SIGTERM; what came before it is there, and check says that it timed out."""
    ended = record(tmp_path, *simulator, "--hang-at", "2", options=("--timeout", "1.5"))
    assert ended.code == 1
    assert "timed out after 1.5 s" in ended.err
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["timed_out"], manifest["signal"], manifest["whole"]) == (True, signal.SIGTERM, False)
    assert 1.5 <= manifest["duration_s"] < 9
    assert lines_on_disk(tmp_path / "out") == 2
    assert "  - out: Recording timed out after 1.5 s\n" in run_cli("check", "out", cwd=tmp_path).out


def test_a_run_that_hangs_after_its_end_is_not_whole(tmp_path: Path) -> None:
    """All of the stream is there, but the simulator had to be ended: exit code 1, and check fails it."""
    (tmp_path / "stream").write_bytes(a_stream())
    ended = record(tmp_path, "sh", "-c", f"cat {tmp_path / 'stream'}; sleep 60", options=("--timeout", "1"))
    assert ended.code == 1
    assert not manifest_of(tmp_path / "out")["whole"]
    assert "  - out: Recording timed out after 1 s\n" in run_cli("check", "out", cwd=tmp_path).out


def test_a_timeout_kills_what_does_not_listen(tmp_path: Path, simulator: list[str]) -> None:
    """Ten seconds later."""
    record(tmp_path, *simulator, "--hang-at", "2", "--deaf", "yes", options=("--timeout", "0.5"))
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["timed_out"], manifest["signal"]) == (True, signal.SIGKILL)
    assert manifest["duration_s"] >= 10.5


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
    assert "died at seed 4" in ended.out
    assert "Recording never finished: how the simulator ended is not known" in ended.out
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
    assert "vopr-coverage: out can't be written to: file too large; the run was ended" in ended.stderr
    assert manifest_of(tmp_path / "out")["interrupted"] is True


def test_output_that_a_left_behind_process_holds_open_is_not_waited_for(tmp_path: Path) -> None:
    """A daemon that the simulator started must not keep a night's job: it gets ten seconds."""
    stream = tmp_path / "stream"
    stream.write_bytes(ndjson(start(0, 1), ok(0)))
    began = time.monotonic()
    assert record(tmp_path, "sh", "-c", f"cat {stream}; sleep 300 & exit 0").code == 1
    assert 10 <= time.monotonic() - began < 40
    assert lines_on_disk(tmp_path / "out") == 1


def read(path: Path) -> bytes:
    """A file that may not be there yet."""
    return path.read_bytes() if path.exists() else b""


def processes_with(word: str) -> list[int]:
    """Processes that still run with this word in their command line, but for recordings."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        words = read_quietly(folder / "cmdline").split(b"\0")
        if word.encode() in words and b"vopr_coverage" not in words:
            found.append(int(folder.name))
    return found


def read_quietly(path: Path) -> bytes:
    """A file of a process that may just have ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
