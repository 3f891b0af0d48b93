"""Says what a YAML block is a part of, by its keys."""

from __future__ import annotations

from typing import Any

import yaml

from vopr_coverage.formats.schema import schema

CONFIG_KEYS = frozenset(schema("config")["properties"])
_STEP, _JOB = {"uses", "run"}, {"steps", "runs-on", "uses"}


def parsed_yaml(text: str) -> Any:
    """YAML with `on` for the key that YAML 1.1 takes for true."""
    found = yaml.safe_load(text)
    return {"on" if key is True else key: value for key, value in found.items()} if isinstance(found, dict) else found


def kind_of_yaml(text: str) -> str | None:
    """What a block is: a workflow or a part of one, a config, hooks of pre-commit, or the line for an editor."""
    found = parsed_yaml(text)
    if found is None:
        return "editor-line" if "yaml-language-server:" in text else None
    if isinstance(found, list):
        return "steps" if found and all(isinstance(step, dict) and _STEP & set(step) for step in found) else None
    if not isinstance(found, dict):
        return None
    keys = set(found)
    if "jobs" in keys:
        return "workflow"
    if "repos" in keys:
        return "pre-commit"
    if keys & _JOB:
        return "job"
    if keys <= {"on", "permissions", "concurrency", "env", "defaults", "name", "run-name"}:
        return "head"
    if keys <= CONFIG_KEYS:
        return "config"
    if all(isinstance(value, dict) and _JOB & set(value) for value in found.values()):
        return "jobs"
    return None
