"""Known vulnerabilities in the packages of lock files.

    python -m tools.audit requirements/*.txt tools/*/package-lock.json
    python -m tools.audit LOCK… --database FOLDER     without a network, by stored copies of OSV's databases

Exit codes: 0 nothing is known against any of them; 1 something is; 2 not every package could be looked up.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tools.audit import npm_audit, package_lock, pip_audit, requirements
from tools.audit.ecosystems import NPM, PYPI, Ecosystem
from tools.audit.model import Known, Lock, Package, Packages, Unanswered, printable, text_of
from tools.audit.stored import database_of, search

AGE_DAYS_MAX = 14
Wanted = list[tuple[Lock, list[Package]]]  # the packages of each lock that no lock before it has
LookUp = Callable[[Wanted], Iterator[tuple[Lock, Known]]]


@dataclass(frozen=True)
class Kind:
    """A kind of lock: which files are such locks, how they are read, and which program asks for their packages."""

    ecosystem: Ecosystem
    pattern: str
    packages_of: Callable[[str, str], Packages]
    ask: Callable[[Lock, Collection[Package], str], Iterator[Known]]
    program: str
    default: str

    def read(self, paths: list[Path]) -> list[Lock]:
        """Those of the files that are such locks.

        Raises:
            Unanswered: one cannot be read.
        """
        mine = [path for path in paths if path.match(self.pattern)]
        return [Lock(path, self.packages_of(text_of(path), str(path))) for path in mine]


KINDS = (
    Kind(
        PYPI, "*.txt", requirements.packages_of, pip_audit.ask,
        "pip-audit", str(Path(sys.executable).with_name("pip-audit")),
    ),
    Kind(NPM, "package-lock.json", package_lock.packages_of, npm_audit.ask, "npm", "npm"),
)  # fmt: skip


def asked(wanted: Wanted, kind: Kind, program: str) -> Iterator[tuple[Lock, Known]]:
    """What a program learns over the network. It is asked lock by lock: two may lock two versions of a package."""
    for lock, packages in wanted:
        if packages:
            yield from ((lock, known) for known in kind.ask(lock, packages, program))


def stored(wanted: Wanted, kind: Kind, folder: Path, age_days_max: int) -> Iterator[tuple[Lock, Known]]:
    """What a stored database knows.

    Raises:
        Unanswered: it cannot be used; after the last finding, if its newest record is too old.
    """
    locks = {package: lock for lock, packages in wanted for package in packages}
    newest, found = search(folder, kind.ecosystem, locks)
    yield from ((locks[known.package], known) for known in found)
    age = (datetime.now(UTC) - newest).days
    if age > age_days_max:
        path = database_of(kind.ecosystem, folder)
        raise Unanswered(f"the newest record in {path} is {age} days old (--age-days-max {age_days_max})")


def without_repeats(locks: list[Lock]) -> Wanted:
    """Each lock with the packages that no lock before it has."""
    seen: set[Package] = set()
    wanted = []
    for lock in locks:
        wanted.append((lock, [package for package in lock.packages if package not in seen]))
        seen |= lock.packages.keys()
    return wanted


def audit(kinds: dict[Kind, LookUp], paths: list[Path]) -> int:
    """Audit the locks of each kind, print what is known, and return the exit code.

    A kind whose packages cannot be looked up does not hide what is known against those of another kind.
    """
    known = looked_up = 0
    complete = True
    for kind, look_up in kinds.items():
        try:
            wanted = without_repeats(kind.read(paths))
            for lock, one in look_up(wanted) if wanted else ():
                known += 1
                print(f"{lock.path}: {one.line()}")
            looked_up += sum(len(packages) for _, packages in wanted)
        except Unanswered as error:
            complete = False
            print(f"the audit is not complete: {printable(str(error))}", file=sys.stderr)
    if complete:
        print(f"{known or 'nothing'} known against {looked_up} packages of {len(paths)} locks")
    return 1 if known else 0 if complete else 2


def main(argv: list[str] | None = None) -> int:
    """Audit the locks."""
    parser = argparse.ArgumentParser(description="Finds known vulnerabilities in locked packages.")
    parser.add_argument("locks", nargs="+", type=Path, metavar="LOCK")
    for kind in KINDS:
        parser.add_argument(f"--{kind.program}", default=kind.default, metavar="PROGRAM", dest=kind.program)
    parser.add_argument("--database", type=Path, metavar="FOLDER", help="look them up in stored databases")
    parser.add_argument(
        "--age-days-max", type=int, default=AGE_DAYS_MAX, metavar="N",
        help=f"how old the newest record of such a database may be (default: {AGE_DAYS_MAX})",
    )  # fmt: skip
    options = parser.parse_args(argv)
    if unknown := [path for path in options.locks if not any(path.match(kind.pattern) for kind in KINDS)]:
        parser.error(f"{unknown[0]} is no lock of a kind that is known")
    kinds: dict[Kind, LookUp] = {}
    for kind in KINDS:
        kinds[kind] = partial(asked, kind=kind, program=vars(options)[kind.program])
        if options.database:
            kinds[kind] = partial(stored, kind=kind, folder=options.database, age_days_max=options.age_days_max)
    return audit(kinds, options.locks)


if __name__ == "__main__":
    sys.exit(main())
