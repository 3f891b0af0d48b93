"""docs/invariants.md knows every invariant that a profile requires, and the lowest profile that does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from vopr_coverage import CoverageThresholds

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
LEVELS = ("smoke_test", "default", "nightly")


def section(heading: str) -> str:
    """The text of a section of the page."""
    return PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_each_required_invariant_has_a_row_with_the_lowest_profile_that_requires_it() -> None:
    """No more rows, and no fewer."""
    lowest: dict[str, str] = {}
    for level in LEVELS:
        for name in CoverageThresholds.of_profile(level).required_invariants:
            lowest.setdefault(name, level)
    rows = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", section("The thirteen"), re.MULTILINE))
    assert rows == lowest
    assert len(rows) == 13


def test_each_required_invariant_is_said_to_run_or_not_to_run_once() -> None:
    """In the table that classifies them."""
    table = re.findall(r"^\| (?:in|only)[^|]*\| ([^|]*) \|", section("Which of them run"), re.MULTILINE)
    named = re.findall(r"`(\w+)`(?! \(as)|`(\w+)` \(as", re.sub(r"\(as `\w+`\)", "", " ".join(table)))
    assert sorted("".join(each) for each in named) == sorted(
        CoverageThresholds.of_profile("nightly").required_invariants
    )


def test_the_simulator_of_the_examples_has_a_function_for_each() -> None:
    """As the page says."""
    program = "import examples.simulator.invariants as i; print(*i.INVARIANTS)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(CoverageThresholds.of_profile("nightly").required_invariants) <= set(ended.stdout.split())
