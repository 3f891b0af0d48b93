"""Pairs of points: judged by a gate, cut for the file of a night, and shown on its page."""

from __future__ import annotations

from msgspec.structs import replace

from tests.support.histories import a_night, work
from tests.support.pages import HOSTILE, assert_inert, closed, even_tables
from tests.support.reports import a_report, requiring
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.gates.pairs import judge_pair_coverage, never_met
from vopr_coverage.model.outcome import Outcome, Status
from vopr_coverage.model.pairs import PairCoverage, Strangers, for_night
from vopr_coverage.nightly.verdict import NightVerdict, night_from_json
from vopr_coverage.render.night import render_night_markdown
from vopr_coverage.render.pairs import pairs_of_night

STRANGERS = Strangers("crash", "repair", 41.2, 3e-19)
PAIRS = PairCoverage(
    seeds=20_000,
    possible=10,
    met=9,
    strangers_found=1,
    strangers=(STRANGERS,),
    points=("crash", "repair", "torn write"),
    matrix=((400, 0, 3), (0, 2_000, 4), (3, 4, 5)),
)


def judged(pairs: PairCoverage | None, minimum: float) -> Outcome:
    """The outcome for a report with coverage."""
    return judge_pair_coverage(
        Evidence(a_report("hit crash 1"), True, 1, pairs=pairs), requiring(min_pair_coverage=minimum)
    )


def test_the_share_of_pairs_that_met_is_held_against_its_minimum() -> None:
    """Equality passes; below it the pairs that chance does not explain are named."""
    assert judged(PAIRS, 0.9).status is Status.PASSED
    short = judged(PAIRS, 0.91)
    assert (short.status, short.measured, short.required) == (Status.FAILED, "90.0% (9 of 10)", "≥ 91.0%")
    (violation,) = short.violations
    assert violation.line == "Pair coverage: 90.0% (expected >= 91.0%)"
    assert violation.detail == "crash × repair: never together in 20,000 seeds, 41.2 expected"
    assert (violation.message, violation.expected, violation.actual) == (
        "Pair coverage below minimum",
        "91.0%",
        "90.0%",
    )


def test_how_often_two_points_should_have_met_has_one_decimal() -> None:
    """It is an expectation, no count."""
    assert never_met(replace(STRANGERS, expected=41.26), 1) == "crash × repair: never together in 1 seed, 41.3 expected"


def test_pairs_that_are_not_measured_are_told_as_such() -> None:
    """Not as a share that is too low."""
    (violation,) = judged(None, 0.5).violations
    assert (violation.message, violation.actual) == ("Pair coverage not measured", "not measured")


def test_where_nobody_knows_which_seed_hit_which_point_it_is_not_measured() -> None:
    """That is neither zero nor a pass; nor is a scenario with one point, which has no pairs."""
    for pairs in (None, PairCoverage(seeds=9, possible=0, met=0)):
        outcome = judged(pairs, 0.5)
        assert outcome.status is Status.NOT_MEASURED
        assert outcome.violations[0].line == "Pair coverage: not measured (expected >= 50.0%)"
        assert "docs/formats/simulation.md" in outcome.advice


def test_it_is_off_unless_a_config_asks_for_it() -> None:
    """And without any coverage the verdict has one violation for all gates."""
    assert judged(PAIRS, 0.0).status is Status.NOT_REQUIRED
    outcome = judge_pair_coverage(Evidence(None), requiring(min_pair_coverage=0.5))
    assert (outcome.status, outcome.violations) == (Status.NOT_MEASURED, ())


def a_night_with(pairs: PairCoverage | None) -> NightVerdict:
    """A night whose coverage job has these."""
    return a_night(0, work("coverage", pairs=pairs))


def test_the_page_of_a_night_lists_them_and_draws_a_matrix() -> None:
    """The upper half: the lower one would say the same."""
    page = render_night_markdown(a_night_with(PAIRS))
    assert (
        "**<code>combined</code>**: 9 of 10 pairs of points (90%) met in one of 20,000 seeds; "
        "1 never did, although chance would expect it\n" in page
    )
    assert (
        "- <code>crash</code> × <code>repair</code>: never together in 20,000 seeds, 41.2 expected; "
        "the chance of that is 3e-19\n" in page
    )
    assert "| 1 | <code>crash</code> | 400 | **0** | 3 |\n| 2 | <code>repair</code> | | 2,000 | 4 |\n" in page
    assert even_tables(page)
    assert closed(page)


def test_a_chance_that_no_float_can_hold_is_said_to_be_small() -> None:
    """And not 0, which it is not."""
    ((scenario),) = pairs_of_night(a_night_with(replace(PAIRS, strangers=(replace(STRANGERS, chance=0.0),))))
    assert scenario.strangers[0].endswith("the chance of that is less than 1e-300")


def test_a_night_without_pairs_has_no_such_block() -> None:
    """Neither where they are not known, nor where there is one seed or one point."""
    for pairs in (None, replace(PAIRS, seeds=1), PairCoverage(seeds=9, possible=0, met=0)):
        assert "Pairs of points" not in render_night_markdown(a_night_with(pairs))


def test_names_of_points_are_inert() -> None:
    """They come from the simulator."""
    benign = render_night_markdown(a_night_with(PAIRS))
    for text in HOSTILE:
        odd = replace(
            PAIRS, strangers=(replace(STRANGERS, one=text, other=f"{text}!"),), points=(text, f"{text}!", "c")
        )
        assert_inert(render_night_markdown(a_night_with(odd)), benign)


def test_what_a_night_holds_is_bounded_and_read_again() -> None:
    """Twenty pairs, and names of 200 characters."""
    long = Strangers("x" * 300, "repair", 2.0, 0.5)
    cut = for_night(replace(PAIRS, strangers=(long,) * 30, strangers_found=30, points=("y" * 300, "b", "c")))
    assert cut is not None
    assert (len(cut.strangers), len(cut.strangers[0].one), len(cut.points[0])) == (20, 200, 200)
    night = a_night_with(cut)
    assert night_from_json(night.to_json().encode(), "n") == night
    page = render_night_markdown(night)
    assert "30 never did, although chance would expect it" in page
    assert "more pairs, all in `night.json`" in page
    assert for_night(None) is None
