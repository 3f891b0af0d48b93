"""Mutation testing of our own judges: how many small changes of their code do the unit tests notice?

    python tools/mutants.py --minutes 60 gates/pairs.py base/gate.py

mutmut makes the mutants and runs the tests that reach them, in build/mutants. What is judged here is its answer: every
mutant must have been judged, and every survivor be killed by a test or explained in tests/mutants.

Exit codes: 0 all of this holds; 1 it does not; 2 mutmut could not be run.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[1]
SOURCE = Path("src", "vopr_coverage")
LISTS = ROOT / "tests" / "mutants"
MUTANTS_MIN = 1000
KILLED_MIN = 0.95
PROCESSES = 2
COPIED = sorted(
    each.name
    for each in ROOT.iterdir()
    if each.name not in ("src", "tests", "build", "dist", "pyproject.toml")
    and (each.name == ".github" or not each.name.startswith("."))
)
# The judges, part by part, and the topics of tests/unit that may kill their mutants. A mutant that survives is run
# against all tests that reach it: those that draw pages or read a megabyte would take hours and say little of a judge.
_JUDGING = (
    "check comparing crash gates judging kinds losses merged_end merging pairs regressions run_health vacuous_gates"
)
_DRIFT = "incidence* point_* prediction signature seed_hits"
_NIGHT = (
    "job_* night night_findings own_night plan_file planning recording seed_file shards starter_nights standing_figures"
    " runner"
)
PARTS: Mapping[str, str] = {
    "base/*.py": f"{_JUDGING} {_DRIFT} read_back doctor_merged github_tracking trends_gate "
    "base_file change_to_base counterparts regression_* told_losses",
    "canaries/*.py": "canary_*",
    "check/merge.py": f"{_JUDGING} {_DRIFT} attempts merging_* profile_general recording",
    "determinism/*.py": "attempts canary_* crash determinism* simulation_stream night_findings",
    "gates/*.py": (
        f"{_JUDGING} {_DRIFT} attempts gate_* last_words other_testers profile_general recording run_health_* "
        "twenty_defects"
    ),
    "nightly/*.py": f"{_NIGHT} {_DRIFT} attempts issue_memory nightly_* regressions run_health scenario_maps trends_*",
}
_STATUS = {0: "survived", 1: "killed", 3: "killed", 5: "no test", 33: "no test", None: "left"}
NOTICED = ("killed", "timed out")  # a mutant that hangs the tests was noticed
_TIMED_OUT = (-24, 24, 36, 152, 255)


@dataclass(frozen=True, order=True)
class Mutant:
    """One change of one function; `file` is below src/vopr_coverage, `function` may be `Class.method`."""

    file: str
    function: str
    number: int


def key_of(mutant: Mutant) -> str:
    """mutmut's name of it: `module.x_function__mutmut_3`, or `module.xǁClassǁmethod__mutmut_3`."""
    module = ".".join([SOURCE.name, *PurePath(mutant.file).with_suffix("").parts]).removesuffix(".__init__")
    of_class = "." in mutant.function
    function = "xǁ" + mutant.function.replace(".", "ǁ") if of_class else f"x_{mutant.function}"
    return f"{module}.{function}__mutmut_{mutant.number}"


def status_of(code: int | None) -> str:
    """What an exit code of mutmut means. A code that is not known is no kill."""
    return "timed out" if code in _TIMED_OUT else _STATUS.get(code, "broken")


def mutant_of(file: str, name: str) -> Mutant:
    """The reverse of `key_of`."""
    function, _, number = name.rpartition(".")[2].partition("__mutmut_")
    return Mutant(file, function[2:].replace("ǁ", "."), int(number))


