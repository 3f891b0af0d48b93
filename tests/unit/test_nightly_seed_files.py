"""The file of chosen seeds, line by line: what is written, what is read, and what is told of a line that is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from vopr_coverage.errors import ConfigError, FileError, UsageError
from vopr_coverage.incidence.choose import ChosenSeeds, SeedFor
from vopr_coverage.nightly.regression_file import RegressionSeeds
from vopr_coverage.nightly.seed_file import (
    SeedFile,
    WantedSeed,
    parse_seed_file,
    read_seed_file,
    scenario_line,
    seed_file_text,
)

HEAD = "# vopr-coverage seeds 1\n"
PARTS = "`#+ POINT` or `#+ POINT & POINT`"


def chosen(scenario: str, *seeds: SeedFor, of: int = 9, points: int = 3, reached: int = 2) -> ChosenSeeds:
    """These seeds of a scenario."""
    return ChosenSeeds(scenario, of, points, reached, seeds)


def many(count: int, scenario: str = "gray") -> ChosenSeeds:
    """So many seeds that are for nothing."""
    return chosen(scenario, *(SeedFor(str(seed), ()) for seed in range(count)))


def problems(text: str, source: str = "f") -> list[str]:
    """The lines that this text gets."""
    with pytest.raises(ConfigError) as refused:
        parse_seed_file(text, source)
    return str(refused.value).splitlines()


# ---- written


def test_each_scenario_has_a_paragraph() -> None:
    """With a line for each seed, and under it one for each thing that it is for."""
    one = chosen("two nodes", SeedFor("7", (("a",), ("a", "b c"))), SeedFor("8", ()))
    two = chosen("gray", SeedFor("0", (("&",),)))
    assert seed_file_text(iter([one, two])) == (
        "# vopr-coverage seeds 1\n"
        "\n"
        "# two nodes: 2 of 9 seeds reach 2 of 3 points that were reached\n"
        '"two nodes" 7\n'
        "#+ a\n"
        "#+ a & b c\n"
        '"two nodes" 8\n'
        "\n"
        "# gray: 1 of 9 seeds reaches 2 of 3 points that were reached\n"
        "gray 0\n"
        "#+ &\n"
    )
    assert seed_file_text([]) == "# vopr-coverage seeds 1\n"


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        (chosen("a\x1b", SeedFor("7", ())), r"a\x1b: 1 of 9 seeds reaches 2 of 3 points that were reached"),
        (chosen("a", of=1, points=1, reached=1), "a: 0 of 1 seed reach all 1 point that were reached"),
        (
            ChosenSeeds("a", 1_200, 1_300, 1_100, many(1_000).seeds, pairs=9_000, pairs_reached=8_000),
            "a: 1,000 of 1,200 seeds reach 1,100 of 1,300 points and 8,000 of 9,000 pairs that were reached",
        ),
        (
            ChosenSeeds("a", 2, 3, 3, many(2).seeds, pairs=1, pairs_reached=1),
            "a: 2 of 2 seeds reach all 3 points and all 1 pair that were reached",
        ),
        (
            ChosenSeeds("a", 2, 3, 0, many(2).seeds, pairs=1, pairs_reached=0),
            "a: 2 of 2 seeds reach 0 of 3 points and 0 of 1 pair that were reached",
        ),
    ],
)
def test_how_much_the_seeds_of_a_scenario_reach(choice: ChosenSeeds, line: str) -> None:
    """Pairs are told only where they were asked for."""
    assert scenario_line(choice) == line


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("view change", "view change"),
        ("a&b", "a&b"),
        ("é", "é"),
        ('a"', 'a"'),
        ('"a', r'"\"a"'),
        ("a & b", '"a & b"'),
        (" a", '" a"'),
        ("a ", '"a "'),
        ("a\n", r'"a\n"'),
        ("", '""'),
    ],
)
def test_the_name_of_a_point_in_a_line(name: str, written: str) -> None:
    """In quotes where it would be read as something else."""
    assert seed_file_text([chosen("gray", SeedFor("7", ((name,),)))]).splitlines()[-1] == f"#+ {written}"


def test_a_scenario_without_a_line_is_refused() -> None:
    """With its name, which is foreign text."""
    with pytest.raises(UsageError) as refused:
        seed_file_text([many(1), many(1, "a\x1b")])
    assert str(refused.value) == r"scenario 'a\x1b' cannot stand in a file of seeds: expected a printable name"


def test_a_file_has_ten_thousand_seeds_at_most() -> None:
    """Of all scenarios together; it could not be read again."""
    assert seed_file_text([many(5_000), many(5_000, "b")]).count("\ngray ") == 5_000
    with pytest.raises(UsageError) as refused:
        seed_file_text([many(5_000), many(5_001, "b")])
    assert str(refused.value) == "expected at most 10,000 seeds, found 10,001: choose fewer by --iterations"


# ---- read


def test_a_file_says_what_each_seed_is_for() -> None:
    """Scenarios and seeds however they are written; a seed that stands twice is for both."""
    text = (
        f'{HEAD}\nGray 7 # a comment\n#+ a\n# another\n\n#+ a & b\n"two nodes" 1\n#+   "a & b" & c  \n'
        'gray 8\nGRAY 007\n#+ d\n#+ "e"\n'
    )
    assert parse_seed_file(text, "f") == SeedFile(
        (RegressionSeeds("Gray", ("7", "8")), RegressionSeeds("two nodes", ("1",))),
        (
            WantedSeed("Gray", "7", (("a",), ("a", "b"), ("d",), ("e",))),
            WantedSeed("Gray", "8", ()),
            WantedSeed("two nodes", "1", (("a & b", "c"),)),
        ),
    )


@pytest.mark.parametrize("head", [HEAD, f"\ufeff{HEAD}", "# vopr-coverage seeds 1 \t\r\n"])
def test_an_editor_may_mark_a_file(head: str) -> None:
    """In front, and at the end of its lines."""
    expected = SeedFile((RegressionSeeds("gray", ("7",)),), (WantedSeed("gray", "7", (("a",),)),))
    assert parse_seed_file(f"{head}gray 7\n#+ a\n", "f") == expected


def test_a_file_without_seeds_is_for_nothing() -> None:
    """It is one all the same."""
    assert parse_seed_file(HEAD.rstrip(), "f") == SeedFile((), ())


def test_a_regression_file_is_read_too() -> None:
    """Nothing is known of what its seeds are for; its complaints have its name."""
    assert parse_seed_file("gray 7\n#+ a\n", "f") == SeedFile((RegressionSeeds("gray", ("7",)),))
    assert problems("x\n", "f\x1b")[0].startswith(r"f\x1b:1: expected SCENARIO SEED")
    assert problems(f"{HEAD}x\n", "f\x1b")[0].startswith(r"f\x1b:2: expected SCENARIO SEED")


@pytest.mark.parametrize("head", ["# vopr-coverage seeds 2", "# vopr-coverage seeds", "# vopr-coverage seeds 1.1"])
def test_a_file_of_another_version_is_refused(head: str) -> None:
    """Its comments may mean something else."""
    told = f"expected `# vopr-coverage seeds 1`, found '{head}': another version of vopr-coverage has written this file"
    assert problems(f"{head} \ngray 7\n", "f\x1b") == [rf"f\x1b:1: {told}"]


@pytest.mark.parametrize(
    "part",
    ["", " ", "a & b & c", '"a', '"a"b', '"a"&b', '""', '"a" & ', '1 & "b', '"a" & "b" & "c"'],
)
def test_a_line_with_other_than_one_or_two_points_is_refused(part: str) -> None:
    """Also where a quote is not closed, or more than one blank and `&` stands behind it."""
    line = f"#+{part}" if not part.strip() else f"#+ {part}"
    (problem,) = problems(f"{HEAD}gray 7\n{line}\n", "f\x1b")
    assert problem == rf"f\x1b:3: expected {PARTS}, found '{line}'"


def test_ten_lines_that_cannot_be_used_are_listed() -> None:
    """With their numbers; the others are counted."""
    text = f"{HEAD}#+ a\ngray 7\n#+ b\n"
    assert problems(text) == ["f:2: expected a seed before what it is for, found '#+ a'"]
    ten = [f"f:{number}: expected {PARTS}, found '#+'" for number in range(5, 15)]
    text = f"{HEAD}\ngray 7\n#+ b\n"
    assert problems(text + "#+\n" * 10) == ten
    assert problems(text + "#+\n" * 11) == [*ten, "… and 1 more"]
    assert problems(text + "#+\n" * 12) == [*ten, "… and 2 more"]


def test_a_file_is_read_under_its_path(tmp_path: Path) -> None:
    """One that does not exist has no seeds, and is no file of chosen seeds."""
    file = tmp_path / "seeds.txt"
    assert read_seed_file(file) == SeedFile(())
    file.write_text(f"{HEAD}gray 7\n#+ a\n", encoding="utf-8")
    assert read_seed_file(file).wanted == (WantedSeed("gray", "7", (("a",),)),)
    file.write_text(f"{HEAD}#+ a\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_seed_file(file)
    assert str(refused.value) == f"{file}:2: expected a seed before what it is for, found '#+ a'"


def test_a_file_has_sixteen_mebibytes_at_most(tmp_path: Path) -> None:
    """It is anybody's."""
    file = tmp_path / "seeds.txt"
    file.write_bytes(HEAD.encode().ljust(16 << 20, b"#"))
    assert read_seed_file(file) == SeedFile((), ())
    file.write_bytes(HEAD.encode().ljust((16 << 20) + 1, b"#"))
    with pytest.raises(FileError):
        read_seed_file(file)
