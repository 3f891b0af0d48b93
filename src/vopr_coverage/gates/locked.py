"""The gate `locked-points`: a run has the points that the lockfile has. Pure. Without a lockfile there is no such gate.

What is gone fails. What nothing has ever shown is *not measured*, which fails, too, unless a config excuses it. What is
there beyond the file only warns: there is more evidence than was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vopr_coverage.gates.row import Part, Row
from vopr_coverage.model.drift import Drift, Renamed
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.outcome import Outcome, Shortfall, Status

LOCKED_POINTS = "locked-points"
NAMES_WARNED_OF = 5
GONE = (
    "Look at what changed in the tester. If it is meant, `vopr-coverage points lock RUN…` writes the file anew, for "
    "a review of the diff."
)
RENAMED = (
    "If it was renamed, rename it in the file, too: then it keeps its class, its rate and the night that saw it first."
)
NEVER_HIT = (
    "Reach it, or give it the class `unreachable` in the scenarios that cannot reach it. `vopr-coverage points update "
    "RUN…` marks it rare once enough seeds show that it is. `on_not_measured` excuses this gate."
)
UNSHOWN = "Reach it, and add it with `vopr-coverage points update RUN…`; `on_not_measured` excuses this gate."
SCENARIO = "Add its points with `vopr-coverage points update RUN…`, and review the diff."
LISTS_HITS_NOTE = "lists only what it hit: what vanished cannot be told from what was missed"


def judge_locked_points(drift: Drift) -> Outcome:
    """The points of a run against those of the file."""
    gone = tuple(_gone(drift))
    unshown = tuple(_unshown(drift))
    status = Status.FAILED if gone else Status.NOT_MEASURED if unshown else Status.PASSED
    off = len(drift.vanished) + len(drift.never_hit)
    return Outcome(
        gate=LOCKED_POINTS,
        status=status,
        measured="not measured" if drift.missing else f"{drift.locked - off} of {drift.locked} as locked",
        required="all as locked",
        origin=drift.lock,
        violations=(*gone, *unshown),
        warnings=tuple(_warnings(drift)),
        advice=GONE,
        note="" if drift.can_vanish else LISTS_HITS_NOTE,
    )


def _gone(drift: Drift) -> Iterator[Shortfall]:
    renamed = {each.name: each for each in drift.renamed}
    for name in drift.vanished:
        new = renamed.get(name)
        if new is not None:
            line = f"Locked point '{name}' vanished; renamed to {_suspect(new)}?"
            yield _shortfall("PointRenamed", line, name, "Not declared", RENAMED)
        else:
            line = f"Locked point '{name}' vanished: it is no longer declared"
            yield _shortfall("PointVanished", line, name, "Not declared", GONE)


def _unshown(drift: Drift) -> Iterator[Shortfall]:
    for scenario in drift.missing:
        named = f"Scenario '{scenario}' is" if scenario else "Runs without a scenario are"
        yield _shortfall("ScenarioNotLocked", f"{named} not in the lockfile", None, "Not locked", SCENARIO)
    for name in drift.never_hit:
        line = f"Locked point '{name}' was never hit since it was locked"
        yield _shortfall("PointNeverHit", line, name, "Never hit", NEVER_HIT)
    for name in drift.unshown:
        line = f"Point '{name}' is not locked, and was not hit either"
        yield _shortfall("PointNotShown", line, name, "Neither locked nor hit", UNSHOWN)


def _shortfall(kind: str, line: str, point: str | None, actual: str, advice: str) -> Shortfall:
    expected = "As in the lockfile"
    return Shortfall(kind=kind, message=line, expected=expected, actual=actual, line=line, point=point, advice=advice)


def _warnings(drift: Drift) -> Iterator[str]:
    count = len(drift.undeclared)
    yield from _listed(
        drift.undeclared,
        f"{counted(count, 'point')} {agreeing(count, 'is', 'are')} hit and not locked, so no percentage counts "
        f"{agreeing(count, 'it', 'them')}; `vopr-coverage points update` adds",
    )
    yield from _listed(drift.reached, "Hit, though the lockfile says unreachable; `vopr-coverage points update` moves")
    yield from _listed(drift.lost, "Not hit, and by the rates that are locked chance does not explain it")
    yield from _listed(drift.rare_never_hit, "Rare, and never hit since locked")
    yield from _listed(
        [f"{each.name}, now {_suspect(each)}" for each in drift.looks_renamed], "Not hit, perhaps renamed"
    )


def _listed(names: Sequence[str] | Iterable[str], what: str) -> Iterator[str]:
    listed = list(names)
    if listed:
        more = f" and {len(listed) - NAMES_WARNED_OF} more" if len(listed) > NAMES_WARNED_OF else ""
        yield f"{what}: {', '.join(listed[:NAMES_WARNED_OF])}{more}"


def _suspect(renamed: Renamed) -> str:
    return f"'{renamed.now}' (distance {renamed.distance})"


ROWS = (
    Row(
        id=LOCKED_POINTS,
        part=Part.EXTRA,
        title="Points as locked",
        judge=judge_locked_points,
        advice=(GONE, RENAMED, NEVER_HIT, UNSHOWN, SCENARIO),
        notes=(LISTS_HITS_NOTE,),
    ),
)
