"""The routes of GitHub's REST API that the fake answers: a function each, and the table of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from tests.github_api.answers import Json, Scribe, json_answer, refusal
from tests.github_api.loopback import Answer, Request
from tests.github_api.state import Artifact, Comment, Pull, Run, World

BODY_CHARS_MAX = 65_536
PER_PAGE_MAX = 100
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
    """A method, a path below a repository, who answers, and the query parameters that it understands."""

    method: str
    path: str
    answer: Callable[..., Answer]
    query: frozenset[str] = frozenset()

    def ids(self, request: Request) -> re.Match[str] | None:
        """The repository and the numbers in a path of this route, None when the request is for another."""
        pattern = r"/repos/([^/]+/[^/]+)/" + self.path.replace("{}", r"(\d+)")
        return re.fullmatch(pattern, request.path) if request.method == self.method else None


def answer_call(call: Call) -> Answer | None:
    """GitHub's answer to a request; None when the fake has no such route, or not with these query parameters."""
    for route in ROUTES:
        if (found := route.ids(call.request)) and route.query.issuperset(call.request.query):
            repo, *ids = found.groups()
            if call.read_only and call.request.method != "GET":
                return refusal(HTTPStatus.FORBIDDEN, READ_ONLY)
            if repo not in call.world.repositories:
                return not_found()
            return route.answer(Call(**{**vars(call), "repo": repo}), *map(int, ids))
    return None


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


# ---- comments


def list_comments(call: Call, issue: int) -> Answer:
    """Oldest first, which can't be turned round."""
    if (call.repo, issue) not in call.world.pulls:
        return not_found()
    comments, link = page_of(call, call.world.comments_on(issue, call.repo))
    return json_answer(HTTPStatus.OK, [call.scribe.comment(one) for one in comments], **link)


def create_comment(call: Call, issue: int) -> Answer:
    """A new comment in the name of the token."""
    if (call.repo, issue) not in call.world.pulls:
        return not_found()
    body = body_of(call.request)
    if isinstance(body, Answer):
        return body
    comment = call.world.add_comment(issue, body, author=call.login, repo=call.repo)
    written = call.scribe.comment(comment)
    return json_answer(HTTPStatus.CREATED, written, Location=written["url"])


def edit_comment(call: Call, number: int) -> Answer:
    """Another text for a comment, whoever wrote it."""
    comment = comment_of(call, number)
    if comment is None:
        return not_found()
    body = body_of(call.request)
    if isinstance(body, Answer):
        return body
    comment.body, comment.updated_at = body, call.world.now()
    return json_answer(HTTPStatus.OK, call.scribe.comment(comment))


def delete_comment(call: Call, number: int) -> Answer:
    """No more comment."""
    if comment_of(call, number) is None:
        return not_found()
    del call.world.comments[number]
    return Answer(HTTPStatus.NO_CONTENT)


def comment_of(call: Call, number: int) -> Comment | None:
    """The comment, when it stands in this repository."""
    comment = call.world.comments.get(number)
    return comment if comment and comment.repo == call.repo else None


def body_of(request: Request) -> str | Answer:
    """The text of a comment to write, or why GitHub refuses it."""
    try:
        sent = json.loads(request.body)
    except ValueError:
        return refusal(HTTPStatus.BAD_REQUEST, "Problems parsing JSON")
    body: Any = sent.get("body") if isinstance(sent, dict) else None
    if body is None:
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, 'Invalid request.\n\n"body" wasn\'t supplied.')
    if not isinstance(body, str):
        wrong = f"Invalid request.\n\nFor 'properties/body', {json.dumps(body)} is not a string."
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, wrong)
    if not body.strip():
        return invalid_comment("Body can't be blank")
    if len(body) > BODY_CHARS_MAX:
        return invalid_comment(f"Body is too long (maximum is {BODY_CHARS_MAX} characters)")
    return body


def invalid_comment(why: str) -> Answer:
    """A comment that reads well and still can't be."""
    error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": why}
    return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=[error])


# ---- pull requests


