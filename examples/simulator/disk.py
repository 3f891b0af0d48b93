"""A replica's disk: a page cache in front of a medium, and a crash between the two."""

from __future__ import annotations

from typing import NamedTuple

from .coverage import Coverage
from .messages import NO_PARENT, Entry, content_digest
from .scenarios import Scenario
from .scheduler import Scheduler


class Image(NamedTuple):
    """All that a disk holds: the log, and the views that were promised and last taken part in."""

    log: tuple[Entry, ...] = ()
    view: int = 0
    log_view: int = 0


class Disk:
    """`cached` is what was written, `synced` what was fsynced too: only that outlives a crash."""

    def __init__(self, scheduler: Scheduler, coverage: Coverage, scenario: Scenario) -> None:
        self.cached = Image()
        self.synced = Image()
        self._scheduler, self._coverage, self._scenario = scheduler, coverage, scenario

    @property
    def clean(self) -> bool:
        """Whether all that was written is fsynced."""
        return self.cached is self.synced

    def append(self, *entries: Entry) -> None:
        """Write entries behind the log."""
        self._coverage.attempted["sim.storage.write"] += len(entries)
        log, view, log_view = self.cached
        self.cached = Image(log + entries, view, log_view)

    def write_views(self, view: int, log_view: int) -> None:
        """Write both view numbers."""
        self._coverage.attempted["sim.storage.write"] += 1
        self.cached = Image(self.cached.log, view, log_view)

    def write_all(self, image: Image) -> None:
        """Write another log in the place of this one, and both view numbers with it."""
        self._coverage.attempted["sim.storage.write"] += 1 + len(image.log)
        self.cached = image

    def sync(self, image: Image) -> bool:
        """Bring what was written when the fsync began to the medium; False if the fsync failed."""
        if self._scheduler.rng.random() < self._scenario.fsync_failure:
            self._coverage.attempted["storage.fsync_failure"] += 1
            self._coverage.applied["storage.fsync_failure"] += 1
            return False
        self._coverage.phases["storage:fsync_complete"] += 1
        self.synced = image
        return True

    def crash(self) -> bool:
        """Lose what was not fsynced; whether there was such a thing."""
        lost = not self.clean
        self.cached = self.synced
        return lost

    def read(self, first: int) -> tuple[Entry, ...]:
        """The fsynced entries from op `first` on; what fails its checksum is read again."""
        return tuple(self._read(entry) for entry in self.synced.log[first - 1 :])

    def _read(self, entry: Entry) -> Entry:
        coverage = self._coverage
        while True:
            coverage.attempted["sim.storage.read"] += 1
            content: tuple[int, ...] = entry[:4]
            if self._scheduler.rng.random() < self._scenario.corruption:
                coverage.attempted["storage.corruption"] += 1
                coverage.applied["storage.corruption"] += 1
                content = (entry.op, entry.view, entry.client, entry.number ^ 1)
            op, view, client, number = content
            if content_digest(op, view, client, number, entry.command, entry.parent) == entry.digest:
                return entry
            coverage.observed["storage.corruption"] += 1


def tip_of(log: tuple[Entry, ...] | list[Entry]) -> str:
    """The hash that the next entry is chained to."""
    return log[-1].digest if log else NO_PARENT
