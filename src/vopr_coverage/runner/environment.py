"""The runner's variables, read once by the door that was called. The rest of the program sees this value only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

PUBLIC_API = "https://api.github.com"
PUBLIC_SERVER = "https://github.com"
_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{1,100}")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_URL = re.compile(r"https?://[A-Za-z0-9.:-]{1,200}")
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class Token(str):
    """A secret. Tracebacks and logs print the `repr` of values, so it hides the text."""

    def __repr__(self) -> str:
        return "Token(***)" if self else "Token()"


class Runner(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says about the job that this process belongs to. On a laptop nothing is set.

    Texts are as the runner wrote them: whoever needs a number or a commit checks that it is one. "" is not set.

    Attributes:
        is_github: whether GitHub Actions runs this process, and reads workflow commands in its log.
        repository: `owner/name`.
        event: the event's name; `event_path`: the file with its payload.
        action: the id of the step.
        token: of the variable GITHUB_TOKEN. The action has its token as an input.
        api_url, server_url: without a slash at the end; GitHub's own where the variables are not set.
        temp: a folder that is emptied with every job.
        output, step_summary: files to append outputs and the job summary to.
        colours: whether texts have colours: True and False if the user said so, None: on a terminal.
        ca_file: certificates to trust instead of the usual ones.
    """

    is_github: bool = False
    repository: str = ""
    event: str = ""
    event_path: str = ""
    sha: str = ""
    ref: str = ""
    run_id: str = ""
    run_attempt: str = ""
    run_number: str = ""
    workflow: str = ""
    action: str = ""
    actor: str = ""
    token: Token = Token()
    api_url: str = PUBLIC_API
    server_url: str = PUBLIC_SERVER
    workspace: Path = Path()
    temp: Path | None = None
    output: str = ""
    step_summary: str = ""
    ca_file: str = ""
    colours: bool | None = None

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that a step of the action may read from."""
        return (self.workspace, self.temp) if self.temp else (self.workspace,)

    @property
    def files_url(self) -> str:
        """The address of the repository's files at the commit of this job; "" where one of them is not known."""
        known = _REPOSITORY.fullmatch(self.repository) and _SHA.fullmatch(self.sha) and _URL.fullmatch(self.server_url)
        return f"{self.server_url}/{self.repository}/blob/{self.sha}" if known else ""


def runner_of(environ: Mapping[str, str]) -> Runner:
    """The runner as these variables describe it."""

    def github(name: str) -> str:
        return environ.get(f"GITHUB_{name}", "")

    temp = environ.get("RUNNER_TEMP")
    return Runner(
        is_github=github("ACTIONS") == "true",
        repository=github("REPOSITORY"),
        event=github("EVENT_NAME"),
        event_path=github("EVENT_PATH"),
        sha=github("SHA"),
        ref=github("REF"),
        run_id=github("RUN_ID"),
        run_attempt=github("RUN_ATTEMPT"),
        run_number=github("RUN_NUMBER"),
        workflow=github("WORKFLOW"),
        action=github("ACTION"),
        actor=github("ACTOR"),
        token=Token(github("TOKEN")),
        api_url=github("API_URL").rstrip("/") or PUBLIC_API,
        server_url=github("SERVER_URL").rstrip("/") or PUBLIC_SERVER,
        workspace=Path(github("WORKSPACE")),
        temp=Path(temp) if temp else None,
        output=github("OUTPUT"),
        step_summary=github("STEP_SUMMARY"),
        ca_file=next(filter(None, map(environ.get, CA_VARIABLES)), ""),
        colours=_colours(environ),
    )


def _colours(environ: Mapping[str, str]) -> bool | None:
    """What NO_COLOR, FORCE_COLOR and TERM ask for, the first that says something; empty is not set."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return environ["FORCE_COLOR"] not in ("0", "false")
    return False if environ.get("TERM") == "dumb" else None
