"""From what the user asked to the verdict, in one straight line; both doors call it."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.base.compare import Base, counterparts
from vopr_coverage.base.gate import Limit, parse_limit
from vopr_coverage.check.judge import Terms, conclude, judge, lost_reports
from vopr_coverage.check.merge import Unit, as_unit, with_aliases, with_known_points
from vopr_coverage.config.file import Config, as_policy, find_config, load_config
from vopr_coverage.errors import ManyErrors, UsageError, UserError, encodable, nearest, printable, shown
from vopr_coverage.files import STDIN, refuse_outside
from vopr_coverage.formats.schema import schema
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import Bound, Bounds, Layer, nothing_layer, profile_layer, resolve
from vopr_coverage.model.verdict import Remark, Verdict
from vopr_coverage.reading import read_report
from vopr_coverage.reading.find import ReportFile, find_reports
from vopr_coverage.reading.source import Progress

Merge = Literal["none", "scenario", "all"]
MERGES: tuple[Merge, ...] = ("none", "scenario", "all")
POLICIES = ("fail", "warn", "ignore")


class Settings(msgspec.Struct, frozen=True):
    """Flags or inputs; None means "not given", so that the config may answer.

    Attributes:
        base: what to compare with; None compares with nothing.
        max_regression: what may be lost against base, as `parse_limit` reads it.
        spelling: how a setting is written where the user set it, `--{}` or `input {}`.
        folder: where a config is looked for when none is named.
        roots: see `find_reports`.
        commits: those that this check may be about, for recordings; see `commits_of`.
        health_only: judge run health and no coverage, as for one shard of many.
    """

    profile: str | None = None
    config: str | None = None
    scenario: str | None = None
    merge: Merge = "none"
    min_iterations: int | None = None
    on_not_measured: str | None = None
    base: Base | None = None
    max_regression: str | None = None
    spelling: str = "--{}"
    folder: Path = Path()
    roots: tuple[Path, ...] = ()
    commits: tuple[str, ...] = ()
    health_only: bool = False


def check(
    reports: Sequence[str], settings: Settings, progress: Callable[[str], Progress | None] = lambda _: None
) -> Verdict:
    """Read, merge, judge, and compare with the base.

    Args:
        reports: lines as `find_reports` takes them.
        progress: gives each file, by its path, a callback for the bytes read, or None.

    Raises:
        UserError: reports, config or settings that can't be used; nothing was judged.
    """
    _refuse_coverage_settings(settings)
    config = find_and_load_config(settings)
    limit = _limit(settings)
    files = find_reports(reports, settings.roots)
    for file in files:  # an unknown scenario is told before a night's worth of data is read
        config.scenario(file.scenario or settings.scenario)
    inputs = [with_aliases(read, config.aliases) for read in _read_all(files, settings, progress)]
    judgements = []
    warnings = list(_config_warnings(config, inputs))
    units = list(_units(files, inputs, settings, config))
    befores, absent = counterparts([(unit.name, unit.scenario) for unit in units], settings.base)
    for unit, before in zip(units, befores, strict=True):
        terms = replace(terms_for(unit.scenario, settings, config), limit=limit)
        unit, remarks = _complete_points(unit, terms.bounds, config)
        warnings += remarks
        judgements.append(judge(unit, terms, before if settings.base else None))
    verdict = conclude(judgements, warnings, __version__, *lost_reports(settings.base, absent, limit))
    return replace(verdict, health_only=settings.health_only)


def _refuse_coverage_settings(settings: Settings) -> None:
    """A setting that nothing would look at is a misunderstanding."""
    if not settings.health_only:
        return
    for word in ("profile", "base", "on_not_measured"):
        if getattr(settings, word) is not None:
            name = settings.spelling.format(word.replace("_", "-"))
            raise UsageError(f"{settings.spelling.format('health-only')} judges no coverage: leave {name} out")


def _limit(settings: Settings) -> Limit | None:
    """What may be lost; a limit without a base to hold it against would be a gate that can't fail."""
    if settings.max_regression is None:
        return None
    origin = settings.spelling.format("max-regression")
    limit = parse_limit(settings.max_regression, origin)
    if settings.base is None:
        raise UsageError(f"{origin} needs a base to compare with: set {settings.spelling.format('base')}")
    return limit


