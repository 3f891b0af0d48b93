"""Runs of the example simulator, each simulated once for all tests of a session, whichever worker needs it first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

SIMULATOR = Path(__file__).parents[2] / "examples" / "simulator"


class SimulatorRuns(NamedTuple):
    """Streams in a folder."""

    folder: Path

    def stream(self, scenario: str, *options: str, seed: int = 42, iterations: int = 200) -> Path:
        """The file of a run; nobody changes it."""
        words = [f"--scenario={scenario}", f"--seed={seed}", f"--iterations={iterations}", *options]
        path = self.folder / f"{' '.join(words)}.ndjson"
        if not path.exists():
            command = [sys.executable, str(SIMULATOR), "--json", *words]
            out = subprocess.run(command, capture_output=True, check=False, timeout=120).stdout
            part = path.with_suffix(f".{os.getpid()}")  # another worker may be at it, too
            part.write_bytes(out)
            part.replace(path)
        return path


@pytest.fixture(scope="session")
def simulator_runs(tmp_path_factory: pytest.TempPathFactory) -> SimulatorRuns:
    """Runs that all workers of a session share."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    (folder / "simulator-runs").mkdir(exist_ok=True)
    return SimulatorRuns(folder / "simulator-runs")
