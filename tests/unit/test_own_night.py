"""A night on one machine: its commands, its folder, its progress. All but its processes."""

from __future__ import annotations

import io
import shlex
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from vopr_coverage.config.file import parse_config
from vopr_coverage.config.night import NightSection
from vopr_coverage.errors import ConfigError, UsageError
from vopr_coverage.nightly.plan import (
    CanaryRange,
    CanaryRanges,
    NightPlan,
    PlannedWork,
    SeedRange,
    SeedRanges,
    Shard,
    Shards,
)
from vopr_coverage.nightly.regression_file import RegressionSeeds
from vopr_coverage.own_night.board import Board, iterations_in
from vopr_coverage.own_night.crew import Crew, why_again
from vopr_coverage.own_night.flow import _examine_gate
from vopr_coverage.own_night.folder import NightsFolder, finish
from vopr_coverage.own_night.tasks import Task, of_build, pieces, plan_words, tasks_of

SECTION = NightSection(
    build="make",
    binary="./target/sim",
    command="./target/sim --scenario {scenario} --seed {seed} --iterations {iterations} '--note=a b'",
    scenarios={"combined": 300},
    coverage={"combined": 200},
    canary={"combined": 100},
)
PLAN = NightPlan(
    seed_base="7",
    run_number=3,
    minutes=5,
    enough=True,
    remarks=(),
    work=(PlannedWork("long-run", "combined", 300, 300, 0, 10.0, 2, 0.5),),
    long_run=Shards(
        (Shard("combined-1", "combined", 1, 2, "7", 200), Shard("combined-2", "combined", 2, 2, "207", 100))
    ),
    determinism=SeedRanges((SeedRange("42", "combined", "42", 10),)),
    canary=CanaryRanges(
        (
            CanaryRange("control", "combined", "307", 100, build="control"),
            CanaryRange("canary-x", "combined", "307", 100, build="canary-x", crash="boom"),
        )
    ),
    regressions=(RegressionSeeds("combined", ("5",)),),
)


def test_each_recording_of_the_plan_is_one_task() -> None:
    """Those that take longest come first, and each runs the copy of its own build."""
    tasks = {task.folder: task for task in tasks_of(PLAN, SECTION, Path("/b"))}
    assert list(tasks)[:2] == ["long-run/combined-1", "long-run/combined-2"]
    assert set(tasks) == {
        "long-run/combined-1", "long-run/combined-2", "determinism/42/a", "determinism/42/b", "canary/control",
        "canary/canary-x", "regressions",
    }  # fmt: skip
    long_run = tasks["long-run/combined-2"]
    assert (long_run.iterations, long_run.seconds) == (100, 10.0)
    assert long_run.words == (
        "record", "--scenario", "combined", "--seed", "207", "--iterations", "100", "--timeout", "100",
        "--on-crash", "restart", "--command",
        "/b/control/target/sim --scenario '{scenario}' --seed '{seed}' --iterations '{iterations}' '--note=a b'",
    )  # fmt: skip
    canary = tasks["canary/canary-x"].words
    assert canary[canary.index("--expected-crash") + 1] == "boom"
    assert shlex.split(canary[-1])[0] == "/b/canary-x/target/sim"
    assert tasks["regressions"].words[:2] == ("replay", ".github/vopr-regressions.txt")


def test_a_simulator_that_runs_one_seed_a_process_is_recorded_so() -> None:
    """With its parallel processes, and its exit codes of a bug that was found; in a replay there is one at a time."""
    section = msgspec.structs.replace(SECTION, per_seed=True, parallel=4, failed_exit="1,101")
    tasks = {task.folder: task.words for task in tasks_of(PLAN, section, Path("/b"))}
    words = tasks["long-run/combined-1"]
    assert words[7:12] == ("--per-seed", "--failed-exit", "1,101", "--parallel", "4")
    assert "--on-crash" not in words
    assert "--parallel" not in tasks["regressions"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("target/sim --seed {seed}", "/b/target/sim --seed '{seed}'"),
        ("python3 ./target/sim/main.py {seed}", "python3 /b/target/sim/main.py '{seed}'"),
        ("env A=1 target/sim", "env A=1 /b/target/sim"),
    ],
)
def test_the_copy_of_a_build_stands_in_for_the_binary(command: str, expected: str) -> None:
    """Wherever the command names it, as a file or a folder."""
    assert of_build(command, "target/sim", Path("/b")) == expected


