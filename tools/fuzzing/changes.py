"""Changes to an input: of its bytes, of the values in its JSON, and of its lines."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

BYTES_MAX = 1 << 16
TOKENS = (
    b"null", b"-1", b"1e999", b"18446744073709551616", b"9223372036854775808", b"NaN", b"{}", b"[]", b'""', b"true",
    b"\x00", b"\xff", b"\\u0000", b"\\ud800", b"\\udfff", b"{" * 200, b"[" * 2_000, b"\n", b"\r", b"\xef\xbb\xbf", b'"',
    b"\t", b"\xe2\x80\xae", b"\x1b[2J", b"##[error]", b"\n::error::x", b"<b>@team", b"9" * 5_000,
)  # fmt: skip
NUMBERS = (0, 1, 2, 3, 9, 40, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 64, 10**40)
ODD: tuple[Any, ...] = (
    None, "", [], {}, 1.5, True, False, -1, 0.0, -0.0, 1e308, "a", "cut.me", "\ud800", "\x00", "##[error]x", "\u202ex",
    "x" * 300, "0", "7", [[]], {"a": 1}, ["a", "a"], 10**400,
)  # fmt: skip


def changed(rng: Random, sample: bytes, text: str, tokens: Sequence[bytes]) -> bytes:
    """The input after one change, or a few."""
    if text != "bytes" and rng.random() < 0.6:
        data = _with_values_changed(rng, sample, one_document=text == "json")
        if data is not None and rng.random() < 0.9:
            return data[:BYTES_MAX]
        sample = data if data is not None else sample
    changing = bytearray(sample)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        rng.choice(_CHANGES)(rng, changing, tokens)
    return bytes(changing[:BYTES_MAX])


# ---- bytes


def _flip(rng: Random, data: bytearray, _tokens: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def _insert(rng: Random, data: bytearray, tokens: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice(tokens if tokens and rng.random() < 0.6 else TOKENS)


def _cut(rng: Random, data: bytearray, _tokens: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.choice((1, 3, 20, 300, 1 << 20))]


def _repeat(rng: Random, data: bytearray, _tokens: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    piece = data[at : at + rng.choice((1, 30, 400))]
    data[at:at] = piece * rng.choice((1, 2, 50))


def _lines(rng: Random, data: bytearray, _tokens: Sequence[bytes]) -> None:
    lines = bytes(data).split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    if rng.random() < 0.5:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines.insert(one, lines[other])
    data[:] = b"\n".join(lines)


def _number(rng: Random, data: bytearray, _tokens: Sequence[bytes]) -> None:
    places = [place for place, byte in enumerate(data[:4096]) if 48 <= byte <= 57]
    if places:
        at = rng.choice(places)
        data[at : at + 1] = rng.choice((b"0", b"9", b"-1", b"99999999999999999999", b"1.5", b"", b"00", b"1e3"))


_CHANGES: tuple[Callable[[Random, bytearray, Sequence[bytes]], None], ...] = (
    *(_flip, _insert, _insert, _cut, _repeat, _lines, _number),
)


# ---- values


def _with_values_changed(rng: Random, sample: bytes, *, one_document: bool) -> bytes | None:
    """The documents of an input with a value or a line changed; None where it is no JSON."""
    try:
        documents = [json.loads(sample)] if one_document else [json.loads(line) for line in sample.splitlines()]
    except (ValueError, RecursionError):
        return None
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        if documents and not one_document and rng.random() < 0.2:
            _change_lines(rng, documents)
        elif documents:
            _change_value(rng, rng.choice(documents))
    texts = [json.dumps(document).encode() for document in documents]
    if not one_document and rng.random() < 0.1:
        texts.insert(rng.randrange(len(texts) + 1), rng.choice((b"a log line", b"", b'{"level": "info"}')))
    return b"\n".join(texts) + (b"" if rng.random() < 0.05 else b"\n")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document with a key of it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _change_value(rng: Random, document: Any) -> None:
    """Change, remove, rename or copy something in one document."""
    places = list(_places(document))
    if not places:
        return
    holder, key = rng.choice(places)
    how = rng.random()
    if how < 0.12:
        del holder[key]
    elif how < 0.24 and isinstance(holder, dict):
        holder[rng.choice(["cut.me", "b", *(str(other) for _, other in places)])] = holder.pop(key)
    elif how < 0.34 and isinstance(holder, list):
        holder.append(json.loads(json.dumps(holder[key])))
    elif how < 0.44:
        other, at = rng.choice(places)
        holder[key] = json.loads(json.dumps(other[at]))
    elif isinstance(holder[key], int) and not isinstance(holder[key], bool):
        holder[key] = rng.choice((holder[key] + 1, max(holder[key] - 1, 0), *NUMBERS))
    elif isinstance(holder[key], bool) and how < 0.8:
        holder[key] = not holder[key]
    elif how < 0.62:
        holder[key] = copy.deepcopy(rng.choice(ODD))  # a later change may be inside of it


def _change_lines(rng: Random, documents: list[Any]) -> None:
    """Remove a line, repeat it, or move it."""
    at = rng.randrange(len(documents))
    how = rng.random()
    if how < 0.4:
        del documents[at]
    elif how < 0.7:
        documents.insert(rng.randrange(len(documents) + 1), json.loads(json.dumps(documents[at])))
    else:
        documents.insert(rng.randrange(len(documents)), documents.pop(at))
