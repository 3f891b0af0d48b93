"""The causes of a red night: findings that have one cause are one, by rules over facts. Pure.

Facts are a finding's kind and rule, its invariant or fault point, the signature of its message, its part of the night
and the result of that part's jobs. Two steps: findings with the same facts are one cause; then a cause that explains
why others are there takes them over, such as a failed build the runs that it left without a simulator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from vopr_coverage.canaries.judge import CanaryEnding
from vopr_coverage.causes import night_words
from vopr_coverage.causes.facts import OTHER_NAMES, PHASES, beginnings_of, producer_of
from vopr_coverage.causes.night_messages import has_panic
from vopr_coverage.determinism.advice import INCOMPLETE
from vopr_coverage.gates.manifest import ADVICE as ENDED_ADVICE
from vopr_coverage.gates.manifest import RUN_INCOMPLETE
from vopr_coverage.model.cause import SEVERITY, Cause, CauseKind
from vopr_coverage.model.crash import crash_of, seeds_not_run
from vopr_coverage.model.figures import agreeing
from vopr_coverage.model.signature import signature_of
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.verdict import Finding, NightVerdict

Key = tuple[str, ...]  # the kind of the cause first; then the facts that its findings share

_BUILD: Key = ("unusable", "job", "build")
_PLAN: Key = ("unusable", "plan")
_EXPIRED: Key = ("unusable", "expired")
_CONTROL: Key = ("canary", "control")
_GATE: Key = ("shortfall", "gate")
_NO_SCORE: Key = ("shortfall", "gate", "not measured")
_CANCELLED: Key = ("unusable", "jobs", "cancelled")
_SKIPPED: Key = ("unusable", "jobs", "skipped")
_NOT_BUILT = (str(CanaryEnding.NOT_RUN), str(CanaryEnding.BUILD_FAILED))
_MISSED_BY = (str(CanaryEnding.NOT_DETECTED), str(CanaryEnding.WRONG_INVARIANT))
_NOT_COMPARED = (INCOMPLETE, "NothingCompared", "NotMeasured", "NoDigests")
_VIOLATED = "PropertyViolated"
_SHARE = night_words.SHARE
_RAN = ("success", "failure", "cancelled")  # results of jobs that may have recorded something


def causes_of_night(verdict: NightVerdict) -> tuple[Cause, ...]:
    """The causes of a night's findings, most severe first; every finding belongs to exactly one of them.

    The first of a cause's findings is one that it is about; what it has left behind comes after.
    """
    results = {job.name: job.result for job in verdict.jobs}
    ways: dict[str, set[str]] = {}  # in which a name fell short, in any scenario
    for finding in verdict.findings:
        if finding.kind == "coverage" and finding.name:
            ways.setdefault(finding.name, set()).add(finding.rule)
    groups: dict[Key, list[int]] = {}
    for position, finding in enumerate(verdict.findings):
        key = _of_coverage(finding, ways) if finding.kind == "coverage" else _key(finding, results)
        groups.setdefault(key, []).append(position)
    for positions in groups.values():  # a share that lacks a point comes behind what is said of the point
        positions.sort(key=lambda position: verdict.findings[position].rule == _SHARE)
    for explained, by in list(_explained(_Together(groups, verdict.findings, results))):
        groups[by] += groups.pop(explained)
    causes = [_cause(key, positions, verdict.findings) for key, positions in groups.items()]
    return tuple(sorted(causes, key=_by_severity))


def _by_severity(cause: Cause) -> tuple[int, int, int]:
    return (SEVERITY.index(cause.kind), -len(cause.findings), min(cause.findings))


# ---- the same facts


def _key(finding: Finding, results: Mapping[str, str]) -> Key:
    """What a finding shares with others of the same cause."""
    by_kind = {
        "failing seed": _of_seed,
        "determinism": _of_double_runs,
        "canary": _of_canary,
        "lost run": _of_lost_run,
        "run health": _of_health,
    }
    if finding.kind in by_kind:
        return by_kind[finding.kind](finding)
    if finding.kind == "job":
        result = results.get(finding.job, "")
        alone = finding.job == "build" or result in ("", "success", "failure")
        return ("unusable", "job", finding.job) if alone else ("unusable", "jobs", result)
    if finding.kind == "plan":
        return _PLAN
    if finding.kind == "trend":
        return ("shortfall", "trend")
    return _NO_SCORE if finding.advice == advice.NO_SCORE else _GATE


def _of_seed(finding: Finding) -> Key:
    if finding.crash:
        return ("crash", finding.crash.signature)
    if finding.invariant:
        return ("violation", finding.invariant, signature_of(finding.message))
    return ("violation", "", signature_of(finding.message or finding.line))


def _of_double_runs(finding: Finding) -> Key:
    if finding.rule in _NOT_COMPARED or finding.advice == advice.TWO_PROCESSES:
        return ("unusable", "not compared", finding.rule)
    return ("divergence", finding.rule) if finding.rule or finding.seed else ("divergence", finding.advice)


def _of_coverage(finding: Finding, ways: Mapping[str, Collection[str]]) -> Key:
    """A name that fell short in several ways is one injector or checker; others are one cause a rule."""
    if finding.advice == OTHER_NAMES:
        return ("missed", "other names")
    if not finding.rule and (finding.fault_point or finding.invariant):  # as older files have it
        return ("missed", "name", finding.fault_point or finding.invariant or "")
    rules = set(ways.get(finding.name, ()))
    if rules and rules <= PHASES:  # perhaps a phase of a fault that is injected no more
        for point, others in ways.items():
            if len(others) > 1 and any(finding.name.startswith(f"{start}_") for start in beginnings_of(point)):
                return ("missed", "name", producer_of(point), *sorted(others))
    if len(rules) > 1:
        return ("missed", "name", producer_of(finding.name), *sorted(rules))
    never = finding.rule in (night_words.NEVER_HIT, night_words.NEVER_RAN)
    return ("missed" if never else "shortfall", finding.rule or signature_of(finding.line))


def _of_canary(finding: Finding) -> Key:
    if finding.advice == advice.CONTROL:
        return _CONTROL
    if finding.advice == advice.OTHER_SEEDS:
        return ("unusable", "other seeds")
    if finding.rule in _MISSED_BY:  # what should have found them may be dead
        return ("canary", "missed", finding.message or finding.source)
    return ("canary", finding.rule) if finding.rule else ("canary", "", finding.source)


def _of_lost_run(finding: Finding) -> Key:
    if finding.advice == advice.EXPIRED:
        return _EXPIRED
    if finding.advice == advice.LOST:
        return ("unusable", "lost", finding.job)
    if not finding.source:
        return ("unusable", "not planned", finding.job)
    words = night_words.last_words(finding)
    if has_panic(words):  # as files have it that were written when a crash was a run without an end
        return ("crash", crash_of(None, None, words).signature)
    return ("unusable", RUN_INCOMPLETE, signature_of(finding.line.partition(",")[0]))


def _of_health(finding: Finding) -> Key:
    if finding.rule == _VIOLATED:
        return ("violation", _VIOLATED, finding.line)
    if finding.advice in (advice.OTHER_SEEDS, advice.SEED_CUT):
        return ("unusable", "other seeds") if finding.advice == advice.OTHER_SEEDS else ("unusable", "seed cut")
    return ("unusable", finding.rule, signature_of(finding.line))


# ---- one explains the other


class _Together(NamedTuple):
    """What the rules on explanations look at."""

    groups: Mapping[Key, Sequence[int]]
    findings: Sequence[Finding]
    results: Mapping[str, str]

    def first(self, key: Key) -> Finding:
        return self.findings[self.groups[key][0]]

    def is_of(self, key: Key, job: str) -> bool:
        return any(self.findings[position].job == job for position in self.groups[key])


def _explained(seen: _Together) -> Iterator[tuple[Key, Key]]:
    """Pairs of a group and the one that explains it, which no other explains."""
    by = {key: reason for key in seen.groups if (reason := _reason(key, seen)) and reason != key}
    for key, reason in by.items():
        while reason in by:
            reason = by[reason]
        yield key, reason


def _reason(key: Key, seen: _Together) -> Key | None:
    """The group that explains this one, if any."""
    first = seen.first(key)
    if key == ("shortfall", _SHARE):
        sources = {seen.findings[position].source for position in seen.groups[key]}
        point = min((point for point, source in _points(seen) if source in sources), default=None)
        if point:
            return point
    if key == _NO_SCORE:
        return min((other for other in seen.groups if seen.is_of(other, "coverage")), default=None)
    if first.kind == "coverage":  # what a run lacks that did not finish
        return min((other for other in seen.groups if _ended_a_run_of_coverage(seen, other)), default=None)
    own, result = ("unusable", "job", first.job), seen.results.get(first.job, "")
    if key[1] == "lost" and own in seen.groups:
        return own
    if _CANCELLED in seen.groups and (_was_cut_off(key, seen) or (key[1] == "lost" and result == "cancelled")):
        return _CANCELLED
    never_built = first.kind == "canary" and first.rule in _NOT_BUILT
    if never_built or key in (_SKIPPED, _PLAN) or key[1] == "not planned" or (key[1] == "lost" and result not in _RAN):
        earlier = [_BUILD] if never_built or key == _PLAN else [_BUILD, ("unusable", "job", "plan"), _PLAN]
        failed = sorted(other for other in seen.groups if other[1] == "job") if key == _SKIPPED else []
        return next((reason for reason in (*earlier, *failed) if reason in seen.groups), None)
    return None


def _was_cut_off(key: Key, seen: _Together) -> bool:
    """Whether these runs did not finish because their jobs were cancelled."""
    mine = [seen.findings[position] for position in seen.groups[key]]
    cut_off = (ENDED_ADVICE["interrupted"], ENDED_ADVICE["unfinished"])
    cancelled = all(seen.results.get(one.job) == "cancelled" for one in mine)
    return key[1] == RUN_INCOMPLETE and cancelled and all(one.advice in cut_off for one in mine)


def _ended_a_run_of_coverage(seen: _Together, key: Key) -> bool:
    """Whether a cause is why a run of the coverage part did not finish."""
    mine = (seen.findings[position] for position in seen.groups[key])
    return any(one.job == "coverage" and (one.crash or one.kind == "lost run") for one in mine)


def _points(seen: _Together) -> Iterator[tuple[Key, str]]:
    """The fault points that are not as required, and the reports of which that is said."""
    for key, positions in seen.groups.items():
        missed = (seen.findings[position] for position in positions)
        yield from ((key, one.source) for one in missed if one.fault_point and one.rule in ("", night_words.NEVER_HIT))


# ---- in words


def _cause(key: Key, positions: Sequence[int], findings: Sequence[Finding]) -> Cause:
    kind: CauseKind = next(kind for kind in SEVERITY if kind == key[0])
    mine = [findings[position] for position in positions]
    # A job or a plan that failed left runs behind, whose commands do not show it; one that was cancelled cut them off.
    of_a_run = mine[0].kind not in ("job", "plan") or key == _CANCELLED
    replayed = next((finding for finding in mine if finding.repro and of_a_run), None)
    return Cause(
        kind=kind,
        what=night_words.with_names_quoted(night_words.sentence_of(kind, mine)),
        sources=tuple(dict.fromkeys(finding.source for finding in mine if finding.source)),
        seed=next((finding.seed for finding in mine if finding.seed), None),
        seeds=night_words.seeds_of(mine),
        not_run=seeds_not_run(
            [finding.crash for finding in mine if finding.crash], agreeing(night_words.seeds_of(mine), "it", "them")
        ),
        command=replayed.repro if replayed else "",
        whole_run=replayed.whole_run if replayed else False,
        advice=next((finding.advice for finding in mine if finding.advice), ""),
        details=night_words.details_of(kind, mine),
        findings=tuple(positions),
    )
