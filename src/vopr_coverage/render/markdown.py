"""The job summary: GitHub-flavoured Markdown from a Verdict, in as much detail as fits."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from vopr_coverage.model.verdict import Verdict
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, SUMMARY_BYTES_MIN, utf8_bytes
from vopr_coverage.render.tiers import draft_until_it_fits


def render_markdown(
    verdict: Verdict,
    budget: int = SUMMARY_BYTES_MAX,
    size: Callable[[str], int] = utf8_bytes,
    elsewhere: str = "the verdict file",
) -> str:
    """The job summary, of at most `budget` in units of `size`.

    Args:
        budget: SUMMARY_BYTES_MIN or more.
        elsewhere: where all that is left out can be found; text of ours.
    """
    assert budget >= SUMMARY_BYTES_MIN, "a headline must fit"
    return draft_until_it_fits("summary.md.j2", verdict, Markup(elsewhere), budget, size)  # noqa: S704 (ours)
