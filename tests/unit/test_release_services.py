"""The services of a rehearsal: one that is missing or does not start ends it, with the reason."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.release.services import registry
from tools.release.source import ReleaseError


def test_a_program_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is skipped without it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReleaseError, match="docker-registry is not installed"), registry(tmp_path / "registry"):
        pytest.fail("it has started")


def test_a_registry_that_ends_at_once_is_an_error_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for."""
    program = tmp_path / "docker-registry"
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no room')\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReleaseError, match="registry did not start: no room"), registry(tmp_path / "registry"):
        pytest.fail("it has started")
