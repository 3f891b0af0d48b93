"""Files of other testers on the command line: recognised by content, judged by the same gates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.reports import Record, run_cli
from tests.support.simulations import a_simulation, as_lines, begin, failing, finish, seed

ANTITHESIS = Path(__file__).parents[1] / "data" / "antithesis"
OWN: Record = {
    "profile": "none",
    "fault_point_coverage_min": 0.6,
    "critical_fault_points": ["disk.torn_write"],
    "required_invariants": ["agreement"],
}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder with a config that the stream of `hitting` meets."""
    (tmp_path / "c.json").write_text(json.dumps(OWN))
    return tmp_path


def hitting(count: int = 4) -> list[Record]:
    """A stream that hits two of its three points."""
    seeds = [seed(7 + n, hits={"disk.torn_write": 1, "net.drop": 2}) for n in range(count)]
    return [begin(count), *seeds, finish(count)]


def test_a_simulation_stream_is_judged_without_a_word_on_vopr(world: Path) -> None:
    """A healthy one passes in silence."""
    (world / "s.ndjson").write_bytes(as_lines(hitting()))
    ended = run_cli("check", "s.ndjson", "--config", "c.json", cwd=world)
    assert ended.code == 0, ended.out
    assert "Warnings" not in ended.out
    assert "vopr" not in ended.out.lower().replace("vopr-coverage", "")


def test_a_failed_seed_of_a_simulation_fails_the_check(world: Path) -> None:
    """With its invariant and its seed."""
    (world / "s.ndjson").write_bytes(
        as_lines([begin(2), failing(7, "agreement", "lost entry 4"), seed(8), finish(2, 1)])
    )
    ended = run_cli("check", "s.ndjson", "--config", "c.json", cwd=world)
    assert ended.code == 1
    assert "Invariant 'agreement' failed on 1 seed: 7" in ended.out


def test_a_simulation_stream_cut_anywhere_never_passes(world: Path) -> None:
    """By a kill or a full disk."""
    whole = as_lines(hitting(2))
    for end in range(0, len(whole) - 1, 7):
        (world / "s.ndjson").write_bytes(whole[:end])
        assert run_cli("check", "s.ndjson", "--config", "c.json", cwd=world).code in (1, 2)


def test_shards_of_a_simulation_are_merged(world: Path) -> None:
    """A point that only one of them hits is hit; overlapping seeds are refused."""
    (world / "a.ndjson").write_bytes(as_lines([begin(1, 7), seed(7, hits={"net.drop": 1}), finish(1)]))
    (world / "b.ndjson").write_bytes(as_lines([begin(1, 8), seed(8, hits={"disk.torn_write": 1}), finish(1)]))
    both = run_cli("check", "a.ndjson", "b.ndjson", "--merge", "all", "--config", "c.json", cwd=world)
    assert both.code == 0, both.out
    (world / "b.ndjson").write_bytes(as_lines(a_simulation(1, 7, scenario=None)))
    again = run_cli("check", "a.ndjson", "b.ndjson", "--merge", "all", "--config", "c.json", cwd=world)
    assert again.code == 1
    assert "share seeds" in again.out


def test_a_simulation_is_of_the_scenario_that_it_names(world: Path) -> None:
    """In its first record; `--scenario` is for those that name none. A path that names another is refused."""
    (world / "s.ndjson").write_bytes(as_lines([begin(1, scenario="bank"), seed(7), finish(1)]))
    for words in (["s.ndjson", "--scenario", "x"], ["bank=s.ndjson"]):
        run_cli("check", *words, "--verdict-file", "v.json", "--config", "c.json", cwd=world)
        assert json.loads((world / "v.json").read_text())["reports"][0]["scenario"] == "bank"
    refused = run_cli("check", "toy=s.ndjson", "--config", "c.json", cwd=world)
    assert refused.code == 2
    assert "is named as scenario 'toy', its start record says 'bank'" in refused.err


