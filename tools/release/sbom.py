"""What is in an image, as an SPDX document: written by Syft, and held against what we locked.

python -m tools.release.sbom --layout dist/image-amd64 --out dist/sbom-amd64.spdx.json
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.audit.model import Unanswered
from tools.audit.requirements import packages_of
from tools.release.oci import Layout
from tools.release.source import ROOT, ReleaseError, run, version_of

SPDX = "SPDX-2.3"
LOCK = ROOT / "requirements" / "image.txt"
# It asks for nothing outside, and lists packages: every file of a base image would make thousands of lines.
SETTINGS = {"SYFT_CHECK_FOR_APP_UPDATE": "false", "SYFT_FILE_METADATA_SELECTION": "none"}


def syft() -> str:
    """The program, beside our Python."""
    return str(Path(sys.executable).with_name("syft"))


def write(layout: Path, out: Path, program: str) -> int:
    """Write the document for one image; return how many packages are in it.

    Raises:
        ReleaseError: Syft fails, or the document lacks what is in the image.
    """
    digest = Layout(layout).top()["digest"]
    said = ["--source-name", "vopr-coverage", "--source-version", digest]
    run([program, "scan", f"oci-dir:{layout}", "--quiet", *said, "--output", f"spdx-json={out}"], os.environ | SETTINGS)
    document = json.loads(out.read_bytes())
    if wrong := list(problems(document, LOCK.read_text(encoding="utf-8"), digest)):
        raise ReleaseError(f"{out} is not complete: {'; '.join(wrong[:5])}")
    return len(document["packages"])


def problems(document: Any, lock: str, digest: str) -> Iterator[str]:
    """What the document lacks: the version of SPDX, the image, a locked package, or all packages of the base."""
    if document.get("spdxVersion") != SPDX:
        yield f"it is {document.get('spdxVersion')}, and not {SPDX}"
    packages = document.get("packages", [])
    if not any(package.get("versionInfo") == digest for package in packages):
        yield f"it is not about {digest}"
    found = {(_normal(package["name"]), package.get("versionInfo")) for package in packages if _is(package, "pypi")}
    try:
        locked = packages_of(lock, LOCK.name)
    except Unanswered as error:
        raise ReleaseError(str(error)) from None
    for name, version in locked:
        if (name, version) not in found:
            yield f"{name} {version} is locked, and not in it"
    if not any(_is(package, "deb") for package in packages):
        yield "it has no package of the base image"


def _is(package: Any, kind: str) -> bool:
    return any(each["referenceLocator"].startswith(f"pkg:{kind}/") for each in package.get("externalRefs", []))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(argv: list[str] | None = None) -> int:
    """Write it."""
    parser = argparse.ArgumentParser(description="Writes an SPDX document for an image.")
    parser.add_argument("--layout", type=Path, required=True, help="the image, as an OCI layout")
    parser.add_argument("--out", type=Path, required=True, help="the document")
    parser.add_argument("--program", default=syft(), help="Syft")
    options = parser.parse_args(argv)
    try:
        count = write(options.layout, options.out, options.program)
    except ReleaseError as error:
        print(f"no list of packages: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: {count} packages in the image of {version_of(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
