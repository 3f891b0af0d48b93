"""Reads trace files of a FoundationDB simulation, as XML: one event a line. docs/formats/foundationdb.md describes it.

Lines are read one by one and never as a document: a live server's file has no end, and nothing of XML is needed but
attributes, so that entities and external documents can do no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from msgspec.structs import replace

from vopr_coverage.errors import ReportError, Words
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.points import Broken, Location, Observed, Point, PointKind
from vopr_coverage.model.report import Finish, Input
from vopr_coverage.reading.point_lists import with_list
from vopr_coverage.reading.source import BrokenData, NoRecords

BEGINS_LIKE_TRACE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:Trace>|Event\s)")
_OF_TRACE = re.compile(rb"<(?:Trace>|Event\s)")
NO_END = "there is no ElapsedTime event, with which a simulation ends"
TESTS_EXPECTED, TESTS_ENDED = "TestsExpectedToPass", "TestResults"
ERRORS_KEPT_MAX = 100
POINTS_MAX = 100_000
_WANTED = re.compile(
    rb"""Type\s*=\s*["'](CodeCoverage|ElapsedTime|TestResults|TestsExpectedToPass|Simulation|BuggifySection|FaultInjected)"""
    rb"""["']|Severity\s*=\s*["']40["']"""
)
_EVENT = re.compile(rb"<Event\s[^<>]*/>")
_ATTRIBUTE = re.compile(r"""([A-Za-z0-9_]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ENTITY = re.compile(r"&(lt|gt|amp|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ROLLED = re.compile(r"(?P<run>.+)\.[0-9]+\.[0-9]+\.xml(?:\.gz)?")


def read_foundationdb(blocks: Iterable[bytes], source: str) -> Input:
    """Read one trace file, which may be a part of a run: `joined` puts parts together.

    Raises:
        NoRecords: no event of a trace at all.
        ReportError: a probe without file, line or comment, too many of them, or an event that is damaged: left out, it
            would hide what it says. Only the last line may be torn, since a killed process leaves it so.
        BrokenData: damaged gzip data, also where it only breaks off: errors may have followed.
    """
    reader, is_trace = _TraceReader(source), False
    number = 0
    try:
        for block in blocks:
            is_trace = is_trace or _OF_TRACE.search(block) is not None
            for line in block.split(b"\n"):
                number += 1
                if reader.torn_at and line.strip():
                    raise _damaged(source, reader.torn_at)
                if _WANTED.search(line):
                    reader.line(line, number)
            number -= 1
    except BrokenData as error:
        raise error.on_line(number + 1) from None
    if not is_trace:
        found = f"{counted(number, 'line')} without one"
        raise NoRecords(source, expected="events of a trace of FoundationDB", found=found, lines=number)
    return reader.finish()


def is_part(read: Input) -> bool:
    """Whether it is a trace file that `joined` has to put together with others of its run, and names its probes."""
    return read.format == "foundationdb" and read.run is None and read.report is None


def joined(inputs: Sequence[Input], declared: Mapping[str, PointKind | None] = {}) -> list[Input]:
    """Rolled files of one run as one input, in place of the first of them; all other inputs as they are.

    Args:
        declared: see `with_list`; of a run together, since only together its probes have the names that lists know.
    """
    parts: dict[str, list[Input]] = {}
    for read in inputs:
        if is_part(read):
            parts.setdefault(run_of(read.source), []).append(read)
    every = []
    for read in inputs:
        if not is_part(read):
            every.append(read)
        elif run_of(read.source) in parts:
            every.append(with_list(_concluded(parts.pop(run_of(read.source))), declared))
    return every


def run_of(path: str) -> str:
    """What the rolled files of one run have in common: their path up to the last two numbers.

    The time in a file's name is no such thing: an ordinary server may have begun in the same second.
    """
    match = _ROLLED.fullmatch(path)
    return match["run"] if match else path


@dataclass
class _TraceReader:
    """One pass over one file."""

    source: str
    observed: Observed = field(default_factory=lambda: Observed(runs=1, unit="file"))
    ended: bool = False
    torn_at: int = 0  # the number of a line with half an event, which may only be the last one

    def line(self, line: bytes, number: int) -> None:
        """A line that has, or should have, an event that matters."""
        if _EVENT.fullmatch(line.strip()):
            self.take(_attributes(line), number)
        else:
            self.torn_at = number

    def take(self, event: Mapping[str, str], number: int) -> None:
        """One event that matters."""
        kind = event.get("Type", "")
        if kind == "CodeCoverage":
            self._probe(event, number)
        elif kind == "ElapsedTime":
            self.ended = True
        elif kind == "TestResults":
            self._count(TESTS_ENDED)
            if event.get("Passed") != "1":
                self._broken(f"test {event.get('Workload', '(without a name)')}", "failed")
        elif kind in ("BuggifySection", "FaultInjected") and event.get("Activated", "1") == "1":
            self._count(f"{kind} activated")
        elif kind == "TestsExpectedToPass":
            count = event.get("Count", "")
            self._count(TESTS_EXPECTED, int(count) if count.isdigit() and len(count) < 10 else 0)
        if event.get("Severity") == "40":
            self._broken(kind or "an event without a type", "was reported with severity 40")

    def _count(self, name: str, more: int = 1) -> None:
        self.observed.events[name] = self.observed.events.get(name, 0) + more

    def _broken(self, name: str, line: str) -> None:
        if len(self.observed.broken) < ERRORS_KEPT_MAX:
            self.observed.broken.setdefault(name, Broken(name, line))

    def _probe(self, event: Mapping[str, str], number: int) -> None:
        file, line, comment = event.get("File"), event.get("Line", ""), event.get("Comment")
        if file is None or comment is None or not line.isdigit() or event.get("Covered") not in ("0", "1"):
            expected = "a CodeCoverage event with File, Line, Comment and Covered"
            raise ReportError(self.source, f":{number}", expected=expected, found=Words("an event without one"))
        points = self.observed.points
        if len(points) >= POINTS_MAX:
            raise ReportError(self.source, f":{number}", expected=f"at most {POINTS_MAX:,} probes", found=Words("more"))
        name = f"{file}:{line}: {comment}"
        hit = event["Covered"] == "1"
        point = points.setdefault(name, Point(kind="reachable", count=None, location=Location(file, int(line[:9]))))
        point.runs = max(point.runs, int(hit))
        point.rare |= event.get("Rare") == "1"

    def finish(self) -> Input:
        """What this file says."""
        ended_early = None if self.ended else NO_END
        return Input(
            source=self.source,
            format="foundationdb",
            report=None,
            listed_only=True,
            observed=self.observed,
            finish=Finish(known=True, ended_early=ended_early),
        )


def _damaged(source: str, number: int) -> ReportError:
    return ReportError(source, f":{number}", expected="an event, <Event … />", found=Words("a damaged one"))


def _attributes(line: bytes) -> dict[str, str]:
    text = line.decode("utf-8", "replace")
    return {name: _ENTITY.sub(_unescaped, one or other) for name, one, other in _ATTRIBUTE.findall(text)}


def _unescaped(match: re.Match[str]) -> str:
    name = match[1]
    if name in _NAMED:
        return _NAMED[name]
    code = int(name[2:], 16) if name.startswith("#x") else int(name[1:])
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]


def _concluded(parts: Sequence[Input]) -> Input:
    """The files of one run together. A run without its end has no coverage: what it would have hit is not known."""
    observed = Observed(runs=1, unit="file")
    for part in parts:
        assert part.observed is not None, "every trace file has observations"
        for name, point in part.observed.points.items():
            known = observed.points.setdefault(name, point)
            known.runs, known.rare = max(known.runs, point.runs), known.rare or point.rare
        observed.broken |= part.observed.broken
        for name, count in part.observed.events.items():
            observed.events[name] = observed.events.get(name, 0) + count
    observed.points = _without_lines(observed.points)
    expected, ended = (observed.events.get(name, 0) for name in (TESTS_EXPECTED, TESTS_ENDED))
    whole = any(part.finish is not None and part.finish.ended_early is None for part in parts)
    if whole and expected > ended:
        observed.broken["tests"] = Broken("tests", f"had {ended} of {counted(expected, 'expected result')}")
    first = parts[0]
    several = f"{run_of(first.source)} ({counted(len(parts), 'file')})"
    name = several if len(parts) > 1 else PurePath(first.source).name
    return replace(
        first,
        source=name,
        report=coverage_of(observed) if whole and observed.points else None,
        observed=observed,
        finish=Finish(known=True, ended_early=None if whole else NO_END),
        warnings=tuple(_remarks(observed)),
    )


def _without_lines(points: Mapping[str, Point]) -> dict[str, Point]:
    """Points by file and comment where these are unique: lines move with every change of the file."""
    short = {name: _without_line(name, point) for name, point in points.items()}
    times: dict[str, int] = {}
    for name in short.values():
        times[name] = times.get(name, 0) + 1
    return {short[name] if times[short[name]] == 1 else name: point for name, point in points.items()}


def _without_line(name: str, point: Point) -> str:
    assert point.location is not None, "every probe has a place"
    file = point.location.file
    return f"{file}: {name[len(file) + 1 :].partition(': ')[2]}"


def _remarks(observed: Observed) -> Iterator[str]:
    rare = [point for point in observed.points.values() if point.rare and not point.hit]
    if rare:
        yield f"{counted(len(rare), 'missed probe')} {agreeing(len(rare), 'is', 'are')} marked as rare by the program"
