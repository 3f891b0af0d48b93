"""The verdict on determinism as text and as a page: everything is said, nothing is live, and it fits."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from tests.support.loops import for_each
from tests.support.pages import HOSTILE, NAME, assert_inert, closed, even_tables, page_of, replaced
from tests.support.reports import SEED_COUNT, a_stream, ending, failed, ndjson, start
from tests.support.run_pairs import changed, one, two, varying
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.render.budget import SUMMARY_BYTES_MIN, utf8_bytes
from vopr_coverage.render.determinism import render_determinism_markdown, render_determinism_text

OURS = {"status", "mode", "kind", "format", "seed", "first_seed", "ranges", "version", "advice"}


def a_message(text: str) -> DeterminismVerdict:
    """A verdict on two runs in which a message from a file says `text`."""
    left, right = (
        ndjson(start(0, 2), failed(0, NAME, said), failed(1, text), ending(0, [0, 1])) for said in (text, NAME)
    )
    return two(left, right)


@cache
def full() -> DeterminismVerdict:
    """A verdict with something in every part."""
    left = changed(varying(200, lost=[9]), 3, events=7, storage_hash="ab" * 32)
    cut = b"".join(changed(varying(200), 4, kernel_state_hash="cd" * 32).splitlines(keepends=True)[:-20])
    return two(left, cut, scenario=NAME)


def everywhere(verdict: DeterminismVerdict, text: str) -> DeterminismVerdict:
    """The verdict with `text` for every string that isn't ours."""
    result: DeterminismVerdict = replaced(verdict, lambda old, field: old if field in OURS else text)
    return result


def test_the_text_of_a_failure() -> None:
    """Why, what differs, what to do, how to replay, and what the figures are worth."""
    lines = render_determinism_text(two(varying(100), changed(varying(100), 42, events=7, storage_hash="ab" * 32)))
    assert lines == (
        "Why:\n"
        "  - a: 1 of 100 seeds came out differently in b, the first is seed 42 (events, storage_hash)\n"
        "\n"
        "Seeds that differ:\n"
        "  - seed 42: events 100 / 7, storage_hash 0000000000000000… / abababababababab…\n"
        "\n"
        "What differs:\n"
        "  - events: 1 seed\n"
        "  - storage_hash: 1 seed\n"
        "\n"
        "What to do:\n"
        "  - Replay the first of these seeds on both sides, with tracing, and look for where they part: order of hash "
        "maps, addresses, wall clock, threads, or another build.\n"
        "\n"
        "Replay (fill in the scenario):\n"
        "  - seed 42\n"
        "      vopr --scenario SCENARIO --seed 42\n"
        "\n"
        "Compared:\n"
        "  - a, 100 iterations, from seed 0\n"
        "  - b, 100 iterations, from seed 0\n"
        "\n"
        "100 seeds run twice, 1 differ (1%): 0.177% to 5.45% of all seeds would (95% confidence)\n"
        "\n"
        "❌ Determinism FAILED\n"
    )


def test_the_text_of_a_pass() -> None:
    """How many seeds, and what that bounds."""
    assert render_determinism_text(two(varying(300), varying(300))) == (
        "Compared:\n"
        "  - a, 300 iterations, from seed 0\n"
        "  - b, 300 iterations, from seed 0\n"
        "\n"
        "300 seeds run twice, no difference: at most 0.994% of all seeds would differ (95% confidence)\n"
        "\n"
        "✅ Determinism PASSED\n"
    )


def test_ten_seeds_are_told_and_the_others_counted() -> None:
    """The verdict file has a hundred of them."""
    left, right = varying(300), varying(300)
    for seed in range(150):
        right = changed(right, seed, events=1) if seed % 10 == 0 else right
    told = render_determinism_text(two(left, right))
    assert told.count("  - seed ") == 10 + 3  # and three commands
    assert "  … and 5 more; the verdict file has the first 15\n" in told


