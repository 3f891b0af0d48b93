"""The variables that a process of ours starts with: those of the job, without what speaks to GitHub in its name.

A simulator is code under test, with all its dependencies. What it inherits it can use: a file of the runner to set a
variable or an output of the job, a token to be the job. This is no wall: see docs/security.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

RUNNER_FILES = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
GITHUBS_OWN = ("GITHUB_", "GH_", "INPUT_", "ACTIONS_")
SERVICES = "ACTIONS_"  # the runner's own services: artifacts, cache, identity, with their addresses and tokens
TOKEN = "TOKEN"  # noqa: S105 (what such a name ends with)


def is_withheld(name: str) -> bool:
    """Whether a process that we start does not get this variable."""
    upper = name.upper()  # names have no case on Windows
    return upper in RUNNER_FILES or upper.startswith(SERVICES) or upper.endswith(TOKEN)


def child_environment(environ: Mapping[str, str] | None = None, *, more: Mapping[str, str] = {}) -> dict[str, str]:
    """The variables for a process that we start; by default of those that we were started with, and `more` of ours."""
    given = os.environ if environ is None else environ
    return {name: value for name, value in given.items() if not is_withheld(name)} | dict(more)


def own_tokens(names: Iterable[str] | None = None) -> list[str]:
    """The names of withheld tokens that are not GitHub's: their owner may expect that the simulator gets them."""
    given = os.environ if names is None else names
    return sorted(name for name in given if is_withheld(name) and not name.upper().startswith(GITHUBS_OWN))
