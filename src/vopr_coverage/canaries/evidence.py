"""What is known of a canary besides its own run. Nothing here is judged."""

from __future__ import annotations

import msgspec


class Seen(msgspec.Struct, frozen=True):
    """Where a canary was seen to show: on `seeds` of `of` seeds of a scenario."""

    scenario: str
    seeds: int
    of: int


class SeedsBeside(msgspec.Struct, frozen=True):
    """A canary's run beside the control run.

    Attributes:
        scenario: of the canary's run; None if unknown.
        compared: how many seeds have a record in both.
        differing: how many of these have another result.
        first: the first of them; None if there is none.
    """

    scenario: str | None
    compared: int
    differing: int
    first: int | None = None
