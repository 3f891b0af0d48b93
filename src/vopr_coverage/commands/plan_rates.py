"""The rates of a plan: those that flags give, and the measuring of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from vopr_coverage.commands.options import pair, words_of
from vopr_coverage.commands.output import log, progress_line
from vopr_coverage.errors import UsageError, shown
from vopr_coverage.nightly.calibration import Calibrator, calibrate
from vopr_coverage.nightly.wish import Asked
from vopr_coverage.recorder.plan import SeedRuns


@contextmanager
def calibrator(seed_base: int, seconds: float, runs: SeedRuns | None) -> Iterator[Calibrator]:
    """Measures rates, and shows on a terminal how far it is.

    Args:
        seconds: how long each run takes at most.
        runs: of a simulator that runs one seed a process; None for one with all seeds in one.
    """
    from vopr_coverage.nightly.seed_calibration import calibrate_seeds  # its recorder takes long to load

    measure = partial(calibrate_seeds, runs) if runs else calibrate
    with progress_line() as line:

        def say(text: str) -> None:
            if line:
                line.clear()
            log(text)

        watch = line.for_calibration(seconds) if line else lambda _: lambda _: None
        yield Calibrator(seed_base=seed_base, seconds=seconds, log=say, watch=watch, measure=measure)


def given_rates(texts: Iterable[str], flag: str, asked: Sequence[Asked]) -> dict[str, float]:
    """The rates that a flag gives, by scenario in lower case."""
    known = {work.scenario.lower() for work in asked}
    rates: dict[str, float] = {}
    for text in words_of(texts):
        name, rate = pair(text, flag, float)
        if name.lower() not in known:
            raise UsageError(f"{flag}: {shown(name)} is no scenario of this plan")
        if name.lower() in rates:
            raise UsageError(f"{flag}: scenario {shown(name)} is named twice")
        rates[name.lower()] = rate
    return rates
