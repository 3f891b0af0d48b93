"""Links from a night's parts and runs to the pages of their jobs. Without known jobs, the names alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from vopr_coverage.nightly.job import JobPage
from vopr_coverage.nightly.job_results import TITLES
from vopr_coverage.render.inert import inert
from vopr_coverage.render.run_links import RunLinks, linked

NAME_CHARACTERS_MAX = 100
_NUMBER = re.compile(r"[0-9]{1,20}")


class JobLinks:
    """The jobs of a run that are known.

    Args:
        pages: as a verdict file has them; an id that is no number becomes no link.
        links: of the run that they belong to.
    """

    def __init__(self, pages: Sequence[JobPage], links: RunLinks) -> None:
        self._urls = {
            (page.job, page.source): f"{links.jobs}/{page.id}"
            for page in pages
            if links.jobs and _NUMBER.fullmatch(page.id)
        }

    def part(self, part: str) -> Markup:
        """A part's title, with a link where one job did it, or judged it."""
        return linked(self._urls.get((part, ""), ""), part_title(part))

    def run(self, part: str, source: str) -> Markup:
        """A run's name, with a link to the job that ran it."""
        return linked(self._urls.get((part, source), "") if source else "", inert(source, NAME_CHARACTERS_MAX))

    def has(self, part: str) -> bool:
        """Whether there is a link for the part itself."""
        return (part, "") in self._urls

    def by_part(self) -> list[Markup]:
        """Each part, and its runs behind it, one by one."""
        runs: dict[str, list[Markup]] = {}
        for part, source in self._urls:
            runs.setdefault(part, []).extend([self.run(part, source)] if source else [])
        return [
            self.part(part) + (Markup(": ") + Markup(", ").join(found) if found else "") for part, found in runs.items()
        ]

    def __len__(self) -> int:
        """How many jobs have a link; a part may lead to the job of one of its runs."""
        return len(set(self._urls.values()))


def part_title(part: str) -> Markup:
    """A part of the night as people call it; one that is not of ours is foreign."""
    return Markup(TITLES[part]) if part in TITLES else inert(part, NAME_CHARACTERS_MAX)  # noqa: S704 (ours)
