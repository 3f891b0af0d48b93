"""Points, invariants and phases may have colons in their names, although VOPR's phases are written with dots, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checking import checked
from tests.support.simulations import as_lines, begin, finish, seed
from vopr_coverage.cli import main

STREAM = [
    begin(1, points={"fault": ["disk: torn"], "phase": ["vote: won"]}, invariants=["log: agrees"]),
    seed(7, hits={"disk: torn": 3, "vote: won": 4}, ran={"log: agrees": 5}),
    finish(1),
]


@pytest.mark.parametrize(("least", "passes"), [(3, True), (6, False)])
@pytest.mark.parametrize("key", ["min_per_iteration", "min_phase_events"])
def test_a_minimum_finds_what_has_a_colon(key: str, least: int, passes: bool, tmp_path: Path) -> None:
    """It was 0 of what had occurred three times."""
    (tmp_path / "run.ndjson").write_bytes(as_lines(STREAM))
    names = ["vote: won"] if key == "min_phase_events" else ["disk: torn", "vote: won", "log: agrees"]
    floors = "".join(f'  "{name}": {least}\n' for name in names)
    (tmp_path / "config.yml").write_text(f"profile: none\n{key}:\n{floors}")
    verdict = checked([str(tmp_path / "run.ndjson")], config=str(tmp_path / "config.yml"))
    assert verdict.passed is passes
    assert len(verdict.violations) == (0 if passes else len(names))


def test_runs_pass_under_the_config_that_init_wrote_of_them(tmp_path: Path) -> None:
    """Its minimums are of the names as the stream has them."""
    counts = {"hits": {"disk: torn": 3, "vote: won": 4}, "ran": {"log: agrees": 5}}
    for first in (100, 200, 300):
        seeds = [seed(first + i, **counts) for i in range(60)]
        stream = as_lines(
            [begin(60, first, points=STREAM[0]["points"], invariants=["log: agrees"]), *seeds, finish(60)]
        )
        (tmp_path / f"run-{first}.ndjson").write_bytes(stream)
    config, runs = tmp_path / "config.yml", str(tmp_path / "run-*.ndjson")
    assert main(["init", runs, "--output", str(config)]) == 0
    assert "disk: torn" in config.read_text().split("min_per_iteration", 1)[1]
    assert main(["check", runs, "--config", str(config)]) == 0
