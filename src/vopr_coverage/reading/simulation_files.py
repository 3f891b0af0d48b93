"""A simulation stream of which each record is a file: what it says is what these files say. Pure.

Its numbers are no seeds. Nobody may merge such streams by them, replay them, or ask how many iterations ran.
"""

from __future__ import annotations

import dataclasses

from msgspec.structs import replace

from vopr_coverage.model.points import Broken, Observed
from vopr_coverage.model.report import Finish, Input


def as_files(read: Input) -> Input:
    """The stream without its run: failed records and violated properties are broken properties."""
    run = read.run
    if run is None:
        return read
    broken = {
        group.invariant: Broken(group.invariant, group.message or "was violated", runs=group.count)
        for group in run.failures
    }
    for name in run.properties.violated_ids if run.properties else ():
        broken.setdefault(name, Broken(name, "was violated"))
    observed = dataclasses.replace(read.observed or Observed(runs=run.records), unit="file", broken=broken)
    contradicts = run.complete and bool(run.contradictions)
    return replace(
        read,
        run=None,
        hits=None,
        observed=observed,
        contradictions=run.contradictions if contradicts else (),
        finish=None if contradicts else Finish(known=run.complete, ended_early=run.ended_early),
    )
