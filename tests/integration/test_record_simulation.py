"""`vopr-coverage record` of a simulator that writes a simulation stream: small, whole, and judged like the stream."""

from __future__ import annotations

import gzip
import json
import random
import re
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.recordings import kept, manifest_of, recorded
from tests.support.reports import SEED_COUNT, run_cli
from tests.support.simulations import a_simulation, as_lines, begin, failing, finish, seed
from tests.support.simulators import record
from vopr_coverage.errors import UserError
from vopr_coverage.model.report import Input
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.recorded import read_file
from vopr_coverage.reading.simulation_rows import BITS_IN_ROW_MAX, read_row, seeds_of

SIMULATOR = """
import json, os, sys
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
first, count = int(words["--seed"]), int(words.get("--iterations", 1))
deaths, failures = words.get("--die-at", "").split(","), words.get("--fail-at", "").split(",")
def say(**record):
    print(json.dumps(record), flush=True)
points = {"fault": ["net.drop", "disk.torn"], "sometimes": ["leader changes"]}
say(type="start", format="simulation/1", first_seed=first, seeds=count, points=points, invariants=["agreement"])
failed = 0
for seed in range(first, first + count):
    if str(seed) in deaths:
        print(f"thread 'main' panicked at src/log.rs:{seed}:9:\\nindex out of bounds", file=sys.stderr)
        os._exit(101)
    more = {"failure": {"invariant": "agreement", "message": "no"}} if str(seed) in failures else {}
    failed += bool(more)
    counts = {} if "--totals" in words else {"hits": {"net.drop": seed % 5 + 1}, "ran": {"agreement": 4}}
    if counts and seed % 3 == 0:
        counts["hits"]["disk.torn"] = 1
    noise = os.getpid() if "--noisy" in words else 0
    say(type="seed", seed=seed, status="failed" if more else "ok", events=100 + seed, time_ns=seed * 1000,
        digest={"log": f"{seed:x}", "state": f"{seed + noise:064x}"}, **counts, **more)
totals = {"hits": {"net.drop": 2 * count}, "ran": {"agreement": count}} if "--totals" in words else {}
if "--both" in words:
    seeds = range(first, first + count)
    drops, torn = sum(n % 5 + 1 for n in seeds), sum(n % 3 == 0 for n in seeds)
    totals = {"hits": {"net.drop": drops} | ({"disk.torn": torn} if torn else {}), "ran": {"agreement": 4 * count}}
say(type="end", seeds=count, failed=failed, **totals)
sys.exit(bool(failed))
"""
LONG = [begin(9_000, 0), *(seed(n, digest=f"{n * 2654435761:064x}") for n in range(9_000)), finish(9_000)]
HEALTHY = a_simulation(40)
STREAMS: dict[str, bytes] = {
    "healthy": as_lines(HEALTHY),
    "several rows": as_lines(LONG),
    "one seed": as_lines(a_simulation(1)),
    "no seed": as_lines(a_simulation(0)),
    "some fail": as_lines(
        [begin(4), seed(7), failing(8, message="no"), seed(9), failing(10, "durability"), finish(4, 2)]
    ),
    "every seed fails": as_lines([begin(600, 0), *(failing(n) for n in range(600)), finish(600, 600)]),
    "the last seeds there are": as_lines(a_simulation(3, SEED_COUNT - 3)),
    "seeds that wrap round": as_lines(
        [begin(4, SEED_COUNT - 2), *map(seed, (SEED_COUNT - 2, SEED_COUNT - 1, 0, 1)), finish()]
    ),
    "huge counts": as_lines([begin(), *(seed(n, hits={"net.drop": (1 << 63) - 1}) for n in range(7, 11)), finish()]),
    "figures that some lack": as_lines(
        [begin(3), seed(7), seed(8, hits=None, events=None), seed(9, digest=None), finish(3)]
    ),
    "without figures": as_lines([begin(2), *({"type": "seed", "seed": n, "status": "ok"} for n in (7, 8)), finish(2)]),
    "totals at the end": as_lines(
        [
            begin(2),
            *(seed(n, hits=None, ran=None) for n in (7, 8)),
            finish(2, hits={"net.drop": 9}, ran={"agreement": 2}),
        ]
    ),
    "wrong totals": as_lines([*HEALTHY[:-1], finish(40, hits={"net.drop": 9})]),
    "counters": as_lines(
        [
            begin(2, counters=["repairs", "unique_query_plans"]),
            *(seed(n, counters={"repairs": 2, "unique_query_plans": n}) for n in (7, 8)),
            finish(2),
        ]
    ),
    "zeros and undeclared names": as_lines(
        [begin(2), *(seed(n, hits={"net.drop": 0, "new": 1}) for n in (7, 8)), finish(2)]
    ),
    "seed ignored": as_lines([begin(), *(seed(n, digest="a" * 64, events=1) for n in range(7, 11)), finish()]),
    "a gap": as_lines([begin(), seed(7), seed(9), seed(10), finish(3)]),
    "a seed twice": as_lines([begin(3), seed(7), seed(7), seed(8), seed(9), finish(4)]),
    "out of order": as_lines([begin(3), seed(9), seed(8), seed(7), finish(3)]),
    "too many": as_lines([begin(1), seed(7), seed(8), finish(2)]),
    "two streams": as_lines([*HEALTHY, *HEALTHY]),
    "unknown keys": as_lines([begin(2, shard=1), seed(7, cpu=3), seed(8), finish(2)]),
    "refused seeds": as_lines([begin(3), seed(7), seed(8, events=-1), seed(9, hits={"a": 1.5}), finish(3)]),
    "logs throughout": b"".join(b"INFO step\n" + line for line in as_lines(HEALTHY).splitlines(keepends=True)),
    "blank lines": as_lines(HEALTHY).replace(b"\n", b"\n\n"),
    "no start": as_lines(HEALTHY[1:]),
    "no end": as_lines(HEALTHY[:-1]),
    "cut within a seed": as_lines(HEALTHY)[:-60],
    "no last line end": as_lines(HEALTHY)[:-1],
    "noise that looks recorded": b'["seeds",{"first_seed":7,"seeds":0}]\n["died",[1]]\n' + as_lines(HEALTHY),
}


