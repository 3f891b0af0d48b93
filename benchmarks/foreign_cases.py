"""One sample of another tester: what is true of it, and what a check said."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vopr_coverage.cli import main as vopr_coverage


class Said(NamedTuple):
    """How a check ended: its verdict, empty where the sample was refused, and its message."""

    exit_code: int
    verdict: dict[str, Any]
    message: str

    @property
    def observed(self) -> dict[str, Any]:
        """Points, invariants and broken properties of the only report; empty lists where there is none."""
        nothing: dict[str, Any] = {"runs": 0, "points": [], "invariants": [], "broken": [], "undecided": []}
        return (self.verdict["reports"][0]["observed"] if self.verdict.get("reports") else None) or nothing

    @property
    def complete(self) -> bool:
        """Whether all runs finished."""
        inputs = [read for report in self.verdict.get("reports", []) for read in report["inputs"]]
        return bool(inputs) and all(read["complete"] for read in inputs)

    @property
    def sources(self) -> list[str]:
        """What was judged, by name, in order."""
        return sorted(read["source"] for report in self.verdict.get("reports", []) for read in report["inputs"])

    @property
    def warnings(self) -> list[str]:
        """The warnings, without what they are of."""
        return [warning["text"] for warning in self.verdict.get("warnings", [])]

    def value(self, gate: str) -> float | None:
        """What was measured for this gate of the only report; None is not measured."""
        gates = self.verdict["reports"][0]["gates"] if self.verdict else []
        return next((each["value"] for each in gates if each["gate"] == gate), None)

    @property
    def names(self) -> dict[str, list[str]]:
        """What was hit, missed and run, by name."""
        points, invariants = self.observed["points"], self.observed["invariants"]
        return {
            "hit": sorted(point["name"] for point in points if point["hit"]),
            "missed": sorted(point["name"] for point in points if not point["hit"]),
            "ran": sorted(each["name"] for each in invariants if each["ran"]),
        }

    def named(self, kind: str) -> list[str]:
        """The names of what is in this list of the verdict."""
        return [each["name"] for each in self.observed[kind]]


@dataclass(frozen=True)
class Case:
    """Files that are judged together.

    Attributes:
        files: paths, or patterns.
        truth: figures by name.
        figures: the same figures, as a verdict says them.
        config: beside `profile: general`.
    """

    name: str
    files: tuple[str, ...]
    truth: Mapping[str, Any]
    figures: Callable[[Said], Mapping[str, Any]]
    config: Mapping[str, Any] = field(default_factory=dict)
    merged: bool = False


def ran(*argv: str) -> tuple[int, str, str]:
    """Run one command of ours in this process: its exit code, output and messages."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        exit_code = vopr_coverage(argv)
    return exit_code, out.getvalue(), err.getvalue()
