"""A verdict in SARIF 2.1.0, which editors and code scanning read: a rule a gate, a result a violation. Pure.

A result has a place where the tester says where its point or invariant stands in the source code, and that file is
there. GitHub's code scanning shows only these.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from vopr_coverage.errors import visible
from vopr_coverage.formats.json_text import json_text
from vopr_coverage.model.verdict import Verdict, Violation
from vopr_coverage.render.annotations import Place
from vopr_coverage.render.outline import problems_of
from vopr_coverage.render.wording import DOCS, GATES, anchor_of

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
TOOL = "vopr-coverage"
_SPECIAL = re.compile(r"[\\\[\]]")  # of a message, where `[text](address)` would be a link


def render_check_sarif(verdict: Verdict, place: Place) -> str:
    """The verdict as one run of this tool.

    Args:
        place: finds the file of the workspace and the line of a location; None where there is no such file.
    """
    gates = list(dict.fromkeys(violation.gate for violation in verdict.violations))
    run = {
        "tool": {"driver": {"name": TOOL, "version": verdict.version, "rules": [_rule(gate) for gate in gates]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not verdict.lacks_evidence, "toolExecutionNotifications": list(_notes(verdict))}
        ],
        "results": [_result(violation, gates, place) for violation in verdict.violations],
        "properties": {"verdict": verdict.status, "passed": verdict.passed, "reason": visible(verdict.reason)},
    }
    return json_text({"$schema": SCHEMA, "version": VERSION, "runs": [run]})


def _rule(gate: str) -> dict[str, Any]:
    if gate not in GATES:
        return {"id": gate}
    rule: dict[str, Any] = {"id": gate, "shortDescription": _message(GATES[gate].title)}
    return rule | {"helpUri": f"{DOCS}/verdict.md#{anchor_of(gate)}", "defaultConfiguration": {"level": "error"}}


def _result(violation: Violation, gates: list[str], place: Place) -> dict[str, Any]:
    text = f"{violation.source}: {violation.line}" + (f" ({violation.detail})" if violation.detail else "")
    message = _message(f"{text}. {violation.advice}" if violation.advice else text)
    location = _location(violation, place)
    return {
        "ruleId": violation.gate,
        "ruleIndex": gates.index(violation.gate),
        "level": "error",
        "message": message,
        **({"locations": [location]} if location else {}),
        "partialFingerprints": {"violation/v1": _fingerprint(violation)},
    }


def _location(violation: Violation, place: Place) -> dict[str, Any]:
    """Where it stands in a file, and what it is called."""
    found = place(violation.location) if violation.location else None
    location: dict[str, Any] = {}
    if found:
        file, line = found
        artifact = {"uri": quote(file), "uriBaseId": "%SRCROOT%"}
        location["physicalLocation"] = {"artifactLocation": artifact, "region": {"startLine": line}}
    if name := violation.point or violation.invariant:
        location["logicalLocations"] = [{"name": visible(name)}]
    return location


def _fingerprint(violation: Violation) -> str:
    """What tells the same violation of two runs from another one: all but its figures."""
    parts = (violation.source, violation.gate, violation.kind, violation.point or "", violation.invariant or "")
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def _notes(verdict: Verdict) -> Iterator[dict[str, Any]]:
    """What could not be judged, as errors; remarks, as warnings."""
    for text in problems_of(verdict) or (verdict.error or "").splitlines():
        yield {"level": "error", "message": _message(text)}
    if not verdict.passed and not verdict.violations and verdict.error is None:
        yield {"level": "error", "message": _message(verdict.reason)}
    for warning in verdict.warnings:
        text = f"{warning.source}: {warning.text}" if warning.source else warning.text
        yield {"level": "warning", "message": _message(text)}


def _message(text: str) -> dict[str, str]:
    """Text without links; braces, which stand around the number of an argument, are doubled."""
    escaped = _SPECIAL.sub(r"\\\g<0>", visible(text))
    return {"text": escaped.replace("{", "{{").replace("}", "}}")}
