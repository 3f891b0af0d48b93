"""`vopr-coverage determinism` as a process of its own, on recorded runs and on broken ones."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.endings import refused
from tests.support.recordings import a_recording, manifest_of
from tests.support.reports import REAL, Ended, ndjson, records_of, run_cli
from tests.support.run_pairs import changed, varying
from vopr_coverage.formats import schema as contract

UNSEEDED = "canary-rng-unseeded-check-determinism.ndjson"
MASKED = "check-determinism-byzantine.ndjson"
UNMASKED = "check-determinism-byzantine-no-trace.ndjson"


def on_real(*names: str) -> Ended:
    """The command on recorded runs of a real simulator."""
    return run_cli("determinism", *names, cwd=REAL)


def again(stream: bytes) -> bytes:
    """The same run, made a second time: only the clock has moved."""
    return ndjson(*(record | {"timestamp": "2026-05-08T03:00:00+00:00"} for record in records_of(stream)))


def written(folder: Path, **streams: bytes) -> list[str]:
    """The streams as files; returns their names."""
    for name, stream in streams.items():
        (folder / f"{name}.ndjson").write_bytes(stream)
    return [f"{name}.ndjson" for name in streams]


# ---- recorded runs


def test_a_simulator_with_an_unseeded_generator_is_nondeterministic() -> None:
    """Every seed failed without a record, and the replay command leaves the simulator's own check out."""
    ended = on_real(f"swizzle={UNSEEDED}")
    assert ended.code == 1
    assert ended.out.endswith("❌ Determinism FAILED\n")
    assert "10 of 10 seeds failed without a record: 42, 43, 44" in ended.out
    assert "      vopr --scenario swizzle --seed 42 --iterations 1 --json -v --no-trace-on-failure\n" in ended.out
    assert "72.2% to 100%" in ended.out


def test_determinism_failures_are_told_apart_from_bugs_that_the_check_may_have_hidden() -> None:
    """Two of ten left no record; the other eight failed an invariant, and that may be all there is to the two."""
    ended = on_real(MASKED)
    assert ended.code == 1
    assert "2 of 10 seeds failed without a record: 14, 15" in ended.out
    assert "8 seeds failed an invariant, with a record" in ended.out
    assert "--no-trace-on-failure is set" in ended.out
    assert "one that fails is an ordinary bug that the check hid" in ended.out


def test_the_same_run_with_nothing_hidden_does_not_show_that_seeds_ran_twice() -> None:
    """A stream looks the same with and without the check when nothing differs: not measured, and no pass."""
    ended = on_real(UNMASKED)
    assert ended.code == 1
    assert ended.out.endswith("❌ Determinism NOT MEASURED\n")
    assert "nothing shows that seeds ran twice" in ended.out


def test_check_does_not_ask_whether_seeds_ran_twice() -> None:
    """Whoever wants to know uses this command."""
    ended = run_cli("check", "combined.ndjson", "--profile", "nightly", cwd=REAL)
    assert "determinism" not in ended.out.partition("Judged")[0].lower().replace("storage_determinism", "")


@pytest.mark.parametrize(
    ("left", "right", "seeds"),
    [
        ("swizzle-a.ndjson", "swizzle-ab.ndjson", 15),  # the lower half of the other's range
        ("swizzle-b.ndjson", "swizzle-ab.ndjson", 15),  # the upper half
        ("combined.ndjson", "canary-wrong-hash.ndjson", 20),  # another build, whose canary is wired to nothing
    ],
)
def test_two_processes_of_a_deterministic_simulator_agree(left: str, right: str, seeds: int) -> None:
    """Compared where they overlap; few seeds and a constant hash are said."""
    for names in ((left, right), (right, left)):
        ended = on_real(*names)
        assert ended.code == 0, ended
        assert ended.out.endswith("✅ Determinism PASSED\n")
        assert f"{seeds} seeds run twice, no difference" in ended.out
        assert f"kernel_state_hash is the same for all {seeds} seeds" in ended.out
        assert f"{seeds} seeds can't show much" in ended.out


def test_two_different_simulators_do_not() -> None:
    """All that differs is told with both values, hashes in 16 digits."""
    ended = on_real("combined.ndjson", "canary-drop-disabled.ndjson")
    assert ended.code == 1
    told = "storage_hash 30ebc8a6fc874168… / bf18290dfc1c655f…, simulated_time_ms 39240.0 / 41390.0"
    assert f"seed 42: events 29901 / 29904, {told}" in ended.out
    assert "20 of 20 seeds came out differently in canary-drop-disabled.ndjson" in ended.out


