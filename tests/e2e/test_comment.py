"""The image on pull requests, with the hosted runner's own `docker run` line, against a GitHub on loopback."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.e2e.formats import Step
from tests.e2e.hosted import JOB_TOKEN, Job
from tests.e2e.test_composite import run_composite
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.fixtures import github, github_contract, github_server
from tests.fake_github.state import A_SHA, ACTIONS_BOT, REPOSITORY, Run
from tests.support.archives import verdict_zip, zipped

__all__ = ["github", "github_contract", "github_server"]

PULL, FORK = 7, "stranger/database"
FAILING = {"profile": "nightly", "reports": "runs/combined.ndjson"}
PASSING = {"config": "configs/kimberlite.yml", "scenario": "combined", "reports": "runs/combined.ndjson"}
UNPLUGGED = PASSING | {"reports": "runs/canary-drop-disabled.ndjson"}
FAILED, PASSED = "## ❌ Simulation coverage failed", "## ✅ Simulation coverage passed"


def side(sha: str, ref: str, repo: str) -> dict[str, Any]:
    """One side of a pull request, as the payload of an event has it."""
    return {"sha": sha, "ref": ref, "repo": {"full_name": repo}, "label": f"{repo.split('/')[0]}:{ref}"}


def opened(job: Job, github: FakeGitHub, *, head_repo: str = REPOSITORY) -> None:
    """Let the job be one of a pull request, and GitHub know that."""
    github.world.add_pull(PULL, head_repo=head_repo)
    pull = {"number": PULL, "head": side(A_SHA, "feature", head_repo), "base": side("f" * 40, "main", REPOSITORY)}
    job.start_by({"action": "synchronize", "number": PULL, "pull_request": pull})


def of_run(github: FakeGitHub, run: int, event: str = "pull_request") -> dict[str, str]:
    """The variables of a job of that run."""
    ref = f"refs/pull/{PULL}/merge" if event == "pull_request" else "refs/heads/main"
    return {"GITHUB_API_URL": github.url, "GITHUB_EVENT_NAME": event, "GITHUB_RUN_ID": str(run), "GITHUB_REF": ref}


def step_of(
    image: str, job: Job, inputs: Mapping[str, str], env: Mapping[str, str], github: FakeGitHub | None = None
) -> Step:
    """Run the action with the machine's network, where the fake GitHub listens; its token never shows."""
    if github is not None:
        github.add_token(JOB_TOKEN)
    step = job.run_container(image, inputs, env=env, network="host")
    shown = [step.log, step.summary, *step.outputs.values()]
    shown += [path.read_text("utf-8") for path in job.workspace.glob("vopr-coverage/**/*.*")]
    assert not any(JOB_TOKEN in text for text in shown)
    return step


def verdict_of(job: Job, step: Step) -> bytes:
    """The verdict file of a step, which a workflow would upload."""
    return (job.workspace / step.outputs["verdict-file"]).read_bytes()


def notes(step: Step, kind: str) -> list[str]:
    """The messages of this kind of annotation."""
    return [note.message for note in step.annotations if note.kind == kind]


def test_one_comment_follows_a_pull_request(image: str, job: Job, defaults: dict[str, str], github: FakeGitHub) -> None:
    """A failing run creates it, the next one replaces its text, a passing run turns it green; never a second one."""
    opened(job, github)
    first = step_of(image, job, defaults | FAILING, of_run(github, 101), github)
    (comment,) = github.comments(PULL)
    assert first.exit_code == 1
    assert first.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")
    assert FAILED in comment.body
    assert "run=101" in comment.body

    second = step_of(image, job, defaults | UNPLUGGED, of_run(github, 102))
    assert second.exit_code == 1
    assert FAILED in comment.body
    assert "run=102" in comment.body

    third = step_of(image, job, defaults | PASSING, of_run(github, 103))
    assert third.exit_code == 0
    assert PASSED in comment.body
    assert github.comments(PULL) == [comment]
    assert {step.outputs["comment-url"] for step in (first, second, third)} == {first.outputs["comment-url"]}


