"""Canary runs in the folders of a night: which folders are control runs, and what each of them has as a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.recordings import a_recording
from tests.support.reports import a_flat_report, a_stream
from tests.support.samples import samples
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.folder import canary_run, controls_in, is_of_control, read_run, run_in_files
from vopr_coverage.canaries.judge import CanaryEnding, CanaryRun
from vopr_coverage.errors import UsageError
from vopr_coverage.model.points import Broken, Observed
from vopr_coverage.model.report import FailureGroup, Finish, Run
from vopr_coverage.reading.recorded import ReadAs

AS_POINTS = ReadAs(form="points", declared={"net.drop": None})  # a list of points shows by nothing what it is


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A folder with a control run, which is a stream, and a canary, which is a recording."""
    home = tmp_path / "night"
    a_recording(home / "bug", a_stream(2), scenario="gray")
    (home / "control").write_bytes(a_stream(3))
    return home


# ---- control runs


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("control", True),
        ("control-gray", True),
        ("control-", True),
        ("controls", False),
        ("controlgray", False),
        ("my-control", False),
        ("Control", False),
        ("", False),
    ],
)
def test_the_name_of_a_control_run(name: str, is_one: bool) -> None:
    """`control`, or what comes behind `control-`; a canary may be called anything else."""
    assert is_of_control(name) is is_one


def test_control_runs_are_read_with_their_paths(night: Path) -> None:
    """All of them, once it is clear which one a canary is compared with."""
    a_recording(night / "control-gray", a_stream(2), scenario="gray")
    with pytest.raises(UsageError) as refused:
        controls_in(night, ["control", "control-gray"])
    assert str(refused.value) == "control run control: with several, name the scenario of each: SCENARIO=RUN"
    a_recording(night / "control-swizzle", a_stream(1), scenario="swizzle")
    assert controls_in(night, ["control-swizzle", "control-gray"]) == [
        ControlRun(read_run(f"{night}/control-swizzle"), f"{night}/control-swizzle"),
        ControlRun(read_run(f"{night}/control-gray"), f"{night}/control-gray"),
    ]


def test_control_runs_are_read_as_the_config_says(night: Path) -> None:
    """In its format, and with the points that it declares."""
    (night / "control").write_bytes(samples()["points"].whole)
    (control,) = controls_in(night, ["control"], AS_POINTS)
    assert control == ControlRun(read_run(f"{night}/control", AS_POINTS), f"{night}/control")
    assert control.read.format == "points"


def test_a_night_without_a_control_run_is_refused() -> None:
    """With the folder that it lacks, in which no character does anything to a terminal."""
    with pytest.raises(UsageError) as refused:
        controls_in(Path("ni\x1bght"), [])
    assert str(refused.value) == r"there is no control run: ni\x1bght/control is missing"


def test_a_control_run_that_was_not_built_is_refused(night: Path) -> None:
    """Whichever of several it is."""
    (night / "control-gray").mkdir()
    (night / "control-gray" / "build-failed").touch()
    with pytest.raises(UsageError) as refused:
        controls_in(night, ["control", "control-gray"])
    assert str(refused.value) == "there is no control run because its build failed"


# ---- a canary's run


def test_a_canary_is_read_with_its_path(night: Path) -> None:
    """Its seeds are read again there."""
    assert canary_run("it", night / "bug") == CanaryRun("it", read_run(f"{night}/bug"), path=f"{night}/bug")


def test_a_canary_is_read_as_the_config_says(night: Path) -> None:
    """In its format, and with the points that it declares."""
    (night / "points").write_bytes(samples()["points"].whole)
    read = read_run(f"{night}/points", AS_POINTS)
    assert canary_run("it", night / "points", AS_POINTS) == CanaryRun("it", read, path=f"{night}/points")


def test_a_canary_that_was_not_built_has_no_run(night: Path) -> None:
    """Although there is a recording, which is of an earlier night."""
    (night / "bug" / "build-failed").touch()
    assert canary_run("it", night / "bug") == CanaryRun(
        "it", ending=CanaryEnding.BUILD_FAILED, why="there is no run because its build failed"
    )


def test_a_canary_without_a_folder_was_not_run(night: Path) -> None:
    """The folder is named."""
    assert canary_run("it", night / "none") == CanaryRun(
        "it", ending=CanaryEnding.NOT_RUN, why=f"there is no {night}/none"
    )


