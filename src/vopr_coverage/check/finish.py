"""Whether a run finished, where only an event of the program's own can tell. Pure."""

from __future__ import annotations

import dataclasses

from msgspec.structs import replace

from vopr_coverage.errors import shown
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Finish, Input


def with_finish(read: Input, event: str | None) -> Input:
    """The input, with what the event that the config calls the end of a run says of it."""
    if event is None or read.finish is None or read.finish.known or read.finish.ended_early or read.observed is None:
        return read
    observed = read.observed
    if read.format == "points":  # its points are its events, and this one is none of them
        points = {name: point for name, point in observed.points.items() if name != event or point.declared}
        read = replace(read, observed=dataclasses.replace(observed, points=points))
    reported, runs = observed.events.get(event, 0), observed.runs
    if reported >= runs:
        return replace(read, finish=Finish(known=True))
    of = f" for {counted(runs, 'run')}" if runs > 1 else ""
    times = f"reported {counted(reported, 'time')}{of}" if reported else "never reported"
    return replace(read, finish=Finish(known=True, ended_early=f"the event {shown(event)} was {times}"))
