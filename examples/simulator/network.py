"""The network between replicas and clients: slow, and as unreliable as the scenario says."""

from __future__ import annotations

import time
from typing import Protocol

from .coverage import Coverage
from .messages import Message, Prepare, new_entry
from .scenarios import Scenario
from .scheduler import MS, Scheduler

DELAY_MIN_NS = MS // 10
DELAY_MAX_NS = MS // 2
LATE_NS = 15 * MS  # at most, on top, for a message that the injector delays
NODES_MAX = 16
LIED_TO = 2  # the replica that an equivocating primary tells something else


class Node(Protocol):
    """What messages can be sent to."""

    def receive(self, message: Message) -> None:
        """Take one message."""


class Network:
    """Carries each message once, unless the injector decides otherwise.

    Attributes:
        nodes: replicas first, then clients; a node's index is its address.
        cut: (source, target) pairs between which nothing passes.
    """

    def __init__(self, scheduler: Scheduler, coverage: Coverage, scenario: Scenario, bugs: frozenset[str]) -> None:
        self.nodes: list[Node] = []
        self.cut: frozenset[tuple[int, int]] = frozenset()
        self._scheduler, self._coverage, self._scenario, self._bugs = scheduler, coverage, scenario, bugs
        self._sent = 0
        self._newest = [0] * NODES_MAX**2  # per link, the number of the newest message that arrived

    def send(self, source: int, target: int, message: Message) -> None:
        """Put a message on its way."""
        coverage, scenario = self._coverage, self._scenario
        coverage.attempted["sim.network.send"] += 1
        if (source, target) in self.cut:
            coverage.fault("sim.network.partition")
            return
        fault = ""
        chance = self._scheduler.rng.random()
        if chance < scenario.drop:
            coverage.attempted["network.drop"] += 1
            if "drop-disabled" not in self._bugs:
                coverage.applied["network.drop"] += 1
                coverage.observed["network.drop"] += 1
                return
        elif chance < scenario.drop + scenario.duplicate:
            self._carry(source, target, message, "")
            fault = "network.duplicate"
        elif chance < scenario.drop + scenario.duplicate + scenario.delay:
            fault = "network.delay"
        if scenario.equivocates and target == LIED_TO and isinstance(message, Prepare):
            message = another(message)
        self._carry(source, target, message, fault)

    def _carry(self, source: int, target: int, message: Message, fault: str) -> None:
        delay_ns = self._scheduler.between(DELAY_MIN_NS, DELAY_MAX_NS)
        if fault:
            self._coverage.attempted[fault] += 1
            self._coverage.applied[fault] += 1
            delay_ns += self._scheduler.between(0, LATE_NS)
        if "nondeterministic" in self._bugs:
            delay_ns += time.perf_counter_ns() % 1000
        self._sent += 1
        self._scheduler.after(delay_ns, self._deliver, source, target, message, self._sent, fault)

    def _deliver(self, source: int, target: int, message: Message, number: int, fault: str) -> None:
        coverage, link = self._coverage, source * NODES_MAX + target
        coverage.attempted["sim.network.deliver"] += 1
        if number > self._newest[link]:
            self._newest[link] = number
        elif fault:
            coverage.observed[fault] += 1
        self.nodes[target].receive(message)


def another(prepare: Prepare) -> Prepare:
    """The same place in the log with another operation, and a hash that fits it."""
    op, view, client, number, (verb, key, operand), parent, _ = prepare.entry
    return prepare._replace(entry=new_entry(op, view, client, number, (verb, key, operand + 1), parent))
