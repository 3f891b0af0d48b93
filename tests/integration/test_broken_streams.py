"""A run that broke off or contradicts itself is judged, and fails: exit code 1, and the seed or both numbers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.support.endings import passed, violations
from tests.support.reports import (
    MODEST,
    REAL,
    a_coverage,
    a_stream,
    ending,
    failed,
    line,
    ndjson,
    ok,
    records_of,
    run_cli,
    start,
)
from vopr_coverage import cli


def a_short_stream() -> bytes:
    """A whole stream of seeds 41 and 42 in few bytes, since each of them is a place to cut."""
    coverage = a_coverage({"sim.network.send": 1}, {}, {"vsr_agreement": 20}, {"storage:fsync_complete": 10}, "feb2026")
    records = records_of(a_stream(2, first=41, era="feb2026", coverage=coverage))
    for record in records:
        record["timestamp"] = ""
        if record["type"] == "iteration":
            record["data"] |= {"storage_hash": str(record["data"]["seed"]), "kernel_state_hash": "k"}
    return ndjson(*records)


def test_the_stream_that_is_cut_below_passes_as_long_as_it_is_whole(tmp_path: Path, modest: list[str]) -> None:
    """Whatever fails below fails because of the cut."""
    (tmp_path / "plain").write_bytes(a_short_stream())
    (tmp_path / "packed").write_bytes(gzip.compress(a_short_stream()))
    assert passed(run_cli("check", "plain", "packed", *modest, cwd=tmp_path))


def test_a_stream_cut_at_any_byte_is_incomplete_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a kill or a full disk cuts a stream, it never passes and is never a bug of ours."""
    stream = a_short_stream()
    (tmp_path / "modest.json").write_text(json.dumps(MODEST))
    monkeypatch.chdir(tmp_path)
    ends = [at for at in range(len(stream)) if stream[at : at + 1] == b"\n"]
    died = ("stopped at seed 41", "stopped at seed 42", "stopped after the last seed 42, before batch_complete")
    for cut in range(len(stream) - 1):
        (tmp_path / "cut.ndjson").write_bytes(stream[:cut])
        code = cli.main(["check", "cut.ndjson", "--config", "modest.json"])
        out, err = capsys.readouterr()
        if cut < ends[0]:  # not even its start is there
            assert (code, out, len(err.splitlines())) == (2, "", 1), cut
            assert err.startswith("vopr-coverage: cut.ndjson:"), cut
        else:
            ran = sum(end <= cut for end in ends[1:3])
            told = f"Run incomplete: no batch_complete after {ran} of 2 iterations, {died[ran]}"
            assert (code, out.splitlines()[2], err) == (1, f"  - cut.ndjson: {told}", ""), cut


def test_a_stream_that_lacks_its_last_line_feed_is_whole(tmp_path: Path, modest: list[str]) -> None:
    """Not a byte of a record is missing then: an editor may have taken it off."""
    (tmp_path / "s.ndjson").write_bytes(a_stream()[:-1])
    assert passed(run_cli("check", "s.ndjson", *modest, cwd=tmp_path))


def test_a_packed_stream_cut_at_any_byte_is_incomplete_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where only the checksum is missing: data that nobody can vouch for is no proof."""
    packed = gzip.compress(a_short_stream(), mtime=0)
    (tmp_path / "modest.json").write_text(json.dumps(MODEST))
    monkeypatch.chdir(tmp_path)
    for cut in range(len(packed)):
        (tmp_path / "cut.gz").write_bytes(packed[:cut])
        code = cli.main(["check", "cut.gz", "--config", "modest.json"])
        out, err = capsys.readouterr()
        if code == 1:
            assert "  - cut.gz: Run incomplete: " in out, cut
        else:
            assert (code, out, len(err.splitlines())) == (2, "", 1), cut
    assert "Run incomplete: the gzip data breaks off after batch_complete" in out


INCOMPLETE: dict[str, tuple[bytes, list[str]]] = {
    "killed": (
        (REAL / "combined-killed.ndjson").read_bytes(),
        ["Run incomplete: no batch_complete after 15 of 200 iterations, stopped at seed 915",
         "Coverage not measured: the run did not finish"],
    ),
    "cut inside batch_complete": (
        a_stream(3)[:-200],
        ["Run incomplete: no batch_complete after 3 of 3 iterations, stopped after the last seed 2, "
         "before batch_complete",
         "Coverage not measured: the run did not finish"],
    ),
    "without its start": (
        a_stream(3).partition(b"\n")[2],
        ["Run incomplete: there is no start record, pass the whole stream",
         "Coverage not measured: the run did not finish"],
    ),
    "packed and cut": (
        gzip.compress(a_stream(3), mtime=0)[:-4],
        ["Run incomplete: the gzip data breaks off after batch_complete"],
    ),
    "failed before it was killed": (
        ndjson(start(8, 9), ok(8), failed(9, "vsr_agreement")),
        ["Run incomplete: no batch_complete after 2 of 9 iterations, stopped at seed 10",
         "Invariant 'vsr_agreement' failed on 1 seed: 9",
         "Coverage not measured: the run did not finish"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", INCOMPLETE)
def test_a_run_that_broke_off_fails_and_names_the_seed(case: str, tmp_path: Path, modest: list[str]) -> None:
    """The verdict is *incomplete*, the exit code 1, and nobody has to look for the seed."""
    content, told = INCOMPLETE[case]
    (tmp_path / "run").write_bytes(content)
    ended = run_cli("check", "run", *modest, "--verdict-file", "v.json", cwd=tmp_path)
    assert violations(ended) == [f"run: {one}" for one in told]
    assert json.loads((tmp_path / "v.json").read_text())["status"] == "incomplete"


CONTRADICTORY: dict[str, tuple[bytes, list[str]]] = {
    "a success too many": (
        ndjson(start(0, 2), ok(0), ok(1), ending(3)),
        ["successes is 3, 2 records say ok", "successes and failures make 3, the start record announced 2"],
    ),
    "a seed twice": (
        ndjson(start(0, 3), ok(0), ok(1), ok(1), ok(2), ending(3)),
        ["line 4 has seed 1 again or too late, seed 2 was due", "successes is 3, 4 records say ok"],
    ),
    "records after the end": (a_stream(3) + line(ok(3)), ["1 record stands after the end of the stream"]),
    "two streams": (
        a_stream(3) + a_stream(2, first=60),
        ["two streams in one file: line 6 starts again at seed 60 for 2 iterations, the first start was at seed 0 "
         "for 3", "4 records stand after the end of the stream"],
    ),
    "points that are not listed": (
        a_stream(3, coverage=a_coverage() | {"invariants": a_coverage()["invariants"] | {"total": 20}}),
        ["invariants.total is 20, 2 invariants are listed"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTRADICTORY)
def test_counts_that_disagree_are_violations_with_both_numbers(case: str, tmp_path: Path, modest: list[str]) -> None:
    """A stream whose parts tell different stories is judged, and fails for that."""
    content, told = CONTRADICTORY[case]
    (tmp_path / "run").write_bytes(content)
    lines = violations(run_cli("check", "run", *modest, cwd=tmp_path))
    assert lines == [f"run: Counts disagree: {one}" for one in told]
