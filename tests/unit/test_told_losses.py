"""Names that are lost against base, in words: beyond chance, by chance, and those of which nobody can tell."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from vopr_coverage.base.losses import Loss, Losses, losses_of
from vopr_coverage.base.told_losses import lost_invariant, lost_point, told
from vopr_coverage.model.incidence import Incidence, Incidences, Samples
from vopr_coverage.model.known_rates import KnownRate, KnownRates
from vopr_coverage.model.outcome import Shortfall
from vopr_coverage.model.verdict import Change

EXPLAINED = Loss(True, "drop", KnownRate(Incidence(1, 100), "main"), Incidence(0, 100), 0.5)
BEYOND = Loss(True, "drop", KnownRate(Incidence(60, 100), "main"), Incidence(0, 100), 2e-24, is_significant=True)
TOO_FEW = Loss(True, "drop", KnownRate(Incidence(1, 1), "main"), Incidence(0, 1), 0.5, could_be=False)
BY_CHANCE_ADVICE = (
    "Give rates to compare with: a history of nights (`history`), more runs, or hits seed by seed. Or let every loss "
    "fail: `max-regression: lost=0`."
)


def untold(line: str) -> Shortfall:
    """The violation where losses can't be told from chance."""
    return Shortfall(
        kind="RegressionNotMeasured",
        message="Losses not told from chance",
        expected="None lost beyond chance",
        actual="not measured",
        line=f"Regression against base: not measured: {line}",
        advice=BY_CHANCE_ADVICE,
    )


def test_a_name_that_is_lost_is_a_violation() -> None:
    """Of a point, or of an invariant."""
    assert lost_point("drop", "At most 1 lost") == Shortfall(
        kind="FaultPointLost",
        message="Fault point 'drop' was hit on base, not here",
        expected="At most 1 lost",
        actual="Not here",
        line="Fault point 'drop' was hit on base, not here",
        point="drop",
    )
    assert lost_invariant("agreement", "At most 1 lost") == Shortfall(
        kind="InvariantLost",
        message="Invariant 'agreement' ran on base, not here",
        expected="At most 1 lost",
        actual="Not here",
        line="Invariant 'agreement' ran on base, not here",
        invariant="agreement",
    )


@pytest.mark.parametrize(("compared", "names"), [(1, "1 name"), (1_200, "1,200 names")])
def test_a_loss_beyond_chance_has_both_counts(compared: int, names: str) -> None:
    """And says among how many names it is one."""
    detail = f"chance does not explain it, among {names} compared"
    point = lost_point("drop", "None lost beyond chance")
    invariant = lost_invariant("agreement", "None lost beyond chance")
    counts = "60 of 100 seeds on main, 0 of 100 seeds here, p = 2e-24"
    both = Losses((BEYOND, replace(BEYOND, is_point=False, name="agreement")), (), compared)
    assert told(both) == (
        [
            replace(point, line=f"Fault point 'drop' was hit on base, not here: {counts}", detail=detail),
            replace(invariant, line=f"Invariant 'agreement' ran on base, not here: {counts}", detail=detail),
        ],
        (),
        None,
    )


def test_losses_that_chance_explains_are_told_with_their_counts() -> None:
    """Points and invariants, in the order in which they were compared."""
    both = Losses((EXPLAINED, replace(EXPLAINED, is_point=False, name="agreement")), (), 2)
    counts = "lost, explained by chance: 1 of 100 seeds on main, 0 of 100 seeds here, p = 0.5"
    assert told(both) == (
        [],
        (
            f"Fault point 'drop' was hit on base, not here: {counts}",
            f"Invariant 'agreement' ran on base, not here: {counts}",
        ),
        None,
    )


@pytest.mark.parametrize(
    ("lost", "told_of", "more"),
    [
        (9, 9, None),
        (10, 10, None),
        (11, 11, "1 more name lost, explained by chance"),
        (12, 11, "2 more names lost, explained by chance"),
    ],
)
def test_ten_losses_by_chance_are_named(lost: int, told_of: int, more: str | None) -> None:
    """The rest is a number."""
    losses = tuple(replace(EXPLAINED, name=f"p{number:02}") for number in range(lost))
    _, by_chance, _ = told(Losses(losses, (), lost))
    assert len(by_chance) == told_of
    named = by_chance[:10]
    assert [line.partition("'")[2][:3] for line in named] == [f"p{number:02}" for number in range(min(lost, 10))]
    assert by_chance[10:] == ((more,) if more else ())


