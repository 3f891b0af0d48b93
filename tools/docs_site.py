"""Builds the documentation as a site: build/site, from docs/ and the pages beside it.

    python tools/docs_site.py [--serve [PORT]]

The pages are copied to build/docs with their links led (tools/docs_pages.py), Zensical builds the site from them as
mkdocs.yml says, and the result is checked as a browser would read it (tools/docs_check.py). A warning is an error.
"""

from __future__ import annotations

import argparse
import http.server
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from tools.docs_check import problems
from tools.docs_pages import ROOT, BrokenLink, converted, images, pages

SOURCE, SITE = ROOT / "build" / "docs", ROOT / "build" / "site"
PORT = 8000


def write_sources(source: Path, root: Path = ROOT) -> None:
    """Write the pages and pictures as the site needs them into an empty folder."""
    shutil.rmtree(source, ignore_errors=True)
    for page, name in pages(root).items():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(converted((root / page).read_text(encoding="utf-8"), page, root), encoding="utf-8")
    for picture in images(root):
        target = source / picture.removeprefix("docs/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / picture, target)
    shutil.copytree(root / "tools" / "docs_theme", source / "assets")


def built() -> int:
    """Build and check the site; the exit code of Zensical, or 1 if something in the site is wrong."""
    try:
        write_sources(SOURCE)
    except BrokenLink as broken:
        print(broken, file=sys.stderr)
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    program = Path(sys.executable).with_name("zensical")
    ended = subprocess.run(  # noqa: S603 (a program of our own venv)
        [program, "build", "--strict", "--clean", "--config-file", str(ROOT / "mkdocs.yml")], check=False, cwd=ROOT
    )
    if ended.returncode:
        return 1
    wrong = problems(SITE)
    print("\n".join(wrong) or f"{SITE.relative_to(ROOT)}: {len(list(SITE.rglob('*.html')))} pages, no broken link")
    return 1 if wrong else 0


def serve(port: int) -> None:
    """Serve the site on this machine until Ctrl-C."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it)", flush=True)
        server.serve_forever()


def main() -> int:
    """Build, and serve if asked."""
    parser = argparse.ArgumentParser(description="Build the documentation as a site.")
    parser.add_argument("--serve", nargs="?", type=int, const=PORT, metavar="PORT", help=f"serve it, at {PORT}")
    asked = parser.parse_args()
    code = built()
    if code == 0 and asked.serve is not None:
        try:
            serve(asked.serve)
        except KeyboardInterrupt:
            print()
    return code


if __name__ == "__main__":
    sys.exit(main())
