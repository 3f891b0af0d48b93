"""`vopr-coverage profiles`: a profile as it is shipped, and the bounds in force with who set each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.reports import run_process
from vopr_coverage import CoverageThresholds, cli
from vopr_coverage.model.thresholds import PROFILE_NAMES


@pytest.mark.parametrize("name", PROFILE_NAMES)
def test_a_profile_is_printed_as_the_seed_writes_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--format json` gives CoverageThresholds; text gives each bound with its origin."""
    assert cli.main(["profiles", name, "--format", "json"]) == 0
    printed = CoverageThresholds.from_json(capsys.readouterr().out)
    assert printed == CoverageThresholds.of_profile(name)
    assert cli.main(["profiles", name]) == 0
    assert f"# profile {name}\n" in capsys.readouterr().out


def test_the_bounds_in_force_are_printed_with_who_set_each(tmp_path: Path) -> None:
    """The same words that the summary has under "set by"."""
    (tmp_path / "gate.yml").write_text("min_repairs: 3\nscenarios:\n  x:\n    min_view_changes: 8\n")
    ended = run_process("profiles", "--config", "gate.yml", "--scenario", "x", "--min-iterations", "5", cwd=tmp_path)
    assert "min_view_changes: 8  # gate.yml:4\nmin_repairs: 3  # gate.yml:1\n" in ended.out
    assert "min_iterations: 5  # --min-iterations\n" in ended.out