def read(path: Path) -> Input | str:
    """What the reader makes of it, with no name of its own; or its refusal."""
    try:
        (file,) = find_reports([str(path)])
        read = read_file(file)
    except UserError as error:
        return re.sub(r"\S*(stream\.ndjson\.gz|plain)", "it", str(error))
    return replace(read, source="")


@pytest.mark.parametrize("name", STREAMS)
def test_a_recording_reads_as_its_stream(tmp_path: Path, name: str) -> None:
    """Every figure, contradiction, warning and refusal is the same, to the line number."""
    (tmp_path / "plain").write_bytes(STREAMS[name])
    recorded(STREAMS[name], tmp_path / "r")
    assert read(tmp_path / "r") == read(tmp_path / "plain")


def test_a_manifest_counts_what_was_stored(tmp_path: Path) -> None:
    """Seeds that passed and failed, start and end, and what is neither."""
    records = [begin(3), seed(7), failing(8), seed(9), finish(3, 1)]
    recording = recorded(b"hello\n" + as_lines(records), tmp_path / "r", seed=7)
    assert recording.whole
    assert recording.lines == {"no_records": 1, "start": 1, "iteration_ok": 2, "iteration_failed": 1, "end": 1}
    assert recording.kept == {"compact": 3, "verbatim": 3}


