"""Tasks on several cores: results in their order, an end with a sentence, and no process that is left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

import vopr_coverage
from tests.support.simulators import is_gone, wait_for
from vopr_coverage.errors import UsageError
from vopr_coverage.nightly import parallel
from vopr_coverage.nightly.parallel import _end_with_parent, _without_ctrl_c, _work, _Worker, _workers, cores, run_all

FAILED = "a process that reads recordings failed; its traceback is on standard error"
ENDED = "a process that reads recordings was ended from outside: is there enough memory?"


def meet(folder: Path, number: int, count: int) -> tuple[int, int]:
    """The number and the process, as soon as `count` tasks are at work at once."""
    (folder / str(number)).touch()
    wait_for(lambda: len(list(folder.iterdir())) >= count)
    return number, os.getpid()


def end(code: int) -> None:
    """End the process."""
    os._exit(code)


def fail() -> None:
    """A bug of ours."""
    raise ZeroDivisionError("on purpose")


def test_one_process_is_this_one() -> None:
    """Results are in the order of their tasks, and there may be none."""
    assert run_all([partial(str, n) for n in range(3)], 1) == ["0", "1", "2"]
    assert run_all([os.getpid], 4) == [os.getpid()]
    assert run_all([], 4) == []


def test_several_processes_work_at_once(tmp_path: Path) -> None:
    """Each task waits for the other; a third one is done by whichever is free."""
    found: list[Any] = run_all([partial(meet, tmp_path, n, 2) for n in range(3)], 2)
    numbers, processes = zip(*found, strict=True)
    assert numbers == (0, 1, 2)
    assert len(set(processes)) == 2
    assert os.getpid() not in processes


def test_there_are_no_more_processes_than_a_system_can_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the number of cores."""
    monkeypatch.setattr(parallel, "PROCESSES_MAX", 2)
    found: list[Any] = run_all([partial(meet, tmp_path, n, 1) for n in range(6)], 6)
    assert len({process for _, process in found}) <= 2


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_is_told_after_each_task(processes: int) -> None:
    """How many are done, and of how many."""
    told: list[tuple[int, int]] = []
    run_all([partial(int, n) for n in range(3)], processes, lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_bug_in_a_process_is_one_here(capfd: pytest.CaptureFixture[str]) -> None:
    """The process has printed it."""
    with pytest.raises(RuntimeError) as caught:
        run_all([partial(int, 1), fail], 2)
    assert str(caught.value) == FAILED
    assert "ZeroDivisionError: on purpose" in capfd.readouterr().err


@pytest.mark.parametrize("code", [0, 2, 137])
def test_a_process_that_is_gone_is_an_error_with_a_sentence(code: int) -> None:
    """Exit code 1 alone is that of a bug in Python."""
    with pytest.raises(UsageError) as caught:
        run_all([partial(int, 1), partial(end, code)], 2)
    assert str(caught.value) == ENDED


@pytest.mark.parametrize("code", [1, 3])
def test_a_process_may_end_at_any_time(code: int) -> None:
    """Before it gets a task, and before it has done one."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=end, args=(code,))
    process.start()
    process.join()
    theirs.close()
    worker = _Worker(process, ours)
    for step in (partial(worker.start, 0), worker.result):
        with pytest.raises((RuntimeError, UsageError)) as caught:
            step()
        assert str(caught.value) == (FAILED if code == 1 else ENDED)


def test_cores_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system tells it; else all there are, and one where nobody knows."""
    monkeypatch.setattr(os, "sched_getaffinity", {0: {1, 4, 5}}.__getitem__, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    for count, expected in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert cores() == expected


# ---- processes


def test_no_process_is_left_behind() -> None:
    """They end with an error, too; and with this process, if it leaves them."""
    seen: list[_Worker] = []
    with suppress(KeyError), _workers([partial(int, 7)], 2) as workers:
        seen += workers
        assert all(worker.process.is_alive() and worker.process.daemon for worker in workers)
        workers[1].start(0)
        assert workers[1].result() == (0, 7)
        raise KeyError
    assert len(seen) == 2
    assert not any(worker.process.is_alive() for worker in seen)
    assert all(worker.connection.closed for worker in seen)


@pytest.mark.parametrize(
    ("platform", "threads", "method"), [("linux", 1, "fork"), ("linux", 2, "spawn"), ("darwin", 1, "spawn")]
)
def test_a_process_is_forked_only_where_that_is_safe(
    platform: str, threads: int, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread may hold a lock, and so may a library of macOS."""
    asked: list[str] = []
    get_context = multiprocessing.get_context

    def noted(name: str) -> Any:
        asked.append(name)
        return get_context("spawn")

    monkeypatch.setattr(multiprocessing, "get_context", noted)
    monkeypatch.setattr(threading, "active_count", lambda: threads)
    monkeypatch.setattr(sys, "platform", platform)
    with _workers([], 0) as workers:
        assert workers == []
    assert asked == [method]


def held_back() -> set[int]:
    """The signals that wait."""
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, []))


def test_ctrl_c_waits_until_a_process_is_ready_for_it() -> None:
    """Also if it cannot be started; what was held back before still is."""
    before = held_back()
    with suppress(KeyError), _without_ctrl_c():
        assert held_back() == before | {signal.SIGINT}
        raise KeyError
    assert held_back() == before
    with _without_ctrl_c():
        with _without_ctrl_c():
            pass
        assert signal.SIGINT in held_back()


def test_where_no_signal_can_be_held_back_none_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows."""
    before = held_back()
    monkeypatch.delattr(signal, "pthread_sigmask")
    with _without_ctrl_c():
        monkeypatch.undo()
        assert held_back() == before


@pytest.fixture
def pipe() -> Iterator[tuple[Connection, Connection]]:
    """Both ends; afterwards Ctrl-C ends a test again."""
    before = signal.getsignal(signal.SIGINT)
    ours, theirs = multiprocessing.Pipe()
    yield ours, theirs
    signal.signal(signal.SIGINT, before)
    ours.close()
    theirs.close()


def test_a_process_runs_the_tasks_whose_numbers_arrive(
    pipe: tuple[Connection, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves Ctrl-C to its parent, and watches that; no end of its own waits for the watch."""
    watching: list[bool] = []
    monkeypatch.setattr(parallel, "_end_with_parent", lambda: watching.append(threading.current_thread().daemon))
    ours, theirs = pipe
    for index in (1, 0, 2):
        ours.send(index)
    with pytest.raises(ZeroDivisionError):
        _work(theirs, [partial(int, 7), partial(int, 9), fail])
    assert [ours.recv(), ours.recv()] == [(1, 9), (0, 7)]
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    wait_for(lambda: watching == [True], 5.0)


PROGRAM = """
import os, sys, time
from functools import partial
from vopr_coverage.nightly.parallel import run_all

def hang(number):
    with open(f"{sys.argv[1]}/{number}.part", "w") as file:
        file.write(str(os.getpid()))
    os.rename(file.name, f"{sys.argv[1]}/{number}.pid")
    time.sleep(60)

run_all([partial(hang, number) for number in range(2)], 2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_process_ends_with_its_parent(tmp_path: Path) -> None:
    """However that was killed, and in the middle of a task. A process that has no parent goes on."""
    _end_with_parent()
    env = os.environ | {"PYTHONPATH": str(Path(vopr_coverage.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], env=env) as parent:
        wait_for(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
        parent.kill()
    pids = [int(file.read_text(encoding="utf-8")) for file in tmp_path.glob("*.pid")]
    wait_for(lambda: all(is_gone(pid) for pid in pids))
