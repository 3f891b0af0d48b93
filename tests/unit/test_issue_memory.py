"""The seeds that an issue keeps in a hidden line: bounded, read back whole, and checked, since people edit issues."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.loops import for_each
from tests.support.pages import HOSTILE, LIVE, RUN_URL, SHA, page_of
from tests.support.tracked_issues import DAY, a_red_night, wanted_issue
from vopr_coverage.github.issue_memory import (
    MEMORY_CHARACTERS_MAX,
    REPRO_CHARACTERS_MAX,
    SEEDS_MAX,
    memory_line,
    seeds_in,
    without_memory,
)
from vopr_coverage.github.issue_plan import (
    CloseIssue,
    CreateIssue,
    Issue,
    IssueStamp,
    Text,
    UpdateIssue,
    WantedIssue,
    closed_body,
    issue_stamp_of,
    plan_issue,
    with_memory,
)
from vopr_coverage.nightly.known_seeds import KnownSeed, has_run, known_seeds_of
from vopr_coverage.nightly.verdict import Finding, NightVerdict, SeedsRan, night_from_json
from vopr_coverage.render.budget import COMMENT_CHARACTERS_MAX, ISSUE_CHARACTERS_MAX
from vopr_coverage.render.issue import IssueAbout, closing_note, render_issue

SEED = KnownSeed("failing seed", "combined", "17", "hash_chain", "vopr --seed 17", run_id="4711")
STAMP = wanted_issue(100).stamp


def many(count: int, **fields: Any) -> list[KnownSeed]:
    """Seeds of their own."""
    return [replace(SEED, seed=str(number), **fields) for number in range(count)]


@for_each(HOSTILE)
def test_any_name_is_read_back_and_cannot_end_the_line(text: str) -> None:
    """Whatever a simulator calls its scenario; half a surrogate is no text that a night has."""
    name = text.encode(errors="ignore").decode()[:200]
    seed = replace(SEED, scenario=name, invariant=name, repro=f"vopr {name}")
    line = memory_line([seed])
    assert seeds_in(f"stamp\n\n{line}\n") == (seed,)
    assert line.count("\n") == 0
    assert line.index("-->") == len(line) - 3


def test_twenty_seeds_are_kept_and_no_more_than_fit() -> None:
    """The first ones: these are the newest. A command that is too long is left out, and never cut."""
    assert memory_line([]) == ""
    assert len(seeds_in(memory_line(many(SEEDS_MAX + 5)))) == SEEDS_MAX
    long = many(SEEDS_MAX, repro="x" * REPRO_CHARACTERS_MAX)
    line = memory_line(long)
    assert len(line) < MEMORY_CHARACTERS_MAX + 50
    assert list(seeds_in(line)) == long[: len(seeds_in(line))] != []
    (one,) = seeds_in(memory_line(many(1, repro="x" * (REPRO_CHARACTERS_MAX + 1))))
    assert one.repro == ""


def a_line(document: object) -> str:
    """A line that somebody else has written."""
    return f"<!-- vopr-coverage seeds={base64.b64encode(json.dumps(document).encode()).decode()} -->"


GOOD = {"kind": "failing seed", "scenario": "combined", "seed": "17"}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "<!-- vopr-coverage seeds= -->",
        "<!-- vopr-coverage seeds=!!!! -->",
        "<!-- vopr-coverage seeds=AAA -->",
        "<!-- vopr-coverage seeds=////  -->",
        f"<!-- vopr-coverage seeds={'A' * (MEMORY_CHARACTERS_MAX + 4)} -->",
        " " + a_line([GOOD]),
        a_line([GOOD]) + " and more",
        a_line(GOOD),
        a_line([]),
        a_line([GOOD] * (SEEDS_MAX + 1)),
        a_line([GOOD | {"more": 1}]),
        a_line([GOOD | {"kind": "canary"}]),
        a_line([GOOD | {"seed": 17}]),
        a_line([GOOD | {"seed": "x"}]),
        a_line([GOOD | {"seed": "-1"}]),
        a_line([GOOD | {"seed": str(1 << 64)}]),
        a_line([GOOD | {"seed": "9" * 21}]),
        a_line([GOOD | {"scenario": "x" * 201}]),
        a_line([GOOD | {"repro": "x" * (REPRO_CHARACTERS_MAX + 1)}]),
        a_line([GOOD | {"run_id": "1\n"}]),
        a_line([GOOD | {"run_id": "https://evil.example"}]),
        a_line([{"seed": "17"}]),
        a_line([[[[[]]]]]),
    ],
)
def test_what_is_no_line_of_ours_keeps_nothing(line: str) -> None:
    """And is no error: an issue can be edited by people."""
    assert seeds_in(f"stamp\n{line}\n") == ()
    assert seeds_in(f"stamp\n{a_line([GOOD])}\n") != ()


def with_seeds(run: int, *seeds: KnownSeed, again: tuple[KnownSeed, ...] = (), red: bool = True) -> WantedIssue:
    """A run that found these seeds and has run others again."""
    want = wanted_issue(run, red=red)
    return WantedIssue(
        replace(want.stamp, known=seeds),
        want.author,
        red,
        draft=lambda of: Text(f"Red in {of.run_id}", with_memory(f"{of.line()}\nas run {of.run_id} has it\n", of)),
        note=lambda of: f"Green in {of.run_id}, {len(of.known)} left",
        has_run=lambda seed: seed in again,
    )


def an_issue(number: int, run: int, *seeds: KnownSeed) -> Issue:
    """The open issue of a run that found these."""
    (create,) = plan_issue([], with_seeds(run, *seeds)).operations
    assert isinstance(create, CreateIssue)
    return Issue(number, "github-actions[bot]", create.text.title, create.text.body)


def known_in(body: str) -> list[str]:
    """The seeds that a body keeps, as a later run reads it."""
    stamp = issue_stamp_of(body)
    assert stamp is not None
    return [seed.seed for seed in stamp.known]


def test_seeds_go_from_night_to_night_until_they_ran_again() -> None:
    """Tonight's first; each once."""
    one, two, three = many(3)
    (update,) = plan_issue([an_issue(1, 99, one, two)], with_seeds(100, three, two, again=(one,))).operations
    assert isinstance(update, UpdateIssue)
    assert known_in(update.text.body) == ["2", "1"]
    (update,) = plan_issue([an_issue(1, 99, one, two)], with_seeds(100, three)).operations
    assert isinstance(update, UpdateIssue)
    assert known_in(update.text.body) == ["2", "0", "1"]