def test_a_hundred_points_take_at_most_eight_bytes_a_seed(tmp_path: Path) -> None:
    """Besides what a seed takes without them; which seed hit which point can be read back."""
    rng = random.Random(7)
    names = [f"subsystem{n % 7}.operation{n}.fails" for n in range(100)]
    rates = [10 ** rng.uniform(-4, -0.3) for _ in names]
    hits = [{name: rng.randint(1, 9) for name, rate in zip(names, rates, strict=True) if rng.random() < rate}
            for _ in range(8_000)]  # fmt: skip
    sizes = []
    for folder, of in (("with", hits), ("without", [{} for _ in hits])):
        records = [seed(n, hits=each, ran={}) for n, each in enumerate(of)]
        recorded(as_lines([begin(8_000, 0), *records, finish(8_000)]), tmp_path / folder)
        sizes.append((tmp_path / folder / "stream.ndjson.gz").stat().st_size)
    assert (sizes[0] - sizes[1]) / 8_000 <= 8.0
    rows = [row for line in kept(tmp_path / "with").splitlines() if (row := read_row(line))]
    assert [set(one.hits or ()) for row in rows for one in seeds_of(row)] == [set(each) for each in hits]


@pytest.fixture
def simulator(tmp_path: Path) -> list[str]:
    """The words that start one."""
    (tmp_path / "sim.py").write_text(SIMULATOR)
    return [sys.executable, "-S", str(tmp_path / "sim.py"), "--seed", "{seed}"]


MANY = ("--iterations", "{iterations}")


@pytest.mark.parametrize("totals", [(), ("--totals", "yes"), ("--both", "yes")])
def test_crashes_cost_their_seeds_alone(tmp_path: Path, simulator: list[str], totals: tuple[str, ...]) -> None:
    """The simulator starts again behind each, and all parts are one run, with the hits that were recorded."""
    command = [*simulator, *MANY, "--die-at", "17,18,41", *totals]
    ended = record(tmp_path, *command, options=("--on-crash", "restart"), seed=10, iterations=40)
    assert ended.code == 0, ended
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["whole"], manifest["measured"]) == (True, 8 if "--totals" in totals else 37)
    assert [part["died_at"] for part in manifest["parts"]] == ["17", "18", "41", None]
    read_back = read_file(find_reports([str(tmp_path / "out")])[0])
    run, observed = read_back.run, read_back.observed
    assert run
    assert observed
    assert (run.complete, run.iterations, run.failed_records, run.contradictions) == (True, 40, 3, ())
    assert [(group.seeds, bool(group.crash)) for group in run.failures] == [((n,), True) for n in (17, 18, 41)]
    assert observed.points["net.drop"].runs == (1 if "--totals" in totals else 37)


def test_a_crash_ends_the_recording_unless_it_is_started_again(tmp_path: Path, simulator: list[str]) -> None:
    """The seed that it died at is a failure; those behind it are missing."""
    ended = record(tmp_path, *simulator, *MANY, "--die-at", "12", seed=10, iterations=5)
    assert ended.code == 1
    assert "died at seed 12, ended with exit code 101: thread 'main' panicked" in ended.err
    run = read_file(find_reports([str(tmp_path / "out")])[0]).run
    assert run
    assert run.crashed
    assert run.ended_early == "no end record after 3 of 5 seeds, stopped at seed 13"


