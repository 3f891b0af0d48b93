"""What GitHub's runner takes for a command in a log, by its own rules; see actions/runner, `ActionCommand.cs`.

A line that begins with `::name …::`, after white space, is a command; so is `##[name …]` anywhere in a line. The name
must be one that the runner knows.
"""

from __future__ import annotations

import re

NAMES = (
    "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "internal-set-repo-path",
    "notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
)  # fmt: skip
_KNOWN = "|".join(NAMES)
_NEW = re.compile(rf"\s*::({_KNOWN})(\s[^\n]*?)?::", re.IGNORECASE)
_OLD = re.compile(rf"##\[({_KNOWN})(\s[^\]\n]*)?\]", re.IGNORECASE)
_LINE_ENDS = re.compile(r"\r\n|\r|\n")

ATTEMPTS = (
    "::error title=Simulation coverage::owned", "::set-output name=passed::true", "  ::add-mask::a",
    "::stop-commands::owned", "##[error]owned", "text ##[set-output name=passed;]true", "##[add-mask]e",
    "::SET-ENV name=PATH::/owned", "seen ::warning::owned",
)  # fmt: skip


def commands_in(log: str) -> list[str]:
    """The lines that are commands. One of our own annotations is one, too."""
    return [line for line in _LINE_ENDS.split(log) if _NEW.match(line) or _OLD.search(line)]
