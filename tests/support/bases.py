"""Reports of a base branch in a few words each."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.support.reports import a_report
from vopr_coverage.model.report import Format
from vopr_coverage.model.verdict import InputSeen, JudgedReport

_NOTHING = JudgedReport("night", None, "passed", "default", (), (), None, (), ())


def a_base_report(told: str | None, *formats: Format, **changes: Any) -> JudgedReport:
    """A report that was judged on base, with the figures of `a_report(told)`; None: without coverage.

    Args:
        formats: of its files; without one it is a flat report.
    """
    inputs = tuple(InputSeen("night", each, None, True, None, None, ()) for each in formats or ("report",))
    return replace(_NOTHING, inputs=inputs, report=None if told is None else a_report(told), **changes)