@for_each(HOSTILE)
def test_no_name_moves_the_cursor_or_ends_a_line(text: str) -> None:
    """Every line of the text stays one of ours."""
    for verdict in (everywhere(full(), text), DeterminismVerdict.not_judged("1.0", text)):
        assert all(line.isprintable() for line in render_determinism_text(verdict).split("\n"))
    lines = len(render_determinism_text(everywhere(full(), NAME)).splitlines())
    assert len(render_determinism_text(everywhere(full(), text)).splitlines()) == lines


@for_each([text for text in HOSTILE if text])
def test_a_page_is_inert(text: str) -> None:
    """A foreign text adds nothing to the page but itself, in <code>."""
    benign = render_determinism_markdown(everywhere(full(), NAME))
    assert_inert(render_determinism_markdown(everywhere(full(), text)), benign)
    error = render_determinism_markdown(DeterminismVerdict.not_judged("1.0", text))
    assert_inert(error, render_determinism_markdown(DeterminismVerdict.not_judged("1.0", NAME)))


@pytest.mark.parametrize("text", ["\x1b[2J</code>|@team #1", "a" * 5000, "\ud800|\n\n# x"[1:]])
def test_a_message_from_a_file_is_inert_and_cut(text: str) -> None:
    """Through the reader and the judge, not only through the template."""
    verdict = a_message(text)
    page = render_determinism_markdown(verdict)
    assert closed(page)
    assert even_tables(page)
    assert page_of(page).elements == page_of(render_determinism_markdown(a_message("other"))).elements
    assert len(verdict.to_json()) < 8_000
    assert all(line.isprintable() for line in render_determinism_text(verdict).split("\n"))


def test_the_page_of_a_failure_says_all_of_it() -> None:
    """Findings, both values of each difference, commands, warnings and runs."""
    page = page_of(render_determinism_markdown(full()))
    said = "\n".join([*page.codes, page.prose])
    for part in ("events", "7", "abababababababab…", "cdcdcdcdcdcdcdcd…", "vopr --scenario plainname --seed 3", "181"):
        assert part in said, part
    assert "a run did not finish" in page.prose


@pytest.mark.parametrize("budget", [SUMMARY_BYTES_MIN, 8_192, 30_000, 100_000])
def test_a_page_fits(budget: int) -> None:
    """In tiers, whatever there is to say, and it says where the rest is."""
    left = ndjson(start(0, 120), *(failed(s, "x" * 900, "y" * 900) for s in range(120)), ending(0, range(120)))
    right = ndjson(start(0, 120), *(failed(s, "z" * 900, "w" * 900) for s in range(120)), ending(0, range(120)))
    page = render_determinism_markdown(everywhere(two(left, right), "`" * 3000), budget)
    assert utf8_bytes(page) <= budget
    assert closed(page)
    assert even_tables(page)
    assert "in the verdict file" in page


def test_seeds_are_told_in_full_digits() -> None:
    """The largest seed has twenty."""
    last = SEED_COUNT - 1
    stream = a_stream(70, first=SEED_COUNT - 70)
    verdict = two(stream, changed(stream, last, events=1))
    assert f"seed {last}: events 100 / 1" in render_determinism_text(verdict)
    assert f"--seed {last}" in render_determinism_text(verdict)


def test_a_single_run_is_told_as_one() -> None:
    """Seeds without a record, their ranges, and no table of differences."""
    text = render_determinism_text(one(varying(100, lost=range(10, 20))))
    assert "10 failed without a record (10–19)" in text
    assert "Seeds that differ" not in text
    assert "10 failed without a record (10%)" in text


def test_advice_is_ours_by_kind() -> None:
    """The page takes it from our own table, whatever the verdict says."""
    verdict = full()
    foreign = msgspec.structs.replace(
        verdict, findings=tuple(msgspec.structs.replace(one, advice="<b>") for one in verdict.findings)
    )
    assert render_determinism_markdown(foreign) == render_determinism_markdown(verdict)
