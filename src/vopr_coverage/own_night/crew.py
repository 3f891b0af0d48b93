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
from vopr_coverage.model.manifest import MANIFEST, MANIFEST_BYTES_MAX, recording_from_json
from vopr_coverage.own_night.board import Board
from vopr_coverage.own_night.folder import UNFINISHED
from vopr_coverage.own_night.tasks import Task
from vopr_coverage.recorder.child_environment import child_environment

TRIES = 3  # of a command whose own process was killed; a simulator that dies is a finding, and no reason to repeat
POLL_S = 0.05
END_WITHIN_S = 15.0


class Crew:
    """The processes of one night.

    Args:
        night: the night's folder.
        hands: how many of them run side by side.
    """

    def __init__(self, night: Path, hands: int, board: Board) -> None:
        self._night, self._hands, self._board = night, hands, board
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
        """The exit code of a command, which is started again if somebody killed its own process."""
        code = 0
        for _ in range(TRIES):
            with start() as process:
                while (ended := process.poll()) is None:
                    time.sleep(POLL_S)
            code = ended
            if code >= 0:
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
                    part = self._night / UNFINISHED / f"{task.folder.replace('/', '-')}-{os.getpid()}-{number}"
                    part.parent.mkdir(exist_ok=True)
                    log = self._log(task.folder.replace("/", "-"))
                    running.append((task, part, Process([*task.words, "--out", str(part)], log)))
                    self._board.started(task, Path(log.name))
                time.sleep(POLL_S)
                for one in [one for one in running if one[2].poll() is not None]:
                    running.remove(one)
                    task, part, process = one
                    process.close()
                    if ended_by_itself(part, process.poll()):
                        self._keep(part, self._night / task.folder)
                        self._board.finished(task)
                    elif tries[task.folder] < TRIES and process.poll() not in (2, 3):
                        waiting.insert(0, task)
                    else:
                        lost.append(f"{task.folder} could not be recorded: see {self._logs.name} in the night's folder")
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


def ended_by_itself(part: Path, code: int | None) -> bool:
    """Whether a recording, or each of several, ended by itself, in whatever way its simulator did."""
    if code not in (0, 1) or not part.is_dir():
        return False
    manifests = [part / MANIFEST] if (part / MANIFEST).exists() else list(part.glob(f"*/{MANIFEST}"))
    try:
        found = [recording_from_json(read_bytes(path, MANIFEST_BYTES_MAX), str(path)) for path in manifests]
    except UserError:
        return False
    return bool(found) and all(one.finished and not one.interrupted for one in found)


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
