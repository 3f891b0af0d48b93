"""Canaries that a crash detects: one whose last words match what the config declares, and no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.recordings import a_recording
from tests.support.reports import a_stream
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.crash import TEXT_MAX
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.folder import canary_run, read_run
from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult, CanaryVerdict, judge_canaries
from vopr_coverage.config.file import parse_config
from vopr_coverage.doctor.crashes import OTHERS, remarks_on_crashes
from vopr_coverage.errors import ConfigError
from vopr_coverage.formats.schema import problems
from vopr_coverage.model.crash import crash_of
from vopr_coverage.reading.records import died_line
from vopr_coverage.render.canaries import render_canaries_markdown, render_canaries_text

PANIC = ["thread 'main' panicked at src/quorum.rs:17:9:", "commit without a quorum: 1 of 3 votes"]
CRASH = r"commit without a quorum: \d of \d"
CUT = b"".join(a_stream(20).splitlines(keepends=True)[:10])
DIED = {"exit_code": 101, "whole": False, "last_words": PANIC}


def verdict_on(tmp_path: Path, stream: bytes, detector: Detector, **manifest: Any) -> CanaryVerdict:
    """A canary's recording, judged beside a healthy control run of 20 seeds."""
    a_recording(tmp_path / "control", a_stream(20), seed="0", iterations=20)
    a_recording(tmp_path / "bug", stream, seed="0", iterations=20, **manifest)
    control = ControlRun(read_run(str(tmp_path / "control")))
    return judge_canaries([control], [canary_run("bug", tmp_path / "bug")], {"bug": detector}, "1.0")


def judged(tmp_path: Path, stream: bytes = CUT, crash: str = CRASH, **manifest: Any) -> CanaryResult:
    """How that canary ended, if the crash is all that may detect it."""
    return verdict_on(tmp_path, stream, Detector(crash=crash), **DIED | manifest).results[0]


# ---- detected


def test_a_crash_with_the_declared_words_detects(tmp_path: Path) -> None:
    """And is quoted, with the place where it happened; the verdict says that it was a crash."""
    verdict = verdict_on(tmp_path, CUT, Detector(("hash_chain",), crash=CRASH), **DIED)
    (result,) = verdict.results
    assert (result.ending, result.by_crash) == (CanaryEnding.DETECTED, True)
    where = "ended with exit code 101, no batch_complete after 9 of 20 iterations, stopped at seed 9"
    assert result.detail == f"{where}; stderr ends with: {' / '.join(PANIC)}"
    assert (verdict.passed, verdict.reason) == (True, "1 of 1 canary detected, 1 by a crash")
    assert problems("canaries", json.loads(verdict.to_json())) == []
    assert "commit without a quorum" in render_canaries_markdown(verdict)


@pytest.mark.parametrize(
    "manifest",
    [{"exit_code": None, "signal": 6}, {"exit_code": None, "signal": 11}, {"exit_code": 134}, {"exit_code": 1}],
    ids=str,
)
def test_any_way_to_crash_detects(tmp_path: Path, manifest: dict[str, Any]) -> None:
    """An abort, a segmentation fault, an abort behind a shell, an assertion of a script."""
    assert judged(tmp_path, **manifest).ending is CanaryEnding.DETECTED


@pytest.mark.parametrize("stream", [b"", a_stream(20), CUT], ids=["nothing written", "a whole stream", "cut"])
def test_it_does_not_matter_what_the_crash_left(tmp_path: Path, stream: bytes) -> None:
    """A buffer may be lost, and a simulator may crash at its very end."""
    result = judged(tmp_path, stream)
    assert result.ending is CanaryEnding.DETECTED
    assert PANIC[1] in result.detail


