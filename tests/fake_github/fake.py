"""A GitHub to talk to in tests: its REST API over real HTTP on loopback, with a state, faults and turns."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Self

from tests.fake_github.answers import refusal
from tests.fake_github.calls import Call, not_found
from tests.fake_github.contract import Contract
from tests.fake_github.faults import Fault, Plan, answer_under, planned
from tests.fake_github.git_data import answer_graphql
from tests.fake_github.loopback import Answer, Delivery, Loopback, Request
from tests.fake_github.routes import answer_blob, answer_call
from tests.fake_github.state import ACTIONS_BOT, REPOSITORY, Comment, Issue, World
from tests.fake_github.turns import TURN_S_MAX, Turns

BLOBS = "the blob store"  # in place of a token: whoever downloads a zip
GRAPHQL = "/graphql"
RATE_LIMIT = 5_000
HOUR_S = 3_600
NO_FAULTS: Mapping[int, Fault] = {}


@dataclass(frozen=True)
class Record:
    """A request that came, with the prefix of GHES cut off; `status` is None when no answer was sent."""

    token: str
    method: str
    path: str
    query: Mapping[str, str]
    status: int | None
    fault: Fault | None


@dataclass(frozen=True)
class Download:
    """A request that the blob store got; header names are in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass
class Client:
    """Whoever holds a token."""

    login: str
    read_only: bool
    faults: Plan
    request_count: int = 0

    def next_fault(self) -> Fault | None:
        """What goes wrong with the client's next request."""
        self.request_count += 1
        return planned(self.faults, self.request_count - 1)


