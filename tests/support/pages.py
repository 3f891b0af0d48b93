"""A page as a reader's browser gets it: rendered by GitHub's renderer, parsed as HTML; and verdicts to render."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import cmarkgfm
import msgspec
from cmarkgfm.cmark import Options
from selectolax.lexbor import LexborHTMLParser, LexborNode

from vopr_coverage.model.outcome import Status
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.verdict import (
    BaseSeen,
    BoundUsed,
    Change,
    Failure,
    GateBefore,
    GateResult,
    InputSeen,
    JudgedReport,
    Remark,
    Verdict,
    Violation,
)
from vopr_coverage.render import tiers
from vopr_coverage.render.check import render_check_markdown
from vopr_coverage.render.comment import About, render_comment
from vopr_coverage.render.tiers import TIERS

HOSTILE: list[str] = json.loads((Path(__file__).parents[1] / "corpus" / "hostile.json").read_text(encoding="utf-8"))
NAME = "plainname"  # stands in a model verdict wherever a file could put anything
_OURS = {"status", "gate", "kind", "format"}
# What GitHub makes links of, and notifies people by, outside <code>: mentions, issues, commits, addresses.
LIVE = re.compile(r"@\w|#\d|\bGH-\d|\b[0-9a-f]{7,40}\b|://|\bwww\.")

RUN_URL = "https://github.example/o/p/actions/runs/17?a=1&b=2"
SUMMARY_URL = "https://github.example/o/p/actions/runs/17/attempts/1#summary-3"
SHA = "0123456789abcdef0123456789abcdef01234567"
MARKER = f"<!-- vopr-coverage id=night sha={SHA} run=17 attempt=1 -->"
ABOUT = About(MARKER, SHA, RUN_URL, SUMMARY_URL)


class Page(NamedTuple):
    """What a page consists of: its elements in order, the text outside <code>, and each text inside."""

    elements: list[tuple[str, str, tuple[tuple[str, str], ...]]]
    prose: str
    codes: list[str]


@lru_cache(maxsize=256)  # a hostile page is compared with a benign one, the same each time
def page_of(markdown: str, options: int = 0) -> Page:
    """Render by cmark-gfm with raw HTML, as GitHub does before it sanitises, and parse as a browser does."""
    html = cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE | options)
    body = LexborHTMLParser(f"<body>{html}").body  # without the tag, a comment at the top would stand outside
    assert body is not None
    page = Page([], "", [])
    prose: list[str] = []
    _walk(body, "", page, prose)
    return page._replace(prose="".join(prose))


def _walk(node: LexborNode, parents: str, page: Page, prose: list[str]) -> None:
    inside = node.tag == "code" or "/code" in parents
    if node.tag == "code":
        page.codes.append(_text(node))
    for child in node.iter(include_text=True):
        if child.is_text_node:
            if not inside:
                prose.append(child.text_content or "")
        elif not child.is_comment_node:
            attributes = tuple(sorted((name, value or "") for name, value in child.attributes.items()))
            page.elements.append((parents, child.tag or "", attributes))
            _walk(child, f"{parents}/{child.tag}", page, prose)
        elif (comment := (child.html or "")[4:-3]) != " ":  # the empty comment is ours, see inert.py
            page.elements.append((parents, f"comment {comment}", ()))


def _text(node: LexborNode) -> str:
    """An element's text, comments left out."""
    children = (child for child in node.iter(include_text=True) if not child.is_comment_node)
    return "".join(child.text_content or "" if child.is_text_node else _text(child) for child in children)


def visible(markdown: str) -> str:
    """What a reader sees of a page without a click, as text: of what is folded, its summary line."""
    html = cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
    body = LexborHTMLParser(f"<body>{html}").body
    assert body is not None
    return re.sub(r"\s+", " ", "".join(_seen(body, folded=False))).strip()


def _seen(node: LexborNode, *, folded: bool) -> Iterator[str]:
    for child in node.iter(include_text=True):
        if child.is_text_node:
            if not folded:
                yield child.text_content or ""
        elif not child.is_comment_node:
            shut = child.tag == "details" and "open" not in child.attributes
            yield from _seen(child, folded=(folded or shut) and child.tag != "summary")
            yield "" if child.tag in ("code", "a", "strong") else " "


def at_tier(verdict: Verdict, tier: int) -> str:
    """The summary as the nth tier has it."""
    with from_tier(tier):
        return render_check_markdown(verdict, size=lambda _: 0)


def comment_at_tier(verdict: Verdict, tier: int, about: About = ABOUT) -> str:
    """The comment as the nth tier has it."""
    with from_tier(tier):
        return render_comment(verdict, about, size=lambda _: 0)


