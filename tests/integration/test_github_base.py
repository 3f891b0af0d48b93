"""The base branch's last verdict, found through the API: whose it may be, and what happens where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fake_github.fake import BLOBS, FakeGitHub
from tests.fake_github.faults import Fault, Kind
from tests.fake_github.state import Artifact
from tests.support.action_steps import Desk, Told
from tests.support.archives import a_verdict_file, verdict_zip, zipped
from tests.support.pull_requests import PULL, SECRET, ours
from tests.support.reports import a_flat_report
from vopr_coverage.model.verdict import BaseSeen, verdict_from_json

NAME = "vopr-coverage-default"
FORK = "mallory/database"


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A pull request against main, whose flat report has lost a fault point since."""
    github.world.add_pull(PULL)
    github.add_token(SECRET)
    desk = Desk(tmp_path, github)
    monkeypatch.chdir(desk.workspace)
    (desk.workspace / ".github" / "vopr-coverage.yml").unlink()
    lost = {"hit_fault_points": ["sim.storage.fsync", "sim.network.send"], "missed_fault_points": ["sim.storage.write"]}
    (desk.workspace / "now.json").write_bytes(a_flat_report(**lost, fault_points_hit=2))
    return desk


def add_base(desk: Desk, content: bytes | None = None, name: str = NAME, artifact: Any = None, **run: Any) -> Artifact:
    """A run with a verdict; a successful push to main of our own repository unless told otherwise."""
    content = verdict_zip(a_verdict_file(str(desk.folder))) if content is None else content
    return desk.github.world.add_artifact(name, content, desk.github.world.add_run(**run), **(artifact or {}))


def judge(desk: Desk, **inputs: str) -> tuple[Told, BaseSeen]:
    """Run the step, and what its verdict says of the base."""
    told = desk.step(reports="now.json", profile="smoke_test", base="artifact", **inputs)
    verdict = verdict_from_json((desk.workspace / told.outputs["verdict-file"]).read_bytes(), "verdict")
    assert verdict.base is not None
    return told, verdict.base


def test_what_the_base_had_and_this_run_has_not_is_in_the_comment(desk: Desk) -> None:
    """The last push to main is compared with, and its lost point is told by name, although the run passes."""
    run = add_base(desk).run
    told, base = judge(desk)
    (comment,) = ours(desk.github)
    assert run is not None
    assert base.origin == f"run {run.id} on main at 0123456"
    assert base.commit == run.head_sha
    assert base.missing is None
    assert told.code == 0
    assert "<code>sim&#46;storage&#46;write</code>" in comment.body


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch"])
def test_trusted_events(desk: Desk, event: str) -> None:
    """What the base branch itself runs."""
    add_base(desk, event=event)
    assert judge(desk)[1].missing is None


@pytest.mark.parametrize(
    "run",
    [
        {"event": "pull_request"},  # a branch of ours may be called main in a pull request, too
        {"event": "pull_request_target"},
        {"event": "workflow_run"},
        {"head_repo": FORK},  # whatever a fork calls its branch
        {"head_repo": FORK, "event": "pull_request"},
        {"head_repo": None},
        {"conclusion": "failure"},
        {"conclusion": "cancelled"},
        {"conclusion": None, "status": "in_progress"},
        {"head_branch": "feature"},
        {"head_branch": "Main"},
    ],
    ids=str,
)
def test_whose_verdict_is_no_base(desk: Desk, run: dict[str, Any]) -> None:
    """Other runs are passed over, however new: an older good one is found behind them."""
    add_base(desk, **run)
    assert "no such run has left an artifact vopr-coverage-default" in str(judge(desk)[1].missing)
    good = add_base(desk)
    add_base(desk, **run)
    assert good.run is not None
    assert str(good.run.id) in judge(desk)[1].origin


def test_a_base_is_found_behind_pages_of_pull_requests_artifacts(desk: Desk) -> None:
    """A busy repository's pull requests leave hundreds of artifacts of the same name."""
    base = add_base(desk).run
    busy = desk.github.world.add_run(event="pull_request", head_branch="feature")
    for _ in range(250):
        desk.github.world.add_artifact(NAME, b"", busy)
    assert base is not None
    assert str(base.id) in judge(desk)[1].origin


def test_another_id_or_name_is_no_base(desk: Desk) -> None:
    """Each comment-id has a base of its own."""
    add_base(desk)
    assert judge(desk, comment_id="nightly")[1].missing is not None
    add_base(desk, name="vopr-coverage-nightly")
    assert judge(desk, comment_id="nightly")[1].missing is None


