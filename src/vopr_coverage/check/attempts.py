"""Fault points that were attempted and never took effect. They are hit only where that is declared. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vopr_coverage.check.merge import Unit
from vopr_coverage.config.file import Config
from vopr_coverage.errors import printable
from vopr_coverage.model.attempts import hit_by_attempts
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.report import ATTEMPT_ONLY_BY_DEFAULT, Input
from vopr_coverage.model.verdict import Remark

ATTEMPTS_TELLING = 100  # so many attempts without any effect are no chance, even if one in twenty takes effect
LISTED = 5


def with_attempt_only(read: Input, config: Config) -> Input:
    """The input with the points hit that the config says are hit when they are attempted. Before its aliases apply.

    Without `attempt_only` in the config these are VOPR's operations, as the reader has it.
    """
    return read if config.attempt_only is None else hit_by_attempts(read, _own_names(config))


def _own_names(config: Config) -> set[str]:
    """The declared names, and the simulator's names for them."""
    declared = set(config.attempt_only or ())
    return declared | {theirs for theirs, ours in config.aliases.items() if ours in declared}


def undeclared_attempts(config: Config, inputs: Sequence[Input]) -> Iterator[Remark]:
    """VOPR's operations that are hit although only attempts are counted, in one warning; a config answers it."""
    if config.attempt_only is not None:
        return
    taken = {name for read in inputs if read.run and read.report for name in read.run.attempts_only}
    names = sorted(taken & ATTEMPT_ONLY_BY_DEFAULT)
    if names:
        they = agreeing(len(names), "it counts", "they count")
        text = (
            f"No effect of {', '.join(names)} is counted, only attempts: {they} as hit. "
            "Declare what has no effect to count as `attempt_only` in the config."
        )
        yield Remark("", text)


def without_effect(unit: Unit) -> Iterator[Remark]:
    """The points that were attempted again and again and never took effect, in one warning."""
    report = unit.evidence.report
    missed = set(report.missed_fault_points) if report else set()
    dead = {name: n for name, n in unit.evidence.attempts_only.items() if name in missed and n >= ATTEMPTS_TELLING}
    if dead:
        listed = [f"{printable(name)} ({counted(count, 'attempt')})" for name, count in list(dead.items())[:LISTED]]
        more = " …" if len(dead) > LISTED else ""
        text = (
            f"Attempted, and never took effect: {', '.join(listed)}{more}. "
            f"{agreeing(len(dead), 'It counts', 'They count')} as not hit. Look at the injector, or declare in "
            "`attempt_only` what has no effect to count."
        )
        yield Remark(unit.name, text)
