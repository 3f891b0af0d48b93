"""Our own words on the page, looked up by key, and the texts of a verdict that are made of them alone.

A verdict that was read back from a file is untrusted in every field, status words included. So a
text stands outside `<code>` only if it is one of our constants, or numbers and words of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from markupsafe import Markup

from vopr_coverage import extra_gates, gates, health, ladder
from vopr_coverage.render.inert import inert
from vopr_coverage.thresholds import PROFILE_NAMES


class GateWords(NamedTuple):
    """What a gate is called, and under which part of the table it stands."""

    part: str
    title: str


RUN_HEALTH, COVERAGE, EXTRA = "Run health", "Coverage", "Beyond the seven"

GATES: Mapping[str, GateWords] = {
    "run-complete": GateWords(RUN_HEALTH, "Run is whole"),
    "iterations": GateWords(RUN_HEALTH, "Iterations"),
    "failures": GateWords(RUN_HEALTH, "Failing seeds"),
    "properties": GateWords(RUN_HEALTH, "Violated properties"),
    "determinism": GateWords(RUN_HEALTH, "Determinism"),
    "seed-ranges": GateWords(RUN_HEALTH, "Seed ranges"),
    "coverage": GateWords(COVERAGE, "Coverage as a whole"),
    "fault-point-coverage": GateWords(COVERAGE, "1 · Fault point coverage"),
    "critical-fault-points": GateWords(COVERAGE, "2 · Critical fault points"),
    "required-invariants": GateWords(COVERAGE, "3 · Required invariants"),
    "view-changes": GateWords(COVERAGE, "4 · View changes"),
    "repairs": GateWords(COVERAGE, "5 · Repairs"),
    "query-plans": GateWords(COVERAGE, "6 · Query plans"),
    "phase-events": GateWords(COVERAGE, "7 · Phase events"),
    "fault-effects": GateWords(EXTRA, "Fault effects"),
    "per-iteration": GateWords(EXTRA, "Work per iteration"),
    "property-floors": GateWords(EXTRA, "Property counters"),
    "required-properties": GateWords(EXTRA, "Required properties"),
}
GATE_ORDER: Mapping[str, int] = {gate: place for place, gate in enumerate(GATES)}

MARKS: Mapping[str, str] = {
    "passed": "✅",
    "failed": "❌",
    "incomplete": "❌",
    "error": "❌",
    "not measured": "❓",
    "not required": "➖",
}
HEADINGS: Mapping[str, str] = {
    "passed": "Simulation coverage passed",
    "failed": "Simulation coverage failed",
    "incomplete": "Simulation coverage is incomplete: a run did not finish",
    "error": "Simulation coverage could not be judged",
}
_SENTENCES = frozenset(
    text for texts in (gates.ADVICE, extra_gates.ADVICE, health.ADVICE, ladder.ADVICE) for text in texts.values()
) | {
    health.NO_RUN_NOTE,
    health.UNFINISHED_NOTE,
    "seeds were not shown to run twice, see `vopr-coverage determinism`",
    "this stream carries no properties",
    "excused: on_not_measured is warn",
    "excused: on_not_measured is ignore",
}

# What the gates and the verdict put figures into; see `Outcome.measured`, `.required` and `.origin`.
_WORDS = frozenset(
    "≥ + a agree all always caught contradicts counts differ early ended every expected fail failed for gate hit holds "
    "it iterations itself met minimum minimums not measured nothing of over override overrides points profile ran "
    "record report reports run runs satisfied seed seeds violated violation whole without".split()
) | frozenset(PROFILE_NAMES)
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,20}|[0-9]{1,6}\.[0-9]{1,6}%?|[0-9]{1,3}%", re.ASCII)
_PART = re.compile(r"(\(?)([^\s(),]+(?:,[0-9]{3})*)(\)?,?)")
_FIGURE_CHARACTERS_MAX = 80


def ours(texts: Mapping[str, str], key: str) -> Markup:
    """A text of ours by its key; a key that isn't ours stays what it is, inert."""
    return Markup(texts[key]) if key in texts else inert(key)  # noqa: S704 (ours)


def gate_title(gate: str) -> Markup:
    """A gate's name for people."""
    return Markup(GATES[gate].title) if gate in GATES else inert(gate)  # noqa: S704 (ours)


def gate_part(gate: str) -> str:
    """The part of the table in which a gate stands; what we don't know is set by a config."""
    return GATES[gate].part if gate in GATES else EXTRA


def prose(text: str) -> Markup:
    """Advice and notes: constants of ours as they are, all else inert."""
    return Markup(text) if text in _SENTENCES else inert(text)  # noqa: S704 (ours)


def figure(text: str) -> Markup:
    """`72.7% (8 of 11)` as it is, with long numbers grouped; a text with any foreign word is inert.

    No number is left that GitHub could take for a commit (seven digits in a row).
    """
    parts = text.split(" ") if len(text) <= _FIGURE_CHARACTERS_MAX else [""]
    told = [_of_a_figure(part) for part in parts]
    return Markup(" ".join(filter(None, told))) if all(told) else inert(text)  # noqa: S704 (our words, numbers)


def _of_a_figure(part: str) -> str | None:
    found = _PART.fullmatch(part)
    if not found:
        return None
    before, core, after = found.groups()
    if core in _WORDS:
        return part
    if not _NUMBER.fullmatch(core):
        return None
    return before + (f"{int(core):,}" if core.isdigit() and len(core) > 4 else core) + after