def test_seeds_without_a_record_on_one_side_fail_the_comparison() -> None:
    """The eight that both have are compared."""
    ended = on_real(MASKED, UNMASKED)
    assert ended.code == 1
    assert "8 seeds run twice, no difference" in ended.out


def test_nothing_in_common_is_not_measured() -> None:
    """Shards of a night have no seed in common."""
    ended = on_real("swizzle-a.ndjson", "swizzle-b.ndjson")
    assert ended.code == 1
    assert "no seed in common: swizzle-a.ndjson has seeds 0–14, swizzle-b.ndjson has seeds 15–29" in ended.out


def test_a_killed_run_is_incomplete(tmp_path: Path) -> None:
    """By itself, and against a whole one, where what both have is compared."""
    assert on_real("combined-killed.ndjson").code == 1
    killed = (REAL / "combined-killed.ndjson").read_bytes()
    records = records_of(killed.rpartition(b"\n")[0])
    written(tmp_path, a=killed, b=changed(again(ndjson(*records)), 905, events=1))
    ended = run_cli("determinism", "a.ndjson", "b.ndjson", cwd=tmp_path)
    assert ended.code == 1
    assert ended.out.endswith("❌ Determinism FAILED: a run did not finish\n")
    assert "185 seeds to compare left no record: 915–1099" in ended.out
    assert "1 of 15 seeds came out differently in b.ndjson, the first is seed 905 (events)" in ended.out


# ---- copies


def test_one_file_named_twice_is_a_usage_error(tmp_path: Path) -> None:
    """Also by a link: it proves nothing."""
    (name,) = written(tmp_path, a=varying(70))
    (tmp_path / "link").symlink_to(name)
    for second in (name, f"./{name}", "link"):
        (told,) = refused(run_cli("determinism", name, second, cwd=tmp_path))
        assert "two runs must come from two processes" in told


@pytest.mark.parametrize("packed", [False, True])
def test_a_copy_is_a_usage_error(tmp_path: Path, packed: bool) -> None:
    """Two runs have two times of day; the same bytes, packed or not, are one run."""
    stream = varying(3000)
    written(tmp_path, a=stream)
    (tmp_path / "b").write_bytes(gzip.compress(stream) if packed else stream)
    (told,) = refused(run_cli("determinism", "a.ndjson", "b", cwd=tmp_path))
    assert told.startswith("a.ndjson and b hold the same run, begun and ended at the same instant")


def test_two_runs_that_agree_in_all_but_the_clock_pass(tmp_path: Path) -> None:
    """That is the good case, and one of them may be packed."""
    stream = varying(3000)
    written(tmp_path, a=stream)
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(again(stream)))
    ended = run_cli("determinism", "a.ndjson", "b.ndjson.gz", cwd=tmp_path)
    assert ended.code == 0
    assert "3,000 seeds run twice, no difference: at most 0.0998% of all seeds" in ended.out
    assert "Warnings" not in ended.out


# ---- usage


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["combined.ndjson", "baseline.ndjson", "swizzle-a.ndjson"],
            "expected one run or two of the same seeds, found 3",
        ),
        (["a=combined.ndjson", "b=baseline.ndjson"], "these are runs of two scenarios, 'a' and 'b'"),
        (["not-json.txt"], "not-json.txt: expected records of a VOPR stream, found 22 lines without one"),
        (["nowhere"], "nowhere: expected a readable file, found no such file or directory"),
        (["combined.ndjson", "--format", "yaml"], "unknown 'yaml'"),
        (["combined.ndjson", "--profile", "nightly"], "unknown argument '--profile'"),
        (["combined.ndjson", "--config", "nowhere.yml"], "nowhere.yml: expected a readable file"),
    ],
)
def test_what_can_not_be_used_is_refused(arguments: list[str], told: str) -> None:
    """In one sentence, with exit code 2 and nothing on standard output."""
    assert told in refused(run_cli("determinism", *arguments, cwd=REAL))[0]


def test_a_document_without_records_is_refused(tmp_path: Path) -> None:
    """A coverage report says nothing about seeds."""
    (tmp_path / "report.json").write_text('{"total_fault_points": 4}')
    assert "expected records of a VOPR stream" in refused(run_cli("determinism", "report.json", cwd=tmp_path))[0]