@pytest.mark.parametrize(("signal", "last_words"), [(6, PANIC), (9, PANIC), (6, ["index out of bounds"])], ids=str)
def test_a_crash_at_one_seed_of_many_processes_detects(tmp_path: Path, signal: int, last_words: list[str]) -> None:
    """`record --per-seed` goes on: its recording is whole, and has the crash in its stream. Another one is told so."""
    lines = a_stream(20, failing={4: "x"}).splitlines(keepends=True)
    lines[5] = died_line(4, crash_of(None, signal, last_words))
    detector, whole = Detector(crash=CRASH), b"".join(lines)
    (result,) = verdict_on(tmp_path, whole, detector, per_seed=True).results
    if signal == 6 and last_words == PANIC:
        assert (result.ending, result.by_crash) == (CanaryEnding.DETECTED, True)
        assert result.detail.startswith("died at seed 4, ended by signal 6")
    else:
        why = "`crash` does not match its last words" if signal == 6 else "it did not crash by itself"
        assert (result.ending, result.detail.endswith(f"; {why}")) == (CanaryEnding.CRASHED, True)
        assert result.advice.startswith("It is not the declared crash")


def test_the_own_failure_of_a_canary_still_detects_it(tmp_path: Path) -> None:
    """One detector is enough, and exit code 1 is then no crash."""
    failed = a_stream(20, failing={3: "hash_chain"})
    result = verdict_on(tmp_path, failed, Detector(("hash_chain",), crash=CRASH), exit_code=1).results[0]
    assert (result.ending, result.by_crash) == (CanaryEnding.DETECTED, False)


# ---- not detected


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ({"last_words": ["index out of bounds"]}, "stderr ends with: index out of bounds; `crash` does not match its"),
        ({"last_words": []}, "ended with exit code 101; it wrote nothing to stderr"),
        ({"exit_code": None, "signal": 9}, "it did not crash by itself"),
        ({"exit_code": 137}, "it did not crash by itself"),
        ({"exit_code": None, "signal": 15}, "it did not crash by itself"),
        ({"exit_code": 0}, "it did not crash by itself"),
        ({"interrupted": True}, "it did not crash by itself"),
        ({"duration_s": None, "exit_code": None}, "it did not crash by itself"),
    ],
    ids=str,
)
def test_another_end_is_a_crash_that_detects_nothing(tmp_path: Path, manifest: dict[str, Any], why: str) -> None:
    """Out of memory, or stopped by a person: the words may be those of the bug, the end is not."""
    result = judged(tmp_path, **manifest)
    assert (result.ending, result.by_crash) == (CanaryEnding.CRASHED, False)
    assert why in result.detail


def test_a_timeout_is_no_crash(tmp_path: Path) -> None:
    """Whatever was written before it."""
    result = judged(tmp_path, timed_out=True, timeout_s=9.0)
    assert result.ending is CanaryEnding.TIMED_OUT
    assert result.detail == f"timed out after 9 s; stderr ends with: {' / '.join(PANIC)}"


def test_without_a_declared_crash_nothing_changes(tmp_path: Path) -> None:
    """A crash may be any bug; its last words are told."""
    result = verdict_on(tmp_path, CUT, Detector(("hash_chain",)), **DIED).results[0]
    told = f"ended with exit code 101; stderr ends with: {' / '.join(PANIC)}"
    assert (result.ending, result.detail) == (CanaryEnding.CRASHED, told)
    assert "declare `crash`" in result.advice


def test_a_whole_run_that_crashed_nowhere_is_not_detected(tmp_path: Path) -> None:
    """Nothing failed, as for any other detector."""
    result = verdict_on(tmp_path, a_stream(20), Detector(crash=CRASH)).results[0]
    assert result.ending is CanaryEnding.NOT_DETECTED
    assert result.expected == f"a crash whose last words match {CRASH}"


def test_another_failure_is_not_turned_into_a_crash(tmp_path: Path) -> None:
    """A failed seed explains the exit code; the last words may be about it."""
    assert judged(tmp_path, a_stream(20, failing=[3]), exit_code=1).ending is CanaryEnding.WRONG_INVARIANT


