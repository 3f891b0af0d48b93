"""Images on disk, as the OCI image layout has them: an index, and blobs named by their SHA-256."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.release.source import ReleaseError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Layout:
    """One folder with one image."""

    home: Path

    def create(self) -> None:
        """An empty layout, in place of whatever is there."""
        shutil.rmtree(self.home, ignore_errors=True)
        (self.home / "blobs" / "sha256").mkdir(parents=True)
        (self.home / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}', encoding="utf-8")

    def path(self, digest: str) -> Path:
        """Where a blob is."""
        return self.home / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def put(self, content: bytes, media_type: str) -> dict[str, Any]:
        """Write a blob; return its descriptor."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.path(digest).write_bytes(content)
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def put_json(self, document: object, media_type: str) -> dict[str, Any]:
        """Write a document as a blob, always in the same spelling."""
        return self.put(json.dumps(document, sort_keys=True, separators=(",", ":")).encode(), media_type)

    def take(self, descriptor: dict[str, Any], other: Layout) -> None:
        """Copy a blob from another layout.

        Raises:
            ReleaseError: it is not what its digest says.
        """
        content = other.path(descriptor["digest"]).read_bytes()
        if self.put(content, descriptor["mediaType"])["digest"] != descriptor["digest"]:
            raise ReleaseError(f"{other.home} has a blob that is not {descriptor['digest']}")

    def read_json(self, digest: str) -> Any:
        """A blob that is a document."""
        return json.loads(self.path(digest).read_bytes())

    def write_index(self, descriptor: dict[str, Any]) -> None:
        """Say which manifest the layout is of."""
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor]}
        (self.home / "index.json").write_text(json.dumps(index, sort_keys=True), encoding="utf-8")

    def top(self) -> dict[str, Any]:
        """The descriptor of what the layout is of.

        Raises:
            ReleaseError: it has none, or several.
        """
        try:
            found: list[dict[str, Any]] = json.loads((self.home / "index.json").read_bytes())["manifests"]
        except (OSError, ValueError, KeyError) as error:
            raise ReleaseError(f"{self.home} is no image layout: {error}") from None
        if len(found) != 1:
            raise ReleaseError(f"{self.home} has {len(found)} images, and one is expected")
        return found[0]

    def image(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Manifest and config of the one image in it."""
        manifest = self.read_json(self.top()["digest"])
        return manifest, self.read_json(manifest["config"]["digest"])


def join(parts: Iterable[Path], out: Path) -> str:
    """Put images of several platforms under one index; return its digest, which names them all.

    Raises:
        ReleaseError: a part is no layout of one image, or two are for one platform.
    """
    joined = Layout(out)
    joined.create()
    found: dict[str, dict[str, Any]] = {}
    for part in map(Layout, parts):
        manifest, config = part.image()
        for descriptor in (part.top(), manifest["config"], *manifest["layers"]):
            joined.take(descriptor, part)
        platform = {key: config[key] for key in ("architecture", "os", "variant") if config.get(key)}
        name = platform["architecture"]
        if name in found:
            raise ReleaseError(f"two images are for {name}")
        found[name] = {key: part.top()[key] for key in ("mediaType", "digest", "size")} | {"platform": platform}
    if not found:
        raise ReleaseError("there is no image to join")
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [found[name] for name in sorted(found)]}
    top = joined.put_json(index, INDEX)
    joined.write_index(top)
    digest: str = top["digest"]
    return digest


def platforms(joined: Path) -> dict[str, str]:
    """The digest of each platform's image in a joined layout, by its architecture."""
    layout = Layout(joined)
    index = layout.read_json(layout.top()["digest"])
    return {each["platform"]["architecture"]: each["digest"] for each in index["manifests"]}
