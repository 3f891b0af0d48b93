"""Runs of other seeds that do the same: told by the first results of each, in whatever form a run is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.night_folders import (
    BASE,
    SHARD_SEEDS,
    a_night,
    a_plan,
    a_recorded_run,
    all_needs,
    red_parts,
    summarised,
)
from tests.support.recordings import recorded
from tests.support.reports import ending, failed, ndjson, ok, start
from vopr_coverage.model.manifest import STREAM
from vopr_coverage.model.report import Run
from vopr_coverage.nightly.plan import Shards
from vopr_coverage.reading import read_report
from vopr_coverage.reading.find import ReportFile
from vopr_coverage.reading.recorded import opened_seeds
from vopr_coverage.reading.stream import read_stream
from vopr_coverage.trends.file import read_history

GREEN = all_needs(regressions="skipped")


def narrowed(first: int, bits: int, iterations: int = SHARD_SEEDS) -> bytes:
    """What a simulator writes that uses only so many bits of its seed."""
    seeds = range(first, first + iterations)
    records = [ok(seed, storage_hash=f"{seed % (1 << bits):064x}") for seed in seeds]
    return ndjson(start(first, iterations), *records, ending(iterations))


def run_of(path: Path) -> Run:
    """The run in that file."""
    run = read_report(str(path)).run
    assert run
    return run


def test_every_reader_has_the_same_first_hashes(tmp_path: Path) -> None:
    """Of a stream, of its recording, and of two runs side by side; failed seeds have none."""
    results = [f"{number:016x}{'0' * 48}" for number in (7, 7, 8, 9, 10, 11, 12, 13, 14, 15)]
    lines = [ok(seed, storage_hash=result) for seed, result in enumerate(results, 1)]
    stream = ndjson(start(0, 11), failed(0), *lines, ending(10, [0]))
    (tmp_path / "a.ndjson").write_bytes(stream)
    found = run_of(tmp_path / "a.ndjson").first_hashes
    assert len(found) == 8
    assert len(set(found)) == 7
    recorded(stream, tmp_path / "rec", 1)
    assert run_of(tmp_path / "rec" / STREAM).first_hashes == found
    with opened_seeds(ReportFile(str(tmp_path / "a.ndjson"), "a")) as seeds:
        assert sum(len(stretch.records) for stretch in seeds) == 11
    assert seeds.read.run
    assert seeds.read.run.first_hashes == found
    line_by_line = read_stream(stream.splitlines(keepends=True), "a").run
    assert line_by_line
    assert line_by_line.first_hashes == found, "however few lines a block has"
    (tmp_path / "b.ndjson").write_bytes(ndjson(start(0, 1), ok(0, events=101), ending(1)))
    (tmp_path / "c.ndjson").write_bytes(ndjson(start(0, 1), ok(0), ending(1)))
    assert run_of(tmp_path / "b.ndjson").first_hashes != run_of(tmp_path / "c.ndjson").first_hashes


@pytest.mark.parametrize(("bits", "red"), [(41, {}), (40, {"long-run": "failed"}), (7, {"long-run": "failed"})])
def test_shards_that_simulate_the_same_are_no_green_night(tmp_path: Path, bits: int, red: dict[str, str]) -> None:
    """Else a million iterations in two dozen shards could be the same forty thousand: the later shard is a finding."""
    plan = a_plan()
    first, second = (1 << 40) + 5, (1 << 41) + 5
    shards = [replace(run, seed=str(seed)) for run, seed in zip(plan.long_run.include, (first, second), strict=True)]
    night = a_night(tmp_path, replace(plan, long_run=Shards(tuple(shards))))
    for run in shards:
        a_recorded_run(night / "long-run" / run.name, int(run.seed), SHARD_SEEDS, narrowed(int(run.seed), bits))
    _, verdict = summarised(tmp_path, GREEN)
    assert red_parts(verdict) == red
    for finding in verdict.findings:
        assert (finding.source, finding.kind) == ("combined-2", "run health")
        assert finding.line == (
            f"its first seeds, from {second} on, did exactly what those of combined-1 did, from {first} on: "
            "the simulator uses only a part of its seed"
        )


def test_a_night_that_repeats_another_says_so(tmp_path: Path) -> None:
    """Both are green: only the history shows that nothing new was simulated."""
    a_night(tmp_path)
    summarised(tmp_path, GREEN, "--trends", "trends.ndjson")
    before = read_history(tmp_path / "trends.ndjson").records
    assert {record.job: len(record.first_hashes) for record in before} == {
        "long-run": 8, "coverage": 8, "canary": 8, "determinism": 0,
    }  # fmt: skip
    assert {record.seed_base for record in before} == {str(BASE)}
    text = (tmp_path / "trends.ndjson").read_text().replace(f'"seed_base":"{BASE}"', '"seed_base":"5"')
    (tmp_path / "trends.ndjson").write_text(text.replace("2026-", "2025-"))
    ended, verdict = summarised(tmp_path, GREEN, "--trends", "trends.ndjson")
    assert ended.code == 0
    told = [remark.text for remark in verdict.warnings if remark.source == "trends"]
    assert [text.partition(":")[0] for text in told] == [
        "long-run 'combined'",
        "coverage 'combined'",
        "canary 'combined'",
    ]
    assert "the simulator uses only a part of its seed" in ended.out
