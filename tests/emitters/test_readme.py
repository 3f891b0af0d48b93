"""The lines that examples/emitters/README.md shows for each language compile, run, and write a whole stream."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.toys import EMITTERS, LANGUAGES, Command, built

README = (EMITTERS / "README.md").read_text(encoding="utf-8")
FENCES = {"rust": "rust", "go": "go", "cpp": "cpp", "python": "python", "typescript": "ts"}
LINES_MAX = 10
# What stands around a snippet in a project: `simulate`, and where the seeds come from.
AROUND = {
    "rust": """
fn simulate(_: u64, emit: &mut emitter::Emitter<std::io::Stdout>) {{ emit.hit("net.drop"); emit.ran("agreement"); }}
{imports}
fn main() -> std::io::Result<()> {{ let (first_seed, seeds) = (7, 3);
{lines}
Ok(()) }}""",
    "go": """package main
import ("log"; "os"; "toy/emitter")
func simulate(_ uint64, emit *emitter.Emitter) {{ emit.Hit("net.drop"); emit.Ran("agreement") }}
func main() {{ firstSeed, seeds := uint64(7), uint64(3)
{lines}
}}""",
    "cpp": """#include <iostream>
{imports}
void simulate(std::uint64_t, Emitter& emit) {{ emit.hit("net.drop"), emit.ran("agreement"); }}
int main() {{ const std::uint64_t first_seed = 7, seeds = 3;
{lines}
}}""",
    "python": """import sys
from emitter import Emitter
first_seed, seeds = 7, 3
def simulate(seed, emit): emit.hit("net.drop"); emit.ran("agreement")
{lines}""",
    "typescript": """{imports}
const [firstSeed, seeds] = [7n, 3n];
const simulate = (_: bigint, emit: Emitter) => (emit.hit("net.drop"), emit.ran("agreement"));
{lines}""",
}


def snippet(language: str) -> tuple[str, str]:
    """The lines under a language's heading: what is imported, and the rest."""
    (block,) = re.findall(rf"^```{FENCES[language]}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    lines = block.splitlines()
    imports = [line for line in lines if line.startswith(("mod ", "#include", "import "))]
    return "\n".join(imports), "\n".join(line for line in lines if line not in imports)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lines_of_the_readme_write_a_stream(language: str, toys: dict[str, Command], tmp_path: Path) -> None:
    """As they stand there, beside a copy of the emitter."""
    imports, lines = snippet(language)
    assert len([line for line in lines.splitlines() if line]) <= LINES_MAX
    project = tmp_path / "project"
    shutil.copytree(EMITTERS / language, project)
    (toy,) = project.glob("toy.*")
    toy.write_text(AROUND[language].format(imports=imports, lines=lines), encoding="utf-8")
    start = built(language, tmp_path, project)
    stream = subprocess.run(start, capture_output=True, check=True, timeout=60).stdout
    records = [json.loads(line) for line in stream.splitlines()]
    assert [record["type"] for record in records] == ["start", "seed", "seed", "seed", "end"]
    assert (records[0]["scenario"], records[0]["invariants"]) == ("calm", ["agreement"])
    assert [record["seed"] for record in records[1:-1]] == [7, 8, 9]
    assert all(record["hits"] == {"net.drop": 1} and record["ran"] == {"agreement": 1} for record in records[1:-1])
