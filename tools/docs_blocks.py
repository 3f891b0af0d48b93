"""Blocks of the documentation: counts how each is held, and hands shell and workflows to their linters.

PYTHONPATH=. python tools/docs_blocks.py [--lint]
"""

from __future__ import annotations

import sys

from tests.docs.accounts import summary
from tests.docs.pages import BLOCKS


def main() -> int:
    """Print the counts; exit code 1 where a block is neither run nor linted nor excepted."""
    lines, lost = summary(BLOCKS)
    print("\n".join(lines + lost))
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
