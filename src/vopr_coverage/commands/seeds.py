"""`vopr-coverage seeds`: chooses the few seeds of runs that reach all that the runs reached."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from vopr_coverage import __version__
from vopr_coverage.commands.options import add_config, add_reading, count, one_of
from vopr_coverage.commands.output import emit, emit_document, log
from vopr_coverage.errors import ExitCode, UsageError, printable
from vopr_coverage.files import STDIN, is_there, read_text, write_text
from vopr_coverage.model.figures import counted
from vopr_coverage.runner.environment import Runner

if TYPE_CHECKING:
    from vopr_coverage.incidence.choose import ChosenSeeds, CoverKind
    from vopr_coverage.model.hits import Hits

FORMATS = ("text", "json")

EPILOG = """\
RUN is a recording or a simulation stream in which every seed has its hits, or a recording of a program that writes to
{output}. Runs of several scenarios keep their names:

  vopr-coverage seeds 'recordings/*' --out .github/vopr-seeds.txt

The chosen seeds reach in minutes what these runs reached in hours. Play them again, and see what is lost:

  vopr-coverage replay .github/vopr-seeds.txt --out seeds \\
      -- ./simulator --scenario {scenario} --seed {seed} --iterations {iterations}

docs/seeds.md describes the file.

exit codes:
  0  the file was written
  2  wrong usage, or nobody knows which seed hit which point: nothing was written
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `seeds`."""
    from vopr_coverage.incidence.choose import COVERS

    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="a recording, a simulation stream, a pattern, or SCENARIO=PATH"
    )
    parser.add_argument(
        "--cover", type=one_of(COVERS), default="points", metavar="points|pairs",
        help="reach every point that the runs reached (the default), or also every two points that met in a seed",
    )  # fmt: skip
    parser.add_argument(
        "--iterations", type=count, metavar="N",
        help="choose at most N seeds, those that add most (default: as many as it takes)",
    )  # fmt: skip
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="the file to write; an older file of seeds is replaced"
    )
    parser.add_argument(
        "--format", type=one_of(FORMATS), default="text", metavar="text|json",
        help="what is printed: how much the seeds reach, or all of them as JSON (default: text)",
    )  # fmt: skip
    parser.add_argument("--scenario", metavar="NAME", help="the scenario of runs that do not name their own")
    add_config(parser)
    add_reading(parser)


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Choose, write, and say how much they reach."""
    from vopr_coverage.formats.json_text import json_text
    from vopr_coverage.incidence.choose import SeedChoice, choose
    from vopr_coverage.nightly.seed_file import seed_file_text

    out = Path(arguments.out)
    _refuse_other_file(out)
    if arguments.iterations == 0:
        raise UsageError("--iterations: expected 1 or more seeds, found 0")
    chosen = choose(_hits(arguments), cast("CoverKind", arguments.cover), arguments.iterations)
    if not any(one.seeds for one in chosen):
        raise UsageError("no seed of these runs hit any point, so there is none to choose")
    text = seed_file_text(chosen)
    write_text(out, text)
    if arguments.format == "json":
        emit_document(json_text(SeedChoice(arguments.cover, tuple(chosen), __version__)))
    else:
        emit("".join(f"{line}\n" for line in _told(chosen)))
    log(f"wrote {printable(arguments.out)}")
    return ExitCode.PASSED


def _told(chosen: Sequence[ChosenSeeds]) -> Iterator[str]:
    """How much the seeds reach, by scenario and in all."""
    from vopr_coverage.nightly.seed_file import scenario_line

    yield from map(scenario_line, chosen)
    if len(chosen) > 1:
        every, seeds = sum(len(one.seeds) for one in chosen), sum(one.of for one in chosen)
        yield f"all scenarios: {every:,} of {counted(seeds, 'seed')}"


def _hits(arguments: argparse.Namespace) -> dict[str, Hits]:
    from vopr_coverage.check.hits import hits_by_scenario
    from vopr_coverage.check.request import CheckRequest, read_runs

    if STDIN in arguments.runs:
        raise UsageError("seeds reads files and recordings, not standard input: write the stream to a file")
    request = CheckRequest(
        reports=arguments.runs,
        config=arguments.config,
        scenario=arguments.scenario,
        form=arguments.form,
        declared=arguments.declared,
    )
    _, inputs = read_runs(request, "scenario")
    return hits_by_scenario(inputs)


def _refuse_other_file(out: Path) -> None:
    """Refuse to replace what is no file of seeds, before anything is read.

    Raises:
        UsageError: there is such a file.
    """
    from vopr_coverage.nightly.seed_file import FILE_BYTES_MAX, HEADER

    if is_there(out) and not read_text(out, FILE_BYTES_MAX).startswith(HEADER):
        raise UsageError(f"--out: {printable(str(out))} exists and is no file of seeds")