def functions_of(text: str) -> dict[str, str]:
    """Functions and methods of a source with a hash of their code; comments and layout are not part of it."""
    found: dict[str, str] = {}

    def visit(body: Sequence[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef):
                found[prefix + node.name] = hashlib.sha256(ast.unparse(node).encode()).hexdigest()[:12]

    visit(ast.parse(text).body, "")
    return found


def listed_text() -> str:
    """The lists of all parts, as one."""
    return "\n".join(file.read_text("utf-8") for file in sorted(LISTS.glob("*.toml")))


def explained(text: str) -> dict[Mutant, str]:
    """The mutants of the list, each with the hash of the code that it is a change of.

    Raises:
        ValueError: an entry that is there twice, or lacks a field.
    """
    found: dict[Mutant, str] = {}
    for entry in tomllib.loads(text).get("equivalent", []):
        if missing := {"file", "function", "code", "numbers", "change", "why"} - {key for key in entry if entry[key]}:
            raise ValueError(f"an entry of {entry.get('file')} lacks {sorted(missing)}")
        for number in entry["numbers"]:
            mutant = Mutant(entry["file"], entry["function"], number)
            if mutant in found:
                raise ValueError(f"{mutant} is listed twice")
            found[mutant] = entry["code"]
    return found


def stale(listed: Mapping[Mutant, str], source: Path) -> Iterator[str]:
    """Entries whose function is gone, or was changed since somebody explained its mutant."""
    for mutant, code in listed.items():
        file = source / mutant.file
        now = functions_of(file.read_text("utf-8")).get(mutant.function) if file.is_file() else None
        if now != code:
            yield f"{mutant.file}: {mutant.function} {'is gone' if now is None else f'is now {now}, not {code}'}"


def complaints(results: Mapping[Mutant, str], listed: Mapping[Mutant, str]) -> list[str]:
    """Why these results are not good enough; nothing, if they are. A mutant that hangs the tests was noticed."""
    counts = Counter(results.values())
    found = []
    if counts["left"]:
        found.append(f"the time was over with {counts['left']:,} mutants left")
    judged = len(results) - counts["left"]
    if judged < MUTANTS_MIN:
        found.append(f"{judged:,} mutants were judged, at least {MUTANTS_MIN:,} are required")
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


def parts_of(files: Sequence[str]) -> dict[str, list[str]]:
    """These files below src/vopr_coverage by their part; no files: all there are.

    Raises:
        ValueError: a file of no part.
    """
    if not files:
        return {part: [part] for part in PARTS}
    found: dict[str, list[str]] = {}
    for file in files:
        part = next((part for part in PARTS if PurePath(file).match(part)), None)
        if part is None:
            raise ValueError(f"{file} is not among {', '.join(PARTS)}")
        found.setdefault(part, []).append(file)
    return found


def prepare(folder: Path, files: Sequence[str], topics: Iterable[str]) -> None:
    """A folder in which mutmut finds the project by links, and a configuration for these files."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        for name in ("src", "tests", *COPIED):
            (folder / name).symlink_to(ROOT / name)
    tests = sorted({str(file.relative_to(ROOT)) for each in topics for file in ROOT.glob(f"tests/unit/test_{each}.py")})
    lines = [
        "[tool.mutmut]",
        'source_paths = ["src"]',
        f"only_mutate = {json.dumps([str(SOURCE / each) for each in files])}",
        f"also_copy = {json.dumps(COPIED)}",
        f"pytest_add_cli_args_test_selection = {json.dumps(tests)}",
        "use_git_change_detection = false",
        "timeout_multiplier = 5.0",
        "[tool.pytest.ini_options]",
        'pythonpath = ["."]',
        'addopts = ["--import-mode=importlib", "-p", "no:cacheprovider"]',
        'filterwarnings = ["error"]',
    ]
    (folder / "pyproject.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(folder: Path, minutes: float, only: Iterable[Mutant] = ()) -> int | None:
    """mutmut's exit code; None if the time was over first. It judges `only` these mutants, or else all."""
    line = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(PROCESSES), *map(key_of, only)]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(line, cwd=folder, stdout=log, stderr=log) as process,  # noqa: S603 - a program of our venv
    ):
        try:
            return process.wait(minutes * 60)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
            return None


def results_of(folder: Path, files: Sequence[str]) -> dict[Mutant, str]:
    """What mutmut noted of each mutant of these files."""
    home = folder / "mutants" / SOURCE
    found = {}
    for file in sorted(home.rglob("*.py.meta")):
        codes = json.loads(file.read_text("utf-8"))["exit_code_by_key"]
        name = file.relative_to(home).as_posix().removesuffix(".meta")
        if any(PurePath(name).match(each) for each in files):
            found.update({mutant_of(name, key): status_of(code) for key, code in codes.items()})
    return found


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
        prepare(folder, files, PARTS[part].split())
        if code := run(folder, max(end_s - time.monotonic(), 1) / 60, only):
            print(f"mutmut ended with {code}; it wrote {folder.relative_to(ROOT)}/log", file=sys.stderr)
            return 2
        found = results_of(folder, files)
        results |= found
        for line in survivors(folder, found, listed):
            print(line, flush=True)
    print("\n".join(table(results, listed)))
    wrong = [*stale(listed, ROOT / SOURCE), *complaints(results, listed)]
    print("\n".join(f"not good enough: {each}" for each in wrong) or "good enough")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
