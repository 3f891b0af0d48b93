"""The kinds of findings on determinism, what to do about each, and seeds that a simulator's own check found. Pure."""

from __future__ import annotations

from collections.abc import Collection

from vopr_coverage.gates.manifest import ADVICE as RUN_ADVICE
from vopr_coverage.gates.manifest import RUN_INCOMPLETE
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.report import CHECKED_TWICE, Run, SeedList

INCOMPLETE, NOT_MEASURED = RUN_INCOMPLETE, "NotMeasured"
NOTHING_COMPARED, NO_DIGESTS = "NothingCompared", "NoDigests"
UNMEASURED = (NOT_MEASURED, NOTHING_COMPARED, NO_DIGESTS)
ADVICE = {
    INCOMPLETE: RUN_ADVICE["ended"],
    "CountsDisagree": RUN_ADVICE["counts"],
    "RecordingDisagrees": RUN_ADVICE["recording"],
    "NondeterministicSeeds": "Replay these seeds without --check-determinism: a seed that then holds is "
    "nondeterministic, one that fails is an ordinary bug that the check hid. Run the check with --no-trace-on-failure, "
    "so that it hides none.",
    "SeedsDiffer": "Replay the first of these seeds on both sides, with tracing, and look for where they part: order "
    "of hash maps, addresses, wall clock, threads, or another build.",
    NOT_MEASURED: "Give two runs of the same seeds, made by two processes, or a recording of a run with "
    "--check-determinism.",
    NOTHING_COMPARED: "Give two runs of the same seeds: the same --seed and --iterations.",
    NO_DIGESTS: "Let the simulator write a simulation stream with a `digest` in each seed record, such as a hash of "
    "all events and of the state at the end, and give two runs of the same seeds, made by two processes.",
}


def differing_seeds(run: Run) -> SeedList:
    """Seeds of a simulation stream that failed its own check."""
    groups = [group for group in run.failures if group.invariant == CHECKED_TWICE]
    return SeedList(sum(group.count for group in groups), tuple(seed for group in groups for seed in group.seeds))


def nothing_compared(outcomes: int, formats: Collection[str]) -> tuple[str, str]:
    """Why nothing of two runs of these formats was compared, in words, and as a kind of finding.

    Args:
        outcomes: seeds of which nothing is known but that they passed.
    """
    if not set(formats) & {"stream", "simulation"}:
        return f"nothing in a file of {' or '.join(sorted(formats))} tells of a seed what could be compared", NO_DIGESTS
    if not outcomes:
        return "no seed in common", NOTHING_COMPARED
    if "simulation" in formats:
        have = agreeing(outcomes, "has", "have")
        return f"{counted(outcomes, 'seed')} passed in both runs and {have} no digest in one of them", NO_DIGESTS
    return f"of {counted(outcomes, 'seed')} nothing is known but that it passed", NO_DIGESTS