def test_duplicates_bring_their_seeds_together() -> None:
    """What a race has left, or a newer run's text that is moved into the older issue."""
    one, two, three = many(3)
    update, _ = plan_issue([an_issue(1, 98, one), an_issue(2, 99, two)], with_seeds(100, three)).operations
    assert isinstance(update, UpdateIssue)
    assert known_in(update.text.body) == ["2", "1", "0"]
    update, _ = plan_issue([an_issue(1, 98, one), an_issue(2, 101, two)], with_seeds(100, three)).operations
    assert isinstance(update, UpdateIssue)
    assert known_in(update.text.body) == ["1", "0"]
    assert update.text.body.count("vopr-coverage seeds=") == 1


def test_a_green_night_keeps_them_in_the_closed_issue_for_the_next_red_one() -> None:
    """But for those that it has run."""
    one, two = many(2)
    issue = an_issue(1, 99, one, two)
    (close,) = plan_issue([issue], with_seeds(100, again=(one,), red=False)).operations
    assert isinstance(close, CloseIssue)
    assert known_in(close.body) == ["1"]
    assert close.body.count("vopr-coverage seeds=") == 1
    assert "Green in 100, 1 left" in close.body
    closed = replace(issue, body=close.body, open=False)
    (create,) = plan_issue([closed], with_seeds(101)).operations
    assert isinstance(create, CreateIssue)
    assert known_in(create.text.body) == ["1"]
    (create,) = plan_issue([replace(issue, open=False)], with_seeds(101)).operations  # closed by hand
    assert isinstance(create, CreateIssue)
    assert known_in(create.text.body) == []


