"""Two runs of the same seeds, compared seed by seed: what differs, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reports import SEED_COUNT, Record, a_stream, line, ndjson, records_of
from tests.support.run_pairs import FULL, changed, differing, kinds, two, varying

# ---- two runs


def test_two_runs_without_a_difference_pass_with_a_bound() -> None:
    """300 seeds twice: 1 - 0.05^(1/300), just under 1 %, is what may have gone unseen."""
    verdict = two(varying(300), varying(300))
    assert (verdict.status, verdict.seeds, verdict.nondeterministic) == ("passed", 300, 0)
    assert verdict.at_most == pytest.approx(0.00993, abs=1e-5)
    assert verdict.warnings == ()
    assert verdict.reason == "no difference in 300 seeds, so at most 0.994% of all would differ (95% confidence)"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("storage_hash", FULL, (f"{65:064x}", FULL)),
        ("kernel_state_hash", FULL, (f"{66:064x}", FULL)),
        ("events", 101, ("100", "101")),
        ("simulated_time_ms", 10000.000001, ("10000.0", "10000.000001")),  # one nanosecond
    ],
)
def test_each_field_of_a_healthy_seed_is_compared(field: str, value: object, told: tuple[str, str]) -> None:
    """One field of one seed in a hundred is enough, and both values are told."""
    verdict = two(varying(100), changed(varying(100), 65, **{field: value}))
    assert (verdict.status, verdict.seeds, verdict.nondeterministic) == ("failed", 100, 1)
    assert [one.seed for one in verdict.divergences] == ["65"]
    assert differing(verdict) == {field: told}
    line = f"1 of 100 seeds came out differently in b, the first is seed 65 ({field})"
    assert [finding.line for finding in verdict.findings] == [line]


@pytest.mark.parametrize(("field", "value"), [("invariant", "hash_chain"), ("message", "other"), ("events", 8)])
def test_each_field_of_a_failed_seed_is_compared(field: str, value: object) -> None:
    """A bug that shows another way the second time is a difference, too."""
    left = a_stream(70, failing=[3, 69])
    verdict = two(left, changed(left, 69, **{field: value}))
    assert verdict.nondeterministic == 1
    assert list(differing(verdict)) == [field]


def test_a_seed_that_fails_on_one_side_only_differs() -> None:
    """Its status, with the invariant and message that one side has."""
    verdict = two(varying(70), varying(70, failing=[5]))
    told = differing(verdict)
    assert told["status"] == ("ok", "failed")
    assert told["invariant"] == (None, "model_verification")
    assert told["message"] == (None, "read mismatch")


def test_seeds_that_fail_alike_are_no_difference() -> None:
    """A deterministic bug is a bug for `check`: told, and no finding here."""
    stream = varying(70, failing=[5, 6, 7])
    verdict = two(stream, stream)
    assert verdict.passed
    assert [warning.text for warning in verdict.warnings] == [
        "3 seeds failed an invariant, with a record: bugs, which `vopr-coverage check` judges"
    ] * 2


def test_all_differences_are_counted_and_a_hundred_kept() -> None:
    """Memory doesn't grow with what differs."""
    left, right = varying(250), ndjson(*(_later(record) for record in records_of(varying(250))))
    verdict = two(left, right)
    assert (verdict.nondeterministic, len(verdict.divergences), len(verdict.replays)) == (250, 100, 10)
    assert {count.field: count.seeds for count in verdict.by_field} == {"events": 250}
    assert verdict.at_least is not None
    assert verdict.at_least > 0.98
    assert verdict.at_most == pytest.approx(1.0)


def _later(record: Record) -> Record:
    if record["type"] == "iteration":
        record["data"]["events"] += 1
    return record


def test_ranges_that_overlap_are_compared_where_they_do() -> None:
    """A shard against a whole night: what both have counts, and a warning says how much that is."""
    verdict = two(varying(100), varying(1000, first=30))
    assert (verdict.status, verdict.seeds) == ("passed", 70)
    assert [run.missing.count for run in verdict.runs] == [0, 0]
    (told,) = (warning.text for warning in verdict.warnings)
    assert told == (
        "The runs announced different seeds, only the 70 in common count: a has seeds 0–99, b has seeds 30–1029"
    )


def test_ranges_with_nothing_in_common_measure_nothing() -> None:
    """And that is no pass."""
    verdict = two(varying(10), varying(10, first=10))
    assert (verdict.status, verdict.seeds, verdict.at_most) == ("not measured", 0, None)
    assert kinds(verdict) == ["NothingCompared"]
    assert "a has seeds 0–9, b has seeds 10–19" in verdict.findings[0].line


def test_ranges_wrap_round_2_64() -> None:
    """Seed 0 follows seed 2^64 - 1, on either side and in what differs."""
    left = varying(100, first=SEED_COUNT - 50)
    right = changed(varying(80, first=SEED_COUNT - 10), 3, events=1)
    verdict = two(left, right)
    assert (verdict.seeds, [one.seed for one in verdict.divergences]) == (60, ["3"])
    assert "b has seeds 18446744073709551606–69" in verdict.warnings[0].text
    beyond = two(left, varying(10, first=30))
    assert (beyond.status, beyond.seeds) == ("passed", 10)


def test_a_hash_may_be_cut_to_sixteen_digits_on_one_side() -> None:
    """Recordings keep the first 16: they are compared as far as they go."""
    left, right = records_of(varying(100)), records_of(varying(100))
    for record in (*left, *right):
        if record["type"] == "iteration":
            record["data"]["storage_hash"] = f"{record['data']['seed']:016x}" + "a" * 48
            record["data"]["kernel_state_hash"] = f"{record['data']['seed']:016x}" + "b" * 48
    for record in right[1:-1]:
        record["data"]["storage_hash"] = record["data"]["storage_hash"][:16]
        record["data"]["kernel_state_hash"] = record["data"]["kernel_state_hash"][:20]
    assert two(ndjson(*left), ndjson(*right)).passed
    right[5]["data"]["storage_hash"] = "f" * 16
    assert two(ndjson(*left), ndjson(*right)).nondeterministic == 1


def test_fifteen_digits_of_a_hash_prove_nothing() -> None:
    """A shorter prefix counts as a difference: better a question too many than a pass too many."""
    left = varying(70)
    verdict = two(left, changed(left, 7, storage_hash=f"{7:064x}"[:15]))
    assert list(differing(verdict)) == ["storage_hash"]
    records = records_of(left)
    for record in records[1:-1]:
        record["data"]["kernel_state_hash"] = record["data"]["kernel_state_hash"][:15]
    assert two(left, ndjson(*records)).nondeterministic == 70


def test_a_compact_line_says_what_the_whole_record_says() -> None:
    """A recording against the stream that it was made from, and against another run."""
    records = records_of(varying(100))
    short = [record if record["type"] != "iteration" else line(_compact(record["data"])) for record in records]
    assert two(ndjson(*records), ndjson(*short)).seeds == 100
    assert two(ndjson(*records), ndjson(*short)).passed
    other = changed(ndjson(*records), 42, events=99)
    assert [one.seed for one in two(other, ndjson(*short)).divergences] == ["42"]


def _compact(data: Record) -> Any:
    hashes = (data["storage_hash"], data["kernel_state_hash"])
    return ["ok", [data["seed"], data["events"], data["simulated_time_ms"], *hashes]]
