"""What counts as shown: runs that don't add up, a run's own check, and what figures are worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.reports import SEED_COUNT, a_stream, ending, failed, ndjson, ok, records_of, start
from tests.support.run_pairs import CONTEXT, a_subject, changed, in_blocks, kinds, one, two, valid, varying
from vopr_coverage.determinism.differences import told_apart
from vopr_coverage.determinism.judge import Subject, judge_one
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import ManyErrors
from vopr_coverage.model.figures import percent
from vopr_coverage.model.report import Run
from vopr_coverage.reading.seeds import Seeds
from vopr_coverage.statistics.intervals import bounds_of

# ---- runs that don't add up


def test_a_run_that_broke_off_is_incomplete_and_what_it_has_is_compared() -> None:
    """Its missing seeds are told as ranges, and a difference before them still counts."""
    left = varying(200)
    right = changed(b"".join(left.splitlines(keepends=True)[:101]), 20, events=5)
    verdict = two(left, right)
    assert (verdict.status, verdict.seeds, verdict.nondeterministic) == ("incomplete", 100, 1)
    assert kinds(verdict) == ["RunIncomplete", "SeedsDiffer"]
    assert verdict.findings[0].line.endswith("stopped at seed 100; 100 seeds to compare left no record: 100–199")
    assert verdict.runs[1].missing.ranges == ("100–199",)
    assert (verdict.runs[0].complete, verdict.runs[1].complete) == (True, False)


def test_seeds_missing_in_the_middle_are_no_pass() -> None:
    """Without a failure to explain them, the run contradicts itself; the ranges are told."""
    records = records_of(varying(100))
    holes = [record for record in records if record["data"].get("seed") not in (10, 11, 12, 50)]
    verdict = two(ndjson(*records), ndjson(*holes))
    assert (verdict.status, verdict.seeds) == ("failed", 96)
    assert set(kinds(verdict)) == {"CountsDisagree"}
    assert verdict.runs[1].missing.ranges == ("10–12", "50")
    assert verdict.runs[1].missing.count == 4


def test_seeds_out_of_order_are_compared_where_they_are_in_turn() -> None:
    """A late record is a contradiction of its run; it doesn't put the two out of step."""
    records = records_of(varying(100))
    records.insert(90, records.pop(10))
    verdict = two(varying(100), ndjson(*records))
    assert (verdict.status, verdict.seeds, verdict.nondeterministic) == ("failed", 99, 0)
    assert verdict.findings[0].line == "Counts disagree: line 91 has seed 9 again or too late, seed 90 was due"


def test_a_stream_without_its_start_is_incomplete() -> None:
    """Nothing says which seeds it should have."""
    verdict = two(varying(70), b"".join(varying(70).splitlines(keepends=True)[1:]))
    assert (verdict.status, verdict.seeds) == ("incomplete", 70)


def test_no_iterations_measure_nothing() -> None:
    """Two runs that did nothing are the same, and prove nothing."""
    empty = a_stream(0)
    assert two(empty, empty).status == "not measured"
    assert "no iterations ran" in one(empty).findings[0].line


# ---- one run


def test_failed_seeds_without_a_record_are_nondeterministic() -> None:
    """That is all that --check-determinism leaves of them; failures with a record are told apart."""
    verdict = one(varying(200, failing=[7], lost=[9, 10, 50]))
    assert (verdict.status, verdict.seeds, verdict.nondeterministic) == ("failed", 200, 3)
    assert [finding.line for finding in verdict.findings] == [
        "Nondeterministic: 3 of 200 seeds failed without a record: 9, 10, 50"
    ]
    assert verdict.runs[0].silent.ranges == ("9–10", "50")
    assert verdict.runs[0].failed == 1
    assert "without --check-determinism" in verdict.findings[0].advice
    assert "--no-trace-on-failure" in verdict.warnings[0].text
    assert verdict.replays[0].command == "vopr --scenario SCENARIO --seed 9"
    assert verdict.fill_in


