"""Chosen seeds that were played again: what they reach now, against what they were chosen for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from vopr_coverage.errors import printable
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.nightly.seed_file import AND, Part, WantedSeed

LISTED_MAX = 20
NAME_CHARACTERS_MAX = 200
Reached = Mapping[tuple[str, str], frozenset[str] | None]  # scenario and seed → its points; None: nothing to judge


class Missed(msgspec.Struct, frozen=True):
    """What a seed was chosen for and no longer reaches; `lost` if no other seed of its scenario does either."""

    wanted: WantedSeed
    part: Part
    lost: bool


class SeedCoverage(msgspec.Struct, frozen=True):
    """What the seeds of a file reach.

    Attributes:
        wanted, reached: how many points and pairs the seeds were chosen for, and how many of them some seed reaches.
        noun: what these are.
        unjudged: the seeds that left nothing to judge.
    """

    wanted: int
    reached: int
    noun: str
    missed: tuple[Missed, ...] = ()
    unjudged: tuple[WantedSeed, ...] = ()

    @property
    def lost(self) -> bool:
        """Whether anything is reached by no seed any more."""
        return self.reached < self.wanted


def judge_seeds(wanted: Sequence[WantedSeed], reached: Reached) -> SeedCoverage:
    """What the seeds reach now. A seed that left nothing to judge reaches nothing, and has changed nothing."""
    by_scenario: dict[str, list[frozenset[str]]] = {}
    for (scenario, _), points in reached.items():
        by_scenario.setdefault(scenario, []).append(points or frozenset())
    missed, lost = list[Missed](), 0
    for one in wanted:
        points = reached.get((one.scenario, one.seed))
        for part in one.reaches:
            if points is not None and points.issuperset(part):
                continue
            nowhere = not any(seed.issuperset(part) for seed in by_scenario.get(one.scenario, ()))
            lost += nowhere
            if points is not None or nowhere:
                missed.append(Missed(one, part, nowhere))
    every = [part for one in wanted for part in one.reaches]
    return SeedCoverage(
        wanted=len(every),
        reached=len(every) - lost,
        noun="point" if all(len(part) == 1 for part in every) else "point and pair",
        missed=tuple(sorted(missed, key=lambda one: not one.lost)),
        unjudged=tuple(one for one in wanted if reached.get((one.scenario, one.seed)) is None),
    )


def told(coverage: SeedCoverage) -> Iterator[str]:
    """The same for people, a line each."""
    wanted = counted(coverage.wanted, coverage.noun, "points and pairs" if " " in coverage.noun else "")
    were = agreeing(coverage.reached, "is", "are")
    yield f"{coverage.reached:,} of {wanted} for which these seeds were chosen {were} reached again"
    unjudged = _keys(coverage.unjudged)
    yield from (_missed_in_words(one, unjudged) for one in coverage.missed[:LISTED_MAX])
    if len(coverage.missed) > LISTED_MAX:
        yield f"… and {len(coverage.missed) - LISTED_MAX:,} more"
    seeds = len({(one.wanted.scenario, one.wanted.seed) for one in coverage.missed} - unjudged)
    if seeds:
        first = "find out what the change has lost, or " if coverage.lost else ""
        anew = f"{first}choose seeds anew from a night of this simulator, with `vopr-coverage seeds`"
        yield f"the file is stale for {counted(seeds, 'seed')}, because the simulator has changed: {anew}"


def _missed_in_words(missed: Missed, unjudged: set[tuple[str, str]]) -> str:
    seed = f"{printable(missed.wanted.scenario)} seed {missed.wanted.seed}"
    part = AND.join(f"'{printable(name[:NAME_CHARACTERS_MAX])}'" for name in missed.part)
    if (missed.wanted.scenario, missed.wanted.seed) in unjudged:
        return f"{seed} left nothing to judge, and no other reaches {part}"
    return f"{seed} no longer reaches {part}, {'nor does any other' if missed.lost else 'another seed does'}"


def _keys(seeds: Sequence[WantedSeed]) -> set[tuple[str, str]]:
    return {(one.scenario, one.seed) for one in seeds}
