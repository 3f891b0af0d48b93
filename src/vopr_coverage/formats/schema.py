"""Our JSON Schemas, and the problems that they find in a document, in our words.

jsonschema validates. The messages are ours: a subschema's `title` completes the sentence "expected …".
jsonschema's own messages contain whole schemas and documents and are never printed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache
from pkgutil import get_data
from typing import TYPE_CHECKING, Any

import msgspec

from vopr_coverage.errors import ManyErrors, ReportError, UsageError, Words, nearest, printable, shown
from vopr_coverage.formats.strict_json import JsonError, strict_loads
from vopr_coverage.formats.text import without_mark

if TYPE_CHECKING:  # loaded on first use: that takes as long as a whole small check
    from jsonschema import TypeChecker, ValidationError

SCHEMA_NAMES = (
    "report", "wrapped", "stream", "thresholds", "validation-result", "config", "verdict", "recording", "determinism",
    "canaries", "night", "plan", "trend", "doctor", "simulation", "points", "seeds",
)  # fmt: skip


class Problem(msgspec.Struct, frozen=True):
    """One problem in a document; `pointer` is a JSON pointer, "" for the whole document."""

    pointer: str
    expected: str
    found: object

    def __str__(self) -> str:
        return f"expected {self.expected}, found {shown(self.found)}"


def schema_text(name: str) -> str:
    """The shipped schema file of that name, byte for byte."""
    if name not in SCHEMA_NAMES:
        raise UsageError(f"unknown schema {shown(name)}; {nearest(name, SCHEMA_NAMES)}")
    return shipped_text(f"schemas/{name}.json")


@cache
def shipped_text(path: str) -> str:
    """The text of a file of this package. (`importlib.resources` would import a dozen modules.)"""
    data = get_data("vopr_coverage", path)
    assert data is not None
    return data.decode("utf-8")


@cache
def schema(name: str) -> dict[str, Any]:
    """The shipped schema of that name, parsed; treat it as read-only."""
    parsed: dict[str, Any] = json.loads(schema_text(name))
    return parsed


def problems(name: str, document: object, definition: str = "") -> list[Problem]:
    """Every violation of schema `name` (or of one of its `$defs`), in the order of the document."""
    by_place: dict[tuple[str, str], tuple[list[int], Problem]] = {}
    for error in _validator(name, definition).iter_errors(document):
        place = _place(document, list(error.absolute_path))
        for problem in _explained(error):
            by_place.setdefault((problem.pointer, problem.expected), (place, problem))
    return [problem for _, problem in sorted(by_place.values(), key=lambda item: item[0])]


def document(data: bytes, source: str, name: str) -> object:
    """Parse strict JSON and validate it against schema `name`.

    Raises:
        ReportError, ManyErrors: it is no such document.
    """
    try:
        parsed: object = strict_loads(without_mark(data))
    except JsonError as error:
        raise ReportError(source, "", expected=error.expected, found=error.found) from None
    broken = problems(name, parsed)
    if broken:
        raise ManyErrors([ReportError(source, f"#{p.pointer}", expected=p.expected, found=p.found) for p in broken])
    return parsed


def pointer_to(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901) with printable characters only."""
    return "".join("/" + printable(str(step)).replace("~", "~0").replace("/", "~1") for step in steps)


def _explained(error: ValidationError) -> Iterator[Problem]:
    path = pointer_to(*error.absolute_path)
    instance: Any = error.instance
    definition = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "required":
        missing = [key for key in definition["required"] if key not in instance]
        for key in missing:
            yield Problem(path, f"the key '{key}'", Words("no such key"))
    elif error.validator == "additionalProperties":
        known = definition.get("properties", {})
        for key in instance:
            if key not in known:
                yield Problem(path + pointer_to(key), f"a known key ({nearest(str(key), known)})", key)
    elif error.validator == "dependentRequired":
        for key, needed in definition["dependentRequired"].items():
            if key in instance and any(other not in instance for other in needed):
                yield Problem(path, f"{' and '.join(needed)} beside {key}", Words("no such key"))
    else:
        yield Problem(path, _expectation(error, definition), error.instance)


def _expectation(error: ValidationError, definition: dict[str, Any]) -> str:
    title = definition.get("title")
    if title is None and error.validator == "enum":
        return "one of " + ", ".join(str(word) for word in definition["enum"])
    return str(title or f"a value that meets {error.validator}")


def _place(document: object, path: list[str | int]) -> list[int]:
    """The position of a path in the document: the index of each step in its container."""
    place = []
    for step in path:
        if isinstance(document, dict):
            place.append(list(document).index(step))
        else:
            place.append(int(step))
        document = document[step]  # type: ignore[index]
    return place


# One rule for the numbers of all documents: each fits a double, and an integer has no point and no exponent.
# JSON Schema takes 5.0 for an integer. Decoders refuse it, and no simulator writes counts that way.


def _is_integer(checker: TypeChecker, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and _is_number(checker, value)


def _is_number(_checker: TypeChecker, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of more than 1,024 bits
        return False


@cache
def _validator_class() -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    types = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    return extend(Draft202012Validator, type_checker=types)  # type: ignore[no-untyped-call]


@cache
def _validator(name: str, definition: str) -> Any:
    from referencing import Registry

    root = schema(name)
    if definition:
        root = {"$ref": f"{root['$id']}#/$defs/{definition}"}
    return _validator_class()(root, registry=Registry(retrieve=_by_id))  # type: ignore[call-arg]


def _by_id(uri: str) -> Any:
    from referencing import Resource
    from referencing.jsonschema import DRAFT202012

    for name in SCHEMA_NAMES:
        if schema(name)["$id"] == uri:
            # With its "$schema" a referenced schema would be validated by jsonschema's own class and number rules.
            contents = {key: value for key, value in schema(name).items() if key != "$schema"}
            return Resource.from_contents(contents, default_specification=DRAFT202012)
    raise LookupError(uri)
