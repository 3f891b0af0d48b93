"""npm packages, as `npm audit` finds them in the registry's database.

npm names no package that it looked up, it counts them. So that count is held against the lock. It includes packages
that the settings of npm leave out, and all of them where npm is told to be offline: flags overrule these settings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from tools.audit.model import Known, Lock, Package, Unanswered
from tools.audit.services import answer_of

FLAGS = [
    "audit", "--package-lock", "--package-lock-only", "--json", "--no-offline",
    "--include=prod", "--include=dev", "--include=optional", "--include=peer",
]  # fmt: skip
REPORT_VERSION = 2
_ALL_VERSIONS = ("*", ">=0", ">=0.0.0")


def ask(lock: Lock, wanted: Collection[Package], program: str) -> Iterator[Known]:
    """What is known against the wanted packages of a lock. npm is asked in the lock's folder, for all of them.

    Raises:
        Unanswered: there is no answer, or it is not about all packages of the lock; after the last finding, if it is
            about others.
    """
    folder = lock.path.parent.resolve()
    code, answer = answer_of("npm audit", [program, *FLAGS, f"--prefix={folder}"], folder)
    try:
        _check(code, answer, lock)
        for one in _findings(answer["vulnerabilities"], lock):
            if one.package in wanted:
                yield one
    except (AttributeError, KeyError, TypeError) as error:
        raise Unanswered(f"npm audit's answer cannot be read: {error!r}") from None


def _check(code: int, answer: Any, lock: Lock) -> None:
    if answer.get("auditReportVersion") != REPORT_VERSION or answer.get("error"):
        summary = (answer.get("error") or {}).get("summary")
        raise Unanswered(f"npm audit gave no report of version 2: {answer.get('message') or summary or 'no reason'}")
    counted, locked = answer["metadata"]["dependencies"]["total"], sum(map(len, lock.packages.values()))
    if not isinstance(counted, int) or counted < locked:
        raise Unanswered(f"npm audit counted {counted!r} dependencies, and {lock.path} has {locked}")
    if code and not answer["vulnerabilities"]:
        raise Unanswered(f"npm audit found nothing and ended with exit code {code}")


def _findings(vulnerabilities: dict[str, Any], lock: Lock) -> Iterator[Known]:
    """One for each advisory and package.

    npm says where the affected versions of a package are, but not which advisory is about which: of two affected
    versions, both get all advisories. A package that is affected through another one has no advisory of its own.
    """
    packages = {place: package for package, places in lock.packages.items() for place in places}
    unknown: list[str] = []
    advised = False
    for name, vulnerability in vulnerabilities.items():
        advisories = [each for each in vulnerability["via"] if not isinstance(each, str)]
        affected = [packages[place] for place in vulnerability["nodes"] if place in packages]
        if advisories and len(affected) < max(len(vulnerability["nodes"]), 1):
            unknown.append(name)
        for advisory in advisories:
            advised = True
            yield from (_known(package, advisory) for package in dict.fromkeys(affected))
    if vulnerabilities and not advised:
        raise Unanswered("npm audit found something, and does not say what")
    if unknown:
        raise Unanswered(f"npm audit has something against {unknown[0]!r} where {lock.path} does not have it")


def _known(package: Package, advisory: dict[str, Any]) -> Known:
    name = str(advisory.get("url") or advisory["source"]).rpartition("/")[2]
    span = advisory["range"]
    return Known(package, [name], [] if span.replace(" ", "") in _ALL_VERSIONS else [f"versions outside of {span}"])
