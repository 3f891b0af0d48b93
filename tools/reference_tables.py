"""Tables of the pages that are written from what the program knows."""

from __future__ import annotations


def row(*cells: str) -> str:
    """One row."""
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def code(text: str) -> str:
    """Text as code in a table's cell."""
    return f"`{text}`".replace("|", "\\|")


def cell(text: str) -> str:
    """Prose in a table's cell: one line, and nothing in it is a tag or ends the cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
