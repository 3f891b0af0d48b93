"""Compiles the templates of all Markdown pages: the image's build does it, so that no container has to.

python -m vopr_coverage.render.compiled
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import FileSystemBytecodeCache

from vopr_coverage.render.bytecode import STORED
from vopr_coverage.render.tiers import environment


def main(folder: Path = STORED) -> None:
    """Store the compiled templates in a folder, which is made."""
    folder.mkdir(exist_ok=True)
    compiling = environment().overlay(bytecode_cache=FileSystemBytecodeCache(str(folder)))
    for name in compiling.list_templates(filter_func=lambda name: name.endswith(".md.j2")):
        compiling.get_template(name)


if __name__ == "__main__":
    main()
