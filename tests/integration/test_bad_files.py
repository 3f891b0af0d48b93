"""What bad files get at the edge where users meet it: exit code 2, and a line that says which file and why.

Nothing here is ever a pass or a bug of ours, and nothing takes more than seconds or 300 MB.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import pytest

import vopr_coverage
from tests.support.endings import passed, refusals_of, refused
from tests.support.reports import (
    REAL,
    a_flat_report,
    a_stream,
    line,
    ndjson,
    run_cli,
    run_cli_weighed,
    run_process,
    start,
)

COUNT = "an integer from 0 to 2^64-1"
DEEP = 10_000
PEAK_MB_MAX = 300.0
SECONDS_MAX = 20.0  # they take one or two; a busy machine gets its time
GIB = 1 << 30


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
                 "expected records of a VOPR stream, found 1 line without one; was the simulator run with --json?"),
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
    """One line a file, in the order of the files."""
    contents, texts = zip(*NO_REPORT.values(), strict=True)
    assert refusals_of(contents, tmp_path) == [
        f"{number}.json{told if told.startswith(':') else f': {told}'}" for number, told in enumerate(texts)
    ]


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    """A directory, a FIFO without a writer, a device, a loop of links, a dead link and nothing at all."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("pool")
    (tmp_path / "pool").symlink_to("loop")
    (tmp_path / "dead").symlink_to("nowhere")
    (tmp_path / "dir").mkdir()
    names = ["dir", "fifo", "/dev/null", "loop", "dead", "missing.json", "x" * 300]
    assert refused(run_process("check", *names, cwd=tmp_path, timeout_s=SECONDS_MAX)) == [
        "dir: expected a regular file, found a directory",
        "fifo: expected a regular file, found a FIFO",
        "/dev/null: expected a regular file, found a device",
        "loop: expected a readable file, found a loop of symbolic links",
        "dead: expected a readable file, found a symbolic link to a path that does not exist",
        "missing.json: expected a readable file, found no such file or directory",
        f"{'x' * 300}: expected a readable file, found file name too long",
    ]


def test_patterns_that_match_nothing_are_told_and_hostile_names_escaped(tmp_path: Path) -> None:
    """Every line of `reports` must match something, and no name can move the cursor or forge a line."""
    (tmp_path / "a\n::error::b\x1b[2J.json").write_bytes(b"")
    (tmp_path / "there.json").write_bytes(a_flat_report())
    told = [
        "night/*.json: expected at least one file, found no match for this pattern",
        "[ab].json: expected at least one file, found no match for this pattern",
    ]
    assert refused(run_cli("check", "night/*.json", "[ab].json", cwd=tmp_path)) == told
    ended = run_cli("check", "-v", "there.json", "night/*.json", "[ab].json", cwd=tmp_path)
    assert ended.code == 2
    assert ended.err.splitlines() == [f"vopr-coverage: {line}" for line in told]
    assert "\nJudged:\n  - there.json, " in ended.out
    assert refused(run_cli("check", "a*", cwd=tmp_path)) == [
        "a\\n::error::b\\x1b[2J.json: expected a report, found an empty file"
    ]


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("secret.json", "secret.json: expected a readable file, found permission denied"),
        (".github", ".github/vopr-coverage.yml: expected a readable file, found permission denied"),
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


# ---- depth and size


def nested(core: str) -> str:
    """JSON or YAML nested ten thousand deep."""
    return "[" * DEEP + core + "]" * DEEP


def test_nesting_without_end_is_refused_in_every_place(tmp_path: Path, modest: list[str]) -> None:
    """A document, a record, a line of something else, and a config: none reaches the end of the stack."""
    (tmp_path / "a.json").write_bytes(a_flat_report(extra="@").replace(b'"@"', nested("1").encode()))
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
        ended, peak_mb = run_cli_weighed("check", *names, cwd=tmp_path, stdin=pipe, timeout_s=SECONDS_MAX)
    assert refused(ended) == [
        "document.json:1: expected a line, found over 64 MiB without a line end",
        "stream.ndjson:2: expected a line, found over 64 MiB without a line end",
        "packed.gz:1: expected a line, found over 64 MiB without a line end",
        "-:1: expected a line, found over 64 MiB without a line end",
    ]
    assert peak_mb <= PEAK_MB_MAX


def test_a_document_of_many_lines_has_a_limit_too(tmp_path: Path) -> None:
    """A gibibyte of short lines that begins like a document is not collected in memory."""
    chunk = gzip.compress(b'"a",\n' * 200_000)
    (tmp_path / "lines.gz").write_bytes(gzip.compress(b'{"extra": [\n') + chunk * 1_000)
    ended, peak_mb = run_cli_weighed("check", "lines.gz", cwd=tmp_path, timeout_s=SECONDS_MAX)
    assert refused(ended) == ["lines.gz: expected a JSON document, found over 64 MiB"]
    assert peak_mb <= PEAK_MB_MAX


def test_millions_of_values_below_the_line_limit_are_refused_before_they_are_parsed(tmp_path: Path) -> None:
    """Some megabytes of empty lists would take a gigabyte as values, side by side or inside each other."""
    side_by_side, inside = b"[]," * 6_000_000 + b"[]", (b"[" * 500 + b"]" * 500 + b",") * 15_000 + b"[]"
    (tmp_path / "a.json").write_bytes(b'{"coverage":[%s]}' % side_by_side)
    (tmp_path / "b.json").write_bytes(b'{"coverage":[%s]}' % inside)
    (tmp_path / "c.ndjson").write_bytes(line(start(0, 1)) + b'{"data":[%s],"type":"iteration"}\n' % side_by_side)
    ended, peak_mb = run_cli_weighed("check", "a.json", "b.json", "c.ndjson", cwd=tmp_path, timeout_s=SECONDS_MAX)
    assert refused(ended) == [
        "a.json: expected at most 2,500,000 values, found more",
        "b.json: expected at most 2,500,000 values, found more",
        "c.ndjson:2: expected at most 2,500,000 values, found more",
    ]
    assert peak_mb <= PEAK_MB_MAX
