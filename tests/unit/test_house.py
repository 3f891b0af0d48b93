"""The rules of the house, read off the source: arrows, sizes, and who may touch the world."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.support.loops import for_each

PACKAGE = Path(__file__).parents[2] / "src" / "vopr_coverage"
MODULES = sorted(PACKAGE.rglob("*.py"))
FILES = [path for path in MODULES if path.name != "__init__.py"]
LINES_MAX = 300
FUNCTION_LINES_MAX = 70
LOOSE_MAX = 6  # modules beside the folders, without __init__.py and __main__.py
# Left to right: a module imports only from rooms on a line above its own, and from its own room.
ORDER = (
    ("errors",),
    ("formats", "statistics"),
    ("files",),
    ("model",),
    ("reading", "gates", "incidence"),
    ("seed_api", "base", "canaries", "progress", "points"),
    ("config", "recorder"),
    ("check",),
    ("determinism", "runner", "doctor", "conversion"),
    ("nightly",),
    ("trends",),
    ("causes",),
    ("render",),
    ("github",),
    ("own_night",),
    ("commands", "action"),
    ("cli",),
    ("__main__",),
)
# Rooms and modules that judge or plan, as functions of their arguments; so is every module whose docstring says "Pure".
PURE = (
    "statistics", "model", "incidence", "gates", "base/compare", "base/gate", "canaries/judge", "canaries/beside",
    "check/merge", "check/judge",
    "determinism/differences", "determinism/lockstep", "determinism/judge", "determinism/verdict",
    "nightly/plan", "nightly/planner", "nightly/wish", "nightly/replay", "nightly/totals", "nightly/job_results",
    "nightly/advice",
    "trends/history", "trends/compare",
    "github/comment_plan", "github/comment_marker", "github/issue_plan", "github/artifact_zip",
    "render/outline", "render/changes",
    "reading/tally", "reading/ending", "reading/shapes", "reading/records", "reading/compact",
)  # fmt: skip
STARTS_UNSEEN = ("os.system", "os.popen", "subprocess.call", "subprocess.check_call", "subprocess.check_output")
WORLD = (
    "os", "sys", "time", "random", "secrets", "subprocess", "socket", "pathlib", "glob", "shutil",
    "tempfile", "requests", "github", "vopr_coverage.files", "vopr_coverage.github.api",
)  # fmt: skip


def module_of(path: Path) -> str:
    """A module's name below the package: `gates/health`, or `cli`."""
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def room_of(module: str) -> str:
    """Its folder, or itself where it stands beside the folders."""
    return module.partition("/")[0]


@cache
def tree_of(path: Path) -> ast.Module:
    """A file, parsed once for all rules."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports_of(path: Path) -> frozenset[str]:
    """The modules that a file imports, as dotted names; of `from x import y` both `x` and `x.y`."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


@cache
def ours_of(path: Path) -> frozenset[str]:
    """The modules of this package that a file imports, by their names below it."""
    known = {module_of(module) for module in FILES}
    names = (name.removeprefix("vopr_coverage.").replace(".", "/") for name in imports_of(path))
    return frozenset(name for name in names if name in known) | {
        name.removeprefix("vopr_coverage.")
        for name in imports_of(path)
        if name.startswith("vopr_coverage.") and (PACKAGE / name.removeprefix("vopr_coverage.")).is_dir()
    }


def rank(room: str) -> int:
    """How far right a room stands."""
    assert any(room in rooms for rooms in ORDER), f"{room} has no place in ORDER"
    return next(index for index, rooms in enumerate(ORDER) if room in rooms)


@for_each(MODULES[1:], parts=1)
def test_a_module_imports_only_what_lies_to_its_left(path: Path) -> None:
    """Data flows one way, and so do the arrows."""
    here = room_of(module_of(path))
    for imported in ours_of(path):
        there = room_of(imported)
        assert there == here or rank(there) < rank(here), f"{module_of(path)} imports {imported}"


def test_no_room_has_a_circle() -> None:
    """Within a folder, too, every module can be read after those that it imports."""
    arrows = {module_of(path): ours_of(path) for path in FILES}
    done: set[str] = set()
    while left := {module for module in arrows if module not in done}:
        free = {module for module in left if not (arrows[module] & left) - {module}}
        assert free, f"these import each other: {sorted(left)}"
        done |= free


