"""A badge of the newest night: as shields' endpoint wants it, and as a picture that asks nobody."""

from __future__ import annotations

import json
from collections.abc import Sequence

from markupsafe import escape

from vopr_coverage.trends.history import TrendRecord
from vopr_coverage.trends.series import ORDER, series_of

LABEL = "simulation"
NO_NIGHT = "no night"
COLOURS = {"passed": "brightgreen", "failed": "red", "incomplete": "orange", "error": "red"}
_HEX = {"brightgreen": "#2e7d32", "red": "#cf222e", "orange": "#9a6700", "lightgrey": "#59636e"}
CHARACTER = 6.6  # pixels, on average, of 11 px Verdana
MARGIN = 10


def message_of(records: Sequence[TrendRecord]) -> tuple[str, str]:
    """What the badge says, and its colour: the newest night's verdict, its day, and the lowest fault point coverage.

    The day stands there because a badge is read long after it was drawn.
    """
    workflows = series_of(records)
    if not workflows:
        return NO_NIGHT, "lightgrey"
    night = workflows[0].nights[-1]
    shares = [
        value
        for chart in workflows[0].charts
        for one in chart.series
        if chart.figure == ORDER[0] and (value := one.values[-1]) is not None
    ]
    covered = f", {int(min(shares) * 10) / 10:g} %" if shares else ""  # cut, so that 99.99 is not 100
    return f"{night.status}{covered}, {night.at[:10]}", COLOURS[night.status]


def badge_json(records: Sequence[TrendRecord]) -> str:
    """For https://img.shields.io/endpoint: its schema of version 1."""
    message, colour = message_of(records)
    badge = {"schemaVersion": 1, "label": LABEL, "message": message, "color": colour}
    return json.dumps(badge, indent=2) + "\n"


def badge_svg(records: Sequence[TrendRecord]) -> str:
    """The same as a picture, which a README can have without a request to anybody."""
    message, colour = message_of(records)
    left, right = (round(len(text) * CHARACTER) + 2 * MARGIN for text in (LABEL, message))
    said = escape(f"{LABEL}: {message}")
    texts = "".join(
        f'<text x="{middle}" y="14" textLength="{width - 2 * MARGIN}">{escape(text)}</text>'
        for text, middle, width in ((LABEL, left / 2, left), (message, left + right / 2, right))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{said}">'
        f"<title>{said}</title>"
        f'<rect width="{left + right}" height="20" rx="3" fill="{_HEX[colour]}"/>'
        f'<path fill="#3b4148" d="M3 0h{left - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z"/>'
        f'<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{texts}</g>'
        "</svg>\n"
    )
