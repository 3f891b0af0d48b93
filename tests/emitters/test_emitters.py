"""What the emitters write, by the toy simulator of each language: the same streams, exact, whole, and judged truly."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.checking import checked
from tests.support.toys import LANGUAGES, Command
from vopr_coverage.formats.schema import problems
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.reading import read_report

UINT64_MAX = (1 << 64) - 1
NASTY = '"quoted" \\ new\nline\ttab \r\b\f\x01\x1f\x7f äöü – 日本 \U0001f980 \u2028 </script> {}:,'
CONFIG = "profile: none\nfault_point_coverage_min: 1.0\nrequired_invariants: [never_ahead]\nmin_iterations: 50\n"
Record = dict[str, Any]
every_language = pytest.mark.parametrize("language", LANGUAGES)


def run(toy: Command, *options: str | bytes, code: int = 0) -> bytes:
    """What a toy prints; it must end with `code`."""
    ended = subprocess.run([*toy, *options], capture_output=True, timeout=120, check=False)
    assert ended.returncode == code, ended.stderr.decode(errors="replace")
    return ended.stdout


def records(stream: bytes) -> list[Record]:
    """The records of a stream; a key without a value says as much as a missing one."""
    found = [json.loads(line) for line in stream.decode().split("\n")[:-1]]
    return [{key: value for key, value in record.items() if value is not None} for record in found]


def judged(stream: bytes, folder: Path) -> Verdict:
    """The verdict on a stream."""
    (folder / "run.ndjson").write_bytes(stream)
    (folder / "toy.yml").write_text(CONFIG)
    return checked([str(folder / "run.ndjson")], config=str(folder / "toy.yml"))


def lines_of(verdict: Verdict) -> list[str]:
    """What a verdict complains of."""
    return [violation.line for violation in verdict.violations]


@every_language
def test_the_reader_takes_what_an_emitter_writes_without_a_word(
    language: str, toys: dict[str, Command], tmp_path: Path
) -> None:
    """Each record meets the schema; the stream is whole, and in agreement with itself."""
    stream = run(toys[language])
    for line in stream.splitlines():
        record = json.loads(line)
        assert problems("simulation", record, record["type"]) == []
    (tmp_path / "run.ndjson").write_bytes(stream)
    read = read_report(str(tmp_path / "run.ndjson"))
    assert read.run is not None
    assert (read.format, read.warnings, read.run.complete, read.run.contradictions) == ("simulation", (), True, ())
    assert (read.run.records, read.run.seed_ignored, read.run.ran_nothing) == (100, False, False)


@every_language
def test_a_healthy_toy_passes_and_a_broken_one_fails_by_its_invariant(
    language: str, toys: dict[str, Command], tmp_path: Path
) -> None:
    """Seeds that held and seeds that failed stand in one stream, and the message goes through to the verdict."""
    assert lines_of(judged(run(toys[language]), tmp_path)) == []
    broken = run(toys[language], "--broken")
    end = records(broken)[-1]
    assert 0 < end["failed"] < end["seeds"] == 100
    verdict = judged(broken, tmp_path)
    assert not verdict.passed
    (line,) = lines_of(verdict)
    assert f"Invariant 'never_ahead' failed on {end['failed']} seeds" in line
    first = next(record for record in records(broken) if record.get("status") == "failed")
    assert first["failure"]["message"].startswith("toy: replica ")
    assert first["failure"]["message"] in verdict.violations[0].detail


@pytest.mark.parametrize("options", [["--seeds", "300"], ["--broken"], ["--seed", str(UINT64_MAX - 20)]])
def test_all_languages_write_the_same_records(options: list[str], toys: dict[str, Command]) -> None:
    """They simulate the same, so that whatever differs is an emitter's doing."""
    streams = {language: records(run(toys[language], *options)) for language in LANGUAGES}
    assert len(streams["python"]) > 100
    for language, stream in streams.items():
        for record, expected in zip(stream, streams["python"], strict=True):
            assert record == expected, language


