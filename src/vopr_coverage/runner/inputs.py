"""The action's inputs: what there is, how it is read, and how a typo is told. Nothing runs here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from vopr_coverage.base.compare import Base
from vopr_coverage.base.gate import comparison_of
from vopr_coverage.check.flow import MERGES, Rules
from vopr_coverage.check.terms import Overrides
from vopr_coverage.errors import UsageError, nearest, shown
from vopr_coverage.model.thresholds import PROFILE_NAMES

COMMANDS = ("check", "comment", "tracking-issue")
INPUTS = (
    "reports",
    "command",
    "profile",
    "config",
    "merge",
    "scenario",
    "min-iterations",
    "on-not-measured",
    "base",
    "max-regression",
    "fail",
    "summary",
    "annotations",
    "token",
    "comment",
    "comment-id",
    "comment-author",
)
BASE_ARTIFACT = "artifact"
_RUNNERS_OWN = ("ARGS", "ENTRYPOINT")  # legal in any `with:` of a container action


def read_inputs(environ: Mapping[str, str]) -> dict[str, str]:
    """All inputs, "" where unset. The runner keeps hyphens in INPUT_ names, shells may not.

    Raises:
        UsageError: a name close to one of ours: the runner only warns of an input that doesn't
            exist, and a gate whose setting was misspelt would be another gate. Other names
            are a job's own variables.
    """
    given = {
        key.removeprefix("INPUT_").replace("_", "-").lower(): value.strip()
        for key, value in environ.items()
        if key.startswith("INPUT_") and key.removeprefix("INPUT_") not in _RUNNERS_OWN
    }
    for name in given:
        if name not in INPUTS and get_close_matches(name, INPUTS, n=1, cutoff=0.75):
            raise UsageError(f"unknown input {shown(name)}; {nearest(name, INPUTS)}")
    return {name: given.get(name, "") for name in INPUTS}


def rules_of(inputs: Mapping[str, str], base: Base | None) -> Rules:
    """How `check` is to judge.

    Raises:
        UsageError: a word or number that isn't one.
    """
    merge = inputs["merge"] or "none"
    one_of(inputs, "merge", MERGES)
    one_of(inputs, "profile", PROFILE_NAMES)
    count = inputs["min-iterations"]
    if count and not (count.isascii() and count.isdigit() and len(count) <= 20):
        raise UsageError(f"input min-iterations: expected an integer of 0 or more, found {shown(count)}")
    overrides = Overrides(
        profile=inputs["profile"] or None,
        min_iterations=int(count) if count else None,
        on_not_measured=inputs["on-not-measured"] or None,
        spelling="input {}",
    )
    return Rules(
        merge=next(word for word in MERGES if word == merge),
        overrides=overrides,
        comparison=comparison_of(base, inputs["max-regression"] or None, overrides.spelling),
    )


def one_of(inputs: Mapping[str, str], name: str, words: Sequence[str]) -> None:
    """Refuse a word that isn't one of these; "" is unset."""
    if inputs[name] and inputs[name] not in words:
        raise UsageError(f"input {name}: unknown {shown(inputs[name])}; {nearest(inputs[name], words)}")


def switch(inputs: Mapping[str, str], name: str) -> bool:
    """`true`, `false`, or unset for true; a word that is neither must not be guessed at."""
    if inputs[name] not in ("", "true", "false"):
        raise UsageError(f"input {name}: expected true or false, found {shown(inputs[name])}")
    return inputs[name] != "false"


def lines(text: str) -> list[str]:
    """The lines of a list, without comments and empty ones."""
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]
