"""npm packages in the audit: what a lock has, read as hostile, and what `npm audit` has to answer about it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.audit.__main__ import main
from tools.audit.model import LOCK_BYTES_MAX, Unanswered
from tools.audit.package_lock import packages_of
from tools.known_actions import ROOT

PLACES = {
    "node_modules/alpha": {"version": "1.0.0", "dev": True},
    "node_modules/alpha/node_modules/@scope/beta": {"version": "2.0.0-rc.1", "optional": True, "os": ["win32"]},
    "node_modules/@scope/beta": {"version": "1.0.0"},
}
ADVISORY = {"source": 7, "url": "https://github.com/advisories/GHSA-1", "range": "<1.5.0"}


def a_lock(places: Any, **changes: Any) -> str:
    """A lock with these places in its tree."""
    root = {"": {"name": "root", "version": "0.0.0"}}
    return json.dumps({"lockfileVersion": 3, "packages": root | places} | changes)


# ---- what a lock has


def test_a_lock_has_nested_packages_and_those_of_other_platforms() -> None:
    """The root has none of npm's versions. Both formats of a lock have the same tree."""
    for version in (2, 3):
        assert packages_of(a_lock(PLACES, lockfileVersion=version), "lock") == {
            ("alpha", "1.0.0"): ["node_modules/alpha"],
            ("@scope/beta", "2.0.0-rc.1"): ["node_modules/alpha/node_modules/@scope/beta"],
            ("@scope/beta", "1.0.0"): ["node_modules/@scope/beta"],
        }


def test_an_alias_is_looked_up_by_its_real_name() -> None:
    """Vulnerabilities are known against that one."""
    places = {"node_modules/old": {"name": "@scope/beta", "version": "1.0.0"}}
    assert packages_of(a_lock(places), "lock") == {("@scope/beta", "1.0.0"): ["node_modules/old"]}


def test_a_package_at_two_places_is_one_package() -> None:
    """npm counts places, so both are kept."""
    places = {"node_modules/a": {"version": "1.0.0"}, "node_modules/b/node_modules/a": {"version": "1.0.0"}}
    assert packages_of(a_lock(places), "lock") == {("a", "1.0.0"): list(places)}


def test_folders_of_our_own_are_not_looked_up() -> None:
    """Links lead to them. What is installed in them is."""
    places = {
        "node_modules/ours": {"resolved": "packages/ours", "link": True},
        "packages/ours": {"version": "9.9.9"},
        "packages/ours/node_modules/a": {"version": "1.0.0"},
    }
    assert list(packages_of(a_lock(places), "lock")) == [("a", "1.0.0")]


def test_a_link_hides_no_package() -> None:
    """Only a folder of our own is left out."""
    places = {"node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"resolved": "node_modules/a", "link": True}}
    with pytest.raises(Unanswered, match="the package in 'node_modules/b' has no version"):
        packages_of(a_lock(places), "lock")
    places = {"node_modules/a": {"version": "1.0.0", "link": True, "resolved": "https://example.org/a.tgz"}}
    assert list(packages_of(a_lock(places), "lock")) == [("a", "1.0.0")]


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        ("", "lock is no JSON"),
        ("[" * 100_000, "lock is no JSON"),
        ('{"lockfileVersion": ' + "1" * 5000 + "}", "lock is no JSON"),
        ("[]", "expected lockfileVersion 2 or 3"),
        (a_lock(PLACES, lockfileVersion=1), "expected lockfileVersion 2 or 3"),
        (a_lock(PLACES, lockfileVersion=4), "expected lockfileVersion 2 or 3"),
        (a_lock(PLACES, lockfileVersion="3"), "expected lockfileVersion 2 or 3"),
        (a_lock({}, packages=[]), "expected `packages`"),
        (a_lock({"node_modules/a": "1.0.0"}), "expected `packages`"),
        (a_lock({}), "locks no package"),
        (a_lock({"elsewhere/a": {"version": "1.0.0"}}), "no link leads to 'elsewhere/a'"),
        (a_lock({"node_modules/a": {}}), "has no version"),
        (a_lock({"node_modules/a": {"version": None}}), "has no version"),
        (a_lock({"node_modules/a": {"version": "latest"}}), "has no version"),
        (a_lock({"node_modules/a": {"version": "1.0.0\n"}}), "has no version"),
        (a_lock({"node_modules/a": {"version": "1.0.0-" + "a" * 300}}), "has no version"),
        (a_lock({"node_modules/": {"version": "1.0.0"}}), "has no name"),
        (a_lock({"node_modules/a b": {"version": "1.0.0"}}), "has no name"),
        (a_lock({"node_modules/a/b": {"version": "1.0.0"}}), "has no name"),
        (a_lock({"node_modules/a\x1b[2J": {"version": "1.0.0"}}), "has no name"),
        (a_lock({"node_modules/a": {"version": "1.0.0", "name": 7}}), "has no name"),
        (a_lock({"node_modules/" + "a" * 215: {"version": "1.0.0"}}), "has no name"),
    ],
)  # fmt: skip
def test_a_lock_that_cannot_be_read_is_not_audited(lock: str, said: str) -> None:
    """A package that was left out might be the one."""
    with pytest.raises(Unanswered, match=said):
        packages_of(lock, "lock")


