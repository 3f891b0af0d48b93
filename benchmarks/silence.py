"""How many warnings and annotations healthy runs get, under configs that `init` wrote and under a shipped config.

    PYTHONPATH=. python benchmarks/silence.py FOLDER… [--config FILE]

The folders hold streams of healthy runs, named SCENARIO-SEED-ITERATIONS.ndjson; the healthy runs of tests/data/real are
added. `init` learns all scenarios from the runs of each three seeds, and every other run is judged by its config, by
itself and merged by scenario. The same runs are judged by a shipped config (default: examples/configs/kimberlite.yml).
Exit code 0 if there is no warning and no annotation, 1 if there is one, 2 without streams.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from benchmarks.first_day import ITERATIONS_MIN, LEARNT_FROM, Sample, learnt_from, samples_in
from vopr_coverage.check.flow import Rules, judge_inputs
from vopr_coverage.check.request import Merge
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.errors import UserError
from vopr_coverage.render.annotations import render_annotations

SHIPPED = Path(__file__).resolve().parents[1] / "examples" / "configs" / "kimberlite.yml"
TEXTS_SHOWN = 10


class Heard:
    """What was said of healthy runs: judgements, and every text with how often it was said."""

    def __init__(self) -> None:
        self.judged = self.red = 0
        self.warnings: Counter[str] = Counter()
        self.annotations: Counter[str] = Counter()

    def judge(self, samples: Sequence[Sample], config: Config, merge: Merge) -> None:
        """Judge these runs in one check, as the action does."""
        verdict = judge_inputs([sample.read for sample in samples], Rules(merge), config)
        self.judged += 1
        self.red += not verdict.passed
        self.warnings.update(remark.text for remark in verdict.warnings)
        self.annotations.update(render_annotations(verdict, fail=True))

    def tell(self, under: str) -> int:
        """Print the number, and the texts behind it."""
        said = self.warnings.total() + self.annotations.total()
        print(
            f"{under}: {self.warnings.total()} warnings and {self.annotations.total()} annotations "
            f"on {self.judged} healthy checks, {self.red} of them red"
        )
        for text, times in (self.warnings + self.annotations).most_common(TEXTS_SHOWN):
            print(f"    {times} times {text[:200]}")
        return said


def main(argv: list[str] | None = None) -> int:
    """Print the numbers; 0 when nothing was said."""
    parser = argparse.ArgumentParser(description="Counts the warnings and annotations on healthy runs.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--config", type=Path, default=SHIPPED, metavar="FILE")
    arguments = parser.parse_args(argv)
    samples = [sample for sample in samples_in(arguments.folders) if not sample.canary]
    try:
        shipped = load_config(str(arguments.config))
    except UserError as error:
        print(f"silence: {error}")
        return 2
    print(f"{len(samples)} healthy runs")
    said = under_learnt(samples).tell("configs of init") + under(samples, shipped).tell(arguments.config.name)
    print(f"in all: {said}")
    return int(said > 0)


def under_learnt(samples: Sequence[Sample]) -> Heard:
    """What is said under the configs that `init` writes from the runs of each three seeds."""
    heard = Heard()
    scenarios = {sample.scenario for sample in samples}
    teachers = [sample for sample in samples if sample.iterations >= ITERATIONS_MIN]
    seeds = sorted({sample.seed for sample in teachers})
    everywhere = [seed for seed in seeds if {s.scenario for s in teachers if s.seed == seed} == scenarios]
    for chosen in combinations(everywhere, LEARNT_FROM):
        config = learnt_from([sample.read for sample in teachers if sample.seed in chosen])
        _judge_all(heard, [sample for sample in samples if sample.seed not in chosen], config)
    return heard


def under(samples: Sequence[Sample], config: Config) -> Heard:
    """What is said under one config."""
    heard = Heard()
    _judge_all(heard, [sample for sample in samples if not config.complaint(sample.scenario)], config)
    return heard


def _judge_all(heard: Heard, samples: Sequence[Sample], config: Config) -> None:
    for sample in samples:
        heard.judge([sample], config, "none")
    recorded = [sample for sample in samples if sample.seed.isdigit()]  # the seeds of the others overlap
    for scenario in sorted({sample.scenario for sample in recorded}):
        heard.judge([sample for sample in recorded if sample.scenario == scenario], config, "scenario")


if __name__ == "__main__":
    sys.exit(main())
