"""Compares a recording's manifest with its stream and with the commit of the check. Pure."""

from __future__ import annotations

from vopr_coverage.model.manifest import Recording, run_ending, simulator_ending
from vopr_coverage.model.outcome import Shortfall
from vopr_coverage.model.report import Input, Run

COMMIT_DIGITS = 12


def disagreements(file: Input) -> list[Shortfall]:
    """Differences between manifest and stream, and endings of the simulator that no failed seed explains."""
    recording, run = file.recording, file.run
    if recording is None:
        return []
    shortfalls = []
    if recording.timed_out:
        line = f"Recording {run_ending(recording)}"
        shortfalls.append(_shortfall("TimedOut", line, "Ended by itself", "Ended by its timeout"))
    elif recording.interrupted:
        line = f"Recording {run_ending(recording)}"
        shortfalls.append(_shortfall("Interrupted", line, "Ended by itself", "Stopped from outside"))
    elif not recording.finished:
        text = "Recording never finished: how the simulator ended is not known"
        shortfalls.append(_shortfall("RecordingUnfinished", text, "An exit code", "None"))
    elif unexplained := _unexplained_end(recording, run):
        shortfalls.append(unexplained)
    return [*shortfalls, *_other_range(recording, run), *_other_commit(recording, file.commits)]


def how_it_ended(recording: Recording | None) -> str:
    """How the simulator of an incomplete run ended, as a sentence; "" if unknown."""
    if recording is None or not recording.ended_badly:
        return ""
    was = "" if recording.signal is None else "was "
    return f"the simulator {was}{simulator_ending(recording)}; its last output may be in stderr.log"


def _unexplained_end(recording: Recording, run: Run | None) -> Shortfall | None:
    """A complete stream without a failed seed, from a simulator that failed."""
    if run is not None and (not run.complete or run.failed_records or run.silent_failures.count):
        return None
    if not recording.ended_badly:
        return None
    line = f"Simulator {simulator_ending(recording)}, though no seed failed"
    actual = f"Exit code {recording.exit_code}" if recording.signal is None else f"Signal {recording.signal}"
    return _shortfall("UnexplainedExit", line, "Exit code 0", actual)


def _other_range(recording: Recording, run: Run | None) -> list[Shortfall]:
    """Other seeds than those asked for, for example because the simulator ignored an option."""
    if run is None or run.announced is None:
        return []
    pairs = (
        ("seed", recording.seed, str(run.starting_seed)),
        ("iterations", str(recording.iterations), str(run.announced)),
    )
    return [
        _shortfall(
            "RecordingDisagrees",
            f"Recording disagrees: {what} {requested} was asked for, the stream starts with {announced}",
            requested,
            announced,
        )
        for what, requested, announced in pairs
        if requested != announced
    ]


def _other_commit(recording: Recording, commits: tuple[str, ...]) -> list[Shortfall]:
    """Another commit than the one that this check is about. A commit that the user passed is not questioned."""
    commit = recording.commit
    if commit is None or recording.commit_source == "flag" or not commits or commit in commits:
        return []
    ours, theirs = commits[-1][:COMMIT_DIGITS], commit[:COMMIT_DIGITS]
    line = f"Recorded at another commit: {theirs} (expected {ours})"
    return [_shortfall("OtherCommit", line, ours, theirs)]


def other_head(recording: Recording | None, commits: tuple[str, ...]) -> list[str]:
    """A remark if another commit was checked out than the one that GitHub's variable named."""
    if recording is None or recording.head is None or recording.commit_source != "environment":
        return []
    if recording.head == recording.commit or recording.head in commits:
        return []
    head, commit = recording.head[:COMMIT_DIGITS], (recording.commit or "")[:COMMIT_DIGITS]
    return [f"Recorded with another commit checked out: git's HEAD was {head}, GITHUB_SHA {commit}"]


def _shortfall(kind: str, line: str, expected: str, actual: str) -> Shortfall:
    return Shortfall(kind=kind, message=line, expected=expected, actual=actual, line=line)
