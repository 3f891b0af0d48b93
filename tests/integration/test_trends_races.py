"""Stores of a history under races and faults, and what bad input gets: a branch of a fake GitHub, and a folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.fake_github import git_data
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, Kind
from tests.fake_github.state import REPOSITORY
from tests.support.histories import a_record
from tests.support.nightly_runners import Nightly, Told
from tests.support.pull_requests import SECRET, FakeClock
from tests.support.reports import run_cli
from tests.support.trend_stores import (
    BRANCH,
    a_store_schedule,
    append_to_branch,
    lost_or_twice,
    nights,
    play_on_branch,
    play_on_folder,
)
from vopr_coverage import files
from vopr_coverage.github.git_data import GitBranch
from vopr_coverage.github.trends_branch import COMMITS_MAX
from vopr_coverage.trends import folder as folder_module
from vopr_coverage.trends.folder import LOCK_NAME, FolderStore
from vopr_coverage.trends.history import parse_history, text_of
from vopr_coverage.trends.store import TRENDS_NAME
from vopr_coverage.trends.text_files import TEXT_NAMES

HISTORY = text_of(nights(0, 1, 2))
LATER = b'{"format":"urn:vopr-coverage:schema:trend:v2","at":1}\n'


@pytest.fixture
def nightly(tmp_path: Path, github: FakeGitHub, capsys: pytest.CaptureFixture[str]) -> Nightly:
    """A runner of a repository without a branch for trends, with a history of three nights."""
    github.add_token(SECRET)
    made = Nightly(tmp_path, github, capsys.readouterr)
    made.begin()
    made.file.parent.mkdir()
    made.file.write_bytes(HISTORY)
    return made


def commits(github: FakeGitHub) -> int:
    """How many the branch has."""
    git = github.world.git
    return len(git.history(git.branches[REPOSITORY, BRANCH]))


def stored(nightly: Nightly, *flags: str) -> Told:
    """`trends FILE --store branch`, with a clock that doesn't wait."""
    return nightly.trends("--store", "branch", *flags, clock=FakeClock())


# ---- the branch


def test_a_branch_begins_and_grows(nightly: Nightly, github: FakeGitHub) -> None:
    """An orphan with five files; one commit more for a night, and none for a night that is there."""
    told = stored(nightly)
    assert (told.code, told.warnings) == (0, [])
    assert "3 nights added to the branch vopr-trends" in told.err
    files = github.world.git.files(BRANCH)
    assert set(files) == {TRENDS_NAME, *TEXT_NAMES}
    assert lost_or_twice(files, nights(0, 1, 2), at_least=False) == []
    assert "the branch vopr-trends has all of them already" in stored(nightly).err
    assert commits(github) == 1
    nightly.file.write_bytes(text_of(nights(3)))
    assert "1 night added" in stored(nightly).err
    assert commits(github) == 2
    assert nightly.file.read_bytes() == text_of(nights(0, 1, 2, 3)) == github.world.git.files(BRANCH)[TRENDS_NAME]


def test_restoring_does_not_write(nightly: Nightly, github: FakeGitHub) -> None:
    """A token that may read is enough, and a file that isn't there is made."""
    stored(nightly)
    nightly.file.unlink()
    github.add_token(SECRET, read_only=True)
    before = github.world.git.branches.copy()
    assert nightly.trends("--store", "branch", "--restore").warnings == []
    assert nightly.file.read_bytes() == HISTORY
    assert github.world.git.branches == before


def test_the_history_of_the_branch_stays_short(github: FakeGitHub) -> None:
    """Never more than 14 commits, and no night is lost when it begins again."""
    github.add_token(SECRET)
    for number in range(2 * COMMITS_MAX + 2):
        assert append_to_branch(github, nights(number)).warnings == ()
        assert commits(github) == number % COMMITS_MAX + 1
    files = github.world.git.files(BRANCH)
    assert lost_or_twice(files, nights(*range(2 * COMMITS_MAX + 2)), at_least=False) == []


