"""The image of a release: it says nothing of its builder, is never replaced, and its list of packages is complete."""

from __future__ import annotations

import io
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tools.release import push, sbom
from tools.release.image import default_base
from tools.release.index import main as join_main
from tools.release.oci import CONFIG, LAYER, MANIFEST, Layout
from tools.release.rehearsal import Pulled, hold
from tools.release.seal import packed, seal, sealed_layer
from tools.release.source import ROOT, ReleaseError

DIGEST = "sha256:" + "1" * 64
OTHER = "sha256:" + "2" * 64
OURS = "opt/vopr-coverage/entrypoint.py"


# ---- images


def layer(*files: tuple[str, bytes], mtime: int = 5, mode: int = 0o644, uid: int = 0) -> bytes:
    """A layer with these files, in this order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode, entry.uid = len(content), mtime, mode, uid
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def image(home: Path, layers: list[bytes], architecture: str = "amd64") -> Path:
    """A layout with these layers."""
    layout = Layout(home)
    layout.create()
    plain = [layout.put(each, "application/octet-stream")["digest"] for each in layers]
    config = {"architecture": architecture, "os": "linux", "config": {"Cmd": ["x"]}, "rootfs": {"diff_ids": plain}}
    manifest = {
        "mediaType": MANIFEST,
        "config": layout.put_json(config, CONFIG),
        "layers": [layout.put(packed(each), LAYER) for each in layers],
    }
    layout.write_index(layout.put_json(manifest, MANIFEST))
    return home


def sealed(home: Path, ours: bytes, *, below: bytes = b"base", epoch: int = 7) -> str:
    """The digest of base and one layer, sealed."""
    base, built = image(home / "base", [below]), image(home / "built", [below, ours])
    return seal(base, built, home / "out", epoch=epoch, labels={"a": "b"}, base_digest=DIGEST)


def test_content_modes_time_and_base_change_the_digest(tmp_path: Path) -> None:
    """Whatever a user would get differently."""
    digests = {
        sealed(tmp_path / "a", layer((OURS, b"x"))),
        sealed(tmp_path / "b", layer((OURS, b"y"))),
        sealed(tmp_path / "c", layer((OURS, b"x"), mode=0o755)),
        sealed(tmp_path / "d", layer((OURS, b"x")), epoch=8),
        sealed(tmp_path / "e", layer((OURS, b"x")), below=b"other"),
    }
    assert len(digests) == 5


def test_a_removed_file_stays_removed() -> None:
    """It is a mark in the layer; without it pip would be back."""
    with tarfile.open(fileobj=io.BytesIO(sealed_layer(layer(("usr/bin/.wh.pip", b"")), 1))) as archive:
        assert archive.getnames() == ["usr/bin/.wh.pip"]


def test_what_was_built_has_to_be_what_action_yml_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another digest is no release; a dry run, which has none yet, prints it."""
    words = ["--out", str(tmp_path / "joined"), str(image(tmp_path / "amd", [b"1"]))]
    assert join_main(words) == 0
    digest = capsys.readouterr().out.splitlines()[0].removeprefix("digest=")
    assert join_main(["--expect", digest, *words]) == 0
    assert join_main(["--expect", OTHER, *words]) == 1
    assert f"this source builds {digest}, and action.yml names {OTHER}" in capsys.readouterr().err


def a_skopeo(folder: Path, monkeypatch: pytest.MonkeyPatch, there: str, then: str) -> None:
    """A skopeo whose registry has one digest before a copy, and another one after it."""
    lines = (
        f"import pathlib, sys; done = pathlib.Path({str(folder / 'done')!r})",
        "done.touch() if 'copy' in sys.argv else None",
        f"found = {then!r} if done.exists() else {there!r}",
        "sys.exit('manifest unknown') if not found and 'copy' not in sys.argv else print(found)",
    )
    program = folder / "skopeo"
    program.write_text("\n".join((f"#!{sys.executable}", *lines)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.parametrize(("there", "then"), [("", "ours"), ("ours", "ours")])
def test_a_push_ends_with_what_the_registry_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, then: str
) -> None:
    """Also when a release is started again after it was pushed."""
    digest = Layout(image(tmp_path / "image", [b"1"])).top()["digest"]
    a_skopeo(tmp_path, monkeypatch, there and digest, then and digest)
    assert push.push(tmp_path / "image", "a/b:1") == digest


@pytest.mark.parametrize(
    ("there", "then", "said"), [(OTHER, OTHER, "a version is never replaced"), ("", OTHER, f"registry has {OTHER}")]
)
def test_a_version_is_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, then: str, said: str
) -> None:
    """Nor is something else in the registry taken for what was pushed."""
    a_skopeo(tmp_path, monkeypatch, there, then)
    with pytest.raises(ReleaseError, match=said):
        push.push(image(tmp_path / "image", [b"1"]), "a/b:1")
    assert (tmp_path / "done").exists() is (there == "")


def test_the_base_is_named_by_its_digest() -> None:
    """The one of the Dockerfile, as skopeo names it."""
    assert re.fullmatch(r"docker://docker\.io/library/python@sha256:[0-9a-f]{64}", default_base(ROOT))


# ---- list of packages


def document(*packages: tuple[str, str, str], digest: str = DIGEST) -> dict[str, Any]:
    """An SPDX document with these packages: kind, name, version."""
    rows = [
        {"name": name, "versionInfo": version, "externalRefs": [{"referenceLocator": f"pkg:{kind}/{name}@{version}"}]}
        for kind, name, version in packages
    ]
    return {"spdxVersion": "SPDX-2.3", "packages": [*rows, {"name": "image", "versionInfo": digest}]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (document(("pypi", "An_odd.Name", "1.0"), ("deb", "bash", "5")), []),
        (document(("pypi", "an-odd-name", "1.1"), ("deb", "bash", "5")), ["an-odd-name 1.0 is locked, and not in it"]),
        (document(("pypi", "an-odd-name", "1.0")), ["it has no package of the base image"]),
        (document(("pypi", "an-odd-name", "1.0"), ("deb", "b", "5"), digest=OTHER), [f"it is not about {DIGEST}"]),
    ],
)
def test_a_list_that_lacks_something_is_refused(given: dict[str, Any], said: list[str]) -> None:
    """Each locked package, the base, and the image itself."""
    lock = f"an-odd-name==1.0 \\\n    --hash=sha256:{'a' * 64}\n"
    assert list(sbom.problems(given, lock, DIGEST)) == said


@pytest.mark.parametrize(
    ("judged_s", "built_s", "missed"), [(0.5, 20.0, ""), (0.51, 20.0, "docker run"), (0.5, 19.9, "cold start")]
)
def test_a_time_that_misses_its_bar_is_said_and_fails_only_where_times_are_held(
    judged_s: float, built_s: float, missed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A busy machine must not stop a release; a quiet one has to show that it starts fast."""
    pulled = Pulled(job_s=6.0, judged_s=judged_s, nothing_s=0.2, size="")
    hold(pulled, built_s, hold_times=False)
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.endswith(": missed")] == [
        line for line in said if missed and line.startswith(missed)
    ]
    assert len(said) == 2
    if missed:
        with pytest.raises(ReleaseError, match="a time misses its bar"):
            hold(pulled, built_s, hold_times=True)
    else:
        hold(pulled, built_s, hold_times=True)
