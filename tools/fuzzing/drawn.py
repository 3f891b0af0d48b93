"""Documents out of nothing but chance, as a JSON Schema of ours describes them, with a value now and then that is not.

The chance is a `random.Random`: a plain one in the long run, one that Hypothesis controls and shrinks in the tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from tools.fuzzing.changes import NUMBERS, ODD
from vopr_coverage.formats.schema import SCHEMA_NAMES, schema

Schema = dict[str, Any]
DEPTH_MAX = 9
WRONG = 0.01  # how often a value is none that the schema allows
# Texts that mean something somewhere; of those the ones that fit a pattern are taken.
TEXTS = (
    "a", "b", "cut.me", "agreement", "order", "combined", "combined-1", "7", "0", "42", "18446744073709551615", "",
    "2026-11-01T02:17:00Z", "2026-11-01", "a" * 40, "0123456789abcdef", "0123456789abcdef" * 4, "1.0.0", "failed",
    "run health", "https://github.example/a", "x: y", "vopr --seed {seed} --scenario {scenario}", "(a|b)+", "17-18",
    "storage:fsync", "storage.fsync", "a.cpp", "1", "control", "*", "default",
)  # fmt: skip


def document_of(name: str) -> Callable[[Random], bytes]:
    """Draws documents of the shipped schema of that name."""

    def draw(rng: Random) -> bytes:
        return json.dumps(value_of(rng, schema(name), schema(name))).encode()

    return draw


def value_of(rng: Random, described: Schema | bool, root: Schema, depth: int = 0) -> Any:
    """A value as the schema describes it."""
    if described is True or described == {} or not isinstance(described, dict) or rng.random() < WRONG:
        return rng.choice((*ODD, *NUMBERS, *TEXTS))
    if "$ref" in described:
        inner, its_root = _resolved(described["$ref"], root)
        return value_of(rng, inner, its_root, depth + 1)
    if "const" in described:
        return described["const"]
    if "enum" in described:
        return rng.choice(described["enum"])
    for several in ("oneOf", "anyOf"):
        if several in described:
            one = rng.choice(described[several])
            rest = {key: value for key, value in described.items() if key != several}
            return value_of(rng, {**rest, **one}, root, depth + 1)
    kinds = described.get("type", "object" if "properties" in described else "string")
    kind = rng.choice(kinds) if isinstance(kinds, list) else kinds
    return _OF_KIND[kind](rng, described, root, depth)


def _resolved(ref: str, root: Schema) -> tuple[Any, Schema]:
    """What a reference leads to, and the schema that it stands in."""
    place, _, pointer = ref.partition("#")
    if place and place != root.get("$id"):
        root = _by_id()[place]
    found: Any = root
    for step in filter(None, pointer.split("/")):
        found = found[step]
    return found, root


@cache
def _by_id() -> dict[str, Schema]:
    return {schema(name)["$id"]: schema(name) for name in SCHEMA_NAMES}


def _object(rng: Random, described: Schema, root: Schema, depth: int) -> dict[str, Any]:
    required = set(described.get("required", ()))
    most = 0.05 if depth > DEPTH_MAX else 0.5
    made = {
        key: value_of(rng, inner, root, depth + 1)
        for key, inner in described.get("properties", {}).items()
        if key in required or rng.random() < most
    }
    others = described.get("additionalProperties", {})
    if isinstance(others, dict) and others and depth <= DEPTH_MAX:
        names = described.get("propertyNames", {"type": "string"})
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            made[str(value_of(rng, names, root, depth + 1))] = value_of(rng, others, root, depth + 1)
    if made and rng.random() < WRONG:
        made.pop(rng.choice(list(made)))
    return made


def _array(rng: Random, described: Schema, root: Schema, depth: int) -> list[Any]:
    least = described.get("minItems", 0)
    firsts = [value_of(rng, inner, root, depth + 1) for inner in described.get("prefixItems", ())]
    count = least if depth > DEPTH_MAX else max(least, rng.choice((0, 1, 1, 2, 3)))
    items = described.get("items", {})
    if items is False:
        return firsts
    made = firsts + [value_of(rng, items, root, depth + 1) for _ in range(max(0, count - len(firsts)))]
    if described.get("uniqueItems"):
        made = list({json.dumps(value): value for value in made}.values())
    return made


def _string(rng: Random, described: Schema, _root: Schema, _depth: int) -> str:
    return rng.choice(_texts(described.get("pattern", ""), described.get("minLength", 0)))


@cache
def _texts(pattern: str, least: int) -> tuple[str, ...]:
    fitting = [text for text in TEXTS if len(text) >= least and re.search(pattern, text)]
    return tuple(fitting) or TEXTS


def _number(rng: Random, described: Schema, root: Schema, depth: int) -> Any:
    if rng.random() < 0.5:
        return _integer(rng, described, root, depth)
    low, high = _limits(described)
    return rng.choice((low, (low + min(high, low + 10)) / 2, low + 0.25))


def _integer(rng: Random, described: Schema, _root: Schema, _depth: int) -> int:
    low, high = _limits(described)
    fitting = [number for number in (*NUMBERS, low, int(high) if high < 1e20 else low) if low <= number <= high]
    return int(rng.choice(fitting)) if rng.random() < 0.5 or not fitting else int(fitting[0])


def _limits(described: Schema) -> tuple[float, float]:
    low: Any = described.get("minimum", described.get("exclusiveMinimum", 0))
    high: Any = described.get("maximum", described.get("exclusiveMaximum", 1e30))
    return low, high


_OF_KIND: dict[str, Callable[[Random, Schema, Schema, int], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": lambda rng, *_: rng.random() < 0.5,
    "null": lambda *_: None,
}
