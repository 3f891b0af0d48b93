"""Advice on the findings of a night. Each text is a constant, so it contains nothing from a report."""

from __future__ import annotations

NO_PLAN = "Look at the logs of the build and of the plan: without a plan nothing was run."
BUDGET = "Give the jobs more minutes, allow more jobs, or ask for less."
LOST = "Look at the log of its job: it was stopped, did not start, or could not upload its recording."
EXPIRED = (
    "Start all jobs of this run again, not only those that failed: artifacts between jobs expire after three days."
)
OTHER_SEEDS = "Start every run with the seed and the scenario of the plan."
SEED_CUT = (
    "Let every one of the 64 bits of a seed count: these runs were simulated twice, and counted as different ones."
)
UNUSABLE = "Look at the simulator's stderr.log in the recording."
TWO_PROCESSES = "Run it again, in two processes."
CONTROL = "Fix this first: it hides the effect of a canary."
SEE_LOG = "Look at its log."
AGAIN = "Run the night again."
BEFORE = "Look at the jobs before it: one of them failed."
NO_TRENDS = "See why the history was not restored: the log of the step that restores the trends says it."
TREND = (
    "Look at the commits since the last night without this remark. If the change is meant, it is the usual figure "
    "after seven nights; until then leave the gate out (`trends-gate: false`)."
)
GATE = "Run `vopr-coverage doctor` on the coverage runs: it prints the lines of the config that close blind spots."
NO_SCORE = "Fix the coverage first: a red run shows nothing about the gate."
NEEDED = "List every job of the night under `needs` of the summary job."

ALL = frozenset(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))
