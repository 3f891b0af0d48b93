"""The causes of a check: its violations, grouped by rules over facts, most severe first. Pure.

A violation belongs to one cause. These are the rules, and the first that fits a violation decides:

1. Seeds that broke one invariant with the same message are one bug, in however many runs; so is a simulator that died
   of the same panic at several seeds, and runs that ended in the same way.
2. What a run lacks that did not finish, or in which no seed held, belongs to what ended it.
3. A name that fell short in several ways (never hit, no effects, too few, lost against base) is one injector or checker
   that no longer works. Names of one part of the simulator that fell short in the same ways have one cause.
4. A percentage that the missing points account for belongs to them.
5. Figures that a report does not contain are one cause, and so are names that only a profile has.
6. All others have one cause a gate; of run health and of the base, one a kind.

Texts are never searched: a rule sees kinds, names, numbers, and signatures of messages.
"""

from __future__ import annotations

from collections.abc import Iterator

from vopr_coverage.causes.facts import Facts, Key
from vopr_coverage.causes.tell import cause_of, cause_of_error, causes_of_unusable
from vopr_coverage.model.cause import SEVERITY, Cause
from vopr_coverage.model.verdict import Verdict


def causes_of(verdict: Verdict) -> tuple[Cause, ...]:
    """Every cause, most severe first: within a kind, what the most seeds and the most violations show."""
    facts = Facts(verdict)
    groups: dict[Key, list[int]] = {}
    for number, violation in enumerate(verdict.violations):
        groups.setdefault(facts.key_of(violation), []).append(number)
    found = [*_beside_violations(verdict), *(cause_of(key, found, facts) for key, found in groups.items())]
    return tuple(sorted(found, key=lambda cause: (SEVERITY.index(cause.kind), -cause.seeds, -len(cause.findings))))


def _beside_violations(verdict: Verdict) -> Iterator[Cause]:
    """Reports that could not be judged are no violations of a gate."""
    if verdict.unusable:
        yield from causes_of_unusable(verdict)
    elif verdict.error is not None:
        yield cause_of_error(verdict.error)