def test_all_that_was_flushed_can_be_read_when_the_end_is_missing(tmp_path: Path) -> None:
    """As after a kill of the recorder."""
    recorded(as_lines(LONG), tmp_path / "r", seed=0, iterations=9_000)
    packed = (tmp_path / "r" / "stream.ndjson.gz").read_bytes()
    (tmp_path / "r" / "stream.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    run = read_file(find_reports([str(tmp_path / "r")])[0]).run
    assert run
    assert run.ended_early
    assert 0 < run.records < 9_000


def test_a_row_that_makes_no_sense_is_no_row() -> None:
    """A file that was edited by hand: bits beyond the row, fewer hits than seeds, columns of another length."""
    whole = {"first_seed": 7, "seeds": 2, "events": [1, 2], "hits": {"a": ["3", 2]}, "failed": [[1, "x", "y"]]}
    assert read_row(json.dumps(["seeds", whole]).encode())
    for change in (
        {"hits": {"a": ["4", 9]}}, {"hits": {"a": ["3", 1]}}, {"hits": {"a": ["0", 0]}}, {"hits": {"a": ["0x3", 2]}},
        {"events": [1]}, {"failed": [[2, "x", ""]]}, {"failed": [[1, "x", ""], [0, "x", ""]]}, {"seeds": 0},
        {"first_seed": SEED_COUNT - 1}, {"more": 1}, {"digest": ["a"]}, {"seeds": 4097},
    ):  # fmt: skip
        assert read_row(json.dumps(["seeds", whole | change]).encode()) is None, change


def test_many_names_make_short_rows(tmp_path: Path) -> None:
    """A row is bounded, so that what is edited by hand is, too."""
    names = {f"point {n}": 1 for n in range(1_500)}
    records = [begin(1_600, 0), *(seed(n, hits=names) for n in range(1_600)), finish(1_600)]
    recorded(as_lines(records), tmp_path / "r", seed=0, iterations=1_600)
    rows = [row for line in kept(tmp_path / "r").splitlines() if (row := read_row(line))]
    assert sum(row.seeds for row in rows) == 1_600
    assert all(row.seeds * len(row.hits or ()) <= BITS_IN_ROW_MAX for row in rows)
    many = {"first_seed": 7, "seeds": 4096, "hits": {f"p{n}": ["1", 1] for n in range(600)}}
    assert read_row(json.dumps(["seeds", many]).encode()) is None
    assert read_row(json.dumps(["seeds", many | {"seeds": 1}]).encode())


def test_the_stored_stream_is_gzip_that_anybody_can_unpack(tmp_path: Path) -> None:
    """The first line is the simulator's own."""
    recorded(as_lines(HEALTHY), tmp_path / "r")
    lines = gzip.decompress((tmp_path / "r" / "stream.ndjson.gz").read_bytes()).splitlines()
    assert json.loads(lines[0]) == HEALTHY[0]
    assert len(lines) == 3


def test_seeds_with_a_process_each_are_one_run(tmp_path: Path, simulator: list[str]) -> None:
    """With hits, failures, crashes and counts; the same bytes however many run at a time."""
    command = [*simulator, "--die-at", "10,18", "--fail-at", "13"]
    for folder, parallel in (("out", "4"), ("again", "1")):
        options = ("--scenario", "combined", "--seed", "10", "--iterations", "90", "--out", folder, "--per-seed")
        ended = run_cli("record", *options, "--parallel", parallel, "--", *command, cwd=tmp_path)
        assert ended.code == 0, ended
    assert kept(tmp_path / "out") == kept(tmp_path / "again")
    (tmp_path / "plain").write_bytes(kept(tmp_path / "out"))
    manifest = manifest_of(tmp_path / "out")
    assert manifest["lines"] == {"iteration_failed": 3, "start": 1, "iteration_ok": 87, "end": 1}
    read_back = read_file(find_reports([str(tmp_path / "out")])[0])
    run, observed = read_back.run, read_back.observed
    assert run
    assert observed
    assert (run.complete, run.iterations, run.covered, run.contradictions) == (True, 90, 88, ())
    assert {group.seeds: bool(group.crash) for group in run.failures} == {(10,): True, (13,): False, (18,): True}
    expected = [n for n in range(10, 100) if n not in (10, 18)]
    assert observed.points["net.drop"].count == sum(n % 5 + 1 for n in expected)
    assert observed.points["disk.torn"].runs == sum(n % 3 == 0 for n in expected)


def test_a_seed_without_a_record_ends_a_recording_per_seed(tmp_path: Path, simulator: list[str]) -> None:
    """Once another seed wrote a stream, silence is no pass."""
    text = (tmp_path / "sim.py").read_text().replace("failed = 0", "failed = 0\nif first == 12: raise SystemExit(0)")
    (tmp_path / "sim.py").write_text(text.replace('say(type="start"', 'first == 12 or say(type="start"'))
    ended = record(tmp_path, *simulator, options=("--per-seed",), seed=10, iterations=5)
    assert ended.code == 1
    assert "it wrote no record, unlike the seeds before" in (tmp_path / "out" / "stderr.log").read_text()
