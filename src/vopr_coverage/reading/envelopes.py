"""The envelope of a record, `{data, timestamp, type}`: whether an object is one, and how it breaks the schema. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vopr_coverage.formats import schema as contract
from vopr_coverage.reading.shapes import fits

UINT64_MAX = (1 << 64) - 1


def looks_like_record(document: object) -> bool:
    """Whether a JSON value is an envelope `{data, timestamp, type}`, perhaps a broken one.

    Loggers also write objects with a `type` or with `data`: these are no envelopes.
    """
    if not isinstance(document, dict):
        return False
    if "data" in document:
        return "type" in document or document.keys() <= _ENVELOPE
    kind = document.get("type")
    return isinstance(kind, str) and kind in _KNOWN_KEYS


def problems(document: dict[str, Any]) -> list[contract.Problem]:
    """How an envelope breaks the schema; empty if it does not."""
    if fits(document):
        return []
    broken = contract.problems("stream", document, "record")
    if broken:
        return broken
    kind = document["type"]
    if kind == "iteration":
        broken = contract.problems("stream", document, "iteration")
        return broken or contract.problems("stream", document, f"iteration-{document['data']['status']}")
    if kind == "batch_complete":
        return contract.problems("stream", _without_clean_seeds(document), kind)
    return contract.problems("stream", document, kind) if kind in _KNOWN_KEYS else []


def _without_clean_seeds(document: dict[str, Any]) -> dict[str, Any]:
    """The record without its list of failed seeds, if that contains only seeds.

    The schema's validator takes ten seconds for a million items; this takes a tenth of a second.
    """
    seeds = document["data"].get("failed_seeds")
    clean = isinstance(seeds, list) and all(type(s) is int and 0 <= s <= UINT64_MAX for s in seeds)
    return {**document, "data": {**document["data"], "failed_seeds": []}} if clean else document


def _known_keys() -> dict[str, frozenset[str]]:
    definitions = contract.schema("stream")["$defs"]
    kinds = ("start", "iteration-ok", "iteration-failed", "batch_complete", "coverage_failures")
    return {kind: frozenset(definitions[kind]["properties"]["data"]["properties"]) for kind in kinds} | {
        "iteration": frozenset()
    }


_KNOWN_KEYS = _known_keys()
_ENVELOPE = frozenset({"data", "timestamp", "type"})


def unknown_keys(document: dict[str, Any]) -> Iterator[str]:
    """The keys of a valid envelope that the schema does not have."""
    kind, data = document["type"], document["data"]
    for key in document:
        if key not in _ENVELOPE:
            yield key
    if kind == "iteration":
        kind = f"iteration-{data['status']}"
    for key in data:
        if key not in _KNOWN_KEYS.get(kind, data):
            yield f"data.{key}"
