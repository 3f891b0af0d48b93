"""Whether a canary's simulator crashed in the way that its config declares. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vopr_coverage.formats.linear_regex import LinearRegex
from vopr_coverage.gates.manifest import early_end, with_last_words
from vopr_coverage.model.crash import Crash, crash_of, is_crash
from vopr_coverage.model.manifest import Recording, simulator_ending
from vopr_coverage.model.report import Input

TEXT_MAX = 1_000  # characters of last words that are searched; a recorder keeps 400
# SIGHUP, SIGINT, SIGQUIT, SIGKILL and SIGTERM: whoever sent them, the simulator did not do so itself.
_SIGNALS_FROM_OUTSIDE = frozenset({1, 2, 3, 9, 15})
_EXIT_CODES_FROM_OUTSIDE = frozenset({129, 130, 131, 137, 143})  # the same in the words of a shell


def crash_in(read: Input, pattern: str) -> str:
    """How the simulator crashed, if its last words match the pattern; else "".

    A run that was stopped from outside, by its timeout or by a signal such as SIGKILL, did not crash. A failed seed
    alone explains an exit code, so a whole stream with one is no crash either. A simulator that was started again
    behind the seed that it died at has crashed there, and so has one that runs a seed a process.
    """
    recording, run = read.recording, read.run
    if recording is None or run is None:
        return ""
    if recording.parts or recording.per_seed:
        died = [group for group in run.failures if group.crash and _crashed(group.crash, pattern)]
        return f"died at seed {died[0].seeds[0]}, {died[0].crash.told}" if died and died[0].crash else ""
    if not crashed_as(recording, pattern):
        return ""
    if run.complete and (run.failures or run.silent_failures.count):
        return ""
    return with_last_words(simulator_ending(recording) if run.complete else early_end(read), recording)


def crashed_as(recording: Recording, pattern: str) -> bool:
    """Whether the simulator crashed, once or more often, and its last words match the pattern; "" matches none."""
    if died_by_itself(recording) and _found(pattern, recording.last_words):
        return True
    died = [part for part in recording.parts if part.died_at is not None and is_crash(part.exit_code, part.signal)]
    return any(_crashed(crash_of(part.exit_code, part.signal, part.last_words), pattern) for part in died)


def _crashed(crash: Crash, pattern: str) -> bool:
    return not _from_outside(crash.exit_code, crash.signal) and _found(pattern, crash.last_words)


def _from_outside(exit_code: int | None, signal: int | None) -> bool:
    return signal in _SIGNALS_FROM_OUTSIDE or exit_code in _EXIT_CODES_FROM_OUTSIDE


def _found(pattern: str, last_words: Sequence[str]) -> bool:
    text = "\n".join(last_words)[-TEXT_MAX:]
    return bool(pattern and text) and LinearRegex(pattern).found_in(text)


def why_no_crash(read: Input, pattern: str) -> str:
    """Why a run that ended badly did not crash as declared, as the end of a sentence; "" if none is declared."""
    recording = read.recording
    if not pattern:
        return ""
    if recording is None:
        return "only a recording has the last words that `crash` is searched in"
    if not died_by_itself(recording):
        return "it did not crash by itself"
    return "`crash` does not match its last words" if recording.last_words else "it wrote nothing to stderr"


def why_no_crash_at(crash: Crash, pattern: str) -> str:
    """The same of a seed that the simulator died at."""
    if not pattern:
        return ""
    if _from_outside(crash.exit_code, crash.signal):
        return "it did not crash by itself"
    return "`crash` does not match its last words" if crash.last_words else "it wrote nothing to stderr"


def died_by_itself(recording: Recording) -> bool:
    """Whether the simulator ended badly, and by nobody else's hand."""
    if recording.stopped or not recording.finished or not recording.ended_badly:
        return False
    return not _from_outside(recording.exit_code, recording.signal)
