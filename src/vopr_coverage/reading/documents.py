"""The flat CoverageReport, and the document that wraps one under `coverage`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from vopr_coverage.errors import ManyErrors, ReportError, Words, shown
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.strict_json import JsonError, strict_loads
from vopr_coverage.model.report import CoverageReport, Format, Input, contradictions_of, remarks_on
from vopr_coverage.reading.ending import dotted
from vopr_coverage.reading.source import LINE_BYTES_MAX, BrokenData

DOCUMENT_BYTES_MAX = LINE_BYTES_MAX
_STREAM_PARTS = ("fault_points", "phases", "invariants")


def read_coverage(document: Any, source: str) -> Input:
    """Read a flat or a wrapped report from a JSON document. Its keys show which of them it is.

    Raises:
        ReportError, ManyErrors: a document that is neither, or one that violates its schema, each with its pointer.
    """
    if not isinstance(document, dict):
        raise ReportError(source, "", expected="a VOPR stream or a coverage report object", found=document)
    wrapped = "coverage" in document
    report = document["coverage"] if wrapped else document
    if isinstance(report, dict) and any(part in report for part in _STREAM_PARTS):
        found = Words("a stream's coverage cut out of its run; pass the whole stream, failures included")
        raise ReportError(source, "#/coverage" if wrapped else "", expected="a CoverageReport", found=found)
    if not looks_like_report(document):
        formats = "a VOPR stream, a CoverageReport or an object with one under 'coverage'"
        raise ReportError(source, "", expected=formats, found=Words(f"an object with the keys {_keys(document)}"))
    kind: Format = "wrapped" if wrapped else "report"
    broken = contract.problems(kind, document)
    if broken:
        raise ManyErrors([ReportError(source, f"#{p.pointer}", expected=p.expected, found=p.found) for p in broken])
    figures = msgspec.convert(report, CoverageReport)
    contradictions = [*contradictions_of(figures), *_spelled_twice(figures.phase_events)]
    figures.phase_events = dotted(figures.phase_events)
    return Input(
        source=source,
        format=kind,
        report=figures,
        warnings=tuple(remarks_on(figures)),
        contradictions=tuple(contradictions),
    )


def looks_like_report(document: object) -> bool:
    """Whether a JSON value is one of the two documents, perhaps an invalid one."""
    known = contract.schema("report")["properties"]
    return isinstance(document, dict) and ("coverage" in document or any(key in known for key in document))


def _spelled_twice(phases: Mapping[str, int]) -> Iterator[str]:
    """Phase events with a colon that are also listed with a dot: added up, they would count twice."""
    for name in phases:
        if ":" in name and name.replace(":", ".") in phases:
            yield f"phase event '{name}' is also listed as '{name.replace(':', '.')}'"


def whole_document(blocks: Iterable[bytes], source: str) -> bytes:
    """All bytes of a document.

    Raises:
        ReportError: there are more than 64 MiB.
        BrokenData: the file breaks off, or its gzip data is damaged.
    """
    parts, size = [], 0
    try:
        for block in blocks:
            size += len(block)
            if size > DOCUMENT_BYTES_MAX:
                limit = Words(f"over {DOCUMENT_BYTES_MAX >> 20} MiB")
                raise ReportError(source, "", expected="a JSON document", found=limit)
            parts.append(block)
    except BrokenData as error:
        raise error.on_line(1 + b"".join(parts).count(b"\n")) from None
    return b"".join(parts)


def parsed(blocks: Iterable[bytes], source: str) -> Any:
    """The value of a JSON document.

    Raises:
        ReportError: text that is not JSON, with its line, or more than 64 MiB of it.
        BrokenData: the file breaks off, or its gzip data is damaged.
    """
    try:
        return strict_loads(whole_document(blocks, source))
    except JsonError as error:
        at = f":{error.line}" if error.line else ""
        raise ReportError(source, at, expected=error.expected, found=error.found) from None


def _keys(document: dict[str, Any]) -> str:
    listed = ", ".join(shown(key) for key in list(document)[:3])
    return listed + (" …" if len(document) > 3 else "") if document else "(none)"