@pytest.mark.parametrize(
    ("losses", "line"),
    [
        (Losses((), ("fsync",)), "'fsync' lost, nobody knows how many seeds hit it, on base or here"),
        (Losses((), ("a", "b")), "'a' and 1 more lost, nobody knows how many seeds hit it, on base or here"),
        (
            Losses((), tuple(f"p{number:04}" for number in range(1_235))),
            "'p0000' and 1,234 more lost, nobody knows how many seeds hit it, on base or here",
        ),
        (Losses((), ("a\nb",)), "'a\\nb' lost, nobody knows how many seeds hit it, on base or here"),
        (
            Losses((TOO_FEW,)),
            "'drop' lost, too few samples to tell: 1 of 1 seed on main, 0 of 1 seed here, p = 0.5",
        ),
        (
            Losses((EXPLAINED, TOO_FEW, replace(TOO_FEW, name="fsync", chance=0.25))),
            "'drop' and 1 more lost, too few samples to tell: 1 of 1 seed on main, 0 of 1 seed here, p = 0.5",
        ),
        # what nobody knows comes first: more samples would not help it
        (Losses((TOO_FEW,), ("fsync",)), "'fsync' lost, nobody knows how many seeds hit it, on base or here"),
    ],
)
def test_losses_of_which_nobody_can_tell_are_one_violation(losses: Losses, line: str) -> None:
    """It names the first, counts the others, and says what is missing."""
    assert told(losses)[2] == untold(line)


def test_a_loss_for_which_samples_are_too_few_is_not_explained_by_chance() -> None:
    """It is only told as the one that nobody can tell."""
    lost, by_chance, unknown = told(Losses((TOO_FEW,), (), 1))
    assert (lost, by_chance) == ([], ())
    assert unknown is not None


def test_nothing_lost_is_nothing_to_tell() -> None:
    """However many names were compared."""
    assert told(Losses((), (), 60)) == ([], (), None)


# ---- which losses there are


def test_losses_are_found_with_all_that_is_told_of_them() -> None:
    """Points before invariants. A name that is not lost is compared and no loss; one of unknown counts is unknown."""
    now = Incidences(Samples(100, 100), {"drop": 0, "kept": 1}, {"agreement": 0, "kept": 100})
    known = [
        KnownRates("base", {"drop": Incidence(60, 100), "never": Incidence(0, 100)}),
        KnownRates(
            "12 nights", {"drop": Incidence(1, 9), "kept": Incidence(90, 100)}, {"agreement": Incidence(1, 100)}
        ),
    ]
    change = Change("b", lost_points=("silent", "never", "drop"), lost_invariants=("agreement", "unheard"))
    found = losses_of(change, now, known)
    assert [replace(loss, chance=0.0) for loss in found.losses] == [
        Loss(True, "drop", KnownRate(Incidence(60, 100), "base"), Incidence(0, 100), 0.0, is_significant=True),
        Loss(False, "agreement", KnownRate(Incidence(1, 100), "12 nights"), Incidence(0, 100), 0.0),
    ]
    assert [loss.counts for loss in found.losses] == [
        "60 of 100 seeds on base, 0 of 100 seeds here, p = 2e-24",
        "1 of 100 seeds on 12 nights, 0 of 100 seeds here, p = 0.5",
    ]
    assert (found.unknown, found.compared) == (("unheard", "never", "silent"), 3)


def test_a_point_that_is_hit_less_often_helps_no_other_to_be_lost() -> None:
    """It is not lost, whatever its counts are: of two names, the one that is lost needs a chance of 1 in 200."""
    now = Incidences(Samples(124, 124), {"drop": 0, "kept": 1})
    known = [KnownRates("base", {"drop": Incidence(1, 1), "kept": Incidence(100, 100)})]
    (loss,) = losses_of(Change("b", lost_points=("drop",)), now, known).losses
    assert loss.chance == pytest.approx(1 / 125)
    assert not loss.is_significant
    assert not loss.could_be


def test_without_counts_of_this_run_all_that_is_lost_is_unknown() -> None:
    """Points and invariants, in their order; nothing was compared."""
    change = Change("b", lost_points=("z", "a"), lost_invariants=("i",))
    known = [KnownRates("base", {"z": Incidence(60, 100)})]
    assert losses_of(change, None, known) == Losses((), ("z", "a", "i"), 0)
    assert losses_of(Change("b"), None, known) == Losses()


def test_a_name_that_was_lost_without_a_count_here_was_hit_by_no_seed() -> None:
    """A stream does not list what it did not hit."""
    now = Incidences(Samples(100, 100))
    known = [KnownRates("base", {"drop": Incidence(60, 100)}, {"agreement": Incidence(60, 100)})]
    found = losses_of(Change("b", lost_points=("drop",), lost_invariants=("agreement",)), now, known)
    assert [(loss.is_point, loss.name, loss.now) for loss in found.losses] == [
        (True, "drop", Incidence(0, 100)),
        (False, "agreement", Incidence(0, 100)),
    ]


def test_pooled_samples_are_judged_by_the_seeds_of_all() -> None:
    """Ten streams of 100 seeds hit it, and 2 streams of 100 did not: 200 seeds, 0.69 of a stream at least."""
    now = Incidences(Samples(2, 200, 100, 100), {"drop": 0})
    known = [KnownRates("base", {"drop": Incidence(10, 10, 100, 100)})]
    (loss,) = losses_of(Change("b", lost_points=("drop",)), now, known).losses
    assert loss.now == Incidence(0, 2, 100, 100)
    assert loss.chance == pytest.approx((1 - 0.025**0.1) ** 2)
    assert not loss.is_significant
    assert not loss.could_be