def test_they_are_nondeterministic_in_a_comparison_too() -> None:
    """On either side; the seeds that remain are compared."""
    verdict = two(varying(100), varying(100, lost=[5]))
    assert (verdict.status, verdict.seeds) == ("failed", 99)
    assert kinds(verdict) == ["NondeterministicSeeds"]
    assert [replay.seed for replay in verdict.replays] == ["5"]


@pytest.mark.parametrize("stream", [varying(100), varying(100, failing=range(100))], ids=["well", "all failed"])
def test_a_stream_that_does_not_show_double_runs_is_not_measured(stream: bytes) -> None:
    """`check` lets that pass; whoever asks for determinism wants to know."""
    verdict = one(stream)
    assert (verdict.status, verdict.seeds, verdict.at_most) == ("not measured", 0, None)
    assert verdict.findings[0].line == "Determinism not measured: nothing shows that seeds ran twice"


def test_a_run_that_shows_its_double_runs_passes() -> None:
    """A recording's manifest says so; then each of its seeds counts."""
    subject = a_subject(varying(100), "a")
    verdict = valid(judge_one(Subject("a", "combined", _DoubleRuns(subject.seeds)), CONTEXT))
    assert (verdict.status, verdict.seeds) == ("passed", 100)
    assert verdict.at_most == pytest.approx(1 - 0.05 ** (1 / 100))


class _DoubleRuns:
    """Seeds of a run that shows that they ran twice."""

    def __init__(self, seeds: Any) -> None:
        self._seeds = seeds
        self.starting_seed, self.announced = seeds.starting_seed, seeds.announced

    def __iter__(self) -> Iterator[Any]:
        return iter(self._seeds)

    @property
    def read(self) -> Any:
        import msgspec

        read = self._seeds.read
        run: Run = msgspec.structs.replace(read.run, double_runs=True)
        return msgspec.structs.replace(read, run=run)


def test_a_single_run_that_broke_off_is_incomplete() -> None:
    """Its failed seeds would have stood at the end."""
    verdict = one(ndjson(start(0, 100), *(ok(seed) for seed in range(50))))
    assert (verdict.status, verdict.seeds) == ("incomplete", 0)
    assert kinds(verdict) == ["RunIncomplete"]


# ---- what the figures are worth


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("0" * 64, "all zeros"),
        ("16f7d7f185c197029deb76de81b3c86ac70a01af8ae32cc73b59d6cd049cee87", "VOPR's hash of an empty kernel state"),
        ("16f7d7f185c19702", "VOPR's hash of an empty kernel state"),
        ("ab" * 32, "proves nothing"),
    ],
)
def test_a_hash_that_never_varies_is_warned_about(value: str, why: str) -> None:
    """That half of the comparison proves nothing."""
    records = [start(0, 70), *(ok(seed, kernel_state_hash=value) for seed in range(70)), ending(70)]
    for verdict in (two(ndjson(*records), ndjson(*records)), one(ndjson(*records))):
        (told,) = (w.text for w in verdict.warnings if w.text.startswith("kernel_state_hash is the same for all 70"))
        assert why in told
        assert "--vsr-mode" not in told, "with it, the hash was seen to stay the same as well"


def test_a_hash_that_varies_once_is_not_warned_about() -> None:
    """And failed seeds, which have none, neither make one vary nor count."""
    stream = a_stream(70, failing=[0, 30])
    assert any("for all 68 seeds" in warning.text for warning in two(stream, stream).warnings)
    last = changed(stream, 69, kernel_state_hash="ab" * 32)
    assert not any("is the same" in warning.text for warning in two(last, last).warnings)


@pytest.mark.parametrize(("seeds", "warned"), [(58, True), (59, False)])
def test_few_seeds_are_warned_about(seeds: int, warned: bool) -> None:
    """With 59, the bound falls below 5 %."""
    verdict = two(varying(seeds), varying(seeds))
    assert verdict.passed
    assert any("can't show much" in warning.text for warning in verdict.warnings) == warned


