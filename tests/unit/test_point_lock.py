"""The lockfile's text: laid out for a diff, read back as it was, and refused where it says what cannot be."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.loops import for_each
from tools.fuzzing.changes import changed as changed_at_random
from vopr_coverage.errors import UserError
from vopr_coverage.formats import schema as contract
from vopr_coverage.model.point_lock import FirstSeen, LockedIn, LockedPoint, PointLock, locked_rates
from vopr_coverage.points.lockfile import parse_lock, text_of_lock
from vopr_coverage.points.rounding import rounded_outwards

LOCK = PointLock(
    rare_seeds=20_000,
    points=(
        LockedPoint(
            "net.drop",
            "fault",
            {
                "combined": LockedIn("common", rate=(0.1, 0.2)),
                "calm": LockedIn("unreachable", hit=False),
            },
            FirstSeen("2026-05-07", "0123abc"),
        ),
        LockedPoint("leader changes", "sometimes", {"*": LockedIn("critical", hit=False, rate=(0.0, 0.01))}),
    ),
)
TEXT = """\
{
  "format": "urn:vopr-coverage:schema:points:v1",
  "rare_seeds": 20000,
  "points": [
    {"name": "leader changes", "kind": "sometimes", "scenarios": {
      "*": {"class": "critical", "hit": false, "rate": [0.0, 0.01]}
    }},
    {"name": "net.drop", "kind": "fault", "first": {"night": "2026-05-07", "commit": "0123abc"}, "scenarios": {
      "calm": {"class": "unreachable", "hit": false},
      "combined": {"class": "common", "rate": [0.1, 0.2]}
    }}
  ]
}
"""


def test_it_has_a_line_a_point_and_a_line_for_each_of_its_scenarios() -> None:
    """Sorted, so that a change is a line of a diff wherever the runs had it."""
    assert text_of_lock(LOCK) == TEXT
    assert contract.problems("points", json.loads(TEXT)) == []


def test_it_is_read_as_it_was_written() -> None:
    """With and without a byte order mark, and an empty one too."""
    read = parse_lock(TEXT.encode(), "p")
    assert text_of_lock(read) == TEXT
    assert parse_lock(b"\xef\xbb\xbf" + TEXT.encode(), "p") == read
    assert parse_lock(text_of_lock(PointLock()).encode(), "p") == PointLock()


def test_a_name_cannot_change_what_a_reader_of_the_diff_sees() -> None:
    """Right-to-left marks, line ends and quotes are escaped; letters of other scripts stay."""
    name = 'a\u202e"\n\u2028b\U000e0041é漢'
    lock = PointLock(points=(LockedPoint(name, "fault", {"*": LockedIn("common")}),))
    text = text_of_lock(lock)
    assert text.replace("\n", "").isprintable()
    assert text.count("\n") == text_of_lock(
        PointLock(points=(LockedPoint("a", "fault", lock.points[0].scenarios),))
    ).count("\n")
    assert "é漢" in text
    assert parse_lock(text.encode(), "p") == lock


def changed(**changes: Any) -> bytes:
    """The file with other values at its top."""
    return json.dumps(json.loads(TEXT) | changes).encode()


def with_point(**changes: Any) -> bytes:
    """The file with other values in its first point."""
    document = json.loads(TEXT)
    document["points"][0] |= changes
    return json.dumps(document).encode()


REFUSED = {
    "cut": (TEXT.encode()[:-40], "p:10: expected a lockfile of points, JSON, found '\"co'; restore it from git"),
    "not JSON": (b"points:\n", "p:1: expected a lockfile of points, JSON"),
    "a conflict of git": (
        TEXT.encode().replace(b'    {"name": "net', b'<<<<<<< HEAD\n    {"name": "net'),
        "p:8: expected a lock",
    ),
    "a list": (b"[]", "p#: expected a lockfile of points, found an array of 0"),
    "a later version": (
        changed(format="urn:vopr-coverage:schema:points:v2"),
        "p#/format: expected 'urn:vopr-coverage:schema:points:v1', found 'urn:vopr-coverage:schema:points:v2'; another "
        "version of vopr-coverage wrote it",
    ),
    "another document": (changed(format="urn:vopr-coverage:schema:trend:v1"), "p#/format: expected 'urn"),
    "no format": (b'{"rare_seeds": 1, "points": []}', "p#: expected the key 'format', found no such key"),
    "an unknown key": (changed(pionts=[]), "p#/pionts: expected a known key (did you mean 'points'?)"),
    "an unknown class": (
        with_point(scenarios={"a": {"class": "comon"}}),
        "p#/points/0/scenarios/a/class: expected critical",
    ),
    "an unknown kind": (with_point(kind="faults"), "p#/points/0/kind: expected fault, sometimes, reachable or phase"),
    "no scenario": (with_point(scenarios={}), "p#/points/0/scenarios: expected a map of scenario"),
    "a point twice": (
        with_point(name="net.drop"),
        "p#/points/1/name: expected each point once, found 'net.drop' at #/points/0, too",
    ),
    "a key twice": (
        TEXT.replace('"calm": {', '"combined": {').encode(),
        "expected a lockfile of points, every key once, found the key 'combined' twice",
    ),
    "a scenario in two spellings": (
        with_point(scenarios={"Calm": {"class": "rare"}, "calm": {"class": "rare"}}),
        "p#/points/0/scenarios: expected each scenario once, found 'Calm' in two spellings",
    ),
    "a rate turned round": (
        with_point(scenarios={"a": {"class": "rare", "rate": [0.2, 0.1]}}),
        "p#/points/0/scenarios/a: expected a rate from its lower to its upper limit, found 0.2 before 0.1",
    ),
    "a rate of what was never hit": (
        with_point(scenarios={"a": {"class": "rare", "hit": False, "rate": [0.1, 0.2]}}),
        "p#/points/0/scenarios/a: expected a rate that begins at 0 of a point that was never hit, found 0.1",
    ),
    "a rate above 1": (
        with_point(scenarios={"a": {"class": "rare", "rate": [0, 2]}}),
        "p#/points/0/scenarios/a/rate/1: expected a share",
    ),
    "a fraction of seeds": (changed(rare_seeds=5.0), "p#/rare_seeds: expected an integer from 1"),
    "deep": (b"[" * 5000, "p: expected a lockfile of points, "),
    "no text": (b"\xff\xfe", "p: expected a lockfile of points, UTF-8 text"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_lockfile_is_refused_with_its_place(case: str) -> None:
    """Where, what was expected, and what was found."""
    data, said = REFUSED[case]
    with pytest.raises(UserError) as error:
        parse_lock(data, "p")
    assert said in str(error.value)


def test_every_cut_of_a_lockfile_is_refused() -> None:
    """Half of the points would be a denominator that nobody reviewed."""
    data = TEXT.encode()
    for end in range(len(data.rstrip())):
        with pytest.raises(UserError):
            parse_lock(data[:end], "p")


def test_a_scenario_is_found_whatever_its_case_and_else_the_entry_for_others() -> None:
    """As a config finds its scenarios."""
    assert list(LOCK.points_in(["COMBINED"])) == ["net.drop"]
    assert list(LOCK.points_in([None])) == ["leader changes"]
    assert list(LOCK.points_in(["elsewhere"])) == ["leader changes"]
    named = PointLock(points=LOCK.points[:1])
    assert named.entry_of("elsewhere") is None
    assert named.points_in(["elsewhere"]) == {}


def test_in_several_scenarios_the_strongest_class_counts() -> None:
    """What one of them can reach, their sum can reach."""
    both = LOCK.points_in(["calm", "combined"])["net.drop"].place
    assert (both.class_, both.hit) == ("common", True)


def test_rates_are_those_of_points_that_can_occur() -> None:
    """For whoever asks whether a run could have missed a point by chance."""
    assert locked_rates(LOCK) == {"combined": {"net.drop": (0.1, 0.2)}, "*": {"leader changes": (0.0, 0.01)}}


@pytest.mark.parametrize(
    ("interval", "rounded"),
    [
        ((0.0, 0.0037), (0.0, 0.005)),
        ((0.11, 0.24), (0.1, 0.5)),
        ((0.2, 0.5), (0.2, 0.5)),  # a step stays
        ((0.63, 0.9963), (0.5, 0.998)),  # above one half by what is missing to 1
        ((0.9963, 1.0), (0.995, 1.0)),
        ((3.3e-7, 1.1e-5), (2e-7, 2e-5)),
    ],
)
def test_a_rate_is_rounded_outwards(interval: tuple[float, float], rounded: tuple[float, float]) -> None:
    """To 1, 2 or 5 of a power of ten, and once more changes nothing."""
    assert rounded_outwards(interval) == pytest.approx(rounded, rel=1e-12)
    assert rounded_outwards(rounded_outwards(interval)) == rounded_outwards(interval)


def test_the_example_of_the_page_is_a_lockfile_as_it_is_written() -> None:
    """Whoever copies it has a valid file, laid out as `points lock` lays it out."""
    page = (Path(__file__).parents[2] / "docs" / "points.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.S)
    assert text_of_lock(parse_lock(example.encode(), "docs/points.md")) == example


@for_each(range(400))
def test_a_lockfile_that_was_changed_at_random_is_refused_or_whole(number: int) -> None:
    """No exception but ours; and what is taken can be written and read again."""
    rng = random.Random(number)
    for _ in range(5):
        data = changed_at_random(rng, TEXT.encode(), "bytes", ())
        try:
            lock = parse_lock(data, "p")
        except UserError:
            continue
        assert parse_lock(text_of_lock(lock).encode(), "p") == msgspec.structs.replace(
            lock,
            points=tuple(
                msgspec.structs.replace(point, scenarios=dict(sorted(point.scenarios.items())))
                for point in sorted(lock.points, key=lambda point: point.name)
            ),
        )
