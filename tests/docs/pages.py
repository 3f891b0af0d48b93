"""The pages whose code is run or linted, and the code in them."""

from __future__ import annotations

from tests.support.markdown_blocks import ROOT, Block, Inline, blocks_of, inline_of, read_page

_PATTERNS = ("*.md", "docs/**/*.md", "examples/**/*.md", "tests/**/README.md", ".github/**/*.md")
PAGES = sorted({path.relative_to(ROOT).as_posix() for pattern in _PATTERNS for path in ROOT.glob(pattern)})
HISTORY = "CHANGELOG.md"  # tells of commands as they were
BLOCKS: list[Block] = [block for page in PAGES for block in blocks_of(read_page(page), page)]
INLINE: list[Inline] = [code for page in PAGES if page != HISTORY for code in inline_of(read_page(page), page)]