def test_no_text_is_longer_than_github_takes() -> None:
    """The line is never cut: the text before it is."""
    stamp = replace(STAMP, known=tuple(many(SEEDS_MAX, repro="x" * REPRO_CHARACTERS_MAX)))
    body = with_memory("y" * COMMENT_CHARACTERS_MAX, stamp)
    assert len(body) <= COMMENT_CHARACTERS_MAX
    assert len(seeds_in(body)) > 3
    closed = closed_body(stamp, "Note", Issue(1, "", "", "x\n" + body))
    assert len(closed) <= COMMENT_CHARACTERS_MAX
    assert len(seeds_in(closed)) > 3
    assert "seeds=" not in without_memory(body)


@pytest.mark.parametrize(
    ("kind", "scenario", "seed", "expected"),
    [
        ("failing seed", "combined", "9", False),
        ("failing seed", "combined", "10", True),
        ("failing seed", "COMBINED", "14", True),
        ("failing seed", "combined", "15", False),
        ("failing seed", "swizzle", "12", False),
        ("failing seed", "", "12", True),  # an older file does not name it
        ("failing seed", "combined", "42", True),
        ("determinism", "combined", "12", False),  # it has to run twice
        ("determinism", "combined", "42", True),
        ("failing seed", "wrapped", str((1 << 64) - 1), True),
        ("failing seed", "wrapped", "1", True),  # seeds wrap around
        ("failing seed", "wrapped", "2", False),
    ],
)
def test_a_seed_has_run_again_where_its_range_did(kind: str, scenario: str, seed: str, expected: bool) -> None:
    """In its scenario, as often as it takes."""
    ran = (
        SeedsRan("long-run", "combined", "10", 5),
        SeedsRan("determinism", "combined", "42", 1),
        SeedsRan("long-run", "wrapped", str((1 << 64) - 2), 4),
    )
    night = a_red_night(5, seeds_ran=ran)
    assert has_run(night, KnownSeed(kind, scenario, seed)) == expected
    assert night_from_json(night.to_json().encode(), "night.json") == night


def test_only_seeds_that_failed_are_kept() -> None:
    """Not what a coverage finding or a canary is about, and no seed that is none."""
    findings = (
        Finding("long-run", "a", "failing seed", "x", seed="17", invariant="i", scenario="combined"),
        Finding("long-run", "b", "failing seed", "x", seed="17", invariant="i", scenario="Combined"),
        Finding("long-run", "a", "failing seed", "x", seed=None),
        Finding("long-run", "a", "failing seed", "x", seed=str(1 << 64)),
        Finding("canary", "a", "canary", "x", seed="18"),
        Finding("determinism", "a", "determinism", "x", seed="19", scenario="combined"),
    )
    night: NightVerdict = a_red_night(5, 0)
    found = known_seeds_of(replace(night, findings=findings), "5")
    assert [(seed.kind, seed.seed) for seed in found] == [("failing seed", "17"), ("determinism", "19")]


@for_each(HOSTILE)
def test_hostile_seeds_are_inert_on_the_page(text: str) -> None:
    """In the open issue and in the note of a green night; and they never make a page too long."""
    name = text.encode(errors="ignore").decode()
    seeds = tuple(many(SEEDS_MAX, scenario=name, invariant=name, repro=f"vopr {name}"))
    about = IssueAbout("", SHA, RUN_URL, RUN_URL, DAY, 2, seeds)
    body = render_issue(a_red_night(5), about)
    assert len(body) <= ISSUE_CHARACTERS_MAX
    assert "20 seeds of earlier nights" in body
    for page in (page_of(body), page_of(closing_note(about))):
        assert not LIVE.search(page.prose)
        assert {tag for _, tag, _ in page.elements} <= PLAIN_TAGS
        assert {dict(attributes).get("href") for _, tag, attributes in page.elements if tag == "a"} <= LINKS


PLAIN_TAGS = {
    *("html", "head", "body", "h2", "h3", "p", "a", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th"),
    *("td", "ul", "li", "sub", "details", "summary"),
}
LINKS = {RUN_URL, f"{RUN_URL}#summary"}


def test_an_old_stamp_knows_no_seeds() -> None:
    """Issues from before read as before."""
    stamp = IssueStamp("nightly", SHA, 4711, 1, 4700, DAY, 12)
    assert issue_stamp_of(f"{stamp.line()}\ntext") == stamp
