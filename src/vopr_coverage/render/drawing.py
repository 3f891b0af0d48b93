"""Vega, as the package vl-convert brings it: an extra, loaded only by those who draw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from vopr_coverage.errors import UsageError

VEGA_LITE = "6.1"


def _library() -> ModuleType:
    """The library.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise UsageError("pages and pictures need an extra of the package: pip install 'vopr-coverage[page]'") from None
    return vl_convert


def check_installed() -> None:
    """Ask for the library before there is anything to draw.

    Raises:
        UsageError: it is not installed.
    """
    _library()


def svg(spec: Mapping[str, Any]) -> str:
    """A chart as a picture. Nothing is fetched for it."""
    drawn: str = _library().vegalite_to_svg(dict(spec), vl_version=VEGA_LITE, allowed_base_urls=[])
    return drawn


def script(own: str) -> str:
    """Vega, Vega-Lite and Vega-Embed with a script of ours that uses them, as one script."""
    bundle: str = _library().javascript_bundle(own, vl_version=VEGA_LITE)
    return bundle


def inside_script(value: object) -> str:
    """A value as JSON that can stand inside an HTML script element: it neither ends it nor begins another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
