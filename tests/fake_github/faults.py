"""What goes wrong between a client and GitHub, one request at a time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from http import HTTPStatus

from tests.fake_github.answers import refusal
from tests.fake_github.calls import READ_ONLY, not_found
from tests.fake_github.loopback import Answer, Delivery, Request

AMONG_FIRST = 12
PRIMARY = "API rate limit exceeded for installation ID 4711."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
BAD_GATEWAY_PAGE = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"


class Kind(Enum):
    """What happens. Without AFTER in its name, or TRUNCATED, a write doesn't take effect."""

    UNAUTHORIZED = "401 Bad credentials"
    READ_ONLY = "403 Resource not accessible by integration"
    RATE_LIMIT_403 = "403 with x-ratelimit-remaining 0 and a reset in `seconds`"
    SECONDARY_LIMIT_403 = "403 with Retry-After `seconds`, or without it"
    RATE_LIMIT_429 = "429 with Retry-After `seconds`, or without it"
    NOT_FOUND = "404"
    UNPROCESSABLE = "422"
    ERROR_500 = "500"
    ERROR_500_AFTER = "500 after the effect"
    BAD_GATEWAY_502 = "502 in HTML"
    BAD_GATEWAY_502_AFTER = "502 in HTML after the effect"
    TIMEOUT = "silence"
    TIMEOUT_AFTER = "silence after the effect"
    RESET = "connection reset"
    RESET_AFTER = "connection reset after the effect"
    TRUNCATED_LENGTH = "half of the promised body, then the end; after the effect"
    TRUNCATED_JSON = "half of the JSON as if it were all; after the effect"
    ECHO_TOKEN_400 = "400 with the request's Authorization header in its message"  # noqa: S105
    ECHO_TOKEN_500 = "500 with the request's Authorization header in its message"  # noqa: S105


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong; what `seconds` means, its kind says."""

    kind: Kind
    seconds: int | None = None


# The nth request of a token, from 0, → what goes wrong with it.
Plan = Mapping[int, Fault] | Callable[[int], Fault | None]

AFTER_EFFECT = frozenset(kind for kind in Kind if kind.name.endswith("_AFTER") or kind.name.startswith("TRUNCATED"))
# After these nobody knows whether a write was done.
WITHOUT_ANSWER = (
    *(Kind.BAD_GATEWAY_502, Kind.ERROR_500, Kind.RESET, Kind.TIMEOUT),
    *(Kind.BAD_GATEWAY_502_AFTER, Kind.ERROR_500_AFTER, Kind.RESET_AFTER, Kind.TIMEOUT_AFTER),
    *(Kind.TRUNCATED_LENGTH, Kind.TRUNCATED_JSON),
)
# Silent requests cost a client's whole timeout, so they are drawn rarely.
WEIGHTS: Mapping[Kind, float] = {**dict.fromkeys(Kind, 1.0), Kind.TIMEOUT: 0.1, Kind.TIMEOUT_AFTER: 0.1}
SECONDS: Mapping[Kind, tuple[int | None, ...]] = {
    Kind.RATE_LIMIT_403: (1, 30, 3_600),
    Kind.SECONDARY_LIMIT_403: (None, 1, 60),
    Kind.RATE_LIMIT_429: (None, 1, 60),
}


def planned(plan: Plan, number: int) -> Fault | None:
    """What the plan has for the request of this number."""
    return plan(number) if callable(plan) else plan.get(number)


def random_faults(
    rng: random.Random,
    most: int = 4,
    *,
    among_first: int = AMONG_FIRST,
    weights: Mapping[Kind, float] = WEIGHTS,
) -> dict[int, Fault]:
    """A plan of at most `most` faults among a token's first requests; a kind that `weights` leaves out is never drawn.

    Args:
        rng: what to draw from; a plan is a function of its state.
        weights: how often a kind is drawn, relative to the others.
    """
    places = rng.sample(range(among_first), rng.randint(0, most))
    kinds = rng.choices(list(weights), list(weights.values()), k=len(places))
    return {
        place: Fault(kind, rng.choice(SECONDS.get(kind, (None,))))
        for place, kind in sorted(zip(places, kinds, strict=True))
    }


def answer_under(fault: Fault | None, request: Request, answer: Callable[[], Answer], now: float) -> Answer:
    """What a client gets when this goes wrong while `answer` works; `answer` is called unless the fault forestalls it.

    Args:
        now: seconds since the epoch, for the reset of a rate limit.
    """
    if fault is None:
        return answer()
    whole = answer() if fault.kind in AFTER_EFFECT else Answer(HTTPStatus.OK)
    match fault.kind:
        case Kind.TIMEOUT | Kind.TIMEOUT_AFTER:
            return replace(whole, delivery=Delivery.SILENCE)
        case Kind.RESET | Kind.RESET_AFTER:
            return replace(whole, delivery=Delivery.RESET)
        case Kind.TRUNCATED_LENGTH | Kind.TRUNCATED_JSON if not whole.body:
            return replace(whole, delivery=Delivery.RESET)  # nothing to cut
        case Kind.TRUNCATED_LENGTH:
            return replace(whole, delivery=Delivery.SHORT)
        case Kind.TRUNCATED_JSON:
            return replace(whole, delivery=Delivery.CUT)
        case _:
            return refused(fault, request, now)


def refused(fault: Fault, request: Request, now: float) -> Answer:
    """An error answer that stands in for the real one."""
    retry_after = {} if fault.seconds is None else {"Retry-After": str(fault.seconds)}
    match fault.kind:
        case Kind.UNAUTHORIZED:
            return refusal(HTTPStatus.UNAUTHORIZED, "Bad credentials")
        case Kind.READ_ONLY:
            return refusal(HTTPStatus.FORBIDDEN, READ_ONLY)
        case Kind.RATE_LIMIT_403:
            reset = str(int(now) + (fault.seconds or 0))
            used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
            return with_headers(refusal(HTTPStatus.FORBIDDEN, PRIMARY), used_up)
        case Kind.SECONDARY_LIMIT_403:
            return with_headers(refusal(HTTPStatus.FORBIDDEN, SECONDARY), retry_after)
        case Kind.RATE_LIMIT_429:
            return with_headers(refusal(HTTPStatus.TOO_MANY_REQUESTS, SECONDARY), retry_after)
        case Kind.NOT_FOUND:
            return not_found()
        case Kind.UNPROCESSABLE:
            return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed")
        case Kind.ERROR_500 | Kind.ERROR_500_AFTER:
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Server Error")
        case Kind.BAD_GATEWAY_502 | Kind.BAD_GATEWAY_502_AFTER:
            return Answer(HTTPStatus.BAD_GATEWAY, {"Content-Type": "text/html"}, BAD_GATEWAY_PAGE)
        case Kind.ECHO_TOKEN_400 | Kind.ECHO_TOKEN_500:
            told = json.dumps({"Authorization": request.headers.get("authorization")})
            status = HTTPStatus(int(fault.kind.name[-3:]))
            return refusal(status, f"Can't handle a request with the headers {told}")
        case _:
            raise AssertionError(f"{fault.kind} is no error answer")


def with_headers(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """The answer, with these headers as well."""
    return replace(answer, headers={**answer.headers, **headers})
