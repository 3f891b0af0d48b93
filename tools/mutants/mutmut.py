"""Runs mutmut on one part of the judges, with the unit tests that are about it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePath

from tools.mutants.listed import ROOT, SOURCE, Mutant, key_of, mutant_of

PROCESSES = 2
END_WITHIN_S = 30
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


def status_of(code: int | None) -> str:
    """What an exit code of mutmut means. A code that is not known is no kill."""
    return "timed out" if code in _TIMED_OUT else _STATUS.get(code, "broken")


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
    temporary = folder / "tmp"  # in a shared one, pytest trips over what others remove: a kill that is none
    temporary.mkdir(exist_ok=True)
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(  # noqa: S603 - a program of our venv
            line,
            cwd=folder,
            stdout=log,
            stderr=log,
            env=os.environ | {"TMPDIR": str(temporary)},
            start_new_session=True,
        ) as process,
    ):
        try:
            return process.wait(minutes * 60)
        except subprocess.TimeoutExpired:
            _end(process)
            return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End mutmut with all that it started. What it has judged is stored after each mutant."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_WITHIN_S)


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
