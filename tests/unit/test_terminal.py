"""Texts on a terminal: lines that fit, commands that can be copied, colours of ours and no others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vopr_coverage.render.terminal import Terminal, columns, on_terminal, rows, terminal_of, wrapped
from vopr_coverage.runner.environment import runner_of

NARROW = Terminal(40)
PAINTED = Terminal(40, colours=True)
TEXT = """\
❌ Coverage validation FAILED

  - a.json: a line that others may read and that is longer than forty columns

What to do:
  - Check that this kind of fault is switched on and really gets scheduled.
      ./sim --scenario "big bang" --seed 7 --iterations 1 --json  # the whole run

❌ Coverage validation failed: 1 cause, and a few more words than fit
"""
COMMAND = './sim --scenario "big bang" --seed 7 --iterations 1 --json'
EXACT = "- a.json: a line that others may read and that is longer than forty columns"


def test_prose_is_wrapped_and_what_is_copied_is_not() -> None:
    """Commands, lines of the block and the verdict stay on one line, however long."""
    assert on_terminal(TEXT, NARROW, [COMMAND], [EXACT]).splitlines() == [
        "❌ Coverage validation FAILED",
        "",
        f"  {EXACT}",
        "",
        "What to do:",
        "  - Check that this kind of fault is",
        "    switched on and really gets",
        "    scheduled.",
        f"      {COMMAND}  # the whole run",
        "",
        "❌ Coverage validation failed: 1 cause, and a few more words than fit",
    ]


def test_on_a_screen_the_verdict_is_wrapped_too() -> None:
    """People read it there; in a pipe or a log it is one line, the last one. Commands and exact lines stay whole."""
    screen = terminal_of(40, colours=True, screen=True)
    lines = on_terminal(TEXT, screen, [COMMAND], [EXACT]).splitlines()
    assert lines[-2:] == [
        "\x1b[1;31m❌ Coverage validation failed: 1 cause,\x1b[0m",
        "\x1b[1;31m   and a few more words than fit\x1b[0m",
    ]
    assert lines[:-2] == on_terminal(TEXT, PAINTED, [COMMAND], [EXACT]).splitlines()[:-1]


def test_colours_change_nothing_else() -> None:
    """The same text between escapes; each line ends in the terminal's own colour."""
    plain = on_terminal(TEXT, NARROW, [COMMAND], [EXACT])
    painted = on_terminal(TEXT, PAINTED, [COMMAND], [EXACT])
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain
    assert "\x1b[1;31m❌ Coverage validation FAILED\x1b[0m\n" in painted
    assert "\x1b[1mWhat to do:\x1b[0m\n" in painted
    assert f"\x1b[36m      {COMMAND}  # the whole run\x1b[0m\n" in painted
    assert on_terminal("✅ Passed\n", PAINTED) == "\x1b[1;32m✅ Passed\x1b[0m\n"


@pytest.mark.parametrize("terminal", [NARROW, PAINTED])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_is_read_brings_no_escape_of_its_own(terminal: Terminal, text: str) -> None:
    """Neither as prose nor as a command or a heading: escapes are those of our colours, each closed on its line."""
    for line in on_terminal(f"❌ {text}\n  - {text}\n{text}:\n{text}\n", terminal, [text], [text]).splitlines():
        bare = re.sub(r"^\x1b\[(1|36|1;31|1;32)m(.*)\x1b\[0m$", r"\2", line)
        assert bare.isprintable()
        assert terminal.colours or "\x1b" not in line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("one two three", ["one two", "three"]),
        ("  - one two three", ["  - one", "    two", "    three"]),
        ("1. one two three", ["1. one two", "   three"]),
        ("averyveryverylongword and more", ["averyveryverylongword", "and more"]),
        ("日本 日本 日本", ["日本 日本", "日本"]),  # two columns each
        ("", [""]),
    ],
)
def test_lines_break_between_words(line: str, expected: list[str]) -> None:
    """Below the first word, and never inside one."""
    assert wrapped(line, 10) == expected


def test_a_line_may_have_a_last_one() -> None:
    """The ellipsis says that it had more."""
    assert wrapped("one two three four five six", 10, 2) == ["one two", "three …"]
    assert wrapped("one two", 10, 2) == ["one two"]


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"], include_characters=" "), max_size=120))
def test_wrapping_loses_no_word(line: str) -> None:
    """And no line is wider than the terminal unless it is one word."""
    lines = wrapped(line, 40)
    assert " ".join(lines).split() == line.split()
    assert all(columns(part) <= 40 or " " not in part.strip().removeprefix("- ") for part in lines)


def test_rows_are_those_of_the_terminal() -> None:
    """A line that is too long continues in the next row, and an empty one takes a row."""
    assert rows(["", "x" * 40, "x" * 41], 40) == 4


@pytest.mark.parametrize(("columns_of", "width"), [(0, 40), (80, 80), (200, 200)])
def test_a_width_is_one_that_can_be_read(columns_of: int, width: int) -> None:
    """However narrow the window is."""
    assert terminal_of(columns_of, colours=False).width == width


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({}, None),
        ({"TERM": "xterm"}, None),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, None),  # an empty variable says nothing
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
def test_who_wants_no_colours_gets_none(environ: dict[str, str], colours: bool | None) -> None:
    """The first variable that says something decides; else it depends on the terminal."""
    assert runner_of(environ).colours is colours
