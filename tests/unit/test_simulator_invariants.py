"""The example simulator's invariants: each holds on a healthy cluster, and each sees the breach that it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from examples.simulator import invariants
from examples.simulator.cluster import Cluster
from examples.simulator.coverage import Coverage
from examples.simulator.disk import Image
from examples.simulator.invariants import INVARIANTS, Violation
from examples.simulator.messages import Reply, new_entry
from examples.simulator.scenarios import SCENARIOS
from examples.simulator.scheduler import MS, Scheduler
from examples.simulator.table import Query

Breach = Callable[[Cluster], Iterator[tuple[Any, ...]]]
BREACHES: dict[str, Breach] = {}


def a_cluster(until_ms: int = 100) -> Cluster:
    """A healthy cluster in the middle of its work: all replicas have executed a dozen ops or more."""
    scheduler = Scheduler(seed=7)
    cluster = Cluster(scheduler, Coverage(), SCENARIOS["baseline"], frozenset())
    scheduler.run(until_ms * MS)
    assert min(replica.commit for replica in cluster.replicas) > 12
    return cluster


def breach(function: Breach) -> Breach:
    """Register what breaks the invariant of the same name: it yields arguments before the breach, and after it."""
    BREACHES[function.__name__] = function
    return function


@breach
def hash_chain(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """An entry is chained to the one before the last."""
    log = cluster.replicas[0].log
    yield (log,)
    stray = new_entry(len(log) + 1, 0, 3, 99, ("put", 1, 1), log[-2].digest)
    yield ([*log, stray],)


@breach
def hash_chain_integrity(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """The content is changed, the hash is not."""
    entry = cluster.history[4]
    yield (entry,)
    yield (entry._replace(command=("put", 1, 1000)),)


@breach
def vsr_agreement(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """Another request at the same op."""
    replica, entry = cluster.replicas[1], cluster.history[4]
    yield replica, entry
    yield replica, new_entry(entry.op, entry.view, 3, 99, entry.command, entry.parent)


@breach
def commit_history_monotonic(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """An op is left out."""
    replica = cluster.replicas[1]
    yield replica, replica.log[replica.commit - 1]
    replica.commit += 1
    yield replica, replica.log[replica.commit - 2]


@breach
def commit_quorum(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """Only the primary has voted."""
    primary = cluster.replicas[0]
    yield primary, primary.commit
    for backup in cluster.replicas[1:]:
        backup.promises.clear()
    yield primary, primary.commit


@breach
def client_session_monotonic(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """A request is executed again."""
    replica = cluster.replicas[0]
    entry = replica.log[replica.commit - 1]
    yield replica, entry._replace(number=replica.sessions[entry.client].number + 1)
    yield replica, entry


@breach
def projection_applied_position_monotonic(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """An op is applied again."""
    replica = cluster.replicas[2]
    entry = replica.log[replica.commit - 1]
    yield replica, entry._replace(op=entry.op + 1)
    yield replica, entry


@breach
def commit_number_consistency(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """The commit number is ahead of the log."""
    replica = cluster.replicas[2]
    yield (replica,)
    replica.commit = len(replica.log) + 1
    yield (replica,)


@breach
def replica_head_progress(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """The view goes back."""
    replica = cluster.replicas[2]
    replica.view = 3
    yield (replica,)
    replica.view = 2
    yield (replica,)


@breach
def vsr_view_change_safety(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """The new primary lacks the last committed op."""
    replica = cluster.replicas[0]
    yield (replica,)
    replica.log = replica.log[: len(cluster.history) - 1]
    yield (replica,)


@breach
def vsr_recovery_safety(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """The disk has lost the last op that the replica voted for."""
    replica = cluster.replicas[1]
    yield (replica,)
    replica.disk.synced = Image(replica.disk.synced.log[: replica.promises[0].op - 1])
    yield (replica,)


@breach
def durability(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """Two disks lose an acknowledged op."""
    yield ()
    for replica in cluster.replicas[:2]:
        replica.disk.synced = Image(replica.disk.synced.log[: cluster.acknowledged - 1])
    yield ()


@breach
def linearizability(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """The operation took effect before one that had ended when it began."""
    client = cluster.clients[0]
    reply = Reply(0, client.index, client.number, client.floor + 1, None)
    yield client, reply
    yield client, reply._replace(op=client.floor)


@breach
def model_verification(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """The result is another one."""
    reply = Reply(0, 3, 1, 5, cluster.results[4])
    yield (reply,)
    yield (reply._replace(result=-1),)


@breach
def vsr_prefix_property(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """A committed entry is replaced on one replica."""
    yield ()
    cluster.replicas[2].log[3] = cluster.replicas[2].log[3]._replace(number=99)
    yield ()


@breach
def replica_consistency(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """One replica has another row."""
    for replica in cluster.replicas:
        replica.commit = 12
        replica.table.rows = {1: 1}
    yield ()
    cluster.replicas[1].table.rows = {1: 2}
    yield ()


@breach
def storage_determinism(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """One disk has another entry in the same view."""
    yield ()
    disk = cluster.replicas[1].disk
    disk.synced = Image((disk.synced.log[0]._replace(number=99), *disk.synced.log[1:]))
    yield ()


@breach
def projection_applied_index_integrity(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """A row is in the wrong band."""
    replica = cluster.replicas[0]
    yield (replica,)
    replica.table.by_band[0][999] = None
    yield (replica,)


@breach
def projection_mvcc_visibility(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """A read as of an op sees a later write."""
    replica = cluster.replicas[0]
    yield replica, 5
    cluster.snapshots[5] = {**cluster.snapshots[5], 1: -1}
    yield replica, 5


@breach
def sql_norec_equivalence(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """The plan forgets its filter."""
    replica, query = cluster.replicas[0], Query(0, 99, band=1)
    steps = ("scan", "band-filter", "key-filter", "ascending")
    replica.table.rows = {1: 1, 2: 2}
    yield replica, query, steps
    yield replica, query, ("scan", "key-filter", "ascending")


@breach
def sql_tlp_partitioning(cluster: Cluster) -> Iterator[tuple[Any, ...]]:
    """The index has lost a row."""
    table, query = cluster.replicas[0].table, Query(0, 99, band=1)
    table.rows = {key: key for key in range(20)}
    table.by_band = [{key: None for key in table.rows if key % 4 == band} for band in range(4)]
    assert table.plan(query)[0] == "band-index"
    yield cluster.replicas[0], query
    del table.by_band[1][5]
    yield cluster.replicas[0], query


@breach
def query_tenant_isolation(_: Cluster) -> Iterator[tuple[Any, ...]]:
    """A row of another tenant."""
    query, keys = Query(0, 11), range(12)
    yield query, [(1, 5), (11, 6)], keys
    yield query, [(1, 5), (12, 6)], keys


@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_holds_until_it_is_broken(name: str) -> None:
    """A check that can't fail checks nothing; and each execution is counted."""
    cluster, check = a_cluster(), getattr(invariants, name)
    healthy_then_broken = BREACHES[name](cluster)
    before = cluster.coverage.invariants[name]
    check(cluster, *next(healthy_then_broken))
    with pytest.raises(Violation) as caught:
        check(cluster, *next(healthy_then_broken))
    assert caught.value.invariant == name
    assert cluster.coverage.invariants[name] == before + 2
