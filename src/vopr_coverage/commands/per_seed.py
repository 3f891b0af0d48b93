"""The flags of simulators that run one seed in a process, as `record`, `replay`, `plan` and `prepare` have them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from vopr_coverage.errors import UsageError, shown
from vopr_coverage.model.manifest import has_output
from vopr_coverage.recorder.plan import FOUND_BUG, NOTHING_RAN, PARALLEL_MAX, SeedRuns

EXIT_CODE_MAX = 255
_CODES = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?")


def add_per_seed(parser: argparse.ArgumentParser, *, parallel: bool = True) -> None:
    """Let a command run COMMAND once a seed; of one that runs single seeds, none at a time beside another."""
    parser.add_argument(
        "--per-seed",
        action="store_true",
        help="run COMMAND once for each seed; its exit code, signal and last words are the result of that seed "
        "(on by itself where COMMAND has {output})",
    )
    if parallel:
        parser.add_argument(
            "--parallel", type=processes, metavar="N",
            help=f"with --per-seed: how many run at a time, up to {PARALLEL_MAX} (default: 1)",
        )  # fmt: skip
    parser.add_argument(
        "--failed-exit", type=exit_codes, metavar="CODES",
        help="with --per-seed: the exit codes that say that a bug was found, such as 1,101,128-129 (default: all but 0 "
        f"and {', '.join(map(str, sorted(NOTHING_RAN)))}); another one ends the recording",
    )  # fmt: skip


def seed_runs(arguments: argparse.Namespace, command: Sequence[str] = ()) -> SeedRuns | None:
    """How the seeds run that have a process each, as they always do where COMMAND has {output}; None: they share one.

    Raises:
        UsageError: a flag has no effect without --per-seed.
    """
    parallel, codes = getattr(arguments, "parallel", None), arguments.failed_exit
    if not (arguments.per_seed or has_output(command)):
        for flag, given in (("--parallel", parallel), ("--failed-exit", codes)):
            if given:
                raise UsageError(f"{flag} is for --per-seed")
        return None
    return SeedRuns(parallel or 1, codes or FOUND_BUG)


def processes(text: str) -> int:
    """An argument that says how many processes run at a time."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= PARALLEL_MAX):
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {PARALLEL_MAX}, found {shown(text)}")
    return int(text)


def exit_codes(text: str) -> frozenset[int]:
    """An argument with exit codes from 1 to 255 and ranges of them, between commas; an empty word has none."""
    codes: set[int] = set()
    for part in text.split(",") if text else ():
        match = _CODES.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 0 < first <= last <= EXIT_CODE_MAX:
            expected = f"expected exit codes from 1 to {EXIT_CODE_MAX} such as 1,101,128-129"
            raise argparse.ArgumentTypeError(f"{expected}, found {shown(text)}")
        codes.update(range(first, last + 1))
    return frozenset(codes)
