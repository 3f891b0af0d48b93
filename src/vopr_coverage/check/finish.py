"""Whether a run finished, where only an event of the program's own can tell. Pure."""

from __future__ import annotations

import dataclasses

from msgspec.structs import replace

from vopr_coverage.errors import shown
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Finish, Input
from vopr_coverage.reading.formats import row_of


def with_finish(read: Input, event: str | None) -> Input:
    """The input, with what the event that the config calls the end of a run says of it."""
    observed = read.observed
    if event is None or observed is None or "end" not in row_of(read).lacks:
        return read
    if row_of(read).name == "points":  # its points are its events, and this one is none of them
        points = {name: point for name, point in observed.points.items() if name != event or point.declared}
        read = replace(read, observed=dataclasses.replace(observed, points=points))
    reported, runs = observed.events.get(event, 0), observed.runs
    of = f" for {counted(runs, 'run')}" if runs > 1 else ""
    times = f"reported {counted(reported, 'time')}{of}" if reported else "never reported"
    missed = None if reported >= runs else f"the event {shown(event)} was {times}"
    if read.run is not None:  # recorded: its processes ended well, and yet one may have ended in the middle
        contradictions = (*read.run.contradictions, missed) if missed else read.run.contradictions
        return replace(read, run=replace(read.run, contradictions=contradictions))
    if read.finish is None or read.finish.known or read.finish.ended_early:
        return read
    return replace(read, finish=Finish(known=True, ended_early=missed))
