"""What the rules of `causes/check.py` look at: kinds, names, numbers and signatures of a verdict's violations. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vopr_coverage.gates import HEALTH_IDS
from vopr_coverage.gates.endings import ADVICE as SHARED_ADVICE
from vopr_coverage.gates.endings import NOT_MEASURED_TEXT
from vopr_coverage.gates.failing_seeds import SEED_FAILED
from vopr_coverage.gates.locked import LOCKED_POINTS
from vopr_coverage.gates.manifest import RUN_INCOMPLETE
from vopr_coverage.model.signature import signature_of
from vopr_coverage.model.verdict import Failure, JudgedReport, Verdict, Violation

Key = tuple[str, ...]  # violations with the same key have the same cause; the first text names the rule

ENDED = frozenset({RUN_INCOMPLETE, "RecordingUnfinished", "UnexplainedExit"})
STOPPED = frozenset({"TimedOut", "Interrupted"})
LOST = frozenset({"FaultPointLost", "InvariantLost"})
POINT_MISSED = frozenset({"CriticalFaultPointMissed", "FaultPointLost"})
PHASES = frozenset({"InsufficientPhaseEvents", "InsufficientPerIteration"})
NAMED = LOST | PHASES | {"CriticalFaultPointMissed", "InvariantNotExecuted", "InsufficientFaultEffects"}
BY_KIND = HEALTH_IDS | {"regression", LOCKED_POINTS}  # gates whose violations say several things
WITHOUT_FIGURES = frozenset({"CoverageNotMeasured", "NothingShown"})
NOT_HIT = "FaultPointCoverage"  # beside a name's own ways to fall short: it is among the points that the share lacks
TOO_FEW = frozenset({"InsufficientFaultEffects", "InsufficientPerIteration"})
NAME_CHARACTERS_MAX = 300  # of a phase, in which a fault point's name is looked for
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
OTHER_NAMES = SHARED_ADVICE["other-names"]


class Facts:
    """A verdict, looked up by what rules ask for."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.unit_of: dict[str, JudgedReport] = {}
        for report in verdict.reports:
            self.unit_of |= {read.source: report for read in report.inputs} | {report.name: report}
        self.kinds: dict[str, set[str]] = {}  # in which ways a name fell short, in any report
        for violation in verdict.violations:
            if violation.kind in NAMED and (name := name_of(violation)):
                self.kinds.setdefault(name, set()).add(violation.kind)
        shares = [self.unit(violation) for violation in verdict.violations if violation.kind == NOT_HIT]
        missed = {name for unit in shares if unit and unit.report for name in unit.report.missed_fault_points}
        for name, ways in self.kinds.items():
            ways |= {NOT_HIT} if name in missed and ways & TOO_FEW else set()
        self._failures = {
            (failure.source, failure.invariant, seed): failure
            for failure in reversed(verdict.failures)
            if not failure.expected
            for seed in (*failure.seeds[:1], None)
        }
        unplugged = [
            name for name in self.kinds if self.kinds[name] & (POINT_MISSED | {NOT_HIT}) and self.is_unplugged(name)
        ]
        self._point_of = {start: point for point in reversed(unplugged) for start in beginnings_of(point)}
        self._bugs: dict[str, Key] = {}  # by report, what ended its runs or failed all of its seeds
        for violation in verdict.violations:
            if (key := self._of_a_run(violation)) and self._says_why_figures_lack(violation):
                self._bugs.setdefault(self._report_name(violation), key)

    def failure(self, violation: Violation) -> Failure | None:
        """The failing seeds that a violation is about."""
        return self._failures.get((violation.source, violation.invariant or "", violation.seed))

    def unit(self, violation: Violation) -> JudgedReport | None:
        """The report that a violation is about, or that its run was merged into."""
        return self.unit_of.get(violation.source)

    def runs_of(self, name: str) -> tuple[str, ...]:
        """The runs that were merged into the report of this name; () for one that is a run itself."""
        report = self.unit_of.get(name)
        runs = tuple(read.source for read in report.inputs) if report and report.name == name else ()
        return () if name in runs else runs

    def key_of(self, violation: Violation) -> Key:
        """The key of its cause."""
        return (
            self._of_a_run(violation)
            or self._of_a_bug(violation)
            or self._of_figures(violation)
            or self._of_a_name(violation)
            or self._of_a_share(violation)
            or ("gate", violation.gate, violation.kind if violation.gate in BY_KIND else "")
        )

    def is_unplugged(self, name: str) -> bool:
        """Whether a name fell short in several ways, or was lost against base."""
        kinds = self.kinds.get(name, set())
        return len(kinds) > 1 or bool(kinds & LOST)

    @property
    def commits_since(self) -> str:
        """The command that lists the commits since the base, "" if its commit is not known."""
        then = self.verdict.base.commit if self.verdict.base else None
        here = {read.commit for report in self.verdict.reports for read in report.inputs if read.commit}
        if then is None or not _COMMIT.fullmatch(then):
            return ""
        now = here.pop() if len(here) == 1 else ""
        return f"git log --oneline {then[:12]}..{now[:12] if _COMMIT.fullmatch(now) else 'HEAD'}"

    def no_seed_held(self, report: JudgedReport | None) -> bool:
        """Whether every iteration of every run of a report failed."""
        if report is None or not report.inputs:
            return False
        failed = [result.value for read in report.inputs for result in read.gates if result.gate == "failures"]
        ran = [read.iterations for read in report.inputs]
        return len(failed) == len(ran) and all(count and count == of for count, of in zip(failed, ran, strict=True))

    def _of_a_run(self, violation: Violation) -> Key | None:
        kind = violation.kind
        if kind == SEED_FAILED:
            failure = self.failure(violation)
            if failure and failure.crash:
                return ("crash", failure.crash.signature)
            return ("seeds", violation.invariant or "", signature_of(violation.detail))
        if kind == "PropertyViolated":
            return ("property", violation.point or "")
        if kind in ENDED:
            return ("ended", kind, signature_of(violation.detail or violation.line))
        if kind in STOPPED:
            return ("stopped", kind)
        return None

    def _says_why_figures_lack(self, violation: Violation) -> bool:
        if violation.kind == RUN_INCOMPLETE:
            return True
        failure, report = self.failure(violation), self.unit(violation)
        died = failure is not None and failure.crash is not None and (report is None or report.report is None)
        return violation.kind == SEED_FAILED and (died or self.no_seed_held(report))

    def _report_name(self, violation: Violation) -> str:
        unit = self.unit(violation)
        return unit.name if unit else violation.source

    def _of_a_bug(self, violation: Violation) -> Key | None:
        """What a report lacks whose run did not finish, or in which no seed held."""
        is_coverage = violation.gate not in HEALTH_IDS and violation.kind not in LOST
        return self._bugs.get(self._report_name(violation)) if is_coverage else None

    def _of_figures(self, violation: Violation) -> Key | None:
        if violation.advice == OTHER_NAMES:
            return ("other names",)
        if violation.kind in WITHOUT_FIGURES or violation.gate == "regression":
            return None
        return ("not measured",) if violation.actual.lower() == NOT_MEASURED_TEXT else None

    def _of_a_name(self, violation: Violation) -> Key | None:
        name = name_of(violation)
        if violation.kind not in NAMED or name is None:
            return None
        kinds = self.kinds[name]
        if kinds <= PHASES:  # a phase of a fault that is injected no more
            words = name[:NAME_CHARACTERS_MAX].split("_")
            for count in range(1, len(words)):
                if point := self._point_of.get("_".join(words[:count])):
                    return ("name", producer_of(point), *sorted(self.kinds[point]))
        return ("name", producer_of(name), *sorted(kinds)) if self.is_unplugged(name) else None

    def _of_a_share(self, violation: Violation) -> Key | None:
        """A percentage that is met once the points that other violations name are hit."""
        report = self.unit(violation)
        if report is None or violation.kind not in (NOT_HIT, "CoverageFell"):
            return None
        named = [other for other in self._missed_in(report) if other.point]
        if violation.kind == "CoverageFell":
            lost = set(report.change.lost_points) if report.change else set()
            return next((self.key_of(other) for other in named if other.point in lost), None)
        minimum = next((gate.minimum for gate in report.gates if gate.gate == "fault-point-coverage"), None)
        figures = report.report
        if minimum is None or figures is None or not figures.total_fault_points:
            return None
        hit = figures.fault_points_hit + len({other.point for other in named})
        return self.key_of(named[0]) if named and hit / figures.total_fault_points >= minimum else None

    def _missed_in(self, report: JudgedReport) -> Iterator[Violation]:
        for violation in self.verdict.violations:
            is_missed = violation.kind in POINT_MISSED or NOT_HIT in self.kinds.get(name_of(violation) or "", ())
            if is_missed and violation.kind in NAMED and self.unit(violation) is report:
                yield violation


def name_of(violation: Violation) -> str | None:
    """The fault point, phase event, property or invariant that a violation is about."""
    return violation.point or violation.invariant


def producer_of(name: str) -> str:
    """The part of the simulator that a name belongs to: `network` of network.drop, `sim.storage` of sim.storage.a.b."""
    return ".".join(name.split(".")[:-1][:2])


def beginnings_of(point: str) -> Iterator[str]:
    """How phases of a fault may begin: storage.fsync_complete is one of sim.storage.fsync."""
    yield point
    first, _, rest = point.partition(".")
    if first and "." in rest:
        yield rest