@contextmanager
def from_tier(tier: int) -> Iterator[None]:
    """Pages begin at the nth tier: the drafts before it, which would be thrown away, are not made."""
    with patch.object(tiers, "TIERS", TIERS[tier:]):
        yield


ALL_TIERS = range(len(TIERS))


def assert_inert(hostile: str, benign: str) -> None:
    """The hostile page is the benign one, element for element, but for what stands inside <code>."""
    page, model = page_of(hostile), page_of(benign)
    assert page.elements == model.elements
    assert page.prose == model.prose
    assert not LIVE.search(page.prose)
    assert len(page.codes) == len(model.codes)
    assert even_tables(hostile)
    assert closed(hostile)
    assert not re.search(r"^\s*::|##\[", hostile, re.MULTILINE)


def order_of(markdown: str, *texts: str) -> bool:
    """Whether these texts stand on the page, in this order."""
    places = [markdown.find(text) for text in texts]
    return -1 not in places and places == sorted(places)


def closed(markdown: str) -> bool:
    """Whether all tags that we open are closed; untrusted text has no < left."""
    tags = ("details", "summary", "code", "pre", "sub", "a")
    return all(len(re.findall(rf"<{tag}\b", markdown)) == markdown.count(f"</{tag}>") for tag in tags)


def even_tables(markdown: str) -> bool:
    """Whether each table's rows have as many cells as its header: a renderer would hide the difference."""
    width = None
    for line in markdown.splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = line.count("|")
        if width not in (None, cells):
            return False
        width = cells
    return True


def replaced(value: Any, change: Callable[[str, str], str], field: str = "") -> Any:
    """The same structure with every string changed; `change` gets the string and the field it stands in."""
    if isinstance(value, str):
        return change(value, field)
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        return type(value)(**{name: replaced(getattr(value, name), change, name) for name in names})
    if isinstance(value, CoverageReport):
        fields = [one.name for one in dataclasses.fields(value)]
        return CoverageReport(**{name: replaced(getattr(value, name), change, name) for name in fields})
    if isinstance(value, list | tuple):
        return type(value)(replaced(one, change, field) for one in value)
    if isinstance(value, dict):
        return {change(key, field): replaced(one, change, field) for key, one in value.items()}
    return value


def named(verdict: Verdict, text: str) -> Verdict:
    """A verdict in which a file has put `text` wherever it can put a name."""
    result: Verdict = replaced(verdict, lambda old, _: old.replace(NAME, text))
    return result


def flooded(verdict: Verdict, text: str, *, words_too: bool) -> Verdict:
    """A verdict all of whose strings are `text`; with `words_too` also status words, gates and kinds."""
    result: Verdict = replaced(verdict, lambda old, field: old if field in _OURS and not words_too else text)
    return result


def string_fields(verdict: Verdict) -> Iterator[int]:
    """A number for each string in a verdict, for `with_one`."""
    count = 0

    def seen(old: str, _: str) -> str:
        nonlocal count
        count += 1
        return old

    replaced(verdict, seen)
    yield from range(count)


def with_one(verdict: Verdict, number: int, text: str) -> Verdict:
    """A verdict whose nth string is `text`."""
    left = number

    def change(old: str, _: str) -> str:
        nonlocal left
        left -= 1
        return text if left == -1 else old

    result: Verdict = replaced(verdict, change)
    return result


def a_gate(gate: str, status: str = "failed", **more: Any) -> GateResult:
    """A row of the table."""
    texts = {"measured": f"1 of 2 {NAME}", "required": f"all 2 {NAME}", "origin": f"{NAME}.yml:3", "note": ""}
    told: dict[str, Any] = {**texts, "value": 1, "minimum": 2, "advice": NAME, **more}
    return GateResult(gate, Status(status), **told)


def a_violation(
    gate: str, line: str, kind: str = "SeedFailed", detail: str = "", source: str = NAME, **about: Any
) -> Violation:
    """A violation whose line is as the gates word it; `about` names its point, invariant or seed."""
    return Violation(source, gate, kind, line, line, line, line, detail, f"advice {NAME}", **about)


def a_missed_point(name: str, source: str = NAME) -> Violation:
    """A critical fault point that was never hit."""
    line = f"Critical fault point '{name}' never hit"
    return a_violation("critical-fault-points", line, "CriticalFaultPointMissed", source=source, point=name)


def a_lost_point(name: str) -> Violation:
    """A fault point that the base hit."""
    line = f"Fault point '{name}' was hit on base, not here"
    return a_violation("regression", line, "FaultPointLost", point=name)


