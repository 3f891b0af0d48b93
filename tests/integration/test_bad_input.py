"""What bad input gets, at the edge where users meet it: a process, an exit code, and a line for each problem.

Exit code 2 means that nothing was judged, and the line says which file, where, what was expected
and what was found. A run that broke off is judged, and fails. Nothing here is ever a pass or a bug of ours.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import pytest

import vopr_coverage
from tests.build import (
    MODEST,
    REAL,
    Ended,
    a_coverage,
    a_flat_report,
    a_record,
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

COUNT = "an integer from 0 to 2^64-1"
DEEP = 10_000
PEAK_MB_MAX = 300.0
SECONDS_MAX = 20.0  # they take one or two; a busy machine gets its time
GIB = 1 << 30


def refused(ended: Ended) -> list[str]:
    """The problems that a refused command names, a line each, without our own name in front."""
    assert ended.code == 2, ended
    assert ended.out == ""
    assert "Traceback" not in ended.err
    lines = ended.err.splitlines()
    assert all(one.startswith("vopr-coverage: ") and one.isprintable() for one in lines)
    return [one.removeprefix("vopr-coverage: ") for one in lines]


def violations(ended: Ended) -> list[str]:
    """The violations that a failed command lists."""
    assert ended.code == 1, ended
    assert ended.err == ""
    assert ended.out.startswith("❌ Coverage validation FAILED\n")
    return [one.removeprefix("  - ") for one in ended.out.partition("Total violations")[0].splitlines()[2:-1]]


def passed(ended: Ended) -> bool:
    """Whether the command passed, in its exit code and in its words."""
    assert (ended.code == 0) == ended.out.startswith("✅ Coverage validation PASSED\n"), ended
    return ended.code == 0


@pytest.fixture
def modest(tmp_path: Path) -> list[str]:
    """Flags under which the streams of `tests.build` pass, so that whatever fails does so for its own reason."""
    (tmp_path / "modest.json").write_text(json.dumps(MODEST))
    return ["--config", "modest.json"]


# ---- files that are no report


NO_REPORT: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "expected a report, found an empty file"),
    "only a BOM": (b"\xef\xbb\xbf", "expected a report, found an empty file"),
    "gzip of nothing": (gzip.compress(b""), "expected a report, found an empty file"),
    "blank lines": (b"\n \r\n\n",
                    "expected records of a VOPR stream, found blank lines only; was the simulator run with --json?"),
    "binary": (b"\x7fELF\x02\x01\x01\x00\x00", "expected UTF-8 text, found binary data"),
    "UTF-16 as Windows writes it": (a_flat_report().decode().encode("utf-16"),
                                    "expected UTF-8 text, found UTF-16 text; write it as UTF-8"),
    "UTF-16 without its mark": (a_stream().decode().encode("utf-16-be"), "expected UTF-8 text, found binary data"),
    "UTF-16, packed": (gzip.compress(a_stream().decode().encode("utf-16")),
                       "expected UTF-8 text, found UTF-16 text; write it as UTF-8"),
    "text for people": (
        (REAL / "not-json.txt").read_bytes(),
        "expected records of a VOPR stream, found 22 lines without one; was the simulator run with --json?",
    ),
    "Latin-1 in a document": (b'{"coverage": "\xe9"}', "expected UTF-8 text, found the byte 0xe9"),
    "an array": (b"[1, 2]\n",
                 "expected records of a VOPR stream, found 1 lines without one; was the simulator run with --json?"),
    "an array of records": (b'[{"type": 1}]\n',
                            "expected a VOPR stream or a coverage report object, found an array of 1"),
    "an empty object": (b"{}", "expected a VOPR stream, a CoverageReport or an object with one under 'coverage', "
                               "found an object with the keys (none)"),
    "another program's JSON": (
        b'{"totals": {}, "files": [], "meta\\n": 1, "version": 2}',
        "expected a VOPR stream, a CoverageReport or an object with one under 'coverage', "
        "found an object with the keys 'totals', 'files', 'meta\\n' …",
    ),
    "a gzip that is two bytes long": (b"\x1f\x8b", ":1: expected whole gzip data, found its end too early"),
    "a document in a gzip that is cut": (gzip.compress(a_flat_report())[:-30],
                                         ":1: expected whole gzip data, found its end too early"),
    "gzip damaged inside": (gzip.compress(b"a")[:10] + b"\xff" * 20, ":1: expected gzip data, found damaged data"),
    "a wrong checksum": (gzip.compress(a_flat_report())[:-8] + b"\0" * 8,
                         ":1: expected gzip data, found damaged data"),
}  # fmt: skip


def test_files_that_are_no_report_are_named_with_the_reason(tmp_path: Path) -> None:
    """One line a file, in the order of the files; ten at most in one run, so they come in two."""
    names = [f"{number}.json" for number in range(len(NO_REPORT))]
    lines = []
    for name, (content, told) in zip(names, NO_REPORT.values(), strict=True):
        (tmp_path / name).write_bytes(content)
        lines.append(name + (told if told.startswith(":") else f": {told}"))
    for at in range(0, len(names), 10):
        assert refused(run_cli("check", *names[at : at + 10], cwd=tmp_path)) == lines[at : at + 10]


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    """A directory, a FIFO without a writer, a device, a loop of links, a dead link and nothing at all."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("pool")
    (tmp_path / "pool").symlink_to("loop")
    (tmp_path / "dead").symlink_to("nowhere")
    (tmp_path / "dir").mkdir()
    names = ["dir", "fifo", "/dev/null", "loop", "dead", "missing.json", "x" * 300]
    assert refused(run_cli("check", *names, cwd=tmp_path, timeout_s=SECONDS_MAX)) == [
        "dir: expected a regular file, found a directory",
        "fifo: expected a regular file, found a FIFO",
        "/dev/null: expected a regular file, found a device",
        "loop: expected a readable file, found a loop of symbolic links",
        "dead: expected a readable file, found no such file or directory",
        "missing.json: expected a readable file, found no such file or directory",
        f"{'x' * 300}: expected a readable file, found file name too long",
    ]


