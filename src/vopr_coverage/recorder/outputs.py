"""Files that a simulator writes to the path `{output}`: a fresh path for each seed, and all of them in one archive."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import cast

from vopr_coverage.errors import printable
from vopr_coverage.files import why
from vopr_coverage.recorder.files import PackedFile

FILES_MAX = 10_000  # of one seed
NAME = "output"


class OutputFolders:
    """A fresh folder for each seed, below one that is removed at the end. Nothing can be in it from an earlier run."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="vopr-coverage-"))

    def fresh(self) -> Path:
        """An empty folder."""
        return Path(tempfile.mkdtemp(dir=self._root))

    def remove(self) -> None:
        """Remove them all."""
        rmtree(self._root, ignore_errors=True)


class OutputArchive:
    """All output as `SEED/PATH` in a tar file, packed; it can be read up to the last flush."""

    def __init__(self, path: Path) -> None:
        self._packed = PackedFile(path)
        self._tar = tarfile.open(fileobj=_Sink(self._packed), mode="w|")  # noqa: SIM115 (closed by finish)

    def add(self, seed: int, folder: Path) -> str:
        """Store the files in a folder, and remove it. Returns why that cannot be done; "" if it was."""
        stored = 0
        try:
            for path in _files_in(folder):
                if stored == FILES_MAX:
                    return f"it wrote more than {FILES_MAX:,} files to {{output}}"
                stored += self._add(seed, path, path.relative_to(folder).as_posix())
        except OSError as error:
            return f"what it wrote to {{output}} cannot be read: {why(error)}"
        finally:
            rmtree(folder, ignore_errors=True)
        return ""

    def _add(self, seed: int, path: Path, name: str) -> bool:
        with open(path, "rb") as file:
            entry = tarfile.TarInfo(f"{seed}/{printable(name)}")
            entry.size = os.fstat(file.fileno()).st_size
            self._tar.addfile(entry, file)
        return True

    def flush(self) -> None:
        """Pass on what was stored so far."""
        self._packed.flush()

    def finish(self) -> None:
        """Write the end."""
        self._tar.close()
        self._packed.finish()


class _Sink(BytesIO):
    """What tarfile writes to."""

    def __init__(self, packed: PackedFile) -> None:
        super().__init__()
        self._packed = packed

    def write(self, data: object) -> int:
        """Pack it."""
        packed = bytes(cast("bytes", data))
        self._packed.write(packed)
        return len(packed)


def wrote_nothing(folder: Path) -> str:
    """Why a folder holds no output of a process that ended well; "" if it does."""
    with suppress(OSError):
        sizes = [path.stat().st_size for path in _files_in(folder)]
        if any(sizes):
            return ""
        if sizes:
            return "what it wrote to {output} is empty"
    return "it wrote nothing to {output}"


def _files_in(folder: Path) -> Iterator[Path]:
    """The regular files below a folder, by name; links lead elsewhere and are left out."""
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path
