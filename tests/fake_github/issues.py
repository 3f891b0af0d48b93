"""The fake's routes for issues. In GitHub's lists of them stand pull requests, too."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from tests.fake_github.answers import json_answer, refusal
from tests.fake_github.calls import BODY_CHARS_MAX, Call, invalid_request, not_found, page_of, sent_json
from tests.fake_github.loopback import Answer
from tests.fake_github.state import Issue, Pull

TITLE_CHARS_MAX = 256
WRITTEN = frozenset({"title", "body", "state", "state_reason"})
STATES = ("open", "closed")
REASONS = ("completed", "not_planned", "duplicate", "reopened")


def list_issues(call: Call) -> Answer:
    """Newest first, or those that were changed last; a creator that nobody is has none."""
    query = call.request.query
    state, creator = query.get("state", "open"), query.get("creator")

    def asked_for(one: Issue | Pull) -> bool:
        ours = one.repo == call.repo and state in (one.state, "all")
        return ours and (creator is None or (one.author or "").lower() == creator.lower())

    both: list[Issue | Pull] = [*call.world.issues.values(), *call.world.pulls.values()]
    found = sorted(filter(asked_for, both), key=lambda one: one.number)
    if query.get("sort", "created") == "updated":
        found.sort(key=lambda one: one.updated if isinstance(one, Issue) else 0)
    if query.get("direction", "desc") == "desc":
        found.reverse()
    issues, link = page_of(call, found)
    return json_answer(HTTPStatus.OK, [call.scribe.issue(one) for one in issues], **link)


def create_issue(call: Call) -> Answer:
    """A new issue in the name of the token."""
    if call.repo in call.world.without_issues:
        return refusal(HTTPStatus.GONE, "Issues are disabled for this repo")
    sent = sent_issue(call)
    if isinstance(sent, Answer):
        return sent
    if "title" not in sent:
        return invalid_request('"title" wasn\'t supplied.')
    issue = call.world.add_issue(sent["title"], sent.get("body"), author=call.login, repo=call.repo)
    written = call.scribe.issue(issue)
    return json_answer(HTTPStatus.CREATED, written, Location=written["url"])


def edit_issue(call: Call, number: int) -> Answer:
    """Another title, text or state for an issue, whoever wrote it."""
    issue = call.world.issues.get((call.repo, number))
    if issue is None:
        return not_found()
    sent = sent_issue(call)
    if isinstance(sent, Answer):
        return sent
    call.world.change(issue, **sent)
    return json_answer(HTTPStatus.OK, call.scribe.issue(issue))


def sent_issue(call: Call) -> dict[str, Any] | Answer:
    """What is to be written, or why GitHub refuses it."""
    sent = sent_json(call.request)
    if isinstance(sent, Answer):
        return sent
    assert sent.keys() <= WRITTEN, "not modelled by the fake"
    for name, value in sent.items():
        if value is not None and not isinstance(value, str):
            return invalid_request(f"For 'properties/{name}', {json.dumps(value)} is not a string.")
    title, body = sent.get("title"), sent.get("body")
    if title is not None and not title.strip():
        return invalid_issue("title", "missing_field", "")
    if len(title or "") > TITLE_CHARS_MAX:
        return invalid_issue("title", "custom", f"title is too long (maximum is {TITLE_CHARS_MAX} characters)")
    if len(body or "") > BODY_CHARS_MAX:
        return invalid_issue("body", "custom", f"body is too long (maximum is {BODY_CHARS_MAX} characters)")
    if sent.get("state", "open") not in STATES or sent.get("state_reason", "completed") not in REASONS:
        return invalid_issue("state", "invalid", "")
    return sent


def invalid_issue(field: str, code: str, why: str) -> Answer:
    """An issue that reads well and still can't be."""
    error = {"resource": "Issue", "code": code, "field": field, **({"message": why} if why else {})}
    return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=[error])
