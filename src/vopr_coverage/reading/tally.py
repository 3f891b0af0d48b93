"""Adds up the iteration records of one stream, in constant memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from vopr_coverage.model.crash import CRASH, CRASHES_APART_MAX, Crash
from vopr_coverage.model.report import SEEDS_KEPT_MAX, FailureGroup
from vopr_coverage.reading.compact import HASH_DIGITS_KEPT, cuttable
from vopr_coverage.reading.envelopes import UINT64_MAX
from vopr_coverage.reading.order import INVARIANTS_KEPT_MAX, MESSAGE_CHARACTERS_MAX, OTHER_INVARIANTS, SeedOrder
from vopr_coverage.reading.records import CompactData, CrashedData, FailedData, OkData, OkLine, PlainOkData, RanData

FIRST_SEEDS = 8  # whose results are kept: chance repeats one of them, but never eight
NS_PER_MS = 1e6

_rounded = float.__round__  # round() without the look-up of its method, which takes as long as rounding


@dataclass
class _Failing:
    """Failures of one invariant so far."""

    invariant: str
    message: str
    crash: Crash | None = None
    count: int = 0
    seeds: list[int] = field(default_factory=list)


class Tally(SeedOrder):
    """The iteration records so far. Times are whole nanoseconds; seeds are as in the stream."""

    def __init__(self) -> None:
        super().__init__()
        self.ok = 0
        self.failed = 0
        self.silent = 0  # of those that passed, seeds of which nothing else is known
        self.events = 0
        self.ok_events = 0
        self.time_ns = 0
        self.failed_seeds = array("Q")
        self._groups: dict[tuple[str, str], _Failing] = {}  # by invariant and, of a crash, seed
        self._first: tuple[str, str, int, float] | None = None
        self._all_alike = True
        self._begun: list[OkData | PlainOkData | CompactData] = []

    # ---- adding

    def add_ok_block(self, lines: Sequence[OkLine]) -> bool:
        """Add a block of consecutive seeds that passed at once.

        Returns False and adds nothing if a record is out of bounds or out of order: the caller then
        adds them one by one.
        """
        if self.starting_seed is None or not lines:
            return not lines
        due = self.due(len(lines))
        if due is None:
            return False
        events = time_ns = 0
        for line in lines:  # this loop runs for every iteration of every night: keep it minimal
            record = line.data
            if record.seed != due:
                return False
            due += 1
            events += record.events
            time_ns += _rounded(record.simulated_time_ms * NS_PER_MS)
        if events > UINT64_MAX:  # then a single record may be, too; the decoder checks all other bounds
            return False
        self.took(len(lines))
        self.ok += len(lines)
        self.events += events
        self.ok_events += events
        self.time_ns += time_ns
        self._look_at(lines)
        return True

    def add(self, data: OkData | FailedData | RanData, number: int) -> None:
        """Add the record on line `number`."""
        self.follow(data.seed, number)
        self.events += data.events
        if isinstance(data, FailedData):
            self._fail(data)
            return
        self.ok += 1
        if isinstance(data, RanData):
            self.silent += 1
            return
        self.ok_events += data.events
        self.time_ns += round(data.simulated_time_ms * NS_PER_MS)
        self._look(data)

    def _fail(self, data: FailedData) -> None:
        self.failed += 1
        self.failed_seeds.append(data.seed)
        group = self._group_of(data)
        group.count += 1
        if len(group.seeds) < SEEDS_KEPT_MAX:
            group.seeds.append(data.seed)

    def _group_of(self, data: FailedData) -> _Failing:
        if isinstance(data, CrashedData):
            return self._crash_group(data.seed, data.crash)
        name = data.invariant
        if (name, "") not in self._groups and len(self._groups) >= INVARIANTS_KEPT_MAX:
            name = OTHER_INVARIANTS
        return self._groups.setdefault((name, ""), _Failing(name, data.message[:MESSAGE_CHARACTERS_MAX]))

    def _crash_group(self, seed: int, crash: Crash) -> _Failing:
        """A group of its own; of further crashes, the first that has the same signature, or else the last."""
        crashes = [group for group in self._groups.values() if group.crash]
        if len(crashes) < CRASHES_APART_MAX:
            new = _Failing(CRASH, crash.message[:MESSAGE_CHARACTERS_MAX], crash)
            return self._groups.setdefault((CRASH, str(seed)), new)
        alike = (group for group in crashes if group.crash and group.crash.signature == crash.signature)
        return next(alike, crashes[-1])

    def _look_at(self, lines: Sequence[OkLine]) -> None:
        if self._all_alike or len(self._begun) < FIRST_SEEDS:
            for line in lines:
                self._look(line.data)

    def _look(self, data: OkData | PlainOkData | CompactData) -> None:
        if len(self._begun) < FIRST_SEEDS:
            self._begun.append(data)
        if self._all_alike:
            self._compare(data)

    def _compare(self, data: OkData | PlainOkData | CompactData) -> None:
        result = (data.storage_hash, data.kernel_state_hash, data.events, data.simulated_time_ms)
        if self._first is None:
            self._first = result
        elif self._first != result:
            self._all_alike = False

    # ---- asking

    @property
    def records(self) -> int:
        """Iteration records read."""
        return self.ok + self.failed

    @property
    def seed_ignored(self) -> bool:
        """Whether all of two or more passed seeds gave exactly the same run."""
        return self.ok - self.silent >= 2 and self._all_alike

    def first_hashes(self) -> tuple[str, ...]:
        """A digest of what each of the first seeds that passed did: other seeds that did the same have the same."""
        results = (
            f"{storage} {kernel} {record.events} {round(record.simulated_time_ms * NS_PER_MS)}"
            for record, (storage, kernel) in zip(self._begun, _as_recorded(self._begun), strict=True)
        )
        return tuple(
            sha256(result.encode("utf-8", "backslashreplace")).hexdigest()[:HASH_DIGITS_KEPT] for result in results
        )

    def failure_groups(self) -> tuple[FailureGroup, ...]:
        """The failures by invariant, in the order of their first seeds."""
        return tuple(
            FailureGroup(
                invariant=group.invariant,
                count=group.count,
                message=group.message,
                seeds=tuple(group.seeds),
                crash=group.crash,
            )
            for group in self._groups.values()
        )


def _as_recorded(records: Sequence[OkData | PlainOkData | CompactData]) -> Iterator[tuple[str, str]]:
    """Both hashes as a recording has them, so that a stream and its recording have the same first hashes."""
    first = next((record for record in records if cuttable([record])), None)
    for record in records:
        hashes = record.storage_hash, record.kernel_state_hash
        if first is not None and cuttable([record]):
            storage, kernel = first.storage_hash, first.kernel_state_hash
            hashes = _shortened(hashes[0], storage), _shortened(hashes[1], kernel)
        yield hashes


def _shortened(text: str, first: str) -> str:
    kept = text[:HASH_DIGITS_KEPT]
    return text if kept == first[:HASH_DIGITS_KEPT] else kept
