"""The fuzzer of the readers: it runs, it is repeatable, and its samples can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.samples import samples
from tools import fuzz
from vopr_coverage.reading import read_report
from vopr_coverage.reading.formats import FORMATS

ROOT = Path(__file__).parents[2]


def test_a_few_hundred_inputs_have_no_finding() -> None:
    """`make fuzz` runs many more."""
    command = [sys.executable, "tools/fuzz.py", "--inputs", "300", "--seed", "4711"]
    ended = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith("300 inputs from seed 4711 on, no finding")


def test_every_format_has_a_sample() -> None:
    """A format that is added is fuzzed, too."""
    assert {*FORMATS} <= {*samples()}


@pytest.mark.parametrize("name", samples())
def test_a_sample_passes_whole_and_fails_without_its_point(name: str, tmp_path: Path) -> None:
    """Else no change of it could be a finding."""
    path, sample = tmp_path / "input", samples()[name]
    path.write_bytes(sample.whole)
    whole = fuzz.judged(path, sample)
    assert whole is not None
    assert whole.passed, [violation.line for violation in whole.violations]
    path.write_bytes(sample.without)
    without = fuzz.judged(path, sample)
    assert without is not None
    assert not without.passed


def test_a_reader_that_breaks_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its traceback."""
    path = tmp_path / "input"
    path.write_bytes(samples()["p"].whole)

    def broken(*_: object) -> None:
        raise KeyError("testCase")

    monkeypatch.setattr(fuzz, "check", broken)
    assert "KeyError: 'testCase'" in fuzz.problem_of(path, samples()["p"], is_cut=False)


def test_text_that_is_not_utf8_within_an_assertion_is_a_broken_line(tmp_path: Path) -> None:
    """A finding of the fuzzer: the line's own decoder takes it, and that of the assertion does not."""
    sample = samples()["antithesis"].whole
    lines = sample.split(b"\n")
    at = next(number for number, line in enumerate(lines) if b"antithesis_assert" in line)
    lines[at] = (
        lines[at]
        .replace(b"Sometimes", b"Some\xd6imes")
        .replace(b"Always", b"Al\xd6ays")
        .replace(b'"message": "', b'"message": "\xd6', 1)
        .replace(b'"message":"', b'"message":"\xd6', 1)
    )
    (tmp_path / "f.jsonl").write_bytes(b"\n".join(lines))
    with pytest.raises(Exception, match=rf"f.jsonl:{at + 1}: expected a JSON object on each line"):
        read_report(str(tmp_path / "f.jsonl"))
