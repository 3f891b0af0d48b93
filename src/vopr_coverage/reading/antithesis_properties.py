"""The properties of one Antithesis file, and what follows from them. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from vopr_coverage.errors import shown
from vopr_coverage.model.points import Broken, InvariantSeen, Location, Observed, Point
from vopr_coverage.reading.antithesis_records import Assertion, Kind

# The Go SDK writes this as a failing `always` if the program was built without CGO. It is no property of the program.
CGO_ID = "Go application under test compiled with CGO enabled"
# What Go's instrumentor declares where it can't know the message: the run-time message is never declared.
_PLACEHOLDER = re.compile(r'Message from "(?P<file>.+)\[(?P<line>[0-9]{1,9})\]"')

REMARKS_MAX = 20
MISSING_KINDS: frozenset[Kind] = frozenset({"always", "sometimes", "reachable"})


@dataclass(slots=True)
class Property:
    """One property: an id of one kind, and what each run said of it.

    Attributes:
        true, false: the numbers of the runs that evaluated it, with that condition.
    """

    id: str
    kind: Kind
    message: str
    declared: bool = False
    true: set[int] = field(default_factory=set)
    false: set[int] = field(default_factory=set)
    place: tuple[str, int] | None = None

    @property
    def hit(self) -> set[int]:
        """The numbers of the runs that evaluated it."""
        return self.true | self.false

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
        self.renamed: dict[str, tuple[str, str]] = {}  # two messages of an id, for the first ids that have two

    def add(self, found: Assertion, kind: Kind, run: int) -> None:
        """One line, of run number `run`."""
        key = found.id, kind
        seen = self.by_key.get(key)
        if seen is None:
            id, message = found.names
            seen = self.by_key[key] = Property(id, kind, message)
        elif seen.message != found.message and len(self.renamed) < REMARKS_MAX:
            self.renamed.setdefault(found.id, (seen.message, found.message))
        if not found.hit:  # a declaration, whatever its condition says
            seen.declared = True
            seen.place = seen.place or found.place
            return
        (seen.true if found.condition else seen.false).add(run)
        if seen.place is None:
            seen.place = found.place
        elif not found.condition and kind in ("always", "always or unreachable"):
            seen.place = found.place or seen.place  # of the evaluation that failed

    def program(self) -> list[Property]:
        """The properties of the program; the SDK's own is none of them."""
        return [found for found in self.by_key.values() if found.id != CGO_ID]

    def joined(self) -> list[Property]:
        """The same, with the placeholders of Go's instrumentor replaced by the messages that stood at their lines."""
        every = self.program()
        waiting = {where: found for found in every if (where := _where(found)) and not found.hit}
        if not waiting:
            return every
        for found in every:
            at = _of_place(found.place)
            if at in waiting and not found.declared and waiting[at].kind == found.kind:
                found.declared = True
                del waiting[at]
        known = {id(found) for found in waiting.values()}
        return [found for found in every if not _where(found) or found.hit or id(found) in known]


def observed_in(properties: list[Property], runs: int, events: dict[str, int]) -> Observed:
    """The properties as points, invariants and broken properties."""
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
    ids = Counter(message for message, _ in {(found.message, found.id) for found in properties})
    kinds = Counter(found.id for found in properties)
    names = {}
    for found in properties:
        name = found.message if found.message and ids[found.message] == 1 else f"{found.message} [{found.id}]"
        names[found.id, found.kind] = f"{name} ({found.kind})" if kinds[found.id] > 1 else name
    return names


def remarks_on(properties: PropertyTable) -> Iterator[str]:
    """What is odd about the properties, in sentences."""
    kinds = Counter(id for id, _ in properties.by_key)
    if CGO_ID in kinds:
        yield "the program was built without CGO, so the Go SDK reports a failure of its own, which is no property"
    several: dict[str, list[Kind]] = {}
    for id, kind in properties.by_key:
        if kinds[id] > 1:
            several.setdefault(id, []).append(kind)
    for id, used in several.items():
        yield f"'{id}' is used for {' and '.join(used)}: both are judged"
    for id, (message, other) in properties.renamed.items():
        yield f"{shown(id)} has the messages {shown(message)} and {shown(other)}: it is one property, by its id"


def _where(found: Property) -> tuple[str, int] | None:
    """File and line of a placeholder; None for any other message."""
    match = _PLACEHOLDER.fullmatch(found.id) if found.declared else None
    return (match["file"], int(match["line"])) if match else None


def _of_place(place: tuple[str, int] | None) -> tuple[str, int] | None:
    return (place[0].replace("\\", "/").rpartition("/")[2], place[1]) if place else None
