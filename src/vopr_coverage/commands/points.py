"""`vopr-coverage points`: writes the lockfile of points, shows it, and makes the moves that runs warrant."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from vopr_coverage.commands.options import add_config, add_reading, count, one_of
from vopr_coverage.commands.output import add_format, emit, emit_document, log, progress_line
from vopr_coverage.errors import ExitCode, UsageError, printable
from vopr_coverage.files import is_there, replace_file, why
from vopr_coverage.model.figures import counted
from vopr_coverage.model.point_lock import LOCK_PATH, RARE_SEEDS_DEFAULT, PointLock
from vopr_coverage.runner.environment import Runner

if TYPE_CHECKING:  # each takes as long to load as a small check
    from vopr_coverage.config.file import Config
    from vopr_coverage.points.moves import Relocked
    from vopr_coverage.points.sightings import Sightings

TASKS = ("lock", "show", "update")
LISTED_MAX = 10

EPILOG = """\
lock    writes the points that RUN… have, in all scenarios that they are of. Of a file that is there it keeps classes,
        first nights, scenarios that no run is of, and rates that the runs agree with.
show    prints the file as a table, with what RUN… add to it; without RUN, what the last night of --history adds.
update  adds points, marks and unmarks rare ones, and moves rates, where the counts of RUN… warrant it; says each move
        and why. It removes nothing: points that are no longer declared are removed by `lock`.

A rate is the share of seeds that hit a point, with 95 % confidence. Of a stream that has only totals, all its seeds are
one sample. docs/points.md goes from a first file to the review of a diff.

exit codes:
  0  the file was written, or needs no change, or was printed
  2  wrong usage, or a run, the history or the file cannot be used: nothing was written
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `points`."""
    parser.add_argument("task", type=one_of(TASKS), metavar="|".join(TASKS), help="what to do")
    parser.add_argument(
        "runs", nargs="*", metavar="RUN",
        help="a run as `check` takes reports: of seeds of its own, and finished; SCENARIO=PATH names its scenario",
    )  # fmt: skip
    parser.add_argument(
        "--points", "--out", dest="points", metavar="FILE",
        help=f"the lockfile (default: the config's `points`, else {LOCK_PATH})",
    )  # fmt: skip
    parser.add_argument(
        "--history", metavar="FILE",
        help="the history of nights (trends.ndjson): when a point was hit first, and in how many nights",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="lock and update: say the moves, and write nothing")
    parser.add_argument(
        "--rare-seeds", type=count, metavar="N",
        help="lock: a point is rare if so many seeds would miss it in more than 1 of 100 cases (default: the file's, "
        f"else {RARE_SEEDS_DEFAULT:,})",
    )  # fmt: skip
    parser.add_argument("--scenario", metavar="NAME", help="the scenario of runs that do not name their own")
    add_config(parser)
    add_reading(parser)
    add_format(parser)


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Lock, show or update."""
    from vopr_coverage.config.file import load_config

    _refuse_idle_flags(arguments)
    config = load_config(arguments.config)
    name = arguments.points or config.points or LOCK_PATH
    if arguments.task == "show":
        return _show(arguments, _with_lock_of(config, name), name)
    if arguments.task == "lock":
        before = _lock_there(name) or PointLock()
        if arguments.rare_seeds:
            before = msgspec.structs.replace(before, rare_seeds=arguments.rare_seeds)
    else:
        config = _with_lock_of(config, name)
        assert config.lock is not None, "a lockfile that is named is read, or an error"
        before = config.lock
    return _write(arguments, config, before, name)


def _refuse_idle_flags(arguments: argparse.Namespace) -> None:
    if arguments.task != "show" and not arguments.runs:
        raise UsageError(f"nothing to {arguments.task}: name at least one run")
    if arguments.task != "lock" and arguments.rare_seeds is not None:
        raise UsageError("--rare-seeds is for `points lock`: change `rare_seeds` in the file")
    if arguments.rare_seeds == 0:
        raise UsageError("--rare-seeds: expected an integer of 1 or more, found 0")
    if arguments.task == "show" and arguments.dry_run:
        raise UsageError("points show writes nothing: leave --dry-run out")


def _lock_there(name: str) -> PointLock | None:
    from vopr_coverage.points.lockfile import read_lock

    return read_lock(Path(name), name) if is_there(name) else None


def _with_lock_of(config: Config, name: str) -> Config:
    from vopr_coverage.config.lock import with_lock

    if not is_there(name):
        raise UsageError(f"{printable(name)} is not there: `vopr-coverage points lock RUN…` writes it")
    return with_lock(config, name)


