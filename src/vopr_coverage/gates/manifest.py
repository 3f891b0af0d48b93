"""A recording's manifest against its stream, its figures and its commit. Pure."""

from __future__ import annotations

from vopr_coverage.model.manifest import Recording, run_ending, simulator_ending
from vopr_coverage.model.outcome import Shortfall
from vopr_coverage.model.report import Input, Run

COMMIT_DIGITS_TOLD = 12


def disagreements(read: Input) -> list[Shortfall]:
    """What the manifest says otherwise than the stream, and endings that no failed seed explains."""
    recording, run = read.recording, read.run
    if recording is None:
        return []
    found = []
    if recording.timed_out:
        line = f"Recording {run_ending(recording)}"
        found.append(_violation("TimedOut", line, "Ended by itself", "Ended by its timeout"))
    elif recording.interrupted:
        line = f"Recording {run_ending(recording)}"
        found.append(_violation("Interrupted", line, "Ended by itself", "Stopped from outside"))
    elif not recording.finished:
        text = "Recording never finished: how the simulator ended is not known"
        found.append(_violation("RecordingUnfinished", text, "An exit code", "None"))
    elif ended := _unexplained_end(recording, run):
        found.append(ended)
    return [*found, *_other_range(recording, run), *_other_commit(recording, read.commits)]


def how_it_ended(recording: Recording | None) -> str:
    """An ending that a run which broke off is told with; "" where it says nothing."""
    if recording is None or not recording.ended_badly:
        return ""
    was = "" if recording.signal is None else "was "
    return f"the simulator {was}{simulator_ending(recording)}; its last words may be in stderr.log"


def _unexplained_end(recording: Recording, run: Run | None) -> Shortfall | None:
    """A whole stream without a failed seed, from a simulator that ended badly."""
    if run is not None and (not run.complete or run.failed_records or run.silent_failures.count):
        return None
    if not recording.ended_badly:
        return None
    line = f"Simulator {simulator_ending(recording)}, though no seed failed"
    actual = f"Exit code {recording.exit_code}" if recording.signal is None else f"Signal {recording.signal}"
    return _violation("UnexplainedExit", line, "Exit code 0", actual)


def _other_range(recording: Recording, run: Run | None) -> list[Shortfall]:
    """Seeds other than those that were asked for: an option that the simulator passed over, say."""
    if run is None or run.announced is None:
        return []
    pairs = (
        ("seed", recording.seed, str(run.starting_seed)),
        ("iterations", str(recording.iterations), str(run.announced)),
    )
    return [
        _violation(
            "RecordingDisagrees",
            f"Recording disagrees: {what} {asked} was asked for, the stream starts with {told}",
            asked,
            told,
        )
        for what, asked, told in pairs
        if asked != told
    ]


def _other_commit(recording: Recording, commits: tuple[str, ...]) -> list[Shortfall]:
    """Another commit than this check is about. One that the user named is the user's business."""
    commit = recording.commit
    if commit is None or recording.commit_source == "flag" or not commits or commit in commits:
        return []
    ours, theirs = commits[-1][:COMMIT_DIGITS_TOLD], commit[:COMMIT_DIGITS_TOLD]
    line = f"Recorded at another commit: {theirs} (expected {ours})"
    return [_violation("OtherCommit", line, ours, theirs)]


def _violation(kind: str, line: str, expected: str, actual: str) -> Shortfall:
    return Shortfall(kind, line, expected, actual, line)
