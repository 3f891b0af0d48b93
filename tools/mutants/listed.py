"""A mutant and its names, and the lists of those that no test can kill."""

from __future__ import annotations

import ast
import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[2]
SOURCE = Path("src", "vopr_coverage")
LISTS = ROOT / "tests" / "mutants"


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
