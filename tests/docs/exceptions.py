"""Blocks that are held elsewhere, that are linted and not run, or that nothing reads: one row a case, with reasons."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tests.support.markdown_blocks import Block


class Row(NamedTuple):
    """The blocks of a page that begin so (of one language, if it is given), and why they are here.

    In ELSEWHERE, `how` says what the test does that `why` names.
    """

    page: str
    begins: str
    why: str
    language: str = ""
    how: Literal["run", "linted"] = "run"

    def matches(self, block: Block) -> bool:
        """Whether a block is one of these."""
        return (
            block.page == self.page
            and block.text.lstrip().startswith(self.begins)
            and self.language in ("", block.language)
        )


_FORMATS = "tests/integration/test_format_pages.py"
# Pages that tests elsewhere follow from the first block to the last: commands, saved files, and edits of the config.
FOLLOWED = {
    "docs/adopt.md": "tests/integration/test_adopt.py",
    "docs/confidence.md": "tests/integration/test_confidence_page.py",
    **{
        f"docs/formats/{name}.md": _FORMATS
        for name in ["antithesis", "foundationdb", "hypothesis", "jepsen", "p", "points", "simulation", "tigerbeetle"]
    },
}
_EMITTERS = "tests/emitters/test_readme.py"
ELSEWHERE = (
    Row("README.md", "$ vopr-coverage check combined=tests/data", "tests/integration/test_readme_demo.py", "text"),
    Row("docs/cli.md", "", "tests/unit/test_docs.py: it is generated from the help", "text", "linted"),
    *(
        Row("examples/emitters/README.md", "", _EMITTERS, language)
        for language in ("rust", "go", "cpp", "python", "ts")
    ),
)
_SETS_UP = "sets up the checkout in which the tests run"
# Commands that are linted and not run.
NOT_RUN = (
    Row("README.md", "$ make demo", _SETS_UP),
    Row("docs/README.md", "$ make demo", _SETS_UP),
    Row("docs/language-models.md", "$ vopr-coverage check night", "reads the files of a reader's night"),
    Row("docs/adopting.md", "$ make demo", _SETS_UP),
    Row("CONTRIBUTING.md", "$ make test", _SETS_UP),
    Row("tests/README.md", "$ make test", _SETS_UP),
    Row("docs/adopt.md", "git clone", "fetches this repository"),
    Row("docs/formats/points.md", "sort -u reached.log", "reads another project's log, and asks a server of gofail"),
    Row(
        "docs/own-machine.md",
        "systemctl",
        "starts a service; tests/e2e/test_systemd_units.py has systemd read its units",
    ),
    Row("docs/trends.md", "$ jq -r", "gnuplot is on few machines"),
    Row("docs/releasing.md", "$", "needs a release: a registry, a tag and its attestations"),
)
# Blocks that are neither run nor linted.
EXCEPTED = (
    Row("docs/architecture.md", "flowchart", "Mermaid has no parser without a browser; GitHub draws it"),
    Row("docs/own-machine.md", ".vopr-nights/", "a list of folders with comments", "text"),
)
