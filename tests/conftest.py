"""Options and fixtures that more than one folder of tests uses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fake_github.fixtures import github, github_contract, github_server
from tests.support.reports import MODEST
from tests.support.simulator_runs import simulator_runs

__all__ = ["github", "github_contract", "github_server", "simulator_runs"]

# Processes that tests start would else compile the whole package anew, each of them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
_count = {"assertions": 0}
GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes the expected texts anew; look at the diff before you commit it."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew")
    parser.addoption("--count-assertions", action="store_true", help="print how many assertions were executed")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended: add what it counted."""
    _count["assertions"] += node.workeroutput.get("assertions", 0)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its count to the process that started it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["assertions"] = _count["assertions"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The sum over all workers."""
    if config.getoption("--count-assertions"):
        terminalreporter.write_line(f"{_count['assertions']:,} assertions were executed")


def pytest_assertion_pass() -> None:
    """Called for each assertion that holds, where pytest is run with `-o enable_assertion_pass_hook=true`."""
    _count["assertions"] += 1


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
