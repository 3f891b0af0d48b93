"""The commands that a page shows, run as a reader would run them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.support.markdown_blocks import ROOT, Block, blocks_of

SAVED = re.compile(r"[Ss]ave (?:these|this|it)(?: \w+)* as `([^`]+)`")
CANARIES = "canaries: {}"
COMMAND_S_MAX = 120
COLUMNS = 120  # of a terminal in which pages were written: what is longer is wrapped
SET_E = "set -e\n"
_UNFINISHED = ("unexpected end of file", "unexpected EOF")


class Shown(NamedTuple):
    """A command, and the lines that a page shows below it; `…` stands for lines that are left out."""

    command: str
    printed: list[str]


@dataclass(frozen=True)
class Reader:
    """What a page leaves to whoever follows it.

    Attributes:
        config: the config in which the page's YAML blocks replace the line `canaries: {}`.
        instead: what is run in place of a text in a command; the longer the text, the better the example stays.
        exits: the exit codes of commands that begin so, where it is not 0 (1 where a ❌ is shown below).
        prepare: what has to be there before a command that begins so is run, made in the page's folder.
    """

    config: str = "vopr-coverage.yml"
    instead: Mapping[str, str] = field(default_factory=dict)
    exits: Mapping[str, int] = field(default_factory=dict)
    prepare: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)


def follow(
    page: str | Sequence[Block], folder: Path, toy: Sequence[str] | None = None, reader: Reader | None = None
) -> list[str]:
    """Do what a page says in a folder: save files, edit the config, run commands, compare their output.

    Args:
        page: its Markdown, or those of its blocks that are to be followed. Blocks in `sh` are skipped in a whole page:
            they say how to install.
        folder: where to work.
        toy: what to start in place of `python3 toy.py`.
        reader: what the page leaves to its reader.

    Returns:
        The commands that were run.
    """
    reader = reader or Reader()
    if toy:
        reader = Reader(reader.config, {**reader.instead, "python3 toy.py": shlex.join(toy)}, reader.exits)
    commands = []
    for block in blocks_of(page) if isinstance(page, str) else page:
        saved = saved_as(block)
        if saved:
            (folder / saved).parent.mkdir(parents=True, exist_ok=True)
            (folder / saved).write_text(block.text, encoding="utf-8")
        elif block.language == "yaml":
            put_into(folder / reader.config, block.text)
        elif block.language == "console":
            for shown in commands_in(block.text):
                commands.append(shown.command)
                run(shown, folder, reader)
        elif isinstance(page, str):
            assert block.language == "sh", f"line {block.line}: what is done with this block?"
        else:
            commands.append(block.text)
            run(Shown(f"{SET_E}{block.text}", []), folder, reader)
    return commands


def saved_as(block: Block) -> str:
    """The file as which a page has its reader save a block; empty where it does not."""
    found = SAVED.findall(block.before)
    return found[-1] if found else ""


def put_into(config: Path, text: str) -> None:
    """Put these lines in place of a config's `canaries: {}`."""
    written = config.read_text(encoding="utf-8")
    at = written.index(f"\n{CANARIES}") + 1
    config.write_text(written[:at] + text + written[written.index("\n", at) + 1 :], encoding="utf-8")


def commands_in(text: str) -> Iterator[Shown]:
    """The commands of a console block: each begins behind a `$`, and goes on until bash can run it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines, taken = part.splitlines(), 1
        while taken < len(lines) and _goes_on("\n".join(lines[:taken])):
            taken += 1
        yield Shown("\n".join(lines[:taken]), lines[taken:])


def _goes_on(command: str) -> bool:
    if command.endswith("\\"):
        return True
    parsed = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, check=False)
    return any(words in parsed.stderr for words in _UNFINISHED)


def run(shown: Shown, folder: Path, reader: Reader) -> None:
    """Run a command, which must end as the page says, and print the lines that it shows, in this order."""
    for start, prepare in reader.prepare.items():
        if shown.command.removeprefix(SET_E).startswith(start):
            prepare(folder)
    command = shown.command
    for theirs, ours in reader.instead.items():
        command = command.replace(theirs, ours)
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_S_MAX,
        check=False,
    )
    said = f"$ {command}\n{ended.stdout}exit code {ended.returncode}"
    assert ended.returncode == expected_exit(shown, reader.exits), said
    missing = first_missing(shown.printed, ended.stdout.splitlines())
    assert missing is None, f"not printed, or not in this order: {missing}\n{said}"


def expected_exit(shown: Shown, exits: Mapping[str, int]) -> int:
    """The exit code that a page promises for a command."""
    told = [code for start, code in exits.items() if shown.command.removeprefix(SET_E).startswith(start)]
    return told[0] if told else int(any(line.startswith("❌") for line in shown.printed))


def first_missing(shown: Iterable[str], printed: Iterable[str]) -> str | None:
    """The first line of those that a page shows which does not follow the one before in what was printed.

    `…` stands for lines that are left out; at the end of a line, for the rest of it.
    """
    left = iter(line.rstrip() for line in printed)
    wanted = (line.rstrip() for line in shown if line.strip() != "…")
    return next((line for line in wanted if not any(_is_line(line, printed) for printed in left)), None)


def _is_line(shown: str, printed: str) -> bool:
    return printed == shown or (shown.endswith(" …") and printed.startswith(shown[:-1]))


def surroundings() -> dict[str, str]:
    """The environment of a reader: our command on the PATH, GATE for the checkout, and nothing of a runner."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "PYTEST_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return kept | {"PATH": path, "GATE": str(ROOT), "COLUMNS": str(COLUMNS)}
