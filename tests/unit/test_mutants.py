"""The list of explained mutants is current, and a broken run of mutants cannot look like a good one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutants.__main__ import complaints
from tools.mutants.listed import ROOT, SOURCE, Mutant, explained, functions_of, key_of, listed_text, mutant_of, stale
from tools.mutants.mutmut import status_of

ENTRY = '[[equivalent]]\nfile="a.py"\nfunction="f"\ncode="{code}"\nnumbers=[1]\nchange="x"\nwhy="y"\n'


def results(killed: int, **others: int) -> dict[Mutant, str]:
    """So many mutants with each ending."""
    counts = {"killed": killed, **{key.replace("_", " "): count for key, count in others.items()}}
    return {Mutant("a.py", key, number): key for key, count in counts.items() for number in range(count)}


def test_every_explained_mutant_is_one_of_the_source_as_it_is() -> None:
    """Whoever changes its function has to judge its mutants anew."""
    assert list(stale(explained(listed_text()), ROOT / SOURCE)) == []


def test_an_entry_is_stale_when_its_function_is_changed_or_gone(tmp_path: Path) -> None:
    """Comments and layout do not count."""
    file = tmp_path / "a.py"
    file.write_text("def f():\n    return 1\n")
    listed = explained(ENTRY.format(code=functions_of(file.read_text())["f"]))
    file.write_text("def f():  # why\n\n    return 1\n")
    assert list(stale(listed, tmp_path)) == []
    file.write_text("def f():\n    return 2\n")
    assert len(list(stale(listed, tmp_path))) == 1
    file.write_text("def g():\n    return 1\n")
    assert list(stale(listed, tmp_path)) == ["a.py: f is gone"]
    file.unlink()
    assert list(stale(listed, tmp_path)) == ["a.py: f is gone"]


def test_an_entry_has_every_field_and_stands_there_once() -> None:
    """An explanation without a reason is none."""
    with pytest.raises(ValueError, match="lacks \\['why'\\]"):
        explained(ENTRY.replace('"y"', '""').format(code="0"))
    with pytest.raises(ValueError, match="listed twice"):
        explained(ENTRY.format(code="0") * 2)


def test_names_and_exit_codes_of_mutmut_are_read() -> None:
    """A code that is not known is no kill."""
    names = {
        "vopr_coverage.base.gate.x_f__mutmut_3": Mutant("base/gate.py", "f", 3),
        "vopr_coverage.gates.x__f__mutmut_1": Mutant("gates/__init__.py", "_f", 1),
        "vopr_coverage.base.gate.xǁCǁf__mutmut_12": Mutant("base/gate.py", "C.f", 12),
    }
    assert {name: mutant_of(mutant.file, name) for name, mutant in names.items()} == names
    assert {key_of(mutant): mutant for mutant in names.values()} == names
    codes = {0: "survived", 1: "killed", 36: "timed out", 33: "no test", None: "left", -11: "broken", 2: "broken"}
    assert {code: status_of(code) for code in codes} == codes


def test_enough_killed_mutants_are_good_enough() -> None:
    """A mutant that hangs the tests was noticed; an explained survivor is no loss."""
    assert complaints(results(990, timed_out=10, survived=1), {Mutant("a.py", "survived", 0): "code"}) == []


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        (results(0), "0 mutants were judged, at least 1,000 are required"),
        (results(999), "999 mutants were judged, at least 1,000 are required"),
        (results(1000, left=1), "the time was over with 1 mutants left"),
        (results(1000, survived=1), "1 survivors are neither killed by a test nor explained in tests/mutants"),
        (results(1000, no_test=1), "1 survivors are neither killed by a test nor explained in tests/mutants"),
        (results(1000, broken=60), "1,000 of 1,060 non-equivalent mutants were killed, 95% are required"),
    ],
)
def test_what_is_not_good_enough_has_a_reason(found: dict[Mutant, str], complaint: str) -> None:
    """What could not be judged is no pass."""
    assert complaint in complaints(found, {})


def test_an_explained_mutant_that_a_test_kills_leaves_the_list() -> None:
    """It was not equivalent."""
    assert len(complaints(results(1000), {Mutant("a.py", "killed", 0): "code"})) == 1
