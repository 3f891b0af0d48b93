"""Compares a recording's manifest with its stream and with the commit of the check. Pure."""

from __future__ import annotations

from vopr_coverage.model.manifest import Recording
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
        limit = f" after {recording.timeout_s:g} s" if recording.timeout_s is not None else ""
        shortfalls.append(
            _shortfall("TimedOut", f"Recording timed out{limit}", "Ended by itself", "Ended by its timeout")
        )
    elif recording.interrupted:
        shortfalls.append(_shortfall("Interrupted", "Recording interrupted", "Ended by itself", "Stopped from outside"))
    elif not recording.finished:
        text = "Recording never finished: how the simulator ended is not known"
        shortfalls.append(_shortfall("RecordingUnfinished", text, "An exit code", "None"))
    elif unexplained := _unexplained_end(recording, run):
        shortfalls.append(unexplained)
    return [*shortfalls, *_other_range(recording, run), *_other_commit(recording, file.commits)]


def how_it_ended(recording: Recording | None) -> str:
    """How the simulator of an incomplete run ended, as a sentence; "" if unknown."""
    if recording is None:
        return ""
    if recording.signal is not None:
        return f"the simulator was ended by signal {recording.signal}; its last output may be in stderr.log"
    if recording.exit_code:
        return f"the simulator ended with exit code {recording.exit_code}; its last output may be in stderr.log"
    return ""


def _unexplained_end(recording: Recording, run: Run | None) -> Shortfall | None:
    """A complete stream without a failed seed, from a simulator that failed."""
    if run is not None and (not run.complete or run.failed_records or run.silent_failures.count):
        return None
    if recording.signal is not None:
        line = f"Simulator ended by signal {recording.signal}, though no seed failed"
        return _shortfall("UnexplainedExit", line, "Exit code 0", f"Signal {recording.signal}")
    if recording.exit_code:
        line = f"Simulator ended with exit code {recording.exit_code}, though no seed failed"
        return _shortfall("UnexplainedExit", line, "Exit code 0", f"Exit code {recording.exit_code}")
    return None


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


def _shortfall(kind: str, line: str, expected: str, actual: str) -> Shortfall:
    return Shortfall(kind=kind, message=line, expected=expected, actual=actual, line=line)