def test_a_canary_that_cannot_be_read_is_unusable(night: Path) -> None:
    """With the first line of what is wrong; the others go on."""
    (night / "broken").write_bytes(b'{"type":"iteration","data":{"seed":1}}\n' * 2)
    first = f"{night}/broken:1#: expected the key 'timestamp', found no such key"
    assert canary_run("it", night / "broken") == CanaryRun("it", ending=CanaryEnding.UNUSABLE, why=first)


# ---- one run


def test_a_recording_is_named_by_its_folder(night: Path) -> None:
    """Its manifest says what ran."""
    read = read_run(f"{night}/bug")
    assert (read.source, read.scenario, read.own_scenario) == ("bug", "gray", None)
    assert read.recording is not None
    assert read.recording.scenario == "gray"
    assert read.run is not None
    assert read.run.iterations == 2


def test_a_scenario_in_front_of_a_path_is_what_ran(night: Path) -> None:
    """What the stream calls it is stored beside it."""
    stream = samples()["simulation"].whole.replace(b'"seeds": 3, ', b'"seeds": 3, "scenario": "own", ', 1)
    (night / "own").write_bytes(stream)
    for path, scenario in ((f"gray={night}/own", "gray"), (f"{night}/own", "own")):
        read = read_run(path)
        assert (read.source, read.scenario, read.own_scenario) == ("own", scenario, "own")
    assert read_run(f"{night}/control").scenario is None


def test_several_runs_are_not_one(night: Path) -> None:
    """A pattern may match many; all of them are counted."""
    for name in ("a.x", "b.x", "c.x"):
        (night / name).write_bytes(a_stream(1))
    with pytest.raises(UsageError) as refused:
        read_run(f"{night}/*.x")
    assert str(refused.value).startswith("expected one run, found 3 that match '")


@pytest.mark.parametrize("name", ["foundationdb", "jepsen", "points"])
def test_points_that_a_config_declares_are_among_those_of_a_run(night: Path, name: str) -> None:
    """Also in formats whose runs are several files."""
    (night / "run").write_bytes(samples()[name].whole)
    read = read_run(f"{night}/run", ReadAs(form=samples()[name].form, declared={"net.drop": None}))
    assert read.observed is not None
    assert read.observed.points["net.drop"].declared


# ---- formats without seeds


def test_each_file_of_a_format_without_seeds_is_an_iteration() -> None:
    """Each property that did not hold is a failure, of as many runs as it broke in."""
    broken = {"no loss": Broken("no loss", "key 7 was lost", runs=2), "order": Broken("order", "2 before 1")}
    assert run_in_files(Observed(runs=5, unit="file", broken=broken), None) == Run(
        starting_seed=None,
        announced=None,
        records=5,
        failed_records=0,
        iterations=5,
        ended_early=None,
        failures=(
            FailureGroup("no loss", 2, "key 7 was lost", ()),
            FailureGroup("order", 1, "2 before 1", ()),
        ),
    )


def test_a_file_that_breaks_off_is_no_whole_run() -> None:
    """In the words of its reader; where nothing tells, it is whole."""
    observed = Observed(runs=1, unit="file")
    cut = run_in_files(observed, Finish(known=True, ended_early="there is no end"))
    assert cut == Run(None, None, 1, 0, 1, "there is no end")
    assert run_in_files(observed, Finish(known=False)) == Run(None, None, 1, 0, 1, None)


def test_a_trace_without_its_end_is_no_whole_run(night: Path) -> None:
    """A server that died wrote none."""
    trace = samples()["foundationdb"].whole.splitlines(keepends=True)
    (night / "cut.xml").write_bytes(b"".join(line for line in trace if b"ElapsedTime" not in line))
    assert read_run(f"{night}/cut.xml").run == Run(
        None, None, 1, 0, 1, "there is no ElapsedTime event, with which a simulation ends"
    )


def test_a_file_without_properties_is_no_run(night: Path) -> None:
    """Nothing in a flat report shows what ran."""
    assert run_in_files(None, Finish(known=True)) is None
    (night / "flat").write_bytes(a_flat_report())
    assert read_run(f"{night}/flat").run is None
    (night / "jepsen").write_bytes(samples()["jepsen"].whole)
    read = read_run(f"{night}/jepsen")
    assert read.run == Run(None, None, 1, 0, 1, None)
    assert replace(read, run=None).observed == read.observed
