"""Strict JSON: refuses what Python's own parser accepts and Rust's serde does not.

NaN and infinities, numbers that overflow a double, duplicate keys, lone surrogates and
nesting that exhausts the stack all raise `JsonError`.
"""

from __future__ import annotations

import json
import math
from itertools import chain
from typing import Any, NoReturn

from vopr_coverage.errors import Words, shown

# Parsed values need up to thirty times the memory of their text. A million failed seeds are a
# million commas; a text with more commas and brackets than this would need gigabytes and is no report.
VALUES_MAX = 2_500_000
DEPTH_MAX = 100  # the limit of Python's own parser differs between versions


class JsonError(ValueError):
    """Text that is not strict JSON. `line` counts from 1, None if unknown."""

    def __init__(self, expected: str, found: object, line: int | None = None) -> None:
        self.expected, self.found, self.line = expected, found, line
        super().__init__(f"expected {expected}, found {shown(found)}")


class JsonSyntaxError(JsonError):
    """Text that is not JSON at all, as opposed to JSON that we refuse."""


def strict_loads(data: bytes) -> Any:
    """Parse one JSON text.

    Raises:
        JsonSyntaxError: the bytes are not UTF-8 or not JSON.
        JsonError: they are JSON that we refuse.
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > VALUES_MAX:
        raise JsonError(f"at most {VALUES_MAX:,} values", Words("more"))
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise JsonSyntaxError("UTF-8 text", Words(f"the byte 0x{data[error.start]:02x}")) from None
    except json.JSONDecodeError as error:
        found = Words("its end") if error.pos >= len(text.rstrip()) else text[error.pos : error.pos + 60]
        raise JsonSyntaxError("JSON", found, error.lineno) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        if isinstance(error, JsonError):
            raise
        # Python refuses to convert integers of more than 4,300 digits.
        raise JsonError("a number below 2^64", Words("an integer of thousands of digits")) from None
    if data.count(b"[") + data.count(b"{") > DEPTH_MAX:
        _refuse_depth(value)
    if b"\\ud" in data or b"\\uD" in data:
        _refuse_lone_surrogates(value)
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonError("every key once", Words(f"the key {shown(twice)} twice"))
    return members


def _no_constant(name: str) -> NoReturn:
    raise JsonError("a finite number", Words(name))


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonError("a number that fits a double", Words(text[:40]))
    return value + 0.0  # -0.0 is 0


def _refuse_depth(value: Any) -> None:
    """Walk the value level by level: recursion could exhaust the stack."""
    level = [value]
    for _ in range(DEPTH_MAX):
        members = chain.from_iterable(node.values() if isinstance(node, dict) else node for node in level)
        level = [member for member in members if isinstance(member, dict | list)]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> JsonError:
    return JsonError(f"at most {DEPTH_MAX} levels", Words("nesting that is too deep"))


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise JsonError("whole characters", Words("half of a surrogate pair")) from None
