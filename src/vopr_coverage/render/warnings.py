"""Warnings as they are shown: what several runs share stands once, so that it does not push others off a page. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vopr_coverage.errors import printable
from vopr_coverage.model.verdict import Verdict

SOURCES_MAX = 3


def warnings_of(verdict: Verdict) -> list[tuple[str, list[str]]]:
    """Each warning once, in the order of the verdict, with the runs that it is about; [] for the whole check."""
    found: dict[tuple[str, bool], list[str]] = {}
    for warning in verdict.warnings:
        sources = found.setdefault((warning.text, bool(warning.source)), [])
        sources += [warning.source] if warning.source else []
    return [(text, sources) for (text, _), sources in found.items()]


def warning_lines(verdict: Verdict) -> Iterator[str]:
    """The same as lines of a text."""
    for text, sources in warnings_of(verdict):
        more = f" and {len(sources) - SOURCES_MAX:,} more" if len(sources) > SOURCES_MAX else ""
        about = ", ".join(sources[:SOURCES_MAX]) + more
        yield printable(f"{about}: {text}" if about else text)
