"""What to do about a finding of a night, each a constant: no text from a report is in it."""

from __future__ import annotations

NO_PLAN = "Look at the logs of the build and of the plan: without a plan nothing was run."
BUDGET = "Give the jobs more minutes, allow more jobs, or ask for less."
LOST = "Look at the log of its job: it was stopped, never began, or couldn't hand its recording on."
OTHER_SEEDS = "Let every run be started with the seed and the scenario that it is given."
UNUSABLE = "Look at the simulator's stderr, in the recording."
TWO_PROCESSES = "Run it again, in two processes."
CONTROL = "Mend this first: it hides what a canary does."
SEE_LOG = "Look at its log."
AGAIN = "Run the night again."
BEFORE = "Look at the jobs before it, one of which failed."
NEEDED = "Let the summary job need every job of the night."

ALL = frozenset(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))
