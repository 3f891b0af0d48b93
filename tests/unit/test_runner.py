"""The runner's variables as one value, and the night that they describe."""

from __future__ import annotations

from pathlib import Path

import pytest

from vopr_coverage.nightly.verdict import NightRun, night_run
from vopr_coverage.runner.environment import PUBLIC_API, PUBLIC_SERVER, Runner, Token, runner_of

SHA = "a" * 40
SECRET = "a-secret"  # noqa: S105 (of a test)
VARIABLES = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "somebody/database",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_RUN_NUMBER": "41",
    "GITHUB_SERVER_URL": "https://git.example/",
    "GITHUB_SHA": SHA,
    "GITHUB_TOKEN": SECRET,
    "GITHUB_WORKFLOW": "Nightly",
    "GITHUB_WORKSPACE": "/workspace",
    "RUNNER_TEMP": "/temp",
}
NIGHT = NightRun(
    run_id="4711",
    run_attempt=2,
    run_number=41,
    commit=SHA,
    workflow="Nightly",
    url="https://git.example/somebody/database/actions/runs/4711/attempts/2",
)


def test_on_a_laptop_nothing_is_set() -> None:
    """Then GitHub is the public one, and files are read from anywhere below the working directory."""
    runner = runner_of({"PATH": "/bin", "CI": "true"})
    assert runner == Runner()
    assert (runner.is_github, runner.api_url, runner.server_url) == (False, PUBLIC_API, PUBLIC_SERVER)
    assert runner.roots == (Path(),)


def test_a_variable_that_is_empty_is_not_set() -> None:
    """A workflow writes `env: {NAME: ''}` where it has no value."""
    assert runner_of(dict.fromkeys([*VARIABLES, "SSL_CERT_FILE"], "")) == Runner()


def test_a_step_may_read_its_workspace_and_its_temporary_folder() -> None:
    """Both are the job's own."""
    assert runner_of(VARIABLES).roots == (Path("/workspace"), Path("/temp"))


def test_the_first_variable_that_names_certificates_is_used() -> None:
    """In the order in which curl and requests look at them."""
    assert runner_of({"CURL_CA_BUNDLE": "curl.pem", "SSL_CERT_FILE": "ssl.pem"}).ca_file == "curl.pem"
    assert runner_of({"REQUESTS_CA_BUNDLE": "", "SSL_CERT_FILE": "ssl.pem"}).ca_file == "ssl.pem"


def test_the_token_is_not_shown() -> None:
    """A traceback prints values of ours; a log of a public repository is public."""
    runner = runner_of(VARIABLES)
    assert runner.token == SECRET
    for text in (repr(runner), str(runner), f"{runner!r}", repr(runner.token), repr([runner])):
        assert SECRET not in text
    assert repr(Token()) != repr(Token("x"))


def test_a_night_is_named_by_its_run() -> None:
    """On a server of one's own, too."""
    assert night_run(runner_of(VARIABLES)) == NIGHT


@pytest.mark.parametrize(
    ("changed", "night"),
    [
        ({"GITHUB_RUN_ID": ""}, NightRun()),
        ({"GITHUB_RUN_ID": "4711x"}, NightRun()),
        ({"GITHUB_RUN_ID": "4" * 19}, NightRun()),
        ({"GITHUB_RUN_ATTEMPT": "²"}, NightRun()),
    ],
)
def test_what_has_no_run_is_no_run(changed: dict[str, str], night: NightRun) -> None:
    """All or nothing: half of a run's name is worse than none."""
    assert night_run(runner_of(VARIABLES | changed)) == night


def test_what_is_no_number_or_commit_is_left_out() -> None:
    """The rest of the night keeps its name."""
    night = night_run(runner_of(VARIABLES | {"GITHUB_RUN_NUMBER": "x", "GITHUB_SHA": "HEAD", "GITHUB_REPOSITORY": ""}))
    assert (night.run_id, night.run_number, night.commit, night.url) == ("4711", 0, None, "")
