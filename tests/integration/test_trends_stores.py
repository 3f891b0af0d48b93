"""Histories in stores: a branch of a fake GitHub, and a folder, under races, faults and kills."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, Kind, random_faults
from tests.fake_github.state import REPOSITORY
from tests.support.examples import THOROUGH
from tests.support.histories import a_record
from tests.support.nightly_runners import Nightly
from tests.support.pull_requests import SECRET, FakeClock
from vopr_coverage.github.api import Api
from vopr_coverage.github.retry import RetryBudget
from vopr_coverage.github.trends_branch import COMMITS_MAX, BranchStore
from vopr_coverage.nightly.night_incidence import NightIncidence
from vopr_coverage.trends.folder import FolderStore
from vopr_coverage.trends.history import TrendRecord, night_of, parse_history, text_of

BRANCH = "vopr-trends"
SCHEDULES = 200 if THOROUGH else 20
TEXTS = {"dates.txt", "fault-coverage.txt", "invariant-count.txt", "view-changes.txt"}


@pytest.fixture
def nightly(tmp_path: Path, github: FakeGitHub, capsys: pytest.CaptureFixture[str]) -> Nightly:
    """A repository whose nights may write."""
    github.add_token(SECRET)
    return Nightly(tmp_path, github, capsys.readouterr)


def on_branch(github: FakeGitHub, branch: str = BRANCH) -> tuple[TrendRecord, ...]:
    """The nights on it."""
    return parse_history(github.world.git.files(branch)["trends.ndjson"], "branch").records


def test_nights_live_on_a_branch(nightly: Nightly) -> None:
    """An orphan branch with the history and the four text files; a fresh runner gets all nights from it."""
    for ran in (1_000, 1_001, 1_002):
        nightly.begin()
        nightly.record(ran=ran)
        assert nightly.trends("--store", "branch").code == 0
    assert nightly.ran() == [1_000, 1_001, 1_002]
    files = nightly.github.world.git.files(BRANCH)
    assert set(files) == {"trends.ndjson", *TEXTS}
    assert files["dates.txt"].count(b"\n") == files["view-changes.txt"].count(b"\n") == 3
    nightly.begin()
    told = nightly.trends("--restore", "--store", "branch")
    assert "3 nights of Nightly" in told.out
    assert nightly.ran() == [1_000, 1_001, 1_002]


def test_the_branch_stays_short(nightly: Nightly) -> None:
    """It is a store, and no log."""
    for ran in range(2 * COMMITS_MAX):
        nightly.begin()
        nightly.record(ran=ran)
        assert nightly.trends("--store", "branch").warnings == []
    git = nightly.github.world.git
    assert len(git.history(git.branches[REPOSITORY, BRANCH])) <= COMMITS_MAX
    assert nightly.ran() == list(range(2 * COMMITS_MAX))


def test_what_cannot_be_written_is_a_warning_and_the_night_goes_on(nightly: Nightly) -> None:
    """A token without the right, a branch with other files, and the code's own branch."""
    nightly.begin()
    nightly.record(ran=7)
    nightly.github.inject(SECRET, lambda _: Fault(Kind.READ_ONLY))
    told = nightly.trends("--store", "branch", clock=FakeClock())
    assert told.code == 0
    assert "contents: write" in told.warnings[0]
    nightly.github.inject(SECRET, {})
    nightly.github.world.git.push({"index.html": b"<p>"}, "gh-pages")
    told = nightly.trends("--store", "branch=gh-pages")
    assert "expected a branch with trends.ndjson, found other files only" in told.warnings[0]
    assert nightly.github.world.git.files("gh-pages") == {"index.html": b"<p>"}
    assert nightly.trends("--store", "branch=main").code == 2
    assert nightly.ran() == [7]


@pytest.mark.parametrize("store", ["cloud", "dir=", "branch=", "branch=a..b", "branch=-x", "artifact=x"])
def test_a_store_that_is_none_is_refused(nightly: Nightly, store: str) -> None:
    """Exit code 2, and nothing was written."""
    nightly.begin()
    assert nightly.trends("--store", store).code == 2
    assert not nightly.file.exists()


