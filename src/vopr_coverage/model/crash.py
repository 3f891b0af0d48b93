"""A crash: the simulator died at a seed. Which endings are one, what is known of it, and which two are alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.signature import signature_of

CRASH = "crash"  # the name that a crash has where other failures have their invariant
CRASHES_APART_MAX = 20  # of a run; further ones are counted with the first that has their signature

# Somebody else ended the simulator: hang-up, Ctrl-C and SIGTERM. SIGKILL is none of them: it is how a simulator ends
# that has taken all of the memory.
OUTSIDE_SIGNALS = frozenset({1, 2, 15})
# The same in the words of a shell, and `timeout` where its time was up.
OUTSIDE_EXIT_CODES = frozenset({124, 130, 143})

# How a line begins that says why a program gave up: of Rust, Go, C, C++, Zig, and the sanitizers.
PANIC = re.compile(
    r"panicked at |^panic: |^fatal error: |^thread \d+ panic: |[Aa]ssertion .*failed|terminate called |Sanitizer: "
)
_NO_CAUSE = re.compile(  # lines behind the cause that are the same for all crashes
    r"^(note: |stack backtrace:|goroutine |\s*\d+: |\s*at |Aborted|Segmentation fault|\[?exit status )"
)


class Crash(msgspec.Struct, frozen=True, kw_only=True):
    """How the simulator died.

    Attributes:
        exit_code, signal: one of the two.
        last_words: the last lines that it wrote to stderr, escaped; foreign text.
        signature: the same for crashes with the same cause, whatever their seeds, addresses and line numbers.
        not_run: how many seeds behind it did not run, because nothing started the simulator again.
        restarts: how often it had been started again, if that was as often as it was allowed to be; else 0.
    """

    exit_code: int | None = None
    signal: int | None = None
    last_words: tuple[str, ...] = ()
    signature: str = ""
    not_run: int = 0
    restarts: int = 0

    @property
    def ending(self) -> str:
        """How it ended, in words that follow its name."""
        return f"ended by signal {self.signal}" if self.signal is not None else f"ended with exit code {self.exit_code}"

    @property
    def message(self) -> str:
        """The line that says why, or the last two where the first of them only says where; "" without last words."""
        return " ".join(_cause(self.last_words))

    @property
    def reason(self) -> str:
        """The last of these lines, which says what happened; "" without last words."""
        return next(reversed(_cause(self.last_words)), "")

    @property
    def told(self) -> str:
        """How it ended and its last words, as a part of a sentence."""
        return "; ".join(filter(None, [self.ending, last_words_in_words(self.last_words)]))

    @property
    def says_more(self) -> bool:
        """Whether there are last words besides the message."""
        return len(self.last_words) > len(_cause(self.last_words))


def last_words_in_words(last_words: Sequence[str]) -> str:
    """The last lines of a simulator's stderr, as a part of a sentence; "" without any."""
    return f"stderr ends with: {' / '.join(last_words)}" if last_words else ""


def seeds_not_run(crashes: Sequence[Crash], behind: str = "it") -> str:
    """How many seeds behind these crashes did not run, and why, as a sentence; "" if all did."""
    not_run, restarts = sum(crash.not_run for crash in crashes), max((crash.restarts for crash in crashes), default=0)
    if not not_run:
        return ""
    used_up = f": {agreeing(restarts, 'its only restart was', f'all {restarts:,} restarts were')} used up"
    return f"{counted(not_run, 'seed')} behind {behind} did not run{used_up if restarts else ''}"


def crash_of(exit_code: int | None, signal: int | None, last_words: Sequence[str]) -> Crash:
    """A crash with its signature. Without last words, all that ended alike are the same."""
    known = Crash(exit_code=exit_code, signal=signal, last_words=tuple(last_words))
    return msgspec.structs.replace(known, signature=signature_of(_from_the_panic_on(last_words)) or known.ending)


def is_crash(exit_code: int | None, signal: int | None) -> bool:
    """Whether a simulator that ended so in the midst of its seeds has died by itself. Ask only if nobody stopped it."""
    if signal is not None:
        return signal not in OUTSIDE_SIGNALS
    return bool(exit_code) and exit_code not in OUTSIDE_EXIT_CODES


def _from_the_panic_on(last_words: Sequence[str]) -> str:
    """The lines that say why a simulator died, without what names a thread before a panic."""
    said = " ".join(_cause(last_words))
    found = PANIC.search(said)
    return said[found.start() :] if found else said


def _cause(last_words: Sequence[str]) -> Sequence[str]:
    for number, line in enumerate(last_words):
        if PANIC.search(line):
            return last_words[number : number + (2 if line.endswith(":") else 1)]
    telling = [line for line in last_words if not _NO_CAUSE.match(line)] or last_words
    return telling[-1:]
