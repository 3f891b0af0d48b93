"""A sealed image depends on its files alone: not on their order, times, owners, or the builder's compression."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from tools.release.index import held_against
from tools.release.oci import CONFIG, LAYER, MANIFEST, Layout, join, platforms
from tools.release.seal import seal, unpacked
from tools.release.source import ROOT, ReleaseError

FILES = {"opt/vopr-coverage/a.py": b"a", "opt/vopr-coverage/b.py": b"b", "usr/lib/.wh.ensurepip": b""}


def archive(files: dict[str, bytes], *, time: int = 1, owner: int = 0) -> bytes:
    """A tar archive with these files in this order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.uid = len(content), time, owner
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def layout(home: Path, *layers: bytes, architecture: str = "amd64") -> Path:
    """An image of these layers."""
    one = Layout(home)
    one.create()
    ids = [f"sha256:{hashlib.sha256(unpacked(each)).hexdigest()}" for each in layers]
    config = {"architecture": architecture, "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ids}}
    descriptors = [one.put(each, LAYER) for each in layers]
    manifest = {"schemaVersion": 2, "config": one.put_json(config, CONFIG), "layers": descriptors}
    one.write_index(one.put_json(manifest, MANIFEST))
    return home


BASE = archive({"bin/sh": b"sh"})


def sealed(home: Path, layer: bytes, *, architecture: str = "amd64") -> str:
    """The digest of an image of this layer."""
    base = layout(home / "base", BASE, architecture=architecture)
    built = layout(home / "built", BASE, layer, architecture=architecture)
    return seal(base, built, home / "out", epoch=1_700_000_000, labels={}, base_digest="sha256:0")


def test_order_time_owner_compression_and_leftovers_do_not_matter(tmp_path: Path) -> None:
    """And a file's content does."""
    turned = dict(reversed(FILES.items())) | {"etc/hosts": b""}
    first = sealed(tmp_path, archive(FILES))
    assert sealed(tmp_path, gzip.compress(archive(turned, time=99, owner=7))) == first
    assert sealed(tmp_path, archive(FILES | {"opt/vopr-coverage/a.py": b"other"})) != first


def test_a_file_that_nobody_wrote_is_refused(tmp_path: Path) -> None:
    """It would be in the image and in no review."""
    with pytest.raises(ReleaseError, match="/etc/passwd, which is neither ours"):
        sealed(tmp_path, archive(FILES | {"etc/passwd": b"x"}))


def test_an_image_on_another_base_is_refused(tmp_path: Path) -> None:
    """The base is the one that the Dockerfile names."""
    base = layout(tmp_path / "base", archive({"bin/sh": b"other"}))
    built = layout(tmp_path / "built", BASE, archive(FILES))
    with pytest.raises(ReleaseError, match="its base and one layer"):
        seal(base, built, tmp_path / "out", epoch=1, labels={}, base_digest="sha256:0")


def test_platforms_are_joined_in_one_order(tmp_path: Path) -> None:
    """The digest of the index names both images, whichever was ready first."""
    for architecture in ("arm64", "amd64"):
        (tmp_path / architecture).mkdir()
        sealed(tmp_path / architecture, archive(FILES), architecture=architecture)
    parts = [tmp_path / architecture / "out" for architecture in ("arm64", "amd64")]
    assert join(parts, tmp_path / "one") == join(reversed(parts), tmp_path / "other")
    assert list(platforms(tmp_path / "one")) == ["amd64", "arm64"]
    with pytest.raises(ReleaseError, match="two images are for arm64"):
        join([parts[0], parts[0]], tmp_path / "twice")


def test_a_digest_that_this_source_does_not_build_is_refused() -> None:
    """A dry run expects none."""
    held_against("sha256:1", "")
    held_against("sha256:1", "sha256:1")
    with pytest.raises(ReleaseError, match=r"this source builds sha256:1, and action\.yml names sha256:2"):
        held_against("sha256:1", "sha256:2")


def test_the_image_has_the_locked_packages_without_cryptography() -> None:
    """Whoever locks anew locks both."""

    def packages(name: str) -> set[str]:
        lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line and line[0].isalnum()}

    left_out = packages("runtime.txt") - packages("image.txt")
    assert {name.partition("==")[0] for name in left_out} == {"cryptography"}
    assert packages("image.txt") < packages("runtime.txt")
