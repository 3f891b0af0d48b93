"""A cause: one thing that went wrong, told once, however many findings it has left behind.

`causes/` finds causes in verdicts by rules over facts; pages show them, most severe first. Foreign text in a cause is
as it was read: pages make it inert.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

CauseKind = Literal[
    "crash",  # the simulator died at a seed
    "violation",  # an invariant or property that a seed broke
    "divergence",  # a seed that behaves differently when it runs again
    "unusable",  # a report, recording or part that left nothing to judge
    "canary",  # a planted bug that was not found
    "lost",  # reached on the base, or by earlier nights, and not here
    "missed",  # declared or required, and not reached
    "shortfall",  # any other bound that is not met
]
SEVERITY: tuple[CauseKind, ...] = get_args(CauseKind)  # most severe first


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One cause.

    Attributes:
        what: what went wrong, in one plain sentence without a full stop. In `what` and `since`, foreign text stands
            between backticks, of which it has none itself; the rest is ours.
        sources: the reports or runs that show it, as they are called in the verdict.
        seed: the first seed that shows it, None if no seed does; `seeds`: how many do.
        not_run: how many seeds did not run because of it, as a sentence of ours; "" if all did.
        since: since when, as a sentence: against base, the last green night, commits between; "" if unknown.
        command: to copy, it shows the cause again; "" if there is none. With `fill_in` a name is missing in it; with
            `whole_run` it takes no seed and replays the whole run.
        advice: what to do, in a sentence or two; text of ours.
        details: what is known beyond it, such as the simulator's last words, line by line.
        findings: the positions, in the verdict's list of violations or findings, of what this cause accounts for.
    """

    kind: CauseKind
    what: str
    sources: tuple[str, ...] = ()
    seed: str | None = None
    seeds: int = 0
    not_run: str = ""
    since: str = ""
    command: str = ""
    fill_in: bool = False
    whole_run: bool = False
    advice: str = ""
    details: tuple[str, ...] = ()
    findings: tuple[int, ...] = ()
