"""Paths that are no readable file get one and the same answer, whichever door they are given to."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.support.action_steps import Desk
from tests.support.night_folders import a_night, a_recorded_run
from tests.support.reports import MODEST, a_stream
from vopr_coverage import cli, files
from vopr_coverage.errors import FileError
from vopr_coverage.model.manifest import MANIFEST
from vopr_coverage.runner.files import write_in_workspace

SECONDS_MAX = 60  # no door may wait for a FIFO

# What a path is, and what every door says of it. A name that needs no file on disk stands for itself.
ODD = {
    "loop": "expected a readable file, found a loop of symbolic links",
    "fifo": "expected a regular file, found a FIFO",
    "device": "expected a regular file, found a device",
    "folder": "expected a regular file, found a directory",
    "dangling": "expected a readable file, found a symbolic link to a path that does not exist",
    "x" * 300: "expected a readable file, found file name too long",
    "nul\0": "expected a readable file, found a path with a NUL byte",
    "half\ud800": "expected a readable file, found a name with characters that no file can have",
}
ON_DISK = tuple(ODD)[:5]
INSIDE = {name: answer for name, answer in ODD.items() if name != "device"}  # a link to one leads out of a workspace
UNWRITABLE = {
    "loop": "a loop of symbolic links",
    "fifo": "a FIFO that nobody reads",
    "folder": "a directory",
    "x" * 300: "file name too long",
    "nul\0": "a path with a NUL byte",
    "half\ud800": "a name with characters that no file can have",
}
# Every door of the command line that reads a file, and its exit code. `{}` is the odd path.
DOORS = {
    "report": (["check", "{}"], 2),
    "config": (["check", "good.ndjson", "--config", "{}"], 2),
    "base": (["check", "good.ndjson", "--config", "gate.json", "--base", "{}"], 0),
    "verdict": (["comment", "{}"], 2),
    "night": (["tracking-issue", "{}", "--dry-run"], 0),
    "needs": (["summary", "night", "--config", "gate.json", "--needs", "{}"], 2),
    "regressions of a summary": (["summary", "night", "--config", "gate.json", "--regressions", "{}"], 2),
    "trends of a summary": (["summary", "night", "--config", "gate.json", "--trends", "{}"], 1),
    "regressions of a plan": (
        ["plan", "combined=1", "--minutes", "1", "--run-number", "1", "--rate", "combined=1", "--regressions", "{}"],
        2,
    ),
    "regressions": (["replay", "{}", "--out", "out", "--command", "true {{seed}}"], 2),
    "history": (["trends", "{}"], 2),
    "restored history": (["trends", "{}", "--restore"], 2),
    "run": (["determinism", "{}"], 2),
    "control run": (["canary", "--control", "{}"], 2),
    "healthy run": (["init", "{}"], 2),
}
# Files that a command looks for by itself, at a place of its own.
FOUND = {
    "config": (".github/vopr-coverage.yml", ["check", "good.ndjson"]),
    "plan": ("night/plan.json", ["summary", "night", "--config", "gate.json"]),
    "manifest": (f"recording/{MANIFEST}", ["check", "recording", "--config", "gate.json"]),
}
WRITERS = {
    "verdict file": (["check", "good.ndjson", "--config", "gate.json", "--verdict-file", "{}"], 0),
    "summary file": (["check", "good.ndjson", "--config", "gate.json", "--summary-file", "{}"], 0),
    "outputs": (["summary", "night", "--config", "gate.json", "--outputs", "{}"], 2),
}


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    """A door that waits for a FIFO would keep the whole run waiting."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("a door waits"))
    signal.alarm(SECONDS_MAX)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a good run, a night, a recording, and the odd paths."""
    monkeypatch.setenv("COLUMNS", "1000")
    a_night(tmp_path)
    a_recorded_run(tmp_path / "recording", 0, 3)
    (tmp_path / "good.ndjson").write_bytes(a_stream())
    (tmp_path / "gate.json").write_text(json.dumps(MODEST))
    for name in ON_DISK:
        make_odd(name, tmp_path / name)
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "INPUT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_odd(kind: str, path: Path) -> None:
    """Put such a thing at this path."""
    makers: dict[str, Callable[[], None]] = {
        "loop": lambda: path.symlink_to(path.name),
        "fifo": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/null"),
        "folder": lambda: path.mkdir(),
        "dangling": lambda: path.symlink_to("nowhere"),
    }
    makers[kind]()


def run(words: list[str], odd: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of a command, and all that it printed."""
    code = cli.main([word.replace("{{seed}}", "{seed}") if word != "{}" else odd for word in words])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    return code, printed.out + printed.err


