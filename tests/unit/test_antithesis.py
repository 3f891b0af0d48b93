"""Files of the six Antithesis SDKs: what they say is what the program that wrote them has counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vopr_coverage.errors import ManyErrors, ReportError, UserError
from vopr_coverage.files import opened
from vopr_coverage.model.points import Location
from vopr_coverage.model.report import Input
from vopr_coverage.reading import read_report
from vopr_coverage.reading.antithesis import AntithesisReader, read_antithesis
from vopr_coverage.reading.antithesis_properties import Property
from vopr_coverage.reading.source import NoRecords, blocks

DATA = Path(__file__).parents[1] / "data" / "antithesis"
TRUTH: dict[str, dict[str, Any]] = json.loads((DATA / "truth.json").read_text(encoding="utf-8"))


def assertion(id: str, kind: str = "sometimes", *, hit: bool = True, condition: Any = True, **more: Any) -> bytes:
    """One line of an SDK."""
    kinds = {"always": ("always", True), "optional": ("always", False), "sometimes": ("sometimes", True),
             "reachable": ("reachability", True), "unreachable": ("reachability", False)}  # fmt: skip
    assert_type, must_hit = kinds[kind]
    value = {
        "hit": hit,
        "must_hit": must_hit,
        "assert_type": assert_type,
        "message": id,
        "condition": condition,
        "id": id,
    }
    return json.dumps({"antithesis_assert": value | more}).encode() + b"\n"


HEADER = b'{"antithesis_sdk": {"language": {"name": "Go"}, "sdk_version": "0.9.0"}}\n'


def reading(*lines: bytes) -> Input:
    """These lines, read as one file."""
    return read_antithesis([b"".join(lines)], "f.jsonl")


def test_text_of_an_assertion_has_to_be_utf_8() -> None:
    """A name that cannot be read is no name, wherever it stands."""
    broken = assertion("name").replace(b"name", b"na\xffme")
    skipped = assertion("name", details="a").replace(b"details", b"deta\xffils")
    for lines in ((broken,), (HEADER, broken), (HEADER, assertion("other"), broken), (HEADER, skipped)):
        with pytest.raises((ReportError, ManyErrors), match=r"expected (UTF-8 text|a JSON object on each line)"):
            reading(*lines)


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_a_real_file_says_what_its_program_counted(name: str) -> None:
    """Declared, reached, missing, violated and vacuous properties, by id."""
    truth, reader = TRUTH[name], AntithesisReader(name)
    with opened(str(DATA / name)) as stream:
        reader.read(blocks(stream, name))
    every, program = list(reader.properties.by_key.values()), reader.properties.program()

    def ids(properties: list[Property]) -> list[str]:
        return sorted({found.id for found in properties})

    assert reader.headers == truth["headers"]
    assert len(ids([found for found in every if found.declared])) == truth["declared"]
    assert len(ids([found for found in every if found.hit])) == truth["reached"]
    assert ids([found for found in every if found.hit and not found.declared]) == sorted(
        truth["undeclared_but_reached"]
    )
    assert ids([found for found in program if found.violated]) == sorted(truth["violated"])
    missing = {
        (found.id, "evaluated, never true" if found.hit else "never reached") for found in program if found.missed
    }
    assert missing == {tuple(pair) for pair in truth["missing"]}
    vacuous = [found for found in program if found.kind == "always or unreachable" and not found.hit]
    assert ids(vacuous) == sorted(truth["vacuous"])
    assert (bool(reader.errors) or reader.torn) == truth["broken"]
    for id, runs in truth.get("runs_reached", {}).items():
        assert sum(len(found.hit) for found in program if found.id == id) == runs


def test_every_sdk_is_recognised_by_content() -> None:
    """With or without a header, or declarations, before the first assertion."""
    formats: dict[str, str] = {}
    for name in TRUTH:
        try:
            formats[name] = read_report(str(DATA / name)).format
        except UserError:
            formats[name] = "broken" if TRUTH[name]["broken"] else "refused"
    assert set(formats.values()) <= {"antithesis", "broken"}


def test_kinds_become_points_invariants_and_violations() -> None:
    """A declaration alone is a point that was missed, or an invariant that never ran."""
    read = reading(
        HEADER,
        assertion("leader changes", hit=False, condition=False),
        assertion("log is compacted", "reachable", hit=False, condition=True),
        assertion("in order", "always", hit=False),
        assertion("fallback", "optional", hit=False),
        assertion("two leaders", "unreachable", hit=False),
        assertion("leader changes", condition=False),
        assertion("in order", "always"),
        assertion("in order", "always", condition=False, location={"file": "a.go", "begin_line": 7}),
        assertion("two leaders", "unreachable"),
    )
    observed = read.observed
    assert observed is not None
    points = {name: (point.kind, point.hit, point.evaluated) for name, point in observed.points.items()}
    assert points == {"leader changes": ("sometimes", False, True), "log is compacted": ("reachable", False, False)}
    assert {name: (seen.runs, seen.optional) for name, seen in observed.invariants.items()} == {
        "in order": (1, False),
        "fallback": (0, True),
    }
    assert {name: broken.line for name, broken in observed.broken.items()} == {
        "in order": "was false",
        "two leaders": "was reached",
    }
    assert observed.broken["in order"].location == Location("a.go", 7)
    assert read.report is not None
    assert (read.report.total_fault_points, read.report.fault_points_hit) == (2, 0)
    assert read.report.missed_invariants == []


def test_guidance_is_no_declaration() -> None:
    """Half of all lines; they have `hit: false`, too."""
    guidance = b'{"antithesis_guidance": {"hit": false, "id": "x", "message": "x", "guidance_type": "numeric"}}\n'
    read = reading(HEADER, guidance)
    assert read.observed is not None
    assert not read.observed.points
    assert read.report is None


def test_other_keys_may_stand_beside_those_of_the_sdk() -> None:
    """As in the logs of a platform."""
    line = assertion("a").replace(b'{"antithesis_assert"', b'{"moment": {"vtime": 1.5}, "antithesis_assert"', 1)
    assert reading(line).observed == reading(assertion("a")).observed


def test_an_assertion_counts_whatever_stands_beside_it() -> None:
    """Guidance, which is skipped, may share its line."""
    line = assertion("a").replace(
        b'{"antithesis_assert"', b'{"antithesis_guidance": {"id": "a"}, "antithesis_assert"', 1
    )
    assert reading(line).observed == reading(assertion("a")).observed


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ({"file": "a.go", "begin_line": 7}, Location("a.go", 7)),
        ({"file": "a.go", "begin_line": 7, "class": 3}, Location("a.go", 7)),
        ({"file": "file", "begin_line": 0}, None),  # what the SDK for Java writes
        ({"begin_line": 7}, None),
        ({"file": None, "begin_line": 7}, None),
        ({"file": "a.go", "begin_line": "7"}, None),
        ({"file": "a.go", "begin_line": 7.5}, None),
        ("a.go:7", None),
        (None, None),
    ],
)
def test_a_location_of_any_kind_is_a_place_or_none(location: object, place: Location | None) -> None:
    """Other tools write what they like there, and their assertions count all the same."""
    read = reading(assertion("a", hit=False, location=location))
    assert read.observed is not None
    assert read.observed.points["a"].location == place


def test_one_id_of_two_kinds_is_two_properties() -> None:
    """Both are judged, and the report says so."""
    read = reading(assertion("x", hit=False), assertion("x", "always", condition=False))
    assert read.observed is not None
    assert set(read.observed.points) == {"x (sometimes)"}
    assert set(read.observed.broken) == {"x (always)"}
    assert read.warnings == ("'x' is used for sometimes and always: both are judged",)


def test_one_id_of_two_messages_is_one_property_and_a_remark() -> None:
    """A property is known by its id; which of both names it has elsewhere, nobody knows."""
    read = reading(assertion("x", hit=False), assertion("x", message="leader of term 7"))
    assert read.observed is not None
    assert {name: point.hit for name, point in read.observed.points.items()} == {"x": True}
    assert read.warnings == ("'x' has the messages 'x' and 'leader of term 7': it is one property, by its id",)


def test_go_without_cgo_is_a_remark_and_no_violation() -> None:
    """The SDK writes that failure itself."""
    read = reading(assertion("Go application under test compiled with CGO enabled", "always", condition=False))
    assert read.observed is not None
    assert not read.observed.broken
    assert "without CGO" in read.warnings[0]


@pytest.mark.parametrize(
    ("language", "way"),
    [
        ("Go", "antithesis-go-toolexec"),
        ("Python", "antithesis.catalog"),
        ("Java", "fault_points"),
        ("C#", "fault_points"),
    ],
)
def test_without_declarations_the_way_of_that_sdk_is_named(language: str, way: str) -> None:
    """Not measured is no end: the remark says how to get declarations from this SDK. With one it is silent."""
    sdk = {"language": {"name": language, "version": "1"}, "sdk_version": "1"}
    header = json.dumps({"antithesis_sdk": sdk}).encode() + b"\n"
    reached = assertion("elected", "sometimes")
    (remark,) = reading(header, reached).warnings
    assert "no property is declared" in remark
    assert way in remark
    assert not reading(header, assertion("elected", "sometimes", hit=False), reached).warnings


@pytest.mark.parametrize(("line", "joined"), [(44, True), (45, False)])
def test_a_placeholder_of_gos_instrumentor_is_joined_by_file_and_line(line: int, joined: bool) -> None:
    """The message that was evaluated there is the declared one."""
    placeholder = assertion('Message from "main.go[44]"', hit=False, location={"file": "main.go", "begin_line": 44})
    evaluated = assertion("elected 7", location={"file": "/src/main.go", "begin_line": line})
    observed = reading(placeholder, evaluated).observed
    assert observed is not None
    declared = {name: point.declared for name, point in observed.points.items()}
    assert declared == ({"elected 7": True} if joined else {'Message from "main.go[44]"': True, "elected 7": False})


def test_runs_that_were_appended_are_reported_and_counted() -> None:
    """Most SDKs append: the file may hold runs of an earlier job."""
    read = reading(HEADER, assertion("a"), HEADER, assertion("a"), assertion("b"))
    assert read.observed is not None
    assert read.observed.runs == 2
    assert {name: point.runs for name, point in read.observed.points.items()} == {"a": 2, "b": 1}
    assert "2 runs are in this file" in read.warnings[0]


def test_a_torn_last_line_is_a_run_that_broke_off() -> None:
    """And a broken line in the middle is an error of the file: two processes wrote to one path."""
    torn = reading(HEADER, assertion("a"), assertion("b")[:40])
    assert torn.finish is not None
    assert torn.finish.ended_early == "line 3 is torn, so the program or the disk ended in it"
    with pytest.raises(ManyErrors, match=r"f\.jsonl:2: expected a JSON object on each line"):
        reading(HEADER, assertion("a")[:40] + b"\n", assertion("b"))


def test_without_torn_line_nobody_knows_whether_the_run_finished() -> None:
    """The format has no end."""
    finish = reading(HEADER, assertion("a")).finish
    assert finish is not None
    assert (finish.known, finish.ended_early) == (False, None)


@pytest.mark.parametrize("key", ["hit", "must_hit", "assert_type", "message", "condition", "id"])
def test_an_assertion_that_lacks_a_key_is_refused(key: str) -> None:
    """It is never skipped without a word."""
    value = json.loads(assertion("a"))
    del value["antithesis_assert"][key]
    with pytest.raises(ManyErrors, match=f"f.jsonl:1#/antithesis_assert: expected an assertion.*`{key}`"):
        reading(json.dumps(value).encode() + b"\n")


def test_an_event_may_have_the_name_of_an_assertion() -> None:
    """A program names its events as it likes."""
    read = reading(HEADER, b'{"antithesis_assert": {"note": 1}}\n', b'{"workload finished": {}}\n')
    assert read.observed is not None
    assert read.observed.events == {"antithesis_assert": 1, "workload finished": 1}


@pytest.mark.parametrize("text", ["\u00e9", "e\u0301", "a\u2028b", " a ", "a\x00b"])
def test_messages_stay_as_they_are(text: str) -> None:
    """No trimming and no normalisation: two spellings are two properties."""
    read = reading(assertion(text))
    assert read.observed is not None
    assert list(read.observed.points) == [text]


@pytest.mark.parametrize("data", [b"", b"\n", b'{"level": "info"}\n'])
def test_a_file_without_a_line_of_an_sdk_is_refused(data: bytes) -> None:
    """It says nothing of properties, so nothing is missing from it either."""
    with pytest.raises(NoRecords):
        reading(data)


def test_an_unknown_kind_is_refused() -> None:
    """A later SDK may have others."""
    with pytest.raises(
        (ReportError, ManyErrors), match="expected always, sometimes or reachability, found 'eventually'"
    ):
        reading(assertion("a", assert_type="eventually"))
