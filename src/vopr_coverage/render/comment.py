"""The pull-request comment: what the simulation exercised, what it missed, what changed, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
from markupsafe import Markup

from vopr_coverage.model.verdict import Verdict
from vopr_coverage.render.budget import COMMENT_CHARACTERS_MAX, COMMENT_CHARACTERS_MIN
from vopr_coverage.render.inert import KEY_CHARACTERS_MAX, inert
from vopr_coverage.render.links import link
from vopr_coverage.render.outline import ending_of
from vopr_coverage.render.tiers import draft_until_it_fits

SHA_CHARACTERS = 7
SUCCESS = ("", "success")
# What a run did that ended in each of GitHub's conclusions, to follow "the run".
_DID = {
    "failure": "failed",
    "cancelled": "was cancelled",
    "timed_out": "timed out",
    "action_required": "waits for an approval",
    "startup_failure": "could not start",
    "neutral": "ended without a result",
    "skipped": "was skipped",
    "stale": "was given up",
}
_MARKER = re.compile(r"<!-- [^\n<>]+ -->")


class About(msgspec.Struct, frozen=True):
    """What a comment says beyond the verdict. Texts are ours or checked, except for `conclusion`.

    Attributes:
        marker: the hidden first line by which the comment is found again, or "".
        sha: the head commit in hex digits, or "".
        run_url, summary_url: the run, and the page that has its full summary; or "".
        foreign: the figures come from code that nobody has reviewed, a fork's for one.
        conclusion: the run's own; a verdict that passed in a run that did not is no pass.
    """

    marker: str = ""
    sha: str = ""
    run_url: str = ""
    summary_url: str = ""
    foreign: bool = False
    conclusion: str = ""


def render_comment(
    verdict: Verdict,
    about: About,
    budget: int = COMMENT_CHARACTERS_MAX,
    size: Callable[[str], int] = len,
) -> str:
    """The comment, of at most `budget` in units of `size`.

    Args:
        budget: COMMENT_CHARACTERS_MIN or more.
    """
    assert budget >= COMMENT_CHARACTERS_MIN, "a headline must fit"
    assert not about.marker or _MARKER.fullmatch(about.marker), "a marker is one comment on one line"
    summary_url = about.summary_url or about.run_url
    capped = ending_of(verdict) == "passed" and about.conclusion not in SUCCESS
    return draft_until_it_fits(
        "comment.md.j2",
        verdict,
        link(summary_url, "the run's summary") if summary_url else Markup("the verdict file"),
        budget,
        size,
        marker=Markup(about.marker),  # noqa: S704 (ours)
        sha=about.sha[:SHA_CHARACTERS],
        links=[link(url, text) for url, text in ((about.run_url, "run"), (summary_url, "full summary")) if url],
        foreign=about.foreign,
        did=_did(about.conclusion) if capped else None,
    )


def _did(conclusion: str) -> Markup:
    if conclusion in _DID:
        return Markup(_DID[conclusion])  # noqa: S704 (ours)
    return Markup("ended as ") + inert(conclusion, KEY_CHARACTERS_MAX)
