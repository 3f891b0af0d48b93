"""A file out of an artifact that anybody may have made. Pure: nothing is ever unpacked to a disk."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib

from vopr_coverage.errors import UserError, printable, shown

VERDICT_NAME = "verdict.json"
ZIP_BYTES_MAX = 16 << 20
VERDICT_BYTES_MAX = 16 << 20
ENTRIES_MAX = 100
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises on an archive that is damaged, or made to be; OverflowError has a sentence of its own.
_UNSOUND = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError),
    *(struct.error, LookupError, MemoryError),
)
_DRIVE = re.compile(r"[A-Za-z]:")


class ArtifactError(UserError):
    """An artifact that is not taken: not a ZIP archive, not what it says it is, or made to do harm."""


def verdict_in(data: bytes) -> bytes:
    """The bytes of `verdict.json` in a ZIP archive; see `entry_in`."""
    return entry_in(data, VERDICT_NAME, VERDICT_BYTES_MAX)


def entry_in(data: bytes, name: str, bytes_max: int) -> bytes:
    """The bytes of the one entry of that name in a ZIP archive.

    Other entries are not read, but an archive in which one name would lead outside of its folder
    is refused whole: whoever made it was up to something.

    Args:
        bytes_max: how large the entry may be; whole MiB.

    Raises:
        ArtifactError: with the reason.
    """
    if len(data) > ZIP_BYTES_MAX:
        raise ArtifactError(f"the artifact is larger than {ZIP_BYTES_MAX >> 20} MiB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES_MAX:
                raise ArtifactError(f"the artifact has {len(entries)} entries, expected at most {ENTRIES_MAX}")
            for entry in entries:
                _refuse_unsafe(entry)
            return _read(archive, entries, name, bytes_max)
    except OverflowError:
        raise ArtifactError("the artifact is not a sound ZIP archive: it claims a size that no file can have") from None
    except _UNSOUND as error:
        raise ArtifactError(f"the artifact is not a sound ZIP archive: {printable(str(error))[:100]}") from None


def _refuse_unsafe(entry: zipfile.ZipInfo) -> None:
    # `filename` was cut at a NUL byte and cleaned of the platform's separators; the name as written tells more.
    for name in (entry.filename, entry.orig_filename):
        parts = name.replace("\\", "/").split("/")
        if "\0" in name or name.startswith(("/", "\\")) or ".." in parts or _DRIVE.match(name):
            raise ArtifactError(f"the artifact has an entry that leads outside of it: {shown(name)}")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArtifactError(f"the artifact has an entry that is no file: {shown(entry.filename)}")


def _read(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], name: str, bytes_max: int) -> bytes:
    found = [entry for entry in entries if entry.filename == name]
    if len(found) != 1:
        many = "no" if not found else f"{len(found)} entries called"
        raise ArtifactError(f"the artifact has {many} {name}, expected one")
    (entry,) = found
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        raise ArtifactError(f"{name} in the artifact is encrypted or compressed in an unusual way")
    with archive.open(entry) as file:
        data = file.read(bytes_max + 1)  # sizes in an archive are claims: what comes out is what counts
    if len(data) > bytes_max:
        raise ArtifactError(f"{name} in the artifact is larger than {bytes_max >> 20} MiB")
    return data
