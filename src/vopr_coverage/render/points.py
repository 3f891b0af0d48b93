"""The lockfile of points for people: its table, what runs add to it, and the moves that they warrant. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.model.point_lock import FirstSeen, LockedIn, PointClass, PointLock
from vopr_coverage.points.moves import LostRate, Move, Relocked, in_counts
from vopr_coverage.points.sightings import Sighting, Sightings
from vopr_coverage.render.inert import inert

ALIGNED_MAX = 60
HEADINGS = ("scenario", "point", "kind", "class", "rate", "first seen", "last night")


class PointRow(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    """One point in one scenario, and what the runs show: `hit` of `of` samples, each of so many `seeds`.

    `now_hit` and the figures are None where the runs are of another scenario or do not name the point.
    """

    scenario: str
    name: str
    kind: str
    class_: PointClass
    ever_hit: bool
    rate: tuple[float, float] | None
    first: FirstSeen | None
    now_hit: bool | None = None
    hit: int | None = None
    of: int | None = None
    seeds: tuple[int, int] | None = None
    counts: str = ""


def rows_of(lock: PointLock, seen: Mapping[str, Sightings]) -> list[PointRow]:
    """A row a point and scenario, by scenario."""
    rows = [
        _row(point.name, point.kind, point.first, scenario, place, _sighting(seen, scenario, point.name))
        for point in lock.points
        for scenario, place in point.scenarios.items()
    ]
    return sorted(rows, key=lambda row: (row.scenario, row.name))


def _sighting(seen: Mapping[str, Sightings], scenario: str, name: str) -> Sighting | None:
    sightings = seen.get(scenario.lower())
    return sightings.points.get(name) if sightings else None


def _row(
    name: str, kind: str, first: FirstSeen | None, scenario: str, place: LockedIn, sighting: Sighting | None
) -> PointRow:
    row = PointRow(
        scenario=scenario,
        name=name,
        kind=kind,
        class_=place.class_,
        ever_hit=place.hit,
        rate=place.rate,
        first=first,
    )
    if sighting is None:
        return row
    incidence = sighting.incidence
    counts = in_counts(incidence)
    return msgspec.structs.replace(
        row,
        now_hit=sighting.hit,
        hit=incidence.hit if incidence.of else None,
        of=incidence.of or None,
        seeds=(incidence.shortest, incidence.longest) if incidence.of else None,
        counts=counts or ("hit" if sighting.hit else "not hit"),
    )


def render_points_text(rows: Sequence[PointRow], told: Relocked | None) -> str:
    """The table in aligned columns, and the moves below it."""
    table = [HEADINGS, *(tuple(map(printable, _cells(row))) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(min(width, ALIGNED_MAX)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    return "\n".join([*lines, *_below(told, rows)]) + "\n"


def render_points_markdown(rows: Sequence[PointRow], told: Relocked | None) -> str:
    """The same as a table of Markdown."""
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    lines += [f"| {' | '.join(str(inert(cell)) if cell else '' for cell in _cells(row))} |" for row in rows]
    below = [str(inert(line)) if line else "" for line in _below(told, rows)]
    return "\n".join([*lines, *(f"- {line}" if line else "" for line in below)]) + "\n"


def _cells(row: PointRow) -> tuple[str, ...]:
    never = "" if row.ever_hit or row.class_ == "unreachable" else ", never hit"
    rate = f"{in_digits(row.rate[0])} to {in_digits(row.rate[1])}" if row.rate else ""
    first = " ".join(filter(None, (row.first.night, (row.first.commit or "")[:12]))) if row.first else ""
    return row.scenario, row.name, row.kind, f"{row.class_}{never}", rate, first, row.counts


def _below(told: Relocked | None, rows: Sequence[PointRow]) -> Iterator[str]:
    yield ""
    points, scenarios = len({row.name for row in rows}), len({row.scenario for row in rows})
    yield f"{counted(points, 'point')} in {counted(scenarios, 'scenario')}"
    if told is not None:
        lines = list(move_lines(told.moves, told.lost))
        yield from (f"update would: {line}" for line in lines)
        if not lines:
            yield "These runs warrant no move."


def move_lines(moves: Sequence[Move], lost: Sequence[LostRate]) -> Iterator[str]:
    """A line for each move, and for each point that the runs contradict."""
    for move in moves:
        yield printable(f"{move.scenario}: {move.name}: {move.what}: {move.why}")
    for each in lost:
        was = f"{in_digits(each.was[0])} to {in_digits(each.was[1])}"
        yield printable(
            f"{each.scenario}: {each.name}: not moved: hit by {each.now}, and the rate of the file is {was}; "
            "that is a loss, and no rare point"
        )
