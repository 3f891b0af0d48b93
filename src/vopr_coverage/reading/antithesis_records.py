"""One line of what an Antithesis SDK writes where it runs by itself, and the properties that lines are about.

Source: files of the six SDKs. Lines are told apart by their keys; other keys may stand beside these.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

Kind = Literal["always", "always or unreachable", "sometimes", "reachable", "unreachable"]
_KINDS: dict[tuple[str, bool], Kind] = {
    ("always", True): "always",
    ("always", False): "always or unreachable",
    ("sometimes", True): "sometimes",
    ("reachability", True): "reachable",
    ("reachability", False): "unreachable",
}


class Place(Struct):
    """Where a property stands in the source code, as far as the SDK knows."""

    file: str = ""
    begin_line: int = 0


class Assertion(Struct):
    """A declaration (`hit` is false) or an evaluation of a property. `condition` is whatever the program passed."""

    hit: bool
    must_hit: bool
    assert_type: str
    message: str
    condition: Any
    id: str
    location: Any = None

    @property
    def kind(self) -> Kind | None:
        """What kind of property it is; None is one that no SDK has."""
        return _KINDS.get((self.assert_type, self.must_hit))

    @property
    def place(self) -> tuple[str, int] | None:
        """File and line, None if unknown: an SDK that doesn't know them writes line 0."""
        if not isinstance(self.location, dict):
            return None
        file, line = self.location.get("file"), self.location.get("begin_line")
        known = isinstance(file, str) and isinstance(line, int) and line > 0
        return (file, line) if known else None  # type: ignore[return-value]


class SdkLine(Struct):
    """The keys that matter. A line with none of them is an event of the program's own."""

    antithesis_assert: Raw | UnsetType = UNSET
    antithesis_sdk: Raw | UnsetType = UNSET
    antithesis_setup: Raw | UnsetType = UNSET
    antithesis_guidance: Raw | UnsetType = UNSET
    antithesis_error: Raw | UnsetType = UNSET
    antithesis_warning: Raw | UnsetType = UNSET

    @property
    def is_known(self) -> bool:
        """Whether an SDK wrote it."""
        return any(getattr(self, name) is not UNSET for name in self.__struct_fields__)


KEYS = SdkLine.__struct_fields__

decode_line = msgspec.json.Decoder(SdkLine).decode
decode_assertion = msgspec.json.Decoder(Assertion).decode
decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def looks_like_antithesis(document: object) -> bool:
    """Whether a JSON value is a line of an SDK."""
    return isinstance(document, dict) and any(key in document for key in KEYS)
