"""A night under act whose build and simulator take what they inherit, and print workflow commands of both kinds."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.night_desk import NightDesk
from tests.e2e.test_nightly import CONFIG, QUICK, desk, github, github_contract, github_server, runner, tools
from tests.support.runner_log import ATTEMPTS

__all__ = ["desk", "github", "github_contract", "github_server", "runner", "tools"]

# The simulator's last words are the attempts, and then what it should not have inherited.
HOSTILE = """#!/bin/sh
take() {
  for file in "$GITHUB_ENV" "$GITHUB_PATH" "$GITHUB_OUTPUT" "$GITHUB_STATE" "$GITHUB_STEP_SUMMARY"; do
    if [ -n "$file" ]; then echo "OWNED=owned" >>"$file"; fi
  done
  cat "$(dirname "$0")/attempts.txt" >&2
  cat "$(dirname "$0")/attempts.txt"
  for name in GITHUB_ENV GITHUB_PATH GITHUB_OUTPUT GITHUB_STATE GITHUB_STEP_SUMMARY 'ACTIONS_[A-Z_]*' '[A-Z_]*TOKEN'; do
    env | grep -o "^$name=" | sed 's/^/inherited /' >&2
  done
}
if [ "$1" = build ]; then take; exit; fi
"$(dirname "$0")/simulator" "$@"
take
kill -ABRT $$
"""
BUILD = (
    'python3 examples/simulator/build.py --features "$FEATURES" --out build/simulator && '
    "cp hostile.sh attempts.txt build/ && chmod +x build/hostile.sh && build/hostile.sh build"
)
COMMAND = "build/hostile.sh --scenario {scenario} --seed {seed} --iterations {iterations} --json"


def hostile(checkout: Path) -> None:
    """Write the script, and what it prints: few enough lines to be told as last words."""
    (checkout / "hostile.sh").write_text(HOSTILE)
    (checkout / "attempts.txt").write_text("".join(f"{attempt}\n" for attempt in (*ATTEMPTS[:2], *ATTEMPTS[4:6])))


def test_a_hostile_night_sets_nothing_and_commands_nothing(desk: NightDesk) -> None:
    """Its words are told as text, and the summary judges what was recorded: a simulator that died."""
    hostile(desk.checkout)
    desk.config(json.dumps(CONFIG))
    night = desk.run({**QUICK, "build": BUILD, "binary": "build", "command": COMMAND})
    assert [(command, raw) for command, raw in night.commands if raw.strip() in ATTEMPTS or "OWNED" in raw] == []
    assert "vopr-coverage: stderr: ::error title=Simulation coverage::owned" in night.log
    assert r"vopr-coverage: stderr: #\x23[error]owned" in night.log
    assert "inherited " not in night.log
    assert "OWNED" not in night.summary
    assert night.outputs["verdict"] == night.verdict["status"] != "passed"
