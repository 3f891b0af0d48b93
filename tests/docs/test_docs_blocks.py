"""What `make lint` hands to shellcheck, actionlint and zizmor: all shell and all workflows of the pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import BLOCKS
from tests.docs.sessions import SHELL
from tests.docs.yaml_kinds import kind_of_yaml, parsed_yaml
from tests.support.markdown_blocks import Block
from tools.docs_blocks import files_of, whole_workflow, write

OF_WORKFLOWS = ("workflow", "head", "jobs", "job", "steps")


def test_every_block_of_shell_and_workflows_is_written(tmp_path: Path) -> None:
    """And what an earlier call left is gone: its block may be, too."""
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "gone.sh").write_text("true\n")
    write(tmp_path / "blocks")
    shell = sum(block.language in SHELL for block in BLOCKS)
    workflows = sum(block.language == "yaml" and kind_of_yaml(block.text) in OF_WORKFLOWS for block in BLOCKS)
    names = [path.suffix for path in (tmp_path / "blocks").iterdir()]
    assert (names.count(".sh"), names.count(".yml")) == (shell, workflows)


@pytest.mark.parametrize(
    "text",
    [
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n",
        "env:\n  A: b\n",
        "  a:\n    needs: nightly\n    runs-on: x\n    steps:\n      - run: make\n",
        "runs-on: x\nsteps:\n  - run: make\n",
        "- run: echo ${{ matrix.scenario }}\n",
    ],
)
def test_a_part_becomes_a_whole_workflow(text: str) -> None:
    """With the lines of the part in it."""
    whole = whole_workflow(text)
    assert kind_of_yaml(whole) == "workflow"
    jobs = parsed_yaml(whole)["jobs"]
    assert all(job["steps"] for job in jobs.values())
    assert text.strip().splitlines()[-1].strip() in whole


def test_other_yaml_is_no_workflow() -> None:
    """Configs have a reader of their own."""
    blocks = [Block("a.md", 1, "yaml", "profile: none\n", ""), Block("b/a.md", 3, "console", "$ true\nsaid\n", "")]
    assert list(files_of(blocks)) == [("b-a-3.sh", "#!/usr/bin/env bash\ntrue\n")]