def find_and_load_config(settings: Settings) -> Config:
    """The config that is named, or else found, or else the empty one."""
    if settings.config:
        path, shown_as = settings.folder / settings.config, settings.config
    elif found := find_config(settings.folder):
        path, shown_as = found, found.relative_to(settings.folder).as_posix()
    else:
        return Config()
    refuse_outside(path, settings.roots, shown_as)
    return load_config(path, shown_as)


def terms_for(scenario_name: str | None, settings: Settings, config: Config) -> Terms:
    """The bounds in force for a scenario, top layer first: flag or input, scenario, config, profile."""
    profile = settings.profile or config.profile or "default"
    scenario = config.scenario(scenario_name)
    own: Layer = scenario.layer if scenario else {}
    expect = scenario.expect if scenario else None
    given: Layer = {}
    if settings.min_iterations is not None:
        given = {"min_iterations": Bound(settings.min_iterations, settings.spelling.format("min-iterations"))}
    floor = {key: bound for key, bound in config.layer.items() if key == "min_iterations"}
    if settings.health_only:
        own = {key: bound for key, bound in own.items() if key == "min_iterations"}
        bounds = resolve(given, own, floor, nothing_layer("--health-only"))
        words = "run health alone"
    elif expect:  # only what the scenario sets itself; how many iterations must run is not coverage
        bounds = resolve(given, own, floor, nothing_layer("expect: violation"))
        words = f"expect: violation of {' or '.join(expect.invariants)}"
    else:
        bounds = resolve(given, own, config.layer, profile_layer(profile))
        words = _words(profile, bounds)
    policy = dict(config.on_not_measured)
    if settings.on_not_measured:
        policy |= parse_policy(settings.on_not_measured, settings.spelling.format("on-not-measured"))
    return Terms(bounds, profile, words, policy, config.repro, expect, health_only=settings.health_only)


def parse_policy(text: str, origin: str) -> dict[str, str]:
    """`fail`, or `view-changes=warn,repairs=ignore` (commas or lines).

    Raises:
        UsageError: an unknown gate or word; names the nearest.
    """
    words = [word.strip() for word in text.replace("\n", ",").split(",") if word.strip()]
    if len(words) == 1 and "=" not in words[0]:
        _refuse_unknown(words[0], POLICIES, origin)
        return as_policy(words[0])
    excusable = schema("config")["properties"]["on_not_measured"]["properties"]
    policy: dict[str, str] = {}
    for word in words:
        gate, _, what = (part.strip() for part in word.partition("="))
        _refuse_unknown(gate, excusable, origin)
        _refuse_unknown(what, POLICIES, origin)
        policy[gate] = what
    return policy


def _refuse_unknown(word: str, known: Sequence[str] | Mapping[str, object], origin: str) -> None:
    if word not in known:
        raise UsageError(f"{origin}: unknown {shown(word)}; {nearest(word, known)}")


def _words(profile: str, bounds: Bounds) -> str:
    own = f"profile {profile}"
    overrides = sum(
        bound.origin != own and bool(bound.value or key in _SET_BY_PROFILES) for key, bound in bounds.items()
    )
    if not overrides:
        return profile
    return f"{profile} + {overrides} override{'s' if overrides > 1 else ''}"


_SET_BY_PROFILES = frozenset(key for key, bound in profile_layer("nightly").items() if bound.value)


def _read_all(
    files: Sequence[ReportFile], settings: Settings, progress: Callable[[str], Progress | None]
) -> list[Input]:
    inputs, errors = [], []
    for file in files:
        try:
            read = read_report(file.path, progress(file.path))
        except UserError as error:
            errors.append(error)
        else:
            inputs.append(_with_recording(read, file, settings))
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    return inputs


