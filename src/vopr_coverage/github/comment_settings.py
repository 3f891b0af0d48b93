"""How to comment, as the inputs say it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from vopr_coverage.errors import UsageError, nearest, shown
from vopr_coverage.github.comment_marker import checked_id
from vopr_coverage.github.comment_plan import MODES, Mode

AUTHOR_DEFAULT = "github-actions[bot]"
_AUTHOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9])?(?:\[bot\])?")


class CommentSettings(msgspec.Struct, frozen=True):
    """When to comment, under which id, and as whom."""

    mode: Mode
    id: str
    author: str


def comment_settings_of(inputs: Mapping[str, str]) -> CommentSettings:
    """The inputs `comment`, `comment-id` and `comment-author`.

    Raises:
        UsageError: an unknown mode, an id that can't stand in a hidden line, or no login.
    """
    word = inputs["comment"] or "auto"
    mode = next((mode for mode in MODES if mode == word), None)
    if mode is None:
        raise UsageError(f"input comment: unknown {shown(word)}; {nearest(word, MODES)}")
    return CommentSettings(mode, checked_id(inputs["comment-id"]), checked_author(inputs["comment-author"]))


def checked_author(text: str, spelling: str = "input comment-author") -> str:
    """A login as it was given, or the default for "".

    Raises:
        UsageError: no account has such a login.
    """
    if text and not _AUTHOR.fullmatch(text):
        raise UsageError(f"{spelling}: expected a login such as {AUTHOR_DEFAULT}, found {shown(text)}")
    return text or AUTHOR_DEFAULT
