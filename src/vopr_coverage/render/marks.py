"""One mark for each ending, the same on every page and in every terminal text. Pure."""

from __future__ import annotations

from collections.abc import Mapping

PASSED, FAILED = "✅", "❌"


def verdict_mark(passed: bool) -> str:
    """The mark of a whole verdict: one that is not a pass is a failure, whatever it is called."""
    return PASSED if passed else FAILED


MARKS: Mapping[str, str] = {
    "passed": PASSED,
    "failed": FAILED,
    "incomplete": FAILED,  # a run that did not finish has shown nothing: that is no question
    "error": FAILED,
    "partial": FAILED,
    "not measured": "❓",
    "not required": "➖",
}
