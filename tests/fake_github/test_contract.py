"""How the contract reads an OpenAPI 3.0 description, shown on a small one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fake_github.contract import Contract
from tests.fake_github.loopback import Answer, Request

HTML = "text/html"
THING = {
    "type": "object",
    "required": ["id", "made_at"],
    "properties": {
        "id": {"type": "integer"},
        "made_at": {"type": "string", "format": "date-time", "nullable": True},
        "url": {"type": "string", "format": "uri"},
        "colour": {"type": "string", "enum": ["red", "blue"], "nullable": True},
        "part": {"$ref": "#/components/schemas/thing"},
        "whole": {"allOf": [{"$ref": "#/components/schemas/thing"}], "nullable": True, "discriminator": {}},
        "nullable": {"type": "boolean"},  # a property that is called like a keyword
    },
}


def in_json(schema: dict[str, Any]) -> dict[str, Any]:
    """The `content` of a body in JSON."""
    return {"content": {"application/json": {"schema": schema}}}


DESCRIPTION = {
    "paths": {
        "/things/{id}": {
            "get": {
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}},
                    {"$ref": "#/components/parameters/per-page"},
                    {"in": "query", "name": "state", "schema": {"type": "string", "enum": ["open", "all"]}},
                    {"in": "query", "name": "whole", "schema": {"type": "boolean"}},
                ],
                "responses": {
                    "200": {"$ref": "#/components/responses/thing"},
                    "404": in_json({"$ref": "#/components/schemas/basic-error"}),
                },
            },
            "delete": {"responses": {"204": {"description": "Gone"}}},
        },
        "/things/latest": {
            "get": {"responses": {"200": {"$ref": "#/components/responses/thing"}}},
            "post": {
                "requestBody": {"required": True, **in_json({"type": "object", "required": ["body"]})},
                "responses": {"201": in_json({"$ref": "#/components/schemas/thing"})},
            },
        },
    },
    "components": {
        "parameters": {"per-page": {"in": "query", "name": "per_page", "schema": {"type": "integer"}}},
        "responses": {"thing": in_json({"$ref": "#/components/schemas/thing"})},
        "schemas": {
            "thing": THING,
            "basic-error": {"type": "object", "properties": {"message": {"type": "string"}}},
            "pull-request-simple": {"properties": {"head": {"properties": {"repo": {"type": "object"}}}}},
            "workflow-run": {"properties": {"head_repository": {"type": "object"}}},
        },
    },
}


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """A contract about things."""
    (tmp_path / "api.json").write_text(json.dumps(DESCRIPTION))
    return Contract(tmp_path / "api.json")


def a_request(method: str, path: str, body: str = "", **query: str) -> Request:
    """A request as the server reads it."""
    return Request(method, path, query, {}, body.encode())


def an_answer(status: int, body: str, kind: str = "application/json; charset=utf-8") -> Answer:
    """An answer as the server sends it."""
    return Answer(status, {"Content-Type": kind}, body.encode())


@pytest.mark.parametrize(
    ("request_", "wrong"),
    [
        (a_request("GET", "/things/7", per_page="100", state="all", whole="true"), []),
        (a_request("GET", "/things/latest"), []),
        (a_request("DELETE", "/things/7"), []),
        (a_request("POST", "/things/latest", '{"body": ""}'), []),
        (a_request("GET", "/nothing"), ["GitHub has no such route"]),
        (a_request("PUT", "/things/7"), ["GitHub has no such route"]),
        (a_request("GET", "/things/x"), ["id: $: 'x' is not of type 'integer'"]),
        (a_request("GET", "/things/7", colour="red"), ["unknown query parameter 'colour'"]),
        (a_request("GET", "/things/7", state="ajar"), ["state: $: 'ajar' is not one of ['open', 'all']"]),
        (a_request("GET", "/things/7", whole="1"), ["whole: $: '1' is not of type 'boolean'"]),
        (a_request("GET", "/things/7", per_page="101"), ["per_page: $: 101 is greater than the maximum of 100"]),
        (a_request("GET", "/things/7", per_page="0"), ["per_page: $: 0 is less than the minimum of 1"]),
        (a_request("GET", "/things/7", "{}"), ["a request body where none belongs"]),
        (a_request("POST", "/things/latest"), ["no request body"]),
        (a_request("POST", "/things/latest", "{}"), ["$: 'body' is a required property"]),
        (a_request("POST", "/things/latest", "["), ["the body is not JSON: Expecting value: line 1 column 2 (char 1)"]),
    ],
)
def test_a_request_is_checked_whole(request_: Request, wrong: list[str], contract: Contract) -> None:
    """Route, parameters, body; the literal route wins over the one with a parameter."""
    assert contract.request_breaches(request_) == wrong


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (an_answer(200, '{"id": 1, "made_at": "2026-11-23T04:00:00Z", "url": "http://127.0.0.1/1"}'), []),
        (an_answer(200, '{"id": 1, "made_at": null, "colour": null, "whole": null}'), []),
        (an_answer(200, '{"id": 1}'), ["$: 'made_at' is a required property"]),
        (an_answer(200, '{"id": null, "made_at": null}'), ["$.id: None is not of type 'integer'"]),
        (an_answer(200, '{"id": 1, "made_at": "today"}'), ["$.made_at: 'today' is not a 'date-time'"]),
        (an_answer(200, '{"id": 1, "made_at": null, "url": "/1"}'), ["$.url: '/1' is not a 'uri'"]),
        (
            an_answer(200, '{"id": 1, "made_at": null, "part": {"id": 1, "made_at": null, "nullable": 1}}'),
            ["$.part.nullable: 1 is not of type 'boolean'"],
        ),
        (an_answer(200, "<p>", HTML), ["200 comes as application/json, not as 'text/html'"]),
        (an_answer(202, "{}"), ["202 is no answer to this request"]),
        (an_answer(404, '{"message": 1}'), ["$.message: 1 is not of type 'string'"]),
        (an_answer(429, '{"message": "wait"}'), []),  # any request may get an error that isn't listed
        (an_answer(429, '{"message": 1}'), ["$.message: 1 is not of type 'string'"]),
        (an_answer(429, "<p>", HTML), ["429 comes as application/json, not as 'text/html'"]),
        (an_answer(502, "<p>", HTML), []),  # what stands before GitHub
    ],
)
def test_an_answer_is_one_that_the_description_lists(answer: Answer, wrong: list[str], contract: Contract) -> None:
    """Its status, and its body under that status."""
    assert contract.answer_breaches(a_request("GET", "/things/7"), answer) == wrong


def test_an_answer_without_content_has_no_body(contract: Contract) -> None:
    """As after a deletion."""
    deletion = a_request("DELETE", "/things/7")
    assert contract.answer_breaches(deletion, Answer(204)) == []
    assert contract.answer_breaches(deletion, an_answer(204, "{}")) == ["a body where none belongs"]


def test_a_description_that_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    """Silence would look like a contract that was kept."""
    with pytest.raises(FileNotFoundError, match=r"none\.json is not there; `make openapi` fetches"):
        Contract(tmp_path / "none.json")
