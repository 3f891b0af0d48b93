"""Templates that were compiled beforehand: the image's build does it, so that no container has to.

    python -m vopr_coverage.render.compiled

jinja2 believes what is stored only for the same version of Python and of its own, and the same text of the template.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

STORED = Path(__file__).with_name("templates") / "__pycache__"  # neither committed nor packed, as all that is compiled


class Compiled(FileSystemBytecodeCache):
    """Reads what `main` has stored and stores nothing itself: who judges leaves the package as it is."""

    def __init__(self, folder: Path = STORED) -> None:
        super().__init__(str(folder))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep nothing."""


def main(folder: Path = STORED) -> None:
    """Compile the templates of all Markdown pages into a folder, which is made."""
    from vopr_coverage.render.tiers import environment  # it needs this module

    folder.mkdir(exist_ok=True)
    compiling = environment().overlay(bytecode_cache=FileSystemBytecodeCache(str(folder)))
    for name in compiling.list_templates(filter_func=lambda name: name.endswith(".md.j2")):
        compiling.get_template(name)


if __name__ == "__main__":
    main()
