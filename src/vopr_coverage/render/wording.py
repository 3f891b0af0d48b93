"""Our own words on the page, looked up by key, and the texts of a verdict that are made of them alone.

A verdict that was read back from a file is untrusted in every field, status words included. So a
text stands outside `<code>` only if it is one of our constants, or numbers and words of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup

from vopr_coverage.canaries import beside
from vopr_coverage.canaries import judge as canary
from vopr_coverage.causes import words as causes
from vopr_coverage.determinism import judge as twice
from vopr_coverage.gates import ROWS, SENTENCES
from vopr_coverage.gates.row import Part, Row
from vopr_coverage.model import figures
from vopr_coverage.model.thresholds import PROFILE_NAMES
from vopr_coverage.nightly import advice
from vopr_coverage.render.inert import CHARACTERS_MAX, KEY_CHARACTERS_MAX, inert
from vopr_coverage.render.marks import MARKS

RUN_HEALTH, COVERAGE, EXTRA = Part

DOCS = "https://github.com/org/vopr-coverage-action/blob/main/docs"

GATES: Mapping[str, Row] = {row.id: row for row in ROWS}
GATE_ORDER: Mapping[str, int] = {gate: place for place, gate in enumerate(GATES)}

HEADINGS: Mapping[str, str] = {
    "passed": "Simulation coverage passed",
    "failed": "Simulation coverage failed",
    "incomplete": "Simulation coverage is incomplete: a run did not finish",
    "error": "Simulation coverage could not be judged",
    "partial": "Simulation coverage could not be judged in full",
}
HEALTH_HEADINGS: Mapping[str, str] = {
    "passed": "Run health holds; coverage was not judged",
    "failed": "Run health failed; coverage was not judged",
    "incomplete": "Run health failed: a run did not finish",
    "error": "Run health could not be judged",
    "partial": "Run health could not be judged in full",
}
EXCUSED = frozenset({"excused: on_not_measured is warn", "excused: on_not_measured is ignore"})
_SENTENCES = (
    SENTENCES
    | EXCUSED
    | advice.ALL
    | frozenset(causes.ADVICE.values())
    | beside.ALL
    | frozenset(text for module in (canary, twice) for text in module.ADVICE.values())
)

# What the gates and the verdict put figures into; see `Outcome.measured`, `.required` and `.origin`.
_VOCABULARY = """
≥ + a agree all always any at caught contradicts counts differ early ended every expected fail failed for gate hit held
holds it iterations its itself lost met minimum minimums most not measured nothing of over override overrides points
profile ran record recording report reports run runs satisfied seed seeds stream violated violation whole without
after asked before builds canaries canary coverage detected differs has in jobs long most no none on parts passed
build iteration job point regression so twice was were about and faults green is least noticed planted red required
by crash score shows the kernel_state_hash never varies bound bounds config
that left behind explains why cancelled or out time skipped among those needs crashed exit code planned
known Nothing Build Plan Long Regression Determinism Coverage Canaries Gate
too few say how many may far below above median comparable night nights missing summary finished as locked beyond chance
"""
_WORDS = frozenset(_VOCABULARY.split()) | frozenset(PROFILE_NAMES)
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,20}|[0-9]{1,6}\.[0-9]{1,6}%?|[0-9]{1,3}%", re.ASCII)
# Letters, numbers of few digits, spaces and marks of which GitHub makes neither link nor markup.
_OF_A_SENTENCE = re.compile(
    r"(?!.*\b(?:[0-9a-f]{7}|GH-))(?:[A-Za-z ,;:()'’…-]|(?<![0-9a-f])[0-9]{1,3}(?:,[0-9]{3})*(?![0-9a-f]))*"
)
_PART = re.compile(r"(\(?)([^\s(),]+(?:,[0-9]{3})*)(\)?,?)")
_FIGURE_CHARACTERS_MAX = 150


def ours(texts: Mapping[str, str], key: str) -> Markup:
    """A text of ours by its key; a key that isn't ours stays what it is, inert."""
    return Markup(texts[key]) if key in texts else inert(key, KEY_CHARACTERS_MAX)  # noqa: S704 (ours)


