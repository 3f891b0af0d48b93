"""A shell script as simple commands with what stands between them: enough to see what becomes of an exit code. Pure.

This is no shell. Quotes, comments, continued lines, here-documents, `$(…)`, groups and the words of `if` are
understood; functions, aliases and `eval` are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

SCRIPT_CHARACTERS_MAX = 50_000  # GitHub takes 21,000
_OPERATORS = ("&&", "||", "|&", ";;", ";", "|", "&", "\n", "(", ")")
_HEREDOC = re.compile(r"<<-?\s*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.-]+))")
_PLAIN = re.compile(r"[\w./=:,@%+-]+")  # characters that mean nothing but themselves
_OPENING = frozenset({"if", "elif", "while", "until"})
_RESERVED = frozenset({"then", "else", "fi", "do", "done", "{", "}", "!", "time"}) | _OPENING


class SimpleCommand(msgspec.Struct, frozen=True):
    """One command.

    Attributes:
        words: with their quotes removed.
        line: in the script, from 0 on.
        before, after: the operator on each side; "" at the beginning and at the end.
        depth: in how many groups it stands.
        condition: whether it decides an `if`, `while` or `until`.
        negated: whether `!` stands before it.
    """

    words: tuple[str, ...]
    line: int
    before: str
    after: str
    depth: int = 0
    condition: bool = False
    negated: bool = False


def commands_of(script: str) -> list[SimpleCommand]:
    """The commands of a script, in order; of a script that is too long, those of its beginning."""
    return list(_Grouped(_tokens(script[:SCRIPT_CHARACTERS_MAX])).commands())


class _Token(msgspec.Struct, frozen=True):
    text: str
    line: int
    is_operator: bool
    quoted: bool = False


def _tokens(script: str) -> Iterator[_Token]:
    scanner = _Scanner(script)
    while scanner.at < len(script):
        yield from scanner.step()
    yield from scanner.word()


@dataclass
class _Scanner:
    """Reads one token after another."""

    script: str
    at: int = 0
    line: int = 0
    text: list[str] = field(default_factory=list)
    quoted: bool = False
    heredocs: list[str] = field(default_factory=list)

    def step(self) -> Iterator[_Token]:
        """Read on at `at`, and yield the tokens that end there."""
        script, mark = self.script, self.script[self.at]
        if script.startswith("\\\n", self.at):
            self._skip(2)
        elif mark == "\\":
            self._take(script[self.at + 1 : self.at + 2], 2)
        elif mark in "'\"`" or script.startswith("$(", self.at):
            self._take_quoted()
        elif mark == "#" and not self.text and not self.quoted:
            end = script.find("\n", self.at)
            self._skip((len(script) if end < 0 else end) - self.at)
        elif mark in " \t\r":
            yield from self.word()
            self._skip(1)
        elif heredoc := self._heredoc():
            self.heredocs.append(next(filter(None, heredoc.groups())))
            self._take(heredoc[0], len(heredoc[0]))
        elif operator := self._operator():
            yield from self.word()
            yield _Token(operator, self.line, is_operator=True)
            self._skip(len(operator))
            if operator == "\n":
                self._skip_heredocs()
        else:
            plain = _PLAIN.match(script, self.at)
            self._take(plain[0] if plain else mark, len(plain[0]) if plain else 1)

    def word(self) -> Iterator[_Token]:
        """The word so far, if there is one."""
        if self.text or self.quoted:
            yield _Token("".join(self.text), self.line, is_operator=False, quoted=self.quoted)
        self.text, self.quoted = [], False

    def _heredoc(self) -> re.Match[str] | None:
        if self.script.startswith("<<<", self.at) or self.script[self.at - 1 : self.at] == "<":
            return None
        return _HEREDOC.match(self.script, self.at)

    def _operator(self) -> str:
        operator = next((known for known in _OPERATORS if self.script.startswith(known, self.at)), "")
        around = self.script[self.at - 1 : self.at] + self.script[self.at + 1 : self.at + 2]
        return "" if operator == "&" and (set(around) & set("<>")) else operator

    def _take_quoted(self) -> None:
        start, mark = self.at, self.script[self.at]
        self.quoted = True
        if mark == "$":
            end = _closing(self.script, start + 2)
            self._take(self.script[start:end], end - start)
            return
        end = start + 1
        while end < len(self.script) and self.script[end] != mark:
            end += 2 if self.script[end] == "\\" and mark != "'" else 1
        inner = self.script[start + 1 : end]
        self._take(inner if mark != "`" else f"`{inner}`", end + 1 - start)

    def _take(self, text: str, length: int) -> None:
        self.text.append(text)
        self._skip(length)

    def _skip(self, length: int) -> None:
        self.line += self.script.count("\n", self.at, self.at + length)
        self.at += length

    def _skip_heredocs(self) -> None:
        for delimiter in self.heredocs:
            while self.at < len(self.script):
                end = self.script.find("\n", self.at)
                end = len(self.script) if end < 0 else end
                ended = self.script[self.at : end].strip() == delimiter
                self._skip(min(end + 1, len(self.script)) - self.at)
                if ended:
                    break
        self.heredocs = []


def _closing(script: str, at: int) -> int:
    """Where `$(` ends: behind its parenthesis, or at the end of the script."""
    depth = 1
    while at < len(script) and depth:
        mark = script[at]
        if mark == "\\":
            at += 1
        elif mark == "'":
            end = script.find("'", at + 1)
            at = len(script) if end < 0 else end
        depth += {"(": 1, ")": -1}.get(mark, 0)
        at += 1
    return min(at, len(script))


@dataclass
class _Grouped:
    """Puts words between operators together."""

    tokens: Iterator[_Token]
    depth: int = 0
    condition: bool = False
    before: str = ""
    words: list[_Token] = field(default_factory=list)

    def commands(self) -> Iterator[SimpleCommand]:
        """The commands, each with the operator that follows it."""
        for token in self.tokens:
            if not token.is_operator:
                self.words.append(token)
                continue
            yield from self._ended(token.text)
            self.depth = max(self.depth + {"(": 1, ")": -1}.get(token.text, 0), 0)
        yield from self._ended("")

    def _ended(self, operator: str) -> Iterator[SimpleCommand]:
        negated = False
        words = self.words
        self.words = []
        while words and not words[0].quoted and words[0].text in _RESERVED:
            word = words.pop(0).text
            negated ^= word == "!"
            self.condition = word in _OPENING or (self.condition and word in ("!", "{", "time"))
            self.depth = max(self.depth + {"{": 1, "}": -1}.get(word, 0), 0)
        if words:
            yield SimpleCommand(
                words=tuple(word.text for word in words),
                line=words[0].line,
                before=self.before,
                after=operator,
                depth=self.depth,
                condition=self.condition,
                negated=negated,
            )
        if words or operator not in ("\n", ";"):
            self.before = operator


def assigned(command: SimpleCommand) -> str:
    """The variable that a command sets to `$?`; "" for any other command."""
    match = re.fullmatch(r"(\w+)=\$\{?\?\}?", command.words[0])
    return match[1] if match and len(command.words) == 1 else ""


def mentions(words: Sequence[str], variable: str) -> bool:
    """Whether `$variable` stands in one of these words."""
    return any(re.search(rf"\$\{{?{re.escape(variable)}\b", word) for word in words)
