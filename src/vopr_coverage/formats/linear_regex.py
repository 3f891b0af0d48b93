"""Regular expressions that are searched in linear time, whatever the expression and the text. Pure.

Python's `re` goes back and tries again where an expression can match in several ways, which may take longer than any
night. Here all ways are followed at once, character by character, so a search takes at most `STEPS_MAX` steps for each
character. The syntax is a part of Python's; `^` and `$` are the ends of a line.
"""

from __future__ import annotations

import re
import warnings
from typing import Literal

import msgspec

CHARACTERS_MAX = 200  # of an expression
STEPS_MAX = 500  # of an expression whose repetitions are written out
ALLOWED = r"characters, ., [], (), (?:), |, *, +, ?, {}, ^, $ and \d \D \s \S \w \W \b \B \n \t"
_REPEAT = re.compile(r"[*+?]|\{(?!\})(\d*)(?:(,)(\d*))?\}")
_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_LETTERS = frozenset("dDsSwWnt")


class PatternError(ValueError):
    """An expression that is not searched; the text says what was expected."""


class _Character(msgspec.Struct, frozen=True):
    """Passes one character. It is an expression for one character, so `re` cannot go back in it."""

    pattern: re.Pattern[str]


class _Edge(msgspec.Struct, frozen=True):
    """Passes between two characters."""

    kind: Literal["^", "$", "b", "B"]


class _Split(msgspec.Struct, frozen=True):
    """Goes on at both steps."""

    one: int
    other: int


class _Found(msgspec.Struct, frozen=True):
    """The expression was found."""


_Step = _Character | _Edge | _Split | _Found


class _Sequence(msgspec.Struct, frozen=True):
    parts: tuple[_Node, ...]


class _Choice(msgspec.Struct, frozen=True):
    branches: tuple[_Node, ...]


class _Repeat(msgspec.Struct, frozen=True):
    """`most` is None without a limit."""

    what: _Node
    least: int
    most: int | None


_Node = _Sequence | _Choice | _Repeat | _Character | _Edge


