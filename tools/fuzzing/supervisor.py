"""Runs lanes side by side, each a process; one that is stuck in an input is ended, and this input is a finding."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.fuzzing.door import Door, Finding
from tools.fuzzing.engine import Count, input_of, store_finding, turn
from tools.fuzzing.ledger import Ledger

TURN_S, TURN_INPUTS = 0.1, 2_000
STORED_EVERY_S = 20.0
# An input is stuck after so much time of its lane's processor; or of the wall's clock, if it only waits.
STUCK_CPU_S, STUCK_WALL_S = 60.0, 600.0
EVEN = 0.4  # of the inputs are shared evenly
FAST_MS = 1.0  # doors whose inputs take less on average share the others


@dataclass(frozen=True)
class Goal:
    """When it is enough: after seconds, or when all lanes together have so many inputs."""

    seconds: float | None
    inputs: int | None


@dataclass
class Watch:
    """What the supervisor sees of a lane: `at` is the index of a door and the number of its input, in shared memory."""

    process: Any
    at: Any
    seen: tuple[int, int] = (-1, -1)
    wall: float = 0.0
    cpu: float = 0.0

    def is_stuck(self) -> bool:
        """Whether it is in one input for too long. The time of other processes does not count, unless it waits."""
        door, number = self.at
        now = time.monotonic(), cpu_seconds(self.process.pid)
        if (door, number) != self.seen:
            self.seen, (self.wall, self.cpu) = (door, number), now
        return now[1] - self.cpu > STUCK_CPU_S or now[0] - self.wall > STUCK_WALL_S


def cpu_seconds(pid: int) -> float:
    """How long a process had a processor; 0 where the kernel does not tell (it does on Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def supervise(doors: Sequence[Door], ledger: Ledger, goal: Goal, processes: int) -> None:
    """Fuzz until the goal is reached.

    Raises:
        SystemExit: a lane did not end by itself. The input that it was stuck in is stored as a finding.
    """
    context = multiprocessing.get_context("fork")
    watches = [_started(context, lane, doors, ledger, goal, processes) for lane in range(processes)]
    try:
        while any(watch.process.is_alive() for watch in watches):
            time.sleep(0.2)
            for lane, watch in enumerate(watches):
                if watch.process.is_alive() and watch.is_stuck():
                    os.kill(watch.process.pid, signal.SIGKILL)
                    watch.process.join()
                if not watch.process.is_alive() and watch.process.exitcode:
                    raise SystemExit(_ended_badly(doors, lane, watch, ledger))
    finally:
        for watch in watches:
            watch.process.terminate()
            watch.process.join()


def _ended_badly(doors: Sequence[Door], lane: int, watch: Watch, ledger: Ledger) -> str:
    """Store the input that a lane was in when it ended, and count it as a finding; returns what there is to say."""
    index, number = watch.at
    if index < 0:
        return f"lane {lane} ended with {watch.process.exitcode} before its first input"
    door = doors[index]
    kind = f"ended the process with {watch.process.exitcode}, or did not end"
    store_finding(door, lane, number, input_of(door, lane, number), Finding(kind), ledger.home)
    counts = ledger.load(lane)
    count = counts.setdefault(ledger.key(door), Count())
    count.findings += 1
    count.kinds[kind] = count.kinds.get(kind, 0) + 1
    # Behind this input, so that the next run does not begin with it.
    count.inputs += max(number + 1 - _next(counts, door), 1)
    ledger.store(lane, counts)
    return f"lane {lane} {kind}: {door.name}:{lane}:{number}, stored in {ledger.home / 'findings'}"


def _started(context: Any, lane: int, doors: Sequence[Door], ledger: Ledger, goal: Goal, lanes: int) -> Watch:
    at = context.Array("q", [-1, -1], lock=False)
    run = Lane(lane, doors, ledger, goal, lanes, at)
    process = context.Process(target=run.run, daemon=True)
    process.start()
    return Watch(process, at, wall=time.monotonic())


def _next(counts: dict[str, Count], door: Door) -> int:
    """The number of a door's next input: also those count that met other code."""
    return sum(each.inputs for key, each in counts.items() if key.rpartition("@")[0] == door.name)


@dataclass
class Lane:
    """One process: every door in turn, until the goal is reached."""

    lane: int
    doors: Sequence[Door]
    ledger: Ledger
    goal: Goal
    lanes: int
    at: Any
    counts: dict[str, Count] = field(default_factory=dict)
    stored: float = 0.0

    def run(self) -> None:
        """Take inputs until the goal is reached. Each door gets a turn first, however late it is."""
        self.counts, self.stored = self.ledger.load(self.lane), time.monotonic()
        for turns in self._by_time() if self.goal.inputs is None else self._by_inputs(self.goal.inputs):
            self._take(*turns)
        self.ledger.store(self.lane, self.counts)

    def _by_time(self) -> Iterator[tuple[int, int]]:
        until = time.monotonic() + (self.goal.seconds or 0)
        for index in range(len(self.doors)):
            yield index, TURN_INPUTS
        while time.monotonic() < until:
            for index in range(len(self.doors)):
                if time.monotonic() < until:
                    yield index, TURN_INPUTS

    def _by_inputs(self, inputs: int) -> Iterator[tuple[int, int]]:
        """First every door gets its even share; then doors that are fast share what is left, by how fast they are."""
        mine = -(-inputs // self.lanes)
        weights = sum(door.weight for door in self.doors)
        for door in self.doors:
            self._count(door)
        shares = [int(EVEN * mine * door.weight / weights) + 1 for door in self.doors]
        while due := [at for at, door in enumerate(self.doors) if self._count(door).inputs < shares[at]]:
            for at in due:
                yield at, min(TURN_INPUTS, shares[at] - self._count(self.doors[at]).inputs)
        fast = [at for at, door in enumerate(self.doors) if self._is_fast(door)] or range(len(self.doors))
        while True:
            for at in fast:
                left = mine - sum(self._count(door).inputs for door in self.doors)
                if left <= 0:
                    return
                yield at, min(TURN_INPUTS, left)

    def _count(self, door: Door) -> Count:
        return self.counts.setdefault(self.ledger.key(door), Count())

    def _is_fast(self, door: Door) -> bool:
        count = self._count(door)
        return 1000 * count.cpu_s < FAST_MS * count.inputs

    def _take(self, index: int, most: int) -> None:
        door, first = self.doors[index], _next(self.counts, self.doors[index])

        def before_each(number: int) -> None:
            self.at[0], self.at[1] = index, number

        turn(
            door, self.lane, first, self._count(door), self.ledger.home, seconds=TURN_S, most=most,
            before_each=before_each,
        )  # fmt: skip
        if time.monotonic() - self.stored > STORED_EVERY_S:
            self.ledger.store(self.lane, self.counts)
            self.stored = time.monotonic()
