"""In which points a run and the lockfile differ. Plain data."""

from __future__ import annotations

import msgspec


class Renamed(msgspec.Struct, frozen=True):
    """A locked point that is gone, and a new name that looks like it: `distance` letters differ."""

    name: str
    now: str
    distance: int


class Drift(msgspec.Struct, frozen=True):
    """In which points a run and the lockfile differ. Each list is sorted.

    Attributes:
        lock: the file's name.
        locked: how many points, of any kind, can occur in these scenarios.
        missing: the scenarios that the file does not have, as the runs name them; "" for runs without one.
        vanished: locked, and no longer declared by the tester. `renamed`: those of them that another name looks like.
        looks_renamed: locked and not hit by a run that lists only what it hit, and another name looks like it.
        undeclared: hit, and not locked. `unshown`: declared, not locked, and not hit either.
        never_hit: locked, and never hit, neither then nor now. `rare_never_hit`: those of them that are rare.
        lost: not hit, and by the rates of the file chance does not explain that.
        reached: hit, though the file says that they cannot be.
        can_vanish: whether the run tells all that it has; a run that lists only what it hit does not.
    """

    lock: str
    locked: int
    missing: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    looks_renamed: tuple[Renamed, ...] = ()
    undeclared: tuple[str, ...] = ()
    unshown: tuple[str, ...] = ()
    never_hit: tuple[str, ...] = ()
    rare_never_hit: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    can_vanish: bool = True
