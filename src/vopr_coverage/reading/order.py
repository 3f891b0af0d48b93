"""The seeds of one run, in their order, and what contradicts it. Constant memory.

Seeds are tracked by their distance from the first one, so a range may wrap around at 2^64. Contradictions are
collected and not raised: a run that contradicts itself is a finding about the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vopr_coverage.model.crash import CRASH, CRASHES_APART_MAX, Crash
from vopr_coverage.model.report import SEED_COUNT, SEEDS_KEPT_MAX, FailureGroup

CONTRADICTIONS_KEPT_MAX = 10
INVARIANTS_KEPT_MAX = 100
MESSAGE_CHARACTERS_MAX = 500
OTHER_INVARIANTS = "(further invariants)"


class Contradictions:
    """Sentences about contradictions: the first ten, and the number of all."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._count = 0

    def add(self, sentence: str) -> None:
        """Add one sentence, which should name both numbers."""
        self._count += 1
        if len(self._kept) < CONTRADICTIONS_KEPT_MAX:
            self._kept.append(sentence)

    def sentences(self) -> tuple[str, ...]:
        """The first ten, and a last sentence with the number of the others."""
        rest = self._count - len(self._kept)
        return (*self._kept, *([f"{rest} more of this kind"] if rest else []))


class SeedOrder:
    """Which seeds have a record so far: they should follow each other, from the first announced one to the last."""

    def __init__(self) -> None:
        self.starting_seed: int | None = None
        self.announced: int | None = None
        self.contradictions = Contradictions()
        self._next = 0  # distance from the starting seed to the next seed due
        self._gaps: list[tuple[int, int]] = []  # distances [first, end) without a record
        self._gap_seeds = 0

    def due(self, count: int) -> int | None:
        """The seed that is due, if `count` seeds may follow each other from it on without a wrap or a surplus."""
        if self.starting_seed is None:
            return None
        seed = self.starting_seed + self._next
        if self.announced is not None and self._next + count > self.announced:
            return None
        return seed if seed + count <= SEED_COUNT else None

    def took(self, count: int) -> None:
        """So many seeds followed, from the one that was due on."""
        self._next += count

    def follow(self, seed: int, number: int) -> bool:
        """One seed, with its record on line `number`. Returns whether it is in order: ascending, and each once."""
        if self.starting_seed is None:
            self.starting_seed = seed
        at = (seed - self.starting_seed) % SEED_COUNT
        if self.announced is not None and at >= self.announced:
            last = (self.starting_seed + self.announced - 1) % SEED_COUNT
            span = f"{self.starting_seed} to {last}" if self.announced else "none"
            self.contradictions.add(f"line {number} has seed {seed}, the start record announced {span}")
            return False
        if at < self._next:
            due = (self.starting_seed + self._next) % SEED_COUNT
            self.contradictions.add(f"line {number} has seed {seed} again or too late, seed {due} was due")
            return False
        if at > self._next:
            self._gaps.append((self._next, at))
            self._gap_seeds += at - self._next
        self._next = at + 1
        return True

    def last_seed(self) -> int | None:
        """The last seed that has a record."""
        if self.starting_seed is None or not self._next:
            return None
        return (self.starting_seed + self._next - 1) % SEED_COUNT

    def next_seed(self) -> int | None:
        """The seed that was running or next when the stream ended; None if every seed has a record."""
        if self.starting_seed is None or (self.announced is not None and self._next >= self.announced):
            return None
        return (self.starting_seed + self._next) % SEED_COUNT

    def close_gaps(self) -> tuple[int, list[tuple[int, int]]]:
        """The number of announced seeds without a record, and their distances as ranges [first, end)."""
        gaps, seeds = list(self._gaps), self._gap_seeds
        if self.announced is not None and self._next < self.announced:
            gaps.append((self._next, self.announced))
            seeds += self.announced - self._next
        return seeds, gaps

    def distances(self, seeds: Sequence[int]) -> Iterator[int]:
        """Seeds as distances from the starting seed."""
        base = self.starting_seed or 0
        return ((seed - base) % SEED_COUNT for seed in seeds)


@dataclass
class _FailingSeeds:
    """Failures of one invariant so far."""

    message: str
    count: int = 0
    seeds: list[int] = field(default_factory=list)
    crash: Crash | None = None

    def add(self, seed: int) -> None:
        """One more; the first thousand seeds are kept."""
        self.count += 1
        if len(self.seeds) < SEEDS_KEPT_MAX:
            self.seeds.append(seed)


class Failures:
    """Failed seeds by invariant: the first message of each, and the first thousand seeds. Each crash is by itself."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, int | None], _FailingSeeds] = {}  # by invariant, and of a crash its seed

    def add(self, seed: int, invariant: str, message: str) -> None:
        """One seed that failed."""
        if (invariant, None) not in self._groups and len(self._groups) >= INVARIANTS_KEPT_MAX:
            invariant = OTHER_INVARIANTS
        group = self._groups.get((invariant, None))
        if group is None:
            group = self._groups[invariant, None] = _FailingSeeds(message[:MESSAGE_CHARACTERS_MAX])
        group.add(seed)

    def add_crash(self, seed: int, crash: Crash) -> None:
        """One seed that the simulator died at; of many, those with the same signature are one group."""
        crashes = [group for group in self._groups.values() if group.crash]
        if len(crashes) < CRASHES_APART_MAX:
            group = _FailingSeeds(crash.message[:MESSAGE_CHARACTERS_MAX], crash=crash)
            self._groups[CRASH, seed] = group
        else:
            alike = (group for group in crashes if group.crash and group.crash.signature == crash.signature)
            group = next(alike, crashes[-1])
        group.add(seed)

    def groups(self) -> tuple[FailureGroup, ...]:
        """The failures by invariant, in the order of their first seeds."""
        return tuple(
            FailureGroup(
                invariant=name, count=group.count, message=group.message, seeds=tuple(group.seeds), crash=group.crash
            )
            for (name, _), group in self._groups.items()
        )
