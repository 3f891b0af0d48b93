"""A reader for EDN, the notation of Clojure: as much of it as reports have, in bounded depth and size.

Source: the edn-format specification, and files that Jepsen writes. Tags are not interpreted: the tagged value is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vopr_coverage.errors import Words, shown

DEPTH_MAX = 100
VALUES_MAX = 2_500_000

_TOKEN = re.compile(
    r"""(?P<space>[\s,]+|;[^\n]*|\#![^\n]*)
    |(?P<text>"(?:[^"\\]|\\.)*")
    |(?P<open>\#\{|[(\[{])
    |(?P<close>[)\]}])
    |(?P<discard>\#_)
    |(?P<character>\\(?:u[0-9a-fA-F]{4}|[a-z]+|.))
    |(?P<special>\#\#[A-Za-z-]+)
    |(?P<tag>\#[^\s,()\[\]{}";#_][^\s,()\[\]{}";]*)
    |(?P<atom>[^\s,()\[\]{}";\\\#][^\s,()\[\]{}";]*)""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]", "{": "}", "#{": "}"}
_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)N?")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?M?")
_WORDS: dict[str, Any] = {"nil": None, "true": True, "false": False}
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", "b": "\b", "f": "\f", "\\": "\\", '"': '"'}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


class EdnError(ValueError):
    """Text that is not EDN. `line` counts from 1."""

    def __init__(self, expected: str, found: object, line: int) -> None:
        self.expected, self.found, self.line = expected, found, line
        super().__init__(f"expected {expected}, found {shown(found)}")


class Keyword(str):
    """A keyword, with its colon."""


class Symbol(str):
    """A symbol, or a character or number of a kind that Python has no type for."""


def edn_loads(text: str) -> Any:
    """The first value of the text.

    Maps are dicts: keys that are collections are replaced by their texts. Lists, vectors and sets are lists.

    Raises:
        EdnError: the text is no EDN, or is deeper or larger than the bounds.
    """
    reader = _EdnReader(text)
    value = reader.value(0)
    if value is _CLOSED:
        raise EdnError("a value", Words("none"), 1)
    return value


class _Closed:
    """What stands where no value does: the end of a collection or of the text."""


_CLOSED = _Closed()


class _EdnReader:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._scan()
        self._at = 0
        self._values = 0

    def _scan(self) -> Iterator[tuple[str, str]]:
        at, end = 0, len(self._text)
        while at < end:
            match = _TOKEN.match(self._text, at)
            self._at = at
            if match is None:
                raise self._error("EDN", self._text[at : at + 40])
            at = match.end()
            kind = match.lastgroup or ""
            if kind != "space":
                yield kind, match[0]
        self._at = end

    def _error(self, expected: str, found: object) -> EdnError:
        return EdnError(expected, found, self._text.count("\n", 0, self._at) + 1)

    def value(self, depth: int, closing: str = "") -> Any:
        """The next value; `_CLOSED` at the closing bracket, or at the end of the text."""
        for kind, token in self._tokens:
            self._values += 1
            if self._values > VALUES_MAX:
                raise self._error(f"at most {VALUES_MAX:,} values", Words("more"))
            match kind:
                case "open":
                    return self._collection(token, depth + 1)
                case "close":
                    if token != closing:
                        raise self._error(f"{closing or 'a value'}", token)
                    return _CLOSED
                case "discard":
                    self._needed(depth + 1)
                case "tag":
                    return self._needed(depth + 1)
                case "text":
                    return _ESCAPE.sub(self._escaped, token[1:-1])
                case "character" | "special":
                    return Symbol(token)
                case _:
                    return _atom(token)
        if closing:
            raise self._error(closing, Words("the end"))
        return _CLOSED

    def _needed(self, depth: int) -> Any:
        self._refuse_depth(depth)
        value = self.value(depth)
        if value is _CLOSED:
            raise self._error("a value", Words("the end"))
        return value

    def _refuse_depth(self, depth: int) -> None:
        if depth > DEPTH_MAX:
            raise self._error(f"at most {DEPTH_MAX} levels", Words("more"))

    def _collection(self, opening: str, depth: int) -> Any:
        self._refuse_depth(depth)
        closing = _CLOSING[opening]
        values = list(iter(lambda: self.value(depth, closing), _CLOSED))
        if opening != "{":
            return values
        if len(values) % 2:
            raise self._error("a value for each key of a map", Words(f"{len(values)} forms"))
        return {_as_key(key): value for key, value in zip(values[::2], values[1::2], strict=True)}

    def _escaped(self, match: re.Match[str]) -> str:
        escape = match[1]
        if escape in _ESCAPES:
            return _ESCAPES[escape]
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        raise self._error("a known escape in a string", match[0])


def _as_key(key: Any) -> Any:
    return str(key) if isinstance(key, dict | list) else key


def _atom(token: str) -> Any:
    if token in _WORDS:
        return _WORDS[token]
    if token.startswith(":"):
        return Keyword(token)
    if len(token) < 400:
        if _WHOLE.fullmatch(token):
            return int(token.removesuffix("N"))
        if _NUMBER.fullmatch(token):
            return float(token.removesuffix("M"))
    return Symbol(token)
