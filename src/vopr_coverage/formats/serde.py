"""JSON for the types of the seed document, as Rust's serde would read and write it.

Reading refuses missing keys, wrong types, duplicate keys and numbers out of range, and ignores
unknown keys. Writing keeps the order of the fields and adds no spaces.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, ClassVar, Self

import msgspec

from vopr_coverage.errors import ManyErrors, ReportError
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.strict_json import JsonError, strict_loads


class Serde:
    """Mixin for dataclasses whose JSON form is one of our schemas."""

    __slots__ = ()
    schema_name: ClassVar[str]
    schema_definition: ClassVar[str] = ""

    def to_json(self) -> str:
        """This value as compact JSON, keys in declaration order."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))  # type: ignore[call-overload]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ReportError, ManyErrors: the text violates the schema; each error has a JSON pointer.
        """
        try:
            document: Any = strict_loads(text.encode("utf-8", "surrogatepass"))
        except JsonError as error:
            raise ReportError(cls.__name__, "", expected=error.expected, found=error.found) from None
        broken = contract.problems(cls.schema_name, document, cls.schema_definition)
        if broken:
            raise ManyErrors(
                [ReportError(cls.__name__, f"#{p.pointer}", expected=p.expected, found=p.found) for p in broken]
            )
        return msgspec.convert(document, cls)
