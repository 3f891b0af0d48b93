"""One line of what an Antithesis SDK writes where it runs by itself, and the properties that lines are about.

Source: files of the six SDKs. Lines are told apart by their keys; other keys may stand beside these.
"""

from __future__ import annotations

from sys import intern
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


class Place(Struct, gc=False):
    """Where a property stands in the source code, as far as the SDK knows: if it doesn't, it writes line 0."""

    file: str | None = None
    begin_line: int = 0


# gc=False: what is decoded refers to nothing that refers back; there are thousands of these in every file.
class Assertion(Struct, gc=False):
    """A declaration (`hit` is false) or an evaluation of a property. `condition` is whatever the program passed."""

    hit: bool
    must_hit: bool
    assert_type: str
    message: str
    condition: Any
    id: str
    location: Place | None = None

    @property
    def kind(self) -> Kind | None:
        """What kind of property it is; None is one that no SDK has."""
        return _KINDS.get((self.assert_type, self.must_hit))

    @property
    def names(self) -> tuple[str, str]:
        """Id and message, as texts that all files about one program share: there may be thousands of both."""
        return intern(self.id), intern(self.message)

    @property
    def place(self) -> tuple[str, int] | None:
        """File and line, None if unknown. The file is a shared text, too."""
        at = self.location
        return (intern(at.file), at.begin_line) if at and at.file is not None and at.begin_line > 0 else None


class _OddAssertion(Assertion):
    """The same with a location of any kind: other tools write what they like there."""

    location: Any = None


class SdkLine(Struct, gc=False):
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


class PlainLine(Struct, gc=False):
    """The lines that are nearly all there are, decoded at once; a line of any other shape is neither."""

    antithesis_assert: Assertion | UnsetType = UNSET
    antithesis_guidance: Raw | UnsetType = UNSET


KEYS = SdkLine.__struct_fields__

decode_plain = msgspec.json.Decoder(PlainLine).decode
decode_line = msgspec.json.Decoder(SdkLine).decode
_decode_odd = msgspec.json.Decoder(_OddAssertion).decode
decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def decode_assertion(value: bytes) -> Assertion:
    """Decode an assertion with a location of any kind: one that names no line is none.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: as the decoder.
    """
    odd = _decode_odd(value)
    try:
        location = msgspec.convert(odd.location, Place | None)
    except msgspec.ValidationError:
        location = None
    return msgspec.structs.replace(odd, location=location)


def looks_like_antithesis(document: object) -> bool:
    """Whether a JSON value is a line of an SDK."""
    return isinstance(document, dict) and any(key in document for key in KEYS)