def _seen(arguments: argparse.Namespace, config: Config) -> dict[str, Sightings]:
    """What the runs show, with what the history adds; without runs what its last night shows."""
    from vopr_coverage.check.point_runs import read_point_runs
    from vopr_coverage.check.request import CheckRequest
    from vopr_coverage.points.sightings import with_history
    from vopr_coverage.trends.file import read_history
    from vopr_coverage.trends.point_history import sightings_of, sightings_of_last

    records = None
    if arguments.history:
        history = read_history(Path(arguments.history))
        records = history.records
        for text in history.warnings:
            log(f"warning: {text}")
    if not arguments.runs:
        return {} if records is None else sightings_of_last(records)
    request = CheckRequest(
        reports=arguments.runs, scenario=arguments.scenario, form=arguments.form, declared=arguments.declared
    )
    with progress_line() as line:
        runs = read_point_runs(request, config, line.for_file if line else lambda _: None)
    for text in runs.remarks:
        log(f"warning: {text}")
    if records is None:
        return runs.seen
    nights = sightings_of(records)
    _refuse_other_history(arguments.history, runs.seen.keys(), nights.keys())
    return with_history(runs.seen, nights)


def _refuse_other_history(path: str, scenarios: Collection[str], nights: Collection[str]) -> None:
    """Refuse a history that says nothing about these runs, and warn of scenarios that it lacks.

    Raises:
        UsageError: it has none of the scenarios.
    """
    missing = sorted(set(scenarios) - set(nights))
    if not missing:
        return
    known = ", ".join(map(printable, sorted(nights))) or "no scenario with points"
    lacks = f"{printable(path)} has no night of {', '.join(map(printable, missing))}"
    if len(missing) == len(scenarios):
        raise UsageError(f"{lacks}; it has {known}: name the history of the nights that these runs are of")
    log(f"warning: {lacks}; it has {known}")


def _show(arguments: argparse.Namespace, config: Config, name: str) -> int:
    from vopr_coverage.points.moves import relocked
    from vopr_coverage.render.points import render_points_markdown, render_points_text, rows_of

    assert config.lock is not None, "a lockfile that is named is read, or an error"
    seen = _seen(arguments, config)
    rows = rows_of(config.lock, seen)
    told = relocked(config.lock, seen) if arguments.runs else None
    if arguments.format == "json":
        moves, lost = (told.moves, told.lost) if told else ((), ())
        document = {"file": name, "rare_seeds": config.lock.rare_seeds, "points": rows, "moves": moves, "lost": lost}
        _print_json(document)
    else:
        render = render_points_markdown if arguments.format == "markdown" else render_points_text
        emit(render(rows, told))
    return ExitCode.PASSED


def _write(arguments: argparse.Namespace, config: Config, before: PointLock, name: str) -> int:
    from vopr_coverage.points.lockfile import parse_lock, text_of_lock
    from vopr_coverage.points.moves import relocked

    told = relocked(before, _seen(arguments, config), drop=arguments.task == "lock")
    text = text_of_lock(told.lock)
    parse_lock(text.encode(), name)  # what is written can be read: too many points, for one, cannot
    path = Path(name)
    changed = not is_there(path) or path.read_bytes() != text.encode()
    if changed and not arguments.dry_run:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, text.encode())
        except (OSError, ValueError) as error:
            raise UsageError(f"{printable(name)} was not written: {why(error)}") from None
    if arguments.format == "json":
        written = changed and not arguments.dry_run
        _print_json({"file": name, "written": written, "moves": told.moves, "lost": told.lost})
    else:
        emit(_told(arguments, told, name, changed))
    if arguments.task == "lock" and config.fault_points and not arguments.dry_run:
        log(f"now remove `fault_points` from {printable(str(config.path))}: {printable(name)} has these points")
    return ExitCode.PASSED


def _told(arguments: argparse.Namespace, told: Relocked, name: str, changed: bool) -> str:
    """The moves; of a first lock, which adds every point, only how many."""
    from vopr_coverage.render.points import move_lines

    added = [move for move in told.moves if move.what.startswith("add")]
    others = [move for move in told.moves if move not in added]
    if len(added) > LISTED_MAX and arguments.task == "lock":
        lines = [f"{counted(len(added), 'place')} added", *move_lines(others, told.lost)]
    else:
        lines = list(move_lines(told.moves, told.lost))
    lines += _never_hit(told.lock)
    wrote = "would change" if arguments.dry_run else "written"
    lines.append(f"{printable(name)}: {wrote if changed else 'no change'}, {counted(len(told.lock.points), 'point')}")
    return "".join(f"{line}\n" for line in lines)


def _never_hit(lock: PointLock) -> list[str]:
    """What a first look at the file should be at: points that nothing has shown to be possible."""
    names = [
        f"{scenario}: {point.name}"
        for point in lock.points
        for scenario, place in sorted(point.scenarios.items())
        if not place.hit and place.class_ not in ("unreachable", "rare")
    ]
    if not names:
        return []
    more = f" and {len(names) - LISTED_MAX} more" if len(names) > LISTED_MAX else ""
    listed = ", ".join(map(printable, names[:LISTED_MAX])) + more
    return [f"never hit: {listed}. Reach them, or write `unreachable` where a scenario cannot."]


def _print_json(document: object) -> None:
    from vopr_coverage.formats.json_text import json_text

    emit_document(json_text(document))
