"""Writes docs/inputs.md: the inputs and outputs of the action, of its composite form and of the nightly workflow.

python tools/inputs_reference.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.reference_tables import cell, code, row

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "inputs.md"
INTRODUCTION = """# Inputs and outputs

<!-- Written by tools/inputs_reference.py from action.yml and the nightly workflow: `make generate`. -->

As the files describe them. The [README](../README.md#inputs) has shorter words for the action, and
[nightly.md](nightly.md#inputs) for the night.
"""
ACTION = """
## The action

`org/vopr-coverage-action@v1` needs Docker. `org/vopr-coverage-action/composite@v1` is the same without Docker, with the
same inputs and outputs.
"""
NIGHT = """
## The nightly workflow

`org/vopr-coverage-action/.github/workflows/vopr-nightly.yml@v1`, called by `uses` in a job. An input that is empty is
taken from `night` in the config; [nightly.md](nightly.md#inputs) has the key of each, and what is required.
"""


def reference() -> str:
    """The whole page."""
    action = read("action.yml")
    night = read(".github/workflows/vopr-nightly.yml")[True]["workflow_call"]  # YAML 1.1 takes `on` for true
    return "\n".join(
        [
            INTRODUCTION + ACTION,
            *inputs(action["inputs"]),
            "",
            *outputs(action["outputs"]),
            NIGHT,
            *inputs(night["inputs"]),
            "",
            *outputs(night["outputs"]),
            "",
        ]
    )


def read(path: str) -> dict[Any, Any]:
    """A file of the repository that is YAML."""
    found: dict[Any, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return found


def inputs(described: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A table of inputs."""
    yield from (row("input", "default", "meaning"), "|---|---|---|")
    for name, about in described.items():
        name_cell = f"{code(name)} (required)" if about.get("required") else code(name)
        yield row(name_cell, default_of(about.get("default", "")), cell(about["description"]))


def default_of(value: object) -> str:
    """A default as a workflow would write it; nothing where it is empty."""
    text = str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())
    return code(text) if text else ""


def outputs(described: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A table of outputs."""
    yield from (row("output", "meaning"), "|---|---|")
    for name, about in described.items():
        yield row(code(name), cell(about["description"]))


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8", newline="\n")
