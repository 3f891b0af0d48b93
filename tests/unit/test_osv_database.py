"""An audit without a network: locks held against stored, here invented, copies of OSV's databases."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tools.audit.__main__ import main
from tools.audit.ecosystems import NPM, PYPI, Ecosystem
from tools.audit.store import main as fetch
from tools.audit.store import save
from tools.audit.stored import Unusable, search

LOCK = "alpha-core==1.4.2 \\\n    --hash=sha256:" + "a" * 64 + "\n"


def a_record(
    name: str = "alpha-core", id: str = "OSV-1", age_days: int = 1, ecosystem: Ecosystem = PYPI, **changes: Any
) -> dict[str, Any]:
    """A record against all versions from 1.0 to before 1.5."""
    modified = (datetime.now(UTC) - timedelta(days=age_days)).isoformat().replace("+00:00", "Z")
    events = changes.pop("events", [{"introduced": "1.0"}, {"fixed": "1.5"}])
    range_type = "SEMVER" if ecosystem is NPM else "ECOSYSTEM"
    affected = {
        "package": {"ecosystem": ecosystem.name, "name": name},
        "ranges": [{"type": range_type, "events": events}],
    } | changes.pop("affected", {})
    return {"id": id, "modified": modified, "affected": [affected], **changes}


def a_database(folder: Path, *records: Any, ecosystem: Ecosystem = PYPI) -> Path:
    """A stored database with these records."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{ecosystem.name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, record in enumerate(records):
            archive.writestr(f"{number}.json", record if isinstance(record, bytes) else json.dumps(record))
    return folder


def names(folder: Path, version: str = "1.4.2", ecosystem: Ecosystem = PYPI) -> list[tuple[str, ...]]:
    """What is known against that version of alpha-core."""
    return [tuple(one.names) for one in search(folder, ecosystem, [("alpha-core", version)])[1]]


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


@pytest.mark.parametrize(
    ("version", "events", "affected"),
    [
        ("1.4.2", [{"introduced": "0"}], True),  # how a malicious package is recorded
        ("0.0.0-0", [{"introduced": "0"}], True),  # 0 is before all versions, and not 0.0.0
        ("1.4.2", [{"introduced": "1.4.2"}], True),
        ("1.4.2", [{"introduced": "0"}, {"fixed": "1.4.2"}], False),
        ("1.4.2", [{"introduced": "0"}, {"fixed": "1.10.0"}], True),  # as text, 1.10 is older
        ("1.4.2-rc.1", [{"introduced": "0"}, {"fixed": "1.4.2"}], True),  # a prerelease is older than its release
        ("1.4.2", [{"introduced": "0"}, {"fixed": "1.4.2-rc.1"}], False),
        ("1.4.2-rc.9", [{"introduced": "1.4.2-rc.10"}], False),  # numbers are compared as numbers
        ("1.4.2-9", [{"introduced": "1.4.2-alpha"}], False),  # and are older than words
        ("1.4.2-alpha.1", [{"introduced": "0"}, {"fixed": "1.4.2-alpha"}], False),  # more words are newer
        ("1.4.2-post1", [{"introduced": "0"}, {"last_affected": "1.4.1"}], False),  # for Python it would be newer
        ("1.4.2-post1", [{"introduced": "1.4.2"}], False),
        ("1.4.2+build.7", [{"introduced": "0"}, {"last_affected": "1.4.2"}], True),  # a build is no version
        ("1.4.2", [{"introduced": "1.4"}, {"fixed": "1.5"}], True),  # filled up, as OSV does
    ],
)
def test_ranges_of_npm_are_of_semver_2(
    tmp_path: Path, version: str, events: list[dict[str, str]], affected: bool
) -> None:
    """And not of PEP 440, which orders prereleases otherwise."""
    folder = a_database(tmp_path, a_record(events=events, ecosystem=NPM), ecosystem=NPM)
    assert bool(names(folder, version, NPM)) is affected


def test_names_at_npm_are_told_apart_by_letters(tmp_path: Path) -> None:
    """Alpha-Core and alpha.core are packages of others, which Python would call the same."""
    others = [a_record(name=name, ecosystem=NPM) for name in ("Alpha-Core", "alpha.core", "@alpha/core")]
    assert names(a_database(tmp_path, *others, ecosystem=NPM), ecosystem=NPM) == []


@pytest.mark.parametrize(
    ("ecosystem", "range_type", "answered"),
    [
        (PYPI, "ECOSYSTEM", True), (NPM, "SEMVER", True),
        (NPM, "ECOSYSTEM", True),  # GitHub's own database writes it so: the order is SemVer all the same
        (PYPI, "SEMVER", False), (NPM, "ROMAN", False),
    ],
)  # fmt: skip
def test_a_range_in_an_order_that_nobody_knows_is_no_answer(
    tmp_path: Path, ecosystem: Ecosystem, range_type: str, answered: bool
) -> None:
    """Left out, it might be the one. A range of commits says nothing about versions."""
    ranges = [{"type": range_type, "events": [{"introduced": "0"}]}]
    folder = a_database(tmp_path, a_record(ecosystem=ecosystem, affected={"ranges": ranges}), ecosystem=ecosystem)
    if answered:
        assert names(folder, ecosystem=ecosystem) == [("OSV-1",)]
    else:
        with pytest.raises(Unusable, match=f"no ranges of type '{range_type}'"):
            names(folder, ecosystem=ecosystem)


