"""The seeds of a canary beside those of its control run: what is compared, and what is said if nothing can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.recordings import a_recording
from tests.support.reports import a_stream
from tests.support.run_pairs import changed
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.evidence import SeedsBeside
from vopr_coverage.canaries.folder import canary_run, read_run
from vopr_coverage.canaries.judge import judge_canaries
from vopr_coverage.determinism.canary_seeds import seeds_beside, with_reasons
from vopr_coverage.errors import FileError


def test_the_seeds_that_both_runs_have_are_compared(tmp_path: Path) -> None:
    """With the scenario that the canary's recording knows, and the first seed that differs, which may be 0."""
    (tmp_path / "control").write_bytes(a_stream(80))
    for name, seeds in (("same", ()), ("two", (0, 59))):
        stream = a_stream(60)
        for seed in seeds:
            stream = changed(stream, seed, events=99)
        a_recording(tmp_path / name, stream, iterations=60)
    control = str(tmp_path / "control")
    assert seeds_beside(control, str(tmp_path / "same")) == SeedsBeside("combined", 60, 0, None)
    assert seeds_beside(control, str(tmp_path / "two")) == SeedsBeside("combined", 60, 2, 0)
    assert seeds_beside(str(tmp_path / "two"), control) == SeedsBeside(None, 60, 2, 0)


def test_a_run_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """Either of the two."""
    (tmp_path / "there").write_bytes(a_stream())
    for names in (("there", "gone"), ("gone", "there")):
        with pytest.raises(FileError, match="gone: expected a readable file"):
            seeds_beside(*(str(tmp_path / name) for name in names))


def test_a_canary_whose_run_is_gone_by_then_leaves_the_others_explained(tmp_path: Path) -> None:
    """It was read before, and is left without a reason."""
    declared = {name: Detector(("hash_chain",)) for name in ("bug", "gone", "other")}
    for name in ("control", *declared):
        (tmp_path / name).write_bytes(a_stream(5))
    control = ControlRun(read_run(str(tmp_path / "control")), str(tmp_path / "control"))
    runs = [canary_run(name, tmp_path / name) for name in declared]
    verdict = judge_canaries([control], runs, declared, "1.0")
    (tmp_path / "gone").unlink()
    results = with_reasons(verdict, declared, [control], runs).results
    assert {result.name: result.compared for result in results} == {"bug": 5, "gone": None, "other": 5}
