"""The lines of a regression file: which are written, which can be read, and what is told of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from vopr_coverage.errors import ConfigError, FileError
from vopr_coverage.nightly.regression_file import (
    RegressionSeeds,
    as_word,
    is_scenario,
    is_seed,
    parse_regressions,
    read_regressions,
    regression_line,
    words_of,
)

LAST = "18446744073709551615"
EXPECTED = "expected SCENARIO SEED, the seed an integer below 2^64, a scenario with blanks in double quotes"


def refused(text: str, source: str = "seeds.txt") -> list[str]:
    """The lines that this text gets."""
    with pytest.raises(ConfigError) as caught:
        parse_regressions(text, source)
    return str(caught.value).splitlines()


# ---- names and seeds


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a", True),
        ("x" * 200, True),
        ("x" * 201, False),
        ("", False),
        ("a b", True),
        ("a\n", False),
        ("a\u00a0", False),
    ],
)
def test_the_name_of_a_scenario(text: str, *, is_one: bool) -> None:
    """Up to 200 characters that can be printed."""
    assert is_scenario(text) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("0", True),
        (LAST, True),
        ("18446744073709551616", False),
        ("0" * 20, True),
        ("0" * 21, False),
        ("", False),
        ("-1", False),
        ("+1", False),
        ("1_0", False),
        ("٣", False),
        ("²", False),
    ],
)
def test_a_seed(text: str, *, is_one: bool) -> None:
    """Up to 20 decimal digits, below 2^64."""
    assert is_seed(text) is is_one


# ---- written


@pytest.mark.parametrize(
    ("scenario", "seed", "invariant", "today", "line"),
    [
        ("gray", "17", "hash_chain", "2026-11-26", "gray 17  # hash_chain, 2026-11-26"),
        ("gray", "17", "hash_chain", "", "gray 17  # hash_chain"),
        ("two nodes", "17", "a\nb", "", r'"two nodes" 17  # a\nb'),
        ("gray", "17", "x" * 101, "", "gray 17  # " + "x" * 100),
        ("gray", "17", "x" * 100, "2026-11-26", "gray 17  # " + "x" * 100 + ", 2026-11-26"),
        (None, "17", "hash_chain", "", ""),
        ("", "17", "hash_chain", "", ""),
        ("a\n", "17", "hash_chain", "", ""),
        ("gray", "x", "hash_chain", "", ""),
    ],
)
def test_the_line_that_adds_a_seed(scenario: str | None, seed: str, invariant: str, today: str, line: str) -> None:
    """With a comment that is no longer than 100 characters and a date; none for what no file may have."""
    assert regression_line(scenario, seed, invariant, today) == line


@pytest.mark.parametrize(
    ("scenario", "word"),
    [
        ("gray", "gray"),
        ("é", "é"),
        ('a"b', 'a"b'),
        ('"a', r'"\"a"'),
        ("a#", '"a#"'),
        ("é ü", '"é ü"'),
    ],
)
def test_a_scenario_in_a_line(scenario: str, word: str) -> None:
    """In quotes where it would be read as something else; other letters than English ones stay."""
    assert as_word(scenario) == word


# ---- read


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  # gray 17", []),
        ("\ufeffgray 17", ["gray", "17"]),
        ("\ufeff \t gray\t17 # a # b", ["gray", "17"]),
        ("gray#17", ["gray"]),
        ('"two nodes" 17', ["two nodes", "17"]),
        ('  "two # nodes"\t17 18# a # b', ["two # nodes", "17", "18"]),
        (r'"\"a" 7', ['"a', "7"]),
        ('"a"', ['"a"']),
        ('"a"7', ['"a"7']),
        ('"a', ['"a']),
        ('gray "a b"', ["gray", '"a', 'b"']),
    ],
)
def test_the_words_of_a_line(line: str, words: list[str]) -> None:
    """A line in quotes that cannot be read is one word, so that it is refused."""
    assert words_of(line) == words


def test_what_cannot_be_used_is_told_with_its_line() -> None:
    """All of it; names are foreign text."""
    text = 'gray 1\n  gray \x1b  \n# none\nswizzle 2\n"two" "x"\ngray 1 2\n'
    assert refused(text, "se\x1beds.txt") == [
        rf"se\x1beds.txt:2: {EXPECTED}, found 'gray \x1b'",
        rf"se\x1beds.txt:5: {EXPECTED}, found '"
        '"two" "x"'
        "'",
        rf"se\x1beds.txt:6: {EXPECTED}, found 'gray 1 2'",
    ]


def test_as_many_problems_as_are_listed_leave_none_to_count() -> None:
    """Ten."""
    assert refused("x\n" * 10) == [f"seeds.txt:{number}: {EXPECTED}, found 'x'" for number in range(1, 11)]
    assert refused("x\n" * 11)[10:] == ["… and 1 more problem"]


def test_seeds_are_grouped_by_scenario() -> None:
    """Under the name that stands first, in the order of the file, without zeros in front."""
    text = "Gray 3\nswizzle 1\nGRAY 01\ngray 3\nSwizzle 0\n"
    assert parse_regressions(text, "f") == (RegressionSeeds("Gray", ("3", "1")), RegressionSeeds("swizzle", ("1", "0")))
    assert parse_regressions("", "f") == ()


def test_a_scenario_that_cannot_be_judged_is_told_once() -> None:
    """On its first line, in the words of the config; other problems stand beside it in their order."""

    def complaint(scenario: str) -> str:
        return "" if scenario == "gray" else f"no {scenario}"

    with pytest.raises(ConfigError) as caught:
        parse_regressions("gray 1\nA 1\na 2\nx\nb 1\n", "f\x1b", complaint)
    assert str(caught.value).splitlines() == [
        r"f\x1b:2: no A",
        rf"f\x1b:4: {EXPECTED}, found 'x'",
        r"f\x1b:5: no b",
    ]


def test_a_file_has_ten_thousand_seeds_at_most() -> None:
    """Of all scenarios together, each counted once."""
    text = "".join(f"{'ab'[seed % 2]} {seed}\n" for seed in range(10_000))
    assert [len(known.seeds) for known in parse_regressions(text + "a 0\n", "f")] == [5_000, 5_000]
    assert refused(f"{text}a 10000\n", "f\x1b") == [r"f\x1b: expected at most 10,000 seeds, found more"]


def test_a_file_that_does_not_exist_has_no_seeds(tmp_path: Path) -> None:
    """It is made when the first seed fails."""
    assert read_regressions(tmp_path / "none") == ()


def test_a_file_is_read_under_its_path(tmp_path: Path) -> None:
    """With what a config has against a scenario."""
    file = tmp_path / "seeds.txt"
    file.write_text("gray 1\nx\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_regressions(file, lambda scenario: f"no {scenario}")
    assert str(caught.value).splitlines() == [f"{file}:1: no gray", f"{file}:2: {EXPECTED}, found 'x'"]
    file.write_text("gray 1\n", encoding="utf-8")
    assert read_regressions(file) == (RegressionSeeds("gray", ("1",)),)


def test_a_file_has_one_mebibyte_at_most(tmp_path: Path) -> None:
    """It is anybody's."""
    file = tmp_path / "seeds.txt"
    file.write_bytes(b"gray 1\n" + b"#" * ((1 << 20) - 7))
    assert read_regressions(file) == (RegressionSeeds("gray", ("1",)),)
    file.write_bytes(b"gray 1\n" + b"#" * ((1 << 20) - 6))
    with pytest.raises(FileError):
        read_regressions(file)
