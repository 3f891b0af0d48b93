"""Runs for the gates of run health: one healthy run of three seeds, whose changes stand in the test."""

from __future__ import annotations

import json
from typing import Any

from tests.support.recordings import a_manifest
from tests.support.reports import a_report
from vopr_coverage.model.manifest import Recording, recording_from_json
from vopr_coverage.model.report import FailureGroup, Input, Properties, Run

FLAT = Input("flat.json", "report", a_report("hit a"))
CUT = "no batch_complete after 2 of 3 iterations, died at seed 2"


def a_run(**changes: Any) -> Input:
    """A healthy run of three seeds; `changes` replace what it says."""
    run: dict[str, Any] = {
        "starting_seed": 0,
        "announced": 3,
        "records": 3,
        "failed_records": 0,
        "iterations": 3,
        "ended_early": None,
        "properties": Properties({}),
    }
    return Input("a.ndjson", "stream", None, Run(**run | changes))


def a_recording(**changes: Any) -> Recording:
    """The manifest of such a run."""
    return recording_from_json(json.dumps(a_manifest(**changes)).encode(), "manifest.json")


def failing(invariant: str, *seeds: int) -> FailureGroup:
    """Seeds that failed an invariant."""
    return FailureGroup(invariant, len(seeds), "mismatch", seeds)
