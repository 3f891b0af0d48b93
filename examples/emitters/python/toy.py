# SPDX-License-Identifier: Apache-2.0
"""A toy simulator: a counter on three replicas, whose messages are lost or come twice."""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable

from emitter import Emitter

MASK = (1 << 64) - 1


def splitmix64(state: int) -> Callable[[int], int]:
    """A random generator that is the same in every language: numbers from 0 to `bound - 1`."""

    def below(bound: int) -> int:
        nonlocal state
        z = state = (state + 0x9E3779B97F4A7C15) & MASK
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            z = ((z ^ (z >> shift)) * factor) & MASK
        return (z ^ (z >> 31)) % bound

    return below


def simulate(emit: Emitter, scenario: str, broken: bool) -> None:
    """One seed: forty increments, each sent to all replicas, in a network and on disks that misbehave."""
    below = splitmix64(emit.seed)
    values, synced = [0, 0, 0], [0, 0, 0]
    events = now = digest = 0
    for op in range(1, 41):
        for replica in range(3):
            copies = (0, 2, *[1] * 8)[below(10)]
            if copies != 1:
                emit.hit("net.duplicate" if copies else "net.drop")
            for _ in range(copies):
                events += 1
                if op > values[replica] + 1:
                    emit.hit("gap repaired")
                    emit.ran(f"{scenario}: repaired by one copy")
                    values[replica] = op
                elif op == values[replica] + 1 or (broken and not synced[replica]):
                    values[replica] += 1  # broken: before its first sync a replica counts an op twice that comes twice
                else:
                    emit.hit("duplicate ignored")
            if below(30) == 0:
                emit.hit("replica.crash")
                values[replica] = synced[replica]
            elif below(3) == 0:
                synced[replica] = values[replica]
            now += 1000 + below(1000)
            emit.ran("never_ahead")
            if values[replica] > op:
                emit.fail("never_ahead", f"{scenario}: replica {replica} counts {values[replica]} after op {op}")
            digest = ((digest ^ values[replica]) * 0x100000001B3 + now) & MASK
        emit.hit("op")
    if len(set(values)) == 1:
        emit.hit(f"{scenario}: all equal")
    emit.events(events)
    emit.time_ns(now)
    emit.digest(f"{digest:016x}")


def main() -> None:
    """Simulate seed after seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--scenario", default="toy")
    parser.add_argument("--broken", action="store_true", help="with a bug")
    parser.add_argument("--hang-at", type=int, metavar="SEED")
    parser.add_argument("--bench", type=int, metavar="CALLS", help="time so many calls of hit")
    options = parser.parse_args()
    scenario = options.scenario
    emit = Emitter(io.BytesIO() if options.bench else sys.stdout.buffer)
    emit.declare("fault", "net.drop", "net.duplicate", "replica.crash")
    emit.declare("sometimes", "gap repaired", "duplicate ignored")
    for kind, name in (("reachable", f"{scenario}: all equal"), ("phase", "op"), ("invariant", "never_ahead")):
        emit.declare(kind, name)
    emit.declare("optional_invariant", f"{scenario}: repaired by one copy")
    emit.start(options.seed, options.seeds, scenario)
    while emit.next_seed():
        if options.bench:
            began = time.perf_counter_ns()
            for _ in range(options.bench):
                emit.hit("gap repaired")
            print(f"{(time.perf_counter_ns() - began) / options.bench:.1f} ns a call")
            return
        if emit.seed == options.hang_at:
            time.sleep(600)
        simulate(emit, scenario, options.broken)
    emit.end()


if __name__ == "__main__":
    main()
