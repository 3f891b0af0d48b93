"""What the README shows of `make demo` is what it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_readme_shows_what_the_demo_prints() -> None:
    """Line by line and in this order; `…` stands for lines that are left out."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```text\n(\$ vopr-coverage check.*?)^```$", readme, re.M | re.S)[0].splitlines()
    done = subprocess.run([sys.executable, "examples/demo.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    printed = iter(done.stdout.splitlines())
    assert [line for line in shown if line != "…" and line not in printed] == []
