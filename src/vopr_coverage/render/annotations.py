"""Workflow commands: annotations within the runner's budget, and a fence for untrusted text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted
from vopr_coverage.model.points import Location
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.render.budget import ANNOTATION_CHARACTERS_MAX, ANNOTATIONS_MAX, cut_utf16, utf16_units
from vopr_coverage.render.outline import Group, Item, groups_of, nothing_judged, problems_of
from vopr_coverage.render.warnings import warning_lines
from vopr_coverage.render.wording import GATES

TITLE = "Simulation coverage"
LINES_MAX = 10  # in one annotation
PLACES_MAX = 100  # looked up: each may be forty questions to the file system


def command(name: str, message: str, **properties: str) -> str:
    """One workflow command on one line, escaped so that its text can't start another."""
    parameters = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name}{' ' + parameters if parameters else ''}::{_data(message)}"


def fenced(text: str, token: str) -> str:
    """Text that may hold anything, with commands switched off around it until `token` comes."""
    assert token, "an empty token would end the fence at once"
    assert token not in text, "the token must be one that the text can't know"
    return f"::stop-commands::{token}\n{text.rstrip()}\n::{token}::\n"


Place = Callable[[Location], tuple[str, int] | None]  # a file of the workspace and a line; None where there is none


def nowhere(_location: Location) -> None:
    """For a step without a workspace: no annotation has a place."""


def render_annotations(verdict: Verdict, *, fail: bool, place: Place = nowhere) -> list[str]:
    """At most ten errors and ten warnings, the most severe first; without `fail` no errors.

    One annotation holds all violations of one gate, so ten are enough for the gates of
    most configs. The last one counts what does not fit. What the gates leave of the ten stands at the
    lines of the source code that the violations are about, one annotation a line.
    """
    if nothing_judged(verdict):
        error = "\n".join(printable(line) for line in (verdict.error or "").split("\n"))
        return [command("error", _cut(error), title=TITLE)]
    unusable = [_unusable(verdict)] if problems_of(verdict) else []
    errors = [_violations(group) for group in groups_of(verdict.violations)]
    warnings = [*_less_strict(verdict), *_no_base(verdict), *warning_lines(verdict)]
    if not fail:
        errors, warnings = [], errors + warnings
    left = ANNOTATIONS_MAX - len(unusable) - len(errors if fail else warnings)
    return [
        *(command("error", text, title=TITLE) for text in _within_budget([*unusable, *errors])),
        *(command("warning", text, title=TITLE) for text in _within_budget(warnings)),
        *_at_their_lines(verdict, "error" if fail else "warning", place, left),
    ]


def _at_their_lines(verdict: Verdict, level: str, place: Place, most: int) -> list[str]:
    """Violations at the line that each is about, the first `most` of them; all of one line are one annotation."""
    by_line: dict[tuple[str, int], dict[str, None]] = {}
    located = ((each, each.location) for each in verdict.violations if each.location)
    for violation, location in islice(located, PLACES_MAX):
        where = place(location)
        if where and (where in by_line or len(by_line) < most):
            by_line.setdefault(where, {})[printable(violation.line)] = None
    return [
        command(level, _cut("\n".join([*texts][:LINES_MAX])), file=file, line=str(line), title=TITLE)
        for (file, line), texts in by_line.items()
    ]


def _unusable(verdict: Verdict) -> str:
    """The reports that could not be judged, in one annotation: it is an error whatever `fail` says."""
    problems = problems_of(verdict)
    lines = [
        f"{counted(len(verdict.unusable) or 1, 'report')} cannot be judged:",
        *map(printable, problems[:LINES_MAX]),
    ]
    if len(problems) > LINES_MAX:
        lines.append(f"… and {len(problems) - LINES_MAX} more; the job summary has them")
    return "\n".join(lines)


def _less_strict(verdict: Verdict) -> Iterator[str]:
    """What a pull request may not do quietly: ask for less than base does.

    What a config asks less of than its profile is told by `vopr-coverage profiles`: it would be on every run.
    """
    for report in verdict.reports:
        for text in report.change.loosened if report.change else ():
            yield f"{printable(report.name)}: less strict than on base: {printable(text)}"


def _no_base(verdict: Verdict) -> Iterator[str]:
    if verdict.base and verdict.base.missing is not None:
        yield f"No comparison with base: {printable(verdict.base.origin)}: {printable(verdict.base.missing)}"


def _violations(group: Group) -> str:
    title = GATES[group.gate].title if group.gate in GATES else printable(group.gate)
    lines = [_line(item, title) for item in group.items[:LINES_MAX]]
    if len(group.items) > LINES_MAX:
        lines.append(f"… and {len(group.items) - LINES_MAX} more; the job summary has them")
    return "\n".join([*lines, printable(group.advice)])


def _line(item: Item, title: str) -> str:
    """One item; the gate's title precedes words that do not say what the names are."""
    texts = ", ".join(map(printable, item.texts[:LINES_MAX]))
    if len(item.texts) > LINES_MAX:
        texts += f" and {len(item.texts) - LINES_MAX} more"
    words = f"{title} {item.never.lower()}" if item.never.startswith("Never") else item.never
    line = f"{words}: {texts}" if words else texts
    source = f"{printable(item.source)}: " if item.source else ""
    return f"{source}{line}" + (f" ({printable(item.detail)})" if item.detail else "")


def _within_budget(texts: Sequence[str]) -> Iterator[str]:
    if len(texts) <= ANNOTATIONS_MAX:
        yield from map(_cut, texts)
        return
    yield from map(_cut, texts[: ANNOTATIONS_MAX - 1])
    yield f"… and {len(texts) - ANNOTATIONS_MAX + 1} more; the job summary and the verdict file have all of them"


def _cut(text: str) -> str:
    """At most what the runner shows of a message, in its units; cut here, it says so."""
    if utf16_units(text) <= ANNOTATION_CHARACTERS_MAX:
        return text
    return cut_utf16(text, ANNOTATION_CHARACTERS_MAX - 1) + "…"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
