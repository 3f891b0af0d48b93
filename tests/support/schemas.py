"""Our JSON Schemas as data: documents with every key that a schema names, and the keys and words that it has.

Tests that are derived from a schema notice what is added to it, and nobody has to extend a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vopr_coverage.formats.schema import schema

Schema = Mapping[str, Any]

MAP_KEY, NAME = "a", "b"  # the one key of a map, and every name: an alias must not be the name that it stands for
DIGITS_AND_TIMES = (
    "7", "2026-05-07", "2026-05-07T02:00:00Z", "0123abc", "0123456789abcdef", "0123456789abcdef0123456789abcdef",
)  # fmt: skip
NUMBER_MAX = 1_000_000  # far above what a run of the tests has, far below what a type of ours can hold


def definition(name: str, key: str) -> Schema:
    """A schema's definition of that name."""
    found: Schema = schema(name)["$defs"][key]
    return found


def a_value(name: str, part: Schema | None = None) -> Any:
    """A value that meets schema `name`, or a part of it, with every optional key, and with large numbers."""
    root = schema(name)
    part = root if part is None else part
    if "$ref" in part:
        target, there = _target(part["$ref"], root)
        return a_value(there["$id"].split(":")[-2], target)
    if "const" in part or "enum" in part:
        return part["const"] if "const" in part else part["enum"][0]
    types = part.get("type", "integer")
    kind = types if isinstance(types, str) else "object" if "object" in types else types[0]
    if kind == "object" and "properties" in part:
        return {key: a_value(name, value) for key, value in part["properties"].items()}
    if kind == "object":
        return {MAP_KEY: a_value(name, part["additionalProperties"])}
    if kind == "array":
        return [a_value(name, part["items"])] * part.get("minItems", 1)
    if kind == "number":
        return min(part["maximum"] / 2, NUMBER_MAX) if "maximum" in part else NUMBER_MAX  # of fractions, 1 is a default
    if kind == "string":
        return next(text for text in (NAME, *DIGITS_AND_TIMES) if re.search(part.get("pattern", ""), text))
    return True if kind == "boolean" else min(part.get("maximum", NUMBER_MAX), NUMBER_MAX)


def numbers_of(name: str, part: Schema | None = None) -> Iterator[tuple[tuple[str | int, ...], Schema]]:
    """Where `a_value` of the same schema, or part of it, has a number, and what the schema says of it."""
    root = schema(name)
    yield from _numbers(root if part is None else part, root, ())


def _numbers(part: Schema, root: Schema, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Schema]]:
    if "$ref" in part:
        yield from _numbers(*_target(part["$ref"], root), at)
        return
    types = part.get("type", ())
    if {"integer", "number"} & {*([types] if isinstance(types, str) else types)}:
        yield at, part
        return  # where a list is allowed, too, `a_value` has the number
    for key, value in part.get("properties", {}).items():
        yield from _numbers(value, root, (*at, key))
    if isinstance(part.get("items"), dict):
        yield from _numbers(part["items"], root, (*at, 0))
    if isinstance(part.get("additionalProperties"), dict) and "properties" not in part:
        yield from _numbers(part["additionalProperties"], root, (*at, MAP_KEY))


def keys_and_words(root: Schema, part: Schema | None = None) -> dict[str, set[str]]:
    """The path of every key that a schema, or a part of it, has, and the words that may stand there, if it says.

    Args:
        root: one of our schemas, or one that msgspec makes of a type.
    """
    found: dict[str, set[str]] = {}
    for path, words in _walk(root if part is None else part, root, ""):
        found.setdefault(path, set()).update(words)
    return found


def _walk(part: Schema, root: Schema, path: str) -> Iterator[tuple[str, set[str]]]:
    if "$ref" in part:
        yield from _walk(*_target(part["$ref"], root), path)
    words = part.get("enum", [part["const"]] if "const" in part else [])
    if words:
        yield path, {str(word) for word in words if word is not None}
    for key, value in part.get("properties", {}).items():
        yield f"{path}/{key}", set()
        yield from _walk(value, root, f"{path}/{key}")
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            yield from _walk(part[key], root, f"{path}/*")
    for choice in (*part.get("anyOf", ()), *part.get("allOf", ())):
        yield from _walk(choice, root, path)


def _target(reference: str, root: Schema) -> tuple[Schema, Schema]:
    """The part that a reference leads to, and the schema that it is in."""
    urn, _, pointer = reference.partition("#")
    there = schema(urn.split(":")[-2]) if urn else root
    target = there
    for step in pointer.strip("/").split("/") if pointer else ():
        target = target[step]
    return target, there
