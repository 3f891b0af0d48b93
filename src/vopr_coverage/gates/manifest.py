"""Compares a recording's manifest with its stream and with the commit of the check. Pure."""

from __future__ import annotations

import msgspec

from vopr_coverage.errors import shown
from vopr_coverage.model.manifest import RecordedPart, Recording, run_ending, simulator_ending, stderr_ending
from vopr_coverage.model.outcome import Shortfall
from vopr_coverage.model.report import SEED_COUNT, Input, Run

COMMIT_DIGITS = 12
RUN_INCOMPLETE = "RunIncomplete"  # the kind of a violation

ADVICE = {
    "ended": "Look at the simulator's stderr and exit status, and run this seed range again.",
    "timed-out": "Give the run more time or fewer iterations, or look at the seed at which it stopped: it may hang.",
    "interrupted": "Look for what stopped the job: a cancelled workflow, a limit on its time, a full disk. Then run "
    "this seed range again.",
    "unfinished": "Look for what killed the recorder: a cancelled job, a machine that was shut down or had no memory "
    "left. Then run this seed range again.",
    "counts": "Look at how this file came about: its counts do not agree, so it proves nothing.",
    "recording": "Look at the recording's manifest.json and stderr.log, and record this run again.",
    "other-commit": "Record this commit, or judge the recording where its own commit is checked out.",
}


def disagreements(file: Input) -> list[Shortfall]:
    """Differences between manifest and stream, and endings of the simulator that no failed seed explains."""
    recording, run = file.recording, file.run
    if recording is None:
        return []
    shortfalls = []
    if recording.stopped or not recording.finished:
        if run is None or run.complete:  # an incomplete run says by itself what ended it
            shortfalls.append(_stopped(recording) if recording.stopped else _unfinished(recording))
    elif unexplained := _unexplained_end(recording, run):
        shortfalls.append(unexplained)
    shortfalls += [_other_results(part) for part in recording.parts if part.agrees is False]
    shortfalls += _other_scenario(recording, file.own_scenario)
    return [*shortfalls, *_other_range(recording, run), *_other_commit(recording, file.commits)]


def run_incomplete(file: Input) -> Shortfall:
    """What an incomplete run falls short of, with its simulator's last words and the command that runs it again."""
    line, detail = f"Run incomplete: {early_end(file)}", last_output(file.recording)
    found = _shortfall(RUN_INCOMPLETE, line, "A whole stream", "Ended early", detail)
    return _to_run_again(found, file.recording) if file.recording else found


def early_end(file: Input) -> str:
    """What ended an incomplete run, and how far it came, as the end of a sentence."""
    recording, run = file.recording, file.run
    assert run is not None
    came = run.ended_early
    assert came is not None
    if recording is None:
        return came  # of a stream alone nothing is known but its records
    if not recording.finished:
        return f"the recording never finished, {came}"
    says_why = recording.stopped or recording.ended_badly or run.wrote_nothing
    return f"{run_ending(recording)}, {came}" if says_why else came


def last_output(recording: Recording | None) -> str:
    """The last words of the simulator of an incomplete run, as a sentence; "" if it has none."""
    if recording is None:
        return ""
    parts = []
    if recording.stopped and recording.ended_badly:
        was = "" if recording.signal is None else "was "
        parts.append(f"the simulator {was}{simulator_ending(recording)}")
    if not recording.finished or (recording.stderr_bytes and not recording.last_words):
        parts.append("its last output may be in stderr.log")
    elif recording.last_words:
        parts.append(stderr_ending(recording))
    return "; ".join(parts)


def with_last_words(ending: str, recording: Recording | None) -> str:
    """How a run ended, and the last lines of its simulator's stderr, if they are known."""
    return "; ".join(filter(None, [ending, stderr_ending(recording) if recording else ""]))


def called_without_record(recording: Recording | None) -> str:
    """What seeds are that failed without a record."""
    hidden = recording is not None and recording.hides_failures
    return "Nondeterministic, or failed with traces kept" if hidden else "Nondeterministic"


