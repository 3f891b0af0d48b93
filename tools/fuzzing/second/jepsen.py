"""The small judge of Jepsen's results, with a small reader of EDN: docs/formats/jepsen.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tools.fuzzing.second import Evidence, NoOpinion, Unreadable

_TOKEN = re.compile(
    r"""[\s,]*(?:;[^\n]*[\s,]*)*(?P<token>[{}\[\]()]|\#\{|"(?:\\.|[^"\\])*"|\\\S+|[^\s,{}\[\]()"';]+)""", re.DOTALL
)
_CLOSING = {"{": "}", "[": "]", "(": ")", "#{": "}"}


def read_jepsen(data: bytes) -> Evidence:
    """Checkers are invariants, operations that succeeded are points that were hit."""
    results = _edn(data.decode("utf-8-sig"))
    if not isinstance(results, dict) or ":valid?" not in results:
        raise Unreadable
    checkers = {name: value for name, value in results.items() if isinstance(value, dict) and ":valid?" in value}
    verdicts = [results[":valid?"], *(value[":valid?"] for value in checkers.values())]
    stats = results.get(":stats")
    by_f = stats.get(":by-f") if isinstance(stats, dict) else None
    operations = by_f if isinstance(by_f, dict) else {}
    counts: dict[str, Any] = {
        f"operation {_plain(name)}": value.get(":ok-count")
        for name, value in operations.items()
        if isinstance(value, dict)
    }
    if not all(isinstance(count, int) and count >= 0 for count in counts.values()):
        raise Unreadable
    return Evidence(
        hit={name for name, count in counts.items() if count > 0} if checkers else None,
        listed={*counts},
        declares=bool(counts),
        ran={f"checker {_plain(name)}" for name, value in checkers.items() if isinstance(value[":valid?"], bool)}
        if checkers
        else None,
        broken=any(verdict is False for verdict in verdicts),
        undecided=any(not isinstance(verdict, bool) for verdict in verdicts),
    )


def _plain(name: Any) -> str:
    if not isinstance(name, str) or not name.startswith(":"):
        raise NoOpinion
    return name[1:]


def _edn(text: str) -> Any:
    """One value; keywords keep their colon."""
    place, tokens = 0, list[str]()
    text = text.rstrip().rstrip(",")
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise NoOpinion
        tokens.append(match["token"])
        place = match.end()
    if any(token.startswith("#") and token != "#{" for token in tokens):  # noqa: S105
        raise NoOpinion  # tagged and discarded values
    rest = iter(tokens)
    value = _value(next(rest), rest)
    if next(rest, None) is not None:
        raise NoOpinion
    return value


def _value(token: str, rest: Iterator[str]) -> Any:
    if token in _CLOSING:
        items = []
        while (inner := next(rest)) != _CLOSING[token]:
            items.append(_value(inner, rest))
        if token != "{":  # noqa: S105
            return items
        keys = items[::2]
        if len(items) % 2 or not all(isinstance(key, str) for key in keys) or len({*keys}) < len(keys):
            raise NoOpinion
        return dict(zip(keys, items[1::2], strict=True))
    if token in ("true", "false", "nil"):
        return {"true": True, "false": False, "nil": None}[token]
    if re.fullmatch(r"[-+]?(?:0|[1-9][0-9]*)N?", token):
        return int(token.rstrip("N"))
    return token