@pytest.mark.parametrize("what", ["files", "commits"])
def test_what_others_put_on_the_branch_stays(what: str, github: FakeGitHub) -> None:
    """Files and commits of theirs: the branch is not shortened, and says so."""
    github.add_token(SECRET)
    append_to_branch(github, nights(0))
    git = github.world.git
    files = git.files(BRANCH) | ({"README.md": b"ours\n"} if what == "files" else {})
    git.push(files, BRANCH)
    for number in range(1, COMMITS_MAX):
        told = append_to_branch(github, nights(number))
    assert commits(github) == COMMITS_MAX + 1
    assert "14 commits or more and was not shortened: it " in told.warnings[0]
    append_to_branch(github, nights(COMMITS_MAX))
    told = append_to_branch(github, nights(COMMITS_MAX + 1))
    assert commits(github) == (COMMITS_MAX + 3 if what == "files" else 1)  # once its newest 14 commits are ours
    assert ("README.md" in git.files(BRANCH)) == (what == "files")
    assert lost_or_twice(git.files(BRANCH), nights(*range(COMMITS_MAX + 2)), at_least=False) == []


def test_a_server_without_that_mutation_gets_one_commit_more(
    github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history grows, with a warning; no night is lost, and nothing is forced."""
    github.add_token(SECRET)
    for number in range(COMMITS_MAX):
        append_to_branch(github, nights(number))
    monkeypatch.setattr(git_data, "update_refs", lambda *_: git_data.graphql_error("undefinedField", "No such field"))
    told = append_to_branch(github, nights(COMMITS_MAX))
    assert commits(github) == COMMITS_MAX + 1
    assert "was not shortened" in told.warnings[0]
    files = github.world.git.files(BRANCH)
    assert lost_or_twice(files, nights(*range(COMMITS_MAX + 1)), at_least=False) == []


@pytest.mark.parametrize("seed", range(30))
def test_no_night_is_lost_or_told_twice(seed: int, github: FakeGitHub) -> None:
    """Writers at once, faults of GitHub's, pushes by hand; `make trends-store-bench` plays a thousand of these."""
    assert play_on_branch(github, a_store_schedule(seed)) == []


def test_a_lost_race_is_noticed_by_these_schedules(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """They can fail: a store that moves the branch by force loses nights in some of them."""

    def by_force(self: Any, commit: str) -> None:
        self._api.write("PATCH", f"{self._git}/refs/{self._path}", dict[str, Any], {"sha": commit, "force": True})

    monkeypatch.setattr(GitBranch, "advance", by_force)
    lost = 0
    for seed in range(40):
        with github.scenario():
            lost += any("lost" in line for line in play_on_branch(github, a_store_schedule(seed)))
    assert lost


# ---- what bad input gets


@pytest.mark.parametrize(
    ("before", "faults", "told"),
    [
        ("protected", {}, "let the rules of the repository allow this job to push to the branch"),
        ("read-only", {}, "the job needs `contents: write`"),
        ("foreign", {}, "expected a branch with trends.ndjson, found other files only; name another branch"),
        ("folder", {}, "expected a file of at most 8 MiB, found a tree"),
        ("large", {}, "expected a file of at most 8 MiB, found a larger one"),
        ("", dict.fromkeys(range(99), Fault(Kind.ERROR_500)), "GitHub answered 500 Server Error; the next run adds"),
        ("", dict.fromkeys(range(99), Fault(Kind.NOT_FOUND)), "the job needs `contents: write`"),
        ("", dict.fromkeys(range(99), Fault(Kind.UNAUTHORIZED)), "GitHub answered 401"),
    ],
)
def test_a_branch_that_cannot_be_written(
    before: str, faults: dict[int, Fault], told: str, nightly: Nightly, github: FakeGitHub
) -> None:
    """One warning with what to do; the file keeps its nights, the branch is as it was, and the night goes on."""
    git = github.world.git
    if before in ("foreign", "protected", "large"):
        content = {"foreign": {"a.txt": b""}, "large": {TRENDS_NAME: b"\n" * ((8 << 20) + 1)}}
        git.push(content.get(before, {TRENDS_NAME: b""}), BRANCH)
    if before == "folder":
        git.push({}, BRANCH)
        tree = git.add_tree({TRENDS_NAME: ("040000", "tree", git.add_tree({}))})
        commit = git.commits[git.branches[REPOSITORY, BRANCH]]
        git.commits[git.branches[REPOSITORY, BRANCH]] = type(commit)(tree, (), "By hand")
    git.protected |= {BRANCH} if before == "protected" else set()
    github.add_token(SECRET, read_only=before == "read-only", faults=faults)
    branches = git.branches.copy()
    found = stored(nightly)
    assert found.code == 0
    (warning,) = found.warnings
    assert told in warning
    assert "was not written" in warning
    assert nightly.file.read_bytes() == HISTORY
    assert git.branches == branches


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.name.startswith("TIMEOUT")])
def test_no_fault_stops_a_night_or_loses_one(kind: Kind, nightly: Nightly, github: FakeGitHub) -> None:
    """At every request in turn: exit code 0, and the next night finds all nights, once."""
    for at in range(8):
        github.world.git.branches.clear()
        github.world.git.push({TRENDS_NAME: text_of(nights(0))}, BRANCH)
        github.inject(SECRET, {at: Fault(kind, 3_600 if "LIMIT" in kind.name else None)})
        assert stored(nightly).code == 0
        github.inject(SECRET, {})
        assert stored(nightly).warnings == []
        assert lost_or_twice(github.world.git.files(BRANCH), nights(0, 1, 2), at_least=False) == [], at
        nightly.file.write_bytes(HISTORY)


