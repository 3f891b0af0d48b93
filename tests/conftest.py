"""Options and fixtures that more than one folder of tests uses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake_github.fixtures import github, github_contract, github_server
from tests.support.reports import MODEST

__all__ = ["github", "github_contract", "github_server"]

# Processes that tests start would else compile the whole package anew, each of them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes the expected texts anew; look at the diff before you commit it."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a file of tests/golden, byte for byte; with --update-golden, write it."""

    def matches(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        expected = path.read_bytes().decode() if path.exists() else ""
        assert text == expected, f"tests/golden/{name} says otherwise; if that is meant: pytest --update-golden"

    return matches


@pytest.fixture
def modest(tmp_path: Path) -> list[str]:
    """Flags under which the streams of `tests.support.reports` pass, so what fails does so for its own reason."""
    (tmp_path / "modest.json").write_text(json.dumps(MODEST))
    return ["--config", "modest.json"]
