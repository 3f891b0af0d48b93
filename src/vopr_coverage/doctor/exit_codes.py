"""Whether the exit code of a command in a `run` step decides how the step ends. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import basename

import msgspec

from vopr_coverage.doctor.shell import SimpleCommand, assigned, commands_of, mentions

PROGRAM = "vopr-coverage"
JUDGES = frozenset({"check", "determinism", "canary", "summary", "doctor"})
_WRAPPERS = frozenset(
    {"env", "sudo", "time", "exec", "nice", "nohup", "timeout", "python", "python3", "py", "-m"}
    | {"uv", "uvx", "run", "pipx", "poetry", "pdm", "hatch"}
)
_BEFORE = re.compile(r"\w+=.*|-.*|[0-9.]+[smhd]?", re.DOTALL)
_ASSIGNMENT = re.compile(r"\w+=\$\(.*\)", re.DOTALL)
_SUBSTITUTION = re.compile(r"\$\((.*)\)|`(.*)`", re.DOTALL)
_TESTS = frozenset({"exit", "return", "test", "[", "[[", "((", "case"})


class Shell(msgspec.Struct, frozen=True):
    """How a step's script runs: whether it ends at the first error, and what a pipe's exit code is."""

    errexit: bool = True
    pipefail: bool = False


class Lost(msgspec.Struct, frozen=True):
    """A judging command whose exit code is lost. `line` is that of the script, from 0 on; `what` is our text."""

    line: int
    what: str


class CliGate(msgspec.Struct, frozen=True):
    """A judging command in a script: its name, its words behind that, and what becomes of its exit code.

    `line` is that of the script, from 0 on; `before` are the commands that run before it.
    """

    command: str
    words: tuple[str, ...]
    line: int
    before: tuple[SimpleCommand, ...]
    lost: Lost | None


def shell_of(shell: str, windows: bool) -> Shell | None:
    """How GitHub runs a script under a `shell:` value; "" is the default. None for what is no shell."""
    if not shell:
        return Shell(errexit=not windows)
    if shell == "bash":
        return Shell(pipefail=True)
    if shell in ("pwsh", "powershell", "cmd"):
        return Shell(errexit=False)
    if shell == "sh":
        return Shell()
    if re.match(r"(?:\S*/)?(?:ba|z|k|da)?sh\b", shell):
        return Shell(errexit=bool(re.search(r"\s-[a-z]*e", shell)), pipefail="pipefail" in shell)
    return None


def gates_in(script: str, shell: Shell) -> list[CliGate]:
    """The judging commands of a script."""
    commands, found, state = commands_of(script), list[CliGate](), shell
    for at, command in enumerate(commands):
        words, inner = _ours(command.words), _substituted(command)
        if words or inner:
            lost = _lost(commands, at, state)
            if inner and not _ASSIGNMENT.fullmatch(" ".join(command.words)):
                lost = Lost(command.line, "its exit code is that of a substitution, and the command around it hides it")
            name, *rest = words or inner
            gate = CliGate(command=name, words=tuple(rest), line=command.line, before=tuple(commands[:at]), lost=lost)
            found.append(gate)
        state = _after(command, state)
    return found


def _ours(words: Sequence[str]) -> list[str]:
    """The judging command and what follows it; empty for any other command."""
    for at, word in enumerate(words):
        name = basename(word)
        if name in (PROGRAM, f"{PROGRAM}.exe") or (word == "vopr_coverage" and words[at - 1 : at] == ("-m",)):
            rest = list(words[at + 1 :])
            return rest if rest and rest[0] in JUDGES else []
        if name not in _WRAPPERS and not _BEFORE.fullmatch(word):
            return []
    return []


def _substituted(command: SimpleCommand) -> list[str]:
    """The judging command in a `$(…)` of this command, and what follows it; empty without one."""
    match = _SUBSTITUTION.search(" ".join(command.words)) if PROGRAM in " ".join(command.words) else None
    inner = commands_of(match[1] or match[2]) if match else []
    return next((words for each in inner if (words := _ours(each.words))), [])


def _after(command: SimpleCommand, shell: Shell) -> Shell:
    """What `set` changes."""
    if command.words[0] != "set":
        return shell
    errexit, pipefail = shell.errexit, shell.pipefail
    for at, word in enumerate(command.words[1:], 1):
        following, on = "".join(command.words[at + 1 : at + 2]), word.startswith("-")
        if re.fullmatch(r"[-+][a-zA-Z]+", word) and "e" in word:
            errexit = on
        if re.fullmatch(r"[-+][a-zA-Z]*o", word):
            errexit = on if following == "errexit" else errexit
            pipefail = on if following == "pipefail" else pipefail
    return Shell(errexit, pipefail)


def _lost(commands: Sequence[SimpleCommand], at: int, state: Shell) -> Lost | None:
    gate, last = commands[at], at
    if gate.condition:
        fails = any(_fails(command) for command in commands[at + 1 :])
        return None if fails else Lost(gate.line, "its exit code only decides an `if`, and nothing fails there")
    if gate.negated:
        return Lost(gate.line, "`!` turns its exit code round")
    while commands[last].after in ("|", "|&") and last + 1 < len(commands):
        last += 1
    if last > at and not state.pipefail:
        return Lost(gate.line, "the exit code of a pipe is that of its last command")
    return _behind(commands, at, last, state)


def _behind(commands: Sequence[SimpleCommand], at: int, last: int, state: Shell) -> Lost | None:
    """What the commands behind a gate, or behind its pipe, make of its exit code."""
    gate, chain = commands[at], last
    while commands[chain].after == "&&" and chain + 1 < len(commands):
        chain += 1
    operator, rest = commands[chain].after, commands[chain + 1 :]
    outside = next((index for index in range(at + 1, len(commands)) if commands[index].depth < gate.depth), None)
    if outside is not None and commands[outside].before == "||":  # behind the group that it stands in
        operator, rest = "||", commands[outside:]
    if operator == "||" and rest:
        return None if _kept(rest) else Lost(rest[0].line, f"`|| {_short(rest[0])}` hides its exit code")
    if commands[last].after == "&":
        return Lost(gate.line, "`&` runs it in the background, where its exit code is lost")
    if not rest:
        return None
    if chain > last:
        return Lost(gate.line, "behind `&&` the script goes on after it failed")
    if state.errexit or _status_used(rest):
        return None
    return Lost(gate.line, "the script goes on after it failed: it does not end at the first error (`set -e`)")


def _kept(rest: Sequence[SimpleCommand]) -> bool:
    """Whether what stands behind `||` fails, too, or keeps the exit code for later."""
    right = rest[0]
    group = [right]
    for command in rest[1:]:
        if command.depth < right.depth or right.depth == 0:
            break
        group.append(command)
    return any(_fails(command) for command in group) or _status_used(rest)


def _fails(command: SimpleCommand) -> bool:
    words = command.words
    if words[0] in ("exit", "return"):
        return len(words) == 1 or words[1] != "0"
    return words[0] == "false"


def _status_used(rest: Sequence[SimpleCommand]) -> bool:
    """Whether the next command takes `$?`, and something is decided by it."""
    following = rest[0]
    variable = assigned(following)
    if variable:
        return any(
            mentions(command.words, variable) and (command.words[0] in _TESTS or command.condition)
            for command in rest[1:]
        )
    takes_it = any("$?" in word or "${?}" in word for word in following.words)
    return (following.words[0] in _TESTS and takes_it) or following.words == ("exit",)


def _short(command: SimpleCommand) -> str:
    text = " ".join(command.words)
    return text if len(text) <= 40 else f"{text[:39]}…"
