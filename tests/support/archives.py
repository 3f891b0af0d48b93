"""ZIP archives for tests: sound ones, and such as nobody should open."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

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


ZIP64 = 0xFFFFFFFF  # in a 32-bit field: the true number is in a 64-bit one


def with_claims(
    content: bytes,
    *,
    size: int | None = None,
    packed: int | None = None,
    begins: int = 0,
    directory: int | None = None,
    directory_size: int | None = None,
    trailer: int | None = None,
    entries: int = 1,
) -> bytes:
    """A ZIP64 archive of a stored `verdict.json`, in which every size and place is a 64-bit claim.

    Args:
        size, packed: of the content; None is the truth, as for all others.
        begins, directory, trailer: where the entry, the directory and its trailer begin.
    """
    size, packed = len(content) if size is None else size, len(content) if packed is None else packed
    name, crc = VERDICT_NAME.encode(), zlib.crc32(content)
    extra = struct.pack("<HHQQ", 1, 16, size, packed)
    head = struct.pack("<HHHHHIIIHH", 45, 0, 0, 0, 0x21, crc, ZIP64, ZIP64, len(name), len(extra))
    local = b"PK\3\4" + head + name + extra + content
    extra = struct.pack("<HHQQQ", 1, 24, size, packed, begins)
    head = struct.pack("<HHHHHHIIIHH", 45, 45, 0, 0, 0, 0x21, crc, ZIP64, ZIP64, len(name), len(extra))
    central = b"PK\1\2" + head + struct.pack("<HHHII", 0, 0, 0, 0, ZIP64) + name + extra
    directory_size = len(central) if directory_size is None else directory_size
    directory = len(local) if directory is None else directory
    trailer = len(local) + len(central) if trailer is None else trailer
    end64 = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, entries, entries, directory_size, directory)
    locator = struct.pack("<IQI", 0, trailer, 1)
    end = struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, ZIP64, ZIP64, 0)
    return local + central + b"PK\6\6" + end64 + b"PK\6\7" + locator + b"PK\5\6" + end
