"""The emitters as files to copy: their size, their license, and the Python one's rules. The rest: tests/emitters."""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from examples.simulator.emitter import Emitter
from tests.support.toys import EMITTERS, LANGUAGES, TOOLS, missing

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in EMITTERS.rglob("*.*") if path.suffix in (".rs", ".go", ".hpp", ".cpp", ".py", ".ts"))
LINES_MAX = {"emitter": 120, "toy": 100}


def begun(seeds: int = 2) -> tuple[Emitter, io.BytesIO]:
    """An emitter in its first seed, and what it writes to."""
    out = io.BytesIO()
    emit = Emitter(out)
    emit.declare("fault", "net.drop")
    emit.start(7, seeds)
    assert emit.next_seed()
    return emit, out


def records(out: io.BytesIO) -> list[dict[str, Any]]:
    """What was written."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_language_has_an_emitter_and_a_toy() -> None:
    """Two files each."""
    assert {(path.relative_to(EMITTERS).parts[0], path.stem) for path in FILES} == {
        (language, stem) for language in LANGUAGES for stem in LINES_MAX
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_to_copy_is_short_and_says_its_license(path: Path) -> None:
    """What a project copies, it must be able to read, and may not have to ask about."""
    lines = path.read_text(encoding="utf-8").splitlines()
    license_of_ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["license"]
    assert re.fullmatch(rf"(//|#) SPDX-License-Identifier: {re.escape(license_of_ours)}", lines[0])
    assert len(lines) <= LINES_MAX[path.stem]
    assert max(map(len, lines)) <= 120


def test_the_example_simulator_has_the_emitter_as_it_is() -> None:
    """A copy, as any project would have it: build.py packs it with the rest."""
    copy = ROOT / "examples" / "simulator" / "emitter.py"
    assert copy.read_bytes() == (EMITTERS / "python" / "emitter.py").read_bytes()


def test_missing_compilers_are_named() -> None:
    """All of them at once, with what each is for."""
    assert missing(lambda tool: "/bin/it") == ""
    assert "go (Go), node (TypeScript)" in missing(lambda tool: None if tool in ("go", "node") else "/bin/it")
    assert all(tool in missing(lambda _: None) for tool in TOOLS)


@pytest.mark.parametrize(
    "misuse",
    [
        lambda emit: emit.declare("fault", "late"),
        lambda emit: emit.start(1, 2),
        lambda emit: (emit.end(), emit.hit("net.drop")),
        lambda emit: (emit.end(), emit.end()),
        lambda emit: (emit.next_seed(), emit.next_seed(), emit.ran("agreement")),
        lambda emit: (emit.next_seed(), emit.next_seed(), emit.fail("agreement")),
        lambda emit: (emit.next_seed(), emit.next_seed(), emit.digest("00")),
        lambda emit: Emitter(io.BytesIO()).hit("too early"),
        lambda emit: Emitter(io.BytesIO()).next_seed(),
        lambda emit: Emitter(io.BytesIO()).declare("flaut", "net.drop"),
    ],
)
def test_what_would_be_lost_is_an_error(misuse: Callable[[Emitter], object]) -> None:
    """A hit outside of a seed belongs to no record."""
    with pytest.raises(RuntimeError, match="emitter"):
        misuse(begun()[0])


def test_the_first_failure_of_a_seed_is_kept_and_the_next_seed_begins_anew() -> None:
    """Later ones often follow from it."""
    emit, out = begun()
    emit.hit("net.drop", 3)
    emit.hit("net.drop")
    emit.fail("agreement", "first")
    emit.fail("durability", "second")
    assert emit.next_seed()
    assert not emit.next_seed()
    emit.end()
    _, first, second, end = records(out)
    assert (first["hits"], first["failure"]) == ({"net.drop": 4}, {"invariant": "agreement", "message": "first"})
    assert (second["seed"], second["status"], second["hits"]) == (8, "ok", {})
    assert end == {"type": "end", "seeds": 2, "failed": 1}


def test_a_run_that_stops_early_says_how_many_seeds_it_had() -> None:
    """`end` writes the seed that was begun; the reader sees that others are missing."""
    emit, out = begun(5)
    emit.end()
    assert [record["type"] for record in records(out)] == ["start", "seed", "end"]
    assert records(out)[-1]["seeds"] == 1
