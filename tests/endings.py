"""How a command ended, for tests at the edge: refused, failed or passed, in words and in its exit code."""

from __future__ import annotations

from tests.build import Ended


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
