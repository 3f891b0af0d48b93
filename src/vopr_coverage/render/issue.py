"""The issue that tracks a nightly: the causes, as on the page of the night, and since when nights are red."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

import msgspec
from markupsafe import Markup

from vopr_coverage.causes.night import causes_of_night
from vopr_coverage.causes.night_words import Line, Named, sentence_of
from vopr_coverage.errors import printable
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.nightly.known_seeds import KnownSeed
from vopr_coverage.nightly.verdict import FindingKind, NightVerdict
from vopr_coverage.render.budget import ISSUE_CHARACTERS_MAX, TITLE_CHARACTERS_MAX
from vopr_coverage.render.comment import SHA_CHARACTERS
from vopr_coverage.render.inert import KEY_CHARACTERS_MAX, inert
from vopr_coverage.render.job_links import JobLinks, part_title
from vopr_coverage.render.links import link
from vopr_coverage.render.marks import PASSED
from vopr_coverage.render.night_causes import cause_blocks
from vopr_coverage.render.night_figures import remarks_of
from vopr_coverage.render.run_links import commit_name, linked, links_of, since_green
from vopr_coverage.render.tiers import draft_page
from vopr_coverage.render.wording import ours

REPRO_CHARACTERS_MAX = 2_000  # a command is never cut, so a longer one is left to the summary
LINE_CHARACTERS_MAX = 300  # of the regression file; a line is never cut, either
NOTED = 10  # seeds in a note
NAME_CHARACTERS_MAX, LINE_IN_A_TITLE_MAX = 80, 110
KINDS = {kind: kind for kind in get_args(FindingKind)}
HEADINGS = {
    "failed": "The nightly simulation failed",
    "incomplete": "The nightly simulation is incomplete: a part of it was not done",
    "error": "The night has no verdict",
}
_MARKER = re.compile(r"<!-- [^\n<>]+ -->")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|")
# A title is not Markdown, but mails, feeds and chats make links and mentions of text that looks like them.
_NOT_IN_A_TITLE = re.compile(r"[^A-Za-z0-9 ._+=(),-]+")
_LINKED_IN_A_TITLE = re.compile(r"(www)\.|(GH)-(?=[0-9])", re.IGNORECASE)


class IssueAbout(msgspec.Struct, frozen=True):
    """What an issue says beyond the night's verdict. All of it is ours or checked.

    Attributes:
        marker: the hidden first line by which the issue is found again, or "".
        sha: the commit in hex digits, or "".
        run_url: the run of this night, or "".
        first_url: the run since which nights are red, or ""; `since`: its day, or "".
        nights: how many nights have been red since.
        known: seeds that failed on earlier nights and have not run again since. All of it is foreign.
    """

    marker: str = ""
    sha: str = ""
    run_url: str = ""
    first_url: str = ""
    since: str = ""
    nights: int = 1
    known: tuple[KnownSeed, ...] = ()


def issue_title(night: NightVerdict) -> str:
    """The issue's title: the first cause, as plain text without anything that could be a link."""
    workflow = _plain(night.place.workflow) or "Nightly simulation"
    title = f"{workflow} is red: {_first_thing(night)}"
    return title if len(title) <= TITLE_CHARACTERS_MAX else title[: TITLE_CHARACTERS_MAX - 1].rstrip() + "…"


def _first_thing(night: NightVerdict) -> str:
    if night.error is not None:
        return "the night has no verdict"
    causes = causes_of_night(night)
    if not causes:
        return "it did not finish" if night.status == "incomplete" else "it failed"
    first, more = causes[0], len(causes) - 1
    sentence = sentence_of(first.kind, [night.findings[position] for position in first.findings])
    what = "".join(_in_a_title(part) for part in sentence).strip() or "it failed"
    return what + (f" and {counted(more, 'more cause')}" if more else "")


def _in_a_title(part: str) -> str:
    if isinstance(part, Named):
        return _plain(part, NAME_CHARACTERS_MAX)
    return _plain(part, LINE_IN_A_TITLE_MAX) if isinstance(part, Line) else part