def a_judged(status: str, name: str = NAME) -> JudgedReport:
    """A report with run health, some of the seven, a gate beyond them, and coverage."""
    health = (a_gate("run-complete", "passed"), a_gate("failures", note=NAME), a_gate("determinism", "not required"))
    seen = InputSeen(NAME, "stream", NAME, True, 12_345_678, "7", health)
    gates = (a_gate("critical-fault-points"), a_gate("repairs", "not measured"), a_gate("fault-effects"))
    coverage = CoverageReport(3, 1, [NAME], [NAME, NAME], {NAME: 5}, [], 1, None, 2, {NAME: 3}, 9, 9)
    bounds = (BoundUsed(NAME, [NAME], NAME),)
    verdict: Any = status
    return JudgedReport(name, NAME, verdict, f"{NAME} + 2 overrides", (seen,), gates, coverage, bounds, (NAME,))


def a_verdict(reports: int = 1) -> Verdict:
    """A failed verdict in which every part of a page occurs; NAME is what files have put there."""
    violations = (
        a_violation("failures", f"Invariant '{NAME}' failed on 2 seeds: 7, 8", detail=NAME, invariant=NAME, seed="7"),
        a_missed_point(NAME),
        a_violation("fault-effects", f"Fault point '{NAME}' took effect too few times: 0 (expected >= 1)", "Floor"),
    )
    failures = tuple(
        Failure(NAME, NAME, NAME, NAME, 2, ("7", "8"), f"vopr --scenario {NAME} --seed 7", fill, expected)
        for fill, expected in ((False, False), (True, False), (False, True))
    )
    judged = (a_judged("failed"), *(a_judged("passed") for _ in range(reports - 1)))
    warnings = (Remark(NAME, NAME), Remark("", NAME))
    return Verdict("failed", False, NAME, f"1.0 {NAME}", violations, warnings, failures, judged)


def without_lines(verdict: Verdict) -> Verdict:
    """The verdict without a scenario of its failures, and so without lines for the regression file.

    Not every name can stand in that file, and a page without such a line has a part less. They have their own test.
    """
    failures = (msgspec.structs.replace(failure, scenario=None) for failure in verdict.failures)
    return msgspec.structs.replace(verdict, failures=tuple(failures))


def well(name: str = NAME) -> JudgedReport:
    """A report in which all is well."""
    report = a_judged("passed", name)
    health = tuple(a_gate(gate, "passed") for gate in ("run-complete", "failures"))
    read = msgspec.structs.replace(report.inputs[0], gates=(*health, a_gate("determinism", "not required")))
    gates = (a_gate("fault-point-coverage", "passed", value=0.5), a_gate("repairs", "passed"))
    return msgspec.structs.replace(report, inputs=(read,), gates=gates, lowered=())


def passed(*reports: JudgedReport, base: BaseSeen | None = None) -> Verdict:
    """A verdict that passed, over these reports or one."""
    return Verdict("passed", True, "every gate holds for 1 report", "1.0", reports=reports or (well(),), base=base)


def several(failing: int, passing: int) -> Verdict:
    """A verdict over so many reports of either kind."""
    reports = (*(a_judged("failed", f"sick-{n}") for n in range(failing)), *(well(f"well-{n}") for n in range(passing)))
    return msgspec.structs.replace(a_verdict(), reports=reports)


def a_change(*gates: GateBefore, **more: Any) -> Change:
    """A comparison in which something changed everywhere: one name each, and what `gates` had on base."""
    fields = ("lost_points", "new_points", "lost_invariants", "new_invariants", "loosened")
    return Change(f"base {NAME}", gates, **(dict.fromkeys(fields, (NAME,)) | more))


def compared(verdict: Verdict) -> Verdict:
    """The same verdict, held against a base on which every gate passed; the gate `regression` failed."""
    changed = [
        msgspec.structs.replace(
            report,
            change=a_change(*(GateBefore(gate.gate, Status.PASSED, NAME, 3) for gate in report.gates)),
            gates=(*report.gates, a_gate("regression", measured="12.5 points, 1 lost")),
        )
        for report in verdict.reports
    ]
    lost = (
        a_lost_point(NAME),
        a_violation(
            "regression",
            f"Invariant 'other {NAME}' ran on base, not here",
            "InvariantLost",
            invariant=f"other {NAME}",
        ),
        a_violation("regression", f"Report '{NAME}' was judged on base and is missing here", "ReportLost"),
    )
    base = BaseSeen(NAME, None, (NAME,))
    told = {"reports": tuple(changed), "violations": (*verdict.violations, *lost), "base": base}
    return msgspec.structs.replace(verdict, **told)


def without_base(verdict: Verdict) -> Verdict:
    """The same verdict, with a base that can't be had."""
    return msgspec.structs.replace(verdict, base=BaseSeen(NAME, NAME))
