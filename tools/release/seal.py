"""Makes an image that says nothing about when, where and with which version of the builder it was built.

A builder decides on the order of files in a layer, on compression, on its own marks and on leftovers such as an empty
`/etc/hosts`. All that is ours lies in one layer on top of the base. It is written again here: sorted, with one time and
one owner. Layers of the base stay as their registry has them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from tools.release.oci import CONFIG, LAYER, MANIFEST, Layout
from tools.release.source import ReleaseError

OURS = "opt/vopr-coverage"
REMOVED = ".wh."  # how a layer says that a file of the layers below is gone
LEFTOVERS = ("etc/hosts", "etc/resolv.conf", "etc/hostname", "run/.containerenv", "etc/mtab")
GZIP_MAGIC = b"\x1f\x8b"


def seal(base: Path, built: Path, out: Path, *, epoch: int, labels: dict[str, str], base_digest: str) -> str:
    """Write the built image anew; return the digest of its manifest.

    Args:
        base: the layout of the base image, one platform.
        built: the layout that the builder wrote: the base and one layer.
        out: the folder of the result.
        epoch: the time of all that is in it, in seconds since 1970.
        labels: the labels of the image.
        base_digest: the base's digest as the Dockerfile has it.

    Raises:
        ReleaseError: the image is not the base with one layer, or the layer has what no line of the Dockerfile wrote.
    """
    base_manifest, base_config = Layout(base).image()
    built_manifest, built_config = Layout(built).image()
    below = base_config["rootfs"]["diff_ids"]
    if built_config["rootfs"]["diff_ids"][: len(below)] != below or len(built_manifest["layers"]) != len(below) + 1:
        raise ReleaseError("the image is expected to be its base and one layer")
    sealed = Layout(out)
    sealed.create()
    for descriptor in base_manifest["layers"]:
        sealed.take(descriptor, Layout(base))
    plain = sealed_layer(unpacked(Layout(built).path(built_manifest["layers"][-1]["digest"]).read_bytes()), epoch)
    created = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    history = [*base_config.get("history", []), {"created": created, "created_by": "Dockerfile"}]
    config = {key: base_config[key] for key in ("architecture", "os", "variant") if base_config.get(key)} | {
        "created": created,
        "config": {**built_config["config"], "Labels": labels},
        "history": history,
        "rootfs": {"type": "layers", "diff_ids": [*below, f"sha256:{hashlib.sha256(plain).hexdigest()}"]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": sealed.put_json(config, CONFIG),
        "layers": [*base_manifest["layers"], sealed.put(packed(plain), LAYER)],
        "annotations": {"org.opencontainers.image.base.digest": base_digest},
    }
    top = sealed.put_json(manifest, MANIFEST)
    sealed.write_index(top)
    digest: str = top["digest"]
    return digest


def unpacked(layer: bytes) -> bytes:
    """A layer as a plain tar archive."""
    return gzip.decompress(layer) if layer.startswith(GZIP_MAGIC) else layer


def packed(plain: bytes) -> bytes:
    """The archive with gzip, without a time in its header."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=out, mtime=0) as file:
        file.write(plain)
    return out.getvalue()


def sealed_layer(plain: bytes, epoch: int) -> bytes:
    """The same files, sorted by name, of one time and of root.

    Raises:
        ReleaseError: a file that is neither ours nor a leftover of the builder, or a hard link.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(plain)) as old:
        entries = {entry.name.strip("/").removeprefix("./"): entry for entry in old.getmembers()}
        kept = {name for name in entries if _is_kept(name)}
        kept |= {str(parent) for name in kept for parent in PurePosixPath(name).parents} & entries.keys()
        for name in entries.keys() - kept:
            if not entries[name].isdir() and name not in LEFTOVERS:
                raise ReleaseError(f"the image has /{name}, which is neither ours nor the builder's")
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as new:
            for name in sorted(kept):
                entry = entries[name]
                if entry.islnk():
                    raise ReleaseError(f"/{name} is a hard link, which depends on the order of files")
                new.addfile(_plain(entry, name, epoch), old.extractfile(entry) if entry.isreg() else None)
    return out.getvalue()


def _is_kept(name: str) -> bool:
    return name == OURS or name.startswith(f"{OURS}/") or PurePosixPath(name).name.startswith(REMOVED)


def _plain(old: tarfile.TarInfo, name: str, epoch: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.size, entry.linkname = old.type, old.mode & 0o777, old.size, old.linkname
    entry.mtime = epoch
    return entry


def files_of(layout: Path) -> dict[str, Any]:
    """What is ours in a sealed image, by name: for tests, and to see what differs between two."""
    found = {}
    manifest, _ = Layout(layout).image()
    plain = unpacked(Layout(layout).path(manifest["layers"][-1]["digest"]).read_bytes())
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        for entry in archive.getmembers():
            file = archive.extractfile(entry) if entry.isreg() else None
            content = hashlib.sha256(file.read()).hexdigest() if file else entry.linkname
            found[entry.name] = (entry.mode, entry.mtime, content)
    return found
