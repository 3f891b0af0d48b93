"""Nights that remember: the history restored from artifacts of a fake GitHub, through the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.fake_github.fake import BLOBS, FakeGitHub
from tests.fake_github.faults import Fault, Kind
from tests.support.archives import zipped
from tests.support.histories import a_record
from tests.support.nightly_runners import Nightly
from tests.support.pull_requests import SECRET, FakeClock
from vopr_coverage.trends.history import text_of

FORK = "mallory/database"


@pytest.fixture
def nightly(tmp_path: Path, github: FakeGitHub, capsys: pytest.CaptureFixture[str]) -> Nightly:
    """A repository in which no night has been yet."""
    github.add_token(SECRET, read_only=True)
    return Nightly(tmp_path, github, capsys.readouterr)


def test_the_first_night_says_so_and_leaves_a_file(nightly: Nightly) -> None:
    """No history is not an error, and whatever uploads the file finds one."""
    nightly.begin()
    told = nightly.trends("--restore")
    assert (told.code, told.warnings, told.out) == (0, [], "No nights yet.\n")
    assert "no run on this branch has left an artifact vopr-coverage-trends yet" in told.err
    assert nightly.file.read_bytes() == b""


def test_nights_accumulate(nightly: Nightly) -> None:
    """Each runner is fresh, and still a night knows those before it."""
    usual = list(range(1_000, 1_007))
    for ran in usual:
        assert nightly.night(ran=ran).warnings == []
    assert nightly.ran() == usual
    nightly.begin()
    assert "7 nights of Nightly" in nightly.trends("--restore").out
    line = nightly.record(ran=200)[0]
    assert line.values == (*usual, 200)
    assert line.remark == "200 is far below 1,003, the median of 7 comparable nights before"


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out"])
def test_a_red_nights_history_is_used(nightly: Nightly, conclusion: str) -> None:
    """Red nights record, too: a trend of green nights alone would hide what led to the red ones."""
    nightly.night(ran=1_000)
    nightly.night(conclusion, ran=700)
    nightly.night(ran=1_002)
    assert nightly.ran() == [1_000, 700, 1_002]


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch"])
def test_trusted_events(nightly: Nightly, event: str) -> None:
    """What the branch runs by itself."""
    nightly.night(run={"event": event}, ran=1)
    nightly.night(ran=2)
    assert nightly.ran() == [1, 2]


@pytest.mark.parametrize(
    "run",
    [
        {"event": "pull_request"},
        {"event": "pull_request_target"},
        {"event": "workflow_run"},
        {"head_repo": FORK},
        {"head_repo": None},
        {"head_branch": "feature"},
        {"head_branch": "Main"},
    ],
    ids=str,
)
def test_whose_history_is_not_ours(nightly: Nightly, run: dict[str, Any]) -> None:
    """A fork's, another branch's and a pull request's are passed over, however new, and an older one is found."""
    nightly.night(ran=1)
    nightly.night(run=run, ran=666)
    told = nightly.night(ran=3)
    assert told.warnings == []
    assert nightly.ran() == [1, 3]


@pytest.mark.parametrize("run", [{"head_branch": "feature"}, {"head_repo": FORK}], ids=str)
def test_a_busy_branch_does_not_hide_ours(nightly: Nightly, run: dict[str, Any]) -> None:
    """However many artifacts others leave, their runs aren't even asked for."""
    nightly.night(ran=1)
    nightly.begin(**run)
    for _ in range(150):
        nightly.upload(b"")
    nightly.night(ran=2)
    assert nightly.ran() == [1, 2]


def test_another_attempt_of_the_same_run_is_restored(nightly: Nightly) -> None:
    """A run that is started again finds what its first attempt left."""
    nightly.night(ran=1)
    nightly.night(ran=2)
    nightly.nights += 1
    nightly.environ["GITHUB_RUN_ATTEMPT"] = "2"
    nightly.trends("--restore")
    assert nightly.ran() == [1, 2]


def test_an_old_night_that_is_started_again_is_no_newer_for_it(nightly: Nightly) -> None:
    """The newest runs are read, not the latest uploads, so that attempts of one old night do not hide five others."""
    old = nightly.begin()
    nightly.record(ran=1)
    for ran in range(2, 9):
        nightly.night(ran=ran)
    nightly.run = old
    for _ in range(6):
        nightly.upload(zipped({"trends.ndjson": b""}))
    told = nightly.night(ran=9)
    assert [run.id for run in list(nightly.github.world.runs.values())[3:8]] == restored_runs(told.err)[::-1]
    assert nightly.ran() == list(range(2, 10))


def restored_runs(log: str) -> list[int]:
    """The runs whose history was restored, in the order in which they were read."""
    line = next(line for line in log.splitlines() if "restored" in line)
    return [int(number) for number in re.findall(r"run (\d+)", line)]


