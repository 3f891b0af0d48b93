"""Documents of ours as JSON text."""

from __future__ import annotations

import msgspec

from vopr_coverage.errors import encodable


def json_text(document: object) -> str:
    """A document as JSON, indented for people. Bytes of foreign names that are not UTF-8 become visible escapes."""
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_encodable(msgspec.to_builtins(document)))
    return msgspec.json.format(data, indent=2).decode() + "\n"


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {_encodable(key): _encodable(each) for key, each in value.items()}
    return [_encodable(each) for each in value] if isinstance(value, list | tuple) else value
