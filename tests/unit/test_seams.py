"""What is written down in two places is the same in both: schemas, readers, types, the config and its bounds.

Each test is derived from the code or the schemas, so that a thing that is added in one place and
forgotten in the other turns it red. The seams of the pages are in test_seams_of_pages.py, those of
the two doors in tests/integration/test_seams_of_doors.py.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

import vopr_coverage
from tests.support.checking import checked
from tests.support.reports import a_coverage, a_stream
from tests.support.schemas import MAP_KEY, a_value, definition, keys_and_words
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.evidence import Seen
from vopr_coverage.canaries.judge import CanaryVerdict
from vopr_coverage.check.flow import Rules
from vopr_coverage.check.request import CheckRequest
from vopr_coverage.check.terms import POLICIES, Overrides, Terms, terms_for
from vopr_coverage.config.file import Config, Scenario, as_policy, parse_config
from vopr_coverage.determinism.advice import ADVICE as DETERMINISM_ADVICE
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.doctor.verdict import DoctorVerdict
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.schema import SCHEMA_NAMES, schema
from vopr_coverage.gates.failing_seeds import Expectation
from vopr_coverage.incidence.choose import SeedChoice
from vopr_coverage.model.manifest import Recording
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.point_lock import PointLock
from vopr_coverage.model.report import CoverageReport, Format
from vopr_coverage.model.thresholds import BOUND_KEYS, MAP_KEYS, PROFILE_NAMES, SEED_KEYS, CoverageThresholds
from vopr_coverage.model.verdict import GateResult, Verdict
from vopr_coverage.nightly.plan import NightPlan
from vopr_coverage.nightly.verdict import NightVerdict
from vopr_coverage.reading.ending import read_ending
from vopr_coverage.reading.shapes import PROPERTY_COUNTERS
from vopr_coverage.reading.simulation_records import KNOWN_KEYS
from vopr_coverage.reading.tally import Tally
from vopr_coverage.seed_api import CoverageValidationResult
from vopr_coverage.trends.history import TrendRecord

PACKAGE = Path(vopr_coverage.__file__).parent
TYPES: Mapping[str, Any] = {
    "report": CoverageReport,
    "thresholds": CoverageThresholds,
    "validation-result": CoverageValidationResult,
    "verdict": Verdict,
    "recording": Recording,
    "determinism": DeterminismVerdict,
    "canaries": CanaryVerdict,
    "night": NightVerdict,
    "plan": NightPlan,
    "trend": TrendRecord,
    "points": PointLock,
    "doctor": DoctorVerdict,
    "seeds": SeedChoice,
}
UNTYPED = {"config", "stream", "wrapped", "simulation"}  # read key by key; the tests below look at each key
CONFIG_PARTS = {"": schema("config"), "scenario": definition("config", "scenario")}

# ---- what is shipped


def test_every_file_that_is_shipped_has_a_name() -> None:
    """A schema or a profile that no list names could be neither printed nor used."""
    assert {path.stem for path in (PACKAGE / "schemas").iterdir()} == set(SCHEMA_NAMES)
    assert {path.stem for path in (PACKAGE / "profiles").iterdir()} == set(PROFILE_NAMES)


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_a_schema_and_its_type_have_the_same_keys_and_words(name: str) -> None:
    """A field that only the type has could not be read back; one that only the schema has is never filled."""
    if name in UNTYPED:
        return
    shipped = keys_and_words(schema(name))
    typed = keys_and_words(msgspec.json.schema(TYPES[name]))
    assert set(shipped) == set(typed)
    assert {path: shipped[path] for path, words in typed.items() if words} == {p: w for p, w in typed.items() if w}


def test_the_formats_and_kinds_of_finding_are_those_of_the_schemas() -> None:
    """Words that the code keeps elsewhere than in a type."""
    assert set(definition("verdict", "input")["properties"]["format"]["enum"]) == set(get_args(Format))
    kinds = keys_and_words(schema("determinism"))["/findings/*/kind"]
    assert kinds == set(DETERMINISM_ADVICE)


# ---- a stream's last record


class Reads(dict[str, Any]):
    """A JSON object that notes the path of every key that it is asked for."""

    def __init__(self, value: Mapping[str, Any], noted: set[str], path: str = "") -> None:
        self.noted, self.path = noted, path
        told = {key: Reads(v, noted, f"{path}/{key}") if isinstance(v, dict) else v for key, v in value.items()}
        super().__init__(told)

    def __getitem__(self, key: str) -> Any:
        self.noted.add(f"{self.path}/{key}")
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.noted.add(f"{self.path}/{key}")
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value, as `dict.get`."""
        self.noted.add(f"{self.path}/{key}")
        return super().get(key, default)