def test_points_without_declarations_have_no_percentage(world: Path) -> None:
    """Whatever was hit: nobody knows what there is to hit."""
    (world / "s.ndjson").write_bytes(as_lines([begin(1, points={}), seed(7), finish(1)]))
    ended = run_cli("check", "s.ndjson", "--config", "c.json", cwd=world)
    assert ended.code == 1
    named = run_cli("check", str(ANTITHESIS / "java-healthy-seed-2.jsonl.gz"), "--config", "c.json", cwd=world)
    assert named.code == 1
    assert "Fault point coverage not measured: no points are declared" in named.out


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("go-always-fails-seed-2", "Property 'counter never decreases' was false"),
        ("rust-unreachable-seed-2", "was reached"),
        ("go-crash-seed-2", "Run incomplete: the event 'workload finished' was never reported"),
        ("go-torn-seed-1", "Run incomplete: line 30 is torn"),
    ],
)
def test_what_went_wrong_in_a_file_of_an_sdk_is_a_violation(world: Path, name: str, line: str) -> None:
    """With a config that names the event at the end of a run."""
    (world / "c.json").write_text(json.dumps({**OWN, "complete_when": "workload finished"}))
    ended = run_cli("check", str(ANTITHESIS / f"{name}.jsonl.gz"), "--config", "c.json", cwd=world)
    assert ended.code == 1
    assert line in run_cli("check", "-v", str(ANTITHESIS / f"{name}.jsonl.gz"), "--config", "c.json", cwd=world).out


@pytest.mark.parametrize(
    ("name", "event", "complete"),
    [
        ("go-healthy-seed-2", None, None),
        ("go-torn-seed-1", None, False),
        ("go-healthy-seed-2", "workload finished", True),
        ("go-crash-seed-2", "workload finished", False),
    ],
)
def test_json_says_whether_a_run_of_an_sdk_finished_or_that_nobody_knows(
    world: Path, name: str, event: str | None, complete: bool | None
) -> None:
    """What is not measured is neither true nor false."""
    (world / "c.json").write_text(json.dumps({**OWN, **({"complete_when": event} if event else {})}))
    path = str(ANTITHESIS / f"{name}.jsonl.gz")
    verdict = json.loads(run_cli("check", path, "--config", "c.json", "--format", "json", cwd=world).out)
    assert verdict["reports"][0]["inputs"][0]["complete"] is complete


def test_whether_a_run_of_an_sdk_finished_is_not_measured_by_itself(world: Path) -> None:
    """It fails, or is excused; it never passes unasked."""
    config = {"profile": "none", "fault_point_coverage_min": 0.5}
    (world / "c.json").write_text(json.dumps(config))
    path = str(ANTITHESIS / "go-healthy-seed-2.jsonl.gz")
    assert "Whether the run finished is not measured" in run_cli("check", path, "--config", "c.json", cwd=world).out
    (world / "c.json").write_text(json.dumps({**config, "on_not_measured": {"run-complete": "ignore"}}))
    assert run_cli("check", path, "--config", "c.json", cwd=world).code == 0


def test_two_writers_on_one_path_are_refused(world: Path) -> None:
    """With the number of the garbled line."""
    path = str(ANTITHESIS / "cpp-two-processes-one-path-seeds-2-5.jsonl.gz")
    ended = run_cli("check", path, "--config", "c.json", cwd=world)
    assert ended.code == 2
    assert ":81: expected a JSON object on each line" in ended.err


def test_copies_of_a_jepsen_run_are_left_out_and_named(world: Path) -> None:
    """One run four times is one run."""
    results = "{:linear {:valid? true}, :stats {:valid? true, :by-f {:read {:ok-count 3}}}, :valid? true}"
    for folder in ("store/etcd/20250524", "store/latest"):
        (world / folder).mkdir(parents=True)
        (world / folder / "results.edn").write_text(results)
    (world / "c.json").write_text(json.dumps({"profile": "none", "required_invariants": ["checker linear"]}))
    ended = run_cli("check", "-v", "store/latest/*.edn", "store/etcd/*/results.edn", "--config", "c.json", cwd=world)
    assert ended.code == 0, ended.out
    assert "is left out: it is a copy of another run" in ended.out


def test_the_schema_of_a_simulation_can_be_printed(world: Path) -> None:
    """For whoever writes such a stream."""
    assert json.loads(run_cli("schema", "simulation", cwd=world).out)["$id"] == "urn:vopr-coverage:schema:simulation:v1"