def test_malicious_packages_count(tmp_path: Path) -> None:
    """They are recorded by their versions, or from the first one on, and nothing fixes them."""
    listed = {"ranges": [], "versions": ["1.4.1", "1.4.2"]}
    folder = a_database(
        tmp_path,
        a_record(id="MAL-1", ecosystem=NPM, affected=listed),
        a_record(id="MAL-2", ecosystem=NPM, events=[{"introduced": "0"}]),
        ecosystem=NPM,
    )
    _, found = search(folder, NPM, [("alpha-core", "1.4.2")])
    assert [one.line() for one in found] == [
        "alpha-core 1.4.2: MAL-1; fixed in no version yet", "alpha-core 1.4.2: MAL-2; fixed in no version yet",
    ]  # fmt: skip
    assert names(folder, "1.4.0", NPM) == [("MAL-2",)]


def test_a_database_of_another_ecosystem_is_no_answer(tmp_path: Path) -> None:
    """A file that was stored under the wrong name knows nothing against anything."""
    a_database(tmp_path, a_record(ecosystem=PYPI), ecosystem=NPM)
    with pytest.raises(Unusable, match="has no records on packages of npm"):
        names(tmp_path, ecosystem=NPM)


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
    assert main(words) == 2
    assert "make audit-store" in capsys.readouterr().err
    a_database(tmp_path / "osv", a_record(aliases=["CVE-1"]))
    assert main(words) == 1
    assert "alpha-core 1.4.2: OSV-1, CVE-1; fixed in 1.5" in capsys.readouterr().out
    a_database(tmp_path / "osv", a_record(name="another"))
    assert main(words) == 0
    a_database(tmp_path / "osv", a_record(name="another", age_days=40))
    assert main(words) == 2
    assert "is 40 days old" in capsys.readouterr().err
    assert main([*words, "--age-days-max", "60"]) == 0
    (tmp_path / "osv" / "PyPI.zip").write_bytes(b"no zip")
    assert main(words) == 2


def test_the_audit_of_two_ecosystems_by_stored_databases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One without a database is not audited, which hides nothing of the other; the count at the end is one."""
    (tmp_path / "lock.txt").write_text(LOCK)
    npm_lock = tmp_path / "package-lock.json"
    npm_lock.write_text(
        json.dumps({"lockfileVersion": 3, "packages": {"node_modules/alpha-core": {"version": "1.4.2"}}})
    )
    words = [str(npm_lock), str(tmp_path / "lock.txt"), "--database", str(tmp_path / "osv")]
    a_database(tmp_path / "osv", a_record(name="another"))
    assert main(words) == 2
    assert capsys.readouterr().err == (
        f"the audit is not complete: there is no {tmp_path}/osv/npm.zip; "
        f"`make audit-store DATABASE={tmp_path}/osv` fetches it\n"
    )
    a_database(tmp_path / "osv", a_record())
    assert main(words) == 1
    assert "there is no" in capsys.readouterr().err
    a_database(tmp_path / "osv", a_record(name="another", ecosystem=NPM), ecosystem=NPM)
    a_database(tmp_path / "osv", a_record(name="another"))
    assert main(words) == 0
    assert capsys.readouterr().out == "nothing known against 2 packages of 2 locks\n"
    a_database(tmp_path / "osv", a_record(id="MAL-7", events=[{"introduced": "0"}], ecosystem=NPM), ecosystem=NPM)
    assert main(words) == 1
    assert capsys.readouterr().out == (
        f"{npm_lock}: alpha-core 1.4.2: MAL-7; fixed in no version yet\n1 known against 2 packages of 2 locks\n"
    )
    a_database(tmp_path / "osv", a_record(name="another", age_days=40, ecosystem=NPM), ecosystem=NPM)
    assert main(words) == 2
    assert "osv/npm.zip is 40 days old" in capsys.readouterr().err


def test_a_record_does_not_act_on_a_terminal(tmp_path: Path) -> None:
    """Records are written by others."""
    folder = a_database(tmp_path, a_record(id="OSV\x1b[2J\n::error::x"))
    (found,) = search(folder, PYPI, [("alpha-core", "1.4.2")])[1]
    assert found.line() == "alpha-core 1.4.2: OSV?[2J?::error::x; fixed in 1.5"


def test_a_download_replaces_the_database_only_if_it_is_whole(tmp_path: Path) -> None:
    """What was there stays there."""
    path = a_database(tmp_path, a_record()) / "PyPI.zip"
    whole = path.read_bytes()
    with pytest.raises(Unusable, match="no zip"):
        save(io.BytesIO(whole[: len(whole) // 2]), path)
    assert path.read_bytes() == whole
    assert save(io.BytesIO(whole), path) == len(whole)
    assert list(tmp_path.iterdir()) == [path]


def test_the_databases_of_all_ecosystems_are_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is not to be had is named, and does not stop the other."""
    server = tmp_path / "server"
    for ecosystem in (PYPI, NPM):
        a_database(server / ecosystem.name, a_record(ecosystem=ecosystem), ecosystem=ecosystem)
        (server / ecosystem.name / f"{ecosystem.name}.zip").rename(server / ecosystem.name / "all.zip")
    words = [str(tmp_path / "osv"), "--server", server.as_uri()]
    assert fetch(words) == 0
    assert sorted(path.name for path in (tmp_path / "osv").iterdir()) == ["PyPI.zip", "npm.zip"]
    assert capsys.readouterr().out.count("newest record of 20") == 2
    (server / "PyPI" / "all.zip").unlink()
    assert fetch(words) == 2
    told = capsys.readouterr()
    assert told.err.startswith("the database of PyPI was not fetched: ")
    assert "npm.zip: " in told.out
