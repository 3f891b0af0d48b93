"""Many small cases in a few tests: a corpus of texts times a page, where starting a test costs more than the case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

T = TypeVar("T")

PARTS = 4  # so that workers share them
FAILURES_SHOWN = 10


def for_each(cases: Sequence[T], parts: int = PARTS) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """Run a test for every case, and report all that failed together, each with its case."""

    def decorate(test: Callable[[T], None]) -> Callable[..., None]:
        @pytest.mark.parametrize("part", range(parts))
        def looped(part: int) -> None:
            failures = []
            for case in cases[part::parts]:
                try:
                    test(case)
                except AssertionError as error:
                    failures.append(f"{case!a}: {error}")
            shown = "\n".join(failures[:FAILURES_SHOWN])
            assert not failures, f"{len(failures)} of {len(cases[part::parts])} cases failed:\n{shown}"

        looped.__doc__ = test.__doc__
        looped.__module__, looped.__name__ = test.__module__, test.__name__
        return looped

    return decorate