def test_a_run_that_passes_without_a_comment_stays_silent(
    image: str, job: Job, defaults: dict[str, str], github: FakeGitHub
) -> None:
    """With nothing to compare with there is nothing to say."""
    opened(job, github)
    step = step_of(image, job, defaults | PASSING, of_run(github, 101), github)
    assert step.exit_code == 0
    assert step.outputs["comment-url"] == ""
    assert github.comments(PULL) == []


@pytest.mark.parametrize(("inputs", "code"), [(PASSING, 0), (FAILING, 1)])
def test_a_token_that_may_only_read_changes_nothing_but_the_comment(
    image: str, job: Job, defaults: dict[str, str], github: FakeGitHub, inputs: dict[str, str], code: int
) -> None:
    """As on every pull request from a fork: same exit code, outputs and summary, and a notice instead of a comment."""
    opened(job, github, head_repo=FORK)
    github.add_token(JOB_TOKEN, read_only=True)
    silent = step_of(image, job, defaults | inputs | {"comment": "off"}, of_run(github, 101))
    step = step_of(image, job, defaults | inputs | {"comment": "always"}, of_run(github, 101))
    assert step.exit_code == silent.exit_code == code
    assert step.summary == silent.summary
    assert step.outputs == silent.outputs
    assert notes(silent, "notice") == []
    (told,) = notes(step, "notice")
    assert told.startswith("No comment on a pull request from a fork or by Dependabot: ")
    assert github.comments(PULL) == []


def test_a_server_with_a_ca_of_its_own_is_trusted_once_it_is_named(
    image: str, job: Job, defaults: dict[str, str], tmp_path: Path
) -> None:
    """By a bundle in the workspace; without it the certificate is refused, and the verdict is the same."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(job.workspace / "ca.pem"))
    with FakeGitHub(ssl_context=context, prefix="/api/v3") as github:
        opened(job, github)
        env = of_run(github, 101)
        refused = step_of(image, job, defaults | FAILING, env, github)
        assert refused.exit_code == 1
        assert any("the server's certificate was refused" in told for told in notes(refused, "warning"))
        assert github.comments(PULL) == []
        trusted = step_of(image, job, defaults | FAILING, env | {"SSL_CERT_FILE": "/github/workspace/ca.pem"})
        assert trusted.exit_code == 1
        assert len(github.comments(PULL)) == 1


def on_base(image: str, job: Job, defaults: dict[str, str], github: FakeGitHub) -> Run:
    """A run of the base branch that passed and left its verdict."""
    run = github.world.add_run()
    job.start_by({"ref": "refs/heads/main"})
    step = step_of(image, job, defaults | PASSING, of_run(github, run.id, "push"), github)
    assert step.exit_code == 0
    github.world.add_artifact("vopr-coverage-default", verdict_zip(verdict_of(job, step)), run)
    return run


def test_a_pull_request_is_compared_with_its_base_branch(
    image: str, job: Job, defaults: dict[str, str], github: FakeGitHub
) -> None:
    """With the verdict that the last good run there left; what it loses fails `max-regression`, by name."""
    run = on_base(image, job, defaults, github)
    opened(job, github)
    compared = {"base": "artifact", "max-regression": "0"}
    same = step_of(image, job, defaults | PASSING | compared, of_run(github, run.id + 1))
    assert same.exit_code == 0
    assert json.loads(verdict_of(job, same))["base"]["origin"] == f"run {run.id} on main at {A_SHA[:7]}"
    assert github.comments(PULL) == []  # it passed, and nothing has changed

    lost = step_of(image, job, defaults | UNPLUGGED | compared, of_run(github, run.id + 2))
    (comment,) = github.comments(PULL)
    assert lost.exit_code == 1
    assert "Fault point 'network.drop' was hit on base, not here" in lost.log
    assert "### Lost against base" in comment.body
    assert [download.path for download in github.downloads if "authorization" in download.headers] == []


def test_a_base_that_cannot_be_had_fails_nothing_by_itself(
    image: str, job: Job, defaults: dict[str, str], github: FakeGitHub
) -> None:
    """It is told; only `max-regression` needs it."""
    opened(job, github)
    step = step_of(image, job, defaults | PASSING | {"base": "artifact"}, of_run(github, 101), github)
    assert step.exit_code == 0
    assert "no such run has left an artifact vopr-coverage-default" in step.summary.replace("&#45;", "-")
    strict = {"base": "artifact", "max-regression": "0"}
    assert step_of(image, job, defaults | PASSING | strict, of_run(github, 102)).exit_code == 1
    excused = strict | {"on-not-measured": "regression=warn"}
    assert step_of(image, job, defaults | PASSING | excused, of_run(github, 103)).exit_code == 0


def completed(job: Job, run: Run) -> None:
    """Let the job be one that another run's end has started."""
    told = {
        "id": run.id,
        "run_attempt": run.run_attempt,
        "event": run.event,
        "head_sha": run.head_sha,
        "head_branch": run.head_branch,
        "head_repository": {"full_name": run.head_repo},
        "conclusion": run.conclusion,
        "pull_requests": [],  # as it is for forks
    }
    job.start_by({"action": "completed", "workflow_run": told})