def _with_recording(read: Input, file: ReportFile, settings: Settings) -> Input:
    """What was read, with what only the file's name and its manifest say."""
    recording, run = file.recording, read.run
    if recording and recording.double_runs and run is not None:
        run = replace(run, double_runs=True)
    scenario = file.scenario or settings.scenario
    scenario = None if scenario is None else encodable(scenario)
    return replace(read, source=file.label, scenario=scenario, run=run, recording=recording, commits=settings.commits)


def _units(files: Sequence[ReportFile], inputs: Sequence[Input], settings: Settings, config: Config) -> Iterator[Unit]:
    if settings.merge == "none":
        for read in inputs:
            yield as_unit(read.source, read.scenario, [read])
        return
    if settings.merge == "all" and config.scenarios:
        raise UsageError(
            f"merge all adds up runs of all scenarios, {printable(str(config.path))} judges them by scenario: "
            "use merge scenario"
        )
    _refuse_copies(files)
    groups: dict[str, list[Input]] = {}
    for read in inputs:
        key = (read.scenario or "").lower() if settings.merge == "scenario" else ""
        groups.setdefault(key, []).append(read)
    for group in groups.values():
        scenario = group[0].scenario if settings.merge == "scenario" else None
        name = scenario or ("all reports" if settings.merge == "all" else "runs without a scenario")
        yield as_unit(f"{name} ({len(group)} merged)" if len(group) > 1 else group[0].source, scenario, group)


def _refuse_copies(files: Sequence[ReportFile]) -> None:
    """Copies of one file would count every seed twice."""
    sized: dict[int, list[str]] = {}
    for file in files:
        if file.path == STDIN:
            continue
        same_size = sized.setdefault(os.path.getsize(file.path), [])
        for other in same_size:
            if filecmp.cmp(file.path, other, shallow=False):
                raise UsageError(f"{printable(other)} and {printable(file.path)} are the same, byte for byte")
        same_size.append(file.path)


def _complete_points(unit: Unit, bounds: Bounds, config: Config) -> tuple[Unit, list[Remark]]:
    """Give a stream its denominator, and say what the percentage rests on."""
    report = unit.evidence.report
    if report is None or not bounds.fault_point_coverage_min.value or not any(i.listed_only for i in unit.inputs):
        return with_known_points(unit, bounds.critical_fault_points.value), []
    declared = set(config.fault_points)
    listed = [*report.hit_fault_points, *report.missed_fault_points]
    undeclared = [name for name in listed if name not in declared]
    completed = with_known_points(unit, [*bounds.critical_fault_points.value, *config.fault_points])
    if not declared:
        silent = sum(name not in listed for name in bounds.critical_fault_points.value)
        critical = f" and {silent} critical ones that it doesn't" if silent else ""
        text = (
            f"The fault point percentage rests on the {len(listed)} points that the stream lists{critical}: "
            "a stream never lists a point that was not hit. Declare all of them as `fault_points` in the config."
        )
        return completed, [Remark(unit.name, text)]
    if undeclared:
        names = ", ".join(undeclared[:5]) + (" …" if len(undeclared) > 5 else "")
        return completed, [Remark(unit.name, f"Fault points that the config does not declare: {names}")]
    return completed, []


def _config_warnings(config: Config, inputs: Sequence[Input]) -> Iterator[Remark]:
    used = {theirs for read in inputs for found in read.via_alias.values() for theirs in found}
    for theirs in config.aliases:
        if theirs not in used and theirs.replace(":", ".") not in used:
            yield Remark("", f"{config.path}: the alias {shown(theirs)} matches no name in these reports")
    if config.scenarios:
        for read in inputs:
            if read.scenario is None:
                text = "No scenario is named for this run: it is judged by the config's top-level thresholds."
                yield Remark(read.source, text)
