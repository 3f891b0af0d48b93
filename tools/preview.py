"""A job summary or a comment as a reader meets it: a verdict file through GitHub's own Markdown renderer, in a page.

    python tools/preview.py VERDICT.json [--comment] [--out page.html] [--screenshot page.png]

A Markdown file (`.md`), such as the summary of a night, is shown as it is. With `--comment` it is the
pull-request comment, as wide as GitHub shows one; its commit and links are samples that lead nowhere. GitHub
renders with cmark-gfm and then turns `> [!WARNING]` into an alert; its looks are approximated here.
Needs the packages of `make test`; the screenshot needs Chromium.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

from vopr_coverage.errors import UserError
from vopr_coverage.model.verdict import Verdict, verdict_from_json
from vopr_coverage.render.budget import (
    COMMENT_CHARACTERS_MAX,
    COMMENT_CHARACTERS_MIN,
    SUMMARY_BYTES_MAX,
    SUMMARY_BYTES_MIN,
)
from vopr_coverage.render.check import render_check_markdown
from vopr_coverage.render.comment import About, render_comment

WIDTH_PX = 1_100
SUMMARY_WIDTH_PX, COMMENT_WIDTH_PX = 980, 780
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
RUN = "https://github.example/owner/project/actions/runs/17"
SAMPLE = About(
    marker="<!-- vopr-coverage: a sample -->",
    sha="0123456789abcdef0123456789abcdef01234567",
    run_url=RUN,
    summary_url=f"{RUN}#summary-3",
)

STYLE = """
body { margin: 0; background: #f6f8fa; }
main { max-width: WIDTHpx; margin: 16px auto; padding: 20px 28px; background: #fff; border: 1px solid #d1d9e0;
  border-radius: 6px; font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, "DejaVu Sans",
  "Noto Color Emoji", sans-serif; color: #1f2328; overflow-wrap: break-word; }
h2, h3 { margin: 24px 0 16px; font-weight: 600; line-height: 1.25; }
h2 { padding-bottom: .3em; font-size: 1.5em; border-bottom: 1px solid #d1d9e0b3; } h3 { font-size: 1.25em; }
h4 { margin: 24px 0 16px; font-size: 1em; } main > :first-child { margin-top: 0; }
p, ul, ol, table, pre, blockquote, details { margin: 0 0 16px; } ul { padding-left: 2em; }
li > ul { margin: 0; } li + li { margin-top: .25em; }
code { padding: .2em .4em; font: 85% ui-monospace, "DejaVu Sans Mono", monospace; background: #818b981f;
  border-radius: 6px; white-space: break-spaces; }
pre { padding: 16px; overflow: auto; background: #f6f8fa; border-radius: 6px; font-size: 85%; line-height: 1.45; }
a { color: #0969da; text-decoration: none; }
pre code { padding: 0; font-size: 100%; background: none; white-space: pre; }
table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; } th { font-weight: 600; }
tr { border-top: 1px solid #d1d9e0b3; } tr:nth-child(2n) { background: #f6f8fa; }
blockquote { padding: 0 1em; color: #59636e; border-left: .25em solid #d1d9e0; }
.alert { padding: 8px 16px; border-left: .25em solid #9a6700; } .alert > :last-child { margin-bottom: 0; }
.alert-title { margin-bottom: 8px; color: #9a6700; font-weight: 500; } .alert.NOTE { border-color: #0969da; }
.alert.NOTE .alert-title { color: #0969da; } summary { cursor: pointer; } sub { font-size: 75%; }
details > :not(summary):first-of-type { margin-top: 16px; }
"""

DARK = """
body { background: #010409; } main { color: #f0f6fc; background: #0d1117; border-color: #3d444d; }
h2 { border-color: #3d444db3; }
a { color: #4493f8; } code { background: #656c7633; } pre { background: #151b23; }
th, td { border-color: #3d444d; } tr { border-color: #3d444db3; } tr:nth-child(2n) { background: #151b23; }
blockquote { color: #9198a1; }
"""

_ALERT = re.compile(r"<blockquote>\s*<p>\[!(WARNING|NOTE)\](?:<br />)?\s*(?:</p>)?(.*?)</blockquote>", re.DOTALL)


def markdown_of(verdict: Verdict, budget: int | None, *, comment: bool) -> str:
    """The comment with sample links, or the job summary; `budget` in what either counts, None for all there is."""
    if comment:
        return render_comment(verdict, SAMPLE, max(budget or COMMENT_CHARACTERS_MAX, COMMENT_CHARACTERS_MIN))
    return render_check_markdown(verdict, max(budget or SUMMARY_BYTES_MAX, SUMMARY_BYTES_MIN))


def page_of(markdown: str, width_px: int = SUMMARY_WIDTH_PX, *, unfolded: bool = False, dark: bool = False) -> str:
    """An HTML page of the Markdown; `unfolded` opens every <details>, `dark` is GitHub's dark theme."""
    body = cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
    body = _ALERT.sub(
        lambda found: f'<div class="alert {found[1]}"><p class="alert-title">{found[1].title()}</p>{found[2]}</div>',
        body,
    )
    if unfolded:
        body = body.replace("<details>", "<details open>")
    style = STYLE.replace("WIDTH", str(width_px)) + (DARK if dark else "")
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>preview</title>'
        f"<style>{style}</style></head><body><main>{body}</main></body></html>"
    )


def take_screenshot(page: Path, image: Path, height_px: int) -> None:
    """Photograph a page in headless Chromium.

    Raises:
        UserError: there is no browser, or it took no picture.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise UserError(f"a screenshot needs one of {', '.join(BROWSERS)}; --out needs none")
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        size = f"--window-size={WIDTH_PX},{height_px}"
        ended = subprocess.run(  # noqa: S603 (a browser from PATH, our own flags)
            [browser, *flags, size, f"--screenshot={image.resolve()}", page.resolve().as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if ended.returncode or not image.exists():
        raise UserError(f"{browser} took no picture: {ended.stderr.strip()[-400:]}")


def main() -> int:
    """Render one verdict file; without options print the page."""
    parser = argparse.ArgumentParser(description="Show a job summary or a comment as GitHub would.")
    parser.add_argument("verdict", type=Path, metavar="VERDICT.json")
    parser.add_argument("--comment", action="store_true", help="the pull-request comment instead of the summary")
    parser.add_argument("--out", type=Path, metavar="PAGE.html", help="write the page here")
    parser.add_argument("--screenshot", type=Path, metavar="PAGE.png", help="photograph it in headless Chromium")
    parser.add_argument("--height", type=int, default=2_400, metavar="PX", help="of the window (default: 2400)")
    parser.add_argument("--budget", type=int, metavar="N", help="bytes of a summary, characters of a comment")
    parser.add_argument("--unfold", action="store_true", help="open every <details>")
    parser.add_argument("--dark", action="store_true", help="in GitHub's dark theme")
    asked = parser.parse_args()
    try:
        if asked.verdict.suffix == ".md":
            markdown = asked.verdict.read_text(encoding="utf-8")
        else:
            verdict = verdict_from_json(asked.verdict.read_bytes(), str(asked.verdict))
            markdown = markdown_of(verdict, asked.budget, comment=asked.comment)
        width_px = COMMENT_WIDTH_PX if asked.comment else SUMMARY_WIDTH_PX
        page = page_of(markdown, width_px, unfolded=asked.unfold, dark=asked.dark)
        if asked.out:
            asked.out.write_text(page, encoding="utf-8")
        if asked.screenshot:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "page.html")
                file.write_text(page, encoding="utf-8")
                take_screenshot(file, asked.screenshot, asked.height)
        if not asked.out and not asked.screenshot:
            sys.stdout.write(page)
    except (UserError, OSError, subprocess.TimeoutExpired) as error:
        print(f"preview: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
