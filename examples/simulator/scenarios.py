"""What can be simulated: scenarios, and the features that a build can have."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple


class Scenario(NamedTuple):
    """Probabilities are per message, fsync or read; maxima per iteration."""

    about: str
    clients: int = 3
    tenants: int = 1
    drop: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    fsync_failure: float = 0.0
    corruption: float = 0.0
    partitions_max: int = 0
    crashes_max: int = 0
    equivocates: bool = False


SCENARIOS = {
    "baseline": Scenario("no faults"),
    "swizzle": Scenario("a network that drops, doubles, delays and parts", 3, 1, 0.05, 0.04, 0.08, partitions_max=4),
    "multi-tenant": Scenario("three tenants on one table, mild faults", 6, 3, 0.01, 0.02, 0.04, 0.01, 0.01, 1, 1),
    "combined": Scenario("all faults at once", 3, 1, 0.03, 0.03, 0.05, 0.03, 0.02, 2, 3),
    "equivocation": Scenario("a primary that tells replica 2 something else; must violate", equivocates=True),
}

FEATURES = {
    "canary-skip-fsync": "a vote may go out before what it vouches for was fsynced",
    "canary-wrong-hash": "a replica that takes over another log goes on with the hash of its own",
    "canary-commit-quorum": "a primary that saw a backup go silent commits with its own vote alone",
    "canary-idempotency-race": "a request that is repeated while it is in flight enters the log twice",
    "canary-monotonic-regression": "a late heartbeat sets the commit number back",
    "nondeterministic": "stand-in for tests: the wall clock leaks into network delays",
    "crash-midway": "stand-in for tests: the simulator itself dies at a seed that leaves 5 divided by 8",
    "drop-disabled": "stand-in for tests: the injector decides to drop, and the message arrives",
}


def unknown(names: Iterable[str], known: Iterable[str]) -> str:
    """A sentence about the first name that isn't known, with the nearest that is; empty if all are."""
    known = list(known)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            return f"unknown name '{name}'" + (
                f", did you mean '{near[0]}'?" if near else f", known: {', '.join(known)}"
            )
    return ""
