"""What every part of a replica rests on: its state, its disk, what it may say when, and executing what is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import invariants
from .disk import Disk, Image, tip_of
from .messages import DoViewChange, Entry, PrepareOk, ReplicaMessage, Reply, StartViewChange
from .scheduler import MS
from .table import Table

if TYPE_CHECKING:
    from .cluster import Cluster

REPLICAS = 3
QUORUM = REPLICAS // 2 + 1
FSYNC_MIN_NS = MS // 10
FSYNC_MAX_NS = MS
SILENCE_MIN_NS = 25 * MS  # a backup that hears nothing from the primary for so long calls for a view change
SILENCE_MAX_NS = 45 * MS
PROMISES = (PrepareOk, StartViewChange, DoViewChange)


class Core:
    """One replica: names as in the paper "Viewstamped Replication Revisited" where it has them.

    Attributes:
        life: grows with each crash, so that what was planned before it is void.
        tip: the hash at the end of the log, which the next entry is chained to.
        votes: of a primary: per replica, up to which op it has voted.
        promises, promised_view: the last vote in each view, and the last view that others know of; kept for the oracle.
        heads: view and commit number that this life got to; kept for the oracle.
    """

    def __init__(self, cluster: Cluster, index: int, disk: Disk) -> None:
        self.cluster, self.index, self.disk, self.bugs = cluster, index, disk, cluster.bugs
        self.scheduler, self.coverage = cluster.scheduler, cluster.coverage
        self.others = [other for other in range(REPLICAS) if other != index]
        self.life = 0
        self.up = True
        self.promised_view = 0
        self.promises: dict[int, PrepareOk] = {}
        self.begin()

    def begin(self) -> None:
        """Begin a life with an empty memory and what the disk has."""
        self.log: list[Entry] = list(self.disk.read(1))
        self.view, self.log_view, self.normal = self.disk.synced.view, self.disk.synced.log_view, True
        self.tip = tip_of(self.log)
        self.commit = 0
        self.table = Table()
        self.sessions: dict[int, Reply] = {}  # per client, the reply to the last request that was executed
        self.latest = {entry.client: entry.number for entry in self.log}  # per client, the last request in the log
        self.votes = [0] * REPLICAS
        self.voted_ns = [0] * REPLICAS
        self.heads = (self.view, 0)
        self.syncing = self.asked = False
        self.outbox: list[tuple[int, ReplicaMessage]] = []
        self.be_patient()

    @property
    def primary(self) -> bool:
        """Whether this replica leads its view, and the view has started."""
        return self.normal and self.view % REPLICAS == self.index

    def be_patient(self) -> None:
        """Wait for the primary anew."""
        self.patient_until_ns = self.scheduler.now_ns + self.scheduler.between(SILENCE_MIN_NS, SILENCE_MAX_NS)

    def receive(self, message: ReplicaMessage) -> None:
        """Handle a message."""
        raise NotImplementedError

    # ---- what is said, and when

    def say(self, target: int, message: ReplicaMessage) -> None:
        """Send a message to a replica, which may be this one."""
        if isinstance(message, PROMISES):
            self.promised_view = max(self.promised_view, message.view)
            if isinstance(message, PrepareOk):
                self.promises[message.view] = message
        if target == self.index:
            self.receive(message)
        else:
            self.cluster.network.send(self.index, target, message)

    def tell_others(self, message: ReplicaMessage) -> None:
        """Send a message to all other replicas."""
        for target in self.others:
            self.say(target, message)

    def say_when_durable(self, target: int, message: ReplicaMessage) -> None:
        """Send a message once everything that was written before it is fsynced."""
        if self.disk.clean and not self.outbox:
            self.say(target, message)
            return
        self.outbox.append((target, message))
        if not self.syncing:
            self.begin_sync()

    def begin_sync(self) -> None:
        """Start an fsync: it covers what is written now, and lets out what waits now."""
        self.syncing = True
        self.coverage.attempted["sim.storage.fsync"] += 1
        delay_ns = self.scheduler.between(FSYNC_MIN_NS, FSYNC_MAX_NS)
        self.scheduler.after(delay_ns, self.end_sync, self.life, self.disk.cached, len(self.outbox))

    def end_sync(self, life: int, image: Image, waiting: int) -> None:
        """An fsync is over: begin again if it failed, else let out what waited for it."""
        if life != self.life:
            return
        if not self.disk.sync(image):
            self.coverage.observed["storage.fsync_failure"] += 1
            self.begin_sync()
            return
        if "canary-skip-fsync" in self.bugs:
            waiting = len(self.outbox)  # what was written meanwhile is taken to be covered, too
        ready, self.outbox = self.outbox[:waiting], self.outbox[waiting:]
        if self.outbox:
            self.begin_sync()
        else:
            self.syncing = False
        for target, message in ready:
            self.say(target, message)

    # ---- the log

    def append(self, entry: Entry) -> None:
        """Put an entry behind the log, in memory and in the page cache."""
        self.log.append(entry)
        self.tip = entry.digest
        self.latest[entry.client] = entry.number
        self.disk.append(entry)
        invariants.hash_chain(self.cluster, self.log[-2:])

    def vote(self) -> None:
        """Vote for the whole log, once it is durable."""
        self.say_when_durable(self.view % REPLICAS, PrepareOk(self.view, len(self.log), tip_of(self.log), self.index))

    def learn_commit(self, commit: int) -> None:
        """Execute what is said to be committed, as far as the log goes."""
        self.advance(min(commit, len(self.log)))
        invariants.replica_head_progress(self.cluster, self)
        invariants.commit_number_consistency(self.cluster, self)

    def advance(self, commit: int) -> None:
        """Execute entries up to op `commit`; the primary answers the clients."""
        while self.commit < commit:
            entry = self.log[self.commit]
            self.commit += 1
            self.cluster.committed(self, entry)
            reply = Reply(self.view, entry.client, entry.number, entry.op, self.table.apply(entry.op, entry.command))
            self.sessions[entry.client] = reply
            if self.primary:
                self.cluster.network.send(self.index, entry.client, reply)
