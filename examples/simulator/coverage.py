"""What a batch of iterations exercised. Counts are over all of them; nothing here is judged."""

from __future__ import annotations

from collections import Counter

FAULT_POINTS = (
    "sim.network.send", "sim.network.deliver", "sim.network.partition",
    "sim.storage.write", "sim.storage.read", "sim.storage.fsync", "sim.storage.crash",
    "network.drop", "network.delay", "network.duplicate", "storage.fsync_failure", "storage.corruption",
)  # fmt: skip
OPERATIONS = FAULT_POINTS[:2] + FAULT_POINTS[3:6]  # no faults: they have no effect to count
PHASES = (
    "client:retry", "network:partition_start", "storage:fsync_complete", "storage:repair_complete",
    "vsr:commit_broadcast", "vsr:prepare_sent", "vsr:recovery_complete", "vsr:view_change_complete",
    "vsr:view_change_start",
)  # fmt: skip
ALWAYS = ("client.reply_answers_a_request", "storage.recovery_reads_what_was_synced", "vsr.log_covers_commit")
NEVER = ("vsr.view_started_twice", "vsr.vote_from_the_future")
SOMETIMES = (
    "client.retried", "client.retry_deduplicated", "client.workload_done", "cluster.converged", "query.limit_cut",
    "query.no_rows", "storage.unsynced_writes_lost", "vsr.primary_crashed", "vsr.recovery_completed",
    "vsr.repair_completed", "vsr.stale_message_ignored", "vsr.view_change_completed",
)  # fmt: skip


class Coverage:
    """Counters by name.

    A fault is *attempted* when the injector decides for it, *applied* when it is done, *observed*
    when the system could notice: a delayed message was overtaken, a second copy arrived, a
    retry followed the failed fsync, a checksum told, unsynced writes were gone. A `sim.*` operation
    is only ever attempted, except for partition and crash, which are faults.
    """

    def __init__(self) -> None:
        self.attempted: Counter[str] = Counter()
        self.applied: Counter[str] = Counter()
        self.observed: Counter[str] = Counter()
        self.phases: Counter[str] = Counter()
        self.invariants: Counter[str] = Counter()
        self.query_plans: set[str] = set()
        self.evaluated: set[str] = set()  # ALWAYS and NEVER properties
        self.violated: set[str] = set()
        self.satisfied: set[str] = set()  # SOMETIMES properties

    def add(self, other: Coverage) -> None:
        """Count what another one has counted."""
        for name, seen in vars(other).items():
            getattr(self, name).update(seen)  # counters add up, sets unite

    def fault(self, point: str) -> None:
        """A fault that is attempted, applied and noticed at once."""
        self.attempted[point] += 1
        self.applied[point] += 1
        self.observed[point] += 1

    def holds(self, name: str, condition: bool) -> None:
        """Evaluate an ALWAYS property (or a NEVER property, negated); a breach is noted, and the run goes on."""
        self.evaluated.add(name)
        if not condition:
            self.violated.add(name)
