"""A door: one way in for data that somebody else wrote, and what is promised of whatever comes in by it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from tools.fuzzing.limits import TooSlow, peak_mb, seconds
from vopr_coverage.errors import OLD_COMMAND, UserError

SECONDS_MAX = 2.0
MEGABYTES_MAX = 300
SLOW = "took more than"
# How an input ended: refused with an error of ours, taken as what it claims to be, or judged by both judges.
Ending = Literal["refused", "taken", "judged"]


class Finding(Exception):
    """An input for which a promise does not hold. `kind` is the same for findings that have one cause."""

    def __init__(self, kind: str, details: str = "") -> None:
        self.kind, self.details = kind, details
        super().__init__(f"{kind}: {details}" if details else kind)


@dataclass(frozen=True)
class Door:
    """One way in.

    Attributes:
        name: what the table, the corpus and the ids of inputs call it.
        take: takes one input, and raises Finding or UserError; any other exception is a finding, too.
        samples: valid inputs, which are changed.
        reads: the modules of the package that parse what comes in here, such as `reading/stream`.
        tokens: pieces that mean something to this parser, beside those that all parsers get.
        draw: a document out of nothing but chance; None where only samples are changed.
        text: whether samples are lines of JSON or one JSON document, whose values are changed one by one.
        weight: how many inputs it gets for one of another door.
    """

    name: str
    take: Callable[[bytes], Ending]
    samples: tuple[bytes, ...]
    reads: tuple[str, ...]
    tokens: tuple[bytes, ...] = ()
    draw: Callable[[Random], bytes] | None = None
    text: Literal["json", "lines", "bytes"] = "bytes"
    weight: int = 1
    extra: tuple[bytes, ...] = field(default=(), compare=False)


def taken(door: Door, data: bytes, megabytes_max: float = MEGABYTES_MAX, seconds_max: float = SECONDS_MAX) -> Ending:
    """How one input ended at that door.

    Args:
        megabytes_max: of this process; a process that was larger before has no limit here.
        seconds_max: of this processor; what other processes use does not count.

    Raises:
        Finding: a promise does not hold.
    """
    before = peak_mb()
    try:
        with seconds(seconds_max):
            ending = door.take(data)
    except UserError as error:
        _hold_to_words(error)
        ending = "refused"
    except TooSlow as error:
        raise Finding(f"{SLOW} {seconds_max:g} s", f"in {_place_of(error)}") from None
    except Finding:
        raise
    except Exception as error:
        raise Finding(f"{type(error).__name__} in {_place_of(error)}", traceback.format_exc()) from None
    after = peak_mb()
    if after > megabytes_max >= before:
        raise Finding(f"more than {MEGABYTES_MAX} MB", f"{after:.0f} MB, {before:.0f} MB before")
    return ending


def target(door: Door) -> Callable[[bytes], None]:
    """A function of bytes that returns nothing and raises Finding: what fuzzers of all kinds drive."""

    def run(data: bytes) -> None:
        taken(door, data)

    return run


def _hold_to_words(error: UserError) -> None:
    """What we say of a refused input reaches terminals and logs: printable lines, without a runner's command."""
    text = str(error)
    if not text or not all(line.isprintable() for line in text.split("\n")) or OLD_COMMAND in text:
        raise Finding(f"{type(error).__name__} with text that is not printable", repr(text[:300]))


def _place_of(error: BaseException) -> str:
    """The last function of ours that an exception went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "vopr_coverage" in frame.filename] or list(frames)
    return f"{ours[-1].filename.rpartition('vopr_coverage/')[2]}, {ours[-1].name}" if ours else "no place"
