"""Fetches OSV's databases of all ecosystems, for audits without a network.

    python -m tools.audit.store FOLDER

Exit code 2 if one of them could not be fetched; what was there before stays.
"""

from __future__ import annotations

import argparse
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import IO

from tools.audit.ecosystems import ECOSYSTEMS, Ecosystem
from tools.audit.stored import Unusable, database_of, search

SERVER = "https://osv-vulnerabilities.storage.googleapis.com"
DOWNLOAD_BYTES_MAX = 1 << 30
TIMEOUT_S = 60


def save(answer: IO[bytes], path: Path) -> int:
    """Store a download, if it is whole and a zip; what was there before stays otherwise. Returns its size in bytes.

    Raises:
        Unusable: it is too large, or no zip.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part, size = path.with_name(f"{path.name}.part"), 0
    try:
        with part.open("wb") as file:
            while block := answer.read(1 << 20):
                size += len(block)
                if size > DOWNLOAD_BYTES_MAX:
                    raise Unusable(f"more than {DOWNLOAD_BYTES_MAX >> 20} MiB")
                file.write(block)
        if not zipfile.is_zipfile(part):
            raise Unusable("the answer is no zip")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return size


def fetch(ecosystem: Ecosystem, folder: Path, server: str) -> str:
    """Fetch one database; returns a line about it.

    Raises:
        OSError, Unusable: that cannot be done, or it has no records.
    """
    path = database_of(ecosystem, folder)
    # The address is ours, or the caller's.
    with urllib.request.urlopen(f"{server}/{ecosystem.name}/all.zip", timeout=TIMEOUT_S) as answer:  # noqa: S310
        size = save(answer, path)
    newest, _ = search(folder, ecosystem, ())
    return f"{path}: {size:,} bytes, newest record of {newest:%Y-%m-%d}"


def main(argv: list[str] | None = None) -> int:
    """Fetch them all; one that is not to be had does not stop the others."""
    parser = argparse.ArgumentParser(description="Fetches OSV's databases for audits without a network.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--server", default=SERVER, metavar="URL", help=f"default: {SERVER}")
    options = parser.parse_args(argv)
    code = 0
    for ecosystem in ECOSYSTEMS:
        try:
            print(fetch(ecosystem, options.folder, options.server))
        except (OSError, Unusable) as error:
            print(f"the database of {ecosystem.name} was not fetched: {error}", file=sys.stderr)
            code = 2
    return code


if __name__ == "__main__":
    sys.exit(main())
