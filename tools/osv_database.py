"""A stored copy of OSV's database of Python packages, and what it knows against packages.

    python tools/osv_database.py FOLDER      fetch it: a zip of one JSON record a vulnerability

The zip is read in place, each record by itself and within limits: nothing of it is written to a disk.
"""

from __future__ import annotations

import json
import sys
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

Package = tuple[str, str]  # normalized name, version

NAME = "PyPI.zip"
ADDRESS = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
DOWNLOAD_BYTES_MAX = 1 << 30
RECORDS_MAX = 1_000_000
RECORD_BYTES_MAX = 8 << 20
UNPACKED_BYTES_MAX = 8 << 30
TIMEOUT_S = 60


class Unusable(Exception):
    """The database cannot be read, or says something that cannot be compared."""


@dataclass(frozen=True)
class Known:
    """One vulnerability of one package; `fixed` are versions without it, of which there may be none."""

    package: Package
    names: tuple[str, ...]
    fixed: tuple[str, ...]

    def line(self) -> str:
        """One line about it."""
        fixed = ", ".join(self.fixed) or "no version yet"
        return f"{' '.join(self.package)}: {', '.join(self.names)}; fixed in {fixed}"


def search(folder: Path, packages: Iterable[Package]) -> tuple[datetime, list[Known]]:
    """When the newest record was changed, and what the records know against these packages.

    Raises:
        Unusable: there is no database, it is no zip of OSV's records, or it is too large.
    """
    asked: dict[str, list[str]] = {}
    for name, version in packages:
        asked.setdefault(canonicalize_name(name), []).append(version)
    newest, found = None, list[Known]()
    for record in _records(folder / NAME):
        changed = _time(record)
        newest = changed if newest is None else max(newest, changed)
        if not record.get("withdrawn"):
            found += _against(record, asked)
    if newest is None:
        raise Unusable(f"{folder / NAME} has no records")
    return newest, _told_once(found)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > RECORDS_MAX:
                raise Unusable(f"{path} has more than {RECORDS_MAX:,} records")
            for entry in entries:
                if not entry.filename.endswith(".json"):
                    continue
                with archive.open(entry) as file:
                    data = file.read(RECORD_BYTES_MAX + 1)  # the size that the zip announces may be a lie
                total += len(data)
                if len(data) > RECORD_BYTES_MAX or total > UNPACKED_BYTES_MAX:
                    raise Unusable(f"{path}: {entry.filename!r} is too large")
                record = json.loads(data)
                if not isinstance(record, dict) or not isinstance(record.get("id"), str):
                    raise Unusable(f"{path}: {entry.filename!r} is no record of OSV's")
                yield record
    except FileNotFoundError:
        raise Unusable(f"there is no {path}; `make audit-store DATABASE={path.parent}` fetches it") from None
    except (OSError, zipfile.BadZipFile, zlib.error, ValueError, RuntimeError) as error:
        raise Unusable(f"{path} cannot be read: {error}") from None


def _time(record: dict[str, Any]) -> datetime:
    try:
        changed = datetime.fromisoformat(record["modified"])
    except (KeyError, TypeError, ValueError):
        raise Unusable(f"{record['id']!r} does not say when it was modified") from None
    return changed if changed.tzinfo else changed.replace(tzinfo=UTC)


def _against(record: dict[str, Any], asked: dict[str, list[str]]) -> Iterator[Known]:
    try:
        for affected in record.get("affected", []):
            package = affected.get("package", {})
            if package.get("ecosystem") != "PyPI":
                continue
            name = canonicalize_name(package["name"])
            for version in asked.get(name, ()):
                if _affects(affected, Version(version)):
                    fixed = [event["fixed"] for event in _events(affected) if "fixed" in event]
                    yield Known((name, version), (record["id"], *record.get("aliases", ())), tuple(fixed))
    except (InvalidVersion, AttributeError, KeyError, TypeError) as error:
        raise Unusable(f"{record['id']!r} cannot be compared: {error}") from None


def _affects(affected: dict[str, Any], version: Version) -> bool:
    """Whether OSV's rules call this version affected: it is listed, or in one of the ranges."""
    if any(_same(listed, version) for listed in affected.get("versions", ())):
        return True
    ranges = affected.get("ranges", ())
    return any(_in_range(one["events"], version) for one in ranges if one["type"] == "ECOSYSTEM")


def _same(listed: str, version: Version) -> bool:
    try:
        return Version(listed) == version
    except InvalidVersion:  # an old release from before PEP 440, which no lock can hold
        return False


def _in_range(events: list[dict[str, str]], version: Version) -> bool:
    limits = [event["limit"] for event in events if "limit" in event]
    if limits and not any(limit == "*" or version < Version(limit) for limit in limits):
        return False
    affected = False
    for kind, at in sorted(((k, at) for one in events for k, at in one.items()), key=_place):
        if kind == "introduced" and (at == "0" or version >= Version(at)):
            affected = True
        elif (kind == "fixed" and version >= Version(at)) or (kind == "last_affected" and version > Version(at)):
            affected = False
    return affected


def _place(event: tuple[str, str]) -> tuple[bool, Version]:
    kind, at = event
    return (at not in ("0", "*"), Version("0" if at == "*" else at)) if kind != "limit" else (False, Version("0"))


def _events(affected: dict[str, Any]) -> Iterator[dict[str, str]]:
    for one in affected.get("ranges", ()):
        if one["type"] == "ECOSYSTEM":
            yield from one["events"]


def _told_once(found: list[Known]) -> list[Known]:
    """Without records of one package that another one names as its alias."""
    told: list[Known] = []
    for one in found:
        if not any(other.package == one.package and set(other.names) & set(one.names) for other in told):
            told.append(one)
    return told


def save(answer: IO[bytes], folder: Path) -> int:
    """Store a download, if it is whole and a zip; what was there before stays otherwise. Returns its size in bytes.

    Raises:
        Unusable: it is too large, or no zip.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part, size = folder / f"{NAME}.part", 0
    try:
        with part.open("wb") as file:
            while block := answer.read(1 << 20):
                size += len(block)
                if size > DOWNLOAD_BYTES_MAX:
                    raise Unusable(f"more than {DOWNLOAD_BYTES_MAX >> 20} MiB")
                file.write(block)
        if not zipfile.is_zipfile(part):
            raise Unusable("the answer is no zip")
        part.replace(folder / NAME)
    finally:
        part.unlink(missing_ok=True)
    return size


def main() -> int:
    """Fetch the database; exit code 2 if that cannot be done."""
    folder = Path(sys.argv[1])
    try:
        # The address is ours, and https.
        with urllib.request.urlopen(ADDRESS, timeout=TIMEOUT_S) as answer:
            size = save(answer, folder)
        newest, _ = search(folder, ())
    except (OSError, Unusable) as error:
        print(f"the database was not fetched: {error}", file=sys.stderr)
        return 2
    print(f"{folder / NAME}: {size:,} bytes, newest record of {newest:%Y-%m-%d}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
