"""The command line, as that of vopr: options, the loop over the seeds, exit codes."""

from __future__ import annotations

import json
import sys
import time
import traceback
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from . import records, simulation
from .baked import FEATURES as BAKED
from .cluster import Outcome, simulate
from .coverage import Coverage
from .emitter import Emitter
from .scenarios import FEATURES, SCENARIOS, unknown
from .scheduler import MS

SEED_COUNT = 1 << 64
TRACED_EVENTS = 40
STDOUT = Path("-")
CRASHED = 101  # what a panic of vopr exits with


class Parser(ArgumentParser):
    """Ends with 1 where argparse would end with 2, as vopr does."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end."""
        self.print_usage(sys.stderr)
        self.exit(1, f"error: {message}\n")


def whole_number(text: str) -> int:
    """An integer from 0 to 2^64-1."""
    if not (text.isascii() and text.isdigit() and int(text) < SEED_COUNT):
        raise ArgumentTypeError(f"expected an integer from 0 to 2^64-1, found '{text}'")
    return int(text)


def seeds(text: str) -> list[int]:
    """Seeds between commas."""
    return [whole_number(seed) for seed in text.split(",")]


def parse(argv: Sequence[str] | None) -> Namespace:
    """The options; usage errors end the process with 1."""
    parser = Parser(prog="simulator", description="Simulates a replicated log under faults, one seed an iteration.")
    add = parser.add_argument
    add("--scenario", default="combined", metavar="NAME", type=str.lower, help="what befalls the cluster")
    add("--seed", default=0, type=whole_number, metavar="N", help="of the first iteration; each next is one more")
    add("--iterations", default=100, type=whole_number, metavar="N")
    add(
        "--panic-at", default=[], type=seeds, metavar="SEEDS", help="die at these seeds, to try what a crash looks like"
    )
    add("--json", action="store_true", help="write the stream of `vopr --json` to standard output")
    add("--check-determinism", action="store_true", help="run each seed twice and compare")
    add("--report", type=Path, metavar="FILE", help="write the flat coverage report, too")
    add("--simulation", type=Path, metavar="FILE", help="write the open stream, too; `-` is standard output")
    add("-v", "--verbose", action="store_true", help="tell each iteration on stderr, and how the failed ones ended")
    add("--no-trace-on-failure", action="store_true", help="with -v, leave out the last events of failed iterations")
    add("--list-scenarios", action="store_true", help="print what --scenario takes, and end")
    if BAKED is None:
        add("--features", default="", metavar="LIST", help="comma-separated; a build has its features baked in")
    options = parser.parse_args(argv)
    features = options.features.split(",") if BAKED is None and options.features else BAKED or ()
    problem = unknown(features, FEATURES) or unknown([options.scenario], SCENARIOS)
    for name in ("report", "simulation"):
        path = getattr(options, name)
        if path and not path.parent.is_dir():
            problem = f"--{name}: no directory '{path.parent}'"
    if options.json and options.simulation == STDOUT:
        problem = "--json and --simulation can't both write to standard output"
    if problem:
        parser.error(problem)
    options.bugs = frozenset(features)
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Run a batch; 0 when all seeds held, 1 when one failed."""
    options = parse(argv)
    if options.list_scenarios:
        print("\n".join(f"{name:14}{scenario.about}" for name, scenario in SCENARIOS.items()))
        return 0
    with ExitStack() as files:
        out = sys.stdout.buffer
        if options.simulation not in (None, STDOUT):
            out = files.enter_context(options.simulation.open("wb"))
        open_stream = None
        if options.simulation:
            open_stream = simulation.begin(out, options.seed, options.iterations, options.scenario)
        return run_batch(options, open_stream)


def run_batch(options: Namespace, open_stream: Emitter | None) -> int:
    """Run all iterations, and write what was asked for; 1 when one failed."""
    coverage, failed = Coverage(), list[int]()
    events = time_ns = 0
    began_s = time.perf_counter()
    if options.json:
        faults = dict.fromkeys(("network_faults", "storage_faults"), options.scenario != "baseline")
        start = {"starting_seed": options.seed, "iterations": options.iterations, "checkpoint_loaded": False}
        records.write_record("start", start | faults)
    for i in range(options.iterations):
        seed = (options.seed + i) % SEED_COUNT
        if open_stream:
            open_stream.next_seed()
        if seed in options.panic_at:
            raise RuntimeError(f"panicked at seed {seed}, as --panic-at asks")
        seen = Coverage()
        outcome, deterministic = run_seed(seed, options, seen)
        coverage.add(seen)
        events, time_ns = events + outcome.events, time_ns + outcome.time_ns
        if outcome.invariant or not deterministic:
            failed.append(seed)
        if open_stream:
            simulation.tell_seed(open_stream, seen, outcome, deterministic=deterministic)
        if options.json and deterministic:
            records.write_record("iteration", records.iteration(seed, outcome))
        tell(seed, outcome, deterministic, options)
    elapsed_s = time.perf_counter() - began_s
    if open_stream:
        open_stream.end()
    if options.json:
        records.write_record("batch_complete", records.batch_complete(coverage, options.iterations, failed, elapsed_s))
    elif options.simulation != STDOUT:
        print(f"{options.scenario}: {options.iterations} iterations in {elapsed_s:.1f} s, {len(failed)} failed")
    if options.report:
        options.report.write_text(json.dumps(records.flat_report(coverage, events, time_ns), indent=2) + "\n")
    return 1 if failed else 0


def run_seed(seed: int, options: Namespace, coverage: Coverage) -> tuple[Outcome, bool]:
    """Run one iteration, twice if determinism is to be checked; whether both were the same."""
    scenario = SCENARIOS[options.scenario]
    outcome = simulate(seed, scenario, options.bugs, coverage)
    if not options.check_determinism:
        return outcome, True
    return outcome, outcome == simulate(seed, scenario, options.bugs, coverage)


def tell(seed: int, outcome: Outcome, deterministic: bool, options: Namespace) -> None:
    """Say how an iteration went, to people: failures always, the rest with -v; not on standard output beside JSON."""
    out = sys.stderr if options.json or options.simulation == STDOUT else sys.stdout
    failed = outcome.invariant or not deterministic
    if not (options.verbose or (failed and out is sys.stdout)):
        return
    if not deterministic:
        print(f"seed {seed}: determinism violation", file=out)
    elif not outcome.invariant:
        print(f"seed {seed}: ok, {outcome.events} events in {outcome.time_ns / MS} ms", file=out)
    else:
        print(f"seed {seed}: {outcome.invariant}: {outcome.message}", file=out)
    if failed and options.verbose and not options.no_trace_on_failure:
        trace: deque[str] = deque(maxlen=TRACED_EVENTS)
        simulate(seed, SCENARIOS[options.scenario], options.bugs, Coverage(), trace)
        print(*trace, sep="\n", file=out)


def entry() -> NoReturn:
    """The process: a crash of the simulator itself ends it with 101 and a traceback, and without `batch_complete`."""
    try:
        code = main()
    except Exception:
        traceback.print_exc()
        code = CRASHED
    sys.exit(code)
