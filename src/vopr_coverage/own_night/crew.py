"""Runs the commands of a night as processes side by side. Nothing that a command leaves is used before it is whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from vopr_coverage.errors import UserError
from vopr_coverage.files import read_bytes
from vopr_coverage.model.manifest import MANIFEST, MANIFEST_BYTES_MAX, Recording, recording_from_json
from vopr_coverage.own_night.board import Board
from vopr_coverage.own_night.folder import UNFINISHED
from vopr_coverage.own_night.tasks import Task
from vopr_coverage.recorder.child_environment import child_environment

TRIES = 3  # of a command that somebody killed; one that ends by itself is never repeated
SCRIPT_KILLED = 128 + signal.SIGKILL  # how a shell reports it
POLL_S = 0.05
END_WITHIN_S = 15.0


class Crew:
    """The processes of one night.

    Args:
        night: the night's folder.
        hands: how many of them run side by side.
        say: takes a line for people.
    """

    def __init__(self, night: Path, hands: int, board: Board, say: Callable[[str], None]) -> None:
        self._night, self._hands, self._board, self._say = night, hands, board, say
        self._logs = night / "logs"
        self._logs.mkdir(exist_ok=True)

    def command(self, name: str, words: Sequence[str], env: Mapping[str, str] | None = None) -> int:
        """Run one command to its end, and return its exit code. What it prints goes to the log of that name."""
        return self._ended(lambda: Process(words, self._log(name), env))

    def printed(self, words: Sequence[str], env: Mapping[str, str] | None = None) -> int:
        """Run one command to its end; what it prints is printed here, too."""
        return self._ended(lambda: Process(words, None, env))

    @staticmethod
    def _ended(start: Callable[[], Process]) -> int:
        """The exit code of a command, which is started again if somebody killed it; see `was_killed`."""
        code = 0
        for _ in range(TRIES):
            with start() as process:
                while (ended := process.poll()) is None:
                    time.sleep(POLL_S)
            code = ended
            if not was_killed(code):
                break
        return code

    def record(self, tasks: Iterable[Task]) -> list[str]:
        """Run all tasks whose folder is not there yet. Returns a sentence for each that left nothing whole."""
        waiting = [task for task in tasks if not (self._night / task.folder).exists()]
        tries: dict[str, int] = {}
        running: list[tuple[Task, Path, Process]] = []
        lost: list[str] = []
        self._board.begin(waiting)
        try:
            while waiting or running:
                while waiting and len(running) < self._hands:
                    task = waiting.pop(0)
                    tries[task.folder] = number = tries.get(task.folder, 0) + 1
                    part = self._night / UNFINISHED / f"{_flat(task)}-{os.getpid()}-{number}"
                    part.parent.mkdir(exist_ok=True)
                    log = self._log(_flat(task))
                    running.append((task, part, Process([*task.words, "--out", str(part)], log)))
                    self._board.started(task, Path(log.name))
                time.sleep(POLL_S)
                for one in [one for one in running if one[2].poll() is not None]:
                    running.remove(one)
                    task, part, process = one
                    process.close()
                    whole, last = ended_by_itself(part, process.poll()), tries[task.folder] == TRIES
                    if whole and (last or not simulator_was_killed(part)):
                        self._keep(part, self._night / task.folder)
                        self._board.finished(task)
                    elif not last and process.poll() not in (2, 3):
                        self._board.clear()
                        self._say(f"{task.folder}: {why_again(whole, process.poll())}, and runs again")
                        waiting.insert(0, task)
                    else:
                        log_name = f"{self._logs.name}/{_flat(task)}.log"
                        lost.append(f"{task.folder} could not be recorded: see {log_name} in the night's folder")
                        self._board.finished(task)
                self._board.draw()
        finally:
            for _, _, process in running:
                process.end()
            self._board.clear()
        shutil.rmtree(self._night / UNFINISHED, ignore_errors=True)
        return lost

    def _log(self, name: str) -> IO[bytes]:
        return (self._logs / f"{name}.log").open("ab")

    @staticmethod
    def _keep(part: Path, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.replace(part, folder)


def _flat(task: Task) -> str:
    """Its folder, as one name of a file."""
    return task.folder.replace("/", "-")


def was_killed(code: int) -> bool:
    """Whether an exit code says that the command, or the script that it ran, was ended by a signal from outside."""
    return code < 0 or code == SCRIPT_KILLED


def ended_by_itself(part: Path, code: int | None) -> bool:
    """Whether a recording, or each of several, ended by itself, in whatever way its simulator did."""
    if code not in (0, 1) or not part.is_dir():
        return False
    found = _recordings(part)
    return bool(found) and all(one.finished and not one.interrupted for one in found)


def why_again(whole: bool, code: int | None) -> str:
    """Why a recording runs again; `whole`: it ended by itself. On a full disk nobody is killed: see its log."""
    if whole:
        return "its simulator was killed"
    return "it was killed" if code is not None and was_killed(code) else "it left no whole recording (see its log)"


def simulator_was_killed(part: Path) -> bool:
    """Whether SIGKILL ended a simulator, or the process that a script in its place had started.

    The kernel kills a simulator that has taken all memory. If that is the simulator's own doing, it happens again, and
    the last try stands. With a process for each seed, the manifest doesn't tell, and such a seed has failed.
    """
    return any(
        signal.SIGKILL in (one.signal, *(each.signal for each in one.parts))
        or SCRIPT_KILLED in (one.exit_code, *(each.exit_code for each in one.parts))
        for one in _recordings(part)
        if not one.stopped
    )


def _recordings(part: Path) -> list[Recording]:
    """The manifests of a recording, or of each of several; none if one of them can't be read."""
    manifests = [part / MANIFEST] if (part / MANIFEST).exists() else list(part.glob(f"*/{MANIFEST}"))
    try:
        return [recording_from_json(read_bytes(path, MANIFEST_BYTES_MAX), str(path)) for path in manifests]
    except UserError:
        return []


class Process:
    """One command on its leash: it ends when this process does."""

    def __init__(self, words: Sequence[str], log: IO[bytes] | None, env: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(  # noqa: S603 # commands of our own, and the config's build
            [
                sys.executable,
                "-P",
                "-m",
                "vopr_coverage.own_night.leash",
                *words,
            ],  # -P: nothing of the checkout is ours
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=child_environment(more=env or {}),
            start_new_session=True,  # Ctrl-C is for the night, which tells the others
        )
        if log:
            log.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def close(self) -> None:
        """Let go of a process that has ended."""
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()

    def end(self) -> None:
        """Stop it as a user would, and kill it if it doesn't listen."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(END_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if (self._process.poll() or 0) < 0:  # a script that it ran shares its group, and may run on
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self.close()
