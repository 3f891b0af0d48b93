"""The action's inputs: their names, how they are read, and which values are errors. Nothing runs here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from vopr_coverage.base.compare import Base
from vopr_coverage.base.gate import comparison_of
from vopr_coverage.check.flow import Known, Rules
from vopr_coverage.check.request import MERGES
from vopr_coverage.check.terms import Overrides
from vopr_coverage.errors import UsageError, nearest, shown
from vopr_coverage.model.thresholds import PROFILE_CHOICES
from vopr_coverage.reading.formats import FORMAT_NAMES

COMMANDS = ("check", "comment", "doctor", "tracking-issue")
INPUTS = (
    "reports",
    "command",
    "profile",
    "config",
    "merge",
    "scenario",
    "format",
    "declared",
    "min-iterations",
    "min-reports",
    "on-not-measured",
    "base",
    "max-regression",
    "history",
    "workflow",
    "fail",
    "summary",
    "annotations",
    "token",
    "comment",
    "comment-id",
    "comment-author",
)
# What the runner sets where a workflow sets nothing, as in action.yml. The other inputs are empty then, but the token.
DEFAULTS = {"command": "check", "fail": "true", "summary": "true", "annotations": "true", "comment": "auto"}
BASE_ARTIFACT = "artifact"
_COMMENT = re.compile(r"(?:^|\s)#.*")
_RUNNERS_OWN = ("ARGS", "ENTRYPOINT")  # legal in any `with:` of a container action


def read_inputs(environ: Mapping[str, str]) -> dict[str, str]:
    """All inputs by name, "" where not set. INPUT_ names may have - or _, as a shell cannot set names with -.

    Raises:
        UsageError: an input that is not set, and a name that is close to its name. The runner only warns about an
            unknown input, and the gate would run without the misspelt setting. All other names are the job's own
            variables: the container gets them, too.
    """
    given = {
        key.removeprefix("INPUT_").replace("_", "-").lower(): value.strip()
        for key, value in environ.items()
        if key.startswith("INPUT_") and key.removeprefix("INPUT_") not in _RUNNERS_OWN
    }
    unset = [name for name in INPUTS if name != "token" and given.get(name, "") in ("", DEFAULTS.get(name))]
    for name in given:
        if name not in INPUTS and (meant := _spelled_like(name, unset)):
            raise UsageError(f"unknown input {shown(name)}; did you mean {shown(meant)}?")
    return {name: given.get(name, "") for name in INPUTS}


def _spelled_like(name: str, known: Sequence[str]) -> str | None:
    """The known name that differs in a slip: in few of its letters, or in their order. `file` is no slip of `fail`."""
    swapped = [other for other in known if sorted(other) == sorted(name)]
    return next(iter(swapped or get_close_matches(name, known, n=1, cutoff=0.76)), None)


def rules_of(inputs: Mapping[str, str], base: Base | None, known: Known = ()) -> Rules:
    """The rules for `check`; `known` is how often points were hit before.

    Raises:
        UsageError: an unknown word, or something that is not a number.
    """
    merge = inputs["merge"] or "none"
    one_of(inputs, "merge", MERGES)
    one_of(inputs, "format", FORMAT_NAMES)
    one_of(inputs, "profile", PROFILE_CHOICES)
    overrides = Overrides(
        profile=inputs["profile"] or None,
        min_iterations=_count(inputs, "min-iterations"),
        min_reports=_count(inputs, "min-reports"),
        on_not_measured=inputs["on-not-measured"] or None,
        spelling="input {}",
    )
    return Rules(
        merge=next(word for word in MERGES if word == merge),
        overrides=overrides,
        comparison=comparison_of(base, inputs["max-regression"] or None, overrides.spelling),
        known=known,
    )


def _count(inputs: Mapping[str, str], name: str) -> int | None:
    """A whole number of 0 or more; None if it is not set."""
    count = inputs[name]
    if count and not (count.isascii() and count.isdigit() and len(count) <= 20):
        raise UsageError(f"input {name}: expected an integer of 0 or more, found {shown(count)}")
    return int(count) if count else None


def one_of(inputs: Mapping[str, str], name: str, words: Sequence[str]) -> None:
    """Refuse a value that is not one of these words; "" is not set."""
    if inputs[name] and inputs[name] not in words:
        raise UsageError(f"input {name}: unknown {shown(inputs[name])}; {nearest(inputs[name], words)}")


def switch(inputs: Mapping[str, str], name: str) -> bool:
    """Whether an input is `true`; not set counts as true. Any other word is an error, and never guessed."""
    if inputs[name] not in ("", "true", "false"):
        raise UsageError(f"input {name}: expected true or false, found {shown(inputs[name])}")
    return inputs[name] != "false"


def lines(text: str) -> list[str]:
    """The lines of a list, without empty lines and comments: `#` starts one at the start of a line or after a space."""
    stripped = (_COMMENT.sub("", line).strip() for line in text.splitlines())
    return [line for line in stripped if line]
