"""Runs lanes side by side, each a process; one that is stuck in an input is ended, and this input is a finding."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from tools.fuzzing.door import Door
from tools.fuzzing.engine import Count, turn
from tools.fuzzing.ledger import Ledger

TURN_S, TURN_INPUTS = 0.1, 2_000
STORED_EVERY_S = 20.0
STUCK_S = 600.0  # of the wall's clock: other work may have all processors for minutes


@dataclass(frozen=True)
class Goal:
    """When it is enough: after seconds, or when all lanes together have so many inputs, shared among the doors."""

    seconds: float | None
    inputs: int | None


def supervise(doors: Sequence[Door], ledger: Ledger, goal: Goal, processes: int) -> None:
    """Fuzz until the goal is reached."""
    context = multiprocessing.get_context("fork")
    alive = [context.Value("d", time.monotonic()) for _ in range(processes)]
    lanes = [_started(context, lane, doors, ledger, goal, processes, alive[lane]) for lane in range(processes)]
    try:
        while any(lane.is_alive() for lane in lanes):
            time.sleep(0.2)
            for number, lane in enumerate(lanes):
                if lane.is_alive() and time.monotonic() - alive[number].value > STUCK_S and lane.pid:
                    os.kill(lane.pid, signal.SIGKILL)
                if not lane.is_alive() and lane.exitcode:
                    raise SystemExit(
                        f"lane {number} ended with {lane.exitcode}: it was stuck, or the harness has a bug"
                    )
    finally:
        for lane in lanes:
            lane.terminate()
            lane.join()


def _started(
    context: Any, lane: int, doors: Sequence[Door], ledger: Ledger, goal: Goal, lanes: int, alive: Synchronized[float]
) -> Any:
    process = context.Process(target=run_lane, args=(lane, doors, ledger, goal, lanes, alive), daemon=True)
    process.start()
    return process


def run_lane(
    lane: int, doors: Sequence[Door], ledger: Ledger, goal: Goal, lanes: int, alive: Synchronized[float]
) -> None:
    """One lane: every door in turn, until each has had its share."""
    counts = ledger.load(lane)
    weights = sum(door.weight for door in doors)
    until = None if goal.seconds is None else time.monotonic() + goal.seconds
    stored = time.monotonic()
    busy = True
    while busy:
        busy = False
        for door in doors:
            if until is not None and time.monotonic() > until:
                busy = False
                break
            count = counts.setdefault(ledger.key(door), Count())
            share = (
                TURN_INPUTS if goal.inputs is None else -(-goal.inputs * door.weight // weights // lanes) - count.inputs
            )
            if share <= 0:
                continue
            busy = True
            first = sum(each.inputs for key, each in counts.items() if key.rpartition("@")[0] == door.name)
            turn(door, lane, first, count, ledger.home, seconds=TURN_S, most=min(share, TURN_INPUTS))
            alive.value = time.monotonic()
            if time.monotonic() - stored > STORED_EVERY_S:
                ledger.store(lane, counts)
                stored = time.monotonic()
    ledger.store(lane, counts)
