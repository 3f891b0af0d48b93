"""A converted stream never passes where its original did not: no finding is lost on the way.

Each file is converted, and both are judged by the profiles and by configs at the edge of what this file has: a little
more than each of its figures, what it lacks, and excuses for what it does not measure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.reports import PROPERTIES, a_coverage, a_stream, run_cli
from tests.support.samples import samples
from tests.support.simulations import a_simulation, as_lines, begin, failing, finish, seed
from vopr_coverage.check.flow import Rules, check
from vopr_coverage.check.request import CheckRequest
from vopr_coverage.errors import UserError
from vopr_coverage.model.report import Input
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.formats import FORMATS
from vopr_coverage.reading.recorded import ReadAs, read_file

DATA = Path(__file__).parents[1] / "data"
GATES = ("view-changes", "repairs", "query-plans", "run-complete", "fault-point-coverage", "invariant-coverage")
EXCUSES = dict.fromkeys(GATES, "ignore")
REAL = (
    "byzantine-view-change-merge", "canary-drop-disabled", "check-determinism-byzantine", "combined-killed", "combined",
    "zero-iterations",
)  # fmt: skip
EXPECTED = ("agreement", "model_verification", "p", "x", "crash", "checker linear", "counter never decreases")
OTHER_SDKS = (
    "java-healthy-seed-2.jsonl.gz",
    "python-no-catalog-seed-1.jsonl.gz",
    "rust-unreachable-seed-2.jsonl.gz",
)
IN_VAIN = {"attempted": 900, "applied": 0, "observed": 0}
FLAT: dict[str, Any] = {
    "total_fault_points": 3, "fault_points_hit": 2, "hit_fault_points": ["a", "b"], "missed_fault_points": ["c"],
    "invariant_executions": {"agreement": 40, "order": 2}, "missed_invariants": ["durability"], "view_changes": 9,
    "repairs": None, "unique_query_plans": 90, "phase_events": {"vsr.commit": 9}, "total_events": 5,
    "simulation_time_ns": 7,
}  # fmt: skip


class Case(NamedTuple):
    """A file: its content, and what has to be said of it."""

    content: bytes
    form: str | None = None
    more: Mapping[str, Any] = {}


def _edn(text: str) -> Case:
    return Case(text.encode())


def _flat(**changes: Any) -> Case:
    return Case(json.dumps(FLAT | changes).encode())


def _points(**counts: dict[str, int]) -> bytes:
    coverage = a_coverage()
    coverage["fault_points"]["fault_points"] = counts
    hit = [one for one in counts.values() if any(one.values())]
    coverage["fault_points"] |= {"total": len(counts), "hit": len(hit)}
    return a_stream(coverage=coverage)


def cases() -> dict[str, Case]:
    """By what they show."""
    found = {name: Case((DATA / "real" / f"{name}.ndjson").read_bytes()) for name in REAL}
    found |= {path.name: Case(path.read_bytes()) for path in sorted((DATA / "antithesis").glob("go-*.gz"))}
    found |= {name: Case((DATA / "antithesis" / name).read_bytes()) for name in OTHER_SDKS}
    found |= {f"foreign {path.name}": Case(path.read_bytes()) for path in sorted((DATA / "foreign").iterdir())}
    for name, sample in samples().items():
        found[f"{name}, whole"] = Case(sample.whole, sample.form)
        found[f"{name}, without its point"] = Case(sample.without, sample.form)
        found[f"{name}, cut"] = Case(sample.whole[: len(sample.whole) * 2 // 3], sample.form)
    passing, broken = "{:valid? true}", "{:valid? false}"
    ops = ":stats {:valid? true, :by-f {:read {:ok-count 3}}}"
    return found | {
        "a violated property": Case(a_stream(properties=PROPERTIES | {"violation_count": 1, "violated_ids": ["x"]})),
        "a failed seed": Case(a_stream(failing={1: "agreement"})),
        "a seed without a record": Case(a_stream(lost=[1])),
        "no coverage": Case(a_stream(coverage=None)),
        "an old stream without properties": Case(a_stream(era="feb2026")),
        "other counts than its records": Case(a_stream(successes=2)),
        "a second stream behind the first": Case(a_stream() + a_stream(first=3)),
        "attempted, without effect": Case(_points(a=IN_VAIN)),
        "applied, and never observed": Case(_points(a={"attempted": 900, "applied": 9, "observed": 0})),
        "an operation of VOPR": Case(_points(**{"sim.storage.write": IN_VAIN})),
        "a fault called like a phase": Case(_points(**{"storage.fsync_complete": IN_VAIN})),
        "flat": _flat(),
        "flat, shorter lists": _flat(total_fault_points=30),
        "flat, fewer names than hits": _flat(hit_fault_points=["a"]),
        "flat, a contradiction": _flat(missed_fault_points=["a"]),
        "flat, an invariant both ways": _flat(missed_invariants=["agreement"]),
        "flat, a fault called like a phase": _flat(phase_events={"c": 9}),
        "wrapped": Case(json.dumps({"coverage": FLAT}).encode()),
        "jepsen, undecided": _edn(f"{{:valid? :unknown, {ops}, :linear {{:valid? :unknown}}, :set {passing}}}"),
        "jepsen, only the run undecided": _edn(f"{{:valid? :unknown, {ops}, :set {passing}}}"),
        "jepsen, two broken": _edn(f"{{:valid? false, {ops}, :linear {broken}, :set {broken}}}"),
        "jepsen, nothing checked": _edn("{:valid? true}"),
        "points, with a list": Case(b"a\t2\nb\t1\n", "points", {"declared": "list.txt"}),
        "points, beside the list": Case(b"a\t2\nx\t1\n", "points", {"declared": "list.txt", "complete_when": "x"}),
        "points, never ended": Case(b"a\t2\n", "points", {"declared": "list.txt", "complete_when": "x"}),
        "a stream, with a list": Case(as_lines(a_simulation()), None, {"declared": "list.txt"}),
        "a stream that contradicts itself": Case(as_lines([begin(3), seed(7), seed(8), finish(3)])),
        "a stream with a stray": Case(as_lines([*a_simulation(), seed(12)])),
        "a stream of failed seeds": Case(as_lines([begin(2), failing(7), failing(8), finish(2, 2)])),
        "a stream that says what was violated": Case(as_lines([begin(1), seed(7), finish(1, violated=["p"])])),
        "a stream that could not decide": Case(as_lines([begin(1), seed(7), finish(1, undecided=["p"])])),
        "a stream with attempts": Case(
            as_lines([begin(1), seed(7, hits={}), finish(1, attempts={"net.drop": 900})]),
        ),
        "a stream with two kinds": Case(as_lines(a_simulation(points={"fault": ["commit"], "phase": ["commit"]}))),
        "a stream with totals": Case(
            as_lines([begin(1), seed(7, hits=None, ran=None), finish(1, hits={"net.drop": 4}, ran={"agreement": 3})]),
        ),
        "a stream of files": Case(as_lines([begin(2, 0, unit="file"), failing(0), seed(1), finish(2, 1)])),
        "a stream of files, unfinished": Case(as_lines([begin(2, 0, unit="file"), seed(0)])),
        "a stream of files, too few": Case(as_lines([begin(2, 0, unit="file"), seed(0), finish(2)])),
    }  # fmt: skip


def configs(read: Input | None) -> Iterator[dict[str, Any]]:
    """Configs of which each asks for one thing: what the file has, and a little more than that."""
    yield {"fault_point_coverage_min": 0.001}
    yield {"invariant_coverage_min": 0.001, "fault_point_coverage_min": 0.001}
    yield {"min_iterations": 1, "fault_point_coverage_min": 0.001}
    yield {"min_properties": {"sometimes_total": 1}, "fault_point_coverage_min": 0.001}
    yield {"required_properties": ["x"], "fault_point_coverage_min": 0.001}
    for invariant in (
        "agreement",
        "model_verification",
        "p",
        "x",
        "crash",
        "checker linear",
        "counter never decreases",
    ):
        yield {
            "scenarios": {"s": {"expect": "violation", "invariants": [invariant], "fault_point_coverage_min": 0.001}}
        }
    report, run = (read.report, read.run) if read else (None, None)
    if report is None:
        return
    names = [*report.hit_fault_points, *report.missed_fault_points]
    yield {"fault_point_coverage_min": min(report.fault_point_coverage() + 0.001, 1.0)}
    for name in names:
        yield {"critical_fault_points": [name]}
        yield {"critical_fault_points": [name], "attempt_only": []}
        yield {"min_fault_effects": {name: 1}}
    for name, count in report.invariant_executions.items():
        yield {"required_invariants": [name]}
        yield {"min_per_iteration": {name: (count + 0.001) / (run.simulations if run else 1)}}
    for name in report.missed_invariants:
        yield {"required_invariants": [name]}
    for name, count in report.phase_events.items():
        yield {"min_phase_events": {name: count + 1}}
    for name, count in ((run.fault_counts or {}) if run else {}).items():
        effects = (run.fault_effects or {}).get(name, count) if run else count
        yield {"min_per_iteration": {name: (effects + 0.001) / (run.simulations if run else 1)}}
    for key, figure in (("min_view_changes", report.view_changes), ("min_repairs", report.repairs)):
        yield {key: (figure or 0) + 1}
    yield {"critical_fault_points": names or ["none"], "fault_points": ["nowhere"], "fault_point_coverage_min": 1.0}


def passes(path: str, folder: Path, config: dict[str, Any], form: str | None) -> bool:
    """Whether `check` passes; what cannot be judged does not."""
    (folder / "gate.json").write_text(json.dumps(config))
    request = CheckRequest([path], config="gate.json", scenario="s", form=form, folder=folder)
    try:
        return check(request, Rules()).passed
    except UserError:
        return False


def read_or_none(path: Path, form: str | None) -> Input | None:
    """The original as it is read."""
    try:
        return read_file(find_reports([str(path)])[0], read_as=ReadAs(form))
    except UserError:
        return None


def better(folder: Path, original: str, case: Case) -> list[str]:
    """The configs under which the converted stream passes and its original does not."""
    (folder / "list.txt").write_text("a\nb\nc\n")
    (folder / "reading.json").write_text(json.dumps({"profile": "none", **case.more}))
    words = ["convert", original, "--out", "out.ndjson", "--scenario", "s", "--config", "reading.json"]
    ended = run_cli(*words, *(["--from", case.form] if case.form else []), cwd=folder)
    assert ended.code in (0, 2), ended.err
    if ended.code == 2:
        assert ended.err.count("\n") < 12
        return []
    out = str(folder / "out.ndjson")
    read = read_or_none(folder / original, case.form)
    wanted = [{"profile": profile} for profile in ("default", "smoke_test", "nightly", "general")]
    wanted += [{"profile": "none", **each} for each in configs(read)]
    asked = [{**case.more, **each, **more} for each in wanted for more in ({}, {"on_not_measured": EXCUSES})]
    return [
        json.dumps(config)
        for config in asked
        if passes(out, folder, config, None) and not passes(str(folder / original), folder, config, case.form)
    ]


@pytest.mark.parametrize("name", cases())
def test_a_converted_stream_passes_nowhere_where_its_original_does_not(name: str, tmp_path: Path) -> None:
    """Whatever is asked of it, with and without excuses."""
    case = cases()[name]
    (tmp_path / "original").write_bytes(case.content)
    assert better(tmp_path, "original", case) == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_whole_file_of_each_format_passes_when_it_is_converted(name: str, tmp_path: Path) -> None:
    """Else the test above would prove nothing. The config names what ends a run, and is read by `convert`, too."""
    sample = samples()[name]
    (tmp_path / "original").write_bytes(sample.whole)
    (tmp_path / "gate.yml").write_text(sample.config)
    form = ["--from", sample.form] if sample.form else []
    made = run_cli("convert", "original", *form, "--config", "gate.yml", "--out", "out", cwd=tmp_path)
    assert made.code == 0, made.err
    ended = run_cli("check", "out", "--config", "gate.yml", cwd=tmp_path)
    assert ended.code == 0, ended.out + ended.err
