"""The properties of one Antithesis file, and what follows from them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from vopr_coverage.model.points import Broken, InvariantSeen, Location, Observed, Point
from vopr_coverage.reading.antithesis_records import Assertion, Kind

# The Go SDK writes this as a failing `always` if the program was built without CGO. It is no property of the program.
CGO_ID = "Go application under test compiled with CGO enabled"
# What Go's instrumentor declares where it can't know the message: the run-time message is never declared.
_PLACEHOLDER = re.compile(r'Message from "(?P<file>.+)\[(?P<line>[0-9]{1,9})\]"')

MISSING_KINDS: frozenset[Kind] = frozenset({"always", "sometimes", "reachable"})


@dataclass
class Property:
    """One property: an id of one kind, and what each run said of it.

    Attributes:
        hit, true, false: the numbers of the runs that evaluated it, with that result.
    """

    id: str
    kind: Kind
    message: str
    declared: bool = False
    hit: set[int] = field(default_factory=set)
    true: set[int] = field(default_factory=set)
    false: set[int] = field(default_factory=set)
    place: tuple[str, int] | None = None

    @property
    def missed(self) -> bool:
        """Whether something that should happen never did."""
        return self.kind in MISSING_KINDS and not (self.true if self.kind == "sometimes" else self.hit)

    @property
    def violated(self) -> set[int]:
        """The runs in which something that must not happen did."""
        if self.kind == "unreachable":
            return self.hit
        return self.false if self.kind in ("always", "always or unreachable") else set()


class PropertyTable:
    """All properties so far, by id and kind: one id may be two kinds, which are judged each."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, Kind], Property] = {}

    def add(self, found: Assertion, kind: Kind, run: int) -> None:
        """One line, of run number `run`."""
        seen = self.by_key.get((found.id, kind))
        if seen is None:
            seen = self.by_key[found.id, kind] = Property(found.id, kind, found.message)
        if not found.hit:  # a declaration, whatever its condition says
            seen.declared = True
            seen.place = seen.place or found.place
            return
        seen.hit.add(run)
        (seen.true if found.condition else seen.false).add(run)
        if kind in ("always", "always or unreachable") and not found.condition:
            seen.place = found.place or seen.place  # of the evaluation that failed
        seen.place = seen.place or found.place

    def program(self) -> list[Property]:
        """The properties of the program; the SDK's own is none of them."""
        return [found for found in self.by_key.values() if found.id != CGO_ID]

    def joined(self) -> list[Property]:
        """The same, with the placeholders of Go's instrumentor replaced by the messages that stood at their lines."""
        every = self.program()
        waiting = {_where(found): found for found in every if _where(found) and not found.hit}
        joined = []
        for found in every:
            declared = waiting.pop(_of_place(found.place), None) if not found.declared else None
            if declared is not None and declared.kind == found.kind:
                found.declared = True
            elif declared is not None:
                waiting[_where(declared)] = declared
            joined.append(found)
        known = {id(found) for found in waiting.values()}
        return [found for found in joined if not _where(found) or found.hit or id(found) in known]


def observed_in(properties: list[Property], runs: int, events: dict[str, int]) -> Observed:
    """PropertyTable as points, invariants and broken properties."""
    observed = Observed(runs=runs, unit="file", events=events)
    names = _names(properties)
    for found in properties:
        name = names[found.id, found.kind]
        location = Location(*found.place) if found.place else None
        if found.kind in ("sometimes", "reachable"):
            hit = found.true if found.kind == "sometimes" else found.hit
            observed.points[name] = Point(
                kind="sometimes" if found.kind == "sometimes" else "reachable",
                declared=found.declared,
                count=None,
                runs=len(hit),
                evaluated=bool(found.hit),
                location=location,
            )
        elif found.kind != "unreachable":
            optional = found.kind == "always or unreachable"
            seen = InvariantSeen(declared=found.declared, executions=None, runs=len(found.hit), optional=optional)
            seen.location = location
            observed.invariants[name] = seen
        if found.violated:
            line = "was reached" if found.kind == "unreachable" else "was false"
            observed.broken[name] = Broken(name=name, line=line, runs=len(found.violated), location=location)
    return observed


def _names(properties: list[Property]) -> dict[tuple[str, Kind], str]:
    """What each is called: its message, and its id or kind too where two have the same."""
    ids: dict[str, set[str]] = {}
    kinds: dict[str, set[str]] = {}
    for found in properties:
        ids.setdefault(found.message, set()).add(found.id)
        kinds.setdefault(found.id, set()).add(found.kind)
    names = {}
    for found in properties:
        name = found.message if found.message and len(ids[found.message]) == 1 else f"{found.message} [{found.id}]"
        names[found.id, found.kind] = f"{name} ({found.kind})" if len(kinds[found.id]) > 1 else name
    return names


def remarks_on(properties: PropertyTable) -> Iterator[str]:
    """What is odd about the properties, in sentences."""
    if any(id == CGO_ID for id, _ in properties.by_key):
        yield "the program was built without CGO, so the Go SDK reports a failure of its own, which is no property"
    kinds: dict[str, list[Kind]] = {}
    for id, kind in properties.by_key:
        kinds.setdefault(id, []).append(kind)
    for id, several in kinds.items():
        if len(several) > 1:
            yield f"'{id}' is used for {' and '.join(several)}: both are judged"


def _where(found: Property) -> tuple[str, int] | None:
    """File and line of a placeholder; None for any other message."""
    match = _PLACEHOLDER.fullmatch(found.id)
    return (match["file"], int(match["line"])) if match and found.declared else None


def _of_place(place: tuple[str, int] | None) -> tuple[str, int] | None:
    return (place[0].replace("\\", "/").rpartition("/")[2], place[1]) if place else None
