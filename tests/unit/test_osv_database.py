"""An audit without a network: locks held against a stored, here invented, copy of OSV's database."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tools import audit
from tools.osv_database import NAME, Unusable, save, search

LOCK = "alpha-core==1.4.2 \\\n    --hash=sha256:" + "a" * 64 + "\n"


def a_record(name: str = "alpha-core", id: str = "OSV-1", age_days: int = 1, **changes: Any) -> dict[str, Any]:
    """A record against all versions from 1.0 to before 1.5."""
    modified = (datetime.now(UTC) - timedelta(days=age_days)).isoformat().replace("+00:00", "Z")
    events = changes.pop("events", [{"introduced": "1.0"}, {"fixed": "1.5"}])
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    affected |= changes.pop("affected", {})
    return {"id": id, "modified": modified, "affected": [affected], **changes}


def a_database(folder: Path, *records: Any) -> Path:
    """A stored database with these records."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / NAME, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, record in enumerate(records):
            archive.writestr(f"{number}.json", record if isinstance(record, bytes) else json.dumps(record))
    return folder


def names(folder: Path, version: str = "1.4.2") -> list[tuple[str, ...]]:
    """What is known against that version of alpha-core."""
    return [one.names for one in search(folder, [("alpha-core", version)])[1]]


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([{"introduced": "0"}], True),
        ([{"introduced": "1.4.2"}], True),  # the version itself
        ([{"introduced": "1.4.3"}], False),
        ([{"introduced": "0"}, {"fixed": "1.4.2"}], False),
        ([{"introduced": "0"}, {"fixed": "1.10"}], True),  # 1.10 is newer than 1.4, as text it is not
        ([{"introduced": "0"}, {"fixed": "1.4.2.post1"}], True),
        ([{"introduced": "0"}, {"last_affected": "1.4.2"}], True),
        ([{"introduced": "0"}, {"last_affected": "1.4.1"}], False),
        ([{"fixed": "1.2"}, {"introduced": "0"}, {"introduced": "1.4"}], True),  # in any order, affected again
        ([{"introduced": "1.4rc1"}, {"fixed": "1.4.2rc1"}], False),
        ([{"introduced": "0"}, {"limit": "1.4"}], False),
        ([{"introduced": "0"}, {"limit": "*"}], True),
    ],
)
def test_ranges_are_of_pep_440(tmp_path: Path, events: list[dict[str, str]], affected: bool) -> None:
    """As the OSV schema evaluates its events."""
    assert bool(names(a_database(tmp_path, a_record(events=events)))) is affected


def test_what_else_a_record_can_say(tmp_path: Path) -> None:
    """Listed versions and names however they are spelled; other ecosystems and withdrawn records do not count."""
    listed = {"ranges": [], "versions": ["not.a-version!", "1.4.2.0"]}
    other = {"package": {"ecosystem": "npm", "name": "alpha-core"}}
    folder = a_database(
        tmp_path,
        a_record(id="LISTED", affected=listed),
        a_record(name="Alpha.Core", id="SPELLED"),
        a_record(id="OTHER", affected=other),
        a_record(id="WITHDRAWN", withdrawn="2026-01-01T00:00:00Z"),
        a_record(id="COMMITS", affected={"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}),
    )
    assert names(folder) == [("LISTED",), ("SPELLED",)]
    assert names(folder, "1.6") == []


def test_a_vulnerability_of_two_names_is_told_once(tmp_path: Path) -> None:
    """Several databases flow into OSV's, and name the same by aliases."""
    folder = a_database(tmp_path, a_record(id="GHSA-1", aliases=["CVE-1"]), a_record(id="PYSEC-1", aliases=["CVE-1"]))
    assert names(folder) == [("GHSA-1", "CVE-1")]


@pytest.mark.parametrize(
    "record",
    [b"{", b"[]", {"id": 7}, {"id": "A"}, a_record(events=[{"introduced": "newest"}]), b'"' + b"a" * (9 << 20) + b'"'],
    ids=["no JSON", "no object", "no id", "no time", "no version", "a bomb"],
)
def test_a_database_that_cannot_be_read_is_no_answer(tmp_path: Path, record: Any) -> None:
    """A record that was left out might be the one."""
    with pytest.raises(Unusable):
        names(a_database(tmp_path, record))


def test_the_audit_by_a_stored_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 with what is known, 0 with nothing, and 2 where nobody can say."""
    lock = tmp_path / "lock.txt"
    lock.write_text(LOCK)
    words = [str(lock), "--database", str(tmp_path / "osv")]
    assert audit.main(words) == 2
    assert "make audit-store" in capsys.readouterr().err
    a_database(tmp_path / "osv", a_record(aliases=["CVE-1"]))
    assert audit.main(words) == 1
    assert "alpha-core 1.4.2: OSV-1, CVE-1; fixed in 1.5" in capsys.readouterr().out
    a_database(tmp_path / "osv", a_record(name="another"))
    assert audit.main(words) == 0
    a_database(tmp_path / "osv", a_record(name="another", age_days=40))
    assert audit.main(words) == 2
    assert "is 40 days old" in capsys.readouterr().err
    assert audit.main([*words, "--age-days-max", "60"]) == 0
    (tmp_path / "osv" / NAME).write_bytes(b"no zip")
    assert audit.main(words) == 2


def test_a_download_replaces_the_database_only_if_it_is_whole(tmp_path: Path) -> None:
    """What was there stays there."""
    a_database(tmp_path, a_record())
    whole = (tmp_path / NAME).read_bytes()
    with pytest.raises(Unusable, match="no zip"):
        save(io.BytesIO(whole[: len(whole) // 2]), tmp_path)
    assert (tmp_path / NAME).read_bytes() == whole
    assert save(io.BytesIO(whole), tmp_path) == len(whole)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