def test_a_broken_record_is_told_with_its_line(tmp_path: Path) -> None:
    """As `check` tells it."""
    written(tmp_path, a=varying(70), b=changed(again(varying(70)), 42, events=-1))
    ended = run_cli("determinism", "a.ndjson", "b.ndjson", cwd=tmp_path)
    assert "Judged:\n  - a.ndjson, 70 iterations, from seed 0\n" in ended.out  # by itself, see test_unusable_runs.py
    (told,) = refused(ended._replace(out=""))
    assert told == "b.ndjson:44#/data/events: expected an integer from 0 to 2^64-1, found -1"


# ---- what comes out


def test_the_verdict_and_the_summary_are_written(tmp_path: Path) -> None:
    """The verdict meets its schema, which is shipped; --format json prints the same."""
    left = varying(300)
    right = ndjson(*(_later(record) for record in records_of(again(left))))
    written(tmp_path, a=left, b=right)
    files = ["--verdict-file", "out/v.json", "--summary-file", "out/s.md"]
    ended = run_cli("determinism", "a.ndjson", "b.ndjson", "--format", "json", *files, cwd=tmp_path)
    assert ended.code == 1
    assert (tmp_path / "out/v.json").read_text() == ended.out
    verdict = json.loads(ended.out)
    assert contract.problems("determinism", verdict) == []
    assert json.loads(run_cli("schema", "determinism", cwd=tmp_path).out)["$id"] == verdict["format"]
    assert (verdict["nondeterministic"], len(verdict["divergences"])) == (300, 100)
    assert (tmp_path / "out/s.md").read_text().startswith("## ❌ Determinism FAILED\n")
    markdown = run_cli("determinism", "a.ndjson", "b.ndjson", "--format", "markdown", cwd=tmp_path)
    assert markdown.out == (tmp_path / "out/s.md").read_text()


def _later(record: dict[str, object]) -> dict[str, object]:
    data = record["data"]
    if record["type"] == "iteration" and isinstance(data, dict):
        data["events"] += 1
    return record


def test_where_nothing_was_judged_the_verdict_file_says_so(tmp_path: Path) -> None:
    """So that nobody takes an old one for it."""
    ended = run_cli("determinism", "nowhere", "--verdict-file", "v.json", cwd=tmp_path)
    refused(ended)
    verdict = json.loads((tmp_path / "v.json").read_text())
    assert (verdict["status"], verdict["passed"], verdict["mode"]) == ("error", False, None)
    assert contract.problems("determinism", verdict) == []


def test_the_config_says_how_to_replay(tmp_path: Path) -> None:
    """Its `repro`, with the scenario's name quoted."""
    written(tmp_path, a=varying(70), b=changed(again(varying(70)), 42, events=1))
    (tmp_path / "c.yml").write_text("repro: simulate {scenario} {seed}\n")
    ended = run_cli("determinism", "a.ndjson", "b.ndjson", "--config", "c.yml", "--scenario", "x y", cwd=tmp_path)
    assert "      simulate 'x y' 42\n" in ended.out


def test_names_in_messages_do_nothing_but_stand_there(tmp_path: Path) -> None:
    """Control characters are escaped on a terminal, Markdown is inert."""
    hostile = "\x1b[2J</code>@team\n::error::x"
    left = varying(70, failing=[5])
    written(tmp_path, a=left, b=changed(again(left), 5, message=hostile))
    ended = run_cli("determinism", "a.ndjson", "b.ndjson", cwd=tmp_path)
    assert "message read mismatch / \\x1b[2J</code>@team\\n::error::x" in ended.out
    page = run_cli("determinism", "a.ndjson", "b.ndjson", "--format", "markdown", cwd=tmp_path).out
    assert "@team" not in page
    assert "::error::" not in page


# ---- recordings


def recorded(folder: Path, name: str, stream: bytes, *flags: str) -> str:
    """A recording of a simulator that says just this; returns its name."""
    (folder / f"{name}.txt").write_bytes(stream)
    count, first = records_of(stream)[0]["data"]["iterations"], records_of(stream)[0]["data"]["starting_seed"]
    prints = f"import sys; sys.stdout.buffer.write(open('{name}.txt', 'rb').read())"
    asked = ("--scenario", "swizzle", "--seed", str(first), "--iterations", str(count), "--out", name)
    command = (sys.executable, "-c", prints, "{seed}", *flags)
    assert run_cli("record", *asked, "--", *command, cwd=folder).code == 0
    return name