def store_of(github: FakeGitHub, clock: FakeClock) -> BranchStore:
    """A client of its own."""
    api = Api(SECRET, github.url, RetryBudget(clock, lambda _: None), None)
    return BranchStore(api, REPOSITORY, BRANCH)


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_no_night_is_lost_or_told_twice_on_a_branch(github: FakeGitHub, seed: int) -> None:
    """Writers in a random order, somebody else's pushes in between, and faults; a last quiet night heals all."""
    rng = random.Random(seed)
    github.add_token(SECRET)
    known: list[TrendRecord] = []
    for number in range(rng.randint(2, 6)):
        night = a_record(number, ran=number)
        known.append(night)
        if rng.random() < 0.3:  # somebody else writes first
            store_of(github, FakeClock()).append([a_record(100 + number)])
            known.append(a_record(100 + number))
        github.inject(SECRET, random_faults(rng))
        told = store_of(github, FakeClock()).append(known if rng.random() < 0.5 else [night])
        assert night in told.records
        github.inject(SECRET, {})
    store_of(github, FakeClock()).append(known)
    there = on_branch(github)
    assert sorted(map(night_of, there)) == sorted(map(night_of, set(known)))
    assert set(github.world.git.files(BRANCH)) == {"trends.ndjson", *TEXTS}


WRITER = """
import sys
from pathlib import Path
from tests.support.histories import a_record
from vopr_coverage.trends.folder import FolderStore
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    told = FolderStore(Path(sys.argv[1])).append([a_record(number)])
    assert not told.warnings, told.warnings
"""


def writer(folder: Path, first: int, end: int) -> subprocess.Popen[bytes]:
    """A process that adds these nights one by one."""
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(first), str(end)], cwd=root)


def test_two_processes_write_one_folder(tmp_path: Path) -> None:
    """Each of 15 nights; none is lost, and the text files have one line a night."""
    writers = [writer(tmp_path / "store", 0, 15), writer(tmp_path / "store", 100, 115)]
    assert [one.wait(120) for one in writers] == [0, 0]
    there = FolderStore(tmp_path / "store").load()
    assert len({night_of(record) for record in there.records}) == len(there.records) == 30
    assert (tmp_path / "store" / "dates.txt").read_text().count("\n") == 30


def test_a_writer_that_is_killed_leaves_a_history(tmp_path: Path) -> None:
    """At whatever moment; the next one finds all nights that were there, and no draft is left."""
    rng = random.Random(1)
    for round_ in range(6):
        one = writer(tmp_path / "store", 1_000 * round_, 1_000 * round_ + 500)
        until = time.monotonic() + 60
        while not (tmp_path / "store" / "trends.ndjson").exists() and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.2, 0.8))
        before = len(FolderStore(tmp_path / "store").load().records)
        one.send_signal(signal.SIGKILL)
        one.wait(60)
        there = FolderStore(tmp_path / "store").load()
        assert there.warnings == ()
        assert len(there.records) >= before
    FolderStore(tmp_path / "store").append([a_record(9_999)])
    assert {path.name for path in (tmp_path / "store").iterdir()} <= {"trends.ndjson", ".vopr-trends.lock", *TEXTS}


def test_nights_with_counts_of_seeds_are_told_once(tmp_path: Path) -> None:
    """A record is not always hashable; a night that changed is told again."""
    counts = NightIncidence(of=100, points={"disk.torn_write": 3})
    store, night = FolderStore(tmp_path), replace(a_record(1), incidence=counts)
    assert "1 night added" in store.append([night]).said[0]
    assert "has all of them already" in store.append([night]).said[0]
    more = replace(night, incidence=replace(counts, of=200))
    assert "1 night added" in store.append([more]).said[0]


def test_a_folder_is_a_store_of_the_command(nightly: Nightly, tmp_path: Path) -> None:
    """With text files of one scenario beside, and what is in the way is said."""
    nightly.begin()
    nightly.record(ran=3)
    store = tmp_path / "store"
    assert nightly.trends("--store", f"dir={store}", "--text-files", str(tmp_path / "texts")).code == 0
    assert {path.name for path in (tmp_path / "texts").iterdir()} == TEXTS
    assert parse_history((store / "trends.ndjson").read_bytes(), "store").records[0].ran == 3
    (tmp_path / "file").write_text("")
    told = nightly.trends("--store", f"dir={tmp_path / 'file'}")
    assert told.code == 0
    assert "was not written" in told.warnings[0]


def test_the_gate_of_the_command(tmp_path: Path, nightly: Nightly) -> None:
    """A lost fault point ends with exit code 1, and so does a history without a night."""
    nightly.begin()
    nightly.file.parent.mkdir()
    nightly.file.write_bytes(text_of([a_record(n) for n in range(21)]))
    assert nightly.trends("--gate").code == 0
    nightly.file.write_bytes(text_of([a_record(n, fault_points_hit=11 if n < 20 else 10) for n in range(21)]))
    told = nightly.trends("--gate")
    assert told.code == 1
    assert "gate: long-run combined: fault points hit: 10 is below 11" in told.err
    nightly.file.write_bytes(b"")
    assert nightly.trends("--gate").code == 1
