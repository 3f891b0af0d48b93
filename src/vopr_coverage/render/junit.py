"""A verdict as JUnit's XML, which most CI servers read: a suite a report, a case a gate. Pure.

The last suite is the verdict itself, so that nobody who counts failures takes one for a pass that is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple
from xml.etree import ElementTree as Xml

from vopr_coverage.errors import OLD_COMMAND, visible
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.verdict import GateResult, JudgedReport, Verdict, Violation
from vopr_coverage.render.wording import GATES

LINES_MAX = 100  # in one case
CLASS = "vopr-coverage"

_Violations = dict[tuple[str, str], list[Violation]]  # by source and gate

Ending = Literal["failure", "error", "skipped"]
# What is known of a case: the gate was not met; it could not be judged; it was not required, or excused.
_ENDINGS: tuple[Ending, ...] = ("failure", "error", "skipped")


class _Case(NamedTuple):
    """One test case. Without an ending it passed."""

    name: str
    ending: Ending | None = None
    message: str = ""
    lines: Sequence[str] = ()


def render_check_junit(verdict: Verdict) -> str:
    """The verdict as a document of XML 1.0."""
    of_case: _Violations = {}
    for violation in verdict.violations:
        of_case.setdefault((violation.source, violation.gate), []).append(violation)
    untold = set(of_case)
    suites = [(report.name, list(_cases(report, of_case, untold))) for report in verdict.reports]
    others = [
        _failed(": ".join(filter(None, [_title(gate), source])), rows)
        for (source, gate), rows in of_case.items()
        if (source, gate) in untold
    ]
    suites += [("All reports", others)] if others else []
    suites += [(each.source, [_Case("Can be judged", "error", each.problem)]) for each in verdict.unusable]
    suites.append(("Verdict", [_verdict_case(verdict)]))
    return _document(suites)


def _cases(report: JudgedReport, of_case: _Violations, untold: set[tuple[str, str]]) -> Iterator[_Case]:
    """The gates of a report, those of its inputs first. Their violations are removed from `untold`."""
    for source, gates in [*((read.source, read.gates) for read in report.inputs), (report.name, report.gates)]:
        where = "" if source == report.name else f": {source}"
        for gate in gates:
            untold.discard((source, gate.gate))
            yield _case(gate, f"{_title(gate.gate)}{where}", of_case.get((source, gate.gate), []))


def _case(gate: GateResult, name: str, violations: Sequence[Violation]) -> _Case:
    if violations:
        return _failed(name, violations, gate.status)
    if gate.status is Status.PASSED:
        return _Case(name)
    if gate.status is Status.FAILED:
        return _Case(name, "failure", f"{gate.measured} (required: {gate.required})")
    return _Case(name, "skipped", ": ".join(filter(None, [str(gate.status), gate.note])))


def _failed(name: str, violations: Sequence[Violation], status: Status = Status.FAILED) -> _Case:
    """A gate with violations. Where its figure is missing, it is no failure: nobody knows."""
    lines = [f"- {each.line}" + (f" ({each.detail})" if each.detail else "") for each in violations]
    lines += [f"- {advice}" for advice in dict.fromkeys(each.advice for each in violations) if advice]
    return _Case(name, "error" if status is Status.NOT_MEASURED else "failure", violations[0].line, lines)


def _verdict_case(verdict: Verdict) -> _Case:
    if verdict.passed:
        return _Case("Verdict", lines=[f"- {verdict.reason}"])
    is_error = verdict.lacks_evidence or verdict.status == "error"
    details = (verdict.error or "").split("\n") if verdict.error else []
    return _Case("Verdict", "error" if is_error else "failure", verdict.reason, [f"- {line}" for line in details])


def _title(gate: str) -> str:
    return GATES[gate].title if gate in GATES else gate


def _document(suites: Iterable[tuple[str, Sequence[_Case]]]) -> str:
    root = Xml.Element("testsuites", name=CLASS)
    for name, cases in suites:
        suite = Xml.SubElement(root, "testsuite", name=_text(name))
        suite.attrib |= _counts(cases, _ENDINGS)
        for case in cases:
            written = Xml.SubElement(suite, "testcase", classname=f"{CLASS}.{_text(name)}", name=_text(case.name))
            text = _lines(case.lines)
            if case.ending:
                ending = Xml.SubElement(written, case.ending, message=_text(case.message))
                ending.text = text
            elif text:
                Xml.SubElement(written, "system-out").text = text
    root.attrib |= _counts([case for _, cases in suites for case in cases], _ENDINGS[:2])
    Xml.indent(root)
    body = Xml.tostring(root, encoding="unicode").replace(OLD_COMMAND, "&#35;#[")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _counts(cases: Sequence[_Case], endings: Sequence[Ending]) -> dict[str, str]:
    plural = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    counts = {plural[ending]: str(sum(case.ending == ending for case in cases)) for ending in endings}
    return {"tests": str(len(cases)), **counts}


def _lines(lines: Sequence[str]) -> str | None:
    more = [f"- … and {len(lines) - LINES_MAX} more"] if len(lines) > LINES_MAX else []
    return "\n".join([*map(_text, lines[:LINES_MAX]), *more]) or None


def _text(text: str) -> str:
    """Text on one line, of characters that XML has."""
    return visible(text)
