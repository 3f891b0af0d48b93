"""GitHub's own OpenAPI description, against which every request and every answer of the fake is checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft4Validator, FormatChecker

from tests.fake_github.loopback import Answer, Request

Json = dict[str, Any]

SHOWN_MAX = 3  # complaints about one body
VALUE_CHARS_MAX = 200
SCHEMA = ("additionalProperties", "items", "not")
SCHEMAS = ("allOf", "anyOf", "oneOf")
NO_CONSTRAINT = ("default", "deprecated", "description", "discriminator", "example", "examples", "nullable", "title")
# The description says these bounds in words only.
BOUNDS: Mapping[str, Json] = {"page": {"minimum": 1}, "per_page": {"minimum": 1, "maximum": 100}}
# The description denies these nulls, which GitHub sends when a fork is gone.
NULL_AFTER_ALL = (
    ("pull-request-simple", "head", "repo"),  # https://github.com/github/rest-api-description/issues/1811
    ("workflow-run", "head_repository"),  # https://github.com/github/rest-api-description/issues/1586
)
ANY_ERROR: Json = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}}

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    """A moment, with its zone."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uri")
def is_uri(value: object) -> bool:
    """An absolute URL."""
    return not isinstance(value, str) or all(urlsplit(value)[:2])


@dataclass(frozen=True)
class Operation:
    """A method of a path in the description, with all parameters; `found` are the values that a path has for its."""

    described: Json
    parameters: tuple[Json, ...]
    found: Mapping[str, str]


class Contract:
    """Checks against the description at `path`; of its 800 paths only those that are asked for become schemas.

    The file is read at once: it takes 0.3 s, and a client with little patience must not spend them waiting.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not there; `make openapi` fetches GitHub's OpenAPI description")
        self._description: Json = json.loads(path.read_bytes())
        admit_nulls(self._description["components"]["schemas"])
        # Those with fewer parameters come first, since a literal is the better match.
        paths = sorted(self._description["paths"].items(), key=lambda item: item[0].count("{"))
        self._paths = [(re.compile(pattern_of(path)), item) for path, item in paths]
        self._schemas: dict[str, Json] = {}
        self._validator_of = cache(self._make_validator)
        self._operation = cache(self._find_operation)

    def request_breaches(self, request: Request) -> list[str]:
        """What is wrong with a request: its route, its parameters, its body."""
        operation = self._operation(request.method, request.path)
        if operation is None:
            return ["GitHub has no such route"]
        return [*self._parameter_breaches(operation, request), *self._sent_breaches(operation, request)]

    def answer_breaches(self, request: Request, answer: Answer) -> list[str]:
        """What is wrong with an answer: a status that this route doesn't have, or the body of one that it has."""
        operation = self._operation(request.method, request.path)
        if operation is None:
            return []
        described = operation.described["responses"].get(str(answer.status))
        if described is None and answer.status < 400:
            return [f"{answer.status} is no answer to this request"]
        content = self._resolved(described or ANY_ERROR).get("content", {})
        media = answer.headers.get("Content-Type", "").partition(";")[0]
        if media in content:
            return list(self._body_breaches(content[media]["schema"], answer.body))
        if content and answer.status < 500:  # what stands before GitHub answers in HTML when GitHub can't
            return [f"{answer.status} comes as {', '.join(content)}, not as {media!r}"]
        return ["a body where none belongs"] if answer.body and not content else []

    # ---- parts of a request

    def _parameter_breaches(self, operation: Operation, request: Request) -> Iterator[str]:
        given = {"path": operation.found, "query": request.query}
        known = {one["name"] for one in operation.parameters if one["in"] == "query"}
        for name in sorted(set(request.query) - known):
            yield f"unknown query parameter {name!r}"
        for one in operation.parameters:
            name, values = one["name"], given.get(one["in"], {})
            if name in values:
                schema = {**one["schema"], **BOUNDS.get(name, {})}
                yield from (f"{name}: {wrong}" for wrong in self._breaches(schema, typed(values[name], schema)))
            elif one.get("required"):
                yield f"no parameter {name!r}"

    def _sent_breaches(self, operation: Operation, request: Request) -> Iterator[str]:
        described = self._resolved(operation.described.get("requestBody", {}))
        if request.body and described:
            yield from self._body_breaches(described["content"]["application/json"]["schema"], request.body)
        elif request.body:
            yield "a request body where none belongs"
        elif described.get("required"):
            yield "no request body"

    def _body_breaches(self, schema: Json, body: bytes) -> Iterator[str]:
        try:
            yield from self._breaches(schema, json.loads(body))
        except ValueError as error:
            yield f"the body is not JSON: {error}"

    def _breaches(self, schema: Json, value: Any) -> list[str]:
        errors = self._validator_of(json.dumps(schema)).iter_errors(value)
        return [f"{one.json_path}: {one.message[:VALUE_CHARS_MAX]}" for one in islice(errors, SHOWN_MAX)]

    # ---- the description

    def _find_operation(self, method: str, path: str) -> Operation | None:
        for template, described in self._paths:
            if (found := template.fullmatch(path)) and (one := described.get(method.lower())):
                parameters = tuple(map(self._resolved, (*described.get("parameters", ()), *one.get("parameters", ()))))
                return Operation(one, parameters, found.groupdict())
        return None

    def _resolved(self, node: Json) -> Json:
        while "$ref" in node:
            node = self._at(node["$ref"])
        return node

    def _at(self, reference: str) -> Json:
        node = self._description
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
        return node

    def _make_validator(self, schema: str) -> Draft4Validator:
        return Draft4Validator(self._converted(json.loads(schema)), format_checker=FORMATS)

    def _converted(self, node: Json) -> Json:
        """A JSON Schema of draft 4, on which OpenAPI 3.0 builds: references replaced by what they mean."""
        if reference := node.get("$ref"):
            if reference not in self._schemas:
                self._schemas[reference] = {}  # a schema may contain itself
                self._schemas[reference].update(self._converted(self._at(reference)))
            return self._schemas[reference]
        converted = {
            key: self._converted_keyword(key, value) for key, value in node.items() if key not in NO_CONSTRAINT
        }
        return or_null(converted) if node.get("nullable") else converted

    def _converted_keyword(self, key: str, value: Any) -> Any:
        if key == "properties":
            return {name: self._converted(schema) for name, schema in value.items()}
        if key in SCHEMAS:
            return [self._converted(schema) for schema in value]
        return self._converted(value) if key in SCHEMA and isinstance(value, dict) else value


def pattern_of(path: str) -> str:
    """A template of the description as a pattern; the name of a reference has slashes in it, as `heads/main`."""
    return re.sub(r"{(\w+)}", lambda found: f"(?P<{found[1]}>{'.+' if found[1] == 'ref' else '[^/]+'})", path)


def admit_nulls(schemas: Json) -> None:
    """Let the schemas have those nulls that GitHub sends all the same."""
    for name, *outer, last in NULL_AFTER_ALL:
        properties = schemas[name]["properties"]
        for step in outer:
            properties = properties[step]["properties"]
        properties[last] = {"allOf": [properties[last]], "nullable": True}


def or_null(schema: Json) -> Json:
    """The schema, which null meets, too."""
    if "type" not in schema:
        return {"anyOf": [{"type": "null"}, schema]}
    enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **enum, "type": [schema["type"], "null"]}


def typed(text: str, schema: Json) -> Any:
    """A parameter's text as a value of the type that it should have, or as it is where it can't be."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if schema.get("type") == "boolean" else text