@pytest.mark.parametrize(
    ("seeds", "found", "low", "high"),
    [
        (10, 0, 0.0, 0.2589),  # ten fixed seeds, as one simulator's own nightly has them
        (299, 0, 0.0, 0.00997),
        (1_000_000, 0, 0.0, 2.9957e-6),  # 3/n
        (5, 4, 0.3755, 0.9638),  # Wilson
        (20, 20, 0.8389, 1.0),
    ],
)
def test_bounds(seeds: int, found: int, low: float, high: float) -> None:
    """Exact where none was found, Wilson's interval else; figures from published tables."""
    at_least, at_most = bounds_of(seeds, found)
    assert at_least == pytest.approx(low, abs=1e-4)
    assert at_most == pytest.approx(high, rel=1e-3)


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.1391, "13.9%"), (2.9957e-7, "0.00003%"), (2.9957e-9, "<0.000001%"), (1.0, "100%"), (0.0, "0%")],
)
def test_percent_is_for_people(share: float, told: str) -> None:
    """No exponents, three digits."""
    assert percent(share) == told


def test_values_are_cut_where_they_still_differ() -> None:
    """Two hashes that begin alike are not shown as the same."""
    left, right = told_apart("a" * 60 + "b", "a" * 60 + "c", 16)
    assert left != right
    assert max(len(left), len(right)) <= 18
    assert told_apart("abc", "abd", 16) == ("abc", "abd")


def test_a_scenario_is_quoted_into_the_replay() -> None:
    """Names come from files and flags."""
    verdict = two(varying(70), changed(varying(70), 1, events=0), scenario="a b;rm")
    assert verdict.replays[0].command == "vopr --scenario 'a b;rm' --seed 1"
    assert not verdict.fill_in


def test_an_error_is_a_verdict_too() -> None:
    """So that no old file is taken for it."""
    verdict = valid(DeterminismVerdict.not_judged("1.0", "no such file\nmore"))
    assert verdict == DeterminismVerdict(
        status="error",
        passed=False,
        reason="nothing was judged: no such file",
        version="1.0",
        error="no such file\nmore",
    )
    assert verdict.nothing_judged


# ---- seeds as they are read


def test_a_run_is_told_by_its_first_and_last_line() -> None:
    """Whatever stands between them and around them; another time of day, and it is another run."""
    stream = varying(70)
    noisy = stream.replace(b"\n", b"\nsomething else\r\n")
    later = ndjson(*(record | {"timestamp": "2026-05-08T03:00:00+00:00"} for record in records_of(stream)))
    marks = [_marks(one) for one in (stream, noisy, later, stream[:-10])]
    assert len(marks[0]) == 2
    assert marks[0] == marks[1]
    assert not set(marks[0]) & set(marks[2])
    assert marks[3] == marks[0][:1]


def _marks(stream: bytes) -> tuple[bytes, ...]:
    seeds = Seeds(in_blocks(stream, 7), "s")
    list(seeds)
    return seeds.marks


def test_failed_records_come_out_in_stretches() -> None:
    """Consecutive ones together, with nothing lost at a gap."""
    seeds = Seeds([ndjson(start(0, 5), failed(0), failed(1), ok(3), failed(4), ending(1, [0, 1, 2, 4]))], "s")
    assert [(one.seed, len(one.records)) for one in seeds] == [(0, 2), (3, 2)]
    assert seeds.read.run is not None
    assert seeds.read.run.silent_failures.seeds == (2,)


def test_records_out_of_turn_go_no_further() -> None:
    """A seed again, late, or out of the announced range is a contradiction of the run, and nothing to compare."""
    strays = (ok(1), ok(0), ok(9))
    seeds = Seeds([ndjson(start(0, 3), ok(0), ok(1), *strays, ok(2), ending(3))], "s")
    assert [record.seed for stretch in seeds for record in stretch.records] == [0, 1, 2]
    assert seeds.read.run is not None
    assert len(seeds.read.run.contradictions) >= 3


def test_a_seed_beyond_64_bits_is_refused() -> None:
    """As `check` refuses it, even where it would be the next."""
    last = SEED_COUNT - 1
    seeds = Seeds([ndjson(start(last, 2)), ndjson(ok(last), ok(last + 1)), ndjson(ending(2))], "s")
    with pytest.raises(ManyErrors, match="2\\^64"):
        list(seeds)
