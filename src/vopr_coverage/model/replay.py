"""The command that replays one seed: the config's `repro`, the recorded one, or that of VOPR. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from vopr_coverage.model.manifest import Recording
from vopr_coverage.model.shell_words import command_line, shell_word
from vopr_coverage.model.verdict import Failure

KEPT_MAX = 10  # seeds of one run that are worth a line in the regression file
DEFAULT_REPRO = "vopr --scenario {scenario} --seed {seed} --iterations 1 --json -v --no-trace-on-failure"
UNNAMED_SCENARIO = "SCENARIO"  # stands in the command where the scenario is unknown
_PLACEHOLDER = re.compile(r"\{(scenario|seed)\}")


def replay_command(seed: str, scenario: str | None, template: str | None, recording: Recording | None) -> str:
    """The command, quoted for a shell, that replays this seed. It is one line: a template of several becomes `sh -c`.

    Args:
        seed: in decimal digits.
        scenario: None where it is unknown.
        template: the config's `repro`, with `{scenario}` and `{seed}`, which was written for this purpose; None where
            it is not set. Then a recording has its own command.
    """
    if recording and template is None:
        return recording.replay(seed)
    values = {"scenario": UNNAMED_SCENARIO if scenario is None else shell_word(scenario), "seed": seed}
    # In one pass: a scenario may hold `{seed}`.
    text = _PLACEHOLDER.sub(lambda match: values[match[1]], DEFAULT_REPRO if template is None else template).strip()
    return text if text.isprintable() else command_line(["sh", "-c", text])


def lacks_scenario(scenario: str | None, template: str | None, recording: Recording | None) -> bool:
    """Whether the user has to put the scenario's name into that command."""
    if template is None:
        return recording is None and scenario is None
    return scenario is None and "{scenario}" in template


def replays_whole_run(template: str | None, recording: Recording | None) -> bool:
    """Whether that command takes no seed, and so replays all of them."""
    return template is None and recording is not None and not recording.replays_one_seed


def seeds_to_keep(failures: Sequence[Failure], most: int = KEPT_MAX) -> list[tuple[str, str]]:
    """The failed seeds of one run that the regression file should have, each with the invariant that it failed.

    The first seed of each failure comes first, then the second of each: different bugs before more of the same.
    """
    kept: dict[str, str] = {}
    for seeds in zip_longest(*(failure.seeds for failure in failures)):
        for seed, failure in zip(seeds, failures, strict=True):
            if seed is not None and len(kept) < most:
                kept.setdefault(seed, failure.invariant)
    return list(kept.items())