class FakeGitHub:
    """Answers at `url` until it is closed; `world` is what it knows, `breaches` what must not have happened.

    Args:
        contract: what every request and every answer must keep to.
        prefix: where the API begins, `/api/v3` as on GitHub Enterprise Server.
        ssl_context: a server's, for HTTPS.
        turn_s_max: how long a request waits for its turn before that is a breach.
    """

    def __init__(
        self,
        contract: Contract | None = None,
        *,
        prefix: str = "",
        ssl_context: ssl.SSLContext | None = None,
        turn_s_max: float = TURN_S_MAX,
    ) -> None:
        self.breaches: list[str] = []
        self._contract = contract
        self._prefix = prefix
        self._turns = Turns(self.breaches.append, turn_s_max)
        self._api = Loopback(self._respond, self.breaches.append, ssl_context)
        self._blobs = Loopback(self._respond_blob, self.breaches.append, ssl_context)
        self.url = self._api.url + prefix
        self._forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()
        self._api.close()
        self._blobs.close()
        self._settle(error)

    # ---- the world

    def reset(self) -> None:
        """Begin anew: hang up on everybody and forget all but the breaches, which only `assert_clean` clears."""
        self._hang_up()
        self._forget()

    @contextmanager
    def scenario(self) -> Iterator[Self]:
        """A reset before and `assert_clean` behind, for a test that plays many scenarios, as Hypothesis does."""
        self.reset()
        error = None
        try:
            yield self
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._settle(error)

    def assert_clean(self) -> None:
        """Raise what went wrong in the servers' threads, and every breach of the contract."""
        breaches = self.breaches.copy()
        self.breaches.clear()
        assert not breaches, "\n".join(["the fake GitHub complains:", *breaches])

    def comments(self, issue: int, repo: str = REPOSITORY) -> list[Comment]:
        """The comments of an issue or pull request, oldest first."""
        return self.world.comments_on(issue, repo)

    def issues(self, state: str = "open", repo: str = REPOSITORY) -> list[Issue]:
        """The issues of a repository in that state, oldest first; pull requests are none."""
        return [one for one in self.world.issues.values() if (one.repo, one.state) == (repo, state)]

    # ---- clients

    def add_token(
        self, token: str, login: str = ACTIONS_BOT, *, read_only: bool = False, faults: Plan = NO_FAULTS
    ) -> str:
        """Let a client in, and give its token back."""
        self._clients[token] = Client(login, read_only, faults)
        return token

    def inject(self, token: str, faults: Plan) -> None:
        """Let these things go wrong with the token's requests, counted from now on; BLOBS stands for downloads."""
        self._clients[token].faults, self._clients[token].request_count = faults, 0

    def take_turns(self, order: Sequence[str]) -> None:
        """Answer requests in this order of tokens; when it is used up, they come as they like again."""
        self._turns.take(order)

    def race(self, clocks: Mapping[str, Callable[[], float]]) -> None:
        """Answer whichever of these tokens has the earliest clock, when all of them have asked; see `Turns.race`."""
        self._turns.race(clocks)

    def leave(self, token: str) -> None:
        """A client has finished: its turns that are left are skipped."""
        self._turns.leave(token)

    # ---- in the servers' threads

    def _respond(self, request: Request) -> Answer:
        token = request.headers.get("authorization", "").partition(" ")[2]
        with self._turns.turn(token):
            client = self._clients.get(token)
            fault = client.next_fault() if client else None
            inside = self._inside(request)
            contract = None if inside.path == GRAPHQL else self._contract  # which describes the REST API alone
            if contract:
                self._check(inside, contract.request_breaches(inside))
            answer = answer_under(fault, inside, lambda: self._answer(inside, client), self._now())
            status = None if answer.delivery in (Delivery.SILENCE, Delivery.RESET) else int(answer.status)
            self.requests.append(Record(token, inside.method, inside.path, inside.query, status, fault))
            if contract and status:
                self._check(inside, contract.answer_breaches(inside, answer))
            return replace(answer, headers={**self._usual_headers(client), **answer.headers})

    def _answer(self, request: Request, client: Client | None) -> Answer:
        """GitHub's answer, with nothing going wrong; the only place that changes the world."""
        if client is None:
            return refusal(HTTPStatus.UNAUTHORIZED, "Bad credentials")
        call = Call(self.world, request, client.login, client.read_only, self.url, self._blobs.url)
        if request.path == GRAPHQL and request.method == "POST":
            return answer_graphql(call)
        if answer := answer_call(call):
            return answer
        self._check(request, ["not modelled by the fake"])
        return not_found()

    def _inside(self, request: Request) -> Request:
        """The request with its path as below the API's own prefix; elsewhere there is the GraphQL API alone."""
        if request.path == self._prefix.removesuffix("/v3") + GRAPHQL:
            return replace(request, path=GRAPHQL)
        if request.path.startswith(self._prefix):
            return replace(request, path=request.path.removeprefix(self._prefix))
        return replace(request, path=f"/outside{request.path}")

    def _respond_blob(self, request: Request) -> Answer:
        with self._turns.turn(BLOBS):
            self.downloads.append(Download(request.path, request.headers))
            if "authorization" in request.headers:
                self._check(request, ["the blob store was sent a token"])
            fault = self._clients[BLOBS].next_fault()
            return answer_under(fault, request, lambda: answer_blob(self.world, request), self._now())

    def _usual_headers(self, client: Client | None) -> dict[str, str]:
        used = client.request_count if client else 0
        return {
            "X-GitHub-Request-Id": f"FA4E:{len(self.requests):X}",
            "X-RateLimit-Limit": str(RATE_LIMIT),
            "X-RateLimit-Remaining": str(RATE_LIMIT - used),
            "X-RateLimit-Reset": str(int(self._now()) + HOUR_S),
            "X-RateLimit-Resource": "core",
            "X-RateLimit-Used": str(used),
        }

    # ---- its own affairs

    def _now(self) -> float:
        return self.world.now().timestamp()

    def _check(self, request: Request, wrongs: Sequence[str]) -> None:
        self.breaches += [f"{request.method} {request.path} {dict(request.query)}: {wrong}" for wrong in wrongs]

    def _hang_up(self) -> None:
        self._turns.take(())
        self._api.drop_connections()
        self._blobs.drop_connections()

    def _forget(self) -> None:
        self.world = World()
        self.requests: list[Record] = []
        self.downloads: list[Download] = []
        self._clients = {BLOBS: Client("", True, NO_FAULTS)}

    def _settle(self, error: BaseException | None) -> None:
        """Raise the breaches, or note them on what is raised already."""
        if error is None:
            self.assert_clean()
        else:
            for breach in self.breaches:
                error.add_note(breach)
            self.breaches.clear()
