"""The hidden line in which an issue keeps the seeds that failed and have not run again since. Pure.

It is base64, so that no text in it can end the comment or be anything else on the page. Whoever may edit the issue may
write into it, so all of it is checked on the way in.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from vopr_coverage.nightly.known_seeds import KnownSeed, together
from vopr_coverage.nightly.regression_file import is_seed

SEEDS_MAX = 20
MEMORY_CHARACTERS_MAX = 12_000
REPRO_CHARACTERS_MAX = 2_000  # a command is never cut; a longer one is left out
NAME_CHARACTERS_MAX = 200
_LINE = re.compile(rf"^<!-- vopr-coverage seeds=([A-Za-z0-9+/=]{{1,{MEMORY_CHARACTERS_MAX}}}) -->\r?$\n?", re.MULTILINE)

_Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS_MAX)]


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One seed as the line has it."""

    kind: Literal["failing seed", "determinism"]
    scenario: _Name
    seed: Annotated[str, msgspec.Meta(max_length=20)]
    invariant: _Name = ""
    repro: Annotated[str, msgspec.Meta(max_length=REPRO_CHARACTERS_MAX)] = ""
    whole_run: bool = False
    run_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,18}$(?!\n)")] = ""


_Lines = Annotated[tuple[_Stored, ...], msgspec.Meta(max_length=SEEDS_MAX)]


def memory_line(seeds: Iterable[KnownSeed]) -> str:
    """The line that keeps these seeds, the first twenty of them that fit; "" without any."""
    stored = [_stored(seed) for seed in seeds][:SEEDS_MAX]
    while stored:
        line = f"<!-- vopr-coverage seeds={base64.b64encode(msgspec.json.encode(stored)).decode()} -->"
        if _LINE.fullmatch(line):
            return line
        stored.pop()
    return ""


def _stored(seed: KnownSeed) -> _Stored:
    """A name that is too long is cut: another night then takes it for another seed, which is kept, too."""
    return _Stored(
        kind="determinism" if seed.kind == "determinism" else "failing seed",
        scenario=seed.scenario[:NAME_CHARACTERS_MAX],
        seed=seed.seed,
        invariant=seed.invariant[:NAME_CHARACTERS_MAX],
        repro=seed.repro if len(seed.repro) <= REPRO_CHARACTERS_MAX else "",
        whole_run=seed.whole_run,
        run_id=seed.run_id[:18],
    )


def seeds_in(body: str) -> tuple[KnownSeed, ...]:
    """The seeds that an issue's text keeps; none if the line is missing, or is not one that we write."""
    found = _LINE.search(body)
    if not found:
        return ()
    try:
        stored = msgspec.json.decode(base64.b64decode(found[1], validate=True), type=_Lines)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return ()
    return together(KnownSeed(**msgspec.structs.asdict(one)) for one in stored if is_seed(one.seed))


def without_memory(body: str) -> str:
    """An issue's text without that line."""
    return _LINE.sub("", body)
