"""The command that replays one seed: the recorded one, or the config's `repro` for a stream that was not recorded."""

from __future__ import annotations

import re
import shlex

from vopr_coverage.model.manifest import Recording

UNNAMED_SCENARIO = "SCENARIO"  # stands in the command where the scenario is unknown
_PLACEHOLDER = re.compile(r"\{(scenario|seed)\}")


def replay_command(seed: str, scenario: str | None, template: str, recording: Recording | None) -> str:
    """The command, quoted for a shell, that replays this seed.

    Args:
        seed: in decimal digits.
        scenario: None where it is unknown.
        template: the config's `repro`, with `{scenario}` and `{seed}`. A recording has its own command.
    """
    if recording:
        return recording.replay(seed)
    values = {"scenario": UNNAMED_SCENARIO if scenario is None else shlex.quote(scenario), "seed": seed}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)  # in one pass: a scenario may hold `{seed}`


def lacks_scenario(scenario: str | None, template: str, recording: Recording | None) -> bool:
    """Whether the user has to put the scenario's name into that command."""
    return recording is None and scenario is None and "{scenario}" in template