def test_every_npm_lock_can_be_audited() -> None:
    """With as many packages as npm has versions in it."""
    locks = sorted(ROOT.glob("tools/*/package-lock.json"))
    assert len(locks) == 2
    for lock in locks:
        text = lock.read_text("utf-8")
        assert len(packages_of(text, lock.name)) == text.count('"version": ') > 2


# ---- what npm answers


def an_answer(vulnerabilities: dict[str, Any] | None = None, total: Any = 3, **changes: Any) -> str:
    """npm's report on a lock with so many dependencies."""
    metadata = {"dependencies": {"prod": 0, "dev": total, "total": total}}
    report = {"auditReportVersion": 2, "vulnerabilities": vulnerabilities or {}, "metadata": metadata}
    return json.dumps(report | changes)


def vulnerable(*nodes: str, via: Any = (ADVISORY,)) -> dict[str, Any]:
    """One package in npm's report."""
    return {"severity": "low", "via": via, "range": "<1.5.0", "nodes": nodes, "fixAvailable": False}


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Audits a lock by a stand-in for npm on the PATH, which gives an answer and notes how it was started."""
    folder, lock = tmp_path / "bin", tmp_path / "tool" / "package-lock.json"
    folder.mkdir()
    lock.parent.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def audited(answer: str, *, code: int = 0, places: Any = PLACES, locks: int = 1) -> int:
        noted = f"open({str(tmp_path / 'noted')!r}, 'a').write(os.getcwd() + ' ' + ' '.join(sys.argv[1:]) + '\\n')"
        told = f"sys.stdout.write({answer!r}); sys.stderr.write('npm error no route\\n'); sys.exit({code})"
        (folder / "npm").write_text(f"#!{sys.executable}\nimport os, sys\n{noted}\n{told}\n")
        (folder / "npm").chmod(0o755)
        lock.write_text(a_lock(places))
        return main([str(lock)] * locks)

    return audited


def test_npm_is_asked_in_the_folder_of_the_lock(npm: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once, and for all packages: settings that leave some out, or ask nobody, do not count."""
    assert npm(an_answer(), locks=2) == 0
    assert capsys.readouterr().out == "nothing known against 3 packages of 2 locks\n"
    assert (tmp_path / "noted").read_text() == (
        f"{tmp_path}/tool audit --package-lock --package-lock-only --json --no-offline --include=prod --include=dev "
        f"--include=optional --include=peer --prefix={tmp_path}/tool\n"
    )


