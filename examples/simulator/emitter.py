# SPDX-License-Identifier: Apache-2.0
# From vopr-coverage-action, examples/emitters. Made to be copied into your project: one file, no dependencies.
"""Writes what a simulation did as a simulation stream, which `vopr-coverage check` judges.

    emit = Emitter(sys.stdout.buffer)
    emit.declare("fault", "net.drop")
    emit.declare("invariant", "agreement")
    emit.start(first_seed=7, seeds=1000, scenario="calm")
    while emit.next_seed():
        ...  # simulate emit.seed; call emit.hit("net.drop"), emit.ran("agreement"), emit.fail("agreement", "why")
    emit.end()

One line a seed, flushed. Don't call `end` on the way out of an exception: a crash is noticed by the missing end.
For one thread only.
"""

from __future__ import annotations

import json
import re
from typing import BinaryIO

POINTS = ("fault", "sometimes", "reachable", "phase")
INVARIANTS = {"invariant": "invariants", "optional_invariant": "optional_invariants"}


class Emitter:
    """One run of a simulator. Misuse raises RuntimeError, a full disk or a closed pipe OSError."""

    def __init__(self, out: BinaryIO) -> None:
        self.seed, self._out = 0, out
        self._declared: dict[str, list[str]] = {}
        self._hits: dict[str, int] = {}
        self._ran: dict[str, int] = {}
        self._facts: dict[str, object] = {}  # of this seed: digest, events, time_ns, failure
        self._first = self._announced = self._done = self._failed = 0
        self._state = "declaring"  # then between two seeds ("idle"), in a seed ("seed"), and at the end ("ended")

    def declare(self, kind: str, *names: str) -> None:
        """Say what there is. `kind`: fault, sometimes, reachable, phase, invariant or optional_invariant."""
        self._must_be("declaring", "declare")
        if kind not in (*POINTS, *INVARIANTS):
            raise RuntimeError(f"emitter: there is no kind '{kind}'")
        self._declared.setdefault(kind, []).extend(names)

    def start(self, first_seed: int, seeds: int, scenario: str | None = None, commit: str | None = None) -> None:
        """Announce seeds `first_seed` to `first_seed + seeds - 1`; after 2^64-1 comes 0."""
        self._must_be("declaring", "start")
        self._state, self._first, self._announced = "idle", first_seed, seeds
        record: dict[str, object] = {"type": "start", "format": "simulation/1", "scenario": scenario, "commit": commit}
        record |= {"first_seed": first_seed, "seeds": seeds}
        record["points"] = {kind: self._declared[kind] for kind in POINTS if kind in self._declared}
        record |= {key: self._declared[kind] for kind, key in INVARIANTS.items() if kind in self._declared}
        self._write(record)

    def next_seed(self) -> bool:
        """Write the seed before, and go on to the next one; False, and nothing begun, after the last one."""
        if self._state == "seed":
            self._write_seed()
        self._must_be("idle", "next_seed")
        if self._done == self._announced:
            return False
        self.seed, self._state = (self._first + self._done) % (1 << 64), "seed"
        return True

    def hit(self, point: str, times: int = 1) -> None:
        """A point was reached, in this seed."""
        self._must_be("seed", "hit")
        self._hits[point] = self._hits.get(point, 0) + times

    def ran(self, invariant: str, times: int = 1) -> None:
        """An invariant was checked, whether it held or not."""
        self._must_be("seed", "ran")
        self._ran[invariant] = self._ran.get(invariant, 0) + times

    def fail(self, invariant: str, message: str = "") -> None:
        """This seed failed. The first failure of a seed is kept."""
        self._must_be("seed", "fail")
        self._facts.setdefault("failure", {"invariant": invariant, "message": message})

    def digest(self, text: str) -> None:
        """A hash of what this seed did: the same seed must give the same, another seed another."""
        self._fact("digest", text)

    def events(self, count: int) -> None:
        """How many steps this seed took."""
        self._fact("events", count)

    def time_ns(self, simulated: int) -> None:
        """How much simulated time passed, in nanoseconds."""
        self._fact("time_ns", simulated)

    def end(self) -> None:
        """Write the last seed and the end record."""
        if self._state == "seed":
            self._write_seed()
        self._must_be("idle", "end")
        self._state = "ended"
        self._write({"type": "end", "seeds": self._done, "failed": self._failed})

    def _fact(self, key: str, value: object) -> None:
        self._must_be("seed", key)
        self._facts[key] = value

    def _must_be(self, state: str, call: str) -> None:
        if self._state != state:
            raise RuntimeError(f"emitter: {call}() belongs to state '{state}', this is '{self._state}'")

    def _write_seed(self) -> None:
        status = "failed" if "failure" in self._facts else "ok"
        record = {"type": "seed", "seed": self.seed, "status": status, **self._facts}
        self._write({**record, "hits": self._hits, "ran": self._ran})
        self._hits, self._ran, self._facts, self._state = {}, {}, {}, "idle"
        self._done, self._failed = self._done + 1, self._failed + (status == "failed")

    def _write(self, record: dict[str, object]) -> None:
        line = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
        line = re.sub("[\ud800-\udfff]", "\ufffd", line)  # what is no text, such as a file name of arbitrary bytes
        self._out.write(line.encode() + b"\n")
        self._out.flush()
