"""The settings of a night of the reusable workflow: its inputs, and the config's `night` where they are empty."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vopr_coverage.config.file import Config
from vopr_coverage.config.night import NightSection, in_full, in_one_text
from vopr_coverage.errors import UsageError, printable

# Without a `night` in the config. A setting that is in none of the three is empty, and its command has a default.
WITHOUT_SECTION: Mapping[str, str] = {
    "parallel": "1",
    "minutes": "150",
    "jobs": "64",
    "profile": "nightly",
    "regressions": ".github/vopr-regressions.txt",
    "canaries": "true",
}
JOBS = WITHOUT_SECTION["jobs"]  # the section's own default is a machine's cores, of which a workflow has no number
REQUIRED = ("build", "binary", "command", "scenarios", "coverage", "determinism")  # a night without one shows nothing
SWITCHES = ("per-seed", "canaries", "trends-gate")
NAMES = (
    "build", "binary", "command", "canary-command", "per-seed", "parallel", "failed-exit", "scenarios", "coverage",
    "canary", "determinism", "determinism-seeds", "minutes", "jobs", "rates", "canary-rates", "profile", "regressions",
    "canaries", "trends-gate",
)  # fmt: skip


class NightSetting(msgspec.Struct, frozen=True):
    """One setting.

    Attributes:
        text: its value as the workflow's inputs have it; "" if nobody has set it.
        origin: where it is from, to begin a sentence with, such as "The input minutes".
    """

    text: str
    origin: str


def merged(inputs: Mapping[str, str], config: Config) -> dict[str, NightSetting]:
    """All settings by the names of the inputs; an input that is not empty comes first.

    Args:
        inputs: the workflow's inputs; an empty text, or none, is not set.

    Raises:
        UsageError: a setting is required and set in neither place, or a switch is neither `true` nor `false`.
    """
    section = {} if config.night is None else _as_inputs(config.night)
    defaults = dict(WITHOUT_SECTION) if config.night is None else {"jobs": JOBS}
    if config.profile is not None:
        defaults["profile"] = ""  # the config's own
    found = {}
    for name in NAMES:
        if inputs.get(name):
            found[name] = NightSetting(inputs[name], f"The input {name}")
        elif section.get(name):
            found[name] = NightSetting(section[name], f"{_source(config)}: night: {key_of(name)}")
        else:
            found[name] = NightSetting(defaults.get(name, ""), f"The default of {name}")
    for name in SWITCHES:
        if found[name].text not in ("", "true", "false"):
            raise UsageError(f"{found[name].origin}: expected true or false, found {printable(found[name].text)}")
    _refuse_missing(found, config)
    return found


def key_of(name: str) -> str:
    """An input's key in the config's `night`."""
    return name.replace("-", "_")


def _as_inputs(section: NightSection) -> dict[str, str]:
    """The section as the texts that the workflow's inputs would have."""
    texts = {name: _text(getattr(section, key_of(name))) for name in NAMES}
    return texts | {name: "true" if getattr(section, key_of(name)) else "false" for name in SWITCHES}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case int() | float():
            return in_full(value)
        case Mapping():
            return in_one_text(value)
        case tuple():
            return " ".join(map(str, value))
    raise TypeError(value)


def _refuse_missing(found: Mapping[str, NightSetting], config: Config) -> None:
    hunting = found["canaries"].text == "true" and config.canaries
    missing = [name for name in (*REQUIRED, *(["canary"] if hunting else [])) if not found[name].text]
    if missing:
        raise UsageError(
            f"Not set: {', '.join(missing)}. A night needs each of them, in the workflow's inputs or under `night` in "
            f"{_source(config)}."
        )


def _source(config: Config) -> str:
    return printable(config.path) if config.path else "the config"
