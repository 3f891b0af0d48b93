"""What a config says of a canary: what detects it, and where it runs. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vopr_coverage.canaries.evidence import Seen


class Detector(msgspec.Struct, frozen=True):
    """What may detect a canary; any one of these is enough.

    Attributes:
        invariants: one of them fails on some seed.
        properties: one of them is violated.
        fault_points: one of them is hit in the control run, and never in the canary's.
        determinism: seeds fail without a record, because their two runs differ.
        crash: an expression that the last words of a simulator match that crashed; "" if no crash detects it.
        seen: where the bug was seen to show, and how often; it detects nothing.
        scenario, iterations: what it runs, if that is not what all canaries run; they detect nothing.
    """

    invariants: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    fault_points: tuple[str, ...] = ()
    determinism: bool = False
    seen: Seen | None = None
    crash: str = ""
    scenario: str | None = None
    iterations: int | None = None

    def in_words(self) -> str:
        """In words: `an invariant of a, b; a determinism failure`."""
        parts = []
        if self.invariants:
            parts.append(f"invariant {' or '.join(self.invariants)}")
        if self.properties:
            parts.append(f"property {' or '.join(self.properties)}")
        if self.fault_points:
            parts.append(f"fault point {' or '.join(self.fault_points)} gone")
        if self.determinism:
            parts.append("a determinism failure")
        if self.crash:
            parts.append(f"a crash whose last words match {self.crash}")
        return ", or ".join(parts)


# The document's five, with the names that its simulator and its documentation use for their detectors.
SHIPPED: Mapping[str, Detector] = {
    "canary-skip-fsync": Detector(("storage_determinism", "model_verification", "log_consistency")),
    "canary-wrong-hash": Detector(("hash_chain_integrity", "hash_chain")),
    "canary-commit-quorum": Detector(("commit_quorum_size", "commit_quorum", "vsr_agreement")),
    "canary-idempotency-race": Detector(("client_session_monotonic", "linearizability")),
    "canary-monotonic-regression": Detector(("replica_head_progress", "replica_head", "commit_history_monotonic")),
}
