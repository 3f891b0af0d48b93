"""Whole verdicts on determinism for tests, and runs to judge: a test names what is special about them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from tests.support.recordings import a_manifest
from tests.support.reports import Record
from tests.support.run_pairs import a_subject
from tests.support.simulations import as_lines
from vopr_coverage.determinism.judge import Subject
from vopr_coverage.determinism.verdict import ComparedRun, DeterminismVerdict, SeedsListed
from vopr_coverage.model.manifest import Recording, recording_from_json
from vopr_coverage.reading.seeds import Seeds
from vopr_coverage.reading.simulation_seeds import SimulationSeedsReader

REPLAY = (
    "Replay these seeds without --check-determinism: a seed that then holds is nondeterministic, one that fails is an "
    "ordinary bug that the check hid. Run the check with --no-trace-on-failure, so that it hides none."
)
DIGESTS = (
    "Let the simulator write a simulation stream with a `digest` in each seed record, such as a hash of all events and "
    "of the state at the end, and give two runs of the same seeds, made by two processes."
)


def a_recording(**changes: object) -> Recording:
    """A manifest of three seeds as a value."""
    return recording_from_json(json.dumps(a_manifest(**changes)).encode(), "manifest.json")


def vopr(
    stream: bytes, name: str = "a", scenario: str | None = "combined", recording: Recording | None = None
) -> Subject:
    """A run of VOPR to judge."""
    return replace(a_subject(stream, name, scenario=scenario), recording=recording)


def simulation(records: Sequence[Record], name: str = "a", scenario: str | None = None) -> Subject:
    """A simulation stream to judge, in blocks of a line."""
    lines = as_lines([*records]).splitlines(keepends=True)
    return Subject(name, scenario, Seeds(lines, name, SimulationSeedsReader(name)))


def seen(announced: int = 3, source: str = "a", **changes: Any) -> ComparedRun:
    """A whole run of so many seeds from 0 on, in a verdict."""
    run = ComparedRun(
        source=source,
        scenario="combined",
        complete=True,
        first_seed="0",
        announced=announced,
        iterations=announced,
        failed=0,
        silent=SeedsListed(),
    )
    return replace(run, **changes)


def rounded(verdict: DeterminismVerdict) -> DeterminismVerdict:
    """The verdict with four digits of its bounds, which are floats."""
    low, high = (None if bound is None else round(bound, 4) for bound in (verdict.at_least, verdict.at_most))
    return replace(verdict, at_least=low, at_most=high)