class LinearRegex:
    """One expression, ready to search.

    Raises:
        PatternError: it is longer than 200 characters or 500 steps, it is no regular expression, or it uses what
            cannot be searched in linear time, such as a look-ahead or a reference to a group.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > CHARACTERS_MAX:
            raise PatternError(f"expected at most {CHARACTERS_MAX} characters, found {len(pattern)}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # on sets of sets, which Python may have some day
                re.compile(pattern)
                node = _RegexParser(pattern).parsed()
        except (re.error, OverflowError, RecursionError) as error:
            raise PatternError(f"expected a regular expression, found an error: {error}") from None
        self._steps: list[_Step] = []
        self._written = 0
        self._write(node)
        self._steps.append(_Found())

    def found_in(self, text: str) -> bool:
        """Whether the expression matches a part of the text."""
        before, at = "", set[int]()
        for after in [*text, ""]:
            reached = self._reached({*at, 0}, before, after)
            if len(self._steps) - 1 in reached:
                return True
            at = {step + 1 for step in reached if self._passes(step, after)}
            before = after
        return False

    def _passes(self, step: int, character: str) -> bool:
        found = self._steps[step]
        return isinstance(found, _Character) and bool(character) and found.pattern.fullmatch(character) is not None

    def _reached(self, starts: set[int], before: str, after: str) -> set[int]:
        """The steps that are reached without another character."""
        reached, left = set(starts), list(starts)
        while left:
            number = left.pop()
            step, following = self._steps[number], tuple[int, ...]()
            if isinstance(step, _Split):
                following = (step.one, step.other)
            elif isinstance(step, _Edge) and _is_edge(step.kind, before, after):
                following = (number + 1,)
            left += [each for each in following if each not in reached]
            reached |= {*following}
        return reached

    def _write(self, node: _Node) -> None:
        """Append the steps of a node; the next step follows the last one."""
        self._written += 1  # also for empty nodes, which may be repeated as often as others
        if self._written > STEPS_MAX:
            raise PatternError(f"expected at most {STEPS_MAX:,} steps with all repetitions written out, found more")
        if isinstance(node, _Sequence):
            for part in node.parts:
                self._write(part)
        elif isinstance(node, _Choice):
            self._write_choice(node.branches)
        elif isinstance(node, _Repeat):
            self._write_repeat(node)
        else:
            self._steps.append(node)

    def _write_choice(self, branches: tuple[_Node, ...]) -> None:
        ends = []
        for branch in branches[:-1]:
            split = self._reserve()
            self._write(branch)
            ends.append(self._reserve())
            self._steps[split] = _Split(split + 1, len(self._steps))
        self._write(branches[-1])
        for end in ends:
            self._steps[end] = _Split(len(self._steps), len(self._steps))

    def _write_repeat(self, repeat: _Repeat) -> None:
        for _ in range(repeat.least):
            self._write(repeat.what)
        if repeat.most is None:
            split = self._reserve()
            self._write(repeat.what)
            self._steps.append(_Split(split, split))
            self._steps[split] = _Split(split + 1, len(self._steps))
            return
        splits = []
        for _ in range(repeat.most - repeat.least):
            splits.append(self._reserve())
            self._write(repeat.what)
        for split in splits:
            self._steps[split] = _Split(split + 1, len(self._steps))

    def _reserve(self) -> int:
        self._steps.append(_Found())
        return len(self._steps) - 1


def _is_edge(kind: str, before: str, after: str) -> bool:
    if kind == "^":
        return before in ("", "\n")
    if kind == "$":
        return after in ("", "\n")
    return (_is_word(before) != _is_word(after)) == (kind == "b")


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


class _RegexParser:
    """Parses what `re` has accepted, so that only what is not supported has to be refused."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._at = pattern, 0

    def parsed(self) -> _Node:
        """The whole expression."""
        return self._choice()

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _choice(self) -> _Node:
        branches = [self._sequence()]
        while self._next() == "|":
            self._at += 1
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else _Choice(tuple(branches))

    def _sequence(self) -> _Node:
        parts = list[_Node]()
        while self._next() not in ("", "|", ")"):
            parts.append(self._repeated(self._single()))
        return _Sequence(tuple(parts))

    def _repeated(self, node: _Node) -> _Node:
        match = _REPEAT.match(self._pattern, self._at)
        if match is None:
            return node
        self._at = match.end()
        if self._next() == "+":
            raise self._refused(f"{match[0]}+")
        if self._next() == "?":  # the shortest match: whether there is one does not depend on it
            self._at += 1
        if match[0] in ("*", "+", "?"):
            return _Repeat(node, int(match[0] == "+"), 1 if match[0] == "?" else None)
        least = int(match[1] or 0)
        most = (int(match[3]) if match[3] else None) if match[2] else least
        return _Repeat(node, least, most)

    def _single(self) -> _Node:
        character = self._next()
        if character == "(":
            return self._group()
        if character == "[":
            found = _CLASS.match(self._pattern, self._at)
            assert found, "`re` has found its end"
            return self._character(found[0])
        if character == "\\":
            return self._escaped(self._pattern[self._at : self._at + 2])
        if character in ("^", "$"):
            self._at += 1
            return _Edge("^" if character == "^" else "$")
        self._at += 1
        return _Character(re.compile("." if character == "." else re.escape(character)))

    def _group(self) -> _Node:
        self._at += 3 if self._pattern.startswith("(?:", self._at) else 1
        if self._next() == "?":
            raise self._refused(self._pattern[self._at - 1 : self._at + 2])
        inner = self._choice()
        self._at += 1
        return inner

    def _escaped(self, text: str) -> _Node:
        letter = text[1]
        if letter in ("b", "B"):
            self._at += 2
            return _Edge("b" if letter == "b" else "B")
        if letter.isascii() and letter.isalnum() and letter not in _LETTERS:
            raise self._refused(text)
        return self._character(text)

    def _character(self, text: str) -> _Character:
        self._at += len(text)
        return _Character(re.compile(text))

    def _refused(self, text: str) -> PatternError:
        return PatternError(f"expected only {ALLOWED}, found {text}")