def status(word: str) -> Markup:
    """A status with its mark, on one line."""
    if word not in MARKS:
        return inert(word, KEY_CHARACTERS_MAX)
    return unbroken(f"{MARKS[word]} {word}")


def gate_title(gate: str) -> Markup:
    """A gate's name for people, with its number where it is one of the seven, on one line."""
    if gate not in GATES:
        return inert(gate)
    row = GATES[gate]
    return unbroken(f"{row.number} · {row.title}" if row.number else row.title)


def gate_in_a_sentence(gate: str) -> Markup:
    """A gate's name within a line of text."""
    if gate not in GATES:
        return inert(gate)
    title = GATES[gate].title
    return Markup(title[0].lower() + title[1:])  # noqa: S704 (ours)


def told(sentence: str, most: int = CHARACTERS_MAX) -> Markup:
    """A sentence of a cause: what stands between backticks is foreign, and cut at `most` characters; the rest is ours.

    What is not made of our words, numbers and a few marks is inert nevertheless.
    """
    parts = []
    for number, part in enumerate(sentence.split("`")):
        is_ours = number % 2 == 0 and _OF_A_SENTENCE.fullmatch(part)
        parts.append(Markup(part) if is_ours else inert(part, most))  # noqa: S704 (letters, numbers, spaces, marks)
    return Markup().join(parts)


def gate_link(gate: str) -> Markup:
    """A gate's title as a link to its paragraph in the documentation."""
    if gate not in GATES:
        return gate_title(gate)
    return Markup(f'<a href="{DOCS}/verdict.md#{anchor_of(gate)}">{gate_title(gate)}</a>')  # noqa: S704 (ours)


def anchor_of(gate: str) -> str:
    """The anchor of a gate's paragraph: GitHub makes it of the heading, which is the gate's title."""
    return GATES[gate].title.lower().replace(" ", "-")


def unbroken(text: str) -> Markup:
    """A text of ours that stays on one line."""
    return Markup(text.replace(" ", "&nbsp;"))  # noqa: S704 (ours)


def counted(count: int, noun: str, nouns: str = "") -> Markup:
    """A count with its noun, which is a word of ours; the count may be anybody's."""
    return inert(count) + Markup(f" {agreeing(count, noun, nouns)}")  # noqa: S704 (ours)


def agreeing(count: int, word: str, words: str = "") -> Markup:
    """The form of a word of ours that agrees with a count."""
    return Markup(figures.agreeing(count, word, words))  # noqa: S704 (ours)


def gate_part(gate: str) -> str:
    """The part of the table in which a gate stands; what we don't know is set by a config."""
    return GATES[gate].part if gate in GATES else EXTRA


def prose(text: str) -> Markup:
    """Advice and notes: constants of ours as they are, all else inert."""
    return Markup(text) if text in _SENTENCES else inert(text)  # noqa: S704 (ours)


def figure(text: str, most: int = CHARACTERS_MAX) -> Markup:
    """`72.7% (8 of 11)` as it is, with long numbers grouped; a text with any foreign word is inert,
    and then cut at `most` characters.

    No number is left that GitHub could take for a commit (seven digits in a row).
    """
    parts = text.split(" ") if len(text) <= _FIGURE_CHARACTERS_MAX else [""]
    words = [_of_a_figure(part) for part in parts]
    return Markup(" ".join(filter(None, words))) if all(words) else inert(text, most)  # noqa: S704 (our words, numbers)


def _of_a_figure(part: str) -> str | None:
    match = _PART.fullmatch(part)
    if not match:
        return None
    before, core, after = match.groups()
    if core in _WORDS:
        return part
    if not _NUMBER.fullmatch(core):
        return None
    return before + (f"{int(core):,}" if core.isdigit() and len(core) > 4 else core) + after