# Checked, and not read: the simulator's own speed and percentages, and ids that no gate asks for.
UNREAD = {
    "/elapsed_secs",
    "/rate",
    "/coverage/fault_points/coverage_percent",
    "/coverage/invariants/coverage_percent",
    "/properties/unreached_ids",
}


def test_the_reader_and_the_schema_of_batch_complete_have_the_same_keys() -> None:
    """What only the reader knows is never checked; what only the schema knows is lost."""
    data = definition("stream", "batch_complete")["properties"]["data"]
    noted: set[str] = set()
    read_ending(Reads(a_value("stream", data), noted), Tally())
    known = set(keys_and_words(schema("stream"), data))
    assert {path.replace(f"/{MAP_KEY}/", "/*/") for path in noted} == known - UNREAD


def test_every_property_counter_is_in_the_schema_read_and_can_have_a_minimum() -> None:
    """A counter without a key in `min_properties` is one that no config can ask for."""
    stream = definition("stream", "properties")["properties"]
    counters = {key for key, part in stream.items() if part == {"$ref": "#/$defs/count"}} - {"violation_count"}
    assert set(PROPERTY_COUNTERS) == counters
    for part in CONFIG_PARTS.values():
        assert set(part["properties"]["min_properties"]["properties"]) == counters


@pytest.mark.parametrize(("name", "typed"), KNOWN_KEYS.items())
def test_a_record_of_a_simulation_and_its_type_have_the_same_keys(name: str, typed: type[msgspec.Struct]) -> None:
    """What only the schema knows is read past without a word; what only the type knows is never checked."""
    keys = set(definition("simulation", name)["properties"])
    assert keys == set(typed.__struct_fields__)


# ---- bounds, and the keys that set them


def asking_only(part: str, key: str) -> dict[str, Any]:
    """A config, or one scenario of it, in which nothing is set but this bound, to more than any run has."""
    bound = {key: a_value("config", CONFIG_PARTS[part]["properties"][key])}
    return {"scenarios": {"combined": bound}} if part else bound


@pytest.mark.parametrize("part", CONFIG_PARTS)
@pytest.mark.parametrize("key", BOUND_KEYS)
def test_every_bound_can_be_set_in_a_config_and_then_fails_a_run(part: str, key: str, tmp_path: Path) -> None:
    """From the config's line to a gate that does not pass: by schema, layer, bounds, and the list of gates."""
    text = json.dumps(asking_only(part, key))
    bound = getattr(terms_for("combined", Overrides(), parse_config(text, "gate.json")).bounds, key)
    assert bound.origin == "gate.json:1"
    (tmp_path / "gate.json").write_text(text)
    (tmp_path / "run.ndjson").write_bytes(a_stream(coverage=a_coverage({"hit": 1, "missed": 0, "missed too": 0}, {})))
    verdict = checked([f"combined={tmp_path}/run.ndjson"], config=str(tmp_path / "gate.json"))
    (report,) = verdict.reports
    gates: list[GateResult] = [*report.gates, *report.inputs[0].gates]
    asked = [gate for gate in gates if gate.origin.endswith("gate.json:1")]
    assert {gate.status for gate in asked} <= {Status.FAILED, Status.NOT_MEASURED}
    assert asked


@pytest.mark.parametrize("key", BOUND_KEYS)
def test_a_bound_means_the_same_in_a_scenario(key: str) -> None:
    """The schema says it twice. In a scenario's map, null removes a name; nothing else differs."""
    top, scenario = (part["properties"][key] for part in CONFIG_PARTS.values())
    assert resolved(top) == without_null(resolved(scenario))
    assert ("null" in json.dumps(resolved(scenario))) == (key in MAP_KEYS)