@every_language
def test_seeds_are_exact_up_to_the_highest_and_go_on_at_0(
    language: str, toys: dict[str, Command], tmp_path: Path
) -> None:
    """A number that went through a double would end in 616 or 552."""
    stream = run(toys[language], "--seed", str(UINT64_MAX - 60), "--seeds", "63")
    assert records(stream)[0]["first_seed"] == UINT64_MAX - 60
    seeds = [record["seed"] for record in records(stream)[1:-1]]
    assert seeds == [*range(UINT64_MAX - 60, UINT64_MAX + 1), 0, 1]
    assert lines_of(judged(stream, tmp_path)) == []


@every_language
def test_a_digest_is_of_its_seed_alone(language: str, toys: dict[str, Command]) -> None:
    """The same seed gives the same bytes in another run; another seed gives another digest."""
    stream = run(toys[language])
    assert stream == run(toys[language])
    digests = {record["seed"]: record["digest"] for record in records(stream)[1:-1]}
    assert len(set(digests.values())) == 100
    assert records(run(toys[language], "--seed", "40", "--seeds", "1"))[1]["digest"] == digests[40]


@every_language
def test_any_text_can_be_a_name(language: str, toys: dict[str, Command], tmp_path: Path) -> None:
    """In a declaration, a count, an invariant, a message and the scenario."""
    stream = run(toys[language], "--scenario", NASTY, "--broken")
    start, *seeds, _ = records(stream)
    assert start["scenario"] == NASTY
    assert start["points"]["reachable"] == [f"{NASTY}: all equal"]
    assert start["optional_invariants"] == [f"{NASTY}: repaired by one copy"]
    assert any(f"{NASTY}: all equal" in record["hits"] for record in seeds)
    assert any(f"{NASTY}: repaired by one copy" in record["ran"] for record in seeds)
    messages = [record["failure"]["message"] for record in seeds if record["status"] == "failed"]
    assert messages
    assert all(message.startswith(f"{NASTY}: replica ") for message in messages)
    (line,) = lines_of(judged(stream, tmp_path))
    assert "never_ahead" in line


@every_language
@pytest.mark.parametrize("wrong", [b"\xff", b"\xc0", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"])
def test_a_byte_that_is_no_text_costs_no_record(language: str, wrong: bytes, toys: dict[str, Command]) -> None:
    """A name of a file may have one: each becomes the character for what can't be shown."""
    start = records(run(toys[language], "--scenario", b"a" + wrong + b"z", "--seeds", "1"))[0]
    assert start["scenario"] == "a" + "\ufffd" * len(wrong) + "z"


@every_language
def test_a_killed_toy_leaves_whole_lines_and_is_incomplete_at_its_seed(
    language: str, toys: dict[str, Command], tmp_path: Path
) -> None:
    """It hangs in a seed: what came before must be in the file by then, and nothing of that seed."""
    first, died = UINT64_MAX - 1, 1
    options = ["--seed", str(first), "--seeds", "100", "--hang-at", str(died)]
    path = tmp_path / "killed.ndjson"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}  # which hides a lost flush
    with path.open("wb") as out, subprocess.Popen([*toys[language], *options], stdout=out, env=env) as process:
        try:
            deadline_s = time.monotonic() + 60
            while path.read_bytes().count(b"\n") < 4 and time.monotonic() < deadline_s:
                time.sleep(0.02)
        finally:
            process.kill()
    stream = path.read_bytes()
    assert [record.get("seed") for record in records(stream)] == [None, first, first + 1, 0]
    assert stream.endswith(b"\n")
    lines = lines_of(judged(stream, tmp_path))
    assert lines[0] == f"Run incomplete: no end record after 3 of 100 seeds, stopped at seed {died}"


@every_language
def test_a_full_disk_is_not_passed_over(language: str, toys: dict[str, Command]) -> None:
    """A simulator whose results are lost must not end as if all were well."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([*toys[language]], stdout=full, stderr=subprocess.DEVNULL, timeout=60, check=False)
    assert ended.returncode != 0
