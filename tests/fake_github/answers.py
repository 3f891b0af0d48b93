"""GitHub's JSON for what the fake knows: every key that its OpenAPI description requires."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.fake_github.loopback import Answer
from tests.fake_github.state import A_SHA, Artifact, Comment, Issue, Job, Pull, Run, World
from tests.fake_github.tables import (
    A_COMMITTER,
    ISSUE_URLS,
    PLAIN_ISSUE,
    PLAIN_PULL,
    PLAIN_REPOSITORY,
    REACTIONS,
    REPOSITORY_URLS,
    RUN_URLS,
    USER_URLS,
)

Json = dict[str, Any]

SITE = "https://github.com"
DOCS = "https://docs.github.com/rest"


def json_answer(status: int, data: Any, **headers: str) -> Answer:
    """An answer with a JSON body."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(status, {**kind, **headers}, json.dumps(data, separators=(",", ":")).encode())


def refusal(status: int, message: str, **more: Any) -> Answer:
    """An error in GitHub's shape."""
    return json_answer(status, {"message": message, **more, "documentation_url": DOCS, "status": str(status)})


def moment(time: datetime | None) -> str | None:
    """A time as GitHub writes it: UTC, whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None


def node_id(number: int) -> str:
    """The id of the same thing in the other API."""
    return f"N_{number:x}"


def urls(base: str, suffixes: Mapping[str, str]) -> Json:
    """A table of URLs below `base`."""
    return {name: base + suffix for name, suffix in suffixes.items()}


class Scribe:
    """Writes what a world holds as JSON, with URLs below `api`."""

    def __init__(self, world: World, api: str) -> None:
        self._world = world
        self._api = api

    def user(self, login: str, kind: str = "") -> Json:
        """A `simple-user`."""
        number, url = self._world.id_of(login), f"{self._api}/users/{login}"
        return {
            "login": login,
            "id": number,
            "node_id": node_id(number),
            "avatar_url": f"https://avatars.githubusercontent.com/u/{number}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{SITE}/{login}",
            **urls(url, USER_URLS),
            "type": kind or ("Bot" if login.endswith("[bot]") else "User"),
            "user_view_type": "public",
            "site_admin": False,
        }

    def repository(self, full_name: str) -> Json:
        """A `repository`, which is a `minimal-repository` too."""
        number, url = self._world.id_of(full_name), f"{self._api}/repos/{full_name}"
        owner, name = full_name.split("/")
        since = moment(datetime(2020, 1, 1))
        return {
            **PLAIN_REPOSITORY,
            "id": number,
            "node_id": node_id(number),
            "name": name,
            "full_name": full_name,
            "owner": self.user(owner),
            "fork": False,
            "url": url,
            "html_url": f"{SITE}/{full_name}",
            **urls(url, REPOSITORY_URLS),
            "git_url": f"git://github.com/{full_name}.git",
            "ssh_url": f"git@github.com:{full_name}.git",
            "clone_url": f"{SITE}/{full_name}.git",
            "svn_url": f"{SITE}/{full_name}",
            "created_at": since,
            "updated_at": since,
        }

    def comment(self, comment: Comment) -> Json:
        """An `issue-comment`."""
        issue = f"{comment.repo}/issues/{comment.issue}"
        url = f"{self._api}/repos/{comment.repo}/issues/comments/{comment.id}"
        return {
            "id": comment.id,
            "node_id": node_id(comment.id),
            "url": url,
            "html_url": f"{SITE}/{issue}#issuecomment-{comment.id}",
            "issue_url": f"{self._api}/repos/{issue}",
            "user": comment.author and self.user(comment.author, comment.author_type),
            "created_at": moment(comment.created_at),
            "updated_at": moment(comment.updated_at),
            "author_association": "CONTRIBUTOR",
            "body": comment.body,
            "reactions": {"url": f"{url}/reactions", **REACTIONS},
            "performed_via_github_app": None,
        }

    def issue(self, issue: Issue | Pull) -> Json:
        """An `issue`; a pull request is one that says so."""
        repo, site = f"{self._api}/repos/{issue.repo}", f"{SITE}/{issue.repo}"
        url, number = f"{repo}/issues/{issue.number}", self._world.id_of(f"{issue.repo}#{issue.number} issue")
        updated = issue.updated_at if isinstance(issue, Issue) else issue.created_at
        told: Json = {
            **PLAIN_ISSUE,
            "id": number,
            "node_id": node_id(number),
            "number": issue.number,
            "state": issue.state,
            "state_reason": None,
            "title": "A change",
            "body": issue.body,
            "user": issue.author and self.user(issue.author),
            "url": url,
            "repository_url": repo,
            "html_url": f"{site}/issues/{issue.number}",
            **urls(url, ISSUE_URLS),
            "created_at": moment(issue.created_at),
            "updated_at": moment(updated),
            "closed_at": None if issue.state == "open" else moment(updated),
            "reactions": {"url": f"{url}/reactions", **REACTIONS},
        }
        if isinstance(issue, Issue):
            return {**told, "state_reason": issue.state_reason, "title": issue.title}
        pull, html = f"{repo}/pulls/{issue.number}", f"{site}/pull/{issue.number}"
        pages = {"url": pull, "html_url": html, "diff_url": f"{html}.diff", "patch_url": f"{html}.patch"}
        return {**told, "html_url": html, "draft": False, "pull_request": {**pages, "merged_at": None}}

    def pull(self, pull: Pull) -> Json:
        """A `pull-request-simple`."""
        repo = f"{self._api}/repos/{pull.repo}"
        url, issue = f"{repo}/pulls/{pull.number}", f"{repo}/issues/{pull.number}"
        html, number = f"{SITE}/{pull.repo}/pull/{pull.number}", self._world.id_of(f"{pull.repo}#{pull.number}")
        created = moment(pull.created_at)
        links = {
            "self": url,
            "html": html,
            "issue": issue,
            "comments": f"{issue}/comments",
            "commits": f"{url}/commits",
            "review_comment": f"{repo}/pulls/comments{{/number}}",
            "review_comments": f"{url}/comments",
            "statuses": f"{repo}/statuses/{pull.head_sha}",
        }
        return {
            **PLAIN_PULL,
            "id": number,
            "node_id": node_id(number),
            "number": pull.number,
            "body": pull.body,
            "state": pull.state,
            "user": self.user(pull.author),
            "url": url,
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            **{f"{name}_url": links[name] for name in links if name not in ("self", "html")},
            "created_at": created,
            "updated_at": created,
            "closed_at": None if pull.state == "open" else created,
            "head": self._side(pull.author, pull.head_ref, pull.head_sha, pull.head_repo),
            "base": self._side(pull.repo.split("/")[0], pull.base_ref, A_SHA, pull.repo),
            "_links": {name: {"href": href} for name, href in links.items()},
        }

    def _side(self, owner: str, ref: str, sha: str, repo: str | None) -> Json:
        """A pull request's head or base; of a deleted fork the label and the user stay."""
        owner = repo.split("/")[0] if repo else owner
        return {
            "label": f"{owner}:{ref}",
            "ref": ref,
            "sha": sha,
            "user": self.user(owner),
            "repo": repo and self.repository(repo),
        }

    def run(self, run: Run) -> Json:
        """A `workflow-run`."""
        repo = f"{self._api}/repos/{run.repo}"
        url, created = f"{repo}/actions/runs/{run.id}", moment(run.created_at)
        workflow, suite = self._world.id_of(run.path), self._world.id_of(f"{run.id} suite")
        return {
            "id": run.id,
            "node_id": node_id(run.id),
            "name": "Nightly",
            "display_title": "Nightly",
            "path": run.path,
            "event": run.event,
            "status": run.status,
            "conclusion": run.conclusion,
            "run_number": 1,
            "run_attempt": run.run_attempt,
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
            "head_commit": {
                **{"id": run.head_sha, "tree_id": A_SHA, "message": "A change", "timestamp": created},
                **{"author": A_COMMITTER, "committer": A_COMMITTER},
            },
            "head_repository": run.head_repo and self.repository(run.head_repo),
            "repository": self.repository(run.repo),
            "pull_requests": [],
            "workflow_id": workflow,
            "workflow_url": f"{repo}/actions/workflows/{workflow}",
            "check_suite_id": suite,
            "check_suite_url": f"{repo}/check-suites/{suite}",
            "url": url,
            "html_url": f"{SITE}/{run.repo}/actions/runs/{run.id}",
            **urls(url, RUN_URLS),
            "created_at": created,
            "updated_at": created,
            "run_started_at": created,
        }

    def job(self, job: Job) -> Json:
        """A `job`."""
        run, repo = job.run, f"{self._api}/repos/{job.run.repo}"
        url, created = f"{repo}/actions/jobs/{job.id}", moment(job.created_at)
        done = job.status == "completed"
        return {
            **dict.fromkeys(("runner_id", "runner_name", "runner_group_id", "runner_group_name")),
            "id": job.id,
            "node_id": node_id(job.id),
            "run_id": run.id,
            "run_url": f"{repo}/actions/runs/{run.id}",
            "run_attempt": job.run_attempt,
            "head_sha": run.head_sha,
            "head_branch": run.head_branch,
            "workflow_name": "Nightly",
            "name": job.name,
            "status": job.status,
            "conclusion": job.conclusion if done else None,
            "labels": ["ubuntu-latest"],
            "steps": [],
            "url": url,
            "html_url": f"{SITE}/{run.repo}/actions/runs/{run.id}/job/{job.id}",
            "check_run_url": f"{repo}/check-runs/{job.id}",
            "created_at": created,
            "started_at": created,
            "completed_at": created if done else None,
        }

    def artifact(self, artifact: Artifact) -> Json:
        """An `artifact`."""
        url = f"{self._api}/repos/{artifact.repo}/actions/artifacts/{artifact.id}"
        created, run = moment(artifact.created_at), artifact.run
        return {
            "id": artifact.id,
            "node_id": node_id(artifact.id),
            "name": artifact.name,
            "size_in_bytes": artifact.size,
            "digest": artifact.digest,
            "url": url,
            "archive_download_url": f"{url}/zip",
            "expired": artifact.expired,
            "created_at": created,
            "updated_at": created,
            "expires_at": moment(artifact.expires_at),
            "workflow_run": run
            and {
                "id": run.id,
                "repository_id": self._world.id_of(run.repo),
                "head_repository_id": self._world.id_of(run.head_repo or "deleted/fork"),
                "head_branch": run.head_branch,
                "head_sha": run.head_sha,
            },
        }
