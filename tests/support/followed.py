"""The commands that a page shows, run as a reader would run them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SAVED = re.compile(r"[Ss]ave these (?:\w+ )?lines as `([^`]+)`")
CANARIES = "canaries: {}"


def blocks_of(page: str) -> list[tuple[str, str, str]]:
    """The language of each block, its text, and what the page says between it and the one before."""
    found, end = [], 0
    for fence in FENCE.finditer(page):
        found.append((fence["language"], fence["text"], page[end : fence.start()]))
        end = fence.end()
    return found


def follow(page: str, folder: Path, toy: Sequence[str] | None = None) -> list[str]:
    """Do what a page says in an empty folder: save files, edit the config, run commands, compare their output.

    Args:
        page: its Markdown. How to install is skipped.
        folder: where to work.
        toy: what to start in place of `python3 toy.py`.

    Returns:
        The commands that were run.
    """
    commands = []
    for language, text, before in blocks_of(page):
        saved = SAVED.findall(before)
        if saved:
            (folder / saved[-1]).write_text(text, encoding="utf-8")
        elif language == "yaml":
            config = folder / "vopr-coverage.yml"
            written = config.read_text(encoding="utf-8")
            at = written.index(f"\n{CANARIES}") + 1
            config.write_text(written[:at] + text + written[written.index("\n", at) + 1 :], encoding="utf-8")
        elif language == "console":
            for shown in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, *expected = shown.splitlines()
                commands.append(command)
                run(command, expected, folder, toy)
        else:
            assert language == "sh"
    return commands


def run(command: str, expected: list[str], folder: Path, toy: Sequence[str] | None) -> None:
    """Run a command, which must end well unless a cross is expected, and print the lines that the page shows."""
    if toy:
        command = command.replace("python3 toy.py", shlex.join(toy))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path, "GATE": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = f"$ {command}\n{ended.stdout}{ended.stderr}"
    # A recording of a canary ends with the simulator's own code, which says nothing about the page.
    red = any(line.startswith("❌") for line in expected)
    if " record " not in command:
        assert ended.returncode == int(red), said
    lines = ended.stdout.splitlines()
    assert [line for line in expected if line != "…" and line not in lines] == [], said