def list_pulls(call: Call) -> Answer:
    """Newest first; a `head` without an owner is no filter."""
    query = call.request.query
    state, head, base = query.get("state", "open"), query.get("head", ""), query.get("base", "")

    def asked_for(pull: Pull) -> bool:
        owner = pull.head_repo.split("/")[0] if pull.head_repo else pull.author
        return (
            pull.repo == call.repo
            and state in (pull.state, "all")
            and (":" not in head or head == f"{owner}:{pull.head_ref}")
            and base in (pull.base_ref, "")
        )

    found = sorted(filter(asked_for, call.world.pulls.values()), key=lambda pull: -pull.number)
    pulls, link = page_of(call, found)
    return json_answer(HTTPStatus.OK, [call.scribe.pull(one) for one in pulls], **link)


# ---- runs and artifacts


def get_run(call: Call, number: int) -> Answer:
    """One workflow run."""
    run = run_of(call, number)
    return not_found() if run is None else json_answer(HTTPStatus.OK, call.scribe.run(run))


def run_of(call: Call, number: int) -> Run | None:
    """The run, when it belongs to this repository."""
    run = call.world.runs.get(number)
    return run if run and run.repo == call.repo else None


def list_artifacts(call: Call) -> Answer:
    """A repository's, newest first."""
    return artifacts_answer(call, lambda artifact: True)


def list_run_artifacts(call: Call, number: int) -> Answer:
    """A run's, newest first."""
    if run_of(call, number) is None:
        return not_found()
    return artifacts_answer(call, lambda artifact: artifact.run is not None and artifact.run.id == number)


def artifacts_answer(call: Call, wanted: Callable[[Artifact], bool]) -> Answer:
    """Those artifacts of a repository that are wanted, and have the name that the request may give."""
    name = call.request.query.get("name")
    found = [
        artifact
        for artifact in reversed(call.world.artifacts.values())
        if artifact.repo == call.repo and name in (artifact.name, None) and wanted(artifact)
    ]
    artifacts, link = page_of(call, found)
    listed: Json = {"total_count": len(found), "artifacts": [call.scribe.artifact(one) for one in artifacts]}
    return json_answer(HTTPStatus.OK, listed, **link)


def get_zip(call: Call, number: int) -> Answer:
    """Where the zip is: on another server, which wants no token."""
    artifact = call.world.artifacts.get(number)
    if artifact is None or artifact.repo != call.repo:
        return not_found()
    if artifact.expired:
        return refusal(HTTPStatus.GONE, "Artifact has expired")
    return Answer(HTTPStatus.FOUND, {"Location": f"{call.blobs}/{artifact.id}.zip?sig=c2lnbmVk"})


def answer_blob(world: World, request: Request) -> Answer:
    """The blob store: a zip by its signed URL. As Azure's, it refuses a request that brings a token as well."""
    found = re.fullmatch(r"/(\d+)\.zip", request.path)
    artifact = world.artifacts.get(int(found[1])) if found else None
    xml = {"Content-Type": "application/xml"}
    if "authorization" in request.headers:
        return Answer(HTTPStatus.BAD_REQUEST, xml, b"<Error><Code>InvalidAuthenticationInfo</Code></Error>")
    if artifact is None or "sig" not in request.query:
        return Answer(HTTPStatus.NOT_FOUND, xml, b"<Error><Code>BlobNotFound</Code></Error>")
    return Answer(HTTPStatus.OK, {"Content-Type": "application/zip"}, artifact.content)


ROUTES = (
    Route("GET", "issues/{}/comments", list_comments, PAGED),
    Route("POST", "issues/{}/comments", create_comment),
    Route("PATCH", "issues/comments/{}", edit_comment),
    Route("DELETE", "issues/comments/{}", delete_comment),
    Route("GET", "pulls", list_pulls, PAGED | {"base", "head", "state"}),
    Route("GET", "actions/artifacts", list_artifacts, PAGED | {"name"}),
    Route("GET", "actions/runs/{}", get_run),
    Route("GET", "actions/runs/{}/artifacts", list_run_artifacts, PAGED | {"name"}),
    Route("GET", "actions/artifacts/{}/zip", get_zip),
)