def test_patterns_that_match_nothing_are_told_and_hostile_names_escaped(tmp_path: Path) -> None:
    """Every line of `reports` must match something, and no name can move the cursor or forge a line."""
    (tmp_path / "a\n::error::b\x1b[2J.json").write_bytes(b"")
    (tmp_path / "there.json").write_bytes(a_flat_report())
    assert refused(run_cli("check", "there.json", "night/*.json", "[ab].json", cwd=tmp_path)) == [
        "night/*.json: expected at least one file, found no match for this pattern",
        "[ab].json: expected at least one file, found no match for this pattern",
    ]
    assert refused(run_cli("check", "a*", cwd=tmp_path)) == [
        "a\\n::error::b\\x1b[2J.json: expected a report, found an empty file"
    ]


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("secret.json", "secret.json: expected a readable file, found permission denied"),
        (".github", ".github/vopr-coverage.yml: expected a readable config file, found permission denied"),
    ],
)
def test_what_may_not_be_read_is_named(secret: str, told: str) -> None:
    """A permission problem is told in the system's own words. Root may read everything, so it steps down."""
    program = (
        "import os, sys; from vopr_coverage.cli import main; main(['check', '-'])\n"  # loads all that it needs
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "sys.exit(main(['check', 'secret.json']))"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(vopr_coverage.__file__).parents[1])}
    command = [sys.executable, "-c", program]
    with TemporaryDirectory() as folder:  # pytest's own folders are closed to whoever we step down to
        Path(folder).chmod(0o755)
        Path(folder, "secret.json").write_bytes(a_flat_report())
        Path(folder, ".github").mkdir()
        Path(folder, secret).chmod(0)
        ran = subprocess.run(command, cwd=folder, env=env, input="", capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1] == f"vopr-coverage: {told}"


def test_standard_input_that_holds_nothing_is_told(tmp_path: Path) -> None:
    """`-` is read like a file, and empty input is as unusable as an empty file."""
    assert refused(run_cli("check", "-", cwd=tmp_path)) == ["-: expected a report, found an empty file"]


def test_a_bom_and_windows_line_ends_are_read(tmp_path: Path, modest: list[str]) -> None:
    """What PowerShell writes by itself is not held against anybody; gzip is told by content."""
    stream = a_stream()
    for name, content in {
        "bom.ndjson": b"\xef\xbb\xbf" + stream,
        "crlf.ndjson": stream.replace(b"\n", b"\r\n"),
        "packed": gzip.compress(b"\xef\xbb\xbf" + stream),
    }.items():
        (tmp_path / name).write_bytes(content)
    ended = run_cli("check", "bom.ndjson", "crlf.ndjson", "packed", *modest, cwd=tmp_path)
    assert passed(ended)
    assert "no records of the stream" not in ended.out
    assert passed(run_cli("check", "-", *modest, cwd=tmp_path, stdin=gzip.compress(stream)))


