"""Names of fault points and invariants over the nights, and what of them a history keeps."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.histories import a_record, records, work
from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.trends.history import TrendRecord, parse_history, text_of, union
from vopr_coverage.trends.names import FULL_NIGHTS, NameHistory, names_over_time, with_few_names
from vopr_coverage.trends.thinning import thinned


def night(number: int, hit: tuple[str, ...], missed: tuple[str, ...] = (), ran: tuple[str, ...] = ()) -> TrendRecord:
    """The coverage job's record of a night."""
    return a_record(number, job="coverage", names=ReachedNames(hit=hit, missed=missed, ran=ran))


def told(nights: list[TrendRecord]) -> dict[str, tuple[str | None, str | None, int, int]]:
    """Of each name: first, last, and on how many of how many nights."""
    return {one.name: (one.first, one.last, one.nights, one.of) for one in names_over_time(nights)}


def test_first_last_and_how_steadily() -> None:
    """Nights begin on 2026-11-01; a point that was never hit has neither day."""
    nights = [night(0, ("a",), ("never",)), night(1, ("a", "b"), ran=("safe",)), night(2, ("b",), ("a",))]
    assert told(nights) == {
        "never": (None, None, 0, 3),
        "safe": ("2026-11-02", "2026-11-02", 1, 3),
        "a": ("2026-11-01", "2026-11-02", 2, 3),
        "b": ("2026-11-02", "2026-11-03", 2, 3),
    }
    assert [one.name for one in names_over_time(nights)] == ["never", "safe", "a", "b"], "the longest lost comes first"


def test_of_several_attempts_the_latest_counts() -> None:
    """The run was started again, and hit what it had missed."""
    first = night(0, (), ("a",))
    assert told([replace(first, run_attempt=2, names=ReachedNames(hit=("a",))), first])["a"][2:] == (1, 1)


def test_the_last_thirty_nights_count() -> None:
    """A point that was hit on the first 20 of 40 nights was hit on 10 of the last 30."""
    nights = [night(n, ("a",) if n < 20 else (), () if n < 20 else ("a",)) for n in range(40)]
    assert told(nights)["a"] == ("2026-11-01", "2026-11-20", 10, FULL_NIGHTS)


def test_old_nights_keep_the_names_that_are_told_of_them() -> None:
    """What is told stays the same, with a tenth of the names."""
    nights = [night(n, ("steady", *(("lost",) if n < 5 else ()), *(("new",) if n > 7 else ()))) for n in range(100)]
    few = with_few_names(nights)
    assert told(list(few)) == told(nights)
    kept = [record.names.hit for record in few[:10] if record.names]
    assert kept == [("steady", "lost"), (), (), (), ("lost",), (), (), (), ("new",), ()]
    assert few[-FULL_NIGHTS:] == tuple(nights[-FULL_NIGHTS:])
    assert with_few_names(few) == few


def test_thinning_keeps_the_first_night_of_a_name() -> None:
    """Two years ago only one night of a week stays; the night in between, on which a point was new, stays, too."""
    nights = [night(n, ("a", "b") if n > 10 else ("a",)) for n in range(800)]
    kept = thinned(nights)
    assert len(kept) < 500
    assert told(list(kept)) == told(nights)


def test_a_night_that_two_files_tell_of_has_the_names_of_both() -> None:
    """Each file has lost other names of an old night."""
    one, other = night(0, ("a",)), night(0, ("b",))
    assert union([one], [other]) == union([other], [one]) == (night(0, ("a", "b")),)
    without = a_record(0, job="coverage")
    assert union([one], [without])[0].names == union([without], [one])[0].names == one.names


def test_a_night_leaves_its_names() -> None:
    """Through the file and back."""
    names = ReachedNames(hit=("a",), missed=("b",), ran=("c",), silent=("d",))
    kept = records(0, work("coverage", names=names), work())
    assert [record.names for record in kept] == [
        ReachedNames(hit=("a",), missed=("b",), ran=("c",), silent=("d",)),
        None,
    ]
    assert parse_history(text_of(kept), "history").records == kept


@pytest.mark.parametrize("names", ['{"hit":["' + "x" * 201 + '"]}', '{"hit":[1]}', '{"other":[]}', "[]"])
def test_names_that_cannot_be_are_refused(names: str) -> None:
    """The line is left out, with a complaint that says what is wrong."""
    line = text_of([night(0, ("a",))]).replace(b'{"hit":["a"]}', names.encode())
    found = parse_history(line, "history")
    assert found.records == ()
    assert "#/names" in found.warnings[0]


def test_histories_know_their_kinds() -> None:
    """Fault points and invariants of the same name are two."""
    found = names_over_time([night(0, ("same",), ran=("same",))])
    assert {one.kind for one in found} == {"fault point", "invariant"}
    assert isinstance(found[0], NameHistory)
