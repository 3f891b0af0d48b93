"""Every command in prose, help texts, issue forms and workflow files is one that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from tests.docs.commands_shown import make_problem, prefix_problem, whole_problem
from tests.docs.pages import INLINE
from tests.docs.shell import commands_of
from tests.support.markdown_blocks import ROOT
from vopr_coverage.commands.parser import build_parser

PATTERNS = (".github/**/*.yml", "workflows/*.yml", "*/action.yml", "action.yml", "examples/configs/*.yml")
FILES = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))
CODE = re.compile(r"`((?:vopr-coverage|make) [^`]*)`")


def problem_of(text: str) -> str:
    """What is wrong with a command that prose names."""
    return make_problem(text.split()) if text.startswith("make ") else prefix_problem(text)


def test_commands_in_prose_exist() -> None:
    """Their options and choices, too; and make targets."""
    shown = [code for code in INLINE if code.text.startswith(("vopr-coverage ", "make "))]
    assert len(shown) > 100
    assert [f"{code.where}: `{code.text}`: {why}" for code in shown if (why := problem_of(code.text))] == []


def test_commands_in_other_files_exist() -> None:
    """Descriptions of inputs, comments of workflows, issue forms."""
    found = [(path.name, " ".join(code.split())) for path in FILES for code in CODE.findall(path.read_text("utf-8"))]
    assert found
    assert [f"{name}: `{code}`: {why}" for name, code in found if (why := problem_of(code))] == []


def examples_in_help() -> Iterator[tuple[str, list[str]]]:
    """The commands that stand on lines of their own in the help, with the name of the help."""
    for name, parser in build_parser()[1].items():
        for paragraph in (parser.epilog or "").split("\n\n"):
            if paragraph.startswith("  vopr-coverage "):
                yield from ((name, words) for words in commands_of(paragraph) if words[0] == "vopr-coverage")


def test_examples_in_the_help_can_be_parsed() -> None:
    """Whoever copies one gets no error of usage."""
    found = list(examples_in_help())
    assert len(found) >= 5
    assert [f"{name} --help: {' '.join(words)}: {why}" for name, words in found if (why := whole_problem(words))] == []


def test_commands_of_shipped_workflows_can_be_parsed() -> None:
    """In the starters and in our own workflows."""
    scripts = [
        step["run"]
        for path in [*ROOT.glob("workflows/*.yml"), *ROOT.glob(".github/workflows/*.yml")]
        for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
        for step in job.get("steps", [])
        if "run" in step
    ]
    words = [found for script in scripts for found in commands_of(script) if found[0] == "vopr-coverage"]
    assert len(words) > 10
    assert [f"{' '.join(found)}: {why}" for found in words if (why := prefix_problem(" ".join(found[:2])))] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vopr-coverage chek REPORT…", "no command chek"),
        ("vopr-coverage check --verdict F", "has no option --verdict"),
        ("vopr-coverage points remove", "remove is none of lock, show, update"),
        ("vopr-coverage check --profile strict", "strict is none of"),
        ("vopr-coverage schema verdicts", "no schema verdicts"),
        ("make tests", "no target tests"),
        ("vopr-coverage record … --out DIR -- COMMAND --any", ""),
        ("vopr-coverage check REPORT… --profile none | cat", ""),
        ("make test ARGS=--update-golden", ""),
    ],
)
def test_what_does_not_exist_is_noticed(text: str, said: str) -> None:
    """Else the tests above could not fail."""
    assert (said in problem_of(text)) if said else problem_of(text) == ""
