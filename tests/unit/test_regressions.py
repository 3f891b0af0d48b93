"""Seeds that failed once: their file, and what becomes of each when it is played again."""

from __future__ import annotations

import json

import pytest

from tests.support.pages import HOSTILE
from tests.support.recordings import a_manifest
from tests.support.reports import a_stream
from vopr_coverage.errors import ConfigError, UsageError
from vopr_coverage.model.manifest import Recording, recording_from_json
from vopr_coverage.model.report import Run
from vopr_coverage.nightly.plan import is_safe
from vopr_coverage.nightly.regression_file import (
    RegressionSeeds,
    is_scenario,
    parse_regressions,
    regression_line,
)
from vopr_coverage.nightly.replay import replay_result, seeds_to_replay, why_incomplete
from vopr_coverage.reading.stream import read_stream

COMMAND = ("vopr", "--scenario={scenario}", "--seed={seed}")


def test_regressions_are_read_by_scenario() -> None:
    """In the order of the file, each seed once, comments and empty lines left out."""
    text = "combined 7  # vsr_agreement\n\n# none\nswizzle 9\nCombined 007\ncombined 18446744073709551615\n"
    assert [(one.scenario, one.seeds) for one in parse_regressions(text, "seeds.txt")] == [
        ("combined", ("7", "18446744073709551615")),
        ("swizzle", ("9",)),
    ]


@pytest.mark.parametrize(
    "line",
    ["combined", "combined 1 2", "combined -1", "combined 0x7", "combined ٣", f"a {1 << 64}", f"{'a' * 201} 1",
     "a\x07 1", '"two words"', '"two words"7', '"two words 7', '"a" "b" 7', '"a\\u0007" 7', '"" 7'],
)  # fmt: skip
def test_a_line_that_is_no_regression_is_told_with_its_number(line: str) -> None:
    """A seed that is never played again must not look as if it were."""
    with pytest.raises(ConfigError, match=r"seeds\.txt:2: expected SCENARIO SEED"):
        parse_regressions(f"# first\n{line}\n", "seeds.txt")


ODD = [
    "two words",
    " a",
    "a ",
    "a#b",
    "# a",
    '"',
    'say "hi" # not',
    "back\\slash n",
    "'",
    "`id`",
    '"a" 7',
    "é ü",
    "x" * 200,
]


@pytest.mark.parametrize("scenario", [*ODD, *HOSTILE])
def test_a_line_that_is_suggested_can_be_read(scenario: str) -> None:
    """Whatever the scenario is called, and in one line; a name that no file may have has no line."""
    line = regression_line(scenario, "42", "agreement # 1\n2", "2026-11-26")
    assert bool(line) == is_scenario(scenario)
    assert line.isprintable()
    expected = (RegressionSeeds(scenario, ("42",)),) if line else ()
    assert parse_regressions(f"# first\n{line}\n", "seeds.txt") == expected


def test_a_plain_name_stands_without_quotes() -> None:
    """As in the files that are there."""
    assert regression_line("it's", "42", "agreement") == "it's 42  # agreement"
    assert regression_line("two words", "42", "agreement") == '"two words" 42  # agreement'


@pytest.mark.parametrize(("lines", "last"), [(11, "… and 1 more problem"), (1_200, "… and 1,190 more problems")])
def test_ten_problems_of_a_file_are_listed_and_the_others_counted(lines: int, last: str) -> None:
    """As in every other file."""
    with pytest.raises(ConfigError) as raised:
        parse_regressions("combined\n" * lines, "seeds.txt")
    assert str(raised.value).splitlines()[10:] == [last]


def test_every_seed_gets_a_folder_of_its_own() -> None:
    """In the order of the file, safe for file names whatever the scenario is called."""
    found = list(
        seeds_to_replay(
            [RegressionSeeds("combined", ("7", "8")), RegressionSeeds("../x", (str((1 << 64) - 1),))], COMMAND
        )
    )
    assert [one.folder for one in found[:2]] == ["combined-7", "combined-8"]
    assert found[2].folder.startswith("x-")
    assert is_safe(found[2].folder)


@pytest.mark.parametrize(
    ("command", "told"), [(("vopr", "{scenario}"), "no {seed}"), (("vopr", "{seed}"), "no {scenario}")]
)
def test_a_command_must_be_told_what_to_play(command: tuple[str, ...], told: str) -> None:
    """Else something else would be played under a seed's name."""
    with pytest.raises(UsageError, match=told):
        list(seeds_to_replay([RegressionSeeds("a", ("1",)), RegressionSeeds("b", ("1",))], command))


def recorded(**changes: object) -> Recording:
    """What a manifest says."""
    return recording_from_json(json.dumps(a_manifest(**changes)).encode(), "manifest.json")


def run_of(stream: bytes) -> Run:
    """A stream as it is read."""
    run = read_stream([stream], "s").run
    assert run
    return run


@pytest.mark.parametrize(
    ("changes", "stream", "told"),
    [
        ({}, a_stream(1, first=7), "held"),
        ({"exit_code": 1}, a_stream(1, first=7, failing={7: "vsr_agreement"}), "failed invariant vsr_agreement"),
        ({"exit_code": 1}, a_stream(1, first=7, lost=[7]), "failed without a record"),
        ({}, None, "recorded, but its stream cannot be read"),
        ({}, a_stream(2, first=7), "recorded, but it is not a run of this seed alone"),
        ({}, a_stream(1, first=0), "recorded, but it is not a run of this seed alone"),
        ({}, a_stream(0, first=7), "recorded, but it is not a run of this seed alone"),
        ({"exit_code": 3}, a_stream(1, first=7), "recorded, ended with exit code 3"),
    ],
)
def test_what_a_seed_showed_is_said_in_a_few_words(changes: dict[str, object], stream: bytes | None, told: str) -> None:
    """Held only where this seed ran alone and all was well."""
    assert replay_result(recorded(**changes), None if stream is None else run_of(stream), "7") == told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"timed_out": True, "timeout_s": 2.5, "signal": 15}, "timed out after 2.5 s"),
        ({"interrupted": True, "signal": 2}, "interrupted"),
        ({"signal": 9, "exit_code": None}, "ended by signal 9"),
        ({"exit_code": 101}, "ended with exit code 101"),
        ({}, "its stream has no start and end"),
    ],
)
def test_why_a_recording_is_not_whole_is_said(changes: dict[str, object], told: str) -> None:
    """What stopped it comes before how its simulator ended."""
    assert why_incomplete(recorded(**changes)) == told
