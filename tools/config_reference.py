"""Writes docs/config-keys.md from the JSON Schema of the config: every key, its value, its default and its meaning.

python tools/config_reference.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.reference_tables import cell, code, row
from vopr_coverage.formats.schema import schema

PAGE = Path(__file__).parents[1] / "docs" / "config-keys.md"
INTRODUCTION = """# Keys of the config

<!-- Written by tools/config_reference.py from the schema of the config: `make generate`. -->

Every key of `.github/vopr-coverage.yml`, as the schema describes it. [config.md](config.md) explains how they act
together. All keys are optional, unless a table says that they are required. `vopr-coverage schema config` prints the
schema.
"""
PARTS = (
    ("A scenario", "scenario", "Each entry of `scenarios`. A bound that is not set here is that of the top level."),
    ("A canary", "canary", "Each entry of `canaries`. At least one of the detectors is needed."),
    ("Where a canary was seen", "seen", "The value of `seen`."),
    ("A night", "night", "The value of `night`."),
)
OF_THE_PROFILE = "the profile's"
# What the code does without a key; a test holds the names, and config.md has the same in its words.
DEFAULTS = {
    "profile": "`default`",
    "fault_point_coverage_min": OF_THE_PROFILE,
    "critical_fault_points": OF_THE_PROFILE,
    "required_invariants": OF_THE_PROFILE,
    "min_view_changes": OF_THE_PROFILE,
    "min_repairs": OF_THE_PROFILE,
    "min_unique_query_plans": OF_THE_PROFILE,
    "min_phase_events": OF_THE_PROFILE,
    "invariant_coverage_min": "`general`: 1.0, else off",
    "format": "whichever the content shows",
    "declared": "none",
    "complete_when": "none",
    "fault_points": "those that a stream lists",
    "points": "`.github/vopr-points.json`, if it exists",
    "attempt_only": "VOPR's own five, with a warning",
    "aliases": "none",
    "on_not_measured": "`fail`",
    "repro": "the recorded command, else VOPR's",
    "scenarios": "none",
    "canaries": "VOPR's own five",
    "night": "none",
}


def reference() -> str:
    """The whole page."""
    whole = schema("config")
    lines = [INTRODUCTION, *table(whole, whole, DEFAULTS)]
    for title, name, about in PARTS:
        lines += ["", f"## {title}", "", about, "", *table(whole["$defs"][name], whole, None)]
    return "\n".join(lines) + "\n"


def table(part: Mapping[str, Any], whole: Mapping[str, Any], defaults: Mapping[str, str] | None) -> Iterator[str]:
    """The keys of one object; with a column for what holds without them where `defaults` are given."""
    yield row("key", "value", "default", "meaning") if defaults is not None else row("key", "value", "meaning")
    yield "|---|---|---|---|" if defaults is not None else "|---|---|---|"
    for name, described in part["properties"].items():
        resolved = {**definition(described, whole), **described}
        key = f"{code(name)} (required)" if name in part.get("required", ()) else code(name)
        default = [] if defaults is None else [defaults.get(name, "off")]
        yield row(key, cell(resolved["title"]), *default, cell(resolved.get("description", "")))


def definition(described: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a `$ref` leads to; nothing where there is none."""
    reference_to = described.get("$ref", "")
    found: Mapping[str, Any] = whole["$defs"][reference_to.rsplit("/", 1)[1]] if reference_to else {}
    return found


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8", newline="\n")
