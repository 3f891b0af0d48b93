"""Puts the images of all platforms under one index, and holds its digest against the one that `action.yml` names.

    python -m tools.release.index --out dist/image [--expect sha256:…] dist/image-amd64 dist/image-arm64

Prints `digest=…` and `ARCHITECTURE=…`, as a workflow takes outputs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.release.oci import join, platforms
from tools.release.source import ReleaseError


def held_against(digest: str, expected: str) -> None:
    """Nothing, if what was built here is what was promised.

    Raises:
        ReleaseError: it is something else.
    """
    if expected and digest != expected:
        raise ReleaseError(
            f"this source builds {digest}, and action.yml names {expected}: write the release commit again, from the "
            "digest that a dry run on its parent prints"
        )


def main(argv: list[str] | None = None) -> int:
    """Join, compare, print."""
    parser = argparse.ArgumentParser(description="Joins the images of all platforms.")
    parser.add_argument("parts", nargs="+", type=Path, metavar="LAYOUT")
    parser.add_argument("--out", type=Path, required=True, help="where the joined layout goes")
    parser.add_argument("--expect", default="", metavar="DIGEST", help="what the digest has to be; empty: anything")
    options = parser.parse_args(argv)
    try:
        digest = join(options.parts, options.out)
        held_against(digest, options.expect)
    except ReleaseError as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    print(f"digest={digest}")
    for architecture, each in platforms(options.out).items():
        print(f"{architecture}={each}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
