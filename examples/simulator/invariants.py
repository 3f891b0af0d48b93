"""What must never happen: each function looks at the cluster and returns a sentence about the breach, if there is one.

The decorator counts each execution under the function's name, and ends the iteration at a breach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, TypeVarTuple

from .disk import tip_of
from .messages import NO_PARENT, Entry, Reply, content_digest

if TYPE_CHECKING:
    from .client import Client
    from .cluster import Cluster
    from .core import Core
    from .table import Query

Seen = TypeVarTuple("Seen")
INVARIANTS: list[str] = []


class Violation(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, message: str) -> None:
        self.invariant, self.message = invariant, message
        super().__init__(f"{invariant}: {message}")


def invariant(check: Callable[[Cluster, *Seen], str | None]) -> Callable[[Cluster, *Seen], None]:
    """Make an invariant of a function that returns what is wrong."""
    name = check.__name__
    INVARIANTS.append(name)

    def checked(cluster: Cluster, *seen: *Seen) -> None:
        cluster.coverage.invariants[name] += 1
        breach = check(cluster, *seen)
        if breach:
            raise Violation(name, breach)

    return checked


# ---- when an entry enters a log


@invariant
def hash_chain(_: Cluster, log: Sequence[Entry]) -> str | None:
    """Each entry is chained to the one before it."""
    if log and log[0].op == 1 and log[0].parent != NO_PARENT:
        return "op 1 has a parent"
    for parent, entry in pairwise(log):
        if entry.parent != parent.digest or entry.op != parent.op + 1:
            return f"op {entry.op} of view {entry.view} is not chained to op {parent.op} of view {parent.view}"
    return None


# ---- when a replica commits an entry


@invariant
def vsr_agreement(cluster: Cluster, replica: Core, entry: Entry) -> str | None:
    """No two replicas commit different entries at one op."""
    first = cluster.history[entry.op - 1]
    return None if first.digest == entry.digest else f"replica {replica.index} committed another op {entry.op}"


@invariant
def commit_history_monotonic(_: Cluster, replica: Core, entry: Entry) -> str | None:
    """A replica commits op after op, of views that never go back."""
    before = replica.log[entry.op - 2] if entry.op > 1 else entry
    if entry.op != replica.commit or before.view > entry.view:
        return f"replica {replica.index} at commit {replica.commit} committed op {entry.op} of view {entry.view}"
    return None


@invariant
def commit_quorum(cluster: Cluster, replica: Core, op: int) -> str | None:
    """What a primary commits has a quorum's votes. (Whether votes are kept is `vsr_recovery_safety`'s question.)"""
    votes = [other.promises[replica.view] for other in cluster.replicas if replica.view in other.promises]
    voters = sum(vote.op >= op for vote in votes)
    return None if voters >= cluster.quorum else f"replica {replica.index} committed op {op} with {voters} votes"


@invariant
def hash_chain_integrity(_: Cluster, entry: Entry) -> str | None:
    """The hash of what is committed is the hash of its content."""
    return None if content_digest(*entry[:-1]) == entry.digest else f"op {entry.op} has the hash of something else"


@invariant
def client_session_monotonic(_: Cluster, replica: Core, entry: Entry) -> str | None:
    """A replica executes each request of a client once, and in their order."""
    last = replica.sessions[entry.client].number if entry.client in replica.sessions else 0
    if entry.number == last + 1:
        return None
    return f"replica {replica.index} executed request {entry.number} of client {entry.client} after request {last}"


@invariant
def projection_applied_position_monotonic(_: Cluster, replica: Core, entry: Entry) -> str | None:
    """The table moves on by one op at a time."""
    at = replica.table.applied
    return None if entry.op == at + 1 else f"replica {replica.index} applied op {entry.op} after op {at}"


# ---- when a replica learns something


@invariant
def commit_number_consistency(_: Cluster, replica: Core) -> str | None:
    """Nothing is committed that isn't in the log."""
    return None if replica.commit <= len(replica.log) else f"replica {replica.index} committed more than its log has"


@invariant
def replica_head_progress(_: Cluster, replica: Core) -> str | None:
    """View and commit number of a replica never go back while it runs."""
    (view, commit), replica.heads = replica.heads, (replica.view, replica.commit)
    if replica.view >= view and replica.commit >= commit:
        return None
    return f"replica {replica.index} went from view {view}, commit {commit} to {replica.view}, {replica.commit}"


@invariant
def vsr_view_change_safety(cluster: Cluster, replica: Core) -> str | None:
    """The log that a new view starts with has everything that was ever committed."""
    committed = len(cluster.history)
    if replica.log[:committed][-1:] == cluster.history[-1:]:
        return None
    return f"view {replica.view} starts without the committed op {committed} on replica {replica.index}"


