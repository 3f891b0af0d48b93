"""Clients: one request at a time, repeated until it is answered; and what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import invariants
from .core import REPLICAS
from .messages import Command, Reply, Request
from .scheduler import MS
from .table import BANDS, Query

if TYPE_CHECKING:
    from .cluster import Cluster

REQUESTS = 8  # of each client in an iteration
THINK_MAX_NS = 20 * MS
RETRY_NS = 12 * MS
KEYS = 12  # of each tenant
VALUE_MAX = 50


class Client:
    """A client in a session; its tenant owns a range of keys.

    Attributes:
        floor: the last op that had been acknowledged to anybody when the request at hand began.
    """

    def __init__(self, cluster: Cluster, index: int, tenant: int) -> None:
        self.cluster, self.scheduler, self.index = cluster, cluster.scheduler, index
        self.keys = range(tenant * KEYS, (tenant + 1) * KEYS)
        self.number = self.done = self.floor = 0
        self.leader = 0
        self.scheduler.after(self.scheduler.between(0, THINK_MAX_NS), self.begin)

    def begin(self) -> None:
        """Ask for the next operation."""
        self.number += 1
        self.floor = self.cluster.acknowledged
        below = self.scheduler.below
        verb = ("put", "put", "add", "add", "get", "del")[below(6)]
        command: Command = (verb, self.keys[below(KEYS)], 1 + below(VALUE_MAX))
        self.request = Request(self.index, self.number, command)
        self.cluster.network.send(self.index, self.leader, self.request)
        self.scheduler.after(RETRY_NS, self.repeat, self.number)

    def repeat(self, number: int) -> None:
        """Ask everybody again if there is no answer yet."""
        if self.done < number:
            self.cluster.coverage.phases["client:retry"] += 1
            self.cluster.coverage.satisfied.add("client.retried")
            for replica in range(REPLICAS):
                self.cluster.network.send(self.index, replica, self.request)
            self.scheduler.after(RETRY_NS, self.repeat, number)

    def receive(self, reply: Any) -> None:
        """Take an answer, think, go on."""
        assert isinstance(reply, Reply)
        self.cluster.coverage.holds("client.reply_answers_a_request", reply.number <= self.number)
        if reply.number != self.number or self.done == self.number:
            return
        invariants.linearizability(self.cluster, self, reply)
        invariants.model_verification(self.cluster, reply)
        self.done, self.leader = reply.number, reply.view % REPLICAS
        self.cluster.acknowledged = max(self.cluster.acknowledged, reply.op)
        if self.number < REQUESTS:
            self.scheduler.after(self.scheduler.between(0, THINK_MAX_NS), self.begin)

    def query(self) -> Query:
        """Some query on the rows of the tenant."""
        below = self.scheduler.below
        low = below(KEYS)
        high = low if below(4) == 0 else low + below(KEYS - low)
        return Query(
            self.keys[low] if below(3) else self.keys[0],
            self.keys[high],
            band=below(BANDS) if below(2) else None,
            descending=below(2) == 0,
            limit=below(2) * 2,
            aggregate=("rows", "rows", "count", "sum")[below(4)],
        )
