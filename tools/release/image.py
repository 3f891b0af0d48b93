"""Builds the image of this machine's platform into an OCI layout, the same bytes wherever and whenever it is built.

    python -m tools.release.image --out dist/image-amd64

buildah builds by the Dockerfile, skopeo fetches the base as its registry has it, and `seal.py` writes both anew. The
digest is printed last.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tools.release.oci import Layout
from tools.release.push import skopeo
from tools.release.seal import files_of, seal
from tools.release.source import IMAGE_SOURCES, ROOT, ReleaseError, epoch_of, homepage_of, run, version_of

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PASSED_ON = ("PIP_CERT", "PIP_INDEX_URL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def default_base(root: Path) -> str:
    """The base image of the Dockerfile, as a reference for skopeo."""
    found = re.search(r"^ARG BASE_IMAGE=(\S+)$", (root / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise ReleaseError("the Dockerfile has no BASE_IMAGE")
    name, _, digest = found[1].partition("@")
    return f"docker://docker.io/library/{name.partition(':')[0]}@{digest}"


def labels_of(root: Path) -> dict[str, str]:
    """What the image says about itself, all of it from the source."""
    said = {"source": homepage_of(root), "version": version_of(root), "licenses": "Apache-2.0"}
    return {f"org.opencontainers.image.{key}": value for key, value in said.items()}


def build(root: Path, base: str, out: Path, *, epoch: int, plain_http: bool = False) -> str:
    """Build the image of `root` on `base` into the layout `out`; return the digest of its manifest.

    Args:
        root: a folder with the sources of the image; it needs no git.
        base: the base image as skopeo names it, with its digest.
        out: a folder, which is replaced.
        epoch: the time of everything that is ours in it, in seconds since 1970.
        plain_http: whether the base's registry speaks plain HTTP, as one on loopback does.

    Raises:
        ReleaseError: the base has no digest, or a command fails.
    """
    base_digest = base.rpartition("@")[2]
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", base_digest):
        raise ReleaseError(f"the base {base} is named without a digest, so it may be another one tomorrow")
    # Not below /tmp where that is a memory disk: the files of a base are there three times.
    with tempfile.TemporaryDirectory(prefix="vopr-image-", dir=os.environ.get("RUNNER_TEMP")) as folder:
        home = Path(folder)
        fetched, built = home / "base", home / "built"
        insecure = ["--src-tls-verify=false"] if plain_http else []
        run([*skopeo(), "copy", "--quiet", *insecure, base, f"oci:{fetched}:base"])
        store = ["--root", str(home / "store"), "--runroot", str(home / "run")]
        line = ["buildah", *store, "bud", "--quiet", "--isolation", "chroot", "--format", "oci", "--layers=false"]
        # Relative, since buildah makes a name of the path, and a name has no folder like a runner's `_temp`.
        line += ["--timestamp", str(epoch), "--build-arg", f"BASE_IMAGE=oci:{fetched.name}:base"]
        line += [word for name in PASSED_ON if name in os.environ for word in ("--build-arg", name)]
        try:
            run([*line, "--tag", "vopr-coverage:built", str(root.resolve())], at=home)
            run(["buildah", *store, "push", "--quiet", "-D", "vopr-coverage:built", f"oci:{built}:built"])
        finally:
            shutil.rmtree(home / "store", ignore_errors=True)
        return seal(fetched, built, out, epoch=epoch, labels=labels_of(root), base_digest=base_digest)


def differences(first: Path, second: Path) -> list[str]:
    """The files of ours that two sealed images do not have alike."""
    one, other = files_of(first), files_of(second)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def main(argv: list[str] | None = None) -> int:
    """Build, and print the digest."""
    parser = argparse.ArgumentParser(description="Builds the image of this machine's platform.")
    parser.add_argument("--out", type=Path, help="where the layout goes (dist/image-ARCHITECTURE)")
    parser.add_argument("--base", help="another base image than the Dockerfile's, as skopeo names it, with its digest")
    parser.add_argument("--plain-http", action="store_true", help="the base's registry speaks plain HTTP")
    options = parser.parse_args(argv)
    out = options.out or ROOT / "dist" / f"image-{ARCHITECTURES[platform.machine()]}"
    try:
        epoch = epoch_of(ROOT, IMAGE_SOURCES)
        base = options.base or default_base(ROOT)
        digest = build(ROOT, base, out, epoch=epoch, plain_http=options.plain_http)
    except ReleaseError as error:
        print(f"there is no image: {error}", file=sys.stderr)
        return 1
    _, config = Layout(out).image()
    print(f"{out} is for {config['os']}/{config['architecture']}")
    print(digest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