def test_a_night_that_could_not_restore_is_healed_by_the_next(nightly: Nightly) -> None:
    """It began anew and left a history of itself alone; the next one finds the older nights behind it."""
    nightly.night(ran=1)
    nightly.night(ran=2)
    nightly.begin()
    nightly.github.inject(SECRET, lambda _: Fault(Kind.READ_ONLY))
    told = nightly.trends("--restore")
    nightly.record(ran=3)
    nightly.upload()
    assert (told.code, nightly.ran()) == (0, [3])
    assert "the nights may not all be there: GitHub answered 403" in told.warnings[0]
    assert "the job needs `actions: read`" in told.warnings[0]
    nightly.github.inject(SECRET, {})
    assert nightly.night(ran=4).warnings == []
    assert nightly.ran() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("content", "artifact", "why"),
    [
        (b"not a zip", {}, "not a sound ZIP archive"),
        (zipped({"other.ndjson": b""}), {}, "has no trends.ndjson"),
        (zipped({"../trends.ndjson": b""}), {}, "leads outside"),
        (zipped({"trends.ndjson": b"\n" * (9 << 20)}), {}, "trends.ndjson in the artifact is larger than 8 MiB"),
        (None, {"digest": "sha256:" + "0" * 64}, "not what its digest says"),
        (None, {"digest": None}, "no SHA-256 digest"),
        (None, {"size": 1 << 40}, "larger than 16 MiB"),
        (zipped({"trends.ndjson": b"oops\n{}\n"}), {}, "2 lines are no records"),
    ],
    ids=["no-zip", "other", "slip", "bomb", "forged", "no-digest", "huge", "no-records"],
)
def test_a_broken_artifact_is_told_and_the_older_ones_are_used(
    nightly: Nightly, content: bytes | None, artifact: dict[str, Any], why: str
) -> None:
    """In a warning that GitHub shows; the night goes on and records."""
    nightly.night(ran=1)
    nightly.begin()
    nightly.record(ran=2)
    nightly.upload(content, **artifact)
    told = nightly.night(ran=3)
    assert told.code == 0
    (warning,) = told.warnings
    assert why in warning
    assert nightly.ran() == [1, 3]


def test_an_expired_history_is_told_only_where_it_was_the_last(nightly: Nightly) -> None:
    """Each copy holds all nights, so an old one that expires is no loss behind a newer one."""
    nightly.night(ran=1)
    next(iter(nightly.github.world.artifacts.values())).expired = True
    told = nightly.night(ran=2)
    assert "the nights before are gone" in told.warnings[0]
    assert nightly.night(ran=3).warnings == []


def test_at_most_five_artifacts_are_downloaded(nightly: Nightly) -> None:
    """Enough to heal four nights in a row, and few enough for a token's thousand requests an hour."""
    for ran in range(8):
        nightly.night(ran=ran + 1)
    before = len(nightly.github.downloads)
    nightly.begin()
    nightly.trends("--restore")
    assert len(nightly.github.downloads) - before == 5
    assert nightly.ran() == list(range(1, 9))
    assert all("authorization" not in download.headers for download in nightly.github.downloads)


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.name.startswith("TIMEOUT")])
def test_no_fault_of_githubs_stops_a_night(nightly: Nightly, kind: Kind) -> None:
    """The API fails from the first request to the last: a warning, exit code 0, and what is in the file stays."""
    nightly.night(ran=1)
    nightly.begin()
    nightly.file.parent.mkdir()
    nightly.file.write_bytes(text_of([a_record(0, ran=7)]))
    nightly.github.inject(SECRET, lambda _: Fault(kind, 3_600 if "LIMIT" in kind.name else None))
    told = nightly.trends("--restore", clock=FakeClock())
    assert told.code == 0
    assert "the nights may not all be there" in told.warnings[0]
    assert nightly.ran() == [7]


@pytest.mark.parametrize("kind", [Kind.ERROR_500, Kind.NOT_FOUND])
def test_what_was_had_before_the_fault_is_kept(nightly: Nightly, kind: Kind) -> None:
    """The newest download fails for good; the older ones hold the nights before."""
    for ran in (1, 2):
        nightly.night(ran=ran)
    nightly.begin()
    nightly.github.inject(BLOBS, lambda number: Fault(kind) if number < (6 if kind is Kind.ERROR_500 else 1) else None)
    told = nightly.trends("--restore", clock=FakeClock())
    assert len(told.warnings) == 1
    assert nightly.ran() == [1]


def test_the_file_and_the_artifacts_become_one(nightly: Nightly) -> None:
    """Nothing that was in the file is lost, and nothing is there twice; no other file is left behind."""
    nightly.night(ran=1)
    nightly.begin()
    nightly.file.parent.mkdir()
    nightly.file.write_bytes(text_of([a_record(0, run_id="5", ran=7)]))
    for _ in range(2):
        assert nightly.trends("--restore").code == 0
        assert nightly.ran() == [7, 1]
    assert [path.name for path in nightly.file.parent.iterdir()] == ["trends.ndjson"]


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"GITHUB_TOKEN": ""}, "there is no token"),
        ({"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY: expected owner/name"),
        ({"GITHUB_RUN_ID": ""}, "GITHUB_RUN_ID: expected a number"),
    ],
)
def test_where_github_cannot_be_asked_restore_is_a_usage_error(
    nightly: Nightly, environ: dict[str, str], told: str
) -> None:
    """Without a token, or not on a runner; the file is not touched."""
    nightly.begin()
    nightly.environ = environ
    ended = nightly.trends("--restore")
    assert ended.code == 2
    assert told in ended.err
    assert not nightly.file.exists()