def resolved(part: object) -> Any:
    """A part of the config's schema with its definitions in place."""
    if isinstance(part, list):
        return [resolved(each) for each in part]
    if not isinstance(part, dict):
        return part
    definitions = schema("config")["$defs"]
    reference = definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else {}
    return {key: resolved(value) for key, value in {**reference, **part}.items() if key not in ("$ref", "title")}


def without_null(part: Any) -> Any:
    """The same without null among the types."""
    if isinstance(part, list):
        rest = [without_null(each) for each in part if each != "null"]
        return rest[0] if len(rest) == 1 and isinstance(rest[0], str) else rest
    return {key: without_null(value) for key, value in part.items()} if isinstance(part, dict) else part


def test_the_seeds_bounds_are_those_of_its_schema() -> None:
    """In the same order, which is that of the gates."""
    assert tuple(schema("thresholds")["properties"]) == SEED_KEYS


def needed_by(key: str, settings: Mapping[str, Any]) -> set[str]:
    """A key, those that must stand beside it, and those that must stand beside these."""
    needs: Mapping[str, list[str]] = settings.get("dependentRequired", {})
    found: set[str] = set()
    left = [key]
    while left:
        name = left.pop()
        left += [other for other in needs.get(name, ()) if other not in found]
        found.add(name)
    return found


def with_and_without(part: str, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two of the least valid configs that differ in one key, and in those that need it."""
    if part == "canary":
        value = a_value("config", definition("config", "canary")["properties"][key])
        other = {"invariants": ["y"]} if key != "invariants" else {"properties": ["y"]}  # what detects it in any case
        return {"canaries": {"x": other | {key: value}}}, {"canaries": {"x": other}}
    settings = CONFIG_PARTS[part]
    whole = {name: a_value("config", settings["properties"][name]) for name in needed_by(key, settings)}
    rest = {name: value for name, value in whole.items() if key not in needed_by(name, settings)}
    return ({"scenarios": {"x": whole}}, {"scenarios": {"x": rest}}) if part else (whole, rest)


CONFIG_KEYS = [
    (part, key)
    for part, settings in (*CONFIG_PARTS.items(), ("canary", definition("config", "canary")))
    for key in settings["properties"]
]


@pytest.mark.parametrize(("part", "key"), CONFIG_KEYS)
def test_every_key_that_the_schema_takes_is_read(part: str, key: str) -> None:
    """A key that is accepted and means nothing is a gate that somebody believes in."""
    whole, rest = with_and_without(part, key)
    read = parse_config(json.dumps(whole), "gate.json")
    assert read != parse_config(json.dumps(rest), "gate.json")


def test_a_config_names_policies_and_gates_that_exist() -> None:
    """What may be excused, and by which words."""
    excusable = schema("config")["properties"]["on_not_measured"]
    assert tuple(excusable["then"]["enum"]) == POLICIES
    assert all(tuple(part["enum"]) == POLICIES for part in excusable["properties"].values())
    assert set(as_policy("warn")) <= set(excusable["properties"])


# ---- settings


@cache
def attributes_read() -> frozenset[str]:
    """Every attribute that some module of the package reads."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load))


@pytest.mark.parametrize(
    "kind",
    [CheckRequest, Rules, Overrides, Config, Scenario, Terms, Expectation, Detector, Seen],
    ids=lambda kind: kind.__name__,
)
def test_every_setting_is_read_by_somebody(kind: type[msgspec.Struct]) -> None:
    """One that is filled and never looked at does nothing."""
    assert set(kind.__struct_fields__) <= attributes_read()


# ---- the contract itself


def test_a_document_with_every_key_meets_the_schema() -> None:
    """Else the tests above would look at documents that nobody accepts."""
    for kind in ("start", "iteration-ok", "iteration-failed", "batch_complete", "coverage_failures"):
        assert contract.problems("stream", a_value("stream", definition("stream", kind)), kind) == []
    assert contract.problems("config", a_value("config")) == []