def _stopped(recording: Recording) -> Shortfall:
    """A run that the recorder stopped, although its stream is complete."""
    line, actual = f"Recording {run_ending(recording)}", "Stopped from outside"
    kind = "Interrupted"
    if recording.timed_out:
        kind, actual = "TimedOut", "Ended by its timeout"
    return _to_run_again(_shortfall(kind, line, "Ended by itself", actual, stderr_ending(recording)), recording)


def _unfinished(recording: Recording) -> Shortfall:
    """A run whose recorder was killed, although its stream is complete."""
    line = "Recording never finished: how the simulator ended is not known"
    return _to_run_again(_shortfall("RecordingUnfinished", line, "An exit code", "None"), recording)


def _to_run_again(found: Shortfall, recording: Recording) -> Shortfall:
    """The same with the command that runs its seeds once more, and advice that knows what ended the run."""
    why = "ended"
    if not recording.finished:
        why = "unfinished"
    elif recording.stopped:
        why = "timed-out" if recording.timed_out else "interrupted"
    return msgspec.structs.replace(found, repro=recording.run_again, advice=ADVICE[why])


def _unexplained_end(recording: Recording, run: Run | None) -> Shortfall | None:
    """A complete stream without a failed seed, from a simulator that failed."""
    if run is not None and (not run.complete or run.failed_records or run.silent_failures.count):
        return None
    if not recording.ended_badly:
        return None
    line = f"Simulator {simulator_ending(recording)}, though no seed failed"
    actual = f"Exit code {recording.exit_code}" if recording.signal is None else f"Signal {recording.signal}"
    found = _shortfall("UnexplainedExit", line, "Exit code 0", actual, stderr_ending(recording))
    return _to_run_again(found, recording)


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
            advice=ADVICE["recording"],
        )
        for what, requested, announced in pairs
        if requested != announced
    ]


def _other_scenario(recording: Recording, own: str | None) -> list[Shortfall]:
    """Another scenario than the one asked for: a stream of the simulator's own choice."""
    if not own or own.lower() == recording.scenario.lower():
        return []
    asked, says = shown(recording.scenario), shown(own)
    line = f"Recording disagrees: scenario {asked} was asked for, the stream starts with {says}"
    return [_shortfall("RecordingDisagrees", line, recording.scenario, own, advice=ADVICE["recording"])]


def _other_results(part: RecordedPart) -> Shortfall:
    """Seeds that ran again for their coverage, and did not do the same."""
    last = (int(part.seed) + part.iterations - 1) % SEED_COUNT
    line = f"Recording disagrees: seeds {part.seed} to {last} ran again, with other results"
    return _shortfall("RecordingDisagrees", line, "The same results", "Other results", advice=ADVICE["recording"])


def _other_commit(recording: Recording, commits: tuple[str, ...]) -> list[Shortfall]:
    """Another commit than the one that this check is about. A commit that the user passed is not questioned."""
    commit = recording.commit
    if commit is None or recording.commit_source == "flag" or not commits or commit in commits:
        return []
    ours, theirs = commits[-1][:COMMIT_DIGITS], commit[:COMMIT_DIGITS]
    line = f"Recorded at another commit: {theirs} (expected {ours})"
    return [_shortfall("OtherCommit", line, ours, theirs, advice=ADVICE["other-commit"])]


def other_head(recording: Recording | None, commits: tuple[str, ...]) -> list[str]:
    """A remark if another commit was checked out than the one that GitHub's variable named."""
    if recording is None or recording.head is None or recording.commit_source != "environment":
        return []
    if recording.commit is None or recording.head in (recording.commit, *commits):
        return []
    head, commit = recording.head[:COMMIT_DIGITS], recording.commit[:COMMIT_DIGITS]
    return [f"Recorded with another commit checked out: git's HEAD was {head}, GITHUB_SHA {commit}"]


def _shortfall(kind: str, line: str, expected: str, actual: str, detail: str = "", advice: str = "") -> Shortfall:
    return Shortfall(kind=kind, message=line, expected=expected, actual=actual, line=line, detail=detail, advice=advice)
