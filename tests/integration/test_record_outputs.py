"""`record` of a command that writes files of another format to `{output}`: one seed a process, one output a seed."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support.recordings import manifest_of
from tests.support.reports import Ended, run_cli
from vopr_coverage.errors import UserError
from vopr_coverage.model.manifest import OUTPUT
from vopr_coverage.model.report import Input
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.recorded import read_file

DATA = Path(__file__).parents[1] / "data"
# Writes the file of an SDK that was made before, in the way that an SDK does: it appends.
TESTED = """
import gzip, json, os, shutil, sys
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
seed, output = int(words["--seed"]), words["--output"]
seeds = lambda flag: [int(one) for one in words.get(flag, "").split(",") if one]
assert not os.path.exists(output) and not os.listdir(os.path.dirname(output)), "stale"
if seed in seeds("--panic-at"):
    print(f"panic: seed {seed}", file=sys.stderr)
    sys.exit(2)
if seed in seeds("--silent-at"):
    sys.exit(0)
if seed in seeds("--empty-at"):
    open(output, "w").close()
    sys.exit(0)
if "--digest" in words:
    noise = str(os.getpid()) if seed in seeds("--noisy-at") else ""
    print(json.dumps({"type": "start", "format": "simulation/1", "first_seed": seed, "seeds": 1}))
    print("=== RUN   TestSimulation")
    print(json.dumps({"type": "seed", "seed": seed, "status": "ok", "digest": f"{seed:x}{noise}"}))
    print(json.dumps({"type": "end", "seeds": 1, "failed": 0}))
source = words["--broken"] if seed in seeds("--break-at") else words["--copy"]
if source.endswith(".edn"):
    os.mkdir(output)
    shutil.copy(source, os.path.join(output, "results.edn"))
    open(os.path.join(output, "jepsen.log"), "w").write("INFO a log\\n")
else:
    with open(output, "ab") as out, gzip.open(source) as file:
        shutil.copyfileobj(file, out)
