"""Adds up the iteration records of one stream, in constant memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from hashlib import sha256

from vopr_coverage.model.report import FailureGroup
from vopr_coverage.reading.compact import HASH_DIGITS_KEPT, cuttable
from vopr_coverage.reading.order import Failures, SeedOrder
from vopr_coverage.reading.records import UINT64_MAX, CompactData, FailedData, OkData, OkLine, PlainOkData

FIRST_SEEDS = 8  # whose results are kept: chance repeats one of them, but never eight
NS_PER_MS = 1e6

_rounded = float.__round__  # round() without the look-up of its method, which takes as long as rounding


class Tally(SeedOrder):
    """The iteration records so far. Times are whole nanoseconds; seeds are as in the stream."""

    def __init__(self) -> None:
        super().__init__()
        self.ok = 0
        self.failed = 0
        self.events = 0
        self.ok_events = 0
        self.time_ns = 0
        self.failed_seeds = array("Q")
        self._failures = Failures()
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

    def add(self, data: OkData | FailedData, number: int) -> None:
        """Add the record on line `number`."""
        self.follow(data.seed, number)
        self.events += data.events
        if isinstance(data, FailedData):
            self._fail(data)
            return
        self.ok += 1
        self.ok_events += data.events
        self.time_ns += round(data.simulated_time_ms * NS_PER_MS)
        self._look(data)

    def _fail(self, data: FailedData) -> None:
        self.failed += 1
        self.failed_seeds.append(data.seed)
        self._failures.add(data.seed, data.invariant, data.message)

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
        return self.ok >= 2 and self._all_alike

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
        return self._failures.groups()


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
