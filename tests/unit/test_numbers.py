"""One rule for the numbers of all documents: they fit a double, and an integer has no point and no exponent.

Every number of every schema is replaced by odd ones, one at a time. What a schema lets through, its reader takes.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.reports import ending, failed, ndjson, ok, start
from tests.support.schemas import Schema, a_value, definition, numbers_of
from tests.support.simulations import as_lines, begin, finish, seed
from vopr_coverage import CoverageThresholds, CoverageValidationResult
from vopr_coverage.config.file import parse_config
from vopr_coverage.errors import ReportError, UserError
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.schema import SCHEMA_NAMES
from vopr_coverage.model.manifest import recording_from_json
from vopr_coverage.model.verdict import verdict_from_json
from vopr_coverage.nightly.plan import plan_from_json
from vopr_coverage.nightly.verdict import night_from_json
from vopr_coverage.points.lockfile import parse_lock
from vopr_coverage.reading.formats import read_document
from vopr_coverage.reading.simulation import read_simulation
from vopr_coverage.reading.stream import read_stream
from vopr_coverage.trends.history import parse_history

Place = tuple[str | int, ...]

MARK = "@the number@"
INTEGERS = (
    "0",
    "-0",
    "1",
    "-1",
    "7",
    "256",
    "1000000",
    str(2**63 - 1),
    str(2**64 - 1),
    str(2**64),
    "9" * 400,
    "-" + "9" * 400,
)
OTHERS = ("0.0", "-0.0", "0.5", "5.0", "15040.0", "1e0", "1E+3", "1e308", "1e400", "-1e400", "1e-400")
RECORDS = ("start", "iteration-ok", "iteration-failed", "batch_complete")
SIMULATION = ("start", "seed", "end")


def no_reader(name: str) -> Callable[[bytes], object]:
    """For documents that nobody reads back: the schema alone."""
    return lambda data: contract.document(data, "d", name)


def read_history(data: bytes) -> None:
    """A history leaves out what is no record and says so."""
    history = parse_history(data, "d")
    if history.warnings:
        raise ReportError("d", "", expected="a record", found=history.warnings[0])


def read_record(data: bytes) -> None:
    """A stream with this record at its place, whole but for it."""
    kind = json.loads(data.replace(b"1e400", b"1").replace(b"9" * 400, b"9"))
    whole = {"start": start(0, 2), "ok": ok(0), "failed": failed(1), "batch_complete": ending(1, [1])}
    key = kind["data"]["status"] if kind["type"] == "iteration" else kind["type"]
    read_stream([ndjson(*((data + b"\n") if name == key else record for name, record in whole.items()))], "d")


def read_simulation_record(data: bytes) -> None:
    """A simulation stream with this record at its place, whole but for it."""
    kind = json.loads(data.replace(b"1e400", b"1").replace(b"9" * 400, b"9"))["type"]
    whole = {"start": begin(2, 0), "ok": seed(0), "seed": seed(1), "end": finish(2)}
    read_simulation([b"".join(data + b"\n" if name == kind else as_lines([r]) for name, r in whole.items())], "d")


def read_lock_of_points(data: bytes) -> None:
    """A lockfile; that a rate is turned round is no matter of its numbers."""
    try:
        parse_lock(data, "d")
    except UserError as error:
        if "from its lower to its upper limit" not in str(error):
            raise


READERS: dict[str, Callable[[bytes], object]] = {
    "report": lambda data: read_document([data], "d"),
    "wrapped": lambda data: read_document([data], "d"),
    "thresholds": lambda data: CoverageThresholds.from_json(data.decode()),
    "validation-result": lambda data: CoverageValidationResult.from_json(data.decode()),
    "config": lambda data: parse_config(data.decode(), "d"),
    "verdict": lambda data: verdict_from_json(data, "d"),
    "recording": lambda data: recording_from_json(data, "d"),
    "determinism": no_reader("determinism"),
    "canaries": no_reader("canaries"),
    "doctor": no_reader("doctor"),
    "seeds": no_reader("seeds"),
    "night": lambda data: night_from_json(data, "d"),
    "plan": lambda data: plan_from_json(data, "d"),
    "trend": read_history,
    "points": read_lock_of_points,
}
READERS |= dict.fromkeys(RECORDS, read_record)
READERS |= {f"simulation {name}": read_simulation_record for name in SIMULATION}


def definition_of(name: str) -> tuple[str, str]:
    """Schema and definition of what is walked by that name; "" is the whole schema."""
    if name in RECORDS:
        return "stream", name
    schema, _, part = name.partition(" ")
    return schema, part


def a_document(name: str) -> Any:
    """A valid document with every number that its schema has."""
    schema, part = definition_of(name)
    if part:
        return a_value(schema, definition(schema, part)) | ({"status": "ok", "failure": None} if part == "seed" else {})
    failed = {"status": "failed", "passed": False, "unusable": []}  # violations have a number, too
    document = a_value(name) | (failed if name == "verdict" else {})
    if name == "config":
        (canary,), (scenario,) = document["canaries"].values(), document["scenarios"]
        canary["scenario"] = scenario  # no other scenario could be judged
    return document


def places(name: str) -> Iterator[tuple[Place, Schema]]:
    """The numbers of such a document."""
    schema, part = definition_of(name)
    return numbers_of(schema, definition(schema, part)) if part else numbers_of(name)


def with_number(document: Any, place: Place, token: str) -> bytes:
    """The document with this text in place of one number."""
    changed = copy.deepcopy(document)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = MARK
    return json.dumps(changed).replace(json.dumps(MARK), token).encode()


def meets_its_schema(name: str, data: bytes) -> bool:
    """Whether a reader that refuses it does so because other members of the document disagree with the number."""
    kind = definition_of(name)
    return not contract.problems(kind[0], json.loads(data), kind[1])


def keeps_the_rule(token: str, part: Schema) -> bool:
    """Whether a number may stand where the schema says this."""
    types = [part["type"]] if isinstance(part["type"], str) else part["type"]
    try:
        value = float(token)
    except OverflowError:
        return False
    exact = int(token) if token in INTEGERS else value
    if not math.isfinite(value) or (token in OTHERS and "number" not in types):
        return False
    least, most = part.get("minimum", -math.inf), part.get("maximum", math.inf)
    return bool(least <= exact <= most and exact > part.get("exclusiveMinimum", -math.inf))


def test_every_schema_has_a_reader_here() -> None:
    """A new document comes with its rule."""
    assert {definition_of(name)[0] for name in READERS} == {*SCHEMA_NAMES}


@pytest.mark.parametrize("name", READERS)
def test_documents_of_every_schema_keep_one_rule_for_numbers(name: str) -> None:
    """Integers, fractions, huge ones, negative zero, exponents: taken or refused by the rule, and never otherwise."""
    document = a_document(name)
    READERS[name](json.dumps(document).encode())  # else nothing below is about its number
    wrong = []
    for place, part in places(name):
        for token in (*INTEGERS, *OTHERS):
            data = with_number({place[0]: document[place[0]]} if name == "config" else document, place, token)
            try:
                READERS[name](data)
                taken = True
            except UserError:
                taken = False
            lawful = keeps_the_rule(token, part)
            if taken != lawful and not (lawful and meets_its_schema(name, data)):
                wrong.append(f"{place}: {token[:20]} is {'taken' if taken else 'refused'}")
    assert not wrong


def test_the_walk_meets_every_kind_of_document() -> None:
    """The numbers that a fault was found in before are among those that are walked."""
    assert sum(len(list(places(name))) for name in READERS) > 150
    walked = {name: {place for place, _ in places(name)} for name in READERS}
    assert ("coverage", "invariant_executions", "a") in walked["wrapped"]
    assert ("rate",) in walked["recording"]
    assert {("minutes",), ("work", 0, "rate")} <= walked["plan"]
    assert {("trends", 0, "median"), ("work", 0, "rate")} <= walked["night"]


def test_an_integer_of_thousands_of_digits_is_refused_by_all() -> None:
    """Python itself refuses to convert it."""
    for name, reader in READERS.items():
        for place, _ in list(places(name))[:1]:
            if name not in RECORDS:
                with pytest.raises(UserError):
                    reader(with_number(a_document(name), place, "9" * 5_000))


def test_negative_zero_is_zero() -> None:
    """Nobody should read `-0.0 iterations a second`."""
    manifest = with_number(a_document("recording"), ("rate",), "-0.0")
    rate = recording_from_json(manifest, "d").rate
    assert (rate, math.copysign(1, rate or 0)) == (0, 1)
    config = parse_config("min_per_iteration: {a: -0.0}", "d")
    assert str(config.layer["min_per_iteration"].value) == "{'a': 0.0}"