"""
HEALTHY = str(DATA / "antithesis" / "go-healthy-seed-2.jsonl.gz")
BROKEN = str(DATA / "antithesis" / "go-always-fails-seed-2.jsonl.gz")


def record(folder: Path, *more: str, iterations: int = 4, copy: str = HEALTHY) -> Ended:
    """Record four seeds from 7 on."""
    (folder / "tested.py").write_text(TESTED)
    command = (sys.executable, "-S", "tested.py", "--seed", "{seed}", "--output", "{output}", "--copy", copy, *more)
    asked = ("--scenario", "s", "--seed", "7", "--iterations", str(iterations), "--out", "out", "--per-seed")
    return run_cli("record", *asked, "--parallel", "3", "--", *command, cwd=folder)


def read(folder: Path) -> Input:
    """The recording."""
    return read_file(find_reports([str(folder / "out")])[0])


def test_the_files_of_all_seeds_are_one_run(tmp_path: Path) -> None:
    """Points and invariants of each seed, added up, and seeds that ran to their end."""
    ended = record(tmp_path)
    assert ended.code == 0, ended
    alone = read_file(find_reports([HEALTHY])[0])
    read_back = read(tmp_path)
    run, observed = read_back.run, read_back.observed
    assert run
    assert observed
    assert alone.observed
    assert (read_back.format, run.complete, run.iterations, run.covered) == ("antithesis", True, 4, 4)
    assert run.contradictions == ()
    assert (observed.runs, observed.unit) == (4, "seed")
    assert {n: p.runs for n, p in observed.points.items()} == {n: 4 * p.hit for n, p in alone.observed.points.items()}
    assert {n: p.declared for n, p in observed.points.items()} == {
        n: p.declared for n, p in alone.observed.points.items()
    }
    assert manifest_of(tmp_path / "out")["outputs"] == 4
    with tarfile.open(tmp_path / "out" / OUTPUT) as archive:
        assert archive.getnames() == [f"{seed}/output" for seed in range(7, 11)]


def test_a_broken_property_is_a_failure_of_its_seeds(tmp_path: Path) -> None:
    """So that they can be replayed, and a canary is detected by them."""
    ended = record(tmp_path, "--break-at", "8,10", "--broken", BROKEN)
    assert ended.code == 0, ended
    run = read(tmp_path).run
    assert run
    assert {group.seeds for group in run.failures} == {(8, 10)}
    assert run.failed_records == 2
    checked = run_cli("check", "out", "--verdict-file", "v.json", cwd=tmp_path)
    assert checked.code == 1
    (failure,) = json.loads((tmp_path / "v.json").read_text())["failures"]
    assert failure["seeds"] == ["8", "10"]


def test_a_crash_is_the_result_of_its_seed(tmp_path: Path) -> None:
    """With or without output; what the others hit is of them alone."""
    ended = record(tmp_path, "--panic-at", "9")
    assert ended.code == 0, ended
    run = read(tmp_path).run
    assert run
    assert [(group.seeds, bool(group.crash)) for group in run.failures] == [((9,), True)]
    assert (run.iterations, run.covered, run.contradictions) == (4, 3, ())


@pytest.mark.parametrize(("flag", "told"), [("--silent-at", "it wrote nothing to"), ("--empty-at", "is empty")])
def test_no_output_is_no_pass(tmp_path: Path, flag: str, told: str) -> None:
    """Of a seed that ended well: the recording ends there, and says why."""
    ended = record(tmp_path, flag, "9")
    assert ended.code == 1
    assert told in ended.err
    assert not manifest_of(tmp_path / "out")["whole"]
    assert run_cli("check", "out", cwd=tmp_path).code == 1


def test_a_folder_of_files_is_an_output_too(tmp_path: Path) -> None:
    """What is no report among them is left out, and told."""
    results = tmp_path / "results.edn"
    results.write_text("{:valid? true, :stats {:valid? true, :by-f {:read {:valid? true, :count 9, :ok-count 9}}}}")
    ended = record(tmp_path, copy=str(results))
    assert ended.code == 0, ended
    read_back = read(tmp_path)
    assert read_back.format == "jepsen"
    assert any("1 file of one seed is no report" in warning for warning in read_back.warnings)


def test_output_that_was_taken_out_is_noticed(tmp_path: Path) -> None:
    """An archive that was cut, or that lacks a seed, is no pass."""
    record(tmp_path)
    path = tmp_path / "out" / OUTPUT
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    run = read(tmp_path).run
    assert run
    assert any("the archive of outputs breaks off" in sentence for sentence in run.contradictions)
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(gzip.decompress(whole))) as archive,
        tarfile.open(fileobj=packed, mode="w:gz") as fewer,
    ):
        for member in archive.getmembers()[1:]:
            fewer.addfile(member, archive.extractfile(member))
    path.write_bytes(packed.getvalue())
    run = read(tmp_path).run
    assert run
    assert run.contradictions == ("1 seed passed, and wrote no output that is in the recording",)
    path.unlink()
    with pytest.raises(UserError, match=r"output\.tar\.gz"):
        read(tmp_path)


def test_every_seed_has_a_process_of_its_own(tmp_path: Path) -> None:
    """With or without --per-seed: else the file of a seed would hold those before it."""
    record(tmp_path)
    whole = read(tmp_path)
    (tmp_path / "out").rename(tmp_path / "first")
    command = (sys.executable, "-S", "tested.py", "--seed", "{seed}", "--output", "{output}", "--copy", HEALTHY)
    asked = ("--scenario", "s", "--seed", "7", "--iterations", "4", "--out", "out")
    assert run_cli("record", *asked, "--", *command, cwd=tmp_path).code == 0
    assert read(tmp_path).observed == whole.observed
    assert manifest_of(tmp_path / "out")["per_seed"]
    refused = run_cli("record", *asked[:-1], "no-seed", "--", "x", "{output}", cwd=tmp_path)
    assert refused.code == 2
    assert "the command has no {seed}" in refused.err


def test_regression_seeds_write_output_too(tmp_path: Path) -> None:
    """`replay` plays them as `record` does."""
    record(tmp_path)
    (tmp_path / "seeds.txt").write_text("s 8\n")
    command = (sys.executable, "-S", "tested.py", "--seed", "{seed}", "--output", "{output}", "--copy", HEALTHY)
    ended = run_cli("replay", "seeds.txt", "--out", "again", "--", *command, cwd=tmp_path)
    assert ended.code == 0, ended
    assert manifest_of(tmp_path / "again" / "s-8")["outputs"] == 1


def test_a_file_that_no_reader_takes_is_refused(tmp_path: Path) -> None:
    """By its seed and name."""
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"hello\n"))
    record(tmp_path, copy=str(tmp_path / "x.gz"))
    with pytest.raises(UserError, match=r"output\.tar\.gz: 7/output"):
        read(tmp_path)


def test_a_pattern_does_not_read_the_archive_twice(tmp_path: Path) -> None:
    """It belongs to its recording."""
    record(tmp_path)
    assert [file.recording is not None for file in find_reports([f"{tmp_path}/out*/**"])] in ([True], [])
    assert len(find_reports([f"{tmp_path}/**"])) >= 1


def test_a_test_that_prints_digests_is_compared(tmp_path: Path) -> None:
    """Points and invariants from the files, and digests from three lines on standard output."""
    record(tmp_path, "--digest", "yes", "--noisy-at", "9")
    (tmp_path / "out").rename(tmp_path / "a")
    record(tmp_path, "--digest", "yes", "--noisy-at", "9", "--break-at", "8", "--broken", BROKEN)
    read_back = read(tmp_path)
    assert read_back.run
    assert read_back.observed
    assert (read_back.format, read_back.observed.runs, read_back.run.contradictions) == ("antithesis", 4, ())
    assert [group.seeds for group in read_back.run.failures] == [(8,)]
    ended = run_cli("determinism", "a", "out", "--format", "json", cwd=tmp_path)
    verdict = json.loads(ended.out)
    assert (verdict["seeds"], verdict["nondeterministic"]) == (4, 1)
    assert verdict["divergences"][0]["seed"] == "9"
    record_without = run_cli("determinism", "a", cwd=tmp_path)
    assert "Determinism not measured" in record_without.out