def test_a_command_without_the_binary_is_refused() -> None:
    """All canaries would run the same build, and a night that catches none would look like a bad gate."""
    with pytest.raises(UsageError, match="expected the binary 'target/sim' among its words"):
        of_build("cargo run -- {seed}", "target/sim", Path("/b"))


def test_the_plan_divides_the_cores() -> None:
    """In pieces of an eighth of the night, or of a minute."""
    assert pieces(60, 8) == (7.5, 64)
    assert pieces(4, 2) == (1.0, 8)
    assert pieces(0.5, 2) == (0.5, 2)
    assert pieces(600, 100) == (75.0, 256)
    words = plan_words(msgspec.structs.replace(SECTION, rates={"combined": 50}), 9, 2, "c.yml", Path("/b"))
    assert words[words.index("--run-number") + 1] == "9"
    assert words[words.index("--rate") + 1] == "combined=50"
    assert words[words.index("--config") + 1] == "c.yml"


def a_night(folder: NightsFolder, features: str = "") -> Path:
    """A night that was begun."""
    return folder.begin(SECTION, "a" * 40, features)[0]


def test_nights_are_numbered_and_the_newest_goes_on(tmp_path: Path) -> None:
    """Only with what it was begun with; one that has ended says how."""
    folder = NightsFolder(tmp_path)
    first, second = a_night(folder), a_night(folder)
    assert [first.name, second.name] == ["000001", "000002"]
    (tmp_path / "000003").mkdir()  # killed before it had begun
    night, begun, done = folder.go_on(SECTION, "a" * 40, "")
    assert (night, begun.number, done) == (second, 2, None)
    finish(second, 1)
    assert folder.go_on(SECTION, "a" * 40, "")[2].exit_code == 1  # type: ignore[union-attr]
    assert a_night(folder).name == "000004"


@pytest.mark.parametrize(
    ("commit", "features", "minutes", "what"),
    [("b", "", 60.0, "the commit"), ("a", "x", 60.0, "--features"), ("a", "", 61.0, "`night` in the config")],
)
def test_a_night_of_something_else_does_not_go_on(
    tmp_path: Path, commit: str, features: str, minutes: float, what: str
) -> None:
    """Its verdict would be about two things."""
    folder = NightsFolder(tmp_path)
    a_night(folder)
    section = msgspec.structs.replace(SECTION, minutes=minutes)
    with pytest.raises(UsageError, match=f"night 1 can't go on: {what} has changed"):
        folder.go_on(section, commit * 40, features)


def test_there_is_no_night_to_go_on_with(tmp_path: Path) -> None:
    """Nor one whose note of its beginning can be read."""
    folder = NightsFolder(tmp_path)
    with pytest.raises(UsageError, match=r"there is no night in .* to go on with"):
        folder.go_on(SECTION, "", "")
    (a_night(folder) / "begun.json").write_text("{")
    with pytest.raises(UsageError, match=r"begun\.json can't be read"):
        folder.go_on(SECTION, "", "")


def test_a_second_night_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    """As long as the first one runs."""
    one, other = NightsFolder(tmp_path), NightsFolder(tmp_path)
    with one.held(), pytest.raises(UsageError, match="another night runs in"), other.held():
        pass
    with other.held():
        pass


def test_old_nights_lose_their_recordings_and_keep_their_verdicts(tmp_path: Path) -> None:
    """The oldest first, until the rest fits; never the newest."""
    folder = NightsFolder(tmp_path)
    nights = [a_night(folder) for _ in range(3)]
    for night in nights:
        (night / "long-run").mkdir()
        (night / "long-run" / "data").write_bytes(bytes(400_000))
        (night / "night.json").write_text("{}")
    told = folder.thin(0.001, nights[2])  # a megabyte
    assert [(night / "long-run").exists() for night in nights] == [False, True, True]
    assert all((night / "night.json").exists() for night in nights)
    assert told == ["night 1: recordings and builds deleted, 0.00 GB; its verdict stays"]
    told = folder.thin(0.000_000_1, nights[2])
    assert [(night / "long-run").exists() for night in nights] == [False, False, True]
    assert "more than its disk_gb, 1e-07" in told[-1]


