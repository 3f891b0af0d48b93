"""`check --watch`: waits until the runs in files that grow have finished, and says how far they are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from vopr_coverage.commands.output import log
from vopr_coverage.errors import ConfigError, UsageError, UserError
from vopr_coverage.files import STDIN
from vopr_coverage.gates.elsewhere import REPORTS
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.manifest import MANIFEST
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.progress import HEARTBEAT_S, ProgressLine
from vopr_coverage.reading.find import find

REST = 4  # a check reads all of a file: between two there is so many times the time that one takes


class _Stamp(NamedTuple):
    """What shows that a file has changed."""

    path: str
    size: int
    changed_ns: int


def watched(
    judge: Callable[[], Verdict], lines: Sequence[str], interval_s: float, line: ProgressLine | None
) -> Verdict:
    """The verdict on runs once they have finished; on Ctrl-C that on what is there.

    Args:
        judge: judges all of them, as they are now.
        lines: the reports as the user named them.
        line: shows how far they are; None where there is no terminal: then it is logged now and then.

    Raises:
        UserError: the request cannot be used; on Ctrl-C also what `judge` raised last.
    """
    if any(named == STDIN or named.endswith(f"={STDIN}") for named in lines):
        raise UsageError("--watch reads a file again as it grows, and standard input can be read once only")
    say = _teller(line)
    while True:
        began_s, seen = time.monotonic(), _stamps(lines)
        verdict: Verdict | None = None
        failed: UserError | None = None
        try:
            verdict = judge()
        except (UsageError, ConfigError):
            raise
        except UserError as error:  # not there yet, or not much of it
            failed = error
        try:
            if verdict and _finished(verdict, lines):
                return verdict
            say(_told(verdict) if verdict else str(failed).splitlines()[0])
            time.sleep(REST * (time.monotonic() - began_s))
            while _stamps(lines) == seen:
                time.sleep(interval_s)
        except KeyboardInterrupt:
            if verdict is None:
                assert failed is not None
                raise failed from None
            return verdict


def _stamps(lines: Sequence[str]) -> frozenset[_Stamp]:
    """Of all files there are; a file that vanishes meanwhile has none."""
    stamps = set()
    for file in find(lines).files:
        for path in (file.path, str(Path(file.label) / MANIFEST)) if file.recording else (file.path,):
            try:
                found = os.stat(path)
            except (OSError, ValueError):
                continue
            stamps.add(_Stamp(path, found.st_size, found.st_mtime_ns))
    return frozenset(stamps)


def _finished(verdict: Verdict, lines: Sequence[str]) -> bool:
    """Whether nothing is left to wait for. A recording that ended is finished, even if its run is not whole."""
    if verdict.error is not None or verdict.unusable or any(each.gate == REPORTS for each in verdict.violations):
        return False
    ended = {file.label for file in find(lines).files if file.recording and file.recording.finished}
    return all(read.complete or read.source in ended for report in verdict.reports for read in report.inputs)


def _told(verdict: Verdict) -> str:
    """How far the runs are, in one line."""
    inputs = [read for report in verdict.reports for read in report.inputs]
    running = sum(not read.complete for read in inputs)
    iterations = counted(sum(read.iterations or 0 for read in inputs), "iteration")
    failing = sum(failure.count for failure in verdict.failures if not failure.expected)
    of = f"{running} of {counted(len(inputs), 'run')} {agreeing(running, 'has', 'have')} not finished"
    return f"{iterations}, {counted(failing, 'failing seed')}; {of}"


def _teller(line: ProgressLine | None) -> Callable[[str], None]:
    """Shows a text: on a terminal at once, elsewhere the first and then one every half minute."""
    if line:
        return line.show
    told_at = -HEARTBEAT_S

    def tell(text: str) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= HEARTBEAT_S:
            told_at = time.monotonic()
            log(text)

    return tell
