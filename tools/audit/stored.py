"""Stored copies of OSV's databases, and what they know against packages: an audit without a network.

A database is a zip of one JSON record a vulnerability. It is read in place, each record by itself and within limits:
nothing of it is written to a disk.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.audit.ecosystems import Ecosystem
from tools.audit.model import Known, Package, Unanswered
from tools.audit.osv_rules import affects, ranges

RECORDS_MAX = 1_000_000
RECORD_BYTES_MAX = 8 << 20
UNPACKED_BYTES_MAX = 8 << 30


class Unusable(Unanswered):
    """The database cannot be read, or says something that cannot be compared."""


def database_of(ecosystem: Ecosystem, folder: Path) -> Path:
    """Where a folder has the database of an ecosystem."""
    return folder / f"{ecosystem.name}.zip"


def search(folder: Path, ecosystem: Ecosystem, packages: Iterable[Package]) -> tuple[datetime, list[Known]]:
    """When the newest record was changed, and what the records know against these packages.

    Raises:
        Unusable: there is no database, it is no zip of OSV's records on this ecosystem, or it is too large.
    """
    path = database_of(ecosystem, folder)
    asked: dict[str, list[str]] = {}
    for name, version in packages:
        asked.setdefault(ecosystem.normal(name), []).append(version)
    newest, found = None, list[Known]()
    for record in _records(path):
        changed, about = _time(record), _about(record, ecosystem)
        if about:
            newest = changed if newest is None else max(newest, changed)
        if not record.get("withdrawn"):
            found += _against(record, about, asked, ecosystem)
    if newest is None:
        raise Unusable(f"{path} has no records on packages of {ecosystem.name}")
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


def _about(record: dict[str, Any], ecosystem: Ecosystem) -> list[dict[str, Any]]:
    """What a record says on packages of this ecosystem."""
    try:
        affected = record.get("affected") or []
        return [each for each in affected if each.get("package", {}).get("ecosystem") == ecosystem.name]
    except (AttributeError, TypeError) as error:
        raise Unusable(f"{record['id']!r} cannot be compared: {error}") from None


def _against(
    record: dict[str, Any], about: list[dict[str, Any]], asked: dict[str, list[str]], ecosystem: Ecosystem
) -> Iterator[Known]:
    try:
        for affected in about:
            name = ecosystem.normal(affected["package"]["name"])
            for version in asked.get(name, ()):
                if affects(affected, version, ecosystem):
                    events = [event for one in ranges(affected, ecosystem) for event in one]
                    fixed = tuple(event["fixed"] for event in events if "fixed" in event)
                    yield Known((name, version), (record["id"], *(record.get("aliases") or ())), fixed)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise Unusable(f"{record['id']!r} cannot be compared: {error}") from None


def _told_once(found: list[Known]) -> list[Known]:
    """Without records of one package that another one names as its alias."""
    told: list[Known] = []
    for one in found:
        if not any(other.package == one.package and set(other.names) & set(one.names) for other in told):
            told.append(one)
    return told
