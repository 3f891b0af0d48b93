"""How much of what is random, or multiplies, a test tries: a part in `make test`, all with VOPR_THOROUGH=1 (CI)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from hypothesis import settings

THOROUGH = os.environ.get("VOPR_THOROUGH", "") not in ("", "0")
SHARE = 4  # of all examples, `make test` tries one in so many


def examples(count: int) -> settings:
    """Settings for a test that tries `count` examples, the same ones each time; `make test` tries the first of them."""
    return settings(max_examples=count if THOROUGH else count // SHARE, derandomize=True, database=None, deadline=None)


def some_of(seeds: range) -> range:
    """Seeds of random cases; `make test` plays the first of them."""
    return seeds if THOROUGH else seeds[: len(seeds) // SHARE]


def floods_for(number: int) -> Iterable[bool]:
    """Whether the nth text of a corpus also takes the place of our own words; `make test` tries one of both."""
    return (False, True) if THOROUGH else (number % 2 == 1,)


def tiers_for(number: int, tiers: Sequence[int]) -> Iterable[int]:
    """The tiers of a page in which the nth text of a corpus is tried.

    `make test` tries each text in the first tier and in one more, so that each tier has its share of the corpus.
    """
    return tiers if THOROUGH else {tiers[0], tiers[number % len(tiers)]}
