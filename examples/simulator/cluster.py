"""One iteration: a cluster, its clients, the faults that befall it, and the oracle that has seen everything."""

from __future__ import annotations

from collections import deque
from hashlib import sha256
from typing import NamedTuple

from . import invariants
from .client import REQUESTS, Client
from .core import QUORUM, REPLICAS, Core
from .coverage import Coverage
from .disk import Disk
from .faults import FAULTS_UNTIL_NS, Faults
from .messages import Entry, Value
from .network import Network
from .replica import Replica
from .scenarios import Scenario
from .scheduler import MS, Scheduler

END_NS = 600 * MS
LOOK_NS = 20 * MS


class Outcome(NamedTuple):
    """How an iteration ended. Without a breach `invariant` is empty; equal outcomes mean equal runs."""

    events: int
    time_ns: int
    storage_hash: str
    kernel_state_hash: str
    invariant: str
    message: str


class Cluster:
    """The simulated world, and what an oracle knows about it.

    Attributes:
        history: each op's entry, as whoever committed it first did.
        results, snapshots: each op's result, and all rows after it (and before the first), by a plain map.
        acknowledged: the last op whose result a client has got; 0 for none.
    """

    quorum = QUORUM

    def __init__(self, scheduler: Scheduler, coverage: Coverage, scenario: Scenario, bugs: frozenset[str]) -> None:
        self.scheduler, self.coverage, self.bugs = scheduler, coverage, bugs
        self.history: list[Entry] = []
        self.results: list[Value] = []
        self.snapshots: list[dict[int, int]] = [{}]
        self.acknowledged = 0
        self.started_views: set[int] = {0}
        self.network = Network(scheduler, coverage, scenario, bugs)
        self.replicas = [Replica(self, i, Disk(scheduler, coverage, scenario)) for i in range(REPLICAS)]
        self.clients = [Client(self, REPLICAS + i, i % scenario.tenants) for i in range(scenario.clients)]
        self.network.nodes = [*self.replicas, *self.clients]
        Faults(self, scenario)
        scheduler.after(LOOK_NS, self.look)

    # ---- what the oracle sees

    def committed(self, replica: Core, entry: Entry) -> None:
        """A replica is about to execute a committed entry."""
        invariants.commit_history_monotonic(self, replica, entry)
        if entry.op > len(self.history):
            invariants.hash_chain_integrity(self, entry)
            self.history.append(entry)
            self.remember(entry)
        invariants.vsr_agreement(self, replica, entry)
        invariants.client_session_monotonic(self, replica, entry)
        invariants.projection_applied_position_monotonic(self, replica, entry)

    def remember(self, entry: Entry) -> None:
        """Apply an entry to the model: a map, and nothing clever."""
        rows = dict(self.snapshots[-1])
        verb, key, operand = entry.command
        result = rows.get(key)
        if verb == "put":
            rows[key] = operand
        elif verb == "add":
            rows[key] = result = (result or 0) + operand
        elif verb == "del":
            rows.pop(key, None)
        self.results.append(result)
        self.snapshots.append(rows)

    def view_started(self, replica: Core) -> None:
        """A primary has begun to lead a view."""
        self.coverage.phases["vsr:view_change_complete"] += 1
        self.coverage.satisfied.add("vsr.view_change_completed")
        self.coverage.holds("vsr.view_started_twice", replica.view not in self.started_views)
        self.started_views.add(replica.view)

    def repaired(self) -> None:
        """A replica has stored entries that it had missed."""
        self.coverage.phases["storage:repair_complete"] += 1
        self.coverage.satisfied.add("vsr.repair_completed")

    def look(self) -> None:
        """Every 20 ms: what can be seen by comparing replicas, and a query; the end, if all work is done."""
        invariants.vsr_prefix_property(self)
        invariants.replica_consistency(self)
        invariants.storage_determinism(self)
        below = self.scheduler.below
        replica = self.replicas[below(REPLICAS)]
        invariants.projection_applied_index_integrity(self, replica)
        invariants.projection_mvcc_visibility(self, replica, below(replica.commit + 1))
        self.ask(replica, self.clients[below(len(self.clients))])
        done = all(client.done == REQUESTS for client in self.clients)
        if done and self.scheduler.now_ns > FAULTS_UNTIL_NS and self.converged():
            self.scheduler.stopped = True
        self.scheduler.after(LOOK_NS, self.look)

    def ask(self, replica: Replica, client: Client) -> None:
        """Run a query of a client on the rows that one replica has."""
        query, table = client.query(), replica.table
        steps = table.plan(query)
        self.coverage.query_plans.add("+".join(steps))
        invariants.sql_norec_equivalence(self, replica, query, steps)
        invariants.sql_tlp_partitioning(self, replica, query)
        rows = table.run(steps, query)
        if isinstance(rows, list):
            invariants.query_tenant_isolation(self, query, rows, client.keys)
            if not rows:
                self.coverage.satisfied.add("query.no_rows")
            if len(rows) == query.limit:
                self.coverage.satisfied.add("query.limit_cut")

    def converged(self) -> bool:
        """Whether all replicas run, and have executed all there is."""
        return all(replica.up and replica.commit == len(self.history) for replica in self.replicas)

    def storage_hash(self) -> str:
        """A hash of all that is on the disks."""
        disks = [replica.disk.synced for replica in self.replicas]
        content = [(disk.view, disk.log_view, [entry.digest for entry in disk.log]) for disk in disks]
        return sha256(repr(content).encode()).hexdigest()

    def kernel_state_hash(self) -> str:
        """A hash of what the replicas have in memory."""
        state = [
            (r.up, r.view, r.commit, r.patient_until_ns, sorted(r.table.rows.items()), sorted(r.sessions.items()))
            for r in self.replicas
        ]
        return sha256(repr(state).encode()).hexdigest()


def simulate(
    seed: int, scenario: Scenario, bugs: frozenset[str], coverage: Coverage, trace: deque[str] | None = None
) -> Outcome:
    """Run one iteration to its end or to the first breach; `trace` gets a line for each event."""
    if "crash-midway" in bugs and seed % 8 == 5:
        raise RuntimeError("crash-midway: the simulator itself fails, as a test of whoever reads its stream")
    scheduler = Scheduler(seed, trace)
    cluster = Cluster(scheduler, coverage, scenario, bugs)
    broken, message = "", ""
    try:
        scheduler.run(END_NS)
        invariants.durability(cluster)
    except invariants.Violation as violation:
        broken, message = violation.invariant, violation.message
    if cluster.converged():
        coverage.satisfied.add("cluster.converged")
    if all(client.done == REQUESTS for client in cluster.clients):
        coverage.satisfied.add("client.workload_done")
    hashes = cluster.storage_hash(), cluster.kernel_state_hash()
    return Outcome(scheduler.events, scheduler.now_ns, *hashes, broken, message)
