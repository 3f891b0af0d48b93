"""A byte order mark before any text that is read changes nothing: editors and shells of Windows write one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.histories import records
from tests.support.night_folders import a_night, all_needs
from tests.support.recordings import kept, recorded
from tests.support.reports import MODEST, a_flat_report, a_stream, run_cli
from vopr_coverage.config.file import load_config
from vopr_coverage.errors import UserError
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.text import UTF8_MARK
from vopr_coverage.nightly.regression_file import parse_regressions
from vopr_coverage.reading import read_report
from vopr_coverage.reading.compact import Compactor
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import commits_under_test
from vopr_coverage.trends.history import parse_history, text_of

SHA, HEAD = "a" * 40, "b" * 40


def marked(path: Path) -> None:
    """Put a mark before what the file has."""
    path.write_bytes(UTF8_MARK + path.read_bytes())


def test_a_recorded_stream_with_a_mark_is_whole(tmp_path: Path) -> None:
    """The start record is the first line, and counts."""
    recording = recorded(UTF8_MARK + a_stream(), tmp_path / "out")
    assert recording.whole
    assert recording.lines == {"start": 1, "iteration_ok": 3, "batch_complete": 1}
    assert read_report(str(tmp_path / "out" / "stream.ndjson.gz")).run == read_report(str(tmp_path / "out.source")).run


def test_a_mark_inside_a_stream_is_text_in_both_forms(tmp_path: Path) -> None:
    """Only the first one is a mark; a line with another one is no record, as it is in the stream itself."""
    stream = UTF8_MARK + a_stream() + UTF8_MARK + b"\n"
    assert recorded(stream, tmp_path / "out").lines["no_records"] == 1
    read, stored = (read_report(str(tmp_path / name)) for name in ("out.source", "out/stream.ndjson.gz"))
    assert (stored.run, stored.warnings) == (read.run, read.warnings)
    assert kept(tmp_path / "out").startswith(UTF8_MARK + b'{"data"')


@pytest.mark.parametrize("stream", [b"", b"\xef", b"\xef\xbb", UTF8_MARK, UTF8_MARK * 2, UTF8_MARK + a_stream()])
def test_a_compacted_stream_begins_as_the_stream_does(stream: bytes) -> None:
    """In whatever pieces it comes."""
    whole = Compactor()
    together = whole.feed(stream) + whole.finish()
    assert together[:3] == stream[:3]
    by_bytes = Compactor()
    assert b"".join(by_bytes.feed(bytes([byte])) for byte in stream) + by_bytes.finish() == together
    assert (by_bytes.lines, by_bytes.started) == (whole.lines, whole.started)


def test_a_mark_in_pieces_is_a_mark() -> None:
    """A pipe may deliver a byte at a time."""
    code = (
        "import sys, time\n"
        "for byte in sys.argv[1].encode():\n"
        "    sys.stdout.buffer.write(bytes([byte])); sys.stdout.buffer.flush(); time.sleep(0.05 if byte > 127 else 0)\n"
    )
    report = "\ufeff" + a_flat_report().decode()
    with subprocess.Popen([sys.executable, "-c", code, report], stdout=subprocess.PIPE) as writer:
        words = [sys.executable, "-m", "vopr_coverage", "check", "-", "--format", "json"]
        ended = subprocess.run(words, stdin=writer.stdout, capture_output=True, text=True)
    assert json.loads(ended.stdout)["error"] is None, ended.stderr


def test_regression_seeds_are_read_behind_marks(tmp_path: Path) -> None:
    """At the beginning, and where one list was appended to another."""
    assert parse_regressions("combined 1\n\ufeffcombined 2\n", "r") == parse_regressions("combined 1\ncombined 2", "r")
    (tmp_path / "r.txt").write_bytes(UTF8_MARK + b"combined 42\n")
    flags = ("--rate", "combined=2", "--run-number", "1", "--minutes", "10", "--regressions", "r.txt")
    ended = run_cli("plan", "combined=20", *flags, cwd=tmp_path)
    assert ended.code == 0, ended
    assert "combined: 1 seed that failed once" in ended.out


def test_every_document_of_a_night_may_have_a_mark(tmp_path: Path) -> None:
    """Plan, needs, config, manifests and the history."""
    night = a_night(tmp_path)
    (tmp_path / "needs.json").write_text(json.dumps(all_needs()))
    (tmp_path / "h.ndjson").write_bytes(text_of(records(0)))
    for path in (tmp_path / "needs.json", tmp_path / "config.json", night / "plan.json", tmp_path / "h.ndjson"):
        marked(path)
    for path in night.rglob("manifest.json"):
        marked(path)
    ended = run_cli("summary", "night", "--needs", "needs.json", "--config", "config.json", cwd=tmp_path)
    assert ended.code == 0, ended
    assert parse_history((tmp_path / "h.ndjson").read_bytes(), "h").warnings == ()


def test_a_config_and_a_base_may_have_a_mark(tmp_path: Path) -> None:
    """The base is another run's verdict file, and `comment` reads one too."""
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    (tmp_path / "s.ndjson").write_bytes(a_stream())
    flags = ("--config", "c.json", "--verdict-file", "v.json")
    assert run_cli("check", "s.ndjson", *flags, cwd=tmp_path).code == 0
    marked(tmp_path / "c.json")
    marked(tmp_path / "v.json")
    ended = run_cli("check", "s.ndjson", "--config", "c.json", "--base", "v.json", cwd=tmp_path)
    assert "Compared with the verdict file v.json" in ended.out
    assert load_config(str(tmp_path / "c.json")).layer
    assert run_cli("comment", "v.json", cwd=tmp_path).code == 0


def test_an_event_may_have_a_mark(tmp_path: Path) -> None:
    """Its commits are those of the event without one."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": {"sha": HEAD}}}))
    marked(event)
    assert commits_under_test(Runner(event="pull_request", sha=SHA, event_path=str(event))) == (SHA, HEAD)


def test_the_place_of_an_error_counts_from_behind_the_mark() -> None:
    """The byte that is told is the one that is wrong."""
    with pytest.raises(UserError, match="the byte 0xff"):
        contract.document(UTF8_MARK + b'"\xff"', "v", "verdict")


def test_two_marks_are_one_too_many() -> None:
    """The second one is no mark but a character that does not belong there."""
    with pytest.raises(UserError, match="v: expected JSON"):
        contract.document(UTF8_MARK * 2 + b"{}", "v", "verdict")
