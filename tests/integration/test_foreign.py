"""The comparison of verdicts with what the makers of samples know: it finds what differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import first_day_foreign, foreign

TRUTH = {
    "format": "p-scenario-coverage",
    "declared": 2,
    "hit": ["A"],
    "missing": [["B", "2 of 4 states"]],
    "incidence": {"A": 99, "B": 0},
}


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A folder with one sample of P."""
    scenarios = [
        {"name": "A", "satisfied": True, "satisfyingSchedules": 99},
        {"name": "B", "satisfied": False, "satisfyingSchedules": 0},
    ]
    folder = tmp_path / "samples" / "p"
    folder.mkdir(parents=True)
    (folder / "tc_scenario_coverage.json").write_text(json.dumps({"testCase": "tc", "scenarios": scenarios}))
    return folder


@pytest.mark.parametrize(
    ("truth", "exit_code", "line"),
    [
        (TRUTH, 0, "7 figures equal, 0 different on purpose, 0 unequal"),  # and its points as a simulation stream
        (TRUTH | {"declared": 3}, 1, "✗ p/tc_scenario_coverage.json, declared\n      expected 3\n      found    2"),
        (TRUTH | {"hit": ["B"]}, 1, 'expected ["B"]\n      found    ["A"]'),
    ],
)
def test_each_figure_is_compared(
    samples: Path, truth: dict[str, object], exit_code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a difference has a line with both."""
    (samples / "expected.json").write_text(json.dumps(truth))
    assert foreign.main([str(samples.parent)]) == exit_code
    assert line in capsys.readouterr().out


def test_a_folder_without_samples_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a wrong path would look like samples that are all as they should be."""
    assert foreign.main([str(tmp_path)]) == 2
    assert "has no */expected.json" in capsys.readouterr().err


def test_the_first_day_learns_from_healthy_samples_and_notices_sick_ones(
    samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of P, the sick one is the healthy one whose scenario was not satisfied."""
    (samples / "expected.json").write_text(json.dumps(TRUTH))
    assert first_day_foreign.main([str(samples.parent)]) == 0
    assert "1 of 1 healthy pass, 1 of 1 sick do not pass" in capsys.readouterr().out


def test_a_sick_sample_that_passes_fails_the_first_day(
    samples: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its name."""
    (samples / "expected.json").write_text(json.dumps(TRUTH))
    monkeypatch.setattr(first_day_foreign, "CHANGES", {"p": []})
    assert first_day_foreign.main([str(samples.parent)]) == 1
    assert "tc_scenario_coverage.json is sick, and ends with 0" in capsys.readouterr().out
