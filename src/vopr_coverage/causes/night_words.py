"""The causes of a night in words. A sentence is a tuple of parts, so that a page can mark foreign text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vopr_coverage.canaries.judge import CanaryEnding
from vopr_coverage.causes.night_messages import crash_message, short
from vopr_coverage.errors import printable
from vopr_coverage.model.cause import CauseKind
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.job_results import title
from vopr_coverage.nightly.verdict import Finding

SHARE = "FaultPointCoverage"  # with a name: of the only point that it lacks
NEVER_HIT, NEVER_RAN = "CriticalFaultPointMissed", "InvariantNotExecuted"
NAMES_MAX = 3
DETAILS_MAX = 5
_STDERR, _BETWEEN = "stderr ends with: ", " / "  # see model/manifest.py


class Named(str):
    """A part of a sentence that a file has put there: a name, a seed, a message."""

    __slots__ = ()


class Line(str):
    """A part of a sentence that is a whole line of a finding: words of ours, and perhaps names."""

    __slots__ = ()


Sentence = tuple[str, ...]  # a part that is neither is ours


def sentence_of(kind: CauseKind, findings: Sequence[Finding]) -> Sentence:
    """What went wrong, without a full stop.

    Args:
        findings: all of one cause, and at least one.
    """
    by_kind: Mapping[str, Callable[[Sequence[Finding]], Sentence]] = {
        "crash": _crash,
        "violation": _violation,
        "divergence": _divergence,
        "canary": _canary,
        "missed": _missed,
    }
    return by_kind.get(kind, _other)(findings)


def with_names_quoted(sentence: Sentence) -> str:
    """A sentence as one text: names stand between backticks, of which they keep none."""
    return "".join(f"`{part.replace('`', chr(39))}`" if isinstance(part, Named) else part for part in sentence)


def _crash(findings: Sequence[Finding]) -> Sentence:
    words = next(filter(None, map(last_words, findings)), ())
    if words:
        return (Named(short(crash_message(words))), *_at_seed(findings))
    crash = next((finding.crash for finding in findings if finding.crash), None)
    return (f"the simulator {crash.ending}" if crash else "the simulator died", *_at_seed(findings))


def _violation(findings: Sequence[Finding]) -> Sentence:
    first = findings[0]
    if first.kind != "failing seed":
        return (Line(first.line),)
    said = ("invariant ", Named(first.invariant)) if first.invariant else ("a check without a name",)
    return (*said, " failed", *_at_seed(findings))


def _divergence(findings: Sequence[Finding]) -> Sentence:
    if not any(finding.seed for finding in findings):
        return _other(findings)
    return ("two runs differ", *_at_seed(findings))


def _canary(findings: Sequence[Finding]) -> Sentence:
    if findings[0].advice == advice.CONTROL:
        return ("the control run of the canaries is not green",)
    names = list(dict.fromkeys(finding.source for finding in findings))
    parts: list[str] = [agreeing(len(names), "canary ", "canaries "), *_listed(names)]
    ending = findings[0].rule
    if ending == CanaryEnding.NOT_DETECTED:
        return (*parts, f" {agreeing(len(names), 'was', 'were')} not detected")
    return (*parts, ": ", Line(ending or findings[0].line))


def _listed(names: Sequence[str]) -> Sentence:
    """The first names of a list, and how many more there are."""
    parts: list[str] = []
    for number, name in enumerate(names[:NAMES_MAX]):
        parts += [", " if number else "", Named(name)]
    return (*parts, f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else "")


def _missed(findings: Sequence[Finding]) -> Sentence:
    for rules, noun, one, many in (
        ((NEVER_HIT, SHARE), "fault point", "was never hit", "were never hit"),
        ((NEVER_RAN,), "invariant", "never ran", "never ran"),
    ):
        names = list(dict.fromkeys(finding.name for finding in findings if finding.rule in rules and finding.name))
        if len(names) == 1:
            return (f"{noun} ", Named(names[0]), f" {one}")
        if names:
            return (f"{counted(len(names), noun)} {many}: ", *_listed(names))
    return _other(findings)


def _other(findings: Sequence[Finding]) -> Sentence:
    first = findings[0]
    if first.kind == "job":
        parts = list(dict.fromkeys(title(finding.job) for finding in findings if finding.line == first.line))
        return (Named(", ".join(parts)) if _foreign(findings) else ", ".join(parts), ": ", Line(first.line))
    if first.advice == advice.LOST:
        lost = counted(sum(finding.advice == advice.LOST for finding in findings), "run")
        return (title_part(first.job), f": {lost} left no recording")
    if first.kind in ("plan", "gate", "trend"):
        more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
        return (title_part(first.job), ": ", Line(first.line), more)
    if first.kind == "coverage" and not (first.fault_point or first.invariant):
        alike = len({finding.line for finding in findings if finding.kind == "coverage"}) - 1
        return (Line(first.line), f", and {alike} more like it" if alike > 0 else "")
    return (Line(first.line),)


def _foreign(findings: Sequence[Finding]) -> bool:
    return any(isinstance(title_part(finding.job), Named) for finding in findings)


def title_part(job: str) -> str:
    """A part of the night as people call it; one that is not of ours is foreign."""
    known = title(job)
    return Named(known) if known == printable(job) else known


def _at_seed(findings: Sequence[Finding]) -> Sentence:
    """Where it shows first, and how many more seeds show it; the run, where no seed is known."""
    first = next((finding for finding in findings if finding.seed), None)
    if first is None:
        source = findings[0].source
        return (" in ", Named(source)) if source else ()
    scenario = (" (", Named(first.scenario), ")") if first.scenario else ()
    more = seeds_of(findings) - 1
    return (" at seed ", Named(first.seed), *scenario, f" and {counted(more, 'more seed')}" if more > 0 else "")


def seeds_of(findings: Sequence[Finding]) -> int:
    """How many seeds show it; a seed that two parts ran is one."""
    seen = {
        (finding.scenario.lower(), finding.seed): finding.seeds or 1 for finding in findings if finding.seed is not None
    }
    return sum(seen.values())


def last_words(finding: Finding) -> tuple[str, ...]:
    """The last lines of a simulator that a finding has or quotes; none if it has none."""
    if finding.crash:
        return finding.crash.last_words
    _, ends_with, words = finding.detail.partition(_STDERR)
    return tuple(line for line in words.split(_BETWEEN) if line.strip()) if ends_with else ()


def _left_behind(findings: Sequence[Finding]) -> list[str]:
    """The parts that show nothing because of a job, in one line, without those that the sentence names."""
    first = findings[0]
    named = {first.job} | {finding.job for finding in findings if (finding.kind, finding.line) == ("job", first.line)}
    parts = dict.fromkeys(title(finding.job) for finding in findings if finding.job not in named)
    return [f"Nothing is known of {', '.join(parts)}"] if parts else []


def _with_part(finding: Finding, first: Finding) -> str:
    """A line, with the part that it is of where that is another one than the cause's."""
    return finding.line if finding.job == first.job else f"{title(finding.job)}: {finding.line}"


def details_of(kind: CauseKind, findings: Sequence[Finding]) -> tuple[str, ...]:
    """What is known beyond the sentence: a crash's last words, a seed's own message, other lines."""
    if kind == "crash":
        return next(filter(None, map(last_words, findings)), ())
    first = findings[0]
    if kind == "violation":
        lines = [finding.message for finding in findings if finding.message]
    elif first.kind in ("job", "plan"):
        lines = _left_behind(findings)
    elif kind in ("divergence", "canary"):
        lines = [finding.line for finding in findings]
    else:
        lines = [_with_part(finding, first) for finding in findings if finding.line != first.line]
    quoted = [finding.detail for finding in findings if finding.detail]
    return tuple(dict.fromkeys((*lines, *quoted)))[:DETAILS_MAX]
