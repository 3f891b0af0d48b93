"""`vopr-coverage replay` with real processes: a recording of every regression seed, whatever becomes of each."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.endings import refused
from tests.support.recordings import manifest_of
from tests.support.reports import Ended, run_cli
from tests.support.simulators import a_simulator, processes_with, read, wait_for

ROOT = Path(__file__).parents[2]
SEEDS = "combined 4711  # log_order\nswizzle 5\n\ncombined 18446744073709551615\n"
COMMIT = "0" * 40


@pytest.fixture
def simulator(tmp_path: Path) -> list[str]:
    """The words that start one which finishes its stream, and a regression file beside it."""
    (tmp_path / "seeds.txt").write_text(SEEDS)
    return [*a_simulator(tmp_path), "--scenario", "{scenario}", "--ends", "yes"]


def replay(folder: Path, *command: str, options: tuple[str, ...] = (), file: str = "seeds.txt") -> Ended:
    """Replay a regression file into `folder`/out."""
    return run_cli("replay", file, "--out", "out", "--commit", COMMIT, *options, "--", *command, cwd=folder)


def told(ended: Ended) -> list[str]:
    """What it says, a line each."""
    assert ended.out == ""
    return [one.removeprefix("vopr-coverage: ") for one in ended.err.splitlines()]


@contextmanager
def replaying(folder: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A replay that is under way, in `folder`/out."""
    words = [sys.executable, "-m", "vopr_coverage", "replay", "seeds.txt", "--out", "out", "--", *command]
    with subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_every_seed_is_recorded_with_one_iteration(tmp_path: Path, simulator: list[str]) -> None:
    """In the order of the file, by scenario; a seed that still fails is a recording like any other."""
    ended = replay(tmp_path, *simulator, "--fail-at", "4711")
    assert ended.code == 0
    assert told(ended) == [
        "[1/3] combined seed 4711: failed invariant log_order",
        "[2/3] combined seed 18446744073709551615: held",
        "[3/3] swizzle seed 5: held",
        "3 of 3 regression seeds are recorded completely",
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "combined-18446744073709551615", "combined-4711", "swizzle-5",
    ]  # fmt: skip
    manifest = manifest_of(tmp_path / "out" / "combined-4711")
    assert (manifest["scenario"], manifest["seed"], manifest["iterations"]) == ("combined", "4711", 1)
    assert (manifest["whole"], manifest["commit"], manifest["commit_source"]) == (True, COMMIT, "flag")
    assert manifest["command"] == [*simulator, "--fail-at", "4711"]
    checked = run_cli("check", "--health-only", "out/*", cwd=tmp_path)
    assert checked.code == 1
    assert "combined-4711" in checked.out


def test_a_simulator_that_dies_does_not_end_the_replay(tmp_path: Path, simulator: list[str]) -> None:
    """That it died is the result of its seed; the others are played."""
    ended = replay(tmp_path, *simulator, "--die-at", "4711")
    assert ended.code == 0
    assert told(ended) == [
        "[1/3] combined seed 4711: crashed, ended by signal 9",
        "[2/3] combined seed 18446744073709551615: held",
        "[3/3] swizzle seed 5: held",
        "3 of 3 regression seeds are recorded completely",
    ]
    manifest = manifest_of(tmp_path / "out" / "combined-4711")
    assert (manifest["whole"], manifest["signal"], manifest["parts"][0]["died_at"]) == (True, 9, "4711")


def test_with_per_seed_an_exit_code_is_the_result_of_the_seed(tmp_path: Path) -> None:
    """Of a simulator that writes nothing: one seed crashes, one holds, one has a code that does not say that it did."""
    (tmp_path / "seeds.txt").write_text("a 1\na 2\na 3\n")
    program = "import sys; sys.exit({'1': 101, '2': 0, '3': 9}[sys.argv[1]])"
    ended = replay(tmp_path, sys.executable, "-c", program, "{seed}", options=("--per-seed", "--failed-exit", "101"))
    assert ended.code == 1
    lines = told(ended)
    assert "[2/3] a seed 2: held" in lines
    assert any(line.startswith("[1/3] a seed 1: ") and "incomplete" not in line for line in lines)
    assert any(line.startswith("[3/3] a seed 3: incomplete") for line in lines)
    assert lines[-1] == "2 of 3 regression seeds are recorded completely"


def test_a_seed_that_hangs_is_ended_after_its_time(tmp_path: Path, simulator: list[str]) -> None:
    """And the others are played."""
    (tmp_path / "seeds.txt").write_text("swizzle 5\ncombined 4711\n")
    ended = replay(tmp_path, *simulator, "--hang-at", "5", options=("--timeout", "5", "--minutes", "60"))
    assert ended.code == 1
    assert told(ended)[0] == "[1/2] swizzle seed 5: incomplete: timed out after 5 s"
    assert manifest_of(tmp_path / "out" / "combined-4711")["timeout_s"] == 5


