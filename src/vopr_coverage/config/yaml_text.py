"""Settings of a config as lines of YAML. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*", re.ASCII)
_WORDS_OF_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def quoted(name: str) -> str:
    """A name as YAML: bare where every reader takes it for text, else quoted as in JSON, which YAML reads too."""
    bare = _BARE.fullmatch(name) and name.lower() not in _WORDS_OF_YAML
    return name if bare else json.dumps(name)


def least_text(least: object) -> str:
    """A minimum as YAML: a number, its steps, or null for a name that a scenario removes."""
    if isinstance(least, tuple):
        return f"[{', '.join(f'{{from: {step.from_}, at_least: {step.at_least}}}' for step in least)}]"
    return "null" if least is None else str(least)


def lines_of(path: Sequence[str], value: object) -> list[str]:
    """A setting below the keys of `path`: a number, a list of names, or a map of minimums; None is only the keys."""
    lines = [f"{'  ' * depth}{quoted(key)}:" for depth, key in enumerate(path)]
    indent = "  " * len(path)
    if isinstance(value, Mapping):
        return [*lines, *(f"{indent}{quoted(name)}: {least_text(least)}" for name, least in value.items())]
    if isinstance(value, list | tuple):
        return [*lines, *(f"{indent}- {quoted(name)}" for name in value)]
    return lines if value is None else [*lines[:-1], f"{lines[-1]} {value}"]
