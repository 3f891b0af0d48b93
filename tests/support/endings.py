"""How a command ended, for tests at the edge: refused, failed or passed, in words and in its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.support.reports import Ended, run_cli

PROBLEMS_TOLD = 10


def refused(ended: Ended) -> list[str]:
    """The problems that a refused command names, a line each, without our own name in front."""
    assert ended.code == 2, ended
    assert ended.out == ""
    assert "Traceback" not in ended.err
    lines = ended.err.splitlines()
    assert all(one.startswith("vopr-coverage: ") and one.isprintable() for one in lines)
    return [one.removeprefix("vopr-coverage: ") for one in lines]


def violations(ended: Ended) -> list[str]:
    """The violations that a failed command lists."""
    assert ended.code == 1, ended
    assert ended.err == ""
    assert ended.out.startswith("❌ Coverage validation FAILED\n")
    return [one.removeprefix("  - ") for one in ended.out.partition("Total violations")[0].splitlines()[2:-1]]


def passed(ended: Ended) -> bool:
    """Whether the command passed, in its exit code and in its words."""
    assert (ended.code == 0) == ended.out.startswith("✅ Coverage validation PASSED\n"), ended
    return ended.code == 0


def refusals_of(contents: Iterable[bytes], folder: Path) -> list[str]:
    """Write each content to a file of its own, and return what is told of them, a line a file.

    A command tells ten problems at most, so it takes one command for ten files.
    """
    names = []
    for number, content in enumerate(contents):
        names.append(f"{number}.json")
        (folder / names[-1]).write_bytes(content)
    told = []
    for at in range(0, len(names), PROBLEMS_TOLD):
        told += refused(run_cli("check", *names[at : at + PROBLEMS_TOLD], cwd=folder))
    return told
