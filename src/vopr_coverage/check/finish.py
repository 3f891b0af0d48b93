"""Whether a run finished, where only an event of the program's own can tell. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from vopr_coverage.errors import shown
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Finish, Input


def with_finish(read: Input, event: str | None) -> Input:
    """The input, with what the event that the config calls the end of a run says of it."""
    if event is None or read.finish is None or read.finish.known or read.finish.ended_early or read.observed is None:
        return read
    reported, runs = read.observed.events.get(event, 0), read.observed.runs
    if reported >= runs:
        return replace(read, finish=Finish(known=True))
    of = f" for {counted(runs, 'run')}" if runs > 1 else ""
    times = f"reported {counted(reported, 'time')}{of}" if reported else "never reported"
    return replace(read, finish=Finish(known=True, ended_early=f"the event {shown(event)} was {times}"))
