"""From the runs that somebody names to the verdict: how their files are read, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.compared_files import fill
from tests.support.determinism_verdicts import rounded, seen
from tests.support.recordings import a_recording
from tests.support.reports import a_stream
from tests.support.run_pairs import valid, varying
from tests.support.simulations import a_simulation, as_lines
from vopr_coverage import __version__
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.determinism.flow import compare_runs, doublecheck
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import ReportError, UsageError
from vopr_coverage.model.verdict import Remark
from vopr_coverage.reading.source import Progress


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the runs of `fill`."""
    monkeypatch.chdir(tmp_path)
    fill(tmp_path)
    return tmp_path


# ---- two runs


def test_two_runs_are_compared(world: Path) -> None:
    """The whole verdict: with our version, and the names of the files."""
    assert rounded(valid(doublecheck(["a", "b"]))) == DeterminismVerdict(
        status="passed",
        passed=True,
        reason="no difference in 60 seeds, so at most 4.87% of all would differ (95% confidence)",
        version=__version__,
        mode="two runs",
        seeds=60,
        at_least=0.0,
        at_most=0.0487,
        runs=(seen(60, scenario=None), seen(60, "b", scenario=None)),
    )


def test_one_run_is_judged_by_its_own_check(world: Path) -> None:
    """A recording's command shows that it was on."""
    a_recording(world / "twice", varying(60), iterations=60, double_runs=True)
    verdict = doublecheck(["twice"])
    assert (verdict.mode, verdict.status, verdict.seeds) == ("twice in one run", "passed", 60)
    assert verdict.runs == (seen(60, "twice"),)
    assert doublecheck(["a"]).status == "not measured"


def test_the_config_says_how_to_replay(world: Path) -> None:
    """The named one, or else the one at the usual place."""
    (world / "named.yml").write_text("repro: named {scenario} {seed}\n")
    (world / ".github").mkdir()
    (world / ".github" / "vopr-coverage.yml").write_text("repro: usual {scenario} {seed}\n")
    usual, named = doublecheck(["a", "c"], scenario="s"), doublecheck(["a", "c"], "named.yml")
    assert [verdict.replays[0].command for verdict in (usual, named)] == ["usual s 7", "named SCENARIO 7"]


def test_progress_is_asked_for_by_the_path_of_each_file_and_told_its_bytes(world: Path) -> None:
    """Whoever wants none has none."""
    read: dict[str, int] = {}

    def progress(path: str) -> Progress | None:
        read[path] = 0
        return None if path == "b" else lambda size: read.update({path: read[path] + size})

    doublecheck(["a", "b"], progress=progress)
    assert read == {"a": len(varying(60)), "b": 0}


def test_folders_that_were_not_read_are_named_before_all_other_warnings(world: Path) -> None:
    """A recording that lost its files looks the same."""
    (world / "runs" / "lost").mkdir(parents=True)
    (world / "runs" / "one").write_bytes(a_stream(60))
    assert doublecheck(["runs/*", "b"]).warnings == (
        Remark("", "runs/* matches folders that are no recordings and were not read: runs/lost"),
        Remark("one", "kernel_state_hash is the same for all 60 seeds, so that comparing it proves nothing"),
    )


# ---- what each run says as a whole


def test_the_inputs_are_returned_beside_the_verdict(world: Path) -> None:
    """As a check reads them: with their manifest, the scenario, and the commits that they may be about."""
    manifest = {"iterations": 60, "double_runs": True, "commit": "a" * 40, "head": "c" * 40}
    a_recording(world / "rec", varying(60), commit_source="environment", **manifest)
    compared = compare_runs(["rec", "b"], Config(), "combined", commits=("a" * 40, "b" * 40))
    one, other = compared.inputs
    assert compared.verdict.passed
    assert [each.source for each in compared.inputs] == ["rec", "b"]
    assert [each.scenario for each in compared.inputs] == ["combined", "combined"]
    assert [each.commits for each in compared.inputs] == [("a" * 40, "b" * 40)] * 2
    assert [each.run and each.run.double_runs for each in compared.inputs] == [True, None]
    assert (one.recording and one.recording.commit, other.recording) == ("a" * 40, None)
    assert one.warnings == (
        "Recorded with another commit checked out: git's HEAD was cccccccccccc, GITHUB_SHA aaaaaaaaaaaa",
    )
    assert compare_runs(["a", "b"], Config()).inputs[0].commits == ()