@invariant
def vsr_recovery_safety(_: Cluster, replica: Core) -> str | None:
    """A crash leaves all that the replica has promised: its votes, and the views that it left."""
    log, view, log_view = replica.disk.synced
    ok = replica.promises[max(replica.promises)] if replica.promises else None
    if view < replica.promised_view:
        return f"replica {replica.index} crashed to view {view}, and had left all before {replica.promised_view}"
    if not ok or log_view > ok.view or (log_view == ok.view and tip_of(log[: ok.op]) == ok.digest):
        return None
    return f"replica {replica.index} crashed to {len(log)} ops, and had voted for op {ok.op} of view {ok.view}"


@invariant
def durability(cluster: Cluster) -> str | None:
    """What a client was told to be done would outlive a crash of all, on the disks of a quorum."""
    op = cluster.acknowledged
    logs = [replica.disk.synced.log for replica in cluster.replicas]
    holders = sum(log[op - 1 : op] == (cluster.history[op - 1],) for log in logs) if op else cluster.quorum
    return None if holders >= cluster.quorum else f"op {op} was acknowledged, and is on {holders} disks"


# ---- when a client gets a reply


@invariant
def linearizability(_: Cluster, client: Client, reply: Reply) -> str | None:
    """An operation takes effect after all that had ended when it began."""
    if reply.op > client.floor:
        return None
    return f"client {client.index} got op {reply.op}, and began when op {client.floor} had ended"


@invariant
def model_verification(cluster: Cluster, reply: Reply) -> str | None:
    """A reply is what a single map, fed in the order of the log, would have given."""
    expected = cluster.results[reply.op - 1]
    return None if reply.result == expected else f"op {reply.op} gave {reply.result}, expected {expected}"


# ---- every now and then


@invariant
def vsr_prefix_property(cluster: Cluster) -> str | None:
    """Of two replicas, what one has committed begins with what the other has, or the other way round."""
    for one, other in combinations(cluster.replicas, 2):
        common = min(one.commit, other.commit)
        if one.log[:common] != other.log[:common]:
            return f"replicas {one.index} and {other.index} differ before op {common}"
    return None


@invariant
def replica_consistency(cluster: Cluster) -> str | None:
    """Replicas that have executed the same ops have the same rows."""
    for one, other in combinations(cluster.replicas, 2):
        if one.commit == other.commit and one.table.rows != other.table.rows:
            return f"replicas {one.index} and {other.index} differ after op {one.commit}"
    return None


@invariant
def storage_determinism(cluster: Cluster) -> str | None:
    """Of two disks in one view, one holds what the other begins with."""
    for one, other in combinations(cluster.replicas, 2):
        disks = one.disk.synced, other.disk.synced
        common = min(len(disk.log) for disk in disks)
        if disks[0].log_view == disks[1].log_view and disks[0].log[:common] != disks[1].log[:common]:
            return f"the disks of replicas {one.index} and {other.index} differ before op {common}"
    return None


@invariant
def projection_applied_index_integrity(_: Cluster, replica: Core) -> str | None:
    """The index has each row in the band of its value, and nothing else."""
    table = replica.table
    indexed = {(band, key) for band, keys in enumerate(table.by_band) for key in keys}
    wrong = indexed ^ {(value % len(table.by_band), key) for key, value in table.rows.items()}
    return f"replica {replica.index} has a wrong index for key {min(key for _, key in wrong)}" if wrong else None


@invariant
def projection_mvcc_visibility(cluster: Cluster, replica: Core, op: int) -> str | None:
    """A read as of an earlier op sees what was there then, and nothing later."""
    seen = replica.table.as_of(op)
    return None if seen == cluster.snapshots[op] else f"replica {replica.index} sees other rows as of op {op}"


# ---- when a query runs


@invariant
def sql_norec_equivalence(_: Cluster, replica: Core, query: Query, steps: tuple[str, ...]) -> str | None:
    """The planned answer is what looking at every row gives."""
    planned, plain = replica.table.run(steps, query), query.answer(replica.table.rows)
    return None if planned == plain else f"{query} gave {planned} by {'+'.join(steps)}, expected {plain}"


@invariant
def sql_tlp_partitioning(_: Cluster, replica: Core, query: Query) -> str | None:
    """The rows in a band and the rows outside of it make all rows."""
    table, one = replica.table, query._replace(band=query.band or 0, aggregate="count")
    parts = (one, one._replace(negated=True), one._replace(band=None))
    inside, outside, all_rows = (table.run(table.plan(part), part) for part in parts)
    if isinstance(inside, int) and isinstance(outside, int) and inside + outside == all_rows:
        return None
    return f"{query}: {inside} rows and {outside} rows of {all_rows}"


@invariant
def query_tenant_isolation(_: Cluster, query: Query, rows: list[tuple[int, int]], keys: range) -> str | None:
    """A tenant's query sees no row of another tenant."""
    foreign = [key for key, _ in rows if key not in keys]
    return f"{query} gave key {foreign[0]} of another tenant" if foreign else None
