"""Names and lists as YAML, for configs that are written."""

from __future__ import annotations

import json
from collections.abc import Iterable

# Editors with a language server for YAML complete and check a config by it; others see a comment.
SCHEMA_LINE = (
    "# yaml-language-server: $schema="
    "https://raw.githubusercontent.com/org/vopr-coverage-action/v1/src/vopr_coverage/schemas/config.json"
)


def yaml_list(key: str, names: Iterable[str]) -> list[str]:
    """A list of names under a key."""
    rows = [f"  - {quoted(name)}" for name in names]
    return [f"{key}:", *rows] if rows else [f"{key}: []"]


def quoted(name: str) -> str:
    """A name as YAML: bare where that is safe, else quoted as in JSON, which YAML reads too."""
    bare = name.replace("_", "a").replace(".", "a").replace("-", "a")
    plain = bare.isascii() and bare.isalnum() and name[0].isalpha() and name.lower() not in ("true", "false", "null")
    return name if plain else json.dumps(name)
