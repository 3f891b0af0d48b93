"""One request to the fake as a route meets it, and what routes have in common."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from tests.fake_github.answers import Json, Scribe, refusal
from tests.fake_github.loopback import Answer, Request
from tests.fake_github.state import World

BODY_CHARS_MAX = 65_536
PER_PAGE_MAX = 100
SHA = "[0-9a-f]{40}"
PAGED = frozenset({"page", "per_page"})
T = TypeVar("T")
READ_ONLY = "Resource not accessible by integration"


@dataclass(frozen=True)
class Call:
    """One authorised request, and what it takes to answer it; `api` and `blobs` are the URLs of the two servers."""

    world: World
    request: Request
    login: str
    read_only: bool
    api: str
    blobs: str
    repo: str = ""

    @property
    def scribe(self) -> Scribe:
        """Who writes the answer's JSON."""
        return Scribe(self.world, self.api)


class Route(NamedTuple):
    """A method, a path below a repository, who answers, and the query parameters that it understands.

    In a path `{}` stands for a number, `{sha}` for a commit, and `{branch}` for the name of a branch.
    """

    method: str
    path: str
    answer: Callable[..., Answer]
    query: frozenset[str] = frozenset()

    def ids(self, request: Request) -> re.Match[str] | None:
        """The repository, numbers and commits in a path of this route, None when the request is for another."""
        pattern = r"/repos/([^/]+/[^/]+)/" + self.path.replace("{}", r"(\d+)").replace("{sha}", f"({SHA})")
        pattern = pattern.replace("{branch}", "([^?]+)")
        return re.fullmatch(pattern, request.path) if request.method == self.method else None


def not_found() -> Answer:
    """What GitHub says of all that is not there or not for this token."""
    return refusal(HTTPStatus.NOT_FOUND, "Not Found")


def page_of(call: Call, items: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """The page that a request asks for, and its Link header, which only a list of several pages has."""
    query = call.request.query
    size = min(int(query.get("per_page", 30)), PER_PAGE_MAX)
    page, last = int(query.get("page", 1)), -(-len(items) // size)
    pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page >= last:
        del pages["next"], pages["last"]
    if page == 1:
        del pages["prev"], pages["first"]
    here = f"{call.api}{call.request.path}"
    links = [f'<{here}?{urlencode({**query, "page": number})}>; rel="{rel}"' for rel, number in pages.items()]
    return items[(page - 1) * size : page * size], {"Link": ", ".join(links)} if links else {}


def sent_json(request: Request) -> Json | Answer:
    """The object that a request brings, or why GitHub refuses it."""
    try:
        sent: Any = json.loads(request.body)
    except ValueError:
        return refusal(HTTPStatus.BAD_REQUEST, "Problems parsing JSON")
    return sent if isinstance(sent, dict) else {}


def invalid_request(why: str) -> Answer:
    """A body that lacks something, or has it in another type."""
    return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"Invalid request.\n\n{why}")
