"""One request to GitHub at a time, through PyGithub: typed answers, retries, and errors that are safe to print.

PyGithub's lazy objects fetch by themselves what an answer lacks, and its retries sleep in urllib3,
leave out PATCH and repeat POST. So it carries single requests here, and the rest is ours to see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
import requests
from github import Auth, Github, GithubException

from vopr_coverage import __version__
from vopr_coverage.errors import printable
from vopr_coverage.github.retry import RetryBudget, Trouble, TroubleKind

PER_PAGE = 100
PAGES_MAX = 50
TIMEOUT_S = 15
ANSWER_CHARACTERS_MAX = 200

T = TypeVar("T")
Headers = Mapping[str, Any]
Query = Mapping[str, object]
# What PyGithub and requests raise on answers that no server should give, besides exceptions of their own.
_NO_ANSWER = (requests.RequestException, OSError, ValueError, AssertionError, RuntimeError, LookupError, TypeError)


class Api:
    """GitHub's REST API as one token sees it.

    Args:
        ca_file: a CA bundle in place of the usual one, or None.
        timeout_s: for the connection, and for each pause within an answer; None for the usual.
    """

    def __init__(
        self, token: str, api_url: str, patience: RetryBudget, ca_file: str | None = None, timeout_s: int | None = None
    ) -> None:
        self.api_url, self.patience = api_url, patience
        self.timeout_s = timeout_s or TIMEOUT_S
        self.verify: str | bool = ca_file or True
        self._token = token
        self._github = Github(
            auth=Auth.Token(token),
            base_url=api_url,
            timeout=self.timeout_s,
            verify=self.verify,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            user_agent=f"vopr-coverage/{__version__}",
        )

    def close(self) -> None:
        """Hang up."""
        self._github.close()

    def credentials(self) -> dict[str, str]:
        """The header for a request to this API that PyGithub can't make. For no other host."""
        return {"Authorization": f"Bearer {self._token}", "User-Agent": f"vopr-coverage/{__version__}"}

    def get(self, path: str, kind: type[T], query: Query | None = None) -> T:
        """One answer of this type.

        Raises:
            Trouble: there is none, or it isn't worth the waiting. So do all methods below.
        """
        return self._repeated("GET", path, kind, query=query)[1]

    def get_once(self, path: str, kind: type[T], query: Query | None = None) -> T:
        """The same, but asked once: for what can be done without."""
        return self._once("GET", path, kind, query=query)[1]

    def pages(self, path: str, kind: type[T], query: Query | None = None, *, stubborn: bool = False) -> Iterator[T]:
        """A list page by page, a hundred entries each, to its end."""
        for page in range(1, PAGES_MAX + 1):
            asked = {**(query or {}), "per_page": PER_PAGE, "page": page}
            headers, entries = self._repeated("GET", path, kind, query=asked, stubborn=stubborn)
            yield entries
            if 'rel="next"' not in str(headers.get("link", "")):
                return
        raise Trouble(TroubleKind.REFUSED, f"{path} has more than {PAGES_MAX * PER_PAGE:,} entries")

    def write(self, method: str, path: str, kind: type[T], body: Query) -> T:
        """POST or PATCH, once: of an answer that is BROKEN nobody knows whether it was done."""
        return self._once(method, path, kind, body=body)[1]

    def query(self, query: str, variables: Query, kind: type[T]) -> T:
        """What a query or a mutation of the GraphQL API finds, asked once, as `write` does."""
        with self._as_trouble():
            _, answer = self._github.requester.graphql_query(query, dict(variables))
            return msgspec.convert(answer.get("data"), kind)

    def delete(self, path: str, *, stubborn: bool = False) -> None:
        """Ask until it is gone; that somebody else was faster is as good."""
        try:
            self._repeated("DELETE", path, type(None), stubborn=stubborn)
        except Trouble as trouble:
            if trouble.status not in (404, 410):
                raise

    def _repeated(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        query: Query | None = None,
        stubborn: bool = False,
    ) -> tuple[Headers, T]:
        tries = 0
        while True:
            tries += 1
            try:
                return self._once(method, path, kind, query=query)
            except Trouble as trouble:
                if method == "DELETE" and trouble.status in (404, 410):
                    raise
                self.patience.wait(trouble, tries, stubborn=stubborn)

    def _once(
        self, method: str, path: str, kind: type[T], *, query: Query | None = None, body: Query | None = None
    ) -> tuple[Headers, T]:
        with self._as_trouble():
            headers, data = self._github.requester.requestJsonAndCheck(
                method, path, parameters=dict(query or {}), input=body
            )
            return headers, msgspec.convert(data, kind)

    @contextmanager
    def _as_trouble(self) -> Iterator[None]:
        """Turn whatever a request raises into a Trouble."""
        try:
            yield
        except GithubException as error:
            raise self._refusal(error) from None
        except msgspec.ValidationError:
            raise Trouble(TroubleKind.BROKEN, "GitHub's answer was not what it should be") from None
        except _NO_ANSWER as error:
            raise no_answer(error) from None

    def _refusal(self, error: GithubException) -> Trouble:
        """An answer with a status of 400 or more, as a trouble."""
        headers: Headers = error.headers or {}
        data: object = error.data
        message = _message(data)
        answer = printable(f"{error.status} {message}".replace(self._token, "***"))[:ANSWER_CHARACTERS_MAX].strip()
        kind, wait_s = TroubleKind.REFUSED, None
        if error.status == 429 or (error.status == 403 and _is_limit(headers, message)):
            kind, wait_s = TroubleKind.LIMITED, _asked_wait_s(headers, self.patience.clock.now())
        elif error.status >= 500 or error.status < 400 or error.status == 408:
            kind = TroubleKind.BROKEN
        return Trouble(kind, f"GitHub answered {answer}", error.status, wait_s)


def _message(data: object) -> str:
    """What an error answer says; of a GraphQL answer the first of its errors."""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    if "message" not in data and isinstance(errors, list) and errors and isinstance(errors[0], dict):
        data = errors[0]
    return str(data.get("message", ""))


def no_answer(error: Exception) -> Trouble:
    """A request without a usable answer, by the name of what happened: its text may hold addresses."""
    if isinstance(error, requests.exceptions.SSLError):
        hint = "a server of your own needs its CA in REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE"
        return Trouble(TroubleKind.REFUSED, f"the server's certificate was refused; {hint}")
    if isinstance(error, OSError) and "CA certificate bundle" in str(error):
        return Trouble(TroubleKind.REFUSED, "the CA bundle that the environment names can't be read")
    return Trouble(TroubleKind.BROKEN, f"the connection gave no usable answer ({type(error).__name__})")


def _is_limit(headers: Headers, message: str) -> bool:
    is_named = "rate limit" in message.lower() or "abuse" in message.lower()
    return is_named or "retry-after" in headers or str(headers.get("x-ratelimit-remaining", "")) == "0"


def _asked_wait_s(headers: Headers, now: float) -> float | None:
    """How many seconds GitHub asks us to wait, None if it doesn't say."""
    try:
        if "retry-after" in headers:
            return float(headers["retry-after"])
        if str(headers.get("x-ratelimit-remaining", "")) == "0":
            return float(headers["x-ratelimit-reset"]) - now
    except (KeyError, ValueError, TypeError):
        pass
    return None
