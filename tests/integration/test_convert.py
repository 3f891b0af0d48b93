"""`convert` as a command: what `check` says of a converted stream is what it says of the original."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.reports import run_cli
from vopr_coverage.model.report import Input
from vopr_coverage.reading import read_report

DATA = Path(__file__).parents[1] / "data"
ANTITHESIS = sorted((DATA / "antithesis").glob("*.jsonl.gz"))
REAL = sorted((DATA / "real").glob("*.ndjson"))


def converted(folder: Path, *words: str, out: str = "out.ndjson") -> Input:
    """The converted stream, as it is read."""
    ended = run_cli("convert", *words, "--out", out, cwd=folder)
    assert ended.code == 0, ended.err
    return read_report(str(folder / out))


def facts(read: Input) -> dict[str, Any]:
    """What a verdict rests on."""
    run, report = read.run, read.report
    assert run is not None
    known = {} if report is None else {
        "hit": sorted(report.hit_fault_points), "missed": sorted(report.missed_fault_points),
        "ran": {name: count for name, count in report.invariant_executions.items() if count},
        "silent": sorted(report.missed_invariants), "phases": report.phase_events,
        "events": report.total_events, "time": report.simulation_time_ns,
    }  # fmt: skip
    failures = sorted((group.invariant, group.message, group.count, group.seeds) for group in run.failures)
    seeds = (run.starting_seed, run.announced, run.records, run.failed_records, run.seed_ignored)
    return {**known, "failures": failures, "seeds": seeds, "whole": run.ended_early is None}


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_a_stream_of_vopr(path: Path, tmp_path: Path) -> None:
    """Every seed with its outcome, and the totals at the end; a run that was killed stays incomplete."""
    before = read_report(str(path))
    assert before.run is not None
    assert before.run.announced is not None, "a stream without a start record is refused, which has its own test"
    assert not before.run.contradictions
    after, expected = facts(converted(tmp_path, str(path))), facts(before)
    times = 2 if before.run.double_runs else 1  # of seeds that ran twice half of each count
    for key in ("ran", "phases"):
        if key in expected and key in after:
            expected[key] = {name: count // times for name, count in expected[key].items() if count}
            after[key] = {name: count for name, count in after[key].items() if count}
    if "silent" in expected and "silent" in after:  # invariants that VOPR lists as missed
        after["silent"], expected["silent"] = [], []
    assert after == expected


@pytest.mark.parametrize("path", ANTITHESIS, ids=lambda path: path.name)
def test_a_file_of_an_antithesis_sdk(path: Path, tmp_path: Path) -> None:
    """One record a file: its points, its invariants, and that a property was broken."""
    if "two-processes" in path.name:  # whose lines are torn
        assert run_cli("convert", str(path), cwd=tmp_path).code == 2
        return
    before = read_report(str(path)).observed
    assert before is not None
    ended = run_cli("convert", str(path), "--out", "out.ndjson", cwd=tmp_path)
    assert ended.code == 0, ended.err
    lines = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text().split("\n")[:-1]]
    assert [line["type"] for line in lines] == ["start", "seed"], "nothing says that it finished"
    start, seed = lines
    declared = {name for names in start.get("points", {}).values() for name in names}
    assert declared == {name for name, point in before.points.items() if point.declared}
    if before.points or before.invariants:
        assert set(seed["hits"]) == {name for name, point in before.points.items() if point.hit}
        assert set(seed["ran"]) == {name for name, one in before.invariants.items() if one.ran}
    else:
        assert not seed.keys() & {"hits", "ran"}, "nothing is not the same as none"
    assert (seed["status"] == "failed") == bool(before.broken)


@pytest.mark.parametrize("path", [DATA / "real" / "combined.ndjson", ANTITHESIS[0]], ids=lambda path: path.name)
def test_converting_twice_changes_nothing(path: Path, tmp_path: Path) -> None:
    """Byte for byte."""
    assert run_cli("convert", str(path), "--out", "one.ndjson", cwd=tmp_path).code == 0
    assert run_cli("convert", "one.ndjson", "--out", "two.ndjson", cwd=tmp_path).code == 0
    assert (tmp_path / "one.ndjson").read_bytes() == (tmp_path / "two.ndjson").read_bytes()


def test_seeds_keep_what_they_have(tmp_path: Path) -> None:
    """Seeds beyond 2^63, counts, digests, counters and failures; unknown keys are left out."""
    seed = (1 << 64) - 1
    lines: list[dict[str, Any]] = [
        {"type": "start", "format": "simulation/1", "first_seed": seed, "seeds": 2, "points": {"fault": ["a", "b"]},
         "counters": ["repairs"], "locations": {"a": "src/a.rs:7"}},
        {"type": "seed", "seed": seed, "status": "ok", "hits": {"a": 3}, "digest": "x", "counters": {"repairs": 2}},
        {"type": "seed", "seed": 0, "status": "failed", "hits": {}, "digest": {"state": "y"}, "other": 1,
         "counters": {"repairs": 0}, "failure": {"invariant": "agreement", "message": "lost\nan entry"}},
        {"type": "end", "seeds": 2, "failed": 1},
    ]  # fmt: skip
    (tmp_path / "in.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    read = converted(tmp_path, "in.ndjson")
    out = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text().split("\n")[:-1]]
    del lines[2]["other"]
    assert out[1:3] == lines[1:3]
    assert out[0] == lines[0]
    assert facts(read) == facts(read_report(str(tmp_path / "in.ndjson")))


def test_several_files_make_one_stream_and_a_list_ends(tmp_path: Path) -> None:
    """A flat report is complete, and has no seeds: it is a file of its own."""
    flat: dict[str, Any] = {
        "total_fault_points": 2, "fault_points_hit": 1, "hit_fault_points": ["a"], "missed_fault_points": ["b"],
        "invariant_executions": {"agreement": 4}, "missed_invariants": [], "view_changes": 3, "repairs": None,
        "unique_query_plans": None, "phase_events": {"vsr.commit": 9}, "total_events": 10, "simulation_time_ns": 5,
    }  # fmt: skip
    for name in ("r1.json", "r2.json"):
        (tmp_path / name).write_text(json.dumps(flat))
    read = converted(tmp_path, "r1.json", "r2.json")
    assert read.run is None
    assert read.finish is not None
    assert (read.finish.known, read.finish.ended_early) == (True, None)
    assert read.observed is not None
    assert read.observed.runs == 2
    assert read.report is not None
    assert read.report.missed_fault_points == flat["missed_fault_points"]
    assert read.report.invariant_executions == {name: 2 * n for name, n in flat["invariant_executions"].items()}


def test_what_cannot_be_converted_is_told_before_anything_is_written(tmp_path: Path) -> None:
    """Two streams, standard input, a file that exists, and a stream without its start."""
    stream = str(DATA / "real" / "combined.ndjson")
    (tmp_path / "there").write_text("")
    (tmp_path / "rest.ndjson").write_text("".join(Path(stream).read_text().splitlines(keepends=True)[1:]))
    for words, problem in (
        ((stream, "rest.ndjson"), "is a stream of its own: convert one at a time"),
        (("-",), "it takes no standard input"),
        ((stream, "--out", "there"), "there was not written"),
        (("rest.ndjson",), "without a start record there is no simulation stream of it"),
    ):
        ended = run_cli("convert", *words, cwd=tmp_path)
        assert (ended.code, ended.out) == (2, "")
        assert problem in ended.err
    assert (tmp_path / "there").read_text() == ""
