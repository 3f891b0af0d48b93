"""A report as bytes, read and judged without a file, and held against what the small judge says of the same bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from random import Random
from typing import Any
from zlib import crc32

from tools.fuzzing.door import Finding
from tools.fuzzing.second import FAILED, NOT_MEASURED, Evidence, NoOpinion, opinion
from tools.fuzzing.second.foreign import END
from vopr_coverage.check.attempts import with_attempt_only
from vopr_coverage.check.flow import Rules, judge_inputs
from vopr_coverage.check.request import as_input
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.model.report import Input
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.reading import of_format, recognise
from vopr_coverage.reading.find import ReportFile
from vopr_coverage.reading.foundationdb import is_part, joined
from vopr_coverage.reading.point_lists import with_list
from vopr_coverage.reading.source import blocks

SOURCE = "input"
COMPLETE = "run-complete"
RULES = Rules()
CONFIGS = 48  # of each door
Bounds = Mapping[str, Any]


@dataclass(frozen=True)
class Names:
    """What configs of a door may ask for, in the spelling of its format; some of it is in no file.

    Attributes:
        ends: whether configs name the event at the end of a run, which the format does not have by itself.
        listed: points that a config may declare, for formats that need not declare any.
    """

    points: tuple[str, ...] = ()
    invariants: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    ends: bool = False
    listed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """One input, read and judged under one of the door's configs."""

    read: Input
    verdict: Verdict
    bounds: Bounds

    @property
    def statuses(self) -> dict[str, str]:
        """The seven categories and run health, by gate."""
        (report,) = self.verdict.reports
        return {row.gate: str(row.status) for row in (*report.inputs[0].gates, *report.gates)}


@dataclass(frozen=True)
class Court:
    """Judges the inputs of one format, by a few dozen configs; which of them follows from the bytes."""

    form: str | None
    names: Names
    second: Callable[[bytes], Evidence] | None
    more: tuple[Bounds, ...] = field(default=())

    @cached_property
    def configs(self) -> tuple[tuple[Bounds, Config], ...]:
        """The configs, drawn once."""
        rng = Random(self.form or SOURCE)  # noqa: S311
        drawn = [_bounds(rng, self.names) for _ in range(CONFIGS)]
        return tuple((each, parse_config(json.dumps(each), "gate.yml")) for each in (*self.more, *drawn))

    def config_of(self, data: bytes) -> tuple[Bounds, Config]:
        """The config that these bytes are judged by."""
        return self.configs[crc32(data) % len(self.configs)]

    def judged(self, data: bytes) -> Judged:
        """The verdict.

        Raises:
            UserError: the input is refused.
        """
        bounds, config = self.config_of(data)
        read = read_bytes(data, self.form, config)
        return Judged(read, judge_inputs([read], RULES, config), bounds)

    def hold(self, data: bytes, judged: Judged) -> bool:
        """Hold the verdict against the small judge's opinion; returns whether it had one.

        Raises:
            Finding: they do not agree.
        """
        if self.second is None:
            return False
        try:
            evidence = self.second(data)
        except NoOpinion:
            return False
        except Exception as error:  # a file that is not valid: the small judge is made for others
            if judged.verdict.passed:
                raise Finding("passed, and the small judge cannot read it", repr(error)) from None
            return False
        _agree(judged, evidence)
        return True


def read_bytes(data: bytes, form: str | None, config: Config, source: str = SOURCE) -> Input:
    """One report, as `check` reads it, without a file.

    Raises:
        UserError: it is refused.
    """
    rest = blocks(io.BufferedReader(io.BytesIO(data)), source)
    reader, seen = recognise(rest, source, form)
    read = of_format(form, reader(chain(seen, rest), source), source)
    read = read if is_part(read) else with_list(read, config.read_as.declared)
    read = with_attempt_only(as_input(read, ReportFile(source, source), None, ()), config)
    (whole,) = joined([read], config.read_as.declared)
    return whole


def _bounds(rng: Random, names: Names) -> dict[str, Any]:
    """What a config may ask for, near what healthy files have."""

    def some(known: tuple[str, ...]) -> list[str]:
        return rng.sample(known, min(len(known), rng.choice((0, 1, 1, 2))))

    bounds: dict[str, Any] = {
        "profile": "none",
        "fault_point_coverage_min": rng.choice((0, 0.25, 0.5, 0.75, 1.0)),
        "critical_fault_points": some(names.points),
        "required_invariants": some(names.invariants),
        "min_view_changes": rng.choice((0, 0, 0, 6, 9, 10)),
        "min_repairs": rng.choice((0, 0, 0, 4, 5, 9)),
        "min_unique_query_plans": rng.choice((0, 0, 0, 0, 90)),
        "min_phase_events": {name: rng.choice((1, 6, 12, 30)) for name in some(names.phases)},
    }
    if names.ends:
        bounds["complete_when"] = END
    else:
        bounds["min_iterations"] = 1  # so that no config asks for nothing
    if names.listed and rng.random() < 0.7:
        bounds["fault_points"] = some(names.listed) or [names.listed[0]]
    if names.listed or names.ends:  # counters and phases that the format can't have would hide all else
        bounds |= {"min_view_changes": 0, "min_repairs": 0, "min_unique_query_plans": 0}
    return bounds


def _agree(judged: Judged, evidence: Evidence) -> None:
    verdict, ours, theirs = judged.verdict, judged.statuses, opinion(evidence, judged.bounds)
    shows = f"complete {evidence.complete}, broken {evidence.broken}, undecided {evidence.undecided}, {theirs}"
    sick = not evidence.complete or evidence.broken or evidence.undecided
    if verdict.passed and (sick or not {*theirs.values()}.isdisjoint({FAILED, NOT_MEASURED})):
        raise Finding("a sick input passes", f"the small judge says: {shows}; bounds {judged.bounds}")
    if COMPLETE in ours:
        is_complete = ours[COMPLETE] not in (FAILED, NOT_MEASURED)
        if is_complete != bool(evidence.complete):
            lines = [each.line for each in verdict.violations if each.gate == COMPLETE]
            raise Finding("two judges differ on completeness", f"ours {ours[COMPLETE]} {lines}, theirs {shows}")
    if not evidence.complete:
        return  # what is incomplete has no coverage
    apart = {gate: (ours[gate], status) for gate, status in theirs.items() if ours.get(gate, status) != status}
    if apart:
        raise Finding(f"two judges differ on {', '.join(apart)}", f"ours and theirs: {apart}; bounds {judged.bounds}")
