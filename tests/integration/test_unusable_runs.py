"""What `determinism` and `init` say of runs that cannot be used, of hung recordings, and of folders left unread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.recordings import a_recording
from tests.support.reports import MODEST, REAL, a_stream, run_cli
from vopr_coverage.formats import schema as contract

HANGS: dict[str, Any] = {
    "timed_out": True,
    "timeout_s": 2.0,
    "exit_code": None,
    "signal": 15,
    "whole": False,
    "lines": {},
    "last_words": ["waiting for the lock"],
}
UNSEEDED = str(REAL / "canary-rng-unseeded-check-determinism.ndjson")


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A healthy stream, an empty file, a hung recording, and a folder in which nothing can be read."""
    (tmp_path / "good.ndjson").write_bytes(a_stream(4))
    (tmp_path / "empty.ndjson").write_bytes(b"")
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    a_recording(tmp_path / "hung", b"", seed="6", **HANGS)
    (tmp_path / "runs" / "lost").mkdir(parents=True)
    (tmp_path / "runs" / "one.ndjson").write_bytes(a_stream(4))
    return tmp_path


# ---- determinism


@pytest.mark.parametrize("other", ["empty.ndjson", "absent.ndjson"])
@pytest.mark.parametrize("turned", [False, True])
def test_of_two_runs_the_usable_one_is_judged_and_the_exit_code_is_2(world: Path, other: str, turned: bool) -> None:
    """The seeds that failed its own check are told, and nothing looks like a pass, on paper, page or terminal."""
    runs = [UNSEEDED, other][:: -1 if turned else 1]
    ended = run_cli("determinism", *runs, "--summary-file", "s.md", "--verdict-file", "v.json", cwd=world)
    assert ended.code == 2
    assert ended.out.startswith(f"Cannot be compared:\n  - {other}: expected ")
    assert ended.out.endswith("\n❌ Determinism could not be judged\n")
    assert "10 of 10 seeds failed without a record: 42, 43, 44" in ended.out
    assert f"{other}: expected " in ended.err
    verdict = json.loads((world / "v.json").read_text())
    assert contract.problems("determinism", verdict) == []
    assert (verdict["status"], verdict["passed"], verdict["nondeterministic"]) == ("error", False, 10)
    assert verdict["reason"].startswith(f"1 of 2 runs cannot be compared: {other}: expected ")
    assert "10 of 10 seeds failed" in verdict["reason"]
    page = (world / "s.md").read_text()
    assert "One of two runs cannot be compared, and that is not a pass" in page
    assert "Nothing was judged" not in page
    assert "10 of 10 seeds failed without a record" in page


def test_that_a_run_was_not_checked_by_itself_is_no_finding_beside_an_unusable_one(world: Path) -> None:
    """A comparison was asked for, and its absence is what the error says."""
    ended = run_cli("determinism", "good.ndjson", "empty.ndjson", cwd=world)
    assert ended.code == 2
    assert "nothing shows that seeds ran twice" not in ended.out
    assert "Judged:\n  - good.ndjson, 4 iterations, from seed 0\n" in ended.out


def test_two_unusable_runs_are_both_named_and_nothing_is_judged(world: Path) -> None:
    """As it is with a single one."""
    ended = run_cli("determinism", "empty.ndjson", "absent.ndjson", "--verdict-file", "v.json", cwd=world)
    assert (ended.code, ended.out) == (2, "")
    for name in ("absent.ndjson: expected a readable file", "empty.ndjson: expected a report"):
        assert name in ended.err
    verdict = json.loads((world / "v.json").read_text())
    assert (verdict["reason"].startswith("nothing was judged"), verdict["runs"]) == (True, [])
    assert run_cli("determinism", "empty.ndjson", cwd=world).out == ""


def test_wrong_usage_beside_an_unusable_run_is_wrong_usage(world: Path) -> None:
    """Three runs cannot be compared, whatever is in them."""
    ended = run_cli("determinism", "good.ndjson", UNSEEDED, "empty.ndjson", cwd=world)
    assert (ended.code, ended.out) == (2, "")
    ended = run_cli("determinism", "good.ndjson", "good.ndjson", cwd=world)
    assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize("command", ["determinism", "init", "doctor", "check"])
def test_folders_that_a_pattern_matches_and_nothing_is_read_in_are_named(world: Path, command: str) -> None:
    """A recording that lost its files looks the same."""
    config = ("--config", "c.json") if command in ("doctor", "check") else ()
    ended = run_cli(command, "runs/*", *config, cwd=world)
    said = ended.err if command == "init" else ended.out
    assert "runs/* matches folders that are no recordings and were not read: runs/lost" in said
    if command == "init":
        assert ended.code == 0
        assert "lost" not in ended.out


def test_a_recording_is_judged_beside_an_unusable_run(world: Path) -> None:
    """With its manifest, which says what ended it."""
    ended = run_cli("determinism", "hung", "absent.ndjson", cwd=world)
    assert ended.code == 2
    assert "hung: Run incomplete: timed out after 2 s, nothing written" in ended.out


# ---- init


def test_init_says_what_a_hung_recording_is(world: Path) -> None:
    """Its timeout and its simulator's last words; two of them are no copies of each other."""
    line = "init learns from healthy runs only. Run incomplete: timed out after 2 s, nothing written"
    a_recording(world / "hung-too", b"", seed="9", **HANGS)
    ended = run_cli("init", "hung*", "good.ndjson", cwd=world)
    assert (ended.code, ended.out) == (2, "")
    for name in ("hung", "hung-too"):
        assert f"{name}: {line}" in ended.err
    assert "waiting for the lock" in ended.err


def test_init_names_every_run_that_cannot_be_used(world: Path) -> None:
    """Not only the first one."""
    (world / "noise.ndjson").write_bytes(b"no json\n")
    ended = run_cli("init", "empty.ndjson", "noise.ndjson", "good.ndjson", cwd=world)
    assert ended.code == 2
    assert "empty.ndjson: expected" in ended.err
    assert "noise.ndjson" in ended.err
