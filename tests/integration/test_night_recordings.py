"""A night's recordings are read in parallel: the same verdict as one by one, each file once, and no process left."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import vopr_coverage
from tests.support.night_folders import BASE, SHARD_SEEDS, a_night, a_plan, a_recorded_run
from tests.support.reports import Ended, a_stream
from tests.support.simulators import processes_with, read, wait_for
from vopr_coverage.errors import UsageError
from vopr_coverage.model.manifest import STREAM
from vopr_coverage.nightly import recordings
from vopr_coverage.nightly.night import NightTerms, judge_night
from vopr_coverage.nightly.parallel import run_all
from vopr_coverage.nightly.plan import NightPlan, SeedRange, SeedRanges, Shard, Shards
from vopr_coverage.nightly.verdict import NightVerdict

TERMS = NightTerms(config="config.json", today="2026-11-26")
# `summary` as a process, with a pool of two for a night of any size. Each stream that it opens is logged with the
# process that opens it. A stream in a folder with this name stops the process that reads it.
PROGRAM = """
import os, signal, sys, time
from vopr_coverage import cli
from vopr_coverage.nightly import recordings

log = os.open("opened", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith("/stream.ndjson.gz"):
        os.write(log, f"{os.getpid()} {arguments[0]}\\n".encode())
        if "/combined-3/" in str(arguments[0]):
            if STOP == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            elif STOP == "hangs":
                time.sleep(60)

STOP = sys.argv[1]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started with Ctrl-C ignored
sys.addaudithook(hook)
recordings.PARALLEL_BYTES_MIN = 0
recordings.cores = lambda: 2
sys.exit(cli.main(["summary", "night", "--config", "config.json", "--verdict-file", "night.json"]))
"""


def a_larger_plan() -> NightPlan:
    """Six shards of long run, two of coverage, two seeds to replay, two ranges that run twice, and a canary."""

    def shards(count: int, first: int) -> Shards:
        ranges = [(f"combined-{n + 1}", str(first + n * SHARD_SEEDS)) for n in range(count)]
        return Shards(
            tuple(Shard(name, "combined", n, count, seed, SHARD_SEEDS) for n, (name, seed) in enumerate(ranges, 1))
        )

    pairs = tuple(SeedRange(seed, "combined", seed, SHARD_SEEDS) for seed in ("42", "1024"))
    return a_plan(
        {"combined": ["17", "4711"]},
        long_run=shards(6, BASE),
        coverage=shards(2, BASE + 1_000),
        determinism=SeedRanges(pairs),
    )


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a green night of fourteen runs and pairs, in the working directory."""
    monkeypatch.chdir(tmp_path)
    return a_night(tmp_path, a_larger_plan())


def break_much(night: Path) -> None:
    """A lost run, a broken manifest, a cut stream, a failing seed, two runs that differ, and a copied run."""
    shutil.rmtree(night / "long-run" / "combined-1")
    (night / "long-run" / "combined-2" / "manifest.json").write_text("{", encoding="utf-8")
    cut_stream(night / "long-run" / "combined-4")
    first = BASE + 4 * SHARD_SEEDS
    stream = a_stream(SHARD_SEEDS, first=first, failing={first + 7: "hash_chain"})
    a_recorded_run(night / "long-run" / "combined-5", first, SHARD_SEEDS, stream, exit_code=1)
    pairs = night / "determinism"
    stream = a_stream(SHARD_SEEDS, first=42).replace(f"{50:064x}".encode(), b"f" * 64).replace(b"T02:", b"T03:")
    a_recorded_run(pairs / "42" / "b", 42, SHARD_SEEDS, stream)
    shutil.rmtree(pairs / "1024" / "b")
    shutil.copytree(pairs / "1024" / "a", pairs / "1024" / "b")
    (night / "coverage" / "combined-2" / STREAM).write_bytes(b"no gzip")


def cut_stream(folder: Path) -> None:
    """Half of a recorded stream."""
    data = (folder / STREAM).read_bytes()
    (folder / STREAM).write_bytes(data[: len(data) // 2])


@contextmanager
def another_thread() -> Iterator[None]:
    """A thread beside this one, so that forking is not safe."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    yield
    done.set()
    thread.join()


def judged(night: Path, processes: int | None, progress: Callable[[int, int], None] | None = None) -> NightVerdict:
    """The verdict of the night, read by so many processes."""
    return judge_night(night, None, TERMS, progress, processes)


@pytest.mark.parametrize("processes", [2, 3])
def test_a_pool_gives_the_same_verdict_byte_for_byte(night: Path, processes: int) -> None:
    """Whatever is wrong with the night, and whichever process is done first."""
    assert judged(night, processes).to_json() == judged(night, 1).to_json()
    break_much(night)
    broken = judged(night, 1)
    assert {finding.kind for finding in broken.findings} >= {"lost run", "run health", "failing seed", "determinism"}
    assert judged(night, processes).to_json() == broken.to_json()


def test_beside_another_thread_processes_are_started_anew(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork copies the locks that other threads hold; the verdict is the same."""
    break_much(night)
    methods: list[str | None] = []
    get_context = multiprocessing.get_context

    def noted(method: str | None) -> Any:
        methods.append(method)
        return get_context(method)

    monkeypatch.setattr(multiprocessing, "get_context", noted)
    with another_thread():
        assert judged(night, 2).to_json() == judged(night, 1).to_json()
    assert methods == ["spawn"]


@pytest.mark.parametrize("processes", [1, 3])
def test_a_broken_recording_is_a_finding_of_its_run_alone(night: Path, processes: int) -> None:
    """Its cut stream is named, and every other run is judged."""
    cut_stream(night / "long-run" / "combined-3")
    verdict = judged(night, processes)
    (finding,) = verdict.findings
    assert (finding.job, finding.source, finding.kind) == ("long-run", "combined-3", "lost run")
    assert "Run incomplete" in finding.line
    (work,) = [work for work in verdict.work if work.job == "long-run"]
    assert 5 * SHARD_SEEDS < work.ran < 6 * SHARD_SEEDS


@pytest.mark.parametrize("processes", [1, 3])
def test_a_folder_that_cannot_be_looked_into_is_a_finding(night: Path, processes: int) -> None:
    """Nobody can tell whether there is a recording, so it is not simply lost."""
    for run in ("long-run/combined-3", "determinism/42/b"):
        shutil.rmtree(night / run)
        (night / run).symlink_to(Path(run).name)
    findings = [finding for finding in judged(night, processes).findings if finding.kind == "run health"]
    assert [finding.source for finding in findings] == ["combined-3", "42/b"]
    assert all("a loop of symbolic links" in finding.line for finding in findings)


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_counts_up_to_all_runs_and_pairs(night: Path, processes: int) -> None:
    """Six and two shards, two replays, two pairs, the control run and a canary."""
    calls: list[tuple[int, int]] = []
    judged(night, processes, lambda done, total: calls.append((done, total)))
    assert calls == [(done, 14) for done in range(1, 15)]


@pytest.mark.parametrize(("size", "parallel"), [(recordings.PARALLEL_BYTES_MIN - 1, False), ((8 << 20), True)])
def test_a_small_night_is_read_by_one_process(
    night: Path, monkeypatch: pytest.MonkeyPatch, size: int, parallel: bool
) -> None:
    """Starting processes would take longer. A large one is read on all cores."""
    shutil.rmtree(night / "long-run")
    for path in night.rglob(STREAM):
        path.unlink()
    (night / "other").mkdir()
    with open(night / "other" / STREAM, "wb") as file:
        file.truncate(size)
    asked: list[int] = []

    def noted(tasks: Any, processes: int, progress: Any) -> list[object]:
        asked.append(processes)
        return run_all(tasks, 1, progress)

    monkeypatch.setattr(recordings, "run_all", noted)
    monkeypatch.setattr(recordings, "cores", lambda: 7)
    judged(night, None)
    assert asked == [7 if parallel else 1]


def slow(seconds: float, number: int) -> int:
    """A number, after a while."""
    time.sleep(seconds)
    return number


def fail() -> None:
    """A bug of ours."""
    raise ZeroDivisionError("on purpose")


@pytest.mark.parametrize("processes", [1, 2, 99])
def test_results_come_in_the_order_of_their_tasks(processes: int) -> None:
    """The first is the last to be done; there may be more processes than tasks."""
    tasks = [partial(slow, 0.5, 0), partial(slow, 0, 1), partial(slow, 0, 2)]
    assert run_all(tasks, processes) == [0, 1, 2]


def test_a_bug_in_a_process_is_a_bug_here(capfd: pytest.CaptureFixture[str]) -> None:
    """An exception of no user's making, so that the exit code is that of a bug, with the traceback of the process."""
    with pytest.raises(RuntimeError, match="its traceback is on standard error"):
        run_all([partial(slow, 0, 1), fail], 2)
    assert "ZeroDivisionError: on purpose" in capfd.readouterr().err


def kill_itself() -> None:
    """As a kernel that is out of memory does it."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_an_error_with_a_sentence() -> None:
    """Whatever the others have read by then."""
    with pytest.raises(UsageError, match="was ended from outside: is there enough memory"):
        run_all([partial(slow, 0, 1), kill_itself], 2)


# ---- `summary` as a process of its own


def started(home: Path, stop: str) -> subprocess.Popen[bytes]:
    """`summary` with a pool of two, in a process group of its own, where Ctrl-C works even if the tests ignore it."""
    (home / "program.py").write_text(PROGRAM, encoding="utf-8")
    env = os.environ | {"PYTHONPATH": str(Path(vopr_coverage.__file__).parents[1]), "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, str(home / "program.py"), stop],
        cwd=home, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[bytes]) -> Ended:
    """How it ended, and that no process of the pool is left."""
    out, err = process.communicate(timeout=60)
    wait_for(lambda: not processes_with(str(process.args[1])))  # type: ignore[index]
    return Ended(process.returncode, out.decode(), err.decode())


def opened(home: Path) -> list[tuple[int, str]]:
    """Every stream that was opened, with the process that did."""
    lines = (line.split(" ", 1) for line in read(home / "opened").decode().splitlines())
    return [(int(pid), path) for pid, path in lines]


def test_each_stream_is_opened_once_by_a_process_of_the_pool(night: Path, tmp_path: Path) -> None:
    """Also those that determinism, coverage and canaries are judged by."""
    process = started(tmp_path, "never")
    assert ended(process).code == 0
    paths = sorted(path for _, path in opened(tmp_path))
    assert paths == sorted(str(path.relative_to(tmp_path)) for path in night.rglob(STREAM))
    readers = {pid for pid, _ in opened(tmp_path)}
    assert process.pid not in readers
    assert 1 <= len(readers) <= 2
    assert (tmp_path / "night.json").read_text(encoding="utf-8") == judged(night, 1).to_json()


def test_a_killed_process_ends_with_exit_code_2_and_a_sentence(night: Path, tmp_path: Path) -> None:
    """The verdict's file says that nothing was judged."""
    end = ended(started(tmp_path, "killed"))
    told = "a process that reads recordings was ended from outside: is there enough memory?"
    assert (end.code, end.out, end.err) == (2, "", f"vopr-coverage: {told}\n")
    verdict = json.loads((tmp_path / "night.json").read_text(encoding="utf-8"))
    assert (verdict["status"], verdict["error"]) == ("error", told)


def test_ctrl_c_ends_all_processes_without_a_traceback(night: Path, tmp_path: Path) -> None:
    """A terminal sends it to the whole group."""
    process = started(tmp_path, "hangs")
    wait_for(lambda: any("combined-3" in path for _, path in opened(tmp_path)))
    os.killpg(process.pid, signal.SIGINT)
    end = ended(process)
    assert (end.code, end.out, end.err) == (130, "", "vopr-coverage: interrupted, nothing was judged\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_a_summary_that_was_killed(night: Path, tmp_path: Path, number: signal.Signals) -> None:
    """As a runner does it whose job is cancelled."""
    process = started(tmp_path, "hangs")
    wait_for(lambda: any("combined-3" in path for _, path in opened(tmp_path)))
    process.send_signal(number)
    assert ended(process).code == -number
