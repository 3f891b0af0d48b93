"""`check --watch`: files that grow are judged once their runs have finished, and not before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support.reports import Ended, a_stream, run_cli
from tests.support.simulators import a_simulator, record, wait_for
from vopr_coverage.commands import watch

STREAM = a_stream(6, failing=[1])
LINES = STREAM.splitlines(keepends=True)
REQUIRED = ("--health-only", "--min-iterations", "3")
BOUNDS = (*REQUIRED, "--watch", "0.01")


@contextmanager
def watching(folder: Path, *asked: str) -> Iterator[tuple[list[Ended], list[str]]]:
    """A check that runs beside the test; what it ended with, and each state that it told."""
    ended: list[Ended] = []
    told: list[str] = []

    def teller(_line: object) -> Callable[[str], None]:
        return told.append

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "_teller", teller)
        beside = threading.Thread(target=lambda: ended.append(run_cli("check", *asked, *BOUNDS, cwd=folder)))
        beside.start()
        try:
            yield ended, told
        finally:
            beside.join(20)
            assert not beside.is_alive()


def test_a_stream_is_judged_at_its_end(tmp_path: Path) -> None:
    """It need not be there at first; each state is told once, and the verdict is that of a check without the flag."""
    ends = {5: "4 iterations, 1 failing seed", len(LINES) - 1: "6 iterations, 1 failing seed"}
    with watching(tmp_path, "run.ndjson") as (ended, told):
        wait_for(lambda: told)
        with (tmp_path / "run.ndjson").open("ab") as file:
            for count, state in ends.items():
                file.write(b"".join(LINES[:count])[file.tell() :])
                file.flush()
                wait_for(partial(told.__contains__, f"{state}; 1 of 1 run has not finished"))
            file.write(LINES[-1][:20])
            file.flush()
            assert ended == []
            file.write(LINES[-1][20:])
    alone = run_cli("check", "run.ndjson", *REQUIRED, cwd=tmp_path)
    assert (ended[0].code, ended[0].out) == (alone.code, alone.out) == (1, alone.out)
    assert told[0] == "run.ndjson: expected a readable file, found no such file or directory"


def test_a_pattern_waits_for_as_many_reports_as_are_asked_for(tmp_path: Path) -> None:
    """A shard that has not begun has no file yet."""
    with watching(tmp_path, "run-*.ndjson", "--min-reports", "2") as (ended, told):
        (tmp_path / "run-1.ndjson").write_bytes(a_stream(3))
        wait_for(lambda: "3 iterations" in "".join(told))
        assert ended == []
        (tmp_path / "run-2.ndjson").write_bytes(a_stream(3, first=3))
    assert ended[0].code == 0


def test_a_recording_that_ended_is_not_waited_for(tmp_path: Path) -> None:
    """Its simulator died before the end of its stream: nothing more will come."""
    record(tmp_path, *a_simulator(tmp_path))
    ended = run_cli("check", "out", *BOUNDS, cwd=tmp_path)
    assert ended.code == 1
    assert "Run incomplete" in ended.out


def test_ctrl_c_judges_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unfinished run stays one; with nothing to judge, the exit code says so."""

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    (tmp_path / "run.ndjson").write_bytes(b"".join(LINES[:4]))
    ended = run_cli("check", "run.ndjson", *BOUNDS, cwd=tmp_path)
    assert ended.code == 1
    assert "Run incomplete: no batch_complete after 3 of 6 iterations" in ended.out
    assert ended.err == "vopr-coverage: 3 iterations, 1 failing seed; 1 of 1 run has not finished\n"
    ended = run_cli("check", "none.ndjson", *BOUNDS, cwd=tmp_path)
    assert ended.code == 2
    assert ended.err.endswith("vopr-coverage: none.ndjson: expected a readable file, found no such file or directory\n")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("-", "--watch"), "--watch reads a file again as it grows, and standard input can be read once only"),
        (("combined=-", "--watch"), "--watch reads a file again"),
        (("r.json", "--watch", "0"), "expected seconds from 0.01 to 3600, found '0'"),
        (("r.json", "--watch", "nan"), "expected seconds from 0.01 to 3600, found 'nan'"),
        (("r.json", "--watch", "--config", "lost.yml"), "lost.yml: expected a readable file"),
        (("r.json", "--watch", "--config", "bad.yml"), "bad.yml:1#/min_view_change: expected a known key"),
    ],
)
def test_what_waiting_cannot_mend_is_an_error_at_once(tmp_path: Path, asked: tuple[str, ...], said: str) -> None:
    """Flags, and the config."""
    (tmp_path / "bad.yml").write_text("min_view_change: 3\n")
    ended = run_cli("check", *asked, cwd=tmp_path)
    assert ended.code == 2
    assert said in ended.err
