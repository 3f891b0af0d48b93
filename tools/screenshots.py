"""Takes the screenshots of the documentation: docs/images/*.png, in a headless Chromium.

    python tools/screenshots.py [NAME …]

Each picture shows a page that the tests hold current: an expected page of tests/golden as GitHub renders it, or the
page of an invented history. The picture carries the SHA-256 of this page (a tEXt chunk of PNG), so that a test without
a browser finds pictures of pages that have changed since. Needs Chromium, and a font with emoji.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import msgspec
from selenium import webdriver

from examples.trends_demo import invented
from tests.support.browsers import headless_chromium, resize, scheme
from tools.preview import COMMENT_WIDTH_PX, SUMMARY_WIDTH_PX, page_of
from vopr_coverage.cli import main as vopr_coverage
from vopr_coverage.errors import ExitCode

ROOT = Path(__file__).parents[1]
IMAGES, GOLDEN = ROOT / "docs" / "images", ROOT / "tests" / "golden"
BYTES_MAX = 150_000  # of a picture: a page with several still loads at once
KEY = b"source-sha256"
MARK = "✅"
LAST_NIGHT = date(2026, 11, 26)
NIGHTS_SHOWN = 150  # of the two years that are invented: the page of all of them takes seconds to draw
_SIGNATURE, _END = b"\x89PNG\r\n\x1a\n", b"IEND"


class Picture(NamedTuple):
    """What is photographed: the HTML of a page, and the size in CSS pixels; the height is the most that is shown."""

    page: Callable[[], str]
    width_px: int
    height_px: int


def golden(path: str, width_px: int, height_px: int) -> Picture:
    """An expected page of the tests, as GitHub shows it."""
    return Picture(lambda: page_of((GOLDEN / path).read_text(encoding="utf-8"), width_px), width_px + 120, height_px)


def trends_page() -> str:
    """The page of invented nights.

    Raises:
        RuntimeError: it was not written.
    """
    with tempfile.TemporaryDirectory() as folder:
        history, page = Path(folder, "trends.ndjson"), Path(folder, "page.html")
        first = (LAST_NIGHT - timedelta(days=NIGHTS_SHOWN - 1)).isoformat()
        chance = random.Random(1)  # noqa: S311 (figures of a demonstration)
        records = [record for record in invented(chance, LAST_NIGHT) if record.at >= first]
        history.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            ended = vopr_coverage(["trends", str(history), "--page", str(page)])
        if ended != ExitCode.PASSED:
            raise RuntimeError("the page of the history was not written")
        return page.read_text(encoding="utf-8")


PICTURES = {
    "summary-failed": golden("summary/failing-seeds.md", SUMMARY_WIDTH_PX, 1_000),
    "summary-passed": golden("summary/pass.md", SUMMARY_WIDTH_PX, 700),
    "comment": golden("comment/regression.md", COMMENT_WIDTH_PX, 900),
    "night": golden("night/three-causes.md", SUMMARY_WIDTH_PX, 1_000),
    "trends": Picture(trends_page, 1_200, 900),
}


def has_emoji() -> bool:
    """Whether a font of this machine has the marks of our pages; without one they would be empty boxes."""
    fontconfig = shutil.which("fc-list")
    if fontconfig is None:
        return False
    listed = subprocess.run(  # noqa: S603 (fontconfig's own program, our own words)
        [fontconfig, f":charset={ord(MARK):x}"], capture_output=True, check=True
    )
    return bool(listed.stdout.strip())


def digest(html: str) -> str:
    """The stamp of a page."""
    return hashlib.sha256(html.encode()).hexdigest()


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG file: type and data.

    Raises:
        ValueError: it is no PNG file.
    """
    if not png.startswith(_SIGNATURE):
        raise ValueError("expected a PNG file")
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def stamped(png: bytes, stamp: str) -> bytes:
    """The picture with this stamp and no other text."""
    kept = [(kind, data) for kind, data in chunks(png) if kind not in (b"tEXt", _END)]
    all_chunks = [*kept, (b"tEXt", KEY + b"\0" + stamp.encode()), (_END, b"")]
    written = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in all_chunks
    )
    return _SIGNATURE + b"".join(written)


def stamp_of(png: bytes) -> str | None:
    """The stamp of a picture; None if it has none."""
    texts = (data.partition(b"\0") for kind, data in chunks(png) if kind == b"tEXt")
    return next((text.decode("ascii") for key, _, text in texts if key == KEY), None)


def photograph(chrome: webdriver.Chrome, html: str, picture: Picture) -> bytes:
    """A picture of a page, no higher than the page is."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(html, encoding="utf-8")
        scheme(chrome, "light")
        chrome.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        resize(chrome, picture.width_px, picture.height_px)
        chrome.get(page.as_uri())
        drawn = "const done = arguments[0]; document.fonts.ready.then(() => setTimeout(done, 500))"
        chrome.execute_async_script(drawn)
        height = chrome.execute_script("return document.body.scrollHeight")
        clip = {"x": 0, "y": 0, "width": picture.width_px, "height": min(height, picture.height_px), "scale": 1}
        taken = chrome.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
    return stamped(base64.b64decode(taken["data"]), digest(html))


def main() -> int:
    """Take all pictures, or those that are named."""
    parser = argparse.ArgumentParser(description="Take the screenshots of the documentation.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(PICTURES)}; without: all")
    names = parser.parse_args().names or list(PICTURES)
    if unknown := set(names) - set(PICTURES):
        print(f"screenshots: expected {', '.join(PICTURES)}, found {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    if not has_emoji():
        print("screenshots: expected a font with emoji (Debian: fontconfig, fonts-noto-color-emoji)", file=sys.stderr)
        return 2
    with headless_chromium() as chrome:
        for name in names:
            png = photograph(chrome, PICTURES[name].page(), PICTURES[name])
            (IMAGES / f"{name}.png").write_bytes(png)
            print(f"docs/images/{name}.png: {len(png):,} bytes")
            if len(png) > BYTES_MAX:
                print(f"screenshots: expected at most {BYTES_MAX:,} bytes", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
