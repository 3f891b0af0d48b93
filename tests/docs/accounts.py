"""How each block of the documentation is held to the truth: it is run, it is linted, or a table says why it is neither.

A block counts as run only where a test runs it: a session of tests/docs, or a test elsewhere that follows its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from tests.docs.exceptions import ELSEWHERE, EXCEPTED, FOLLOWED, NOT_RUN
from tests.docs.sessions import SHELL, is_followed
from tests.docs.yaml_kinds import kind_of_yaml
from tests.support.followed import saved_as
from tests.support.markdown_blocks import Block

SESSIONS_TEST = "tests/docs/test_sessions.py"
LINTERS: dict[str, str] = {
    **dict.fromkeys(SHELL, "bash -n, options, targets, paths, shellcheck"),
    "yaml": "the kinds of YAML, our reader of configs, actionlint, zizmor",
    "json": "a parser of JSON",
    "go": "a parser of JSON, of the lines that it prints",
    "diff": "our reader of lockfiles, before and after",
    "seeds": "our reader of files of seeds",
}


class Account(NamedTuple):
    """How a block is held, by what, and where it is not run, why."""

    how: Literal["run", "linted", "excepted"]
    by: str
    why: str = ""


class Unaccounted(AssertionError):
    """A block that nothing runs or lints."""

    def __init__(self, block: Block, advice: str) -> None:
        begins = block.text.strip().partition("\n")[0]
        super().__init__(f"{block.where}: nothing runs or lints this block, which begins `{begins}`: {advice}")


def account(block: Block) -> Account:
    """What runs or lints a block.

    Raises:
        Unaccounted: nothing does, or the table of exceptions has what could be linted.
    """
    why = next((row.why for row in NOT_RUN if row.matches(block)), "")
    if is_followed(block):
        return Account("run", SESSIONS_TEST)
    if block.page in FOLLOWED and block.language not in ("sh", "bash"):  # which say how to install
        return Account("run", FOLLOWED[block.page])
    elsewhere = [row for row in ELSEWHERE if row.matches(block)]
    if elsewhere:
        return Account(elsewhere[0].how, elsewhere[0].why)
    linter = linter_of(block)
    excepted = [row for row in EXCEPTED if row.matches(block)]
    if excepted and linter:
        raise Unaccounted(block, "EXCEPTED in tests/docs/exceptions.py has a row for it, but it can be linted")
    if excepted:
        return Account("excepted", "tests/docs/exceptions.py", excepted[0].why)
    if linter is None:
        raise Unaccounted(block, _advice(block))
    if block.language in SHELL and not why:
        raise Unaccounted(
            block,
            "commands are run: give its page a session in tests/docs/sessions.py, "
            "or a row of NOT_RUN in tests/docs/exceptions.py says why they cannot be",
        )
    return Account("linted", LINTERS[linter], why)


def linter_of(block: Block) -> str | None:
    """The key in LINTERS of what reads a block; None where nothing does."""
    if block.language in SHELL:
        return block.language
    if block.language == "yaml":
        return "yaml" if kind_of_yaml(block.text) else None
    if block.language == "text" and block.text.startswith("# vopr-coverage seeds"):
        return "seeds"
    if block.language == "go" and not block.text.startswith("fmt.Printf"):
        return None
    return block.language if block.language in ("json", "go", "diff") else None


def summary(blocks: Sequence[Block]) -> tuple[list[str], list[str]]:
    """The counts as lines to print, and what is wrong with blocks that nothing accounts for."""
    lost: list[str] = []
    found: list[tuple[Block, Account]] = []
    for block in blocks:
        try:
            found.append((block, account(block)))
        except Unaccounted as problem:
            lost.append(str(problem))
    run, linted, excepted = (sum(each.how == how for _, each in found) for how in ("run", "linted", "excepted"))
    total = f"{len(blocks)} blocks: {run} run, {linted} linted, {excepted} excepted, {len(lost)} neither"
    ways = sorted({(each.how, each.by) for _, each in found}, reverse=True)
    lines = [f"  {sum(each[:2] == way for _, each in found):3} {way[0]} by {way[1]}" for way in ways]
    reasons = [f"  {block.where} is not run: {each.why}" for block, each in found if each.why]
    return [total, *lines, *reasons], lost


def _advice(block: Block) -> str:
    if not block.language:
        return "name the language behind its fence"
    if saved_as(block):
        return "its page has it saved, but no session in tests/docs/sessions.py follows the page"
    return (
        f"a `{block.language}` block like this has no linter. Show output below its command in a console block, write "
        "“Save this as `FILE`” above a file that later commands read, or add a row with the reason to EXCEPTED in "
        "tests/docs/exceptions.py"
    )
