"""`if:` of jobs and steps: may a gate be skipped where the job is green all the same? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

# What pull requests and a merge queue are blocked by; other events block nothing.
BLOCKING_EVENTS = frozenset({"pull_request", "pull_request_target", "merge_group"})
_STATUS = re.compile(r"\b(?:always|cancelled|failure)\s*\(\s*\)")
# True, or false only after an earlier step of the job failed, or while the run is stopped: then the job is not green.
_HARMLESS = re.compile(
    r"always\(\)|!cancelled\(\)|success\(\)|!failure\(\)|true|!\(?(?:failure\(\)\|\|cancelled\(\)|cancelled\(\)\|\|failure\(\))\)?"
    r"|steps\.[\w-]+\.outcome!='skipped'"
)
_EVENT = re.compile(r"github\.event_name(==|!=)'(\w+)'")


def has_status_function(condition: str) -> bool:
    """Whether a job runs although a job that it needs failed: without such a function it is skipped then."""
    return bool(_STATUS.search(condition))


def may_skip(condition: str, triggers: frozenset[str]) -> bool:
    """Whether a gate under this condition may be skipped without anything else turning red."""
    text = _plain(condition)
    if not text:
        return False
    return not any(all(_holds(part, triggers) for part in _split(choice, "&&")) for choice in _split(text, "||"))


def is_true(value: str) -> bool:
    """Whether a setting is on, or may be: `true`, or an expression."""
    return value.lower() == "true" or "${{" in value


def _holds(part: str, triggers: frozenset[str]) -> bool:
    part = _without_parentheses(part)
    if _HARMLESS.fullmatch(part):
        return True
    if len(_split(part, "||")) > 1 or len(_split(part, "&&")) > 1:
        return not may_skip(part, triggers)
    event = _EVENT.fullmatch(part)
    if event is None:
        return False
    judged = triggers & BLOCKING_EVENTS or triggers
    return bool(judged) and all((name == event[2]) is (event[1] == "==") for name in judged)


def _plain(condition: str) -> str:
    """An expression without its brackets and spaces. Texts in quotes have none that matter here."""
    return re.sub(r"\s+", "", condition.replace("${{", "").replace("}}", ""))


def _without_parentheses(part: str) -> str:
    while part.startswith("(") and _closes(part) == len(part) - 1:
        part = part[1:-1]
    return part


def _closes(part: str) -> int:
    depth = 0
    for at, mark in enumerate(part):
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if not depth:
            return at
    return -1


def _split(text: str, operator: str) -> list[str]:
    """The parts between an operator, outside of parentheses and quotes."""
    return list(_parts(text, operator))


def _parts(text: str, operator: str) -> Iterator[str]:
    depth, quoted, start, at = 0, False, 0, 0
    while at < len(text):
        mark = text[at]
        quoted ^= mark == "'"
        if not quoted:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(mark, 0)
            if not depth and text.startswith(operator, at):
                yield text[start:at]
                start = at = at + len(operator)
                continue
        at += 1
    yield text[start:]
