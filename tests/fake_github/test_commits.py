"""Two commits compared by their history."""

from __future__ import annotations

import pytest
import requests

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import REPOSITORY

ROOT, MAIN, FEATURE, MERGE, STRAY = ("1" * 40, "2" * 40, "f" * 40, "a" * 40, "9" * 40)


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (ROOT, MERGE, ("ahead", 3, 0)),
        (MAIN, MERGE, ("ahead", 2, 0)),
        (MERGE, ROOT, ("behind", 0, 3)),
        (MAIN, FEATURE, ("diverged", 1, 1)),
        (MAIN, MAIN, ("identical", 0, 0)),
        (MAIN, STRAY, None),  # no common ancestor
        (MAIN, "8" * 40, None),  # no such commit
    ],
)
def test_a_comparison_counts_commits(
    base: str, head: str, expected: tuple[str, int, int] | None, github: FakeGitHub
) -> None:
    """How far the head is ahead of and behind the base; a page has as many commits as were asked for."""
    github.world.add_commits(ROOT, MAIN)
    github.world.add_commits(FEATURE, onto=(ROOT,))
    github.world.add_commits(MERGE, onto=(MAIN, FEATURE))
    github.world.add_commits(STRAY)
    github.add_token("t")
    url = f"{github.url}/repos/{REPOSITORY}/compare/{base}...{head}"
    if expected is None:
        with requests.get(url, headers={"Authorization": "Bearer t"}, timeout=10) as answer:
            assert answer.status_code == 404
        return
    with requests.get(url, {"per_page": "1"}, headers={"Authorization": "Bearer t"}, timeout=10) as answer:
        compared = answer.json()
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == expected
    assert len(compared["commits"]) == min(compared["ahead_by"], 1)
