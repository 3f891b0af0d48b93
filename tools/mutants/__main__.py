"""How many small changes of our judges do the unit tests notice?

    python -m tools.mutants --minutes 60 gates/pairs.py base/gate.py

mutmut makes the mutants and runs the tests that reach them, in build/mutants. What is judged here is its answer: every
mutant must have been judged, and every survivor be killed by a test or explained in tests/mutants.

Exit codes: 0 all of this holds; 1 it does not; 2 mutmut could not be run.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.mutants.listed import ROOT, SOURCE, Mutant, explained, functions_of, key_of, listed_text, stale
from tools.mutants.mutmut import NOTICED, PARTS, parts_of, prepare, results_of, run

MUTANTS_MIN = 1000  # of all judges together
KILLED_MIN = 0.95


def complaints(
    results: Mapping[Mutant, str], listed: Mapping[Mutant, str], *, at_least: int = MUTANTS_MIN
) -> list[str]:
    """Why these results are not good enough; nothing, if they are. A mutant that hangs the tests was noticed."""
    counts = Counter(results.values())
    found = []
    if counts["left"]:
        found.append(f"the time was over with {counts['left']:,} mutants left")
    judged = len(results) - counts["left"]
    if judged < at_least:
        found.append(f"{judged:,} mutants were judged, at least {at_least:,} are required")
    different = [each for each in results if each not in listed and results[each] != "left"]
    killed = sum(results[each] in NOTICED for each in different)
    if killed < KILLED_MIN * len(different) or not different:
        found.append(
            f"{killed:,} of {len(different):,} non-equivalent mutants were killed, {KILLED_MIN:.0%} are required"
        )
    if open_ones := len(different) - killed:
        found.append(f"{open_ones:,} survivors are neither killed by a test nor explained in tests/mutants")
    if wrong := sorted(each for each in listed if results.get(each) in NOTICED):
        found.append(f"{len(wrong):,} mutants of tests/mutants were killed, such as {wrong[0]}")
    return found


def table(results: Mapping[Mutant, str], listed: Mapping[Mutant, str]) -> Iterator[str]:
    """A line a file, and one for all."""
    columns = ("killed", "survived", "timed out", "no test", "broken", "left")
    yield f"{'file':34}{'mutants':>9}" + "".join(f"{each:>11}" for each in (*columns, "explained"))
    for file in [*sorted({each.file for each in results}), ""]:
        ours = {each: status for each, status in results.items() if file in ("", each.file)}
        counts = Counter(ours.values())
        cells = [*(counts[each] for each in columns), sum(each in listed for each in ours)]
        yield f"{file or 'all':34}{len(ours):>9,}" + "".join(f"{cell:>11,}" for cell in cells)


def change_of(mutated: str, mutant: Mutant) -> str:
    """The lines that a mutant changes, as `- was` and `+ is`; `mutated` is the file that mutmut made."""
    prefix = key_of(mutant).rpartition(".")[2].removesuffix(str(mutant.number))
    code = {}
    for node in ast.walk(ast.parse(mutated)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith(prefix):
            number, node.name = node.name.removeprefix(prefix), mutant.function
            code[number] = ast.unparse(node).splitlines()
    lines = difflib.ndiff(code["orig"], code[str(mutant.number)])
    return "\n".join(f"    {line[0]} {line[2:].strip()}" for line in lines if line[0] in "+-")


def survivors(folder: Path, results: Mapping[Mutant, str], listed: Mapping[Mutant, str]) -> Iterator[str]:
    """What is left to kill or to explain, each with its change and what tests/mutants wants to know of it."""
    for mutant, status in sorted(results.items()):
        if status not in (*NOTICED, "left") and mutant not in listed:
            code = functions_of((ROOT / SOURCE / mutant.file).read_text("utf-8")).get(mutant.function)
            yield f"{status}: {mutant.file} {mutant.function} {mutant.number} (code {code})"
            yield change_of((folder / "mutants" / SOURCE / mutant.file).read_text("utf-8"), mutant)


def main(arguments: list[str] | None = None) -> int:
    """Run mutmut on the judges, print the score by file and every survivor."""
    parser = argparse.ArgumentParser(description="Mutation testing of our own judges")
    parser.add_argument("files", nargs="*", help="files below src/vopr_coverage; none: all judges")
    parser.add_argument("--minutes", type=float, default=60, help="how long it may take")
    parser.add_argument("--again", action="store_true", help="judge only those that survived or were left last time")
    options = parser.parse_args(arguments)
    listed = explained(listed_text())
    try:
        parts = parts_of(options.files)
    except ValueError as error:
        parser.error(str(error))
    end_s = time.monotonic() + options.minutes * 60
    results: dict[Mutant, str] = {}
    for part, files in parts.items():
        folder = ROOT / "build" / "mutants" / part.partition("/")[0]
        if not options.again:
            shutil.rmtree(folder, ignore_errors=True)
        (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)  # a test may reach other functions by now
        only = [each for each, status in results_of(folder, files).items() if status not in NOTICED]
        if options.again and not only:
            continue
        prepare(folder, files, PARTS[part].split())
        if code := run(folder, max(end_s - time.monotonic(), 1) / 60, only):
            print(f"mutmut ended with {code}; it wrote {folder.relative_to(ROOT)}/log", file=sys.stderr)
            return 2
        found = results_of(folder, files)
        if options.again:  # mutmut forgets the others where the list of tests has changed
            found = {each: found[each] for each in only if each in found}
        results |= found
        for line in survivors(folder, found, listed):
            print(line, flush=True)
    print("\n".join(table(results, listed)))
    at_least = 1 if options.files or options.again else MUTANTS_MIN
    wrong = [*stale(listed, ROOT / SOURCE), *complaints(results, listed, at_least=at_least)]
    print("\n".join(f"not good enough: {each}" for each in wrong) or "good enough")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
