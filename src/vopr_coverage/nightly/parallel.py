"""Independent tasks on several cores. Results come in the order of the tasks, whichever ends first.

The standard library's pools don't fit: `multiprocessing.Pool` waits for ever for a process that was killed, and
`ProcessPoolExecutor` cannot end processes that are at work before Python 3.14. This one has no threads and no locks.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from vopr_coverage.errors import UsageError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

PROCESSES_MAX = 60  # Windows can wait for 63 at once

Task = Callable[[], object]
Progress = Callable[[int, int], None]


class _Worker(NamedTuple):
    process: BaseProcess
    connection: Connection

    def start(self, index: int) -> None:
        """Let it run the task of that number."""
        try:
            self.connection.send(index)
        except OSError:
            self._fail()

    def result(self) -> tuple[int, object]:
        """The number of a task that it has done, and the result."""
        try:
            index, result = self.connection.recv()
        except (EOFError, OSError):
            self._fail()
        return index, result

    def _fail(self) -> NoReturn:
        self.process.join()
        if self.process.exitcode == 1:
            raise RuntimeError("a process that reads recordings failed; its traceback is on standard error") from None
        raise UsageError("a process that reads recordings was ended from outside: is there enough memory?") from None


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(tasks: Sequence[Task], processes: int, progress: Progress | None = None) -> list[object]:
    """The results of all tasks.

    Args:
        tasks: each can be pickled, and so can its result.
        processes: how many tasks may run at once. With 1, all of them run in this process.
        progress: if given, is called with how many tasks are done, and of how many, after each of them.

    Raises:
        UsageError: a process was ended from outside.
        RuntimeError: a task raised an exception in another process, which printed it.
    """
    processes = min(processes, len(tasks), PROCESSES_MAX)
    results: list[object] = [None] * len(tasks)
    done = _one_by_one(tasks) if processes < 2 else _in_processes(tasks, processes)
    for count, (index, result) in enumerate(done, 1):
        results[index] = result
        if progress:
            progress(count, len(tasks))
    return results


def _one_by_one(tasks: Sequence[Task]) -> Iterator[tuple[int, object]]:
    return ((index, task()) for index, task in enumerate(tasks))


def _in_processes(tasks: Sequence[Task], processes: int) -> Iterator[tuple[int, object]]:
    """Numbers of tasks with their results, as they come."""
    from multiprocessing.connection import wait

    indices = iter(range(len(tasks)))
    with _workers(tasks, processes) as workers:
        for worker in workers:
            worker.start(next(indices))
        busy = {worker.connection: worker for worker in workers}
        while busy:
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                yield worker.result()
                index = next(indices, None)
                if index is None:
                    del busy[worker.connection]
                else:
                    worker.start(index)


@contextmanager
def _workers(tasks: Sequence[Task], count: int) -> Iterator[list[_Worker]]:
    """Processes that wait for numbers of tasks; none of them is left at the end."""
    from multiprocessing import get_context  # takes 10 ms to load, and few commands read a night

    # Forking is by far the fastest start, but not safe while another thread may hold a lock.
    fork = sys.platform == "linux" and threading.active_count() == 1
    context = get_context("fork") if fork else get_context("spawn")
    workers: list[_Worker] = []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, tasks), daemon=True)
            with _without_ctrl_c():
                process.start()
            theirs.close()  # so that reading from `ours` ends with the process
            workers.append(_Worker(process, ours))
        yield workers
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.join()
            worker.connection.close()


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Hold Ctrl-C back, here and in processes that are started now: else it could find one that is not ready for it."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, tasks: Sequence[Task]) -> None:
    """Run the tasks whose numbers arrive."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to all processes: the parent ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        index = connection.recv()
        connection.send((index, tasks[index]()))


def _end_with_parent() -> None:
    """Don't outlive a parent that was killed."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