@pytest.mark.parametrize(
    ("artifact", "told"),
    [
        ({"expired": True}, "expired"),
        ({"digest": None}, "digest"),
        ({"digest": "sha256:" + "0" * 64}, "not what its digest says"),
        ({"digest": "md5:" + "0" * 32}, "digest"),
        ({"size": 1 << 40}, "larger than 16 MiB"),
    ],
)
def test_an_artifact_that_cannot_be_had_is_told_and_fails_nothing(desk: Desk, artifact: Any, told: str) -> None:
    """In the comment, in the summary and in the verdict."""
    add_base(desk, artifact=artifact)
    step, base = judge(desk, comment="always")
    assert told in str(base.missing)
    assert step.code == 0
    assert "No comparison with base" in ours(desk.github)[0].body
    assert "No comparison with base" in step.summary
    assert len(desk.github.downloads) <= 1


@pytest.mark.parametrize(
    "content",
    [
        b"not a zip",
        zipped({"../verdict.json": b"{}"}),
        zipped({"verdict.json": b"{"}),
        zipped({"verdict.json": b"{}"}),
        zipped({"verdict.json": b'{"status": "passed"}'}),
        zipped({"other.json": b"{}"}),
        zipped({"verdict.json": b"\0" * (17 << 20)}),
    ],
    ids=["no-zip", "slip", "no-json", "empty", "half", "other", "bomb"],
)
def test_a_verdict_that_is_none_is_told_and_fails_nothing(desk: Desk, content: bytes) -> None:
    """It is checked like any file of a stranger's."""
    add_base(desk, content)
    step, base = judge(desk)
    assert base.missing
    assert step.code == 0


def test_a_base_whose_bounds_are_nonsense_is_told(desk: Desk) -> None:
    """A schema can't know that critical points are names and a minimum is a number."""
    add_base(
        desk, verdict_zip(a_verdict_file(str(desk.folder)).replace(b'"min_view_changes"', b'"required_invariants"'))
    )
    step, base = judge(desk)
    assert "required_invariants" in str(base.missing)
    assert step.code == 0


def test_with_a_limit_a_missing_base_is_not_a_pass(desk: Desk) -> None:
    """Whoever asks for the gate is told that it could not be judged; excusing it is possible, and is said."""
    assert judge(desk, max_regression="0")[0].code == 1
    assert judge(desk, max_regression="0", on_not_measured="regression=warn")[0].code == 0
    add_base(desk)
    failed, _ = judge(desk, max_regression="0")
    assert failed.code == 1
    assert "Fault point 'sim.storage.write' was hit on base, not here" in failed.log
    assert judge(desk, max_regression="100, lost=1")[0].code == 0


def test_a_limit_without_a_base_is_an_error(desk: Desk) -> None:
    """A gate that can't fail is none."""
    assert desk.step(reports="now.json", profile="smoke_test", max_regression="0").code == 2


def test_the_token_stays_with_the_api(desk: Desk) -> None:
    """Downloads lead to another host, which gets no credentials."""
    add_base(desk)
    assert judge(desk)[1].missing is None
    (download,) = desk.github.downloads
    assert "authorization" not in download.headers


@pytest.mark.parametrize("kind", [Kind.ERROR_500, Kind.RESET, Kind.TRUNCATED_LENGTH, Kind.RATE_LIMIT_429])
def test_a_download_is_tried_again(desk: Desk, kind: Kind) -> None:
    """The blob store has bad moments, too."""
    add_base(desk)
    desk.github.inject(BLOBS, {0: Fault(kind, 1)})
    assert judge(desk)[1].missing is None


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.name.startswith("TIMEOUT")])
def test_no_fault_of_githubs_changes_the_exit_code(desk: Desk, kind: Kind) -> None:
    """The API fails from the first request to the last: there is no base, and the run is judged all the same."""
    add_base(desk)
    desk.github.inject(SECRET, lambda _: Fault(kind, 3_600 if "LIMIT" in kind.name else None))
    step, base = judge(desk)
    assert base.missing
    assert step.code == 0


def test_on_a_push_the_base_is_the_same_branchs_last_run(desk: Desk) -> None:
    """And never this very run."""
    before = add_base(desk).run
    itself = add_base(desk).run
    assert before is not None
    assert itself is not None
    desk.event, desk.payload, desk.run_id = "push", {"ref": "refs/heads/main"}, itself.id
    assert str(before.id) in judge(desk)[1].origin


def test_without_a_token_there_is_no_base(desk: Desk) -> None:
    """And that is said, too."""
    assert "token" in str(judge(desk, token="")[1].missing)


def test_a_base_from_a_file(desk: Desk, tmp_path: Path) -> None:
    """Below the workspace; one that is missing is told, one outside is an error."""
    (desk.workspace / "base.json").write_bytes(a_verdict_file(str(desk.folder)))
    told = desk.step(reports="now.json", profile="smoke_test", base="base.json", max_regression="0")
    assert told.code == 1
    assert desk.step(reports="now.json", profile="smoke_test", base="none").code == 0
    missing = desk.step(reports="now.json", profile="smoke_test", base="missing.json", comment="always")
    assert missing.code == 0
    assert "No comparison with base" in missing.summary
    assert desk.step(reports="now.json", profile="smoke_test", base="/etc/hostname").code == 2