def test_progress_on_a_terminal_has_a_line_for_each_recording(tmp_path: Path) -> None:
    """What it says comes from the logs; in a log of a service it is one line a minute."""
    now = 0.0
    out = io.StringIO()
    board = Board(out, terminal=True, cores=2, clock=lambda: now)
    tasks = [Task(f"long-run/{n}", (), 1_000, 30.0) for n in "abc"]
    log = tmp_path / "log"
    log.write_bytes(b"vopr-coverage: 250 of 1,000 iterations, 10/s\nvopr-coverage: 1,500 of 2,000 iterations, 9/s\n")
    board.begin(tasks)
    board.started(tasks[0], log)
    board.started(tasks[1], tmp_path / "none")
    now = 15.0
    board.draw()
    assert out.getvalue().splitlines() == [
        "0 of 3 recordings done, 2 running, about 30 s left",
        "  long-run/a: 1,500 of 1,000 iterations",
        "  long-run/b: running for 15 s",
    ]
    board.finished(tasks[0])
    now = 16.0
    board.draw()
    assert out.getvalue().count("\x1b[3F\x1b[J") == 1
    quiet = Board(out := io.StringIO(), terminal=False, cores=2, clock=lambda: now)
    quiet.begin(tasks)
    now = 70.0
    quiet.draw()
    assert out.getvalue() == ""
    now = 80.0
    quiet.draw()
    assert out.getvalue() == "vopr-coverage: 0 of 3 recordings done, 0 running, about 45 s left\n"
    assert iterations_in(tmp_path / "none") == 0


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("scenarios: {}", "#/night/scenarios"),
        ("canary: { a: 1, b: 2 }", "#/night/canary"),
        ("minutes: 0", "#/night/minutes"),
        ("nightly: 1", "#/night"),
    ],
)
def test_a_config_that_says_something_else_is_refused(key: str, found: str) -> None:
    """With the line, as everywhere in a config."""
    lines = ["night:", "  build: make", "  binary: sim", "  command: sim", "  coverage: { a: 1 }", f"  {key}"]
    lines += [] if key.startswith("scenarios") else ["  scenarios: { a: 1 }"]
    with pytest.raises(ConfigError, match=found):
        parse_config("\n".join(lines), "c.yml")


@pytest.mark.parametrize(
    ("whole", "code", "told"),
    [
        (True, 1, "its simulator was killed"),
        (False, -9, "it was killed"),
        (False, 1, "it left no whole recording (see its log)"),
    ],
)
def test_only_what_was_killed_is_called_so(whole: bool, code: int, told: str) -> None:
    """A recording on a full disk ends with exit code 1, and its log has the reason."""
    assert why_again(whole, code) == told


def test_a_verdict_of_the_doctor_that_is_nested_too_deeply_ends_no_night(tmp_path: Path) -> None:
    """The doctor only advises: what cannot be read of it is left out."""
    (tmp_path / "coverage" / "combined-1").mkdir(parents=True)
    deep = '{"blind_spots": ' + "[" * 100_000 + "]" * 100_000 + "}"
    said: list[str] = []

    def doctor(_step: str, words: list[str]) -> int:
        Path(words[-1]).write_text(deep)
        return 0

    run = SimpleNamespace(name="combined-1")
    plan = SimpleNamespace(coverage=SimpleNamespace(include=[run]))
    steps = SimpleNamespace(
        night=tmp_path, config=SimpleNamespace(path=None), crew=SimpleNamespace(command=doctor), say=said.append
    )
    _examine_gate(steps, plan)  # type: ignore[arg-type]
    assert said == []
    assert (tmp_path / "doctor.json").read_text() == deep


def test_a_recording_that_could_not_be_made_names_its_log(tmp_path: Path) -> None:
    """The one file that says why."""
    board = Board(io.StringIO(), terminal=False, cores=1)
    [told] = Crew(tmp_path, 1, board, print).record([Task("long-run/a", ("no-such-command",))])
    assert told == "long-run/a could not be recorded: see logs/long-run-a.log in the night's folder"
    assert "no-such-command" in (tmp_path / "logs" / "long-run-a.log").read_text("utf-8")
