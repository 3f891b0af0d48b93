"""What pages give to our actions and workflows are inputs that these have."""

from __future__ import annotations

import pytest

from tests.docs.action_inputs import calls_in, problems_of_inputs
from tests.docs.pages import BLOCKS
from tests.support.markdown_blocks import Block

YAML = [block for block in BLOCKS if block.language == "yaml"]


def test_inputs_in_the_documentation_exist() -> None:
    """In all pages, also those in folders."""
    assert sum(map(calls_in, YAML)) >= 5
    assert [f"{block.where}: {problem}" for block in YAML for problem in problems_of_inputs(block)] == []


@pytest.mark.parametrize(
    ("uses", "given", "problem"),
    [
        ("@v1", "report: a", "has no input report"),
        ("@v2", "reports: a", "version v2 is not v1"),
        ("/nowhere@v1", "reports: a", "no such action or workflow"),
        ("/.github/workflows/vopr-nightly.yml@v1", "iterations: a", "has no input iterations"),
    ],
)
def test_what_does_not_exist_is_noticed(uses: str, given: str, problem: str) -> None:
    """Else the test above could not fail."""
    text = f"- uses: org/vopr-coverage-action{uses}\n  with:\n    {given}\n"
    assert any(problem in found for found in problems_of_inputs(Block("a.md", 1, "yaml", text, "")))
