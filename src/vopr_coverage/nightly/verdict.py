"""The verdict on a whole night, as plain data. Seeds and run ids are strings, as in model/verdict.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

import msgspec

from vopr_coverage.doctor.verdict import BlindSpot
from vopr_coverage.errors import ManyErrors, ReportError, shown
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.json_text import json_text
from vopr_coverage.model.crash import Crash
from vopr_coverage.model.manifest import SHA
from vopr_coverage.model.pairs import PairCoverage
from vopr_coverage.model.verdict import Remark, VerdictStatus, nothing_judged
from vopr_coverage.nightly.counts import too_large
from vopr_coverage.nightly.job import JobPage
from vopr_coverage.nightly.night_incidence import NightIncidence
from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.nightly.regression_file import is_seed
from vopr_coverage.runner.environment import Runner

NIGHT_FORMAT = "urn:vopr-coverage:schema:night:v1"
NIGHT_BYTES_MAX = 16 << 20
COUNT_MAX = (1 << 63) - 1

JobStatus = Literal["passed", "failed", "incomplete", "not required"]
FindingKind = Literal[
    "job", "plan", "lost run", "run health", "failing seed", "determinism", "coverage", "canary", "gate", "trend"
]  # fmt: skip


class JobSeen(msgspec.Struct, frozen=True):
    """One part of the night.

    Attributes:
        result: GitHub's word (`success`, `failure`, `cancelled`, `skipped`), "" if unknown.
        status: ours, from the result and from the recordings. A part is *not required* only if nothing was planned
            for it.
        line: its result, in a sentence.
    """

    name: str
    result: str
    status: JobStatus
    line: str


class Finding(msgspec.Struct, frozen=True):
    """One reason why the night is not green.

    Attributes:
        job: the part of the night; `source`: the run or file in it, "" for the part itself.
        line: the problem, in one line; `advice`: what to do about it.
        seed, invariant, fault_point: what the finding is about; None if it is not about one.
        repro: the command that replays it, "" if there is none.
        whole_run: the command has no placeholder for the seed, and runs all seeds again.
        scenario: of the seed; "" if unknown, as in older files.
        detail: what is known beyond the line, such as the last words of the simulator; "" if nothing is.
        rule: which rule was broken: the kind of a violation, or how a canary ended; "" if the kind says it.
        message: the simulator's own words on the seed; "" if it has none.
        seeds: how many seeds of this run the finding is about, 0 if unknown.
        name: what fell short, of whatever kind it is: fault point, phase event, property, invariant; "" if none did.
        crash: how the simulator died at that seed; None for every other finding.
    """

    job: str
    source: str
    kind: FindingKind
    line: str
    advice: str = ""
    seed: str | None = None
    invariant: str | None = None
    fault_point: str | None = None
    repro: str = ""
    whole_run: bool = False
    scenario: str = ""
    detail: str = ""
    rule: str = ""
    message: str = ""
    seeds: int = 0
    name: str = ""
    crash: Crash | None = None


class SeedsRan(msgspec.Struct, frozen=True):
    """Seeds that ran without a planted bug: `iterations` of them from `seed` on. Under `determinism`, twice."""

    job: str
    scenario: str
    seed: str
    iterations: int


class Work(msgspec.Struct, frozen=True):
    """The work on one scenario in one job.

    Attributes:
        asked, planned, ran: iterations; the workflow asked for `asked`, and `planned` of them fit into the budget.
        runs, lost: how many runs were planned, and how many of them left no recording.
        failed: how many seeds failed.
        failed_as_expected: how many failed as planned: in a scenario with `expect: violation`, or by a canary's bug.
        rate: iterations per second of one job; None without a recording.
        fault_points_hit, fault_points_known, invariants, view_changes: figures of all its runs together; None is not
            measured.
        first_hashes: of the first seeds of its first run, if every night runs other seeds; see `model.report.Run`.
        names: what its runs reached, in the coverage job; None in other jobs, and where nothing was measured.
        incidence: how many of their seeds did so; None also where nobody knows.
        pairs: which pairs of points met there; None also where nobody knows which seed hit which point.
    """

    job: str
    scenario: str
    asked: int
    planned: int
    ran: int
    runs: int
    lost: int = 0
    failed: int = 0
    rate: float | None = None
    fault_points_hit: int | None = None
    fault_points_known: int | None = None
    invariants: int | None = None
    view_changes: int | None = None
    first_hashes: tuple[str, ...] = ()
    failed_as_expected: int = 0
    names: ReachedNames | None = None
    incidence: NightIncidence | None = None
    pairs: PairCoverage | None = None


class TrendLine(msgspec.Struct, frozen=True):
    """One figure over the nights.

    Attributes:
        values: the oldest first, tonight's last; None is not measured.
        median: of the nights before this one; None if there are too few.
        remark: what is unusual about tonight's value, in a sentence; "" if nothing is.
    """

    job: str
    scenario: str
    figure: str
    values: tuple[float | None, ...]
    median: float | None = None
    remark: str = ""


class GateScore(msgspec.Struct, frozen=True):
    """What the doctor found about the gate, by the coverage runs of the night.

    Attributes:
        score: the share of `planted` faults that were `noticed`, 0 to 1.
        minimum: the config's `doctor_min`; None if it is not set.
        blind_spots: the first thousand of the faults that were not noticed.
    """

    score: float
    planted: int
    noticed: int
    minimum: float | None = None
    blind_spots: tuple[BlindSpot, ...] = ()


class NightRun(msgspec.Struct, frozen=True):
    """The workflow run that a night is. `run_number` counts the runs of the workflow; `url` is "" outside of GitHub."""

    run_id: str = ""
    run_attempt: int = 1
    run_number: int = 0
    commit: str | None = None
    workflow: str = ""
    url: str = ""


class GreenNight(msgspec.Struct, frozen=True):
    """An earlier night that was green; `day` is its date in UTC. `run_id` is "" outside of GitHub."""

    run_id: str
    run_number: int
    commit: str | None
    day: str


class NightVerdict(msgspec.Struct, frozen=True):
    """The answer.

    Attributes:
        reason: in one line.
        seed_base: the night's first seed; None without a plan.
        detected, declared: how many canaries; None if none was judged.
        seeds_doubled: how many seeds ran twice and were compared; `at_most`: the 95 % bound on the share of
            nondeterministic seeds, a fraction.
        seeds_differing: of the compared seeds, None if unknown. `regressions`: lines to add to the regression file.
        gate: None is not measured: coverage was red, or no coverage ran.
        trends: the figures of this and earlier nights. `seeds_ran`: the seeds that this night has run.
        last_green: the last green night of the same workflow before this one; None if the history knows none.
        job_pages: the jobs of the run that are known, for links; empty outside of GitHub, and without a permission.
        error: set only if nothing could be judged.
    """

    status: VerdictStatus
    passed: bool
    reason: str
    version: str
    place: NightRun = NightRun()
    seed_base: str | None = None
    jobs: tuple[JobSeen, ...] = ()
    findings: tuple[Finding, ...] = ()
    work: tuple[Work, ...] = ()
    detected: int | None = None
    declared: int | None = None
    seeds_doubled: int | None = None
    at_most: float | None = None
    regressions: tuple[str, ...] = ()
    trends: tuple[TrendLine, ...] = ()
    warnings: tuple[Remark, ...] = ()
    gate: GateScore | None = None
    error: str | None = None
    seeds_ran: tuple[SeedsRan, ...] = ()
    seeds_differing: int | None = None
    last_green: GreenNight | None = None
    job_pages: tuple[JobPage, ...] = ()
    format: str = NIGHT_FORMAT

    @classmethod
    def not_judged(cls, version: str, message: str, place: NightRun) -> Self:
        """The verdict where nothing could be judged, because of what `message` says."""
        return cls(
            status="error",
            passed=False,
            reason=nothing_judged(message),
            version=version,
            place=place,
            error=message,
        )

    def to_json(self) -> str:
        """This verdict as JSON, indented for people; see schemas/night.json."""
        return json_text(self)


def night_run(runner: Runner) -> NightRun:
    """Which night the runner's variables describe. Outside GitHub there is no run, so no field is filled."""
    if not (_is_number(runner.run_id) and _is_number(runner.run_attempt)):
        return NightRun()
    pages = f"{runner.server_url}/{runner.repository}/actions/runs"
    return NightRun(
        run_id=runner.run_id,
        run_attempt=int(runner.run_attempt),
        run_number=int(runner.run_number) if _is_number(runner.run_number) else 0,
        commit=runner.sha if SHA.fullmatch(runner.sha) else None,
        workflow=runner.workflow,
        url=f"{pages}/{runner.run_id}/attempts/{runner.run_attempt}" if runner.repository else "",
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def night_from_json(data: bytes, source: str) -> NightVerdict:
    """Read a night's verdict; it is as untrusted as any report.

    Raises:
        ReportError, ManyErrors: it is no JSON, does not match the schema, or has counts that cannot be.
    """
    night = msgspec.convert(contract.document(data, source, "night"), NightVerdict)
    problems = list(_impossible(night, source))
    if problems:
        raise ManyErrors(problems)
    return night


def _impossible(night: NightVerdict, source: str) -> Iterator[ReportError]:
    """Counts that the schema allows and no night has: shares and bounds are computed from these."""
    yield from too_large({"": night, "/place": night.place}, COUNT_MAX, source)
    yield from too_large({f"/work/{index}": work for index, work in enumerate(night.work)}, COUNT_MAX, source)
    if (night.detected is None) != (night.declared is None):
        yield ReportError(source, "#/detected", expected="a number beside declared", found=night.detected)
    parts = [
        ("detected", night.detected, night.declared),
        ("seeds_differing", night.seeds_differing, night.seeds_doubled),
    ]
    if night.gate:
        parts.append(("gate/noticed", night.gate.noticed, night.gate.planted))
    for at, part, whole in parts:
        if part is not None and part > (whole or 0):
            expected = f"at most {shown(whole or 0)}, of which it is a part"
            yield ReportError(source, f"#/{at}", expected=expected, found=part)
    if (night.at_most is not None) != bool(night.seeds_doubled):
        expected = "a bound where seeds ran twice, and only there"
        yield ReportError(source, "#/at_most", expected=expected, found=night.at_most)
    for index, ran in enumerate(night.seeds_ran):
        if not is_seed(ran.seed):
            yield ReportError(source, f"#/seeds_ran/{index}/seed", expected="a seed below 2^64", found=ran.seed)
