"""The fixture `github`; `VOPR_OPENAPI=PATH` has it check all traffic against GitHub's OpenAPI description."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_github.contract import Contract
from tests.fake_github.fake import FakeGitHub


@pytest.fixture(scope="session")
def github_contract() -> Contract | None:
    """GitHub's own description, when the environment names one."""
    path = os.environ.get("VOPR_OPENAPI")
    if not path:
        return None
    try:
        return Contract(Path(path))
    except FileNotFoundError as error:
        pytest.fail(f"VOPR_OPENAPI: {error}", pytrace=False)


@pytest.fixture(scope="session")
def github_server(github_contract: Contract | None) -> Iterator[FakeGitHub]:
    """One server for all tests of a process."""
    with FakeGitHub(github_contract) as server:
        yield server


@pytest.fixture
def github(github_server: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    """A GitHub that knows nothing yet; what went wrong in it fails the test."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")  # a developer's proxy is for the world outside
    github_server.reset()
    yield github_server
    github_server.assert_clean()
