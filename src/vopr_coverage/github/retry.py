"""What went wrong with a request, whether to try again, and how long to wait before. The clock is an argument."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from enum import Enum
from typing import Protocol

TRIES_MAX = 6
WAIT_S_MAX = 60.0  # a longer pause that GitHub asks for is not worth a runner's time
WAITS_S_MAX = 90.0  # in all: a gate has its minutes, and they are few
LIMITED_S = 60.0  # what GitHub asks for where an answer names no time
RACE_S = 60.0  # over how long runners spread that write at once: a try takes two or three seconds
RACES_S_MAX = 240.0  # of these waits in all: what races with others is no gate, and may take its time


class Clock(Protocol):
    """Time, so that tests need not spend any."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The real one."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class TroubleKind(Enum):
    """What a failed request means for the next one."""

    REFUSED = "refused"  # the answer won't change: no permission, not there, not valid
    LIMITED = "limited"  # a rate limit: nothing has happened, and it may after a while
    BROKEN = "broken"  # no usable answer: what was asked for may have happened or not
    OVERTAKEN = "overtaken"  # somebody else was faster: nothing has happened, and it is made anew on top of theirs


class Trouble(Exception):
    """A request that failed. Its text is safe to print: escaped, short, and without the token.

    `status` is 0 where there was no answer; `wait_s` is what a rate limit asks for, if it says.
    """

    def __init__(self, kind: TroubleKind, why: str, status: int = 0, wait_s: float | None = None) -> None:
        self.kind, self.status, self.wait_s = kind, status, wait_s
        super().__init__(why)


_draw = random.SystemRandom().random


class RetryBudget:
    """How much waiting one step may spend, over all of its requests; `say` gets a line about each wait.

    Args:
        draw: a number from 0 to 1 at random, so that runners that were overtaken together do not meet again.
    """

    def __init__(
        self,
        clock: Clock,
        say: Callable[[str], None] = lambda _: None,
        draw: Callable[[], float] = _draw,
    ) -> None:
        self.clock, self._say, self._draw = clock, say, draw
        self._left_s, self._races_left_s = WAITS_S_MAX, RACES_S_MAX

    def step_aside(self, trouble: Trouble) -> None:
        """Wait a random time before another try to write what others write, too.

        Somebody wins each race, so that no number of them is too many; only the time is limited.

        Raises:
            Trouble: all of the step's time for such waits is spent.
        """
        seconds = self._draw() * RACE_S
        if seconds > self._races_left_s:
            raise trouble
        self._races_left_s -= seconds
        self._pause(trouble, seconds)

    def wait(self, trouble: Trouble, tries: int, *, stubborn: bool = False) -> None:
        """Wait before another try, or raise the trouble if there should be none.

        Args:
            tries: how many tries there have been, 1 or more.
            stubborn: try on whatever the answer was. Only for looking after what was written
                already: a comment that was created must not be left beside its twin.

        Raises:
            Trouble: it is final, it asks for more time than there is, or there were enough tries.
        """
        if tries >= TRIES_MAX or (trouble.kind is TroubleKind.REFUSED and not stubborn):
            raise trouble
        seconds = float(2 ** (tries - 1))
        if trouble.kind is TroubleKind.LIMITED:
            seconds = LIMITED_S if trouble.wait_s is None else max(trouble.wait_s, 1.0)
        if seconds > min(WAIT_S_MAX, self._left_s) and not stubborn:
            raise trouble
        seconds = min(seconds, WAIT_S_MAX, self._left_s)
        self._left_s -= seconds
        self._pause(trouble, seconds)

    def _pause(self, trouble: Trouble, seconds: float) -> None:
        self._say(f"{trouble}; trying again in {seconds:.0f} s")
        self.clock.sleep(seconds)
