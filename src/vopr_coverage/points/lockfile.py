"""The lockfile's text: parsed from whoever wrote it, and laid out so that a diff has a line a point and scenario."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from vopr_coverage.errors import PROBLEMS_SHOWN_MAX, ManyErrors, ReportError, Words, encodable, shown
from vopr_coverage.files import read_bytes
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.strict_json import JsonError, strict_loads
from vopr_coverage.formats.text import without_mark
from vopr_coverage.model.point_lock import POINTS_FORMAT, LockedIn, LockedPoint, PointLock

LOCK_BYTES_MAX = 32 << 20
FORMAT_FAMILY = "urn:vopr-coverage:schema:points:"
WHAT_TO_DO = "restore it from git, or remove it and run `vopr-coverage points lock`"


def read_lock(path: Path, name: str) -> PointLock:
    """The lockfile at that path.

    Raises:
        FileError: it can't be read, or is larger than 32 MiB.
        ReportError, ManyErrors: it is no lockfile; see `parse_lock`.
    """
    return parse_lock(read_bytes(path, LOCK_BYTES_MAX, name), name)


def parse_lock(data: bytes, source: str) -> PointLock:
    """A lockfile from its bytes.

    Raises:
        ReportError, ManyErrors: it was cut off, breaks its schema, is of a later version, names a point twice, or says
            what cannot be.
    """
    try:
        document = strict_loads(without_mark(data))
    except JsonError as error:
        at = f":{error.line}" if error.line else ""
        raise ReportError(source, at, expected=f"a lockfile of points, {error.expected}", found=_found(error)) from None
    _refuse_other_version(document, source)
    try:
        lock = msgspec.convert(document, PointLock)
    except (msgspec.ValidationError, RecursionError):
        broken = contract.problems("points", document)
        raise ManyErrors(
            [ReportError(source, f"#{p.pointer}", expected=p.expected, found=p.found) for p in broken]
            or [ReportError(source, "", expected="a lockfile of points", found=Words("something else"))]
        ) from None
    problems = contract.problems("points", document) if _is_doubtful(document) else []
    if problems:
        raise ManyErrors([ReportError(source, f"#{p.pointer}", expected=p.expected, found=p.found) for p in problems])
    _refuse_impossible(lock, source)
    return lock


def _found(error: JsonError) -> object:
    return Words(f"{shown(error.found)}; {WHAT_TO_DO}")


def _refuse_other_version(document: object, source: str) -> None:
    written = document.get("format") if isinstance(document, dict) else None
    if isinstance(written, str) and written != POINTS_FORMAT and written.startswith(FORMAT_FAMILY):
        found = Words(f"{shown(written)}; another version of vopr-coverage wrote it: use that one, or lock anew")
        raise ReportError(source, "#/format", expected=f"'{POINTS_FORMAT}'", found=found)


def _is_doubtful(document: object) -> bool:
    """Whether the document has what the type takes, and the schema does not: keys left out, or 5.0 for an integer."""
    return (
        not isinstance(document, dict)
        or not {"format", "rare_seeds", "points"} <= document.keys()
        or not isinstance(document["rare_seeds"], int)
    )


def _refuse_impossible(lock: PointLock, source: str) -> None:
    """Refuse what a merge of two branches may leave: a point twice, a scenario twice, a rate turned round."""
    problems: list[ReportError] = []
    places: dict[str, int] = {}
    for index, point in enumerate(lock.points):
        at = f"#/points/{index}"
        if point.name in places:
            found = Words(f"{shown(point.name)} at #/points/{places[point.name]}, too")
            problems.append(ReportError(source, f"{at}/name", expected="each point once", found=found))
        places.setdefault(point.name, index)
        spellings = [name.lower() for name in point.scenarios]
        if len(set(spellings)) < len(spellings):
            twice = next(name for name in point.scenarios if spellings.count(name.lower()) > 1)
            found = Words(f"{shown(twice)} in two spellings")
            problems.append(ReportError(source, f"{at}/scenarios", expected="each scenario once", found=found))
        for scenario, place in point.scenarios.items():
            if expected := _impossible(place):
                pointer = f"{at}/scenarios{contract.pointer_to(scenario)}"
                problems.append(ReportError(source, pointer, expected=expected[0], found=Words(expected[1])))
        if len(problems) >= PROBLEMS_SHOWN_MAX:
            break
    if problems:
        raise ManyErrors(problems)


def _impossible(place: LockedIn) -> tuple[str, str] | None:
    """What was expected in a place that says what cannot be, and what was found."""
    low, high = place.rate or (0.0, 1.0)
    if low > high:
        return "a rate from its lower to its upper limit", f"{low} before {high}"
    if not place.hit and low > 0:
        return "a rate that begins at 0 of a point that was never hit", str(low)
    return None


def text_of_lock(lock: PointLock) -> str:
    """A lockfile as it is written: points and scenarios sorted, a line for each point and each of its scenarios."""
    blocks = [_block(point) for point in sorted(lock.points, key=lambda point: point.name)]
    points = "[\n" + ",\n".join(blocks) + "\n  ]" if blocks else "[]"
    return f'{{\n  "format": {_json(lock.format)},\n  "rare_seeds": {lock.rare_seeds},\n  "points": {points}\n}}\n'


def _block(point: LockedPoint) -> str:
    head = {"name": point.name, "kind": point.kind}
    if point.first is not None:
        head["first"] = msgspec.to_builtins(point.first)
    lines = [
        f"      {_json(scenario)}: {_json(msgspec.to_builtins(place))}"
        for scenario, place in sorted(point.scenarios.items())
    ]
    return f'    {_json(head)[:-1]}, "scenarios": {{\n' + ",\n".join(lines) + "\n    }}"


def _json(value: object) -> str:
    """A value as JSON on one line. Characters that would change what a reader of the diff sees are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    return encodable(text)