def of_fork(github: FakeGitHub, conclusion: str) -> Run:
    """The run of a fork's pull request."""
    return github.world.add_run(
        event="pull_request", head_repo=FORK, head_branch="feature", conclusion=conclusion, run_attempt=1
    )


def test_a_trusted_run_comments_for_a_fork(image: str, job: Job, defaults: dict[str, str], github: FakeGitHub) -> None:
    """From the figures that the fork's run left, as its claim, and no better than how that run ended."""
    opened(job, github, head_repo=FORK)
    run = of_fork(github, "failure")
    judged = step_of(image, job, defaults | PASSING | {"comment": "off"}, of_run(github, run.id))
    github.world.add_artifact("vopr-coverage-default", verdict_zip(verdict_of(job, judged)), run)
    completed(job, run)
    env = of_run(github, run.id + 1, "workflow_run")
    step = step_of(image, job, defaults | {"command": "comment"}, env, github)
    (comment,) = github.comments(PULL)
    assert step.exit_code == 0
    assert step.outputs == {"comment-url": step.outputs["comment-url"]}
    assert step.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")
    assert comment.author == ACTIONS_BOT
    assert "Not passed: every gate holds, but the run failed" in comment.body
    assert "**Unverified:**" in comment.body
    assert f"run={run.id} " in comment.body  # the run that was judged, and not the one that tells of it


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("../verdict.json", b"{}", "an entry that leads outside of it"),
        ("verdict.json", b" " * (16 << 20) + b"{}", "larger than 16 MiB"),
        ("verdict.json", b'{"status": "passed"}', "verdict.json"),
    ],
)
def test_an_artifact_that_is_not_what_it_should_be_is_refused(
    image: str, job: Job, defaults: dict[str, str], github: FakeGitHub, name: str, data: bytes, told: str
) -> None:
    """The commenting run fails, so that somebody looks, and the comment says why; nothing is written to the disk."""
    opened(job, github, head_repo=FORK)
    run = of_fork(github, "success")
    github.world.add_artifact("vopr-coverage-default", zipped({name: data}), run)
    completed(job, run)
    before = sorted(job.home.rglob("*"))
    env = of_run(github, run.id + 1, "workflow_run")
    step = step_of(image, job, defaults | {"command": "comment"}, env, github)
    (comment,) = github.comments(PULL)
    assert step.exit_code == 2
    (error,) = notes(step, "error")
    assert told in error
    assert "## ❌ Simulation coverage could not be judged" in comment.body
    files = [path for path in sorted(job.home.rglob("*")) if "_runner_file_commands" not in path.parts]
    assert files == [path for path in before if "_runner_file_commands" not in path.parts]


def test_both_forms_of_the_action_write_the_same_comment(
    image: str, job: Job, defaults: dict[str, str], github: FakeGitHub
) -> None:
    """Container and composite find the other's comment, and have nothing to change in it."""
    opened(job, github)
    step_of(image, job, defaults | FAILING, of_run(github, 101), github)
    (comment,) = github.comments(PULL)
    written, at = comment.body, comment.updated_at
    env = of_run(github, 101) | {"GITHUB_EVENT_PATH": str(job.event_path)}
    composite = run_composite(job, FAILING | {"token": JOB_TOKEN}, env)
    assert composite.exit_code == 1
    assert composite.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")
    assert (comment.body, comment.updated_at) == (written, at)
    assert github.comments(PULL) == [comment]
    assert JOB_TOKEN not in composite.log
