"""The toy simulators of examples/emitters: what builds them, and the commands that start them.

`python -m tests.support.toys` names the compilers that are missing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import which

ROOT = Path(__file__).parents[2]
EMITTERS = ROOT / "examples" / "emitters"
TYPESCRIPT = ROOT / "tools" / "typescript" / "node_modules"
TOOLS = {"rustc": "Rust", "go": "Go", "c++": "C++", "node": "TypeScript", "npm": "TypeScript"}
LANGUAGES = ("rust", "go", "cpp", "python", "typescript")
# Nothing is fetched, and no revision is baked in: both need more than a compiler.
GO = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
TSC = (
    "--strict", "--noUncheckedIndexedAccess", "--erasableSyntaxOnly", "--target", "es2022", "--module", "nodenext",
    "--types", "node", "--typeRoots", str(TYPESCRIPT / "@types"),
)  # fmt: skip

Command = list[str]


def missing(find: Callable[[str], str | None] = which) -> str:
    """What to install, in a sentence; empty if every compiler is there."""
    tools = [f"{tool} ({language})" for tool, language in TOOLS.items() if not find(tool)]
    return f"The emitters can't be tested without these commands: {', '.join(tools)}" if tools else ""


def built(language: str, folder: Path, source: Path | None = None) -> Command:
    """Build a toy, or a program in its place, with warnings as errors; returns the command that starts it."""
    source, program = source or EMITTERS / language, folder / language
    commands: dict[str, tuple[Command, Command]] = {
        "rust": (["rustc", "--edition=2021", "-O", "-Dwarnings", "-o", str(program), "toy.rs"], [str(program)]),
        "go": (["go", "build", "-o", str(program), "."], [str(program)]),
        "cpp": (
            ["c++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "toy.cpp", "-o", str(program)],
            [str(program)],
        ),
        "python": ([], [sys.executable, "-B", str(source / "toy.py")]),
        "typescript": (
            ["node", str(TYPESCRIPT / "typescript" / "bin" / "tsc"), *TSC, "--outDir", str(program), "toy.ts"],
            ["node", str(program / "toy.js")],
        ),
    }
    build, start = commands[language]
    if build:
        done = subprocess.run(build, cwd=source, env=os.environ | GO, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(build)}\n{done.stdout}{done.stderr}"
    return start


if __name__ == "__main__":
    sys.exit(missing() or None)
