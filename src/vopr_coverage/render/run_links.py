"""Links from a page to the run that it is about, to other runs of the repository, and to a range of commits."""

from __future__ import annotations

import re
from typing import NamedTuple

from markupsafe import Markup

from vopr_coverage.nightly.verdict import GreenNight, NightRun
from vopr_coverage.render.inert import inert

SHA_CHARACTERS = 7
_RUN = re.compile(
    r"(https?://[A-Za-z0-9.:\[\]-]{1,255}/[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100})"
    r"(/actions/runs/[0-9]{1,20})(?:/attempts/[0-9]{1,20})?"
)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,20}")


class RunLinks(NamedTuple):
    """The addresses that are known of a run; all are "" outside of GitHub. Nothing else becomes a link.

    `jobs` is what the pages of its jobs begin with.
    """

    repository: str = ""
    run: str = ""
    jobs: str = ""


def links_of(url: str) -> RunLinks:
    """The addresses of a run's page. A text that is no such address, such as one from a strange file, has none."""
    found = _RUN.fullmatch(url)
    return RunLinks(found[1], found[0], f"{found[1]}{found[2]}/job") if found else RunLinks()


def linked(url: str, text: Markup) -> Markup:
    """A link of ours; without an address the text alone."""
    return Markup('<a href="{}">{}</a>').format(url, text) if url else text


def night_name(place: NightRun, links: RunLinks) -> Markup:
    """Which night it was, with a link to its run."""
    name = Markup(f"night {place.run_number:,}") if place.run_number else Markup("run" if links.run else "")  # noqa: S704 (digits)
    return linked(links.run, name)


def commit_name(commit: str | None) -> Markup | None:
    """A commit, short."""
    return Markup("commit ") + inert(commit[:SHA_CHARACTERS]) if commit else None


def since_green(green: GreenNight | None, place: NightRun, links: RunLinks) -> Markup | None:
    """The last green night, and the commits since; None if no such night is known."""
    if green is None or not _DAY.fullmatch(green.day):
        return None
    number = f"night {green.run_number:,}" if green.run_number else "night"
    known = links.repository and _NUMBER.fullmatch(green.run_id)
    run = linked(f"{links.repository}/actions/runs/{green.run_id}" if known else "", Markup(number))  # noqa: S704 (digits)
    last = Markup(f"last green: {run}, {green.day}")  # noqa: S704 (checked)
    return last + _commits(green.commit or "", place.commit or "", links)


def _commits(before: str, now: str, links: RunLinks) -> Markup:
    """What was committed between two nights: a link, or that it was nothing."""
    if not (_COMMIT.fullmatch(before) and _COMMIT.fullmatch(now)):
        return Markup()
    if before == now:
        return Markup(" at the same commit")
    compare = f"{links.repository}/compare/{before}...{now}" if links.repository else ""
    return Markup(" · ") + (linked(compare, Markup("commits since")) if compare else _range(before, now))


def _range(before: str, now: str) -> Markup:
    return Markup("commits ") + inert(f"{before[:SHA_CHARACTERS]}..{now[:SHA_CHARACTERS]}")
