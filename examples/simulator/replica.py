"""A replica in normal operation: prepare, vote, commit, repair; crash and recovery.

Viewstamped replication with durable logs: the primary of view v is replica v % 3, an entry is
committed once a quorum has voted for it, and nobody votes for what it hasn't fsynced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import invariants
from .core import QUORUM, REPLICAS, SILENCE_MIN_NS
from .messages import (
    Commit,
    DoViewChange,
    Entries,
    Prepare,
    PrepareOk,
    Request,
    RequestEntries,
    RequestView,
    StartView,
    StartViewChange,
    new_entry,
)
from .scheduler import MS
from .view_change import ViewChange

TICK_NS = 10 * MS


class Replica(ViewChange):
    """The whole replica."""

    def begin(self) -> None:
        """Start the clock of a new life."""
        super().begin()
        self.scheduler.after(self.scheduler.between(0, TICK_NS), self.tick, self.life)

    def receive(self, message: Any) -> None:
        """Handle a message; a replica that is down hears nothing."""
        if self.up:
            HANDLERS[type(message)](self, message)

    def tick(self, life: int) -> None:
        """Every 10 ms of a life: the primary's heartbeat, the backup's patience."""
        if life != self.life:
            return
        self.scheduler.after(TICK_NS, self.tick, life)
        self.asked = False
        if self.primary:
            self.coverage.phases["vsr:commit_broadcast"] += 1
            self.tell_others(Commit(self.view, self.commit, len(self.log)))
        elif self.scheduler.now_ns > self.patient_until_ns:
            self.change_view(self.view + 1)

    # ---- the primary

    def on_request(self, request: Request) -> None:
        """Give the request a place in the log, unless it has one already."""
        if not self.primary:
            return
        client, number, command = request
        done = self.sessions.get(client)
        known = done.number if done else 0
        if "canary-idempotency-race" not in self.bugs:  # which forgets the requests that are in flight
            known = max(known, self.latest.get(client, 0))
        if number > known:
            self.append(new_entry(len(self.log) + 1, self.view, client, number, command, self.tip))
            self.coverage.phases["vsr:prepare_sent"] += 1
            self.tell_others(Prepare(self.view, self.log[-1], self.commit))
            self.vote()
            return
        self.coverage.satisfied.add("client.retry_deduplicated")
        if done and done.number == number:
            self.cluster.network.send(self.index, client, done)

    def on_prepare_ok(self, ok: PrepareOk) -> None:
        """Count a vote, and commit what a quorum has."""
        if not self.primary or ok.view != self.view:
            return
        self.coverage.holds("vsr.vote_from_the_future", ok.op <= len(self.log))
        self.votes[ok.sender] = max(self.votes[ok.sender], ok.op)
        self.voted_ns[ok.sender] = self.scheduler.now_ns
        needed = QUORUM
        if "canary-commit-quorum" in self.bugs and min(self.voted_ns) < self.scheduler.now_ns - SILENCE_MIN_NS:
            needed = QUORUM - 1  # some replica has gone silent, so the quorum is taken to be smaller
        commit = sorted(self.votes, reverse=True)[needed - 1]
        if commit > self.commit:
            invariants.commit_quorum(self.cluster, self, commit)
            self.advance(commit)

    # ---- the backup

    def follows(self, view: int) -> bool:
        """Whether a message of `view` is for us; how a newer view started is asked for, at most once a tick."""
        if view == self.view and self.normal:
            return True
        if view < self.view:
            self.coverage.satisfied.add("vsr.stale_message_ignored")
        elif not self.asked:
            self.asked = True
            self.say(view % REPLICAS, RequestView(view, self.index))
        return False

    def on_prepare(self, prepare: Prepare) -> None:
        """Store the entry that comes next and vote for it; ask for what is missing before it."""
        if not self.follows(prepare.view):
            return
        self.be_patient()
        if prepare.entry.op == len(self.log) + 1:
            self.append(prepare.entry)
            self.vote()
        elif prepare.entry.op > len(self.log):
            self.ask_for_entries()
        self.learn_commit(prepare.commit)

    def on_commit(self, message: Commit) -> None:
        """Learn what is committed; ask for what is missing; vote again if the vote seems to be lost."""
        if not self.follows(message.view):
            return
        self.be_patient()
        if "canary-monotonic-regression" in self.bugs:
            self.commit = min(self.commit, message.commit)  # as if heartbeats could not overtake each other
        self.learn_commit(message.commit)
        if message.head > len(self.log):
            self.ask_for_entries()
        elif message.commit < message.head:
            self.vote()

    # ---- repair

    def ask_for_entries(self) -> None:
        """Ask one of the others for what comes behind the log, at most once a tick."""
        if not self.asked:
            self.asked = True
            peer = self.others[self.scheduler.below(REPLICAS - 1)]
            self.say(peer, RequestEntries(self.view, len(self.log) + 1, self.index))

    def on_request_entries(self, request: RequestEntries) -> None:
        """Send what the disk has of them, if it is of the view that both are in."""
        if self.normal and request.view == self.view == self.disk.synced.log_view:
            entries = self.disk.read(request.first)
            if entries:
                self.say(request.sender, Entries(self.view, entries))

    def on_entries(self, message: Entries) -> None:
        """Store those that come next, and vote for them."""
        missing = [entry for entry in message.entries if entry.op > len(self.log)]
        if missing and missing[0].op == len(self.log) + 1 and self.follows(message.view):
            for entry in missing:
                self.append(entry)
            self.vote()
            self.cluster.repaired()

    # ---- crash and recovery

    def crash(self) -> None:
        """Lose the memory, and what was not fsynced."""
        self.up = False
        self.life += 1
        if self.disk.crash():
            self.coverage.observed["sim.storage.crash"] += 1
            self.coverage.satisfied.add("storage.unsynced_writes_lost")

    def restart(self) -> None:
        """Begin another life. Whoever led a view, or was leaving one, must not go on in it: memory is gone."""
        self.up = True
        self.begin()
        self.coverage.holds("storage.recovery_reads_what_was_synced", tuple(self.log) == self.disk.synced.log)
        if self.primary or self.log_view != self.view:
            self.change_view(self.view + 1)


HANDLERS: dict[type, Callable[[Replica, Any], None]] = {
    Request: Replica.on_request,
    Prepare: Replica.on_prepare,
    PrepareOk: Replica.on_prepare_ok,
    Commit: Replica.on_commit,
    StartViewChange: Replica.on_start_view_change,
    DoViewChange: Replica.on_do_view_change,
    StartView: Replica.on_start_view,
    RequestView: Replica.on_request_view,
    RequestEntries: Replica.on_request_entries,
    Entries: Replica.on_entries,
}
