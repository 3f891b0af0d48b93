"""A group of violations told as one cause: what, since when, the command, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from vopr_coverage.causes.facts import LOST, NOT_HIT, OTHER_NAMES, POINT_MISSED, Facts, Key, name_of
from vopr_coverage.causes.words import ADVICE, in_runs, listed, of_names, on_seeds, quoted
from vopr_coverage.gates.elsewhere import ADVICE as ADVICE_ELSEWHERE
from vopr_coverage.gates.failing_seeds import SEED_FAILED
from vopr_coverage.model.cause import Cause, CauseKind
from vopr_coverage.model.crash import seeds_not_run
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.signature import signature_of
from vopr_coverage.model.verdict import Failure, Unusable, Verdict, Violation

_OF_GATE: Mapping[str, CauseKind] = {"determinism": "divergence", "reports": "unusable", "run-complete": "unusable"}
_NOUNS: Mapping[str, str] = {  # by the kind of a violation: what its name is the name of
    "CriticalFaultPointMissed": "fault point",
    "FaultPointLost": "fault point",
    "InsufficientFaultEffects": "fault point",
    "InvariantNotExecuted": "invariant",
    "InvariantLost": "invariant",
    "InsufficientPhaseEvents": "phase event",
    "PropertyNotSatisfied": "property",
}

_SHORT: Mapping[str, tuple[str, str, str, str]] = {  # noun and verb of one and of several
    "CriticalFaultPointMissed": ("critical fault point", "", "was never hit", "were never hit"),
    "InvariantNotExecuted": ("required invariant", "", "was never run", "were never run"),
    "PropertyNotSatisfied": ("required property", "required properties", "was never satisfied", "were never satisfied"),
    "InsufficientPhaseEvents": ("phase event", "", "occurred too rarely", "occurred too rarely"),
    "InsufficientFaultEffects": ("fault point", "", "took effect too rarely", "took effect too rarely"),
    "InsufficientPerIteration": ("count", "", "is too low per iteration", "are too low per iteration"),
}
_NEVER = ("CriticalFaultPointMissed", "InvariantNotExecuted")
_OF_KIND: Mapping[str, CauseKind] = {"ExpectedViolationMissed": "canary", **dict.fromkeys(_NEVER, "missed")}


def cause_of(key: Key, found: Sequence[int], facts: Facts) -> Cause:
    """The cause of the violations at these positions, which have this key."""
    violations = [facts.verdict.violations[number] for number in found]
    named = dict.fromkeys(violation.source for violation in violations)
    merged = {name for name in named if any(run in named for run in facts.runs_of(name))}  # its runs are named
    sources = tuple(name for name in named if name not in merged)
    told = _TELL.get(key[0], _of_gate)(violations, facts)
    return msgspec.structs.replace(told, sources=sources, findings=tuple(found))


def _of_seeds(violations: Sequence[Violation], facts: Facts) -> Cause:
    """Seeds that broke an invariant, or at which the simulator died; others of the violations are what runs lack."""
    failed = [violation for violation in violations if violation.kind == SEED_FAILED]
    failures = [failure for violation in failed if (failure := facts.failure(violation))]
    count = sum(failure.count for failure in failures) or len(failed)
    shown = _replayable(failures)
    first = shown.seeds[0] if shown and shown.seeds else failed[0].seed  # the seed that the command replays
    runs = in_runs(len({violation.source for violation in failed}))
    crash = next((failure.crash for failure in failures if failure.crash), None)
    advice = ADVICE["violation"] if shown else failed[0].advice
    if crash:
        what = f"Simulator died {on_seeds(count, first, 'at')}{runs}: {quoted(crash.reason or crash.ending)}"
        advice = ADVICE["crash"]
    else:
        name = failed[0].invariant  # files of earlier versions have only the line
        what = f"Invariant {quoted(name or '')} failed {on_seeds(count, first)}{runs}"
        what = quoted(failed[0].line) if name is None else what
        if facts.no_seed_held(facts.unit(failed[0])) and len(violations) > len(failed):
            advice = ADVICE["no-seed-held"]
        elif shown and shown.whole_run:
            advice = ADVICE["whole-run"]
    detail = tuple(filter(None, [failed[0].detail]))
    return Cause(
        kind="crash" if crash else "violation",
        what=what,
        seed=first,
        seeds=count,
        not_run=seeds_not_run([failure.crash for failure in failures if failure.crash], agreeing(count, "it", "them")),
        command=shown.repro if shown else "",
        fill_in=shown is not None and shown.fill_in,
        whole_run=shown is not None and shown.whole_run,
        advice=advice,
        details=((crash.ending,) * bool(crash.reason) + crash.last_words) if crash else detail,
    )


def _replayable(failures: Sequence[Failure]) -> Failure | None:
    """The failure whose command says the most: of one seed, with its scenario."""
    unexpected = [failure for failure in failures if failure.repro]
    return min(unexpected, key=lambda failure: (failure.whole_run, failure.fill_in), default=None)


def _of_property(violations: Sequence[Violation], _facts: Facts) -> Cause:
    name = violations[0].point or ""
    what = f"Property {quoted(name)} was violated{in_runs(len(violations))}"
    return Cause(kind="violation", what=what, advice=violations[0].advice)


def _of_ended(violations: Sequence[Violation], _facts: Facts) -> Cause:
    """Runs that did not finish, or whose simulator ended badly."""
    first, runs = violations[0], len({violation.source for violation in violations})
    line = first.line.removeprefix("Run incomplete: ")
    what = f"{counted(runs, 'run')} did not finish in the same way" if runs > 1 else "A run did not finish"
    kind: CauseKind = "unusable"
    if first.kind == "UnexplainedExit":
        what, kind = f"The simulator failed, though no seed did{in_runs(runs)}", "crash"
    elif first.kind == "RecordingUnfinished":
        what = f"{'A recording' if runs == 1 else counted(runs, 'recording')} never finished"
    return _of_runs(kind, f"{what}: {quoted(line)}", violations)


def _of_stopped(violations: Sequence[Violation], _facts: Facts) -> Cause:
    first, runs = violations[0], len(violations)
    what = f"{counted(runs, 'run')} {agreeing(runs, 'was', 'were')} stopped from outside: {quoted(first.line)}"
    return _of_runs("unusable", what, violations)


def _of_runs(kind: CauseKind, what: str, violations: Sequence[Violation]) -> Cause:
    """The cause of runs that ended alike: the command runs the seeds of one of them again."""
    command = next((violation.repro for violation in violations if violation.repro), "")
    details = tuple(filter(None, [violations[0].detail]))
    return Cause(kind=kind, what=what, command=command, advice=violations[0].advice, details=details)


def _of_name(violations: Sequence[Violation], facts: Facts) -> Cause:
    """An injector or a checker that no longer works: several findings, or a loss, about the same names."""
    whole = [violation for violation in violations if (name_of(violation) or "") in facts.kinds]
    leading = [violation for violation in whole if violation.kind in LOST | POINT_MISSED] or whole
    names = tuple(dict.fromkeys(name_of(violation) or "" for violation in leading))
    kinds = {violation.kind for violation in whole}
    noun = next((_NOUNS[violation.kind] for violation in leading if violation.kind in _NOUNS), "name")
    is_missed = any(NOT_HIT in facts.kinds[name] for name in names)
    noun = "fault point" if is_missed else noun
    is_point = noun == "fault point"
    if kinds & LOST:
        what = of_names(names, noun, "", f"is no longer {_verb(noun)}", f"are no longer {_verb(noun)}")
    elif is_missed or kinds & {"CriticalFaultPointMissed", "InvariantNotExecuted"}:
        what = of_names(names, noun, "", f"was never {_verb(noun)}", f"were never {_verb(noun)}")
    else:
        what = of_names(names, noun, "", "occurred too rarely", "occurred too rarely")
    since = _since_lost(whole, facts)
    command = facts.commits_since if since else ""
    return Cause(
        kind="lost" if since or kinds & LOST else "missed" if is_point or noun == "invariant" else "shortfall",
        what=what,
        since=since,
        command=command,
        advice=ADVICE[f"{'injector' if is_point else 'checker'}{'-since' if command else ''}"],
        details=_details(whole),
    )


def _details(violations: Sequence[Violation]) -> tuple[str, ...]:
    """What else is known of these violations, such as how often a fault was attempted in vain."""
    return tuple(dict.fromkeys(violation.detail for violation in violations if violation.detail))


def _verb(noun: str) -> str:
    return "hit" if noun == "fault point" else "run"


def _since_lost(violations: Sequence[Violation], facts: Facts) -> str:
    """Whether the base reached all of these names."""
    base = facts.verdict.base
    if base is None or not violations:
        return ""
    for violation in violations:
        report = facts.unit(violation)
        lost = {*report.change.lost_points, *report.change.lost_invariants} if report and report.change else set()
        if violation.kind in LOST or (name_of(violation) or "") in lost:
            return f"Reached on base ({quoted(base.origin)}), not here"
    return ""


def _of_other_names(violations: Sequence[Violation], _facts: Facts) -> Cause:
    what = "The simulator uses other names than those that are required of it"
    return Cause(kind="missed", what=what, advice=OTHER_NAMES if violations else "")


def _of_not_measured(violations: Sequence[Violation], facts: Facts) -> Cause:
    count = len({(violation.source, violation.gate) for violation in violations})
    what = f"{counted(count, 'required figure')} {agreeing(count, 'is', 'are')} missing in the report"
    gates = tuple(dict.fromkeys(violation.gate for violation in violations))
    return Cause(
        kind="shortfall",
        what=f"{what}: {listed(gates)}",
        since=_since_gate(violations, facts),
        advice=violations[0].advice,
    )


def _of_gate(violations: Sequence[Violation], facts: Facts) -> Cause:
    """All that one gate asks for and is not met, and that no other rule explains."""
    shares = ("FaultPointCoverage", "CoverageFell")  # they follow from the names beside them
    leading = [violation for violation in violations if violation.kind not in shares] or list(violations)
    first, count = leading[0], len(leading)
    if first.kind == "ReportLost":
        return _of_lost_reports(violations, facts)
    if first.kind == "RegressionNotMeasured":
        why = f": {quoted(first.detail)}" if first.detail else ""
        return Cause(kind="unusable", what=f"There is no base to compare with{why}", advice=first.advice)
    names = tuple(dict.fromkeys(name for violation in leading if (name := name_of(violation))))
    details = _details(leading)
    if names and first.kind in _SHORT:
        what = of_names(names, *_SHORT[first.kind])
        details = (first.line, *details) if count == 1 and first.kind not in _NEVER else details  # with its figures
    else:
        what = quoted(first.line) if count == 1 else f"{quoted(first.line)} and {count - 1:,} more like it"
    return Cause(
        kind=_OF_KIND.get(first.kind) or _OF_GATE.get(first.gate, "shortfall"),
        what=what,
        since=_since_gate(leading, facts),
        seed=first.seed,
        advice=first.advice,
        details=details,
    )


def _of_lost_reports(violations: Sequence[Violation], facts: Facts) -> Cause:
    names = tuple(violation.source for violation in violations)
    what = of_names(names, "report", "", "of the base is missing here", "of the base are missing here")
    since = f"Judged on base ({quoted(facts.verdict.base.origin)}), not here" if facts.verdict.base else ""
    return Cause(kind="lost", what=what, since=since, advice=ADVICE_ELSEWHERE["report-lost"])


def _since_gate(violations: Sequence[Violation], facts: Facts) -> str:
    """How these gates ended for the base's figures, if they all ended alike."""
    base, ends = facts.verdict.base, set()
    for violation in violations:
        report = facts.unit(violation)
        befores = {before.gate: before.status for before in report.change.gates} if report and report.change else {}
        ends.add(befores.get(violation.gate))
    if base is None or len(ends) != 1:
        return ""
    words = {Status.PASSED: "Met on base", Status.FAILED: "Not met on base, either"}.get(
        ends.pop() or Status.NOT_REQUIRED
    )
    return f"{words} ({quoted(base.origin)})" if words else ""


_TELL = {
    "crash": _of_seeds,
    "seeds": _of_seeds,
    "property": _of_property,
    "ended": _of_ended,
    "stopped": _of_stopped,
    "name": _of_name,
    "other names": _of_other_names,
    "not measured": _of_not_measured,
}


def causes_of_unusable(verdict: Verdict) -> Iterator[Cause]:
    """Reports that cannot be judged: one cause for those with the same problem."""
    alike: dict[str, list[Unusable]] = {}
    for each in verdict.unusable:
        alike.setdefault(signature_of(each.problem.partition("\n")[0]), []).append(each)
    for group in alike.values():
        names = tuple(each.source for each in group)
        yield Cause(
            kind="unusable",
            what=of_names(names, "report", "", "cannot be judged", "cannot be judged for the same reason"),
            sources=names,
            advice=ADVICE["unusable"],
            details=tuple(line for each in group for line in each.problem.split("\n") if line),
        )


def cause_of_error(error: str) -> Cause:
    """Nothing was judged: the error says why, and where to mend it."""
    lines = tuple(line for line in error.split("\n") if line)
    return Cause(kind="unusable", what="A report cannot be judged", details=lines)
