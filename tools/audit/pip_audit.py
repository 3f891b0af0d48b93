"""Python packages, as pip-audit finds them in OSV's database.

pip-audit ends alike for a vulnerability and for a database that does not answer, leaves out packages that other
platforms need, and may skip one. So its answer is counted here: every package that was asked for must be in it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tools.audit.ecosystems import PYPI
from tools.audit.model import Known, Lock, Package, Unanswered
from tools.audit.services import answer_of


def ask(lock: Lock, wanted: Collection[Package], program: str) -> Iterator[Known]:
    """What is known against the wanted packages of a lock.

    Raises:
        Unanswered: there is no answer; after the last finding, if not all packages are in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lock.txt"
        lines = (" \\\n    ".join([f"{name}=={version}", *lock.packages[name, version]]) for name, version in wanted)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        line = [program, "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
        line += ["--vulnerability-service", "osv", "--requirement", str(file)]
        _, answer = answer_of("pip-audit", line)
    try:
        yield from _findings(answer, wanted)
    except (AttributeError, KeyError, TypeError) as error:
        raise Unanswered(f"pip-audit's answer cannot be read: {error!r}") from None


def _findings(answer: Any, wanted: Collection[Package]) -> Iterator[Known]:
    seen = set()
    for each in answer["dependencies"]:
        if "vulns" not in each:
            continue
        seen.add((PYPI.normal(each["name"]), each["version"]))
        for one in each["vulns"]:
            names = [one["id"], *one.get("aliases", [])]
            yield Known((each["name"], each["version"]), names, one["fix_versions"])
    if missing := [f"{name} {version}" for name, version in wanted if (name, version) not in seen]:
        raise Unanswered(f"{len(missing)} packages were not looked up: {', '.join(missing[:10])}")
