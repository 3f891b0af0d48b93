"""Determinism of simulation streams: digests are compared, and where there are none, nothing is claimed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.recordings import recorded
from tests.support.reports import Record, run_cli
from tests.support.run_pairs import CONTEXT, differing, kinds, valid
from tests.support.simulations import a_simulation, as_lines, begin, failing, finish, seed
from vopr_coverage.config.file import Config
from vopr_coverage.determinism.flow import compare_runs
from vopr_coverage.determinism.judge import Subject, judge_one, judge_two
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.reading.seeds import Seeds
from vopr_coverage.reading.simulation_seeds import SimulationSeedsReader

DATA = Path(__file__).parents[1] / "data"


def a_run(*records: Record, name: str = "a") -> Subject:
    """A run to judge, in blocks of a line."""
    lines = as_lines(list(records)).splitlines(keepends=True)
    return Subject(name, None, Seeds(lines, name, SimulationSeedsReader(name)))


def two(left: list[Record], right: list[Record]) -> DeterminismVerdict:
    """Both ways round."""
    verdict = valid(judge_two(a_run(*left), a_run(*right, name="b"), CONTEXT))
    back = valid(judge_two(a_run(*right, name="b"), a_run(*left), CONTEXT))
    assert (back.status, back.seeds, back.nondeterministic) == (
        verdict.status,
        verdict.seeds,
        verdict.nondeterministic,
    )
    return verdict


def with_seed(number: int, **changes: Any) -> list[Record]:
    """Four seeds, one of them changed."""
    return [begin(), *(seed(n, **(changes if n == number else {})) for n in range(7, 11)), finish()]


def test_equal_digests_show_that_seeds_did_the_same() -> None:
    """Every seed counts."""
    verdict = two(a_simulation(), a_simulation())
    assert (verdict.status, verdict.seeds, verdict.nondeterministic) == ("passed", 4, 0)


def test_the_first_digest_that_differs_is_named_first() -> None:
    """Of several, in the order in which the stream has them; what follows from it stands behind."""
    same = {"log": "l", "state": "s", "net": "n"}
    left = with_seed(9, digest=same, events=5)
    right = with_seed(9, digest=same | {"state": "S", "net": "N"}, events=6)
    verdict = two(left, right)
    assert [one.field for one in verdict.divergences[0].differences] == ["digest state", "digest net", "events"]
    line = "1 of 4 seeds came out differently in b, the first is seed 9 (digest state, digest net, events)"
    assert verdict.findings[0].line == line


def test_one_digest_is_a_text() -> None:
    """Both values are told."""
    assert differing(two(with_seed(8, digest="5f1c"), with_seed(8, digest="5f1d"))) == {"digest": ("5f1c", "5f1d")}


def test_digests_that_differ_in_their_last_character_differ() -> None:
    """However long they are: a recording keeps a digest of them."""
    verdict = two(with_seed(8, digest="a" * 64), with_seed(8, digest="a" * 63 + "b"))
    assert verdict.nondeterministic == 1


def test_a_point_that_only_one_of_them_hit_is_a_difference() -> None:
    """A digest may leave out what the simulator counts."""
    assert differing(two(with_seed(8, hits={"net.drop": 1}), with_seed(8, hits={}))) == {"hits": ("net.drop", "")}


def test_failures_are_compared() -> None:
    """Another invariant at the same seed, and a seed that failed once."""
    changes = {"status": "failed", "failure": {"invariant": "durability", "message": "m"}}
    right = [*with_seed(8, **changes)[:-1], finish(4, 1)]
    verdict = two(a_simulation(), right)
    assert {field.field for field in verdict.by_field} == {"status", "invariant", "message"}


def test_without_digests_nothing_is_measured() -> None:
    """And the advice says how to get them. A difference counts nevertheless."""
    bare = [begin(), *(seed(n, digest=None) for n in range(7, 11)), finish()]
    verdict = two(bare, bare)
    assert (verdict.status, verdict.seeds, kinds(verdict)) == ("not measured", 0, ["NoDigests"])
    assert "4 seeds passed in both runs and have no digest" in verdict.findings[0].line
    assert "`digest` in each seed record" in verdict.findings[0].advice
    other = [begin(), *(seed(n, digest=None, events=n) for n in range(7, 11)), finish()]
    assert two(bare, other).nondeterministic == 4


def test_a_digest_that_never_varies_proves_nothing() -> None:
    """It is told by its name."""
    records = [begin(), *(seed(n, digest={"log": f"{n}", "state": "0"}) for n in range(7, 11)), finish()]
    warnings = [warning.text for warning in two(records, records).warnings]
    assert any(text.startswith("digest state is the same for all 4 seeds") for text in warnings)
    assert not any(text.startswith("digest log") for text in warnings)


def test_seeds_that_the_simulator_ran_twice_itself() -> None:
    """Its check is an invariant called `determinism`: it counts the seeds at which it ran."""
    ran = {"ran": {"agreement": 1, "determinism": 1}}
    start = begin(optional_invariants=["determinism"])
    verdict = valid(judge_one(a_run(start, *(seed(n, **ran) for n in range(7, 11)), finish()), CONTEXT))
    assert (verdict.status, verdict.seeds) == ("passed", 4)
    failed = [seed(7, **ran), failing(8, "determinism") | ran, seed(9, **ran), failing(10) | ran]
    verdict = valid(judge_one(a_run(start, *failed, finish(4, 2)), CONTEXT))
    assert (verdict.status, verdict.seeds, verdict.nondeterministic) == ("failed", 4, 1)
    assert [replay.seed for replay in verdict.replays] == ["8"]
    assert kinds(valid(judge_one(a_run(*a_simulation()), CONTEXT))) == ["NoDigests"]


def test_a_recording_and_its_stream_compare(tmp_path: Path) -> None:
    """Rows, long digests and all; a changed seed is found in them."""
    long = [seed(n, digest=f"{n * 7:064x}") for n in range(9_000)]
    recorded(as_lines([begin(9_000, 0), *long, finish(9_000)]), tmp_path / "r", seed=0, iterations=9_000)
    for digest, differ in ((f"{8_000 * 7:064x}", 0), ("f" * 64, 1)):
        long[8_000] = seed(8_000, digest=digest)
        (tmp_path / "plain").write_bytes(as_lines([begin(9_000, 0), *long, finish(9_000)]))
        verdict = compare_runs([str(tmp_path / "r"), str(tmp_path / "plain")], Config()).verdict
        assert (verdict.seeds, verdict.nondeterministic) == (9_000, differ)


def test_formats_without_digests_say_how_to_get_them(tmp_path: Path) -> None:
    """Antithesis files have none: not measured, which is no pass."""
    files = [str(DATA / "antithesis" / f"go-healthy-seed-{n}.jsonl.gz") for n in (2, 5)]
    ended = run_cli("determinism", *files, cwd=tmp_path)
    assert ended.code == 1
    assert "Determinism not measured, nothing in a file of antithesis tells of a seed what could" in ended.out
    assert "digest" in ended.out
