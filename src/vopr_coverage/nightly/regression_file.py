"""The regression file: seeds that failed once, and are replayed every night.

Each line is `SCENARIO SEED`, and `#` starts a comment. A scenario with a blank or a `#` in its name stands between
double quotes, as JSON writes a text: `"two nodes" 42`. What `regression_line` writes, `parse_regressions` reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from vopr_coverage.errors import PROBLEMS_SHOWN_MAX, ConfigError, printable, shown
from vopr_coverage.files import is_there, read_text
from vopr_coverage.formats.text import MARK
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import SEED_COUNT

INVARIANT_CHARACTERS_MAX = 100  # of a comment in that file
FILE_BYTES_MAX = 1 << 20
SEEDS_MAX = 10_000
SCENARIO_CHARACTERS_MAX = 200  # as in recordings
QUOTE = '"'
_QUOTED = json.JSONDecoder()


class RegressionSeeds(msgspec.Struct, frozen=True):
    """The regression seeds of one scenario, as text, in the order of the file."""

    scenario: str
    seeds: tuple[str, ...]


def _no_complaint(_scenario: str) -> str:
    return ""


def regression_line(scenario: str | None, seed: str, invariant: str, today: str = "") -> str:
    """The line that adds a seed to the file; "" if the scenario is unknown, or the file can have no such name or seed.

    Args:
        today: the day on which it failed, or "".
    """
    if scenario is None or not is_scenario(scenario) or not is_seed(seed):
        return ""
    comment = printable(invariant)[:INVARIANT_CHARACTERS_MAX] + (f", {today}" if today else "")
    return f"{as_word(scenario)} {seed}  # {comment}"


def as_word(scenario: str) -> str:
    """A scenario as the file has it."""
    is_plain = not scenario.startswith(QUOTE) and not set(scenario) & {" ", "#"}  # the only blank that is printable
    return scenario if is_plain else json.dumps(scenario, ensure_ascii=False)


def words_of(line: str) -> list[str]:
    """The words of a line before its comment. What stands in quotes at its beginning is one word."""
    line = line.removeprefix(MARK).strip()  # a list that was appended to another keeps its mark
    if not line.startswith(QUOTE):
        return line.partition("#")[0].split()
    try:
        scenario, end = _QUOTED.raw_decode(line)
    except (ValueError, RecursionError):
        return [line]
    rest = line[end:]
    return [scenario, *rest.partition("#")[0].split()] if rest[:1].isspace() else [line]


def read_regressions(path: Path, complaint: Callable[[str], str] = _no_complaint) -> tuple[RegressionSeeds, ...]:
    """The seeds of a regression file.

    A file that does not exist has no seeds.

    Args:
        complaint: says why a scenario of that name cannot be judged, "" if it can be.

    Raises:
        FileError: it cannot be read, or is larger than 1 MiB.
        ConfigError: lines cannot be used. The first ten are listed with their numbers.
    """
    if not is_there(path):
        return ()
    return parse_regressions(read_text(path, FILE_BYTES_MAX), str(path), complaint)


def parse_regressions(
    text: str, source: str, complaint: Callable[[str], str] = _no_complaint
) -> tuple[RegressionSeeds, ...]:
    """The same for text. A seed that is listed twice is replayed once."""
    seeds: dict[str, dict[str, None]] = {}
    names: dict[str, str] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = words_of(line)
        if not words:
            continue
        if len(words) != 2 or not is_scenario(words[0]) or not is_seed(words[1]):
            expected = "SCENARIO SEED, the seed an integer below 2^64, a scenario with blanks in double quotes"
            problems.append(f"{printable(source)}:{number}: expected {expected}, found {shown(line.strip())}")
            continue
        if words[0].lower() not in names and (problem := complaint(words[0])):
            problems.append(f"{printable(source)}:{number}: {problem}")
        name = names.setdefault(words[0].lower(), words[0])
        seeds.setdefault(name, {})[str(int(words[1]))] = None
    if sum(map(len, seeds.values())) > SEEDS_MAX:
        problems.append(f"{printable(source)}: expected at most {SEEDS_MAX:,} seeds, found more")
    if problems:
        more = len(problems) - PROBLEMS_SHOWN_MAX
        lines = problems[:PROBLEMS_SHOWN_MAX] + ([f"… and {counted(more, 'more problem')}"] if more > 0 else [])
        raise ConfigError("\n".join(lines))
    return tuple(RegressionSeeds(name, tuple(of_scenario)) for name, of_scenario in seeds.items())


def is_scenario(text: str) -> bool:
    """Whether a scenario may have this name: printable, and at most as long as in recordings."""
    return 0 < len(text) <= SCENARIO_CHARACTERS_MAX and text.isprintable()


def is_seed(text: str) -> bool:
    """Whether this is an unsigned 64-bit integer in decimal digits."""
    return text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < SEED_COUNT
