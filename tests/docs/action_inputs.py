"""Inputs that YAML in the documentation gives to our own actions and workflows, held to the files that declare them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.docs.yaml_kinds import parsed_yaml
from tests.support.markdown_blocks import ROOT, Block

_OURS = re.compile(r"org/vopr-coverage-action(?:/(?P<path>[^@]+))?@(?P<version>.+)")
VERSION = "v1"


def problems_of_inputs(block: Block) -> list[str]:
    """What is wrong with the calls in a block: no such file or version, or an unknown input."""
    return [problem for call in _calls(parsed_yaml(block.text)) for problem in _problems(call)]


def calls_in(block: Block) -> int:
    """How many calls of ours a block has."""
    return sum(1 for _ in _calls(parsed_yaml(block.text)))


def _calls(found: Any) -> Iterator[dict[str, Any]]:
    """Every step or job, however deep, that uses something of this repository."""
    if isinstance(found, dict):
        if _OURS.fullmatch(str(found.get("uses", ""))):
            yield found
        for value in found.values():
            yield from _calls(value)
    elif isinstance(found, list):
        for value in found:
            yield from _calls(value)


def _problems(call: dict[str, Any]) -> Iterator[str]:
    named = _OURS.fullmatch(call["uses"])
    assert named
    if named["version"] != VERSION:
        yield f"{call['uses']}: version {named['version']} is not {VERSION}"
    declared = _declared(named["path"] or "")
    if declared is None:
        yield f"{call['uses']}: no such action or workflow"
        return
    given = call.get("with") or {}
    yield from (f"{call['uses']} has no input {name}" for name in given if name not in declared)


@cache
def _declared(path: str) -> dict[str, Any] | None:
    """The inputs of an action's folder or of a workflow; None where neither is there."""
    file = ROOT / path if path.endswith(".yml") else ROOT / path / "action.yml"
    if not file.is_file():
        return None
    declared = parsed_yaml(file.read_text(encoding="utf-8"))
    inputs = declared["on"]["workflow_call"] if "on" in declared else declared
    return {name: about or {} for name, about in inputs.get("inputs", {}).items()}
