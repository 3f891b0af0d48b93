"""Code blocks of the documentation: counts how each is held, and hands shell and workflows to their linters.

    PYTHONPATH=. python tools/docs_blocks.py                  the counts; exit code 1 where a block is not accounted for
    PYTHONPATH=. python tools/docs_blocks.py --write FOLDER   each block of shell, and each workflow, as a file

A part of a workflow is completed to a whole one. The name of a file says where its block is: page, and line.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

from tests.docs.accounts import summary
from tests.docs.pages import BLOCKS
from tests.docs.sessions import SHELL
from tests.docs.shell import script_of
from tests.docs.yaml_kinds import kind_of_yaml
from tests.support.markdown_blocks import Block

# Readers take our action by its major version, as the starters do; everything else stands in the pages by its commit.
ZIZMOR = """rules:
  unpinned-uses:
    config:
      policies:
        org/vopr-coverage-action: ref-pin
        org/vopr-coverage-action/*: ref-pin
        "*": hash-pin
"""
_HEAD = "name: Shown\n\non: push\n\npermissions: {}\n\n"
_GROUP = "concurrency:\n  group: shown\n  cancel-in-progress: true\n\n"
_JOB = "    name: Shown\n    runs-on: ubuntu-latest\n    timeout-minutes: 5\n"
_STEP = "    steps:\n      - run: make\n"


def main() -> int:
    """Count, or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    folder = parser.parse_args().write
    if folder:
        write(folder)
        return 0
    lines, lost = summary(BLOCKS)
    print("\n".join(lines + lost))
    return int(bool(lost))


def write(folder: Path) -> None:
    """Write the files that linters read, and nothing else, into a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in files_of(BLOCKS):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "zizmor.yaml").write_text(ZIZMOR, encoding="utf-8")


def files_of(blocks: list[Block]) -> Iterator[tuple[str, str]]:
    """The name and the text of each file."""
    for block in blocks:
        name = f"{block.page.removesuffix('.md').replace('/', '-')}-{block.line}"
        if block.language in SHELL:
            yield f"{name}.sh", f"#!/usr/bin/env bash\n{script_of(block)}"
        elif block.language == "yaml" and (text := whole_workflow(block.text)):
            yield f"{name}.yml", text


def whole_workflow(text: str) -> str:
    """A workflow that has this block in it; empty for YAML that belongs to no workflow."""
    match kind_of_yaml(text):
        case "workflow":
            return text
        case "head":
            return f"{_HEAD}{_GROUP}{text}\njobs:\n  shown:\n{_JOB}{_STEP}"
        case "jobs":
            others = indent("nightly:\n", "  ") + _JOB + _STEP if "needs: nightly" in text else ""
            return f"{_HEAD}{_GROUP}jobs:\n{others}{indented(text, 2)}"
        case "job":
            return f"{_HEAD}{_GROUP}jobs:\n  shown:\n{_JOB}{indented(text, 4)}"
        case "steps":
            job = f"{_HEAD}{_GROUP}jobs:\n  shown:\n{_JOB}"
            matrix = "    strategy:\n      matrix:\n        scenario: [combined]\n" if "matrix.scenario" in text else ""
            return f"{job}{matrix}    steps:\n{indented(text, 6)}"
        case _:
            return ""


def indented(text: str, columns: int) -> str:
    """The lines of a block, its first one at this column."""
    first = text.lstrip("\n")
    return indent(first, " " * max(0, columns - (len(first) - len(first.lstrip(" ")))))


if __name__ == "__main__":
    sys.exit(main())
