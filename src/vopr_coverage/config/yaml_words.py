"""Names and lists as YAML, for configs that are written."""

from __future__ import annotations

import json
from collections.abc import Iterable


def yaml_list(key: str, names: Iterable[str]) -> list[str]:
    """A list of names under a key."""
    rows = [f"  - {quoted(name)}" for name in names]
    return [f"{key}:", *rows] if rows else [f"{key}: []"]


def quoted(name: str) -> str:
    """A name as YAML: bare where that is safe, else quoted as in JSON, which YAML reads too."""
    bare = name.replace("_", "a").replace(".", "a").replace("-", "a")
    plain = bare.isascii() and bare.isalnum() and name[0].isalpha() and name.lower() not in ("true", "false", "null")
    return name if plain else json.dumps(name)
