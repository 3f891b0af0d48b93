"""In how many of how many samples a point was hit, and the interval of its rate that follows. Pure.

A sample is one seed where hits are known seed by seed, a run of one file where a file is one run, and a pooled sample
of all its seeds where a format has totals only: of that is known whether any of its seeds hit the point, no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from vopr_coverage.statistics.intervals import rate_of_streams


class Incidence(msgspec.Struct, frozen=True):
    """One point's hits.

    Attributes:
        hit, of: samples that hit it, of how many.
        shortest, longest: how many seeds a sample has; 1 where hits are known seed by seed.
        first_seed, rare_seed: a seed to replay: the first that hit the point, and one that hit it with the rarest
            others. None where no seed is known.
    """

    hit: int
    of: int
    shortest: int = 1
    longest: int = 1
    first_seed: int | None = None
    rare_seed: int | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the rate per seed; (0, 1) of no sample at all."""
        if not self.of:
            return 0.0, 1.0
        return rate_of_streams(self.of, self.hit, shortest=self.shortest, longest=self.longest)

    @property
    def rate(self) -> float | None:
        """The share of seeds that hit it; None where samples are pooled, which gives an interval only."""
        return self.hit / self.of if self.of and self.longest == 1 else None


def added(parts: Iterable[Incidence]) -> Incidence:
    """Incidences of disjoint seeds as one. Samples of different lengths widen the interval, and never make it wrong."""
    told = [part for part in parts if part.of]
    if not told:
        return Incidence(0, 0)
    first = next((part for part in told if part.first_seed is not None), told[0])
    return Incidence(
        hit=sum(part.hit for part in told),
        of=sum(part.of for part in told),
        shortest=min(part.shortest for part in told),
        longest=max(part.longest for part in told),
        first_seed=first.first_seed,
        rare_seed=first.rare_seed,
    )


class Samples(msgspec.Struct, frozen=True):
    """What the incidences of one run, or of several of a scenario, are of.

    Attributes:
        of: how many samples there are; `seeds`: how many seeds all of them have.
        shortest, longest: how many seeds a sample has.
    """

    of: int
    seeds: int
    shortest: int = 1
    longest: int = 1


class Incidences(msgspec.Struct, frozen=True):
    """By name, how many of the samples hit each point, and in how many each invariant ran; 0 of those that did not."""

    samples: Samples
    points: Mapping[str, int] = {}
    invariants: Mapping[str, int] = {}

    def of_points(self) -> dict[str, Incidence]:
        """Each point's incidence."""
        return {name: self.of(hit) for name, hit in self.points.items()}

    def of_invariants(self) -> dict[str, Incidence]:
        """Each invariant's incidence: here, to hit is to run."""
        return {name: self.of(hit) for name, hit in self.invariants.items()}

    def of(self, hit: int) -> Incidence:
        """The incidence of something that so many samples hit."""
        samples = self.samples
        return Incidence(hit, samples.of, samples.shortest, samples.longest)
