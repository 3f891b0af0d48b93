"""A job of the workflow run that a night is: as GitHub lists it, and as a night's verdict has it."""

from __future__ import annotations

import msgspec


class RunJob(msgspec.Struct, frozen=True):
    """A job of a workflow run; its name is foreign. `conclusion` is None until it has ended."""

    id: int
    name: str
    conclusion: str | None = None


class JobPage(msgspec.Struct, frozen=True):
    """The page of a job of the run: of the part `job`, or of the run `source` in it. `id` is GitHub's, in digits."""

    job: str
    source: str
    id: str