def test_one_class_a_name() -> None:
    """A name that means two things must be looked up each time it is read."""
    found: dict[str, list[str]] = {}
    for path in FILES:
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(module_of(path))
    assert {name: modules for name, modules in found.items() if len(modules) > 1} == {}


CLASSES = {node.name for path in FILES for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)}


@for_each(FILES, parts=1)
def test_constructors_of_many_values_are_called_by_keyword(path: Path) -> None:
    """Five values in a row can be swapped without a reader noticing; what it is of may stand first."""
    calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    long = [call for call in calls if len(call.args) > 1 and len(call.args) + len(call.keywords) > 4]
    assert [(call.lineno, ast.unparse(call.func)) for call in long if ast.unparse(call.func) in CLASSES] == []


def test_few_modules_stand_beside_the_folders() -> None:
    """A module has a room: only the doors and what every room may use stand outside."""
    loose = [path.stem for path in PACKAGE.glob("*.py") if path.stem not in ("__init__", "__main__")]
    assert len(loose) <= LOOSE_MAX, loose


def is_pure(path: Path) -> bool:
    """Whether a module is on the list, or says so itself."""
    name, words = module_of(path), ast.get_docstring(tree_of(path)) or ""
    return "Pure" in words or any(name == pure or name.startswith(f"{pure}/") for pure in PURE)


@for_each([path for path in FILES if is_pure(path)], parts=1)
def test_what_is_pure_touches_neither_world_nor_clock_nor_output(path: Path) -> None:
    """Judging and planning are functions of their arguments."""
    for imported in imports_of(path):
        assert not any(imported == word or imported.startswith(f"{word}.") for word in WORLD), imported
    called = {
        node.func.id
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input"}


def test_the_list_of_pure_modules_names_modules() -> None:
    """A module that was renamed must not fall off the list."""
    for name in PURE:
        assert (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists(), name


@for_each(MODULES, parts=1)
def test_only_the_doors_read_the_environment(path: Path) -> None:
    """What a run depends on can be seen in its arguments."""
    if module_of(path) not in ("cli", "action", "recorder/child_environment"):
        assert not imports_of(path) & {"os.environ", "os.getenv"}
        source = path.read_text(encoding="utf-8")
        assert "os.environ" not in source
        assert "os.getenv" not in source


PRINTS = ("commands/output", "cli", "action", "progress")


@for_each(FILES, parts=1)
def test_what_is_printed_passes_where_it_becomes_inert(path: Path) -> None:
    """A log of GitHub is read for commands; `emit` and its like leave none in what they print."""
    if module_of(path) not in PRINTS:
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            assert called != "print", node.lineno
            assert not called.startswith(("sys.stdout.", "sys.stderr.")) or called.endswith(".isatty"), node.lineno


@for_each(FILES, parts=1)
def test_whoever_starts_a_process_says_which_variables_it_gets(path: Path) -> None:
    """Without `env` a process gets all that we have, with the runner's files and tokens."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("subprocess.run", "subprocess.Popen"):
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            assert given.get("env", "").startswith("child_environment("), node.lineno
        assert not (isinstance(node, ast.Attribute) and ast.unparse(node) in STARTS_UNSEEN), ast.unparse(node)


@for_each(MODULES, parts=1)
def test_a_file_fits_in_one_reading(path: Path) -> None:
    """About 300 lines a file, 70 a function."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_MAX
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES_MAX, node.name


def test_starting_up_loads_neither_templates_nor_yaml() -> None:
    """Jinja and PyYAML are imported by whoever needs them, when they need them."""
    heavy = "print(sorted({'jinja2', 'yaml', 'github'} & set(sys.modules)))"
    all_commands = "from vopr_coverage.commands.parser import build_parser; build_parser()"
    for loading in ("import vopr_coverage.cli", all_commands):
        code = f"import sys; {loading}; {heavy}"
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == "[]", loading


def test_the_command_line_loads_only_the_command_that_was_called() -> None:
    """A small check must not wait for what plans nights and starts processes."""
    code = (
        "import sys; from vopr_coverage.commands.parser import parse; parse(sys.argv[1:]); "
        "print([name for name in sys.modules if name.startswith('vopr_coverage.commands.')])"
    )
    ran = subprocess.run([sys.executable, "-c", code, "check", "x"], capture_output=True, text=True, check=True)
    loaded = {name.rpartition(".")[2] for name in ast.literal_eval(ran.stdout)}
    assert loaded == {"parser", "check", "options", "output"}
