"""The file of chosen seeds: written, read again, and held against what its seeds reach now."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vopr_coverage.errors import ConfigError, UsageError
from vopr_coverage.incidence.choose import ChosenSeeds, SeedFor, choose
from vopr_coverage.model.hits import Hits, SeedSpan
from vopr_coverage.nightly.seed_coverage import Missed, SeedCoverage, judge_seeds, told
from vopr_coverage.nightly.seed_file import WantedSeed, parse_seed_file, seed_file_text

HITS = Hits((SeedSpan(10, 4),), {"a": 0b0111, "b": 0b0100, "c": 0b1000, "never": 0})
PARTS = st.lists(st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=2), min_size=1, max_size=4)


def a_choice(scenario: str = "combined", *reaches: tuple[str, ...]) -> ChosenSeeds:
    """One scenario of which one seed was chosen."""
    return ChosenSeeds(scenario=scenario, of=9, points=3, reached=2, seeds=(SeedFor("4711", reaches),))


def test_each_scenario_has_its_own_seeds() -> None:
    """Rarest first, ties by the lower seed; a point that nobody hit is not asked for."""
    one, two = choose({"b": HITS, "a": Hits((SeedSpan(0, 1),), {"a": 1})}, "points")
    assert (one.scenario, [seed.seed for seed in one.seeds]) == ("a", ["0"])
    assert (two.scenario, two.of, two.points, two.reached) == ("b", 4, 3, 3)
    assert two.seeds == (SeedFor("12", (("b",), ("a",))), SeedFor("13", (("c",),)))


def test_at_most_so_many_seeds_are_those_that_add_most() -> None:
    """Over all scenarios together; what is left out is counted."""
    one, two = choose({"s": HITS, "t": Hits((SeedSpan(0, 1),), {"a": 1})}, "points", 1)
    assert [seed.seed for seed in one.seeds] == ["12"]
    assert (one.points, one.reached, two.seeds, two.reached) == (3, 2, (), 0)


def test_pairs_are_reached_too() -> None:
    """Points a and b met in seed 12, points a and c in none."""
    (one,) = choose({"s": HITS}, "pairs")
    assert (one.reached, one.pairs, one.pairs_reached) == (3, 1, 1)
    assert ("a", "b") in one.seeds[0].reaches


@given(PARTS)
def test_what_is_written_is_read_again(parts: list[list[str]]) -> None:
    """Whatever the names of points are made of."""
    reaches = tuple(tuple(part) for part in parts)
    file = parse_seed_file(seed_file_text([a_choice("combined", *reaches)]), "f")
    assert file.wanted == (WantedSeed("combined", "4711", reaches),)
    assert [(known.scenario, known.seeds) for known in file.regressions] == [("combined", ("4711",))]


def test_the_file_is_made_for_people() -> None:
    """A line for each thing, so that a diff shows what moved."""
    text = seed_file_text([a_choice("combined", ("disk.torn_write",), ("crash", "view change"), ('"odd" & so',))])
    assert text == (
        "# vopr-coverage seeds 1\n\n"
        "# combined: 1 of 9 seeds reaches 2 of 3 points that were reached\n"
        'combined 4711\n#+ disk.torn_write\n#+ crash & view change\n#+ "\\"odd\\" & so"\n'
    )


def test_a_regression_file_says_nothing_of_what_its_seeds_are_for() -> None:
    """It has no first line of that kind, and its comments are anybody's."""
    assert parse_seed_file("combined 5 # log_order\n#+ a\n", "f").wanted is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# vopr-coverage seeds 2\n", "f:1: expected `# vopr-coverage seeds 1`, found '# vopr-coverage seeds 2'"),
        ("# vopr-coverage seeds 1\n#+ a\n", "f:2: expected a seed before what it is for, found '#+ a'"),
        ("# vopr-coverage seeds 1\ns 1\n#+ \n", "f:3: expected `#+ POINT` or `#+ POINT & POINT`"),
        ("# vopr-coverage seeds 1\ns 1\n#+ a & b & c\n", "f:3: expected `#+ POINT` or `#+ POINT & POINT`"),
        ('# vopr-coverage seeds 1\ns 1\n#+ "a\n', "f:3: expected `#+ POINT` or `#+ POINT & POINT`"),
        (
            "# vopr-coverage seeds 1\ns x\n",
            "f:2: expected SCENARIO SEED, the seed an integer below 2^64, a scenario with blanks in double quotes",
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named(text: str, problem: str) -> None:
    """With file and line."""
    with pytest.raises(ConfigError, match="f:") as caught:
        parse_seed_file(text, "f")
    assert problem in str(caught.value)


@pytest.mark.parametrize("scenario", ["two words", "a#b", '"quoted"', "x & y"])
def test_a_scenario_of_any_name_stands_in_it(scenario: str) -> None:
    """As in a regression file."""
    file = parse_seed_file(seed_file_text([a_choice(scenario, ("a",))]), "f")
    assert file.wanted == (WantedSeed(scenario, "4711", (("a",),)),)


@pytest.mark.parametrize("scenario", ["", "x\n", "x" * 201])
def test_a_scenario_that_cannot_be_printed_cannot_stand_in_it(scenario: str) -> None:
    """It would be read as something else."""
    with pytest.raises(UsageError, match="expected a printable name"):
        seed_file_text([a_choice(scenario, ("a",))])


WANTED = (WantedSeed("s", "1", (("a",), ("b",))), WantedSeed("s", "2", (("c",),)), WantedSeed("t", "1", (("a", "b"),)))


def test_what_is_reached_by_another_seed_makes_the_file_stale_and_loses_nothing() -> None:
    """Seed 2 has what seed 1 was for; of another scenario it would not help."""
    now = {("s", "1"): frozenset("a"), ("s", "2"): frozenset("bc"), ("t", "1"): frozenset("abx")}
    coverage = judge_seeds(WANTED, now)
    assert (coverage.wanted, coverage.reached, coverage.lost) == (4, 4, False)
    assert [*told(coverage)] == [
        "4 of 4 points and pairs for which these seeds were chosen are reached again",
        "s seed 1 no longer reaches 'b', another seed does",
        "the file is stale for 1 seed, because the simulator has changed: choose seeds anew from a night of this "
        "simulator, with `vopr-coverage seeds`",
    ]


def test_what_no_seed_reaches_is_lost() -> None:
    """Two points that two seeds reach have not met."""
    now = {
        ("s", "1"): frozenset("ab"),
        ("s", "2"): frozenset("c"),
        ("t", "1"): frozenset("a"),
        ("t", "2"): frozenset("b"),
    }
    coverage = judge_seeds(WANTED, now)
    assert (coverage.reached, coverage.lost) == (3, True)
    assert "t seed 1 no longer reaches 'a' & 'b', nor does any other" in [*told(coverage)]


def test_a_seed_that_left_nothing_is_not_stale() -> None:
    """Nobody knows what it reaches: what it was for is lost, and the simulator may be the same."""
    coverage = judge_seeds(WANTED[:2], {("s", "1"): None, ("s", "2"): frozenset("bc")})
    assert (coverage.reached, coverage.unjudged) == (2, WANTED[:1])
    assert [(one.part, one.lost) for one in coverage.missed] == [(("a",), True)]
    assert "s seed 1 left nothing to judge, and no other reaches 'a'" in [*told(coverage)]
    assert not any("stale" in line for line in told(coverage))


def test_a_file_whose_seeds_reach_all_that_they_are_for_says_no_more() -> None:
    """Points alone are no pairs; what else a seed reaches does not matter."""
    wanted = (WantedSeed("s", "1", (("a",),)),)
    coverage = judge_seeds(wanted, {("s", "1"): frozenset("ab")})
    assert coverage == SeedCoverage(wanted=1, reached=1, noun="point")
    assert [*told(coverage)] == ["1 of 1 point for which these seeds were chosen is reached again"]


def test_what_is_lost_comes_before_what_moved() -> None:
    """Each part by itself, in the order of the file; then what to do about it."""
    now = {("s", "1"): frozenset("c"), ("s", "2"): frozenset("b"), ("t", "1"): frozenset("a")}
    coverage = judge_seeds(WANTED, now)
    assert coverage == SeedCoverage(
        wanted=4,
        reached=2,
        noun="point and pair",
        missed=(
            Missed(WANTED[0], ("a",), True),
            Missed(WANTED[2], ("a", "b"), True),
            Missed(WANTED[0], ("b",), False),
            Missed(WANTED[1], ("c",), False),
        ),
    )
    assert [*told(coverage)] == [
        "2 of 4 points and pairs for which these seeds were chosen are reached again",
        "s seed 1 no longer reaches 'a', nor does any other",
        "t seed 1 no longer reaches 'a' & 'b', nor does any other",
        "s seed 1 no longer reaches 'b', another seed does",
        "s seed 2 no longer reaches 'c', another seed does",
        "the file is stale for 3 seeds, because the simulator has changed: find out what the change has lost, or "
        "choose seeds anew from a night of this simulator, with `vopr-coverage seeds`",
    ]


def test_a_seed_that_did_not_run_left_nothing_either() -> None:
    """What it is for is not missed, if another seed reaches it."""
    coverage = judge_seeds(WANTED[:2], {("s", "2"): frozenset("bc")})
    assert (coverage.unjudged, coverage.lost) == (WANTED[:1], True)
    assert [*told(coverage)] == [
        "2 of 3 points for which these seeds were chosen are reached again",
        "s seed 1 left nothing to judge, and no other reaches 'a'",
    ]
    nothing = judge_seeds(WANTED[2:], {})
    assert (nothing.wanted, nothing.reached, nothing.noun) == (1, 0, "point and pair")
    assert [*told(nothing)] == [
        "0 of 1 point and pair for which these seeds were chosen are reached again",
        "t seed 1 left nothing to judge, and no other reaches 'a' & 'b'",
    ]


@pytest.mark.parametrize(("missing", "more"), [(20, []), (21, ["… and 1 more"]), (1_021, ["… and 1,001 more"])])
def test_twenty_losses_are_listed(missing: int, more: list[str]) -> None:
    """And how many more there are. Counts have their commas."""
    wanted = (WantedSeed("s", "1", tuple((f"p{n}",) for n in range(missing))),)
    first, *lines, _stale = told(judge_seeds(wanted, {("s", "1"): frozenset()}))
    assert first.startswith(f"0 of {missing:,} points for which")
    assert lines == [*(f"s seed 1 no longer reaches 'p{n}', nor does any other" for n in range(20)), *more]


def test_names_in_a_line_are_escaped_and_cut() -> None:
    """They are foreign; 200 characters of a point are enough."""
    wanted = (WantedSeed("\x1bs", "1", (("x" * 201, "\n"),)),)
    _, line, _ = told(judge_seeds(wanted, {("\x1bs", "1"): frozenset()}))
    assert line == f"\\x1bs seed 1 no longer reaches '{'x' * 200}' & '\\n', nor does any other"
