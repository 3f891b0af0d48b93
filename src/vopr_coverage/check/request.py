"""What a request names, read: its config, its reports, and what of them cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from vopr_coverage.check.attempts import with_attempt_only
from vopr_coverage.check.copies import refuse_copies
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.config.lock import with_lock
from vopr_coverage.config.reading import for_runs
from vopr_coverage.errors import UsageError, UserError, as_one, encodable, printable, shown
from vopr_coverage.gates.manifest import other_head
from vopr_coverage.model.report import Input
from vopr_coverage.model.verdict import Unusable
from vopr_coverage.reading.find import ReportFile, find
from vopr_coverage.reading.formats import row_of
from vopr_coverage.reading.foundationdb import joined
from vopr_coverage.reading.jepsen import runs_among
from vopr_coverage.reading.recorded import read_file
from vopr_coverage.reading.source import Progress

Merge = Literal["none", "scenario", "all"]
MERGES: tuple[Merge, ...] = ("none", "scenario", "all")
FileProgress = Callable[[str], Progress | None]


class CheckRequest(msgspec.Struct, frozen=True):
    """Which reports to judge, and by which config.

    Attributes:
        reports: lines as `find_reports` takes them.
        config: the path of the config; None: the config in `folder`, if there is one.
        scenario: of reports that do not name their own.
        commits: those that these reports may be about, for recordings; see `runner.event.commits_of`.
        roots: folders that every file must lie in; none means anywhere.
        form: the format that all of them have to be, a name of `reading.formats.FORMATS`; None: the config's, else any.
        declared: the path of a list of points; None: the config's, else none.
        points: the path of a lockfile of points; None: the config's, else that at the default place, if there is one.
    """

    reports: Sequence[str]
    config: str | None = None
    scenario: str | None = None
    commits: tuple[str, ...] = ()
    folder: Path = Path()
    roots: tuple[Path, ...] = ()
    form: str | None = None
    declared: str | None = None
    points: str | None = None


def read_runs(
    request: CheckRequest, merge: Merge, progress: FileProgress = lambda _: None
) -> tuple[Config, list[Input]]:
    """The config and the runs of a request, for whoever judges them more than once.

    Raises:
        UserError: as `check`; also if a single report cannot be used.
    """
    read = read_all(request, merge, progress)
    return read.config, read.inputs


def read_all(
    request: CheckRequest, merge: Merge, progress: FileProgress = lambda _: None, config: Config | None = None
) -> ReadInputs:
    """`read_runs`, with what the patterns match beside the runs; errors as there.

    Args:
        config: the request's, for whoever has loaded it already.
    """
    read = read_named(request, merge, progress, config)
    if read.unusable:
        raise as_one([UserError(each.problem) for each in read.unusable])
    return read


class ReadInputs(NamedTuple):
    """What was read, what could not be, and sentences on what the patterns match that is not read."""

    config: Config
    inputs: list[Input]
    unusable: tuple[Unusable, ...]
    left_out: tuple[str, ...]


def read_named(request: CheckRequest, merge: Merge, progress: FileProgress, config: Config | None = None) -> ReadInputs:
    """Read all that a request names. What cannot be used stands beside what can.

    Raises:
        UserError: a config that cannot be used, or no report that can.
    """
    if config is None:
        config = load_config(request.config, request.folder, request.roots)
        config = with_lock(config, request.points, request.folder, request.roots)
    config = for_runs(config, request.folder, request.roots, request.form, request.declared)
    found, unfound, left_out = find(request.reports, request.roots)
    files, no_runs = runs_among(found)
    errors: list[tuple[str, str | None, UserError]] = [(source, None, error) for source, error in unfound]
    usable = []
    for file in files:  # an unknown scenario is an error before a night's worth of data is read
        try:
            config.scenario(file.scenario or request.scenario)
            usable.append(file)
        except UserError as error:
            errors.append((file.label, file.scenario or request.scenario, error))
    inputs, paths = [], []
    for file in usable:
        try:
            read = read_file(file, progress(file.path), config.read_as)
            read = as_input(read, file, request.scenario, request.commits)
            config.scenario(read.scenario)  # a stream may name its own
        except UserError as error:
            errors.append((file.label, file.scenario or request.scenario, error))
            continue
        inputs.append(with_attempt_only(read, config))
        # Runs that wrote nothing are alike, and so are two runs that hit the same points: they count nothing twice.
        if not (read.run and read.run.wrote_nothing) and not row_of(read).two_may_be_alike:
            paths.append(file.path)
    inputs = joined(inputs, config.read_as.declared)
    if not inputs:
        errors += [(sentence, None, UserError(sentence)) for sentence in no_runs if not errors]
        raise as_one([error for _, _, error in errors])
    if merge != "none":
        refuse_copies(paths)
    problems = tuple(Unusable(source, scenario, str(error)) for source, scenario, error in errors)
    return ReadInputs(config, inputs, problems, (*left_out, *no_runs))


def as_input(read: Input, file: ReportFile, scenario: str | None, commits: tuple[str, ...]) -> Input:
    """What was read, completed by the file's name, its manifest and the request.

    Args:
        scenario: of a run that nobody else names: neither the user, nor its manifest, nor the stream itself.

    Raises:
        UsageError: the user names it otherwise than the stream does. Where a manifest does, its gate reports that.
    """
    recording, run = file.recording, read.run
    if recording and recording.double_runs and run is not None:
        run = replace(run, double_runs=True)
    if recording is None:
        refuse_other_scenario(file, read.scenario)
    scenario = file.scenario or read.scenario or scenario
    return replace(
        read,
        source=file.label,
        scenario=None if scenario is None else encodable(scenario),
        own_scenario=read.scenario,
        run=run,
        recording=recording,
        commits=commits,
        warnings=(*read.warnings, *other_head(recording, commits)),
        pattern=file.pattern,
    )


def refuse_other_scenario(file: ReportFile, own: str | None) -> None:
    """Refuse a file that the user names as another scenario than its stream does.

    Raises:
        UsageError: both of them.
    """
    if file.scenario and own and file.scenario.lower() != own.lower():
        raise UsageError(
            f"{printable(file.label)} is named as scenario {shown(file.scenario)}, its start record says {shown(own)}"
        )
