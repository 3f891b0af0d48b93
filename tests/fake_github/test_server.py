"""The fake's two servers: where tokens may go, prefixes, certificates, and that nothing goes wrong unheard."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import trustme
from github import Github
from github.Issue import Issue

from tests.fake_github.answers import Scribe
from tests.fake_github.contract import Contract
from tests.fake_github.fake import BLOBS, FakeGitHub
from tests.fake_github.faults import Fault, Kind
from tests.fake_github.state import REPOSITORY, Artifact

Connect = Callable[..., Github]
HASTE_S = 0.2
ZIP = b"PK\x05\x06" + bytes(18)  # an archive of nothing


# ---- zips


@pytest.fixture
def artifact(github: FakeGitHub) -> Artifact:
    """An artifact to download with the token `t`."""
    github.add_token("t")
    return github.world.add_artifact("coverage", ZIP, github.world.add_run())


def zip_url(github: FakeGitHub, artifact: Artifact) -> str:
    """Where the API says that the zip is."""
    return f"{github.url}/repos/{artifact.repo}/actions/artifacts/{artifact.id}/zip"


def test_a_zip_comes_from_another_server_without_the_token(github: FakeGitHub, artifact: Artifact) -> None:
    """requests follows the redirect and keeps the token to itself."""
    with requests.get(zip_url(github, artifact), headers={"Authorization": "Bearer t"}, timeout=10) as answer:
        assert answer.content == ZIP
    assert [record.status for record in github.requests] == [302]
    assert [download.path for download in github.downloads] == [f"/{artifact.id}.zip"]
    assert "authorization" not in github.downloads[0].headers


def test_a_token_that_leaks_to_the_blob_store_is_a_breach(github: FakeGitHub, artifact: Artifact) -> None:
    """urllib takes all headers along, and the store refuses them, as the real one does."""
    request = urllib.request.Request(zip_url(github, artifact), headers={"Authorization": "Bearer t"})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)  # noqa: S310
    refused.value.close()
    assert github.downloads[0].headers["authorization"] == "Bearer t"
    with pytest.raises(AssertionError, match="the blob store was sent a token"):
        github.assert_clean()


def test_an_expired_zip_is_gone(github: FakeGitHub, artifact: Artifact) -> None:
    """410, and the blob store is never asked."""
    artifact.expired = True
    with requests.get(zip_url(github, artifact), headers={"Authorization": "Bearer t"}, timeout=10) as answer:
        assert (answer.status_code, answer.json()["message"]) == (410, "Artifact has expired")
    assert github.downloads == []


def test_a_download_can_break_off(github: FakeGitHub, artifact: Artifact) -> None:
    """The blob store has faults of its own."""
    github.inject(BLOBS, {0: Fault(Kind.TRUNCATED_LENGTH)})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(zip_url(github, artifact), headers={"Authorization": "Bearer t"}, timeout=10)


# ---- the server itself


def test_an_enterprise_server_has_its_api_below_a_prefix(github_contract: Contract | None, connect: Connect) -> None:
    """Pages lead on below it, records leave it out, and outside of it there is nothing."""
    with FakeGitHub(github_contract, prefix="/api/v3") as github:
        github.world.add_pull(7)
        for _ in range(101):
            github.world.add_comment(7, "hello")
        client = connect(github, github.add_token("t"))
        assert len(list(client.get_repo(REPOSITORY).get_issue(7).get_comments())) == 101
        path = f"/repos/{REPOSITORY}/issues/7/comments"
        assert [record.path for record in github.requests] == [path, path]
        outside = github.url.removesuffix("/api/v3") + path
        assert requests.get(outside, headers={"Authorization": "Bearer t"}, timeout=10).status_code == 404
        with pytest.raises(AssertionError, match="not modelled"):
            github.assert_clean()


def test_https_with_a_certificate_of_ones_own(tmp_path: Path, connect: Connect) -> None:
    """A client that is told of the authority is served; one that isn't hangs up, which is no breach."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with FakeGitHub(ssl_context=context) as github:
        github.world.add_pull(7)
        trusting = connect(github, github.add_token("t"), verify=str(tmp_path / "ca.pem"))
        trusting.get_repo(REPOSITORY).get_issue(7).create_comment("one")
        with pytest.raises(requests.exceptions.SSLError):
            connect(github, "t").get_repo(REPOSITORY).get_issue(7).create_comment("two")
        github.inject("t", {0: Fault(Kind.TIMEOUT), 1: Fault(Kind.RESET)})
        hasty = connect(github, "t", timeout_s=HASTE_S, verify=str(tmp_path / "ca.pem"))
        for _ in range(2):
            with pytest.raises(requests.exceptions.RequestException):
                hasty.get_repo(REPOSITORY).get_issue(7).create_comment("three")
        assert [one.body for one in github.comments(7)] == ["one"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/rate_limit"),
        ("PUT", f"/repos/{REPOSITORY}/issues/7/lock"),
        ("GET", f"/repos/{REPOSITORY}/pulls?sort=updated"),
    ],
)
def test_what_the_fake_does_not_model_is_a_breach(method: str, path: str, github: FakeGitHub) -> None:
    """Never a plausible answer, though GitHub has one."""
    github.add_token("t")
    with requests.request(method, github.url + path, headers={"Authorization": "token t"}, timeout=10) as answer:
        assert answer.status_code == 404
    with pytest.raises(AssertionError, match="not modelled"):
        github.assert_clean()


def test_an_error_in_a_server_thread_reaches_the_test(
    github: FakeGitHub, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its traceback."""
    monkeypatch.delattr(Scribe, "comment")
    with pytest.raises(requests.exceptions.ConnectionError):
        issue.create_comment("hello")
    with pytest.raises(AssertionError, match=r"create_comment[\s\S]*AttributeError"):
        github.assert_clean()


def test_a_scenario_begins_with_nothing_and_ends_clean(github: FakeGitHub, issue: Issue) -> None:
    """Breaches are raised, or noted on what the scenario itself raises."""
    issue.create_comment("hello")
    with github.scenario():
        assert (github.comments(7), github.requests) == ([], [])
    with pytest.raises(AssertionError, match="a breach"), github.scenario():
        github.breaches.append("a breach")
    with pytest.raises(ValueError, match="mine") as raised, github.scenario():
        fail_after(github.breaches.append, "a breach")
    assert raised.value.__notes__ == ["a breach"]
    assert github.breaches == []


def fail_after(breach: Callable[[str], None], told: str) -> None:
    """A scenario in which two things go wrong."""
    breach(told)
    raise ValueError("mine")


def test_clients_may_count_on_the_usual_headers(github: FakeGitHub, issue: Issue) -> None:
    """What is left of the rate limit sinks with every request."""
    left = [issue.create_comment("hello").raw_headers["x-ratelimit-remaining"] for _ in range(3)]
    assert left == ["4999", "4998", "4997"]
