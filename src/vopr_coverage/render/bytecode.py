"""Templates that were compiled beforehand, as `vopr_coverage.render.compiled` stores them."""

from __future__ import annotations

from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

STORED = Path(__file__).with_name("__pycache__")  # neither committed nor packed, as all that is compiled


class Compiled(FileSystemBytecodeCache):
    """Reads what is stored and stores nothing itself: who judges leaves the package as it is.

    jinja2 believes it only for the same version of Python and of its own, and the same text of the template.
    """

    def __init__(self, folder: Path = STORED) -> None:
        super().__init__(str(folder))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep nothing."""