def test_a_seed_gets_what_is_left_of_the_time_and_the_rest_is_told(tmp_path: Path, simulator: list[str]) -> None:
    """A seed that was not played must not look as if it had held."""
    ended = replay(tmp_path, *simulator, "--hang-at", "4711", options=("--minutes", "0.05"))
    assert ended.code == 1
    first, words, missed, last = told(ended)
    assert first.startswith("[1/3] combined seed 4711: incomplete: timed out after ")
    assert words == "stderr: hanging"
    assert missed == "the time was up: combined 18446744073709551615, swizzle 5 were not replayed"
    assert last == "0 of 3 regression seeds are recorded completely"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["combined-4711"]
    assert manifest_of(tmp_path / "out" / "combined-4711")["timeout_s"] <= 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_seed_that_runs_and_plays_no_other(tmp_path: Path, simulator: list[str], number: int) -> None:
    """No simulator is left, the manifest says that it was interrupted, and what was not played is told."""
    with replaying(tmp_path, *simulator, "--hang-at", "4711") as process:
        wait_for(lambda: b"hanging" in read(tmp_path / "out" / "combined-4711" / "stderr.log"))
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 1
    assert "[1/3] combined seed 4711: incomplete: interrupted\n" in said
    assert "interrupted: combined 18446744073709551615, swizzle 5 were not replayed\n" in said
    assert manifest_of(tmp_path / "out" / "combined-4711")["interrupted"]
    assert not processes_with(str(tmp_path / "sim.py"))


@pytest.mark.parametrize("text", [None, "", "# none yet\n"])
def test_no_seed_is_no_failure(tmp_path: Path, simulator: list[str], text: str | None) -> None:
    """A file that isn't there yet has none; it says so."""
    (tmp_path / "seeds.txt").unlink()
    if text is not None:
        (tmp_path / "seeds.txt").write_text(text)
    ended = replay(tmp_path, *simulator)
    assert (ended.code, told(ended)) == (0, ["there is no seed to replay in seeds.txt"])
    assert not (tmp_path / "out").exists()
    assert replay(tmp_path, *simulator, file="").code == 0


def test_the_example_simulator_replays_its_seeds(tmp_path: Path) -> None:
    """The command as one text, as a workflow hands it on."""
    (tmp_path / "seeds.txt").write_text("combined 7\nswizzle 9\n")
    command = f"{sys.executable} '{ROOT / 'examples' / 'simulator'}' --scenario {{scenario}} --seed {{seed}} --json"
    words = (f"{command} --iterations {{iterations}}",)
    ended = run_cli("replay", "seeds.txt", "--out", "night/regressions", "--command", *words, cwd=tmp_path)
    assert ended.code == 0, ended
    assert told(ended)[:2] == ["[1/2] combined seed 7: held", "[2/2] swizzle seed 9: held"]


@pytest.mark.parametrize(
    ("options", "command", "expected"),
    [
        ((), (), "no command: put it behind --, or in --command"),
        (("--command", "vopr '"), (), "--command: expected words quoted as for a shell, found no closing quotation"),
        (("--command", "a {seed}"), ("a", "{seed}"), "the command stands behind -- and in --command"),
        ((), ("vopr", "{sede}"), "the simulator's command: no placeholder 'sede' is known"),
        ((), ("vopr", "{scenario}"), "the command has no {seed}, so it cannot replay one seed"),
        ((), ("vopr", "{seed}"), "the command has no {scenario}, and the seeds belong to several scenarios"),
        ((), ("no-such-simulator", "{scenario}{seed}"), "the command no-such-simulator cannot be started"),
        (("--minutes", "0"), ("vopr",), "argument --minutes: expected minutes above 0, found '0'"),
        (("--timeout", "x"), ("vopr",), "argument --timeout: expected seconds above 0, found 'x'"),
        (("--commit", "HEAD"), ("vopr", "{scenario}{seed}"), "--commit: expected 7 to 64 hexadecimal digits"),
    ],
)
def test_unusable_usage_records_nothing(
    tmp_path: Path, options: tuple[str, ...], command: tuple[str, ...], expected: str
) -> None:
    """Exit code 2, one line, and no folder."""
    (tmp_path / "seeds.txt").write_text(SEEDS)
    assert refused(replay(tmp_path, *command, options=options))[0].startswith(expected)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_in_use_is_told_before_anything_is_played(tmp_path: Path, simulator: list[str]) -> None:
    """Half of a replay beside an old one would be taken for a whole."""
    (tmp_path / "out" / "swizzle-5").mkdir(parents=True)
    (tmp_path / "out" / "swizzle-5" / "manifest.json").touch()
    assert "swizzle-5 is not empty" in refused(replay(tmp_path, *simulator))[0]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["swizzle-5"]


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, simulator: list[str]) -> None:
    """With its line."""
    (tmp_path / "seeds.txt").write_text("combined 1\ncombined one\n")
    assert "seeds.txt:2: expected SCENARIO SEED" in refused(replay(tmp_path, *simulator))[0]


def test_the_line_that_check_suggests_is_replayed(tmp_path: Path, simulator: list[str]) -> None:
    """Also of a scenario with a blank in its name."""
    words = [*simulator, "--fail-at", "4711"]
    asked = ("--scenario", "two nodes", "--seed", "4711", "--iterations", "1", "--out", "found")
    assert run_cli("record", *asked, "--commit", COMMIT, "--", *words, cwd=tmp_path).code == 0
    judged = run_cli("check", "found", "--health-only", cwd=tmp_path)
    (line,) = [one for one in judged.out.splitlines() if "4711  #" in one]
    (tmp_path / "seeds.txt").write_text(line.removeprefix("  - ") + "\n")
    ended = replay(tmp_path, *words)
    assert told(ended)[0] == "[1/1] two nodes seed 4711: failed invariant log_order"
