"""The files that a recorded simulator wrote, one or several a seed, beside what is known of how its processes ended."""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from io import BufferedReader
from itertools import chain, groupby
from typing import cast

from msgspec.structs import replace

from vopr_coverage.errors import ReportError, UserError, Words, printable
from vopr_coverage.files import opened
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.figures import counted
from vopr_coverage.model.manifest import OUTPUT
from vopr_coverage.model.points import Observed, add_up
from vopr_coverage.model.report import SEED_COUNT, FailureGroup, Finish, Format, Input
from vopr_coverage.reading import of_format, recognise
from vopr_coverage.reading.foundationdb import joined
from vopr_coverage.reading.order import Failures
from vopr_coverage.reading.seed_hits import HitCounts
from vopr_coverage.reading.source import blocks

ADDED_AT_ONCE = 100
WARNINGS_MAX = 20
REMARKS_MAX = 3


def with_outputs(read: Input, stream: str, form: str | None = None) -> Input:
    """What the seeds of a recording wrote to files, added to what is known of its run.

    Args:
        read: the run, from the stream of the recording.
        stream: the path of that stream; the archive with the files lies beside it.
        form: the format that the files have to be, None for any.

    Raises:
        ReportError: a file that no reader takes, or an archive that cannot be read.
    """
    run = read.run
    if run is None:
        return read
    outputs = _Outputs(os.path.join(os.path.dirname(stream), OUTPUT), form)
    outputs.read()
    observed = outputs.observed()
    contradictions = [*run.contradictions, *outputs.contradictions]
    crashed = sum(group.count for group in run.failures if group.crash)
    lacking = run.records - crashed - len(outputs.seeds)
    if lacking > 0:
        contradictions.append(f"{counted(lacking, 'seed')} passed, and wrote no output that is in the recording")
    failures = outputs.failures.groups()
    failed = outputs.failed - _seeds_of(run.failures)
    run = replace(
        run,
        contradictions=tuple(contradictions),
        failures=(*run.failures, *failures),
        failed_records=run.failed_records + len(failed),
        fault_counts=None,  # runs are counted here, and no hits
        measured=None if len(outputs.seeds) >= run.iterations else len(outputs.seeds),
    )
    return replace(
        read,
        run=run,
        format=outputs.format or read.format,
        report=coverage_of(observed) if observed and run.complete else None,
        observed=observed,
        warnings=(*read.warnings, *outputs.warnings),
        hits=outputs.hits.by_seed(observed.points if observed else ()),
    )


def _seeds_of(groups: Sequence[FailureGroup]) -> set[int]:
    return {seed for group in groups for seed in group.seeds}


@dataclass
class _Outputs:
    """The files of one archive, read in constant memory."""

    path: str
    form: str | None = None
    seeds: set[int] = field(default_factory=set)
    failures: Failures = field(default_factory=Failures)
    failed: set[int] = field(default_factory=set)
    contradictions: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    format: Format | None = None
    hits: HitCounts = field(default_factory=HitCounts)
    _sum: list[Observed] = field(default_factory=list)

    def read(self) -> None:
        """Read all of them."""
        try:
            with opened(self.path) as file, closing(tarfile.open(fileobj=file, mode="r|gz")) as tar:
                for seed, members in groupby(_files(tar), key=lambda member: member.name.partition("/")[0]):
                    self._take(seed, [*self._read_seed(tar, members)])
        except (tarfile.TarError, EOFError, zlib.error, OSError):
            self.contradictions.append(f"the archive of outputs breaks off after {counted(len(self.seeds), 'seed')}")

    def observed(self) -> Observed | None:
        """All seeds together."""
        return replace_unit(add_up(self._sum)) if self._sum else None

    def _read_seed(self, tar: tarfile.TarFile, members: Iterator[tarfile.TarInfo]) -> Iterator[Input]:
        """What the readers take of one seed's files; at least one."""
        refused: list[UserError] = []
        taken = 0
        for member in members:
            content = tar.extractfile(member)
            if content is None:
                continue
            source = f"{OUTPUT}: {printable(member.name)}"
            try:
                pieces = blocks(cast("BufferedReader", content), source)  # what it is, in a stream, too
                reader, seen = recognise(pieces, source, self.form)
                yield of_format(self.form, reader(chain(seen, pieces), source), source)
                taken += 1
            except UserError as error:
                refused.append(error)
        if refused and not taken:
            raise refused[0]
        if refused:
            self._warn(f"{counted(len(refused), 'file')} of one seed is no report, such as {refused[0]}")

    def _take(self, name: str, inputs: Sequence[Input]) -> None:
        if not (name.isascii() and name.isdigit() and len(name) <= 20 and int(name) < SEED_COUNT):
            raise ReportError(self.path, "", expected="files below the number of a seed", found=Words(printable(name)))
        seed = int(name)
        if seed in self.seeds:
            self.contradictions.append(f"seed {seed} has output twice")
            return
        known = [read for read in joined(inputs) if read.observed is not None]
        if not known:
            raise ReportError(
                self.path, "", expected="output with points or invariants by name", found=Words(f"none of seed {seed}")
            )
        self.seeds.add(seed)
        observed = add_up([read.observed for read in known if read.observed])
        observed.runs, observed.unit = 1, "seed"
        for point in observed.points.values():
            point.runs = min(point.runs, 1)
        for seen in observed.invariants.values():
            seen.runs = min(seen.runs, 1)
        for broken in observed.broken.values():
            where = f" at {broken.location.file}:{broken.location.line}" if broken.location else ""
            self.failures.add(seed, broken.name, broken.line + where)
            self.failed.add(seed)
        observed.broken = {}
        self.hits.keep(seed, 1, {name: 1 for name, point in observed.points.items() if point.hit})
        self._sum.append(observed)
        if len(self._sum) >= ADDED_AT_ONCE:
            self._sum = [add_up(self._sum)]
        self._conclude(seed, known)

    def _conclude(self, seed: int, inputs: Sequence[Input]) -> None:
        self.format = self.format or inputs[0].format
        for read in inputs:
            finish = read.finish or Finish(known=False)
            endings = [finish.ended_early, *read.contradictions, read.run and read.run.ended_early]
            self.contradictions += [f"output of seed {seed}: {ending}" for ending in endings if ending]
            for warning in read.warnings:
                self._warn(warning)
        del self.contradictions[WARNINGS_MAX:]

    def _warn(self, text: str) -> None:
        if len(self.warnings) < WARNINGS_MAX and text not in self.warnings:
            self.warnings.append(text)


def replace_unit(observed: Observed) -> Observed:
    """Runs are seeds here, whatever the format calls them."""
    observed.unit = "seed"
    return observed


def _files(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    return (member for member in tar if member.isreg())
