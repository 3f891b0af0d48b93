"""The routes of GitHub's REST API that the fake answers: a function each, and the table of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from tests.fake_github.answers import Json, json_answer, refusal
from tests.fake_github.calls import (
    BODY_CHARS_MAX,
    PAGED,
    READ_ONLY,
    Call,
    Route,
    invalid_request,
    not_found,
    page_of,
    sent_json,
)
from tests.fake_github.commits import compare_commits
from tests.fake_github.git_data import GIT_ROUTES
from tests.fake_github.issues import create_issue, edit_issue, list_issues
from tests.fake_github.loopback import Answer, Request
from tests.fake_github.state import Artifact, Comment, Pull, Run, World

SHA_CHARS = 40


def answer_call(call: Call) -> Answer | None:
    """GitHub's answer to a request; None when the fake has no such route, or not with these query parameters."""
    for route in ROUTES:
        if (found := route.ids(call.request)) and route.query.issuperset(call.request.query):
            repo, *ids = found.groups()
            if call.read_only and call.request.method != "GET":
                return refusal(HTTPStatus.FORBIDDEN, READ_ONLY)
            if repo not in call.world.repositories:
                return not_found()
            given = [int(one) if one.isdecimal() and len(one) < SHA_CHARS else unquote(one) for one in ids]
            return route.answer(Call(**{**vars(call), "repo": repo}), *given)
    return None


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
    sent = sent_json(request)
    if isinstance(sent, Answer):
        return sent
    body: Any = sent.get("body")
    if body is None:
        return invalid_request('"body" wasn\'t supplied.')
    if not isinstance(body, str):
        return invalid_request(f"For 'properties/body', {json.dumps(body)} is not a string.")
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


def list_attempt_jobs(call: Call, number: int, attempt: int) -> Answer:
    """The jobs of one attempt of a run. An attempt that there was not is not found."""
    run = run_of(call, number)
    if run is None or not 1 <= attempt <= run.run_attempt:
        return not_found()
    found = [job for job in call.world.jobs.values() if job.run is run and job.run_attempt == attempt]
    jobs, link = page_of(call, found)
    listed: Json = {"total_count": len(found), "jobs": [call.scribe.job(one) for one in jobs]}
    return json_answer(HTTPStatus.OK, listed, **link)


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
    Route("GET", "issues", list_issues, PAGED | {"creator", "direction", "sort", "state"}),
    Route("POST", "issues", create_issue),
    Route("PATCH", "issues/{}", edit_issue),
    Route("GET", "pulls", list_pulls, PAGED | {"base", "head", "state"}),
    Route("GET", "actions/artifacts", list_artifacts, PAGED | {"name"}),
    Route("GET", "actions/runs/{}", get_run),
    Route("GET", "actions/runs/{}/artifacts", list_run_artifacts, PAGED | {"name"}),
    Route("GET", "actions/runs/{}/attempts/{}/jobs", list_attempt_jobs, PAGED),
    Route("GET", "actions/artifacts/{}/zip", get_zip),
    Route("GET", "compare/{sha}...{sha}", compare_commits, PAGED),
    *GIT_ROUTES,
)
