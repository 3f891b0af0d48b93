"""The fuzzer: every door is in it, it finds bugs that were planted, and what it once found is mended."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.reports import a_stream
from tools.fuzzing.changes import changed
from tools.fuzzing.door import Door, Ending, Finding, taken
from tools.fuzzing.doors import CORPUS, all_doors, door_of
from tools.fuzzing.engine import Count, input_of, turn
from tools.fuzzing.judging import Court, Names
from tools.fuzzing.ledger import PACKAGE, fingerprint
from tools.fuzzing.reports import SECOND
from vopr_coverage.config.file import parse_config
from vopr_coverage.errors import UsageError
from vopr_coverage.reading.formats import FORMATS

DRAWING = [door for door in all_doors() if door.draw]
LEAST = ("min_view_changes", "min_repairs", "min_unique_query_plans")
HUGE = float("inf")  # the process of all tests is as large as it is
# What parses data, in the source; and modules that do so for others, which have the door.
PARSES = re.compile(
    r"strict_loads\(|contract\.document\(|read_bytes\(|read_text\(|json\.decode\(|json\.loads\(|\.Decoder\(|raw_decode\(|"
    r"ZipFile\(|tarfile\.open\(|edn_loads\(|runner_of\(|os\.environ\b|b64decode\("
)
NO_DOORS = {
    "files": "reads for others", "formats/text": "decodes for others", "formats/schema": "see documents",
    "model/thresholds": "shipped profiles", "cli": "see the door environment",
    "config/lock": "the lockfile's door",
    "nightly/seed_calibration": "the end of a log, printed", "render/trends_page": "a shipped template",
    "recorder/child_environment": "names of variables only", "reading/shapes": "shapes of VOPR's records",
    "reading/merged_end": "writes", "commands/seeds": "the first line of a file",
    "github/git_data": "answers of GitHub; what they hold is the history's door", "recorder/outputs": "writes",
}  # fmt: skip


def test_every_format_has_a_door_and_a_second_judge() -> None:
    """As the table of formats has it, with all variants."""
    names = {name for row in FORMATS.values() for name in (row.name, *row.variants)}
    assert names <= {door.name for door in all_doors()}
    assert set(SECOND) == names


def test_every_module_that_parses_data_is_behind_a_door() -> None:
    """Or is said to be behind another one."""
    read = {module for door in all_doors() for module in door.reads}
    assert [module for module in sorted(read) if not (PACKAGE / f"{module}.py").exists()] == []
    parsing = {
        path.relative_to(PACKAGE).with_suffix("").as_posix()
        for path in PACKAGE.rglob("*.py")
        if PARSES.search(path.read_text("utf-8"))
    }
    assert sorted(parsing - read - set(NO_DOORS)) == []


@pytest.mark.parametrize("door", all_doors(), ids=lambda door: door.name)
def test_a_door_takes_its_samples(door: Door) -> None:
    """At least one of them, or the harness would prove nothing there."""
    assert {"taken", "judged"} & {taken(door, sample, HUGE) for sample in door.samples}


@pytest.mark.parametrize(
    "path", sorted(path for path in CORPUS.rglob("*") if path.is_file()), ids=lambda path: path.name
)
def test_what_was_found_once_is_mended(path: Path) -> None:
    """Each input of the corpus was a finding."""
    taken(door_of(path.parent.name.replace("-", " ")), path.read_bytes(), HUGE)


@pytest.mark.parametrize("door", all_doors(), ids=lambda door: door.name)
def test_changed_inputs_keep_all_promises(door: Door) -> None:
    """Each input follows from its id."""
    for number in range(20):
        data = input_of(door, "test", number)
        assert data == input_of(door, "test", number)
        taken(door, data, HUGE)


@pytest.mark.parametrize("door", DRAWING, ids=lambda door: door.name)
def test_drawn_documents_keep_all_promises(door: Door) -> None:
    """Hypothesis draws them, and makes one that does not as small as it can."""
    assert door.draw is not None

    @examples(40)
    @given(st.randoms(use_true_random=False))
    def holds(rng: Random) -> None:
        taken(door, door.draw(rng), HUGE)  # type: ignore[misc]

    holds()


# ---- planted bugs


def with_bug(bug: str, data: bytes) -> Ending:
    """A door that is sick in one way, but only for inputs with a certain byte."""
    if b"9" not in data:
        return "taken"
    if bug == "raises":
        raise KeyError("planted")
    if bug == "sleeps":
        while True:
            time.process_time()
    return "taken"


@pytest.mark.parametrize(("bug", "kind"), [("raises", "KeyError in"), ("sleeps", "took more than 2 s")])
def test_a_planted_bug_is_found_and_made_small(bug: str, kind: str, tmp_path: Path) -> None:
    """A reader that raises what is not ours, and one that never ends."""
    door = Door("planted", lambda data: with_bug(bug, data), (b"a text with 1 and 2",), ())
    count = Count()
    turn(door, 0, 0, count, tmp_path, seconds=4, most=300)
    assert [found for found in count.kinds if found.startswith(kind)]
    kept = [path for path in (tmp_path / "findings").iterdir() if path.suffix != ".txt"]
    assert bug == "sleeps" or min(len(path.read_bytes()) for path in kept) == 1


def test_a_sick_input_that_passes_is_found(tmp_path: Path) -> None:
    """A reader that completes what a torn stream lacks."""
    court, whole = Court(None, Names(), SECOND["stream"]), a_stream(3)
    asked = {**court.configs[0][0], **dict.fromkeys(LEAST, 0), "fault_point_coverage_min": 0.1}
    vars(court)["configs"] = ((asked, parse_config(json.dumps(asked), "gate.yml")),)

    def take(data: bytes) -> Ending:
        court.hold(data, court.judged(whole))
        return "judged"

    count = Count()
    turn(replace(door_of("stream"), take=take), 0, 0, count, tmp_path, seconds=4, most=60)
    assert "a sick input passes" in count.kinds


def test_an_unprintable_error_is_found() -> None:
    """What we say of an input reaches a terminal."""

    def take(data: bytes) -> Ending:
        raise UsageError(data.decode())

    with pytest.raises(Finding, match="not printable"):
        taken(Door("planted", take, (b"",), ()), b"\x1b[2J")


def test_an_input_follows_from_its_id_alone() -> None:
    """Whatever was changed before it: values that are put in are copies."""
    sample = json.dumps({"a": [1, [2]], "b": {"c": {}}}).encode()
    before = [changed(Random(seed), sample, "json", ()) for seed in range(4_000)]
    for seed in range(4_000, 30_000):
        changed(Random(seed), sample, "json", ())
    assert [changed(Random(seed), sample, "json", ()) for seed in range(4_000)] == before


def test_inputs_count_for_the_code_that_they_met() -> None:
    """A door has a fingerprint of what it reads with, and not of the rest."""
    stream_door, zip_door = door_of("stream"), door_of("artifact")
    assert fingerprint(stream_door) == fingerprint(stream_door)
    assert fingerprint(stream_door) != fingerprint(zip_door)
