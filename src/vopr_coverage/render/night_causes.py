"""The causes of a night as the blocks of a page: what, where, the command to copy, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from vopr_coverage.causes.night_words import Line, Named, Sentence, sentence_of
from vopr_coverage.model.cause import Cause
from vopr_coverage.model.figures import counted
from vopr_coverage.nightly.verdict import Finding, NightVerdict
from vopr_coverage.render.inert import copyable, inert
from vopr_coverage.render.job_links import NAME_CHARACTERS_MAX, JobLinks, part_title
from vopr_coverage.render.wording import figure, told

BLOCKS_MAX = 3
NAMES_MAX = 3
WHAT_CHARACTERS_MAX = 160  # of a line of a finding in a heading
BRIEF_NAME_MAX, BRIEF_LINE_MAX, BRIEF_BYTES_MAX = 30, 120, 1_200  # so that the smallest page always fits
_LABELS = {"crash": "Crash: "}


class CauseBlock(NamedTuple):
    """One cause on a page. What is Markup is ours and inert; other texts are foreign.

    Attributes:
        what: the sentence, for a heading. `where`: the runs that show it, by part. `not_run`: what did not run.
        brief, brief_command: the same for the smallest page; no command where it is too long for one.
        too_long: whether there is a command that no page takes.
        quoted: lines to be shown as a block, such as last words. `lines`: what else is known, one by one.
    """

    what: Markup
    brief: Markup
    brief_command: str
    where: Markup
    not_run: Markup
    command: str
    too_long: bool
    whole_run: bool
    advice: str
    quoted: str
    lines: tuple[str, ...]


def cause_blocks(night: NightVerdict, causes: Sequence[Cause], command_max: int, jobs: JobLinks) -> list[CauseBlock]:
    """Every cause of a night as a block, in the order of the causes.

    Args:
        command_max: characters; a command is never cut, and a longer one is left to the verdict file.
        jobs: links for the runs that show a cause.
    """
    return [
        _block(cause, [night.findings[position] for position in cause.findings], command_max, jobs) for cause in causes
    ]


def _block(cause: Cause, findings: Sequence[Finding], command_max: int, jobs: JobLinks) -> CauseBlock:
    fits = len(cause.command) <= command_max
    crashed = cause.kind == "crash"
    label = Markup(_LABELS.get(cause.kind, ""))  # noqa: S704 (ours)
    sentence = sentence_of(cause.kind, findings)
    block_bytes = len(copyable(cause.command[:BRIEF_BYTES_MAX]).encode())
    return CauseBlock(
        what=label + _marked(sentence, NAME_CHARACTERS_MAX, WHAT_CHARACTERS_MAX, capital=not crashed),
        brief=label + _marked(sentence, BRIEF_NAME_MAX, BRIEF_LINE_MAX, capital=not crashed),
        brief_command=cause.command if block_bytes <= BRIEF_BYTES_MAX else "",
        where=_where([finding for finding in findings if finding.kind == findings[0].kind], jobs),
        not_run=told(cause.not_run),
        command=cause.command if fits else "",
        too_long=not fits,
        whole_run=cause.whole_run,
        advice=cause.advice,
        quoted="\n".join(cause.details) if crashed else "",
        lines=() if crashed else cause.details,
    )


def _marked(sentence: Sentence, name_max: int, line_max: int, *, capital: bool) -> Markup:
    """A sentence with its names as code, each name and each line cut at so many characters."""
    parts = [_part(part, name_max, line_max) for part in sentence if part]
    if capital and parts and not isinstance(sentence[0], Named | Line):
        parts[0] = Markup(str(parts[0])[:1].upper() + str(parts[0])[1:])  # noqa: S704 (ours)
    return Markup().join(parts)


def _part(part: str, name_max: int, line_max: int) -> Markup:
    if isinstance(part, Named):
        return inert(str(part), name_max)
    return figure(str(part), line_max) if isinstance(part, Line) else Markup(part)  # noqa: S704 (ours)


def _where(findings: Sequence[Finding], jobs: JobLinks) -> Markup:
    """The runs that show it, part by part; nothing where no run is named, or the sentence has named them."""
    if findings[0].kind == "canary":
        return Markup()
    parts: dict[str, dict[str, None]] = {}
    for finding in findings:
        if finding.source or jobs.has(finding.job):
            parts.setdefault(finding.job, {})[finding.source] = None
    shown = [_runs(job, list(sources), jobs) for job, sources in list(parts.items())[:NAMES_MAX]]
    if len(parts) > NAMES_MAX:
        shown.append(Markup(counted(len(parts) - NAMES_MAX, "more part")))  # noqa: S704 (ours)
    return Markup("; ").join(shown)


def _runs(job: str, sources: Sequence[str], jobs: JobLinks) -> Markup:
    named = [source for source in sources if source]
    if not named:
        return jobs.part(job)
    names = Markup(", ").join(jobs.run(job, source) for source in named[:NAMES_MAX])
    more = f" and {len(named) - NAMES_MAX:,} more" if len(named) > NAMES_MAX else ""
    return part_title(job) + Markup(": ") + names + Markup(more)  # noqa: S704 (digits)
