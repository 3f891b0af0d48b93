"""Builds the wheel and the source archive, the same bytes wherever and whenever they are built.

    python -m tools.release.dists --out dist/packages

They are built twice, the second time from a copy with other times and modes, and compared.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tools.release.source import (
    PACKAGE_SOURCES,
    ROOT,
    ReleaseError,
    copy_with_other_times_and_modes,
    epoch_of,
    run,
)

BUILD = "import sys; from flit_core import buildapi as b; print(b.build_wheel(sys.argv[1]), b.build_sdist(sys.argv[1]))"


def build(root: Path, out: Path, epoch: int) -> dict[str, str]:
    """Build both from the files in `root`; return their SHA-256 by file name.

    Args:
        root: a folder with the sources of the package; it needs no git.
        out: a folder, which is replaced.
        epoch: the time of everything in the archives, in seconds since 1970.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    code = f"import os; os.chdir({str(root)!r}); {BUILD}"
    run([sys.executable, "-c", code, str(out.resolve())], env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch)})
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())}


def build_twice(root: Path, out: Path) -> dict[str, str]:
    """Build both twice, and return their SHA-256.

    Raises:
        ReleaseError: the second build differs from the first.
    """
    epoch = epoch_of(root, PACKAGE_SOURCES)
    first = build(root, out, epoch)
    with tempfile.TemporaryDirectory(prefix="vopr-packages-") as folder:
        copy = Path(folder) / "copy"
        copy_with_other_times_and_modes(root, copy, PACKAGE_SOURCES)
        second = build(copy, Path(folder) / "out", epoch)
    if first != second:
        raise ReleaseError(f"two builds of the same source differ: {first} and {second}")
    return first


def main(argv: list[str] | None = None) -> int:
    """Build, compare, and print the digests."""
    parser = argparse.ArgumentParser(description="Builds the wheel and the source archive.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "packages")
    options = parser.parse_args(argv)
    try:
        for name, digest in build_twice(ROOT, options.out).items():
            print(f"{digest}  {name}")
    except ReleaseError as error:
        print(f"no packages: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