def test_what_npm_knows_is_told_as_for_python(npm: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each advisory and package; a package that depends on a vulnerable one is none itself."""
    malicious = ADVISORY | {"url": "https://github.com/advisories/GHSA-2", "range": ">= 0"}
    found = {
        "alpha": vulnerable("node_modules/alpha", via=["@scope/beta", malicious]),
        "@scope/beta": vulnerable(*list(PLACES)[1:]),
        "gamma": vulnerable("node_modules/gamma", via=["alpha"]),
    }
    assert npm(an_answer(found), code=1) == 1
    lock = tmp_path / "tool" / "package-lock.json"
    assert capsys.readouterr().out == (
        f"{lock}: alpha 1.0.0: GHSA-2; fixed in no version yet\n"
        f"{lock}: @scope/beta 2.0.0-rc.1: GHSA-1; fixed in versions outside of <1.5.0\n"
        f"{lock}: @scope/beta 1.0.0: GHSA-1; fixed in versions outside of <1.5.0\n"
        "3 known against 3 packages of 1 locks\n"
    )


REFUSED = {"message": "405 Method Not Allowed", "statusCode": 405, "error": {"summary": "", "detail": ""}}
NO_LOCK = {"error": {"code": "ENOLOCK", "summary": "This command requires an existing lockfile.", "detail": ""}}


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("", 1, "npm audit ended with exit code 1 and without an answer: npm error no route"),
        ("found 0 vulnerabilities", 0, "without an answer"),
        (json.dumps(REFUSED), 1, "gave no report of version 2: 405 Method Not Allowed"),
        (json.dumps(NO_LOCK), 1, "gave no report of version 2: This command requires an existing lockfile."),
        (an_answer(error={"code": "E500"}), 0, "gave no report of version 2: no reason"),
        (an_answer(auditReportVersion=1), 0, "gave no report of version 2"),
        (an_answer(total=2), 0, "npm audit counted 2 dependencies, and "),
        (an_answer(total="3"), 0, "npm audit counted '3' dependencies"),
        (an_answer(total=float("nan")), 0, "npm audit counted nan dependencies"),  # Python reads it, and it is not less
        (an_answer().replace('"vulnerabilities": {}', '"vulnerabilities": []'), 0, "cannot be read"),
        (an_answer(metadata={}), 0, "cannot be read: KeyError('dependencies')"),
        ("[]", 0, "cannot be read"),
        (an_answer(), 1, "found nothing and ended with exit code 1"),
        (an_answer({"alpha": {}}), 1, "cannot be read: KeyError('via')"),
        (an_answer({"alpha": vulnerable("node_modules/alpha", via=["beta"])}), 1, "does not say what"),
        (an_answer({"alpha": vulnerable("node_modules/gone")}), 1, "has something against 'alpha' where "),
        (an_answer({"alpha": vulnerable()}), 1, "has something against 'alpha' where "),
    ],
)  # fmt: skip
def test_what_npm_did_not_look_up_is_no_good_news(
    npm: Any, answer: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the reason."""
    assert npm(answer, code=code) == 2
    told = capsys.readouterr()
    assert told.err.startswith("the audit is not complete: ")
    assert said in told.err
    assert told.out == ""


def test_without_npm_nothing_is_audited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is on no machine that has Python alone."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "package-lock.json").write_text(a_lock(PLACES))
    assert main([str(tmp_path / "package-lock.json")]) == 2
    assert capsys.readouterr().err.endswith("No such file or directory: 'npm'\n")


def test_python_packages_are_looked_up_although_npm_is_missing(
    npm: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the other way round: what is known of one ecosystem is told, whatever became of the other."""
    lock = tmp_path / "lock.txt"
    lock.write_text(f"a==1.0 \\\n    --hash=sha256:{'a' * 64}\n")
    found = an_answer({"alpha": vulnerable("node_modules/alpha")})
    (tmp_path / "tool" / "package-lock.json").write_text(a_lock(PLACES))
    npm(found)
    capsys.readouterr()
    words = [str(lock), str(tmp_path / "tool" / "package-lock.json"), "--pip-audit", str(tmp_path / "none")]
    assert main(words) == 1
    told = capsys.readouterr()
    assert "alpha 1.0.0: GHSA-1" in told.out
    assert "pip-audit: [Errno 2]" in told.err
    assert "known against" not in told.out


def test_a_file_of_another_kind_is_not_audited(tmp_path: Path) -> None:
    """It is a mistake in the command, and no lock without packages."""
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "yarn.lock")])
    assert ended.value.code == 2


def test_a_lock_that_is_not_there_is_not_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2: an exception would end with 1, which means that something is known."""
    assert main([str(tmp_path / "package-lock.json"), "--database", str(tmp_path)]) == 2
    assert "package-lock.json cannot be read: " in capsys.readouterr().err


def test_a_lock_has_a_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A larger file is not read into memory."""
    lock = tmp_path / "package-lock.json"
    lock.touch()
    os.truncate(lock, LOCK_BYTES_MAX + 1)
    assert main([str(lock), "--database", str(tmp_path)]) == 2
    assert "is larger than 16 MiB" in capsys.readouterr().err