def _plain(text: str, most: int = KEY_CHARACTERS_MAX) -> str:
    plain = _NOT_IN_A_TITLE.sub("·", printable(text[: most + 1]))
    plain = _LINKED_IN_A_TITLE.sub(lambda match: f"{match[1] or match[2]}·", " ".join(plain.split()))
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def render_issue(
    night: NightVerdict,
    about: IssueAbout,
    budget: int = ISSUE_CHARACTERS_MAX,
    size: Callable[[str], int] = len,
) -> str:
    """The issue's text about a red night, of at most `budget` in units of `size`."""
    assert not about.marker or _MARKER.fullmatch(about.marker), "a marker is finding comment on finding line"
    assert _DAY.fullmatch(about.since), "a day is ours"
    replayed = [finding for finding in night.findings if finding.repro and len(finding.repro) <= REPRO_CHARACTERS_MAX]
    causes = causes_of_night(night)
    jobs = JobLinks(night.job_pages if about.run_url == night.place.url else (), links_of(about.run_url))
    regressions = [line for line in night.regressions if len(line) <= LINE_CHARACTERS_MAX]
    variables = {
        "night": night,
        "marker": Markup(about.marker),  # noqa: S704 (ours)
        "heading": ours(HEADINGS, night.status),
        "kind": lambda word: ours(KINDS, word),
        "part": part_title,
        "links": jobs,
        "facts": _facts(night, about),
        "causes": cause_blocks(night, causes, REPRO_CHARACTERS_MAX, jobs),
        "replayed": replayed,
        "unplayed": sum(1 for finding in night.findings if finding.repro) - len(replayed),
        "bad_jobs": [job for job in night.jobs if job.status not in ("passed", "not required")],
        "passed": [jobs.part(job.name) for job in night.jobs if job.status == "passed"],
        "remarks": remarks_of(night, causes),
        "lines": lambda most: "\n".join(regressions[:most]),
        "regressions": regressions,
        "known": about.known,
        "elsewhere": link(f"{about.run_url}#summary", "the run's summary")
        if about.run_url
        else Markup("the night's verdict file"),
    }
    return draft_page("issue.md.j2", variables, budget, size)


def closing_note(about: IssueAbout) -> str:
    """What a green night writes into the issue that it closes."""
    run = link(about.run_url, "This night") if about.run_url else "This night"
    commit = f" at commit `{about.sha[:SHA_CHARACTERS]}`" if about.sha else ""
    since = f" Nights had been {_since(about)}." if about.since else ""
    note = f"## {PASSED} Green again\n\n{run}{commit} found nothing wrong, and closed this issue.{since}"
    if not about.known:
        return note
    seeds = ", ".join(f"{inert(seed.scenario, KEY_CHARACTERS_MAX)} {inert(seed.seed)}" for seed in about.known[:NOTED])
    more = f" and {len(about.known) - NOTED} more" if len(about.known) > NOTED else ""
    it = agreeing(len(about.known), "it", "them")
    has = agreeing(len(about.known), "This seed has", "These seeds have")
    return f"{note}\n\n⚠️ {has} not run again since: {seeds}{more}. Add {it} to the regression file."


def _facts(night: NightVerdict, about: IssueAbout) -> list[Markup]:
    """Which night it was, and since when nights are red."""
    links = links_of(about.run_url)  # not of the night, which comes from a file
    number = Markup(f"night {night.place.run_number:,}") if night.place.run_number else None  # noqa: S704 (digits)
    run, since = link(about.run_url, "run") if about.run_url else None, _since(about)
    loud = Markup("**") + since + "**" if since else None
    green = since_green(night.last_green, msgspec.structs.replace(night.place, commit=about.sha or None), links)
    recordings = linked(f"{links.run}#artifacts", Markup("recordings")) if links.run else None
    return [fact for fact in (number, commit_name(about.sha), run, loud, green, recordings) if fact]


def _since(about: IssueAbout) -> Markup | None:
    if not about.since:
        return None
    first = Markup(" (") + link(about.first_url, "first red run") + ")" if about.first_url else Markup()
    count = Markup(f", {counted(about.nights, 'night')}")  # noqa: S704 (digits)
    return Markup(f"red since {about.since}") + first + count  # noqa: S704 (checked)