def test_two_recordings_are_compared_with_each_other_and_with_a_stream(tmp_path: Path) -> None:
    """Their hashes have 16 digits, a stream's 64; their commands replay."""
    digits = {"storage_hash": "0123456789abcdef" * 4, "kernel_state_hash": "fedcba9876543210" * 4}
    stream = changed(varying(300), 7, **digits)
    a = recorded(tmp_path, "a", stream)
    b = recorded(tmp_path, "b", again(stream))
    c = recorded(tmp_path, "c", changed(again(stream), 42, storage_hash="ab" * 32))
    written(tmp_path, whole=again(stream))
    for names in ((a, b), (a, "whole.ndjson")):
        assert run_cli("determinism", *names, cwd=tmp_path).code == 0
    (told,) = refused(run_cli("determinism", "whole.ndjson", b, cwd=tmp_path))  # what b was recorded from
    assert "hold the same run" in told
    ended = run_cli("determinism", a, c, cwd=tmp_path)
    assert ended.code == 1
    assert "1 of 300 seeds came out differently in c, the first is seed 42 (storage_hash)" in ended.out
    assert "scenario swizzle" in ended.out
    assert " 42\n" in ended.out.partition("Replay:\n")[2].partition("Compared")[0]


def test_a_recording_shows_that_its_seeds_ran_twice(tmp_path: Path) -> None:
    """Its command says so; without that it is not measured, like any stream."""
    name = recorded(tmp_path, "twice", varying(100), "--check-determinism")
    ended = run_cli("determinism", name, cwd=tmp_path)
    assert ended.code == 0, ended
    assert "100 seeds run twice, no difference" in ended.out
    assert run_cli("determinism", recorded(tmp_path, "once", varying(100)), cwd=tmp_path).code == 1


def test_a_replay_leaves_the_simulators_own_check_out(tmp_path: Path) -> None:
    """Or a bug that it hides would be hidden again."""
    name = recorded(tmp_path, "twice", varying(100, lost=[9]), "--check-determinism")
    replay = run_cli("determinism", name, cwd=tmp_path).out.partition("Replay:\n")[2].partition("Judged")[0]
    assert " 9\n" in replay
    assert "--check-determinism" not in replay


def test_a_simulator_whose_output_depends_on_its_arguments_alone_passes(tmp_path: Path) -> None:
    """Its times are simulated ones: two processes write the same bytes, and their manifests are two."""
    stream = varying(300)
    a, b = recorded(tmp_path, "a", stream), recorded(tmp_path, "b", stream)
    ended = run_cli("determinism", a, b, cwd=tmp_path)
    assert ended.code == 0, ended
    assert "300 seeds run twice, no difference" in ended.out


def test_a_copied_recording_is_refused(tmp_path: Path) -> None:
    """It is one process, whether its manifest names it or is an old one that doesn't."""
    recorded(tmp_path, "a", varying(300))
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    (told,) = refused(run_cli("determinism", "a", "copy", cwd=tmp_path))
    assert told.startswith("a/stream.ndjson.gz and copy/stream.ndjson.gz hold the same run")
    assert "vopr-coverage record" not in told
    for name in ("a", "copy"):
        manifest = manifest_of(tmp_path / name)
        del manifest["id"]
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
    assert "hold the same run" in refused(run_cli("determinism", "a", "copy", cwd=tmp_path))[0]


def test_a_recording_and_a_copy_of_its_stream_are_refused(tmp_path: Path) -> None:
    """One manifest shows one process; the message says what would show two."""
    recorded(tmp_path, "a", varying(300))
    shutil.copy(tmp_path / "a" / "stream.ndjson.gz", tmp_path / "b.gz")
    (told,) = refused(run_cli("determinism", "a", "b.gz", cwd=tmp_path))
    assert "the manifests of `vopr-coverage record` show which process a run is of" in told


def test_old_recordings_of_two_processes_are_told_apart_by_their_manifests(tmp_path: Path) -> None:
    """Without an id, by when they began and how long they took."""
    for name, began in (("a", "2026-05-07T02:00:00Z"), ("b", "2026-05-07T02:00:01Z")):
        a_recording(tmp_path / name, varying(300), iterations=300, started_at=began)
        manifest = manifest_of(tmp_path / name)
        del manifest["id"], manifest["last_words"]
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
    assert run_cli("determinism", "a", "b", cwd=tmp_path).code == 0
