"""The file of chosen seeds: a regression file whose comments name what each seed is for. docs/seeds.md has the form.

    # vopr-coverage seeds 1
    combined 4711
    #+ sim.storage.torn_write
    #+ sim.storage.crash & view change

A line `#+` belongs to the seed above it. It names a point, or two that this seed hits together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from vopr_coverage.errors import PROBLEMS_SHOWN_MAX, ConfigError, UsageError, printable, shown
from vopr_coverage.files import is_there, read_text
from vopr_coverage.formats.text import MARK
from vopr_coverage.incidence.choose import ChosenSeeds
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.nightly.regression_file import (
    SEEDS_MAX,
    RegressionSeeds,
    as_word,
    is_scenario,
    parse_regressions,
    words_of,
)

HEADER, VERSION = "# vopr-coverage seeds", "1"
FOR, AND = "#+", " & "
FILE_BYTES_MAX = 16 << 20
Part = tuple[str, ...]  # a point, or two that meet


class WantedSeed(msgspec.Struct, frozen=True):
    """One seed of the file, and what it is for."""

    scenario: str
    seed: str
    reaches: tuple[Part, ...]


class SeedFile(msgspec.Struct, frozen=True):
    """What was read: the seeds by scenario, and, unless it is a plain regression file, what each is for."""

    regressions: tuple[RegressionSeeds, ...]
    wanted: tuple[WantedSeed, ...] | None = None


# ---- writing


def seed_file_text(chosen: Iterable[ChosenSeeds]) -> str:
    """The file.

    Raises:
        UsageError: a scenario whose name cannot stand in it, or more seeds than one file may have.
    """
    each = list(chosen)
    for one in each:
        if not is_scenario(one.scenario):
            raise UsageError(
                f"scenario {shown(one.scenario)} cannot stand in a file of seeds: expected a printable name"
            )
    if (seeds := sum(len(one.seeds) for one in each)) > SEEDS_MAX:
        raise UsageError(f"expected at most {SEEDS_MAX:,} seeds, found {seeds:,}: choose fewer by --iterations")
    return "".join(f"{line}\n" for line in _lines(each))


def _lines(chosen: Iterable[ChosenSeeds]) -> Iterator[str]:
    yield f"{HEADER} {VERSION}"
    for one in chosen:
        yield ""
        yield f"# {scenario_line(one)}"
        for seed in one.seeds:
            yield f"{as_word(one.scenario)} {seed.seed}"
            yield from (f"{FOR} {AND.join(map(_written, part))}" for part in seed.reaches)


def scenario_line(chosen: ChosenSeeds) -> str:
    """How many seeds reach how much of what how many seeds reached."""
    reach = f"{agreeing(len(chosen.seeds), 'reaches', 'reach')} {_of(chosen.reached, chosen.points, 'point')}"
    if chosen.pairs:
        reach += f" and {_of(chosen.pairs_reached, chosen.pairs, 'pair')}"
    seeds = f"{len(chosen.seeds):,} of {counted(chosen.of, 'seed')}"
    return f"{printable(chosen.scenario)}: {seeds} {reach} that were reached"


def _of(some: int, every: int, noun: str) -> str:
    return f"all {counted(every, noun)}" if some == every else f"{some:,} of {counted(every, noun)}"


def _written(name: str) -> str:
    """A name as it is; as a JSON text where it could be read as something else."""
    plain = name.isprintable() and name == name.strip() and AND not in name and not name.startswith('"')
    return name if plain and name else json.dumps(name)


# ---- reading


def read_seed_file(path: Path) -> SeedFile:
    """A file of chosen seeds, or a regression file; one that does not exist has no seeds.

    Raises:
        FileError: it cannot be read, or is larger than 16 MiB.
        ConfigError: it is of a later version, or has lines that cannot be used; the first ten with their numbers.
    """
    return parse_seed_file(read_text(path, FILE_BYTES_MAX), str(path)) if is_there(path) else SeedFile(())


def parse_seed_file(text: str, source: str) -> SeedFile:
    """The same for text."""
    first = text.removeprefix(MARK).partition("\n")[0].rstrip()
    if not first.startswith(HEADER):
        return SeedFile(parse_regressions(text, source))
    if first != f"{HEADER} {VERSION}":
        raise ConfigError(
            f"{printable(source)}:1: expected `{HEADER} {VERSION}`, found {shown(first)}: "
            "another version of vopr-coverage has written this file"
        )
    regressions = parse_regressions(text, source)
    return SeedFile(regressions, _wanted(text, source, regressions))


def _wanted(text: str, source: str, regressions: Iterable[RegressionSeeds]) -> tuple[WantedSeed, ...]:
    names = {known.scenario.lower(): known.scenario for known in regressions}
    reaches: dict[tuple[str, str], list[Part]] = {
        (known.scenario, seed): [] for known in regressions for seed in known.seeds
    }
    problems: list[str] = []
    now: list[Part] | None = None  # what the seed above is for
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(FOR):
            part = _part(line.removeprefix(FOR).strip())
            if part is None or now is None:
                expected = "a seed before what it is for" if now is None else "`#+ POINT` or `#+ POINT & POINT`"
                problems.append(f"{printable(source)}:{number}: expected {expected}, found {shown(line)}")
            else:
                now.append(part)
        elif words := words_of(line):
            now = reaches[names[words[0].lower()], str(int(words[1]))]
    if problems:
        more = len(problems) - PROBLEMS_SHOWN_MAX
        raise ConfigError("\n".join(problems[:PROBLEMS_SHOWN_MAX] + ([f"… and {more} more"] if more > 0 else [])))
    return tuple(WantedSeed(scenario, seed, tuple(parts)) for (scenario, seed), parts in reaches.items())


def _part(text: str) -> Part | None:
    """The names of one line; None if it is no such line."""
    names = list[str]()
    while text:
        if text.startswith('"'):
            try:
                name, end = json.JSONDecoder().raw_decode(text)
            except ValueError:
                return None
            rest = text[end:]
            if not isinstance(name, str) or (rest and not rest.startswith(AND)):
                return None
            text = rest.removeprefix(AND)
        else:
            name, _, text = text.partition(AND)
        if not name:
            return None
        names.append(name)
    return tuple(names) if len(names) in (1, 2) else None