def test_a_bare_stream_has_no_last_words(tmp_path: Path) -> None:
    """What it lacks is told, since nobody would look for it."""
    for name, stream in (("control", a_stream(20)), ("bug", CUT)):
        (tmp_path / name).write_bytes(stream)
    control = ControlRun(read_run(str(tmp_path / "control")))
    run, detector = canary_run("bug", tmp_path / "bug"), Detector(crash=CRASH)
    result = judge_canaries([control], [run], {"bug": detector}, "1.0").results[0]
    assert result.ending is CanaryEnding.CRASHED
    assert result.detail.endswith("; only a recording has the last words that `crash` is searched in")


def test_only_the_end_of_long_last_words_is_searched(tmp_path: Path) -> None:
    """A manifest is anybody's; a recorder writes 400 characters at most."""
    words = ["commit without a quorum: 1 of 3", *["x" * 500] * 3]
    assert sum(map(len, words[1:])) > TEXT_MAX
    assert judged(tmp_path, last_words=words).ending is CanaryEnding.CRASHED


def test_a_red_control_run_leaves_a_crash_without_meaning(tmp_path: Path) -> None:
    """If the control run crashes as well, the canary shows nothing."""
    a_recording(tmp_path / "red", CUT, seed="0", iterations=20, **DIED)
    a_recording(tmp_path / "bug", CUT, seed="0", iterations=20, **DIED)
    run, declared = canary_run("bug", tmp_path / "bug"), {"bug": Detector(crash=CRASH)}
    verdict = judge_canaries([ControlRun(read_run(str(tmp_path / "red")))], [run], declared, "1.0")
    assert not verdict.passed
    assert "is not green" in render_canaries_text(verdict)


# ---- the config and its doctor


def a_config(crash: object) -> str:
    """A config in which a crash detects the canary on line 3."""
    return f"canaries:\n  bug:\n    crash: {json.dumps(crash)}\n"


def test_a_config_declares_a_crash() -> None:
    """It is enough, alone."""
    assert parse_config(a_config(CRASH), "c").canaries["bug"] == Detector(crash=CRASH)


@pytest.mark.parametrize(
    ("crash", "told"),
    [
        ("(", "canary 'bug': crash: expected a regular expression of RE2, found '('"),
        (r"(a)\1", "expected a regular expression of RE2, found"),
        ("(?=x)", "expected a regular expression of RE2, found '(?=x)'"),
        ("((a{99}){99}){99}", "expected a regular expression of RE2, found"),
        (".*", "expected an expression that is not found in every text, as in an empty one"),
        ("x?", "expected an expression that is not found in every text"),
        ("x" * 201, "expected a regular expression of 1 to 200 characters"),
        ("", "expected a regular expression of 1 to 200 characters"),
        (5, "expected a regular expression of 1 to 200 characters"),
    ],
)
def test_an_expression_that_cannot_be_searched_is_refused_with_its_line(crash: object, told: str) -> None:
    """Before the night, and not in the middle of its summary."""
    with pytest.raises(ConfigError) as refused:
        parse_config(a_config(crash), "c.yml")
    assert str(refused.value).startswith("c.yml:3")
    assert told in str(refused.value)


@pytest.mark.parametrize("crash", [CRASH, "VOPR", "without a quorum"])
def test_the_doctor_finds_no_other_crash_in_a_message_of_the_bug(crash: str) -> None:
    """One sentence a canary."""
    (remark,) = remarks_on_crashes(parse_config(a_config(crash), "c"))
    assert (
        remark == f"bug: detected by a crash whose last words match {crash}; none of {len(OTHERS)} other crashes does"
    )


@pytest.mark.parametrize("crash", ["panicked", "Assertion", "fault", "error", "."])
def test_the_doctor_names_a_crash_that_is_taken_for_the_canarys(crash: str) -> None:
    """`panicked` would be found in every panic."""
    (remark,) = remarks_on_crashes(parse_config(a_config(crash), "c"))
    assert "and so does another crash, such as '" in remark


def test_canaries_without_a_crash_are_no_matter_of_the_doctor() -> None:
    """Nor are those that are shipped."""
    assert list(remarks_on_crashes(parse_config("canaries: {bug: {invariants: [a]}}", "c"))) == []
    assert list(remarks_on_crashes(parse_config("", "c"))) == []