# ---- streams that broke off


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
    died = ("died at seed 41", "died at seed 42", "died after the last seed 42, before batch_complete")
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
        ["Run incomplete: no batch_complete after 15 of 200 iterations, died at seed 915",
         "Coverage not measured: the run did not finish"],
    ),
    "cut inside batch_complete": (
        a_stream(3)[:-200],
        ["Run incomplete: no batch_complete after 3 of 3 iterations, died after the last seed 2, before batch_complete",
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
        ["Run incomplete: no batch_complete after 2 of 9 iterations, died at seed 10",
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
    "records after the end": (a_stream(3) + line(ok(3)), ["1 records stand after the end of the stream"]),
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


# ---- values that can't be


def flat(**changes: Any) -> bytes:
    """A flat report with something wrong in it."""
    return a_flat_report(**changes)


def raw(key: str, token: str) -> bytes:
    """A flat report in which `key` stands with a token that no serialiser writes."""
    return a_flat_report(**{key: "@"}).replace(b'"@"', token.encode())


def without(key: str) -> bytes:
    """A flat report without one key."""
    return json.dumps({k: v for k, v in json.loads(a_flat_report()).items() if k != key}).encode()


FRACTION = "a fraction from 0 to 1 (0.9 for 90 %)"
LONG = "x" * 50 + "\n"
VALUES: dict[str, tuple[bytes, str]] = {
    "text for a count": (flat(repairs="12"), f"#/repairs: expected {COUNT}, or null for not measured, found '12'"),
    "a fraction for a count": (flat(total_events=5.0), f"#/total_events: expected {COUNT}, found 5.0"),
    "true for a count": (flat(total_events=True), f"#/total_events: expected {COUNT}, found true"),
    "a negative count": (flat(phase_events={"a/b~c": -1}), f"#/phase_events/a~1b~0c: expected {COUNT}, found -1"),
    "2^64": (flat(simulation_time_ns=2**64),
             f"#/simulation_time_ns: expected {COUNT}, found 18446744073709551616"),
    "400 digits": (flat(total_events=10**400), f"#/total_events: expected {COUNT}, found an integer of 1329 bits"),
    "5,000 digits": (raw("total_events", "9" * 5_000),
                     ": expected a number below 2^64, found an integer of thousands of digits"),
    "null where none may be": (flat(total_events=None), f"#/total_events: expected {COUNT}, found null"),
    "a missing key": (without("view_changes"), "#: expected the key 'view_changes', found no such key"),
    "a list for a map": (flat(invariant_executions=["a"]),
                         "#/invariant_executions: expected an object of name: count, found an array of 1"),
    "a number among names": (flat(hit_fault_points=["a", 7]), "#/hit_fault_points/1: expected a name (text), found 7"),
    "a hostile value": (flat(total_events="a\nb\x1b[31m\u202e"),
                        f"#/total_events: expected {COUNT}, found 'a\\nb\\x1b[31m\\u202e'"),
    "a long value": (flat(total_events=LONG), f"#/total_events: expected {COUNT}, found '{'x' * 39}…'"),
    "a hostile name": (flat(phase_events={"\n::error::": "1"}),
                       f"#/phase_events/\\n::error::: expected {COUNT}, found '1'"),
    "NaN": (raw("total_events", "NaN"), ": expected a finite number, found NaN"),
    "Infinity": (raw("total_events", "-Infinity"), ": expected a finite number, found -Infinity"),
    "1e400": (raw("total_events", "1e400"), ": expected a number that fits a double, found 1e400"),
    "a key twice": (b'{"total_events": 1, "total_events": 2}', ": expected every key once, "
                    "found the key 'total_events' twice"),
    "half a character": (raw("missed_fault_points", '["\\ud83c"]'),
                         ": expected whole characters, found half of a surrogate pair"),
    "a document cut in the middle": (json.dumps(json.loads(flat()), indent=1).encode().partition(b'"hit_fault')[0],
                                     ":4: expected JSON, found its end"),
    "two documents in a file": (flat() + b"\n" + flat(),
                                ":2: expected JSON, found '{\"total_fault_points\": 4, \"fault_points…'"),
    "coverage that is no report": (b'{"coverage": 0.87}', "#/coverage: expected a CoverageReport object, found 0.87"),
    "coverage cut out of a stream": (
        b'{"coverage": %s}' % json.dumps(a_coverage()).encode(),
        "#/coverage: expected a CoverageReport, "
        "found a stream's coverage cut out of its run; pass the whole stream, failures included",
    ),
    "a negative seed": (ndjson(start(0, 1), ok(-1), ending(1)), f":2#/data/seed: expected {COUNT}, found -1"),
    "5.0 events": (ndjson(start(0, 1), ok(0, events=5.0), ending(1)), f":2#/data/events: expected {COUNT}, found 5.0"),
    "an unknown status": (ndjson(start(0, 1), ok(0, status="skipped"), ending(1)),
                          ":2#/data/status: expected 'ok' or 'failed', found 'skipped'"),
    "a start without seeds": (ndjson(a_record("start", {"iterations": 1}), ending(0)),
                              ":1#/data: expected the key 'starting_seed', found no such key"),
    "a fault point that was hit a negative number of times": (
        a_stream(coverage=a_coverage(attempted={"net/send": -2})),
        f":5#/data/coverage/fault_points/fault_points/net~1send/attempted: expected {COUNT}, found -2",
    ),
    "a key twice in the end": (a_stream().replace(b'"failures":0', b'"failures":1,"failures":0'),
                               ":5: expected every key once, found the key 'failures' twice"),
    "NaN in a record": (a_stream().replace(b'"rate":6.0', b'"rate":NaN'), ":5: expected a finite number, found NaN"),
}  # fmt: skip


def test_values_that_cannot_be_are_told_with_pointer_or_line(tmp_path: Path) -> None:
    """File, line or JSON pointer, what was expected, and at most 40 escaped characters of what was found."""
    names = [f"{number}.json" for number in range(len(VALUES))]
    lines = []
    for name, (content, told) in zip(names, VALUES.values(), strict=True):
        (tmp_path / name).write_bytes(content)
        lines.append(name + told)
    for at in range(0, len(names), 10):
        assert refused(run_cli("check", *names[at : at + 10], cwd=tmp_path)) == lines[at : at + 10]


def test_several_problems_of_a_file_stand_in_its_order(tmp_path: Path) -> None:
    """One line a problem, in the order of the document, the first ten of them."""
    (tmp_path / "r.json").write_bytes(flat(total_events=-1, hit_fault_points="a", view_changes=[]))
    assert refused(run_cli("check", "r.json", cwd=tmp_path)) == [
        "r.json#/hit_fault_points: expected an array of names, found 'a'",
        f"r.json#/view_changes: expected {COUNT}, or null for not measured, found an array of 0",
        f"r.json#/total_events: expected {COUNT}, found -1",
    ]
    (tmp_path / "r.json").write_bytes(flat(phase_events={f"p{n}": -1 for n in range(20)}))
    told = refused(run_cli("check", "r.json", cwd=tmp_path))
    assert told[:2] == [f"r.json#/phase_events/p{n}: expected {COUNT}, found -1" for n in range(2)]
    assert told[10:] == ["… and 10 more problems"]


# ---- depth and size


def nested(core: str) -> str:
    """JSON or YAML nested ten thousand deep."""
    return "[" * DEEP + core + "]" * DEEP


def test_nesting_without_end_is_refused_in_every_place(tmp_path: Path, modest: list[str]) -> None:
    """A document, a record, a line of something else, and a config: none reaches the end of the stack."""
    (tmp_path / "a.json").write_bytes(flat(extra="@").replace(b'"@"', nested("1").encode()))
    (tmp_path / "b.json").write_text('{"coverage":' * DEEP + "1" + "}" * DEEP)
    (tmp_path / "c.ndjson").write_bytes(a_stream().replace(b'"events":100', b'"events":%s' % nested("").encode(), 1))
    (tmp_path / "d.ndjson").write_bytes(a_stream().replace(b'"rate":6.0', b'"rate":6.0,"x":%s' % nested("").encode()))
    assert refused(run_cli("check", "a.json", "b.json", "c.ndjson", "d.ndjson", cwd=tmp_path)) == [
        "a.json: expected at most 100 levels, found nesting that is too deep",
        "b.json: expected at most 100 levels, found nesting that is too deep",
        "c.ndjson:2: expected at most 100 levels, found nesting that is too deep",
        "d.ndjson:5: expected at most 100 levels, found nesting that is too deep",
    ]
    (tmp_path / "e.ndjson").write_bytes(nested("").encode() + b"\n" + a_stream())
    assert passed(run_cli("check", "e.ndjson", *modest, cwd=tmp_path))
    (tmp_path / "deep.yml").write_text(f"fault_points: {nested('')}\n")
    assert refused(run_cli("check", "e.ndjson", "--config", "deep.yml", cwd=tmp_path)) == [
        "deep.yml: expected at most 32 levels, found more"
    ]


@contextmanager
def a_gib_from_a_pipe() -> Iterator[IO[bytes]]:
    """A line of 1 GiB on a pipe, from a process that stops when nobody reads on."""
    code = "import os\nwhile os.write(1, b'x' * (1 << 20)): pass"
    feeder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert feeder.stdout is not None
    with feeder.stdout as pipe:
        yield pipe
    feeder.kill()
    feeder.wait()


def huge_file(path: Path, head: bytes) -> None:
    """A file of 1 GiB with one line end at most, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(GIB)


def test_a_line_of_a_gibibyte_is_refused_within_seconds_and_memory(tmp_path: Path) -> None:
    """As a document, behind a record, packed, and on standard input: nothing is read to its end."""
    huge_file(tmp_path / "document.json", b'{"coverage":"' + b"x" * 4096)
    huge_file(tmp_path / "stream.ndjson", ndjson(start(0, 1), b'{"data":"' + b"x" * 4096))
    (tmp_path / "packed.gz").write_bytes(gzip.compress(b"x" * (1 << 20)) * (GIB >> 20))
    with a_gib_from_a_pipe() as pipe:
        names = ["document.json", "stream.ndjson", "packed.gz", "-"]
        ended = run_cli("check", *names, cwd=tmp_path, stdin=pipe, timeout_s=SECONDS_MAX)
    assert refused(ended) == [
        "document.json:1: expected a line, found over 64 MiB without a line end",
        "stream.ndjson:2: expected a line, found over 64 MiB without a line end",
        "packed.gz:1: expected a line, found over 64 MiB without a line end",
        "-:1: expected a line, found over 64 MiB without a line end",
    ]
    assert ended.peak_mb <= PEAK_MB_MAX


def test_a_document_of_many_lines_has_a_limit_too(tmp_path: Path) -> None:
    """A gibibyte of short lines that begins like a document is not collected in memory."""
    chunk = gzip.compress(b'"a",\n' * 200_000)
    (tmp_path / "lines.gz").write_bytes(gzip.compress(b'{"extra": [\n') + chunk * 1_000)
    ended = run_cli("check", "lines.gz", cwd=tmp_path, timeout_s=SECONDS_MAX)
    assert refused(ended) == ["lines.gz: expected a JSON document, found over 64 MiB"]
    assert ended.peak_mb <= PEAK_MB_MAX


def test_millions_of_values_below_the_line_limit_are_refused_before_they_are_parsed(tmp_path: Path) -> None:
    """Some megabytes of empty lists would take a gigabyte as values, side by side or inside each other."""
    side_by_side, inside = b"[]," * 6_000_000 + b"[]", (b"[" * 500 + b"]" * 500 + b",") * 15_000 + b"[]"
    (tmp_path / "a.json").write_bytes(b'{"coverage":[%s]}' % side_by_side)
    (tmp_path / "b.json").write_bytes(b'{"coverage":[%s]}' % inside)
    (tmp_path / "c.ndjson").write_bytes(line(start(0, 1)) + b'{"data":[%s],"type":"iteration"}\n' % side_by_side)
    ended = run_cli("check", "a.json", "b.json", "c.ndjson", cwd=tmp_path, timeout_s=SECONDS_MAX)
    assert refused(ended) == [
        "a.json: expected at most 2,500,000 values, found more",
        "b.json: expected at most 2,500,000 values, found more",
        "c.ndjson:2: expected at most 2,500,000 values, found more",
    ]
    assert ended.peak_mb <= PEAK_MB_MAX


# ---- configs


BOMB = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 10))
CONFIGS: dict[str, tuple[str, str]] = {
    "percent for a fraction": ("fault_point_coverage_min: 90",
                               f":1#/fault_point_coverage_min: expected {FRACTION}, found 90"),
    "percent as text": ("profile: nightly\nfault_point_coverage_min: 90%",
                        f":2#/fault_point_coverage_min: expected {FRACTION}, found '90%'"),
    "a percent in a scenario": ("scenarios:\n  combined:\n    fault_point_coverage_min: 50",
                                f":3#/scenarios/combined/fault_point_coverage_min: expected {FRACTION}, found 50"),
    "not a number": ("fault_point_coverage_min: .nan",
                     f":1#/fault_point_coverage_min: expected {FRACTION}, found '.nan'"),
    "infinity": ("fault_point_coverage_min: 1e999", f":1#/fault_point_coverage_min: expected {FRACTION}, found inf"),
    "a negative minimum": ("min_repairs: -1", f":1#/min_repairs: expected {COUNT}, found -1"),
    "2^64": ("min_repairs: 18446744073709551616", f":1#/min_repairs: expected {COUNT}, found 18446744073709551616"),
    "5.0": ("min_iterations: 5.0", f":1#/min_iterations: expected {COUNT}, found 5.0"),
    "text for a number": ("min_repairs: two", f":1#/min_repairs: expected {COUNT}, found 'two'"),
    "an unknown key": ("min_view_change: 3",
                       ":1#/min_view_change: expected a known key (did you mean 'min_view_changes'?), "
                       "found 'min_view_change'"),
    "an unknown key of a scenario": (
        "scenarios:\n  a:\n    min_iteration: 3",
        ":3#/scenarios/a/min_iteration: expected a known key (did you mean 'min_iterations'?), found 'min_iteration'",
    ),
    "an unknown profile": ("profile: nightyl",
                           ":1#/profile: expected default, smoke_test or nightly, found 'nightyl'"),
    "an unknown policy": ("on_not_measured: skip",
                          ":1#/on_not_measured: expected fail, warn or ignore, or a map of gate to one of them, "
                          "found 'skip'"),
    "a list": ("- a\n- b", ":1#: expected a map of settings, found an array of 2"),
    "a key twice": ("min_repairs: 1\nmin_repairs: 2", ":2: expected every key once, found 'min_repairs' twice"),
    "a tag": ("profile: !!python/object/apply:os.system [id]",
              ":1: expected plain YAML, found the tag 'tag:yaml.org,2002:python/object/apply:o…'"),
    "a tag that lies": ("min_repairs: !!int two",
                        ":1: expected plain YAML, found the tag 'tag:yaml.org,2002:int'"),
    "a bomb of aliases": ("x0: &x0 [a]\n" + BOMB, ":1: expected at most 20000 values, 32 deep, found more"),
    "an alias of itself": ("fault_points: &a [*a]", ":1: expected at most 20000 values, 32 deep, found more"),
    "a merge key": ("profile: default\n<<: {min_repairs: 0}",
                    ":2#/<<: expected a known key (18 names are known), found '<<'"),
    "two documents": ("profile: default\n---\nprofile: nightly", ":2: expected plain YAML, found another document"),
    "no YAML at all": ("profile: [", ":1: expected plain YAML, found '<stream end>'"),
    "a tab": ("a:\n\tb: 1", ":2: expected plain YAML, found character '\\t' that cannot start any token"),
    "a NUL": ("profile: \0", ": expected plain YAML, found 'unacceptable character #x0000: special …'"),
    "expect without its invariants": ("scenarios:\n  a:\n    expect: violation",
                                      ":2#/scenarios/a: expected invariants beside expect, found no such key"),
    "one scenario in two spellings": ("scenarios:\n  a: {min_repairs: 1}\n  A: {min_repairs: 2}",
                                      ":3: expected every scenario once, found 'A' in two spellings"),
    "a profile's own name mapped away": (
        "aliases:\n  linearizability: mine",
        ":2: expected a name of the simulator, found the profile's own 'linearizability'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGS)
def test_a_config_that_cannot_be_used_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    """File, line, pointer, what was expected and what was found; nothing is judged by half a config."""
    text, told = CONFIGS[case]
    (tmp_path / "c.yml").write_text(text)
    (tmp_path / "r.json").write_bytes(a_flat_report())
    assert refused(run_cli("check", "r.json", "--config", "c.yml", cwd=tmp_path)) == [f"c.yml{told}"]


def test_a_config_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Missing, a directory, binary or huge: one line with the reason."""
    (tmp_path / "r.json").write_bytes(a_flat_report())
    (tmp_path / "dir.yml").mkdir()
    (tmp_path / "latin.yml").write_bytes(b"profile: \xe9")
    huge_file(tmp_path / "huge.yml", b"a: ")
    for name, why in {
        "missing.yml": "expected a readable config file, found no such file or directory",
        "dir.yml": "expected a readable config file, found is a directory",
        "latin.yml": "expected a readable config file, found text that is not UTF-8",
        "huge.yml": "expected at most 1 MiB, found a larger file",
    }.items():
        assert refused(run_cli("check", "r.json", "--config", name, cwd=tmp_path)) == [f"{name}: {why}"]


# ---- names and combinations


USAGE: dict[str, tuple[list[str], list[str]]] = {
    "no reports": (["check"], ["no reports: name at least one file, pattern, or - for standard input"]),
    "an unknown flag": (["check", "r.json", "--profil=nightly"],
                        ["unknown argument '--profil'; did you mean '--profile'?",
                         "try 'vopr-coverage check --help'"]),
    "an unknown profile": (["check", "r.json", "--profile", "nightyl"],
                           ["argument --profile: unknown 'nightyl'; did you mean 'nightly'?",
                            "try 'vopr-coverage check --help'"]),
    "an unknown way to merge": (["check", "r.json", "--merge", "scenarios"],
                                ["argument --merge: unknown 'scenarios'; did you mean 'scenario'?",
                                 "try 'vopr-coverage check --help'"]),
    "a count that is none": (["check", "r.json", "--min-iterations", "1e6"],
                             ["argument --min-iterations: expected an integer of 0 or more, found '1e6'",
                              "try 'vopr-coverage check --help'"]),
    "an unknown gate": (["check", "r.json", "--on-not-measured", "repair=warn"],
                        ["--on-not-measured: unknown 'repair'; did you mean 'repairs'?"]),
    "an unknown policy": (["check", "r.json", "--on-not-measured", "repairs=wran"],
                          ["--on-not-measured: unknown 'wran'; did you mean 'warn'?"]),
    "an unknown schema": (["schema", "sream"], ["unknown schema 'sream'; did you mean 'stream'?"]),
    "an unknown scenario": (["check", "r.json", "--scenario", "Swizzel", "--config", "scenarios.yml"],
                            ["scenario 'Swizzel' is not in scenarios.yml; did you mean 'swizzle'?"]),
    "an unknown scenario of a file": (["check", "combind=r.json", "--config", "scenarios.yml"],
                                      ["scenario 'combind' is not in scenarios.yml; did you mean 'combined'?"]),
    "one file under two scenarios": (["check", "combined=r.json", "swizzle=./r.json"],
                                     ["./r.json is named under two scenarios, 'combined' and 'swizzle'"]),
    "merge all against scenarios": (
        ["check", "combined=r.json", "swizzle=s.ndjson", "--merge", "all", "--config", "scenarios.yml"],
        ["merge all adds up runs of all scenarios, scenarios.yml judges them by scenario: use merge scenario"],
    ),
    "thresholds that require nothing": (["check", "r.json", "--config", "nothing.yml"],
                                        ["the thresholds for r.json require nothing: every run would pass them"]),
    "copies, merged": (["check", "r.json", "copy.json", "--merge", "all"],
                       ["r.json and copy.json are the same, byte for byte"]),
    "lists that don't account for their totals, merged": (
        ["check", "r.json", "short.json", "--merge", "all"],
        ["short.json can't be merged: its lists name 4 fault points, its total is 9; "
         "which ones overlap can't be known"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGE)
def test_usage_that_contradicts_itself_is_told_with_the_nearest_name(case: str, tmp_path: Path) -> None:
    """Unknown names and combinations that can't be meant: exit code 2, and what was probably meant."""
    arguments, told = USAGE[case]
    zeros = {"fault_point_coverage_min": 0, "critical_fault_points": [], "required_invariants": [],
             "min_view_changes": 0, "min_unique_query_plans": 0,
             "min_phase_events": {"vsr.prepare_sent": 0}}  # fmt: skip
    (tmp_path / "nothing.yml").write_text(json.dumps(zeros))
    (tmp_path / "scenarios.yml").write_text("scenarios: {combined: {min_repairs: 1}, swizzle: {min_repairs: 1}}")
    (tmp_path / "s.ndjson").write_bytes(a_stream())
    (tmp_path / "r.json").write_bytes(a_flat_report())
    (tmp_path / "copy.json").write_bytes(a_flat_report())
    (tmp_path / "short.json").write_bytes(a_flat_report(total_fault_points=9))
    assert refused(run_cli(*arguments, cwd=tmp_path)) == told


@pytest.mark.parametrize("merge", ["none", "scenario", "all"])
def test_one_file_counts_once_whatever_it_is_called(merge: str, tmp_path: Path, modest: list[str]) -> None:
    """The same path twice, a pattern over it, a hard link and a symbolic link are one run."""
    (tmp_path / "s.ndjson").write_bytes(a_stream(3))
    (tmp_path / "hard.ndjson").hardlink_to(tmp_path / "s.ndjson")
    (tmp_path / "soft.ndjson").symlink_to("s.ndjson")
    names = ["s.ndjson", "./s.ndjson", str(tmp_path / "s.ndjson"), "*.ndjson"]
    ended = run_cli("check", *names, *modest, "--merge", merge, "--format", "json", cwd=tmp_path)
    verdict = json.loads(ended.out)
    assert (ended.code, verdict["passed"]) == (0, True)
    (report,) = verdict["reports"]
    assert [read["source"] for read in report["inputs"]] == ["s.ndjson"]
    assert report["report"]["total_events"] == 300


def test_shared_seeds_of_merged_runs_show_both_ranges(tmp_path: Path, modest: list[str]) -> None:
    """A seed that ran in two shards would count twice; of different scenarios it may."""
    (tmp_path / "a.ndjson").write_bytes(a_stream(10))
    (tmp_path / "b.ndjson").write_bytes(a_stream(5, first=9))
    (tmp_path / "c.ndjson").write_bytes(a_stream(5, first=14))
    merged = run_cli("check", "a.ndjson", "b.ndjson", "c.ndjson", *modest, "--merge", "all", cwd=tmp_path)
    assert violations(merged) == [
        "all reports (3 merged): Seed ranges overlap: a.ndjson (seeds 0 to 9) and b.ndjson (seeds 9 to 13) share seeds"
    ]
    named = ["one=a.ndjson", "two=b.ndjson", "two=c.ndjson"]
    assert passed(run_cli("check", *named, *modest, "--merge", "all", cwd=tmp_path))
    assert passed(run_cli("check", "a.ndjson", "b.ndjson", *modest, cwd=tmp_path))


# ---- reports that show nothing


def test_an_empty_report_fails_category_one(tmp_path: Path) -> None:
    """0 of 0 is 0 %, whatever percentage the producer writes beside it."""
    empty = {"total_fault_points": 0, "fault_points_hit": 0, "hit_fault_points": [], "missed_fault_points": []}
    (tmp_path / "r.json").write_bytes(a_flat_report(**empty, coverage_percent=100.0))
    assert violations(run_cli("check", "r.json", "--profile", "smoke_test", cwd=tmp_path))[0] == (
        "r.json: Fault point coverage too low: 0.0% (expected >= 50.0%)"
    )
    (tmp_path / "zero.ndjson").write_bytes((REAL / "zero-iterations.ndjson").read_bytes())
    lines = violations(run_cli("check", "zero.ndjson", "--profile", "smoke_test", cwd=tmp_path))
    assert lines[0] == "zero.ndjson: No iterations ran (expected >= 1)"
    assert "zero.ndjson: Fault point coverage too low: 0.0% (expected >= 50.0%)" in lines


def test_figures_that_were_not_measured_fail_by_default(tmp_path: Path) -> None:
    """`null` is neither 0 nor a pass, until somebody says that it may be."""
    bounds = {**MODEST, "critical_fault_points": [], "required_invariants": ["hash_chain"], "min_repairs": 2,
              "min_view_changes": 1, "min_unique_query_plans": 3,
              "min_phase_events": {"vsr.prepare_sent": 1}}  # fmt: skip
    (tmp_path / "c.yml").write_text(json.dumps(bounds))
    (tmp_path / "r.json").write_bytes(a_flat_report(view_changes=None, repairs=None, unique_query_plans=None))
    assert violations(run_cli("check", "r.json", "--config", "c.yml", cwd=tmp_path)) == [
        "r.json: Insufficient view changes: not measured (expected >= 1)",
        "r.json: Insufficient repairs: not measured (expected >= 2)",
        "r.json: Insufficient unique query plans: not measured (expected >= 3)",
    ]
    assert passed(run_cli("check", "r.json", "--config", "c.yml", "--on-not-measured", "warn", cwd=tmp_path))


def test_a_stream_without_coverage_is_not_a_pass(tmp_path: Path, modest: list[str]) -> None:
    """`"coverage": null` is what the simulator writes when it lost its coverage, and no policy excuses that."""
    (tmp_path / "s.ndjson").write_bytes(a_stream(coverage=None))
    ended = run_cli("check", "s.ndjson", *modest, "--on-not-measured", "ignore", cwd=tmp_path)
    assert violations(ended) == ["s.ndjson: Coverage not measured: the report carries none"]


def test_a_flat_report_that_contradicts_itself_fails(tmp_path: Path) -> None:
    """More hit than there are, or a point both hit and missed: such a percentage means nothing."""
    (tmp_path / "r.json").write_bytes(a_flat_report(total_fault_points=2, missed_fault_points=["sim.network.send"]))
    assert violations(run_cli("check", "r.json", "--profile", "smoke_test", cwd=tmp_path)) == [
        "r.json: Counts disagree: fault_points_hit is 3, total_fault_points 2",
        "r.json: Counts disagree: fault point 'sim.network.send' is listed as hit and as missed (1 such names)",
    ]


def test_the_verdict_file_of_a_refused_command_says_error(tmp_path: Path) -> None:
    """Whoever reads the file later must not find the pass of last night in it."""
    (tmp_path / "v.json").write_text('{"passed": true}')
    assert refused(run_cli("check", "missing", "--verdict-file", "v.json", cwd=tmp_path))
    verdict = json.loads((tmp_path / "v.json").read_text())
    assert (verdict["status"], verdict["passed"]) == ("error", False)
    assert verdict["reason"].endswith("missing: expected a readable file, found no such file or directory")