def test_lines_that_cannot_be_read(nightly: Nightly, github: FakeGitHub) -> None:
    """A torn line is told and left out, one of a later version stays, two records of one night become one."""
    two = text_of([a_record(5, ran=1)]) + text_of([a_record(5, ran=2, at="2026-11-06T09:00:00Z")])
    github.world.git.push({TRENDS_NAME: b'{"torn\n' + LATER + two}, BRANCH)
    warning, twice, _ = stored(nightly).warnings
    assert "2 lines are no records" in warning
    assert "vopr-trends:trends.ndjson:1" in warning
    assert "1 line of a later version of vopr-coverage stays in the file: update to read them" in warning
    assert warning.endswith("an older copy of the file may still have these nights")
    assert "two records of run 46 on 2026-11-06, 'long-run', 'combined' differ; the later one counts" in twice
    on_branch = github.world.git.files(BRANCH)[TRENDS_NAME]
    assert on_branch.startswith(LATER)
    assert nightly.file.read_bytes() == on_branch
    (five,) = (one for one in parse_history(on_branch, "h").records if one.at.startswith("2026-11-06"))
    assert five.ran == 2


def test_nights_that_a_push_with_force_has_taken_are_added_again(nightly: Nightly, github: FakeGitHub) -> None:
    """With a warning, since somebody should know."""
    stored(nightly)
    github.world.git.push({TRENDS_NAME: text_of(nights(2))}, BRANCH, force=True)
    (warning,) = stored(nightly).warnings
    assert "lacked 2 nights before its newest, as after a push with force; they are added again" in warning
    assert lost_or_twice(github.world.git.files(BRANCH), nights(0, 1, 2), at_least=False) == []


