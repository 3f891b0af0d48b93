"""What `trends` draws of a history: a page, pictures, a badge."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from vopr_coverage.commands.output import write_asked_for
from vopr_coverage.errors import UsageError, printable
from vopr_coverage.runner.environment import Runner
from vopr_coverage.trends.history import TrendRecord

PICTURES_MAX = 100
_UNSAFE = re.compile(r"[^a-z0-9]+")


def add_drawings(parser: argparse.ArgumentParser) -> None:
    """The flags; what draws is the extra `page` of the package."""
    parser.add_argument("--page", metavar="OUT.html", help="also write the history as one page that opens offline")
    parser.add_argument("--svg", metavar="DIR", help="also write a picture per figure and workflow into this folder")
    parser.add_argument(
        "--badge", metavar="DIR",
        help="also write badge.json, for shields' endpoint, and badge.svg, which asks nobody, into this folder",
    )  # fmt: skip
    parser.add_argument(
        "--repository", metavar="URL",
        help="where the page finds runs and commits, such as https://github.com/ORG/REPO (default: on a runner its "
        "repository, else no links)",
    )  # fmt: skip


def check_drawings(arguments: argparse.Namespace) -> None:
    """Refuse what can't be drawn before anything is read.

    Raises:
        UsageError: the extra is not installed, or the address is none.
    """
    from vopr_coverage.render.trends_page import is_repository_url

    if arguments.repository and not is_repository_url(arguments.repository.rstrip("/")):
        raise UsageError("--repository: expected an address such as https://github.com/ORG/REPO")
    if arguments.page or arguments.svg:
        from vopr_coverage.render.drawing import check_installed

        check_installed()


def draw(arguments: argparse.Namespace, records: Sequence[TrendRecord], runner: Runner) -> list[str]:
    """Write what was asked for. Returns a line for each thing that was written.

    Raises:
        UsageError: it could not be written.
    """
    written = []
    if arguments.page:
        from vopr_coverage.render.trends_page import render_trends_page

        page = render_trends_page(records, _repository(arguments, runner))
        write_asked_for(Path(arguments.page), page.encode())
        written.append(f"page written to {printable(arguments.page)}: {len(page.encode()) / 1e6:.1f} MB")
    if arguments.svg:
        pictures = _pictures(records)
        for name, picture in pictures.items():
            write_asked_for(Path(arguments.svg, name), picture.encode())
        written.append(f"{len(pictures)} pictures written to {printable(arguments.svg)}")
    if arguments.badge:
        from vopr_coverage.render.badge import badge_json, badge_svg

        write_asked_for(Path(arguments.badge, "badge.json"), badge_json(records).encode())
        write_asked_for(Path(arguments.badge, "badge.svg"), badge_svg(records).encode())
        written.append(f"badge.json and badge.svg written to {printable(arguments.badge)}")
    return written


def _repository(arguments: argparse.Namespace, runner: Runner) -> str:
    from vopr_coverage.render.trends_page import is_repository_url

    if arguments.repository:
        return str(arguments.repository).rstrip("/")
    url = f"{runner.server_url}/{runner.repository}"
    return url if runner.repository and is_repository_url(url) else ""


def _pictures(records: Sequence[TrendRecord]) -> dict[str, str]:
    """A picture per figure and scenario, by file name; what workflows and scenarios are called is foreign."""
    from vopr_coverage.render.charts import picture_specs
    from vopr_coverage.render.drawing import svg

    found: dict[str, str] = {}
    for words, spec in picture_specs(records)[:PICTURES_MAX]:
        stem = (
            "-".join(
                part
                for word in words
                if (part := _UNSAFE.sub("-", word.lower().replace("%", "percent")).strip("-")[:60])
            )
            or "figure"
        )
        name, again = stem, 2
        while f"{name}.svg" in found:
            name, again = f"{stem}-{again}", again + 1
        found[f"{name}.svg"] = svg(spec)
    return found