# ---- whose scenario it is


def simulated(folder: Path, name: str, scenario: str | None, digest: str = "1") -> str:
    """A simulation stream that names its scenario, or does not."""
    records = a_simulation()
    records[0]["scenario"] = scenario
    records[1]["digest"] = digest
    (folder / name).write_bytes(as_lines(records))
    return name


@pytest.mark.parametrize(
    ("left", "right", "given", "scenario"),
    [
        (None, None, None, None),
        (None, None, "given", "given"),
        ("own", None, None, "own"),
        (None, "own", None, "own"),
        ("own", "own", "given", "own"),
        ("own", "OWN", None, "own"),
        ("OWN", "own", None, "OWN"),
    ],
)
def test_both_runs_are_of_the_scenario_that_one_of_them_names(
    world: Path, left: str | None, right: str | None, given: str | None, scenario: str | None
) -> None:
    """In the case of the first that does; what the user gives is for runs that name none."""
    runs = [simulated(world, "left", left), simulated(world, "right", right, digest="2")]
    verdict = doublecheck(runs, scenario=given)
    assert [run.scenario for run in verdict.runs] == [scenario, scenario]
    assert verdict.replays[0].command.split()[2] == (scenario or "SCENARIO")


def test_a_name_before_the_path_is_the_scenario_too(world: Path) -> None:
    """And one that the stream contradicts is refused, before the two are compared."""
    assert [run.scenario for run in doublecheck(["x=a", "b"]).runs] == ["x", "x"]
    runs = simulated(world, "left", "own"), simulated(world, "right", "own")
    with pytest.raises(UsageError) as told:
        doublecheck([f"other={runs[0]}", runs[1]])
    assert str(told.value) == "left is named as scenario 'other', its start record says 'own'"


def test_a_recording_whose_stream_names_another_scenario_is_judged(world: Path) -> None:
    """That it disagrees with its manifest is a finding, and the manifest's scenario counts."""
    a_recording(world / "rec", as_lines(a_simulation(4, scenario="own")), seed="7", iterations=4)
    simulated(world, "right", None, digest="7")
    verdict = doublecheck(["rec", "right"])
    assert [run.scenario for run in verdict.runs] == ["combined", "combined"]
    line = "Recording disagrees: scenario 'combined' was asked for, the stream starts with 'own'"
    assert [finding.line for finding in verdict.findings if "disagrees" in finding.line] == [line]


def test_runs_of_two_scenarios_are_refused(world: Path) -> None:
    """Both are named."""
    with pytest.raises(UsageError) as told:
        doublecheck(["x=a", "y=b"])
    assert str(told.value) == "these are runs of two scenarios, 'x' and 'y'"


def test_a_scenario_that_the_config_does_not_have_is_refused(world: Path) -> None:
    """Before anything is judged."""
    (world / "c.yml").write_text("scenarios: {swizzle: {}}\n")
    with pytest.raises(UsageError) as told:
        doublecheck(["a", "b"], "c.yml", "swizle")
    assert str(told.value) == "scenario 'swizle' is not in c.yml; did you mean 'swizzle'?"
    assert doublecheck(["a", "b"], "c.yml", "swizzle").passed


def test_runs_are_read_as_the_config_says(world: Path) -> None:
    """A format that it names is the only one."""
    with pytest.raises(ReportError, match=r"^a: expected .*simulation"):
        compare_runs(["a", "b"], parse_config("format: simulation", "c"))
    assert compare_runs(["a", "b"], parse_config("format: stream", "c")).verdict.passed
