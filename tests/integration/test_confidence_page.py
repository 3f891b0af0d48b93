"""docs/confidence.md: its commands are run, and its figures are worked out again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.drawn_histories import real_runs
from tests.support.followed import follow
from tests.support.markdown_blocks import ROOT
from vopr_coverage.statistics.intervals import miss_chance, rate_above, rate_of_streams

PAGE = (ROOT / "docs" / "confidence.md").read_text(encoding="utf-8")


def test_its_commands_print_what_it_shows(tmp_path: Path) -> None:
    """A real night of the example simulator, a run that is too short, and a change that loses a point."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    assert len(follow(PAGE, tmp_path)) == 6


@pytest.mark.parametrize("point", ["storage.corruption", "storage.fsync_failure"])
def test_the_figures_of_real_streams_follow_from_the_recorded_counts(point: str) -> None:
    """Each stream is one sample."""
    runs = real_runs()["combined"]
    lengths = [run["iterations"] for run in runs]
    totals = [run["points"].get(point, 0) for run in runs]
    hit, iterations = sum(total > 0 for total in totals), sum(lengths)
    low, high = rate_of_streams(len(runs), hit, shortest=min(lengths), longest=max(lengths))
    assert f"{len(runs)} runs of Kimberlite's scenario `combined`, of {min(lengths)} to {max(lengths)}" in PAGE
    assert f"{iterations} iterations in all" in PAGE
    row = (
        f"| `{point}` | {sum(totals):,} | {hit} of {len(runs)} runs | {sum(totals) / iterations:.4g} | "
        f"{low * 100:.3g} % to {high * 100:.3g} % |"
    )
    assert row in PAGE
    if point == "storage.fsync_failure":
        assert f"in {miss_chance(low, 20) * 100:.0f} of 100 cases, and 223 iterations" in PAGE.replace("\n", " ")
        assert miss_chance(low, 222) > 0.01 >= miss_chance(low, 223)


def test_the_rule_of_three_and_the_rare_seed() -> None:
    """3 in n, and a seed in a million in a night of 10,000."""
    assert rate_above(10_000) == pytest.approx(3 / 10_000, rel=0.01)
    assert miss_chance(1e-6, 10_000) == pytest.approx(0.99, abs=0.001)
    assert re.search(r"a share of 3/n of all seeds fails", PAGE)
