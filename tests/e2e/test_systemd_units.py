"""The service and the timer of docs/own-machine.md, as systemd itself reads them (Debian: systemd)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "examples" / "systemd"
# What an owner adapts: these paths and this user are not on every machine.
ADAPTED = {
    "/srv/simulation/venv/bin/vopr-coverage": "/bin/true",
    "/usr/bin/git": "/bin/true",
    "User=simulation": "User=root",
}


def verified(folder: Path, changes: dict[str, str]) -> tuple[int, str]:
    """How `systemd-analyze verify` ends for both units, and what it says."""
    for unit in (*UNITS.glob("*.service"), *UNITS.glob("*.timer")):
        text = unit.read_text(encoding="utf-8")
        for theirs, adapted in {**ADAPTED, **changes}.items():
            text = text.replace(theirs, adapted)
        (folder / unit.name).write_text(text, encoding="utf-8")
    units = sorted(str(path) for path in folder.iterdir())
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_units_can_be_loaded(tmp_path: Path) -> None:
    """Every line of them; and a line that systemd does not know is found."""
    assert shutil.which("systemd-analyze"), "install systemd, whose systemd-analyze reads the units"
    code, said = verified(tmp_path, {})
    assert (code, "vopr-night" in said) == (0, False), said


@pytest.mark.parametrize(
    "change", [{"KillMode=mixed": "KillMod=mixed"}, {"OnCalendar=*-*-* 22:00:00": "OnCalendar=ten"}]
)
def test_a_line_that_systemd_does_not_know_is_found(tmp_path: Path, change: dict[str, str]) -> None:
    """Else the test above could not fail."""
    assert "vopr-night" in verified(tmp_path, change)[1]
