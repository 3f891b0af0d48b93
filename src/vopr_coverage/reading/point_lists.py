"""Reads lists of points: what a tester may reach, and what one run reached. docs/formats/points.md describes them.

They look like any other text, so a list is read as one only where somebody says that it is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage.errors import PROBLEMS_SHOWN_MAX, ManyErrors, ReportError, Words, nearest, printable, shown
from vopr_coverage.files import opened
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.points import POINT_KINDS, Observed, Point, PointKind, with_declared_kinds
from vopr_coverage.model.report import Finish, Input
from vopr_coverage.reading.source import blocks

NAMES_LISTED = 5
NAME_CHARACTERS_MAX = 1_000
POINTS_MAX = 100_000
COUNT_MAX = (1 << 63) - 1
KIND_OF_A_HIT: PointKind = "fault"  # where no declared list says another


def read_point_list(source: Iterable[bytes], name: str) -> Input:
    """Read the hits of one run: a name a line, or `NAME<TAB>COUNT`; a name that comes again is added up.

    No end is written into such a list. Whether the run finished is *not measured*, unless `complete_when` in the config
    names a line that the tester writes last.

    Raises:
        ReportError, ManyErrors: lines that are neither, each with its number.
    """
    counts: dict[str, int] = {}
    has_counts = False
    for number, words in _lines(source, name, expected="NAME, or NAME<TAB>COUNT"):
        has_counts |= len(words) > 1
        counts[words[0]] = counts.get(words[0], 0) + (_count(words[1], name, number) if len(words) > 1 else 1)
        _refuse_too_many(counts, name, number)
    points = {
        point: Point(kind=KIND_OF_A_HIT, declared=False, count=count if has_counts else None, runs=int(count > 0))
        for point, count in counts.items()
    }
    observed = Observed(runs=1, unit="file", points=points, events=counts)
    return Input(
        source=name,
        format="points",
        report=coverage_of(observed),
        listed_only=True,
        observed=observed,
        finish=Finish(known=False),
    )


def read_declared(path: Path, name: str) -> dict[str, PointKind]:
    """The points that a tester declares, with their kinds: `NAME` a line, or `NAME<TAB>KIND`; `fault` without one.

    Raises:
        FileError: the file can't be read.
        ReportError, ManyErrors: lines that are neither, a name that comes twice, and a list without a name.
    """
    declared: dict[str, PointKind] = {}
    with opened(path, name) as stream:
        for number, words in _lines(blocks(stream, name), name, expected="NAME, or NAME<TAB>KIND"):
            point, kind = words[0], words[1] if len(words) > 1 else KIND_OF_A_HIT
            if kind not in POINT_KINDS:
                found = Words(f"{shown(kind)}; {nearest(kind, POINT_KINDS)}")
                raise ReportError(name, f":{number}", expected=f"a kind: {', '.join(POINT_KINDS)}", found=found)
            if point in declared:
                raise ReportError(name, f":{number}", expected="each name once", found=point)
            declared[point] = kind
            _refuse_too_many(declared, name, number)
    if not declared:
        raise ReportError(name, "", expected="a list of points, one name a line", found=Words("no name"))
    return declared


def with_list(read: Input, declared: Mapping[str, PointKind | None]) -> Input:
    """What was read with the points of a list declared, where the format names its points itself."""
    if read.observed is None or not declared:
        return read
    observed = with_declared_kinds(read.observed, declared)
    report = read.report
    if report is not None:
        report = coverage_of(observed, report.total_events, report.simulation_time_ns)
    return replace(read, observed=observed, report=report)


def with_undeclared_told(read: Input) -> Input:
    """A list of hits with a warning that names those that nobody declared."""
    undeclared = read.observed.undeclared_points() if read.observed and read.format == "points" else []
    if not undeclared:
        return read
    listed = ", ".join(printable(name[:60]) for name in undeclared[:NAMES_LISTED])
    more = f" and {len(undeclared) - NAMES_LISTED} more" if len(undeclared) > NAMES_LISTED else ""
    are = agreeing(len(undeclared), "is", "are")
    names = f"{counted(len(undeclared), 'name')} {are} not declared"
    text = f"{names}, and left out of every percentage unless the config has them: {listed}{more}"
    return replace(read, warnings=(*read.warnings, text))


def _lines(source: Iterable[bytes], name: str, expected: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that are no comment and not blank, split at their tab, with their numbers."""
    problems: list[ReportError] = []
    for number, line in enumerate(b"".join(source).split(b"\n"), 1):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"  # which no name has
        words = text.rstrip("\r").split("\t")
        if not text.strip() or text.startswith("#"):
            continue
        if not _is_name(words[0]) or len(words) > 2:
            problems.append(ReportError(name, f":{number}", expected=expected, found=_kind_of(text)))
            if len(problems) > PROBLEMS_SHOWN_MAX:
                break
        elif not problems:
            yield number, words
    if problems:
        raise ManyErrors(problems)


def _is_name(text: str) -> bool:
    """Whether a text may be a point: printable, and not the beginning of JSON, XML or EDN, which is another format."""
    return bool(text.strip()) and len(text) <= NAME_CHARACTERS_MAX and text.isprintable() and text[0] not in '{[<"'


def _kind_of(text: str) -> object:
    return Words("a line of JSON, XML or EDN") if text[:1] in ("{", "[", "<") else text


def _count(text: str, name: str, number: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= COUNT_MAX):
        raise ReportError(name, f":{number}", expected="an integer from 0 to 2^63-1 behind the tab", found=text)
    return int(text)


def _refuse_too_many(names: Mapping[str, object], name: str, number: int) -> None:
    if len(names) > POINTS_MAX:
        raise ReportError(name, f":{number}", expected=f"at most {POINTS_MAX:,} names", found=Words("more"))
