"""How often the gate on the history is wrong: nights with a false alarm, and losses that are told on their first night.

    python benchmarks/trends_gate.py [--histories N] [--first SEED] [--workers N]

Histories of 90 nights are drawn from figures of real runs (tests/support/drawn_histories.py), for scenarios of several
sizes. A history is a function of its number, and can be played again. Exit code 0: every bar is met. 1: one is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.support import drawn_histories as drawn

HISTORIES, NIGHTS = 1_000, 90
CHUNK = 10
ALARMS_MAX, TOLD_MIN = 0.01, 0.99
BUDGET_MIN = 100  # iterations a scenario and night from which added points are told; below, chance misses as many
KINDS = (drawn.stationary, drawn.seasonal, drawn.half_at_weekends, drawn.with_gaps, drawn.drifting)
WITHOUT_BAR = (drawn.drifting,)  # a rate that falls by 1 % a night is a loss
LOSSES = (
    drawn.one_point_gone, drawn.ten_points_of_coverage, drawn.more_points_declared, drawn.half_the_rate,
    drawn.a_tenth_of_the_rate,
)  # fmt: skip
LOSSES_WITH_A_BAR = {drawn.one_point_gone: 0, drawn.ten_points_of_coverage: 0, drawn.more_points_declared: BUDGET_MIN}


def chunks(first: int, count: int) -> Iterator[tuple[int, int]]:
    """Pieces of work: where they begin, and how much they are."""
    return ((at, min(CHUNK, first + count - at)) for at in range(first, first + count, CHUNK))


def alarms_of(kind: Callable[[drawn.Simulator, int], drawn.Played], budget: int, first: int, count: int) -> int:
    """False alarms on so many histories."""
    return sum(drawn.alarms(kind(drawn.a_simulator(seed, budget), NIGHTS)) for seed in range(first, first + count))


def told_of(loss: drawn.Loss, budget: int, first: int, count: int) -> int:
    """How many of so many losses are told on the first night."""
    return sum(drawn.told_at_once(seed, loss, budget) for seed in range(first, first + count))


def false_alarms(first: int, count: int, pool: ProcessPoolExecutor) -> bool:
    """The share of nights on which the gate fails although nothing was lost; `count` histories of each kind."""
    met = True
    histories = max(1, count // len(drawn.BUDGETS))
    for kind in KINDS:
        shares = shares_of(partial(alarms_of, kind), first, histories, pool, histories * NIGHTS)
        print(f"{kind.__name__:24}" + "".join(f"{share:>10.2%}" for share in shares) + "  of nights fail", flush=True)
        met &= kind in WITHOUT_BAR or all(share <= ALARMS_MAX for share in shares)
    return met


def losses(first: int, count: int, pool: ProcessPoolExecutor) -> bool:
    """The share of losses after 14 nights that are told on their first night."""
    met = True
    for loss in LOSSES:
        shares = shares_of(partial(told_of, loss), first, count, pool, count)
        print(f"{loss.__name__:24}" + "".join(f"{share:>10.1%}" for share in shares) + "  told at once", flush=True)
        least = LOSSES_WITH_A_BAR.get(loss)
        if least is not None:
            pairs = zip(drawn.BUDGETS, shares, strict=True)
            met &= all(share >= TOLD_MIN for budget, share in pairs if budget >= least)
    return met


def shares_of(
    measure: Callable[[int, int, int], int], first: int, count: int, pool: ProcessPoolExecutor, whole: int
) -> list[float]:
    """The measured share for each budget."""
    tasks = [[pool.submit(measure, budget, *piece) for piece in chunks(first, count)] for budget in drawn.BUDGETS]
    return [sum(task.result() for task in of_budget) / whole for of_budget in tasks]


def main() -> int:
    """Measure, print a line for each kind of history and loss, and say whether all bars are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--histories", type=int, default=HISTORIES, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args()
    print(f"{'':24}" + "".join(f"{budget:>10,}" for budget in drawn.BUDGETS) + "  iterations a scenario and night")
    with ProcessPoolExecutor(asked.workers) as pool:
        met = [measure(asked.first, asked.histories, pool) for measure in (false_alarms, losses)]
    print(f"bars: false alarms on {ALARMS_MAX:.0%} of nights at most (a drifting rate has none),")
    print(f"  a point or ten points gone {TOLD_MIN:.0%}, added points {TOLD_MIN:.0%} from {BUDGET_MIN} iterations on")
    print("all bars are met" if all(met) else "a bar is missed")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
