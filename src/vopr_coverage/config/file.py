"""The config file: read, checked, and as typed values. Nothing is judged here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from vopr_coverage.canaries.detector import SHIPPED, Detector
from vopr_coverage.config.night import NightSection
from vopr_coverage.errors import PROBLEMS_SHOWN_MAX, ConfigError, UsageError, nearest, printable, shown
from vopr_coverage.files import is_there, read_text, refuse_outside
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.linear_regex import LinearRegex, PatternError
from vopr_coverage.gates.failing_seeds import Expectation
from vopr_coverage.model.figures import counted
from vopr_coverage.model.point_lock import PointLock
from vopr_coverage.model.points import PointKind
from vopr_coverage.model.thresholds import (
    BOUND_KEYS,
    MAP_KEYS,
    PROFILE_NAMES,
    STEPPED_KEYS,
    Bound,
    CoverageThresholds,
    Floor,
    FloorStep,
    Layer,
)
from vopr_coverage.reading.recorded import ReadAs

if TYPE_CHECKING:
    from vopr_coverage.formats.located_yaml import Located

CONFIG_PATHS = (".github/vopr-coverage.yml", ".github/vopr-coverage.yaml")
CONFIG_BYTES_MAX = 1 << 20
OTHER_SCENARIOS = "*"  # the entry for scenarios that have none of their own
# The gates that a plain `fail`, `warn` or `ignore` is about: streams do not carry their figures today.
PLAIN_POLICY_GATES = ("view-changes", "repairs", "query-plans")
_PHASES_TOO = ("min_phase_events", "min_per_iteration")  # the keys whose names may be phases, in either spelling


class Scenario(msgspec.Struct, frozen=True):
    """What a config requires of one scenario. With `expect`, the scenario must fail in the way that it describes."""

    name: str
    layer: Layer
    expect: Expectation | None = None


class Config(msgspec.Struct, frozen=True):
    """A config file, valid and typed. Without a file, all fields have their defaults."""

    path: str | None = None
    profile: str | None = None
    layer: Layer = {}
    fault_points: tuple[str, ...] = ()
    attempt_only: tuple[str, ...] | None = None  # None: nobody has said which
    aliases: dict[str, str] = {}
    on_not_measured: Mapping[str, str] = {}
    min_reports: Bound[int] = Bound(0, "default")
    complete_when: str | None = None
    form: str | None = None
    declared: str | None = None
    listed: Mapping[str, PointKind] = {}  # the points of the list `declared`: `config/reading.py` reads it
    points: str | None = None
    lock: PointLock | None = None  # of the file `points`: `config/lock.py` reads it for those who judge points
    repro: str | None = None
    doctor_min: float | None = None
    night: NightSection | None = None
    scenarios: Mapping[str, Scenario] = {}
    canaries: Mapping[str, Detector] = msgspec.field(default_factory=lambda: SHIPPED)

    @property
    def read_as(self) -> ReadAs:
        """How runs are read."""
        return ReadAs(self.form, {**dict.fromkeys(self.fault_points), **self.listed})

    def scenario(self, name: str | None) -> Scenario | None:
        """The scenario of that name, whatever its case, else the entry `*`; None without a name or without scenarios.

        Raises:
            UsageError: the config has scenarios, but neither this one nor `*`; names the nearest.
        """
        if name is None or not self.scenarios:
            return None
        scenario = self.scenarios.get(name.lower()) or self.scenarios.get(OTHER_SCENARIOS)
        if scenario is None:
            raise UsageError(self.complaint(name))
        return scenario

    def complaint(self, name: str) -> str:
        """Why a scenario of that name cannot be judged, with the nearest name; "" if it can be."""
        if not self.scenarios or name.lower() in self.scenarios or OTHER_SCENARIOS in self.scenarios:
            return ""
        known = nearest(name, (each.name for each in self.scenarios.values()))
        return f"scenario {shown(name)} is not in {printable(str(self.path))}; {known}"


def load_config(named: str | None = None, folder: Path = Path(), roots: Sequence[Path] = ()) -> Config:
    """The named config, else `.github/vopr-coverage.yml` below `folder`, else the empty config.

    Args:
        roots: see `files.refuse_outside`; symbolic links are followed first.

    Raises:
        FileError: the file cannot be read, is larger than 1 MiB, or lies outside the roots.
        ConfigError: the first ten problems, each with file, line and what was expected.
    """
    path = folder / named if named else _find_config(folder)
    if path is None:
        return Config()
    name = named or path.relative_to(folder).as_posix()
    refuse_outside(path, roots, name)
    return parse_config(read_text(path, CONFIG_BYTES_MAX, name), name)


def _find_config(folder: Path) -> Path | None:
    paths = [folder / path for path in CONFIG_PATHS if is_there(folder / path, path)]
    if len(paths) > 1:
        raise UsageError(f"both {' and '.join(CONFIG_PATHS)} exist: name one with --config")
    return paths[0] if paths else None


@lru_cache(maxsize=8)  # reading YAML takes most of a small check, and the doctor reads a config again
def parse_config(text: str, source: str) -> Config:
    """`load_config` for text that was already read; messages and origins call it `source`."""
    from vopr_coverage.formats.located_yaml import parse  # PyYAML takes as long to load as a small check

    located = parse(text, source)
    document = {} if located.value is None else located.value
    problems = contract.problems("config", document)
    if problems:
        lines = [_problem_line(problem, located, source) for problem in problems[:PROBLEMS_SHOWN_MAX]]
        if len(problems) > PROBLEMS_SHOWN_MAX:
            lines.append(f"… and {counted(len(problems) - PROBLEMS_SHOWN_MAX, 'more problem')}")
        raise ConfigError("\n".join(lines))
    layer = _layer(document, "", located, source)
    _refuse_aliased_profile_names(document.get("aliases", {}), located, source)
    config = Config(
        path=source,
        profile=document.get("profile"),
        layer=layer,
        fault_points=tuple(document.get("fault_points", ())),
        attempt_only=tuple(document["attempt_only"]) if "attempt_only" in document else None,
        aliases=dict(document.get("aliases", {})),
        on_not_measured=as_policy(document.get("on_not_measured", {})),
        min_reports=Bound(document.get("min_reports", 0), _origin("/min_reports", located, source)),
        complete_when=document.get("complete_when"),
        form=document.get("format"),
        declared=document.get("declared"),
        points=document.get("points"),
        repro=document.get("repro"),
        doctor_min=document.get("doctor_min"),
        night=msgspec.convert(document["night"], NightSection) if "night" in document else None,
        scenarios=_scenarios(document.get("scenarios", {}), layer, located, source),
        canaries=_canaries(document["canaries"] or {}, located, source) if "canaries" in document else SHIPPED,
    )
    for name, detector in config.canaries.items():
        if detector.scenario is not None and (complaint := config.complaint(detector.scenario)):
            place = f"/canaries{contract.pointer_to(name)}/scenario"
            raise ConfigError(f"{printable(source)}:{located.line(place)}: canary {shown(name)}: {complaint}")
    return config


def as_policy(setting: str | Mapping[str, str]) -> dict[str, str]:
    """`on_not_measured` by gate. A plain word is about the gates whose figures streams do not carry."""
    return dict.fromkeys(PLAIN_POLICY_GATES, setting) if isinstance(setting, str) else dict(setting)


def _problem_line(problem: contract.Problem, located: Located, source: str) -> str:
    line = located.line(problem.pointer)
    where = f"{printable(source)}:{line}" if line else printable(source)
    return f"{where}#{problem.pointer}: {problem}"


def _layer(document: Mapping[str, Any], pointer: str, located: Located, source: str) -> Layer:
    layer = {}
    for key in BOUND_KEYS:
        if key in document:
            value = document[key]
            entries = _entry_places(value, f"{pointer}/{key}", located, source)
            if key in STEPPED_KEYS:
                value = {name: _floor(given, f"{pointer}/{key}", located, source) for name, given in value.items()}
            if key in _PHASES_TOO:
                value = {_dotted(name): minimum for name, minimum in value.items()}
            layer[key] = Bound(value, _origin(f"{pointer}/{key}", located, source), entries)
    return layer


def _entry_places(given: Any, pointer: str, located: Located, source: str) -> dict[str, str]:
    """The line of each name of a list or a map."""
    steps: Mapping[str, str | int] = {}
    if isinstance(given, Mapping):
        steps = {_dotted(name) if pointer.endswith(_PHASES_TOO) else name: name for name in given}
    elif isinstance(given, list):
        steps = {name: index for index, name in enumerate(given)}
    return {name: _origin(pointer + contract.pointer_to(step), located, source) for name, step in steps.items()}


def _floor(given: Any, pointer: str, located: Located, source: str) -> Floor:
    """A minimum as a number, or as its steps."""
    if not isinstance(given, list):
        return given  # type: ignore[no-any-return] # a number, by the schema
    steps = tuple(msgspec.convert(step, FloorStep) for step in given)
    if len({step.from_ for step in steps}) < len(steps):
        where = f"{printable(source)}:{located.line(pointer)}"
        raise ConfigError(f"{where}: expected each `from` of a name once, found one twice")
    return steps


def _origin(pointer: str, located: Located, source: str) -> str:
    line = located.line(pointer)
    return f"{printable(source)}:{line}" if line else printable(source)


def _canaries(document: Mapping[str, Mapping[str, Any]], located: Located, source: str) -> dict[str, Detector]:
    canaries = {name: msgspec.convert(detector, Detector) for name, detector in document.items()}
    for name, detector in canaries.items():
        where = f"{printable(source)}:{located.line('/canaries' + contract.pointer_to(name))}"
        if not detector.in_words():
            raise ConfigError(f"{where}: canary {shown(name)}: expected what detects it, found none")
        if detector.seen and detector.seen.seeds > detector.seen.of:
            raise ConfigError(f"{where}: canary {shown(name)}: expected `seen` on at most `of` seeds, found more")
        if detector.crash and (problem := _pattern_problem(detector.crash)):
            line = located.line(f"/canaries{contract.pointer_to(name)}/crash")
            raise ConfigError(f"{printable(source)}:{line}: canary {shown(name)}: crash: {problem}")
    return canaries


def _pattern_problem(pattern: str) -> str:
    """Why an expression cannot be searched in the last words of a crash; "" if it can be."""
    try:
        found_in_nothing = LinearRegex(pattern).found_in("")
    except PatternError as error:
        return printable(str(error))
    return "expected an expression that is not found in every text, as in an empty one" if found_in_nothing else ""


def _scenarios(document: Mapping[str, Any], top: Layer, located: Located, source: str) -> dict[str, Scenario]:
    scenarios: dict[str, Scenario] = {}
    for name, settings in document.items():
        place = "/scenarios" + contract.pointer_to(name)
        where = f"{printable(source)}:{located.line(place)}"
        if name == OTHER_SCENARIOS and settings.get("expect"):
            expected = "no expect for all other scenarios: name each scenario that must fail"
            raise ConfigError(f"{where}: expected {expected}, found {shown(settings['expect'])}")
        if name.lower() in scenarios:
            raise ConfigError(f"{where}: expected every scenario once, found {shown(name)} in two spellings")
        expect = None
        if settings.get("expect"):
            origin = f"{printable(source)}:{located.line(place + '/expect')}"
            expect = Expectation(tuple(settings["invariants"]), settings.get("min_caught", 1.0), origin)
        layer = _layer(settings, place, located, source)
        _refuse_idle_nulls(layer, top)
        scenarios[name.lower()] = Scenario(name, layer, expect)
    return scenarios


def _refuse_idle_nulls(layer: Layer, top: Layer) -> None:
    """Refuse to remove a name that is not there: a misspelt one would stay required."""
    for key in MAP_KEYS:
        bound = layer.get(key, Bound({}, ""))
        if key in top:
            known = set(top[key].value)
        else:
            profiles = [getattr(CoverageThresholds.of_profile(name), key, {}) for name in PROFILE_NAMES]
            known = {name for minimums in profiles for name in minimums}
        for name, least in bound.value.items():
            if least is None and name not in known:
                where = f"{bound.set_by(name)}#/{key}"
                raise ConfigError(
                    f"{where}: expected a name that the top level requires, found {shown(name)}; {nearest(name, known)}"
                )


def _refuse_aliased_profile_names(aliases: Mapping[str, str], located: Located, source: str) -> None:
    """Refuse an alias for a name of a profile: no figure would have that name, and its requirement would be lost."""
    own: set[str] = set()
    for profile in PROFILE_NAMES:
        thresholds = CoverageThresholds.of_profile(profile)
        own |= {
            *thresholds.critical_fault_points,
            *thresholds.required_invariants,
            *thresholds.min_phase_events,
        }
    for theirs, ours in aliases.items():
        where = f"{printable(source)}:{located.line('/aliases' + contract.pointer_to(theirs))}"
        if theirs in own or _dotted(theirs) in own:
            raise ConfigError(f"{where}: expected a name of the simulator, found the profile's own {shown(theirs)}")
        if ours in aliases:
            raise ConfigError(f"{where}: expected the profile's name, found {shown(ours)}, an alias itself")


def _dotted(name: str) -> str:
    """The name of a phase with dots: `storage:fsync_complete` and `storage.fsync_complete` are the same phase."""
    return name.replace(":", ".")
