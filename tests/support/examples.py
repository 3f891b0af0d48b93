"""How many random examples a test tries: some in `make test`, all with VOPR_THOROUGH=1, as in CI."""

from __future__ import annotations

import os

from hypothesis import settings

THOROUGH = os.environ.get("VOPR_THOROUGH", "") not in ("", "0")
SHARE = 4  # of all examples, `make test` tries one in so many


def examples(count: int) -> settings:
    """Settings for a test that tries `count` examples, the same ones each time; `make test` tries the first of them."""
    return settings(max_examples=count if THOROUGH else count // SHARE, derandomize=True, database=None, deadline=None)
