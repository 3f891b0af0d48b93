"""Artifacts of our runs: listed through the API, fetched within limits, checked against their digest."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urljoin, urlsplit

import msgspec
import requests

from vopr_coverage.errors import shown
from vopr_coverage.github.api import Api, no_answer
from vopr_coverage.github.artifact_zip import VERDICT_BYTES_MAX, VERDICT_NAME, ZIP_BYTES_MAX, ArtifactError, entry_in
from vopr_coverage.github.retry import Trouble, TroubleKind

NAME_PREFIX = "vopr-coverage-"
REDIRECTS_MAX = 3
CHUNK_BYTES = 1 << 16


class ArtifactRun(msgspec.Struct, frozen=True):
    """The run that an artifact belongs to."""

    id: int
    repository_id: int | None = None
    head_repository_id: int | None = None
    head_branch: str | None = None
    head_sha: str | None = None


class Artifact(msgspec.Struct, frozen=True):
    """An artifact as GitHub lists it. `digest` is `sha256:…` of the ZIP archive, `created_at` its upload in UTC."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool
    digest: str | None = None
    created_at: str | None = None
    workflow_run: ArtifactRun | None = None

    @property
    def uploaded(self) -> tuple[str, int]:
        """Compares artifacts of one name in one run: the later is the greater. Ids alone do not grow with time."""
        return (self.created_at or "", self.id)


class ArtifactPage(msgspec.Struct, frozen=True):
    """A page of a list of artifacts."""

    artifacts: tuple[Artifact, ...]


def artifact_name(comment_id: str) -> str:
    """What the artifact with the verdict of that comment is called."""
    return NAME_PREFIX + comment_id


def fetch_verdict(api: Api, repository: str, artifact: Artifact) -> bytes:
    """The verdict file of an artifact; see `fetch_entry`."""
    return fetch_entry(api, repository, artifact, VERDICT_NAME, VERDICT_BYTES_MAX)


def fetch_entry(api: Api, repository: str, artifact: Artifact, name: str, bytes_max: int) -> bytes:
    """The file of that name in an artifact, of at most `bytes_max` (whole MiB).

    Raises:
        ArtifactError: it has expired, or is not taken: too large, not what its digest says, unsafe.
        Trouble: it could not be downloaded.
    """
    if artifact.expired:
        raise ArtifactError("the artifact has expired")
    if artifact.size_in_bytes > ZIP_BYTES_MAX:
        raise ArtifactError(f"the artifact is larger than {ZIP_BYTES_MAX >> 20} MiB")
    if not artifact.digest or not artifact.digest.startswith("sha256:"):
        raise ArtifactError("the artifact has no SHA-256 digest to check it by")
    tries = 0
    while True:
        tries += 1
        try:
            data = _download(api, f"{api.api_url}/repos/{repository}/actions/artifacts/{artifact.id}/zip")
            break
        except Trouble as trouble:
            api.patience.wait(trouble, tries)
    found = hashlib.sha256(data).hexdigest()
    if not hmac.compare_digest(found, artifact.digest.removeprefix("sha256:").lower()):
        raise ArtifactError(f"the artifact is not what its digest says: {shown(found)}")
    return entry_in(data, name, bytes_max)


def _download(api: Api, url: str) -> bytes:
    """Follow redirects by hand: the token is for the API alone, and a download may lead to another host."""
    with requests.Session() as session:
        session.auth = _as_it_is
        headers = api.credentials()
        for _ in range(REDIRECTS_MAX + 1):
            try:
                with session.get(
                    url, headers=headers, stream=True, allow_redirects=False, timeout=api.timeout_s, verify=api.verify
                ) as answer:
                    if answer.status_code == 200:
                        return _body(answer)
                    if not answer.is_redirect:
                        raise _refusal(answer.status_code)
                    url, headers = _next(api, url, answer.headers["location"]), {}
            except (requests.RequestException, OSError, ValueError) as error:
                raise no_answer(error) from None
    raise Trouble(TroubleKind.REFUSED, "the artifact's download is redirected too often")


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending what a .netrc has for a host."""
    return request


def _body(answer: requests.Response) -> bytes:
    found = bytearray()
    for chunk in answer.iter_content(CHUNK_BYTES):
        found += chunk
        if len(found) > ZIP_BYTES_MAX:
            raise ArtifactError(f"the artifact is larger than {ZIP_BYTES_MAX >> 20} MiB")
    return bytes(found)


def _refusal(status: int) -> Trouble:
    if status in (404, 410):
        return Trouble(TroubleKind.REFUSED, "the artifact is gone", status)
    kind = TroubleKind.LIMITED if status == 429 else TroubleKind.BROKEN if status >= 500 else TroubleKind.REFUSED
    return Trouble(kind, f"the artifact's download was answered with {status}", status)


def _next(api: Api, url: str, location: str) -> str:
    target = urljoin(url, location)
    if urlsplit(target).scheme not in {"https", urlsplit(api.api_url).scheme}:
        raise Trouble(TroubleKind.REFUSED, "the artifact's download is redirected to an address without TLS")
    return target
