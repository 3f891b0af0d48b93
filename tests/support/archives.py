"""ZIP archives for tests: sound ones, and such as nobody should open."""

from __future__ import annotations

import io
import stat
import zipfile

from tests.support.checking import checked
from tests.support.reports import a_flat_report
from vopr_coverage.github.artifact_zip import VERDICT_NAME


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with these entries, under exactly these names."""
    return zipped_list(list(entries.items()), compression)


def zipped_list(entries: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The same, and a name may stand there twice."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo("x")
            entry.filename = name  # as it is: the constructor would tidy it up
            entry.compress_type = compression
            archive.writestr(entry, content)
    return data.getvalue()


def with_a_link(name: str, target: str) -> bytes:
    """An archive whose entry is a symbolic link."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, target)
    return data.getvalue()


def verdict_zip(verdict: bytes) -> bytes:
    """The artifact that a run leaves behind."""
    return zipped({VERDICT_NAME: verdict})


def a_verdict_file(folder: str, **changes: object) -> bytes:
    """The verdict on a flat report that meets the smoke_test profile until `changes` say otherwise."""
    path = f"{folder}/judged.json"
    with open(path, "wb") as file:
        file.write(a_flat_report(**changes))
    return checked([path], profile="smoke_test", config=None).to_json().encode()