@pytest.mark.parametrize("door", DOORS)
def test_every_door_reads_regular_files_alone(door: str, world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same words at every door, no traceback, and no pass where the file was needed."""
    words, code = DOORS[door]
    for odd, answer in ODD.items():
        ended, text = run(words, odd, capsys)
        assert (ended, answer in text) == (code, True), f"{door} {odd!r} ended with {ended}: {text}"


@pytest.mark.parametrize("what", FOUND)
def test_a_file_that_is_found_by_itself_is_read_or_refused(
    what: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there and cannot be read is never taken for absent."""
    place, words = FOUND[what]
    path = world / place
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    for kind in ON_DISK:
        make_odd(kind, path)
        ended, text = run(words, "", capsys)
        assert (ended, f"{place}: {ODD[kind]}" in text) == (2, True), f"{what}, {kind}: {text}"
        path.rmdir() if kind == "folder" else path.unlink()


@pytest.mark.parametrize("kind", ["dangling", "loop", "fifo"])
@pytest.mark.parametrize("what", FOUND)
def test_a_folder_that_is_none_hides_no_file(
    what: str, kind: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`.github` is a link to a folder that a sparse checkout left out, say."""
    place, words = FOUND[what]
    folder = (world / place).parent
    if folder.exists():
        folder.rename(world / "away")
    make_odd(kind, folder)
    ended, text = run(words, "", capsys)
    assert ended == 2, text
    assert "Traceback" not in text


@pytest.mark.parametrize("door", WRITERS)
def test_what_cannot_be_written_is_said_in_the_same_words(
    door: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A verdict that could not be stored is a warning, outputs that a later job reads are an error."""
    words, code = WRITERS[door]
    for odd, why in UNWRITABLE.items():
        ended, text = run(words, odd, capsys)
        assert (ended, why in text) == (code, True), f"{door} {odd!r} ended with {ended}: {text}"


def test_what_a_shell_would_redirect_to_can_be_written_to(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--verdict-file /dev/stdout` is a device or a pipe, and nobody waits there."""
    words = ["check", "good.ndjson", "--config", "gate.json", "--verdict-file", "{}"]
    assert run(words, "/dev/null", capsys)[0] == 0
    assert "was not written" not in run(words, "/dev/null", capsys)[1]


def test_a_name_that_is_not_utf8_is_judged_and_stored(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File systems take any bytes; a verdict file holds text."""
    odd = os.fsdecode(b"\xff.ndjson")
    (world / odd).write_bytes(a_stream())
    words = ["check", "{}", "--config", "gate.json", "--scenario", odd, "--verdict-file", "verdict.json"]
    assert run(words, odd, capsys)[0] == 0
    (report,) = json.loads((world / "verdict.json").read_text(encoding="utf-8"))["reports"]
    assert (report["name"], report["scenario"]) == (r"\udcff.ndjson", r"\udcff.ndjson")


class TestAction:
    """The action's own doors, with a workspace that is a root."""

    @pytest.fixture
    def desk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
        """A step in a workspace that holds the odd paths and a link out of it."""
        nobody = cast(FakeGitHub, SimpleNamespace(url="http://127.0.0.1:9"))
        desk = Desk(tmp_path / "runner", nobody, event="push")
        desk.payload = {}  # no pull request, so GitHub is asked for nothing
        for name in ON_DISK:
            make_odd(name, desk.workspace / name)
        (tmp_path / "secret").write_text("password: 12345")
        (desk.workspace / "out").symlink_to(tmp_path / "secret")
        monkeypatch.chdir(desk.workspace)
        return desk

    @pytest.mark.parametrize("name", ["reports", "config"])
    def test_reports_and_config(self, name: str, desk: Desk) -> None:
        """Exit code 2 and one annotation, never a traceback and exit code 3."""
        for odd, answer in INSIDE.items():
            step = desk.step(**{name: odd})
            assert (step.code, answer in step.log) == (2, True), f"{name} {odd!r}: {step.log}"

    def test_a_base(self, desk: Desk) -> None:
        """A base that cannot be read is a missing base."""
        for odd, answer in INSIDE.items():
            step = desk.step(base=odd)
            assert (step.code, answer in step.log) == (0, True), f"{odd!r}: {step.log}"

    @pytest.mark.parametrize("name", ["reports", "config", "base"])
    def test_a_link_out_of_the_workspace_is_refused(self, name: str, desk: Desk) -> None:
        """A stranger's checkout must not make us print what it cannot read itself."""
        step = desk.step(**{name: "out"})
        assert step.code == 2
        assert f"out: expected {files.REACH}, found a path outside" in step.log
        assert "12345" not in step.log

    def test_an_event_file(self, desk: Desk) -> None:
        """The event says which pull request and which commits: one that cannot be read must not count as none."""
        for odd, answer in ODD.items():
            if odd in ON_DISK:
                desk.environ["GITHUB_EVENT_PATH"] = odd
                step = desk.step()
                assert (step.code, f"{odd}: {answer}" in step.log) == (2, True), f"{odd!r}: {step.log}"

    @pytest.mark.parametrize("variable", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
    def test_outputs_and_summary(self, variable: str, desk: Desk) -> None:
        """The verdict stands; what could not be published is a warning."""
        for odd in ("loop", "fifo", "folder"):
            desk.environ[variable] = odd
            step = desk.step()
            assert (step.code, f"not written: {UNWRITABLE[odd]}" in step.log) == (0, True), f"{odd!r}: {step.log}"


def test_a_regular_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    """A byte order mark is no content, and one byte too many is too many."""
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbfhi" + b"x" * (1 << 20))
    assert files.read_text(tmp_path / "file", 2 << 20).startswith("hi")
    with pytest.raises(FileError, match="file: expected at most 1 MiB, found a larger file"):
        files.read_bytes(tmp_path / "file", 1 << 20)


def test_a_replaced_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    """No half-written file is left behind, and none of ours beside it."""
    files.replace_file(tmp_path / "history", b"new")
    assert (tmp_path / "history").read_bytes() == b"new"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "full").write_text("")
    with pytest.raises(OSError, match="folder"):
        files.replace_file(tmp_path / "folder", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "history"]


def test_a_file_in_the_workspace_is_written_below_folders_alone(tmp_path: Path) -> None:
    """A file where a folder belongs is in the way, and is said to be."""
    (tmp_path / "vopr-coverage").write_text("")
    with pytest.raises(FileError) as refused:
        write_in_workspace(tmp_path, "vopr-coverage/verdict.json", "{}")
    assert refused.value.found == "file exists"
