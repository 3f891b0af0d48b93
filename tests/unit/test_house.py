"""The rules of the house, read off the source: arrows, sizes, and who may touch the world."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "vopr_coverage"
MODULES = sorted(PACKAGE.rglob("*.py"))
LINES_MAX = 300
FUNCTION_LINES_MAX = 70
JUDGES = (
    "report", "recording", "recorded", "thresholds", "outcome", "ladder", "gates", "extra_gates", "health", "merging",
    "comparing", "regression", "judging", "confidence", "canary", "nightly/planning",
    "nightly/plan", "nightly/replay",
    "nightly/trends", "nightly/trends_history",
    "twice/differing", "twice/lockstep", "twice/verdict", "twice/judging",
)  # fmt: skip
# Left to right: a module imports only what stands on a line above its own. A folder stands for all that is in it.
ORDER = (
    ("errors",),
    ("files",),
    ("jsontext", "contract", "confidence"),
    ("serde", "recording"),
    ("report",),
    ("reading", "thresholds"),
    ("outcome",),
    ("ladder",),
    ("canary", "gates", "extra_gates", "recorded", "health", "merging", "seed_api"),
    ("yamltext", "config", "starter"),
    ("verdict",),
    ("comparing",),
    ("regression",),
    ("basefile", "judging", "paths"),
    ("check",),
    ("twice",),
    ("nightly",),
    ("render", "progress", "runner_files", "recorder"),
    ("inputs",),
    ("github",),
    ("commands",),
    ("cli", "action"),
    ("__main__",),
)


def name_of(path: Path) -> str:
    """A module's place in ORDER: its own name, or that of its folder."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports, as dotted names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rank(name: str) -> int:
    """How far right a module stands."""
    return next(index for index, names in enumerate(ORDER) if name in names)


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__init__.py"], ids=str)
def test_a_module_imports_only_what_lies_to_its_left(path: Path) -> None:
    """Data flows one way, and so do the arrows."""
    here = name_of(path)
    for imported in imports_of(path):
        if imported.startswith("vopr_coverage."):
            there = imported.split(".")[1]
            if there not in ("__version__", here):
                assert rank(there) <= rank(here), f"{here} imports {there}"


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_touches_neither_world_nor_clock_nor_output(name: str) -> None:
    """Judging is a function of its arguments."""
    banned = ("os", "sys", "time", "random", "pathlib", "vopr_coverage.render", "vopr_coverage.github")
    for imported in imports_of(PACKAGE / f"{name}.py"):
        assert not any(imported == word or imported.startswith(f"{word}.") for word in banned), imported


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_only_the_doors_read_the_environment(path: Path) -> None:
    """What a run depends on can be seen in its arguments."""
    if name_of(path) not in ("cli", "action"):
        assert not imports_of(path) & {"os.environ", "os.getenv"}
        source = path.read_text(encoding="utf-8")
        assert "os.environ" not in source
        assert "os.getenv" not in source


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_file_fits_in_one_reading(path: Path) -> None:
    """About 300 lines a file, 70 a function."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES_MAX, node.name


def test_starting_up_loads_neither_templates_nor_yaml() -> None:
    """Jinja and PyYAML are imported by whoever needs them, when they need them."""
    import subprocess
    import sys

    code = "import sys, vopr_coverage.cli; print(sorted({'jinja2', 'yaml', 'github'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