@pytest.mark.parametrize(
    ("store", "environ", "told"),
    [
        ("branch", {"GITHUB_TOKEN": ""}, "the store branch: there is no token"),
        ("branch", {"GITHUB_REPOSITORY": "x"}, "GITHUB_REPOSITORY: expected owner/name"),
        ("branch=main", {}, "expected a branch of its own, found the code's"),
        ("git", {}, "--store: expected `artifact`, `branch`, `branch=NAME` or `dir=PATH`, found 'git'"),
    ],
)
def test_a_store_that_cannot_be(store: str, environ: dict[str, str], told: str, nightly: Nightly) -> None:
    """Exit code 2, and the file is as it was."""
    nightly.environ = environ
    ended = nightly.trends("--store", store)
    assert (ended.code, told in ended.err) == (2, True), ended.err
    assert nightly.file.read_bytes() == HISTORY


def test_a_file_that_cannot_be_used_stays(nightly: Nightly, github: FakeGitHub) -> None:
    """Exit code 2; the branch is not written either."""
    nightly.file.write_bytes(b"\n" * ((8 << 20) + 1))
    assert nightly.trends("--store", "branch").code == 2
    assert nightly.file.stat().st_size == (8 << 20) + 1
    assert github.world.git.branches == {}


# ---- the folder


@pytest.mark.parametrize("seed", range(12))
def test_processes_that_write_at_once_and_are_killed(seed: int, tmp_path: Path) -> None:
    """What a process has added is there, once; what it left half done is put right."""
    assert play_on_folder(tmp_path / "store", seed) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, a file in its place, a lock that nobody gives back: a warning, and what was there is there."""
    store = FolderStore(tmp_path / "store", lock_wait_s=0.0)
    assert store.append(nights(0)).warnings == ()
    before = (tmp_path / "store" / TRENDS_NAME).read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(folder_module, "replace_file", full)
        told = store.append(nights(1))
    assert "was not written: no space left on device; the next run" in told.warnings[0]
    assert len(told.records) == len(nights(0, 1))
    with monkeypatch.context() as patch:
        patch.setattr(files, "_taken", lambda _: False)
        assert "another process has held .vopr-trends.lock in it" in store.append(nights(1)).warnings[0]
    assert (tmp_path / "store" / TRENDS_NAME).read_bytes() == before
    (tmp_path / "file").write_bytes(b"")
    assert "was not written" in FolderStore(tmp_path / "file").append(nights(0)).warnings[0]
    assert "were not loaded" in FolderStore(tmp_path / "file").load().warnings[0]


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    """Pieces of files, and text files that are older than the history; the lock file stays."""
    store = FolderStore(tmp_path)
    store.append(nights(0))
    (tmp_path / ".trends.ndjson.0123").write_bytes(b"{")
    (tmp_path / ".dates.txt.0123").write_bytes(b"2")
    (tmp_path / "dates.txt").unlink()
    assert store.append(nights(0)).said == (f"the folder {tmp_path} has all of them already",)
    assert {path.name for path in tmp_path.iterdir()} == {TRENDS_NAME, *TEXT_NAMES, LOCK_NAME}


# ---- the command


def test_a_history_in_a_folder_from_the_command_line(tmp_path: Path) -> None:
    """No GitHub, no token; text files of any history, with the scenario that they are about."""
    (tmp_path / "h").write_bytes(HISTORY)
    flags = ["--text-files", "texts", "--series", "combined"]
    ended = run_cli("trends", "h", "--store", "dir=store", *flags, cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert "3 nights added to the folder store" in ended.err
    assert "written to texts: combined of the coverage job of Nightly" in ended.err
    for name in TEXT_NAMES:
        assert (tmp_path / "texts" / name).read_bytes() == (tmp_path / "store" / name).read_bytes()
    assert run_cli("trends", "new", "--store", "dir=store", cwd=tmp_path).code == 0
    assert (tmp_path / "new").read_bytes() == HISTORY
    odd = run_cli("trends", "h", "--text-files", "texts", "--series", "x", cwd=tmp_path)
    assert (odd.code, "--series: no night ran 'x'" in odd.err) == (0, True)
    assert (tmp_path / "texts" / "view-changes.txt").read_bytes() == b"nan\n" * 3
