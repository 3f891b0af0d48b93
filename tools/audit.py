"""Known vulnerabilities in the locked packages, as pip-audit finds them in the OSV database.

    python tools/audit.py requirements/*.txt
    python tools/audit.py requirements/*.txt --database FOLDER     without a network, by a stored copy of OSV's

pip-audit ends alike for a vulnerability and for a database that does not answer, leaves out packages that other
platforms need, and may skip one. So its answer is counted here: every package of every lock must be in it.

Exit codes: 0 nothing is known against any of them; 1 something is; 2 not every package could be looked up.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

Package = tuple[str, str]  # normalized name, version

TIMEOUT_S = 600
AGE_DAYS_MAX = 14
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+_-]+)(?: ;[^\\]*)?(?: \\)?")
_HASH = re.compile(r" +--hash=sha256:[0-9a-f]{64}(?: \\)?")
_OTHER = re.compile(r"\s*(?:#.*)?")


class Unanswered(Exception):
    """Packages could not be looked up."""


def packages_of(text: str, source: str) -> dict[Package, list[str]]:
    """The packages of a lock with their hashes. Conditions on the platform are left out: all are audited.

    Raises:
        Unanswered: a line that is none of a lock's.
    """
    found: dict[Package, list[str]] = {}
    hashes: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if pinned := _PINNED.fullmatch(line):
            hashes = found.setdefault((_normal(pinned[1]), pinned[2]), [])
        elif _HASH.fullmatch(line):
            hashes.append(line.strip(" \\"))
        elif not _OTHER.fullmatch(line):
            raise Unanswered(f"{source}:{number}: expected a package, a hash or a comment")
    if not found:
        raise Unanswered(f"{source} locks no package")
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def ask(packages: dict[Package, list[str]], program: str) -> Any:
    """pip-audit's answer on these packages, parsed.

    Raises:
        Unanswered: it gave none.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lock.txt"
        lines = (" \\\n    ".join([f"{name}=={version}", *hashes]) for (name, version), hashes in packages.items())
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        line = [program, "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
        line += ["--vulnerability-service", "osv", "--requirement", str(file)]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unanswered(f"pip-audit: {error}") from None
    try:
        return json.loads(done.stdout)
    except ValueError:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise Unanswered(
            f"pip-audit ended with exit code {done.returncode} and without an answer: {said[-1]}"
        ) from None


def findings(answer: Any, asked: Iterable[Package]) -> Iterator[str]:
    """A line for each known vulnerability.

    Raises:
        Unanswered: after the last of them, if a package is missing in the answer, or was skipped.
    """
    seen = set()
    for each in answer["dependencies"]:
        if "vulns" not in each:
            continue
        seen.add((_normal(each["name"]), each["version"]))
        for one in each["vulns"]:
            names = ", ".join([one["id"], *one.get("aliases", [])])
            fixed = ", ".join(one["fix_versions"]) or "no version yet"
            yield f"{each['name']} {each['version']}: {names}; fixed in {fixed}"
    if missing := [f"{name} {version}" for name, version in asked if (name, version) not in seen]:
        raise Unanswered(f"{len(missing)} packages were not looked up: {', '.join(missing[:10])}")


def asked(packages: dict[Package, list[str]], program: str) -> Iterator[str]:
    """A line for each vulnerability that OSV's server knows; see `ask` and `findings`."""
    yield from findings(ask(packages, program), packages)


def stored(packages: dict[Package, list[str]], folder: Path, age_days_max: int) -> Iterator[str]:
    """A line for each vulnerability that a stored database knows.

    Raises:
        Unanswered: it cannot be used; after the last line, if its newest record is too old.
    """
    from tools.osv_database import Unusable, search  # needs a package that pip-audit brings

    try:
        newest, found = search(folder, packages)
    except Unusable as error:
        raise Unanswered(str(error)) from None
    for one in found:
        yield one.line()
    age = (datetime.now(UTC) - newest).days
    if age > age_days_max:
        raise Unanswered(f"the newest record in {folder} is {age} days old (--age-days-max {age_days_max})")


def main(argv: list[str] | None = None) -> int:
    """Audit the locks."""
    parser = argparse.ArgumentParser(description="Finds known vulnerabilities in locked packages.")
    parser.add_argument("locks", nargs="+", type=Path, metavar="LOCK")
    parser.add_argument("--program", default=str(Path(sys.executable).with_name("pip-audit")), help="pip-audit")
    parser.add_argument("--database", type=Path, metavar="FOLDER", help="look them up in a stored database")
    parser.add_argument(
        "--age-days-max", type=int, default=AGE_DAYS_MAX, metavar="N",
        help=f"how old the newest record of that database may be (default: {AGE_DAYS_MAX})",
    )  # fmt: skip
    options = parser.parse_args(argv)
    look_up: Callable[[dict[Package, list[str]]], Iterator[str]] = partial(asked, program=options.program)
    if options.database:
        look_up = partial(stored, folder=options.database, age_days_max=options.age_days_max)
    looked_up: set[Package] = set()
    known = 0
    try:
        for lock in options.locks:  # one at a time: two may lock two versions of a package
            locked = packages_of(lock.read_text(encoding="utf-8"), str(lock))
            new = {package: hashes for package, hashes in locked.items() if package not in looked_up}
            if not new:
                continue
            for line in look_up(new):
                known += 1
                print(f"{lock}: {line}")
            looked_up |= new.keys()
    except Unanswered as error:
        print(f"the audit is not complete: {error}", file=sys.stderr)
        return 1 if known else 2
    print(f"{known or 'nothing'} known against {len(looked_up)} packages of {len(options.locks)} locks")
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main())
