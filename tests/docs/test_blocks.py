"""Blocks of the documentation that can be read by what reads them in earnest: shell by bash, configs by our reader."""

from __future__ import annotations

import subprocess

import pytest

from tests.docs.commands_shown import make_problem, path_problem, prefix_problem
from tests.docs.pages import BLOCKS
from tests.docs.shell import commands_of, script_of
from tests.docs.yaml_kinds import kind_of_yaml
from tests.support.markdown_blocks import Block
from vopr_coverage.config.file import parse_config

SHELL = [block for block in BLOCKS if block.language in ("console", "sh", "bash")]
YAML = [block for block in BLOCKS if block.language == "yaml"]


def test_a_block_has_a_language() -> None:
    """Without one nobody can tell what would hold it."""
    assert len(BLOCKS) > 100
    assert [block.where for block in BLOCKS if not block.language] == []


@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.where)
def test_bash_and_our_parsers_can_read_a_block_of_commands(block: Block) -> None:
    """Every command of ours in it has a parser that knows its options; every target of make exists."""
    script = script_of(block)
    parsed = subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True, check=False)
    assert parsed.returncode == 0, f"{block.where}: {parsed.stderr}"
    for words in commands_of(script):
        why = prefix_problem(" ".join(words)) if words[0] == "vopr-coverage" else ""
        why = make_problem(words) if words[0] == "make" else why
        why = why or path_problem(words)
        assert not why, f"{block.where}: {' '.join(words)}: {why}"


@pytest.mark.parametrize("block", YAML, ids=lambda block: block.where)
def test_a_yaml_block_is_a_part_of_something_known(block: Block) -> None:
    """And what is a config is read as one."""
    kind = kind_of_yaml(block.text)
    assert kind, f"{block.where}: neither a workflow or a part of one, nor a config, nor hooks of pre-commit"
    if kind == "config":
        parse_config(block.text, block.where)


@pytest.mark.parametrize(
    ("path", "problem"),
    [("tests/unit/test_gone.py", "no such path: tests/unit/test_gone.py"), ("tests/unit/test_gates.py", "")],
)
def test_a_path_that_does_not_exist_is_noticed(path: str, problem: str) -> None:
    """Of a folder of this repository."""
    assert path_problem(["make", path]) == problem
