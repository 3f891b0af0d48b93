"""`vopr-coverage seeds`, and the seeds played again, with the example simulator and real processes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.reports import Ended, run_cli
from tests.support.simulations import as_lines, begin, finish, seed
from tests.support.simulator_runs import SIMULATOR, SimulatorRuns
from vopr_coverage.formats import schema as contract

COMMAND = (
    sys.executable, str(SIMULATOR), "--scenario", "{scenario}", "--seed", "{seed}", "--iterations", "{iterations}",
)  # fmt: skip
VOPR, OPEN = (*COMMAND, "--json"), (*COMMAND, "--simulation", "-")


def told(ended: Ended) -> list[str]:
    """What it says about its work, a line each."""
    return [line.removeprefix("vopr-coverage: ") for line in ended.err.splitlines()]


def a_stream(folder: Path, hits: list[list[str]], name: str = "s.ndjson", first: int = 7, **more: object) -> str:
    """A simulation stream whose seeds hit these points."""
    records = [seed(first + i, hits=dict.fromkeys(points, 1)) for i, points in enumerate(hits)]
    whole = [begin(len(hits), first, **{"scenario": "s"} | more), *records, finish(len(hits))]
    (folder / name).write_bytes(as_lines(whole))
    return name


HITS = [["net.drop", "commit"], ["commit"], ["commit", "disk.torn_write"], ["commit", "net.drop"]]


def test_the_seeds_of_a_night_reach_it_all_and_are_played_again(tmp_path: Path) -> None:
    """From two recordings of two scenarios to a handful of seeds, which reach the same in either of two formats."""
    for scenario in ("combined", "swizzle"):
        words = ("--scenario", scenario, "--seed", "1", "--iterations", "40", "--out", f"night/{scenario}")
        assert run_cli("record", *words, "--", *OPEN, cwd=tmp_path).code == 0
    chosen = run_cli("seeds", "night/*", "--out", ".github/seeds.txt", cwd=tmp_path)
    assert chosen.code == 0
    assert chosen.out.splitlines()[0].startswith("combined: ")
    assert "of 40 seeds reach" in chosen.out
    again = run_cli("seeds", "night/swizzle", "night/combined", "--out", "again.txt", cwd=tmp_path)
    assert again.code == 0
    text = (tmp_path / ".github" / "seeds.txt").read_text()
    assert (tmp_path / "again.txt").read_text() == text, "the same answer, in whatever order the runs are named"
    points = sum(line.startswith("#+") for line in text.splitlines())
    for out, command in (("open", OPEN), ("vopr", VOPR)):
        played = run_cli("replay", ".github/seeds.txt", "--out", out, "--", *command, cwd=tmp_path)
        assert played.code == 0, played.err
        assert f"{points} of {points} points for which these seeds were chosen are reached again" in played.err
    checked = run_cli("check", "--merge", "scenario", "--health-only", "open/*", cwd=tmp_path)
    assert checked.code == 0, checked.out


def test_record_plays_them_too_and_tells_what_a_change_has_lost(tmp_path: Path) -> None:
    """A simulator that drops nothing any more: the seed is stale, and what it was for is lost."""
    words = ("--scenario", "swizzle", "--seed", "1", "--iterations", "20", "--out", "night")
    assert run_cli("record", *words, "--", *OPEN, cwd=tmp_path).code == 0
    assert run_cli("seeds", "night", "--out", "seeds.txt", cwd=tmp_path).code == 0
    broken = (*OPEN, "--features", "drop-disabled")
    ended = run_cli("record", "--seeds", "seeds.txt", "--out", "out", "--", *broken, cwd=tmp_path)
    assert ended.code == 1
    assert "no longer reaches 'network.drop', nor does any other" in ended.err
    assert "the file is stale for 1 seed, because the simulator has changed" in ended.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["swizzle-1"]


def test_seeds_that_the_simulator_does_not_know(tmp_path: Path) -> None:
    """Nothing can be judged."""
    (tmp_path / "seeds.txt").write_text("# vopr-coverage seeds 1\nno-such-scenario 1\n#+ network.drop\n")
    ended = run_cli("replay", "seeds.txt", "--out", "out", "--", *VOPR, cwd=tmp_path)
    assert ended.code == 2
    assert told(ended)[-1].startswith("none of 1 seed left a run of this seed alone with its coverage: does the")


def test_what_is_printed_as_json_has_everything(tmp_path: Path) -> None:
    """By its schema; seeds as text, as everywhere."""
    ended = run_cli("seeds", a_stream(tmp_path, HITS), "--out", "f", "--format", "json", cwd=tmp_path)
    assert ended.code == 0
    document = json.loads(ended.out)
    assert contract.problems("seeds", document) == []
    assert document["scenarios"] == [
        {
            "scenario": "s", "of": 4, "points": 3, "reached": 3, "pairs": 0, "pairs_reached": 0,
            "seeds": [
                {"seed": "9", "reaches": [["disk.torn_write"], ["commit"]]},
                {"seed": "7", "reaches": [["net.drop"]]},
            ],
        }
    ]  # fmt: skip


def test_pairs_and_a_budget(tmp_path: Path) -> None:
    """One seed adds most; the file says what it leaves out."""
    stream = a_stream(tmp_path, HITS)
    pairs = run_cli("seeds", stream, "--out", "f", "--cover", "pairs", cwd=tmp_path)
    assert pairs.out == "s: 2 of 4 seeds reach all 3 points and all 2 pairs that were reached\n"
    one = run_cli("seeds", stream, "--out", "f", "--iterations", "1", cwd=tmp_path)
    assert one.out == "s: 1 of 4 seeds reaches 2 of 3 points that were reached\n"
    assert (tmp_path / "f").read_text().splitlines()[2] == f"# {one.out.strip()}"


def test_runs_of_one_scenario_are_one(tmp_path: Path) -> None:
    """A seed is given once."""
    one, two = a_stream(tmp_path, HITS), a_stream(tmp_path, [["leader changes"]], "t.ndjson", first=20)
    ended = run_cli("seeds", one, two, "--out", "f", cwd=tmp_path)
    assert ended.out == "s: 3 of 5 seeds reach all 4 points that were reached\n"
    shared = run_cli("seeds", one, a_stream(tmp_path, [["commit"]], "u.ndjson"), "--out", "f", cwd=tmp_path)
    assert shared.code == 2
    assert "share seeds: give each seed once" in shared.err


def test_where_nobody_knows_which_seed_it_was(tmp_path: Path, simulator_runs: SimulatorRuns) -> None:
    """One sentence that says what to do, and no file."""
    totals = [begin(2, 1), seed(1, hits=None), seed(2, hits=None), finish(2, hits={"net.drop": 1})]
    (tmp_path / "totals.ndjson").write_bytes(as_lines(totals))
    (tmp_path / "sdk.jsonl").write_text('{"antithesis_sdk":{"language":{"name":"Go","version":"1"}}}\n')
    by_seed = "write a simulation stream with the `hits` of each seed (docs/formats/simulation.md)"
    for file, why in (
        (str(simulator_runs.stream("swizzle")), f"vopr's stream has totals of all seeds only; {by_seed}"),
        ("totals.ndjson", f"no seed has hits of its own, or there are too many points to keep; {by_seed}"),
        ("sdk.jsonl", "a file of this format names no seed; record each seed with {output} in the command"),
    ):
        ended = run_cli("seeds", f"s={file}", "--out", "f", cwd=tmp_path)
        assert ended.code == 2
        assert f"which seed hit which point is not known: {why}" in ended.err
        assert not (tmp_path / "f").exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--iterations", "0"), "--iterations: expected 1 or more seeds, found 0"),
        (("--cover", "triples"), "unknown 'triples'"),
        (("-",), "seeds reads files and recordings, not standard input"),
        (("--out", "other"), "--out: other exists and is no file of seeds"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: tuple[str, ...], problem: str) -> None:
    """Before anything is written."""
    (tmp_path / "other").write_text("mine\n")
    ended = run_cli("seeds", "--out", "f", *words, a_stream(tmp_path, HITS), cwd=tmp_path)
    assert ended.code == 2
    assert problem in ended.err
    assert not (tmp_path / "f").exists()
    assert (tmp_path / "other").read_text() == "mine\n"


def test_runs_that_hit_nothing_and_runs_without_a_name(tmp_path: Path) -> None:
    """There is nothing to choose, or nobody to choose it for."""
    ended = run_cli("seeds", a_stream(tmp_path, [[]]), "--out", "f", cwd=tmp_path)
    assert (ended.code, "no seed of these runs hit any point" in ended.err) == (2, True)
    ended = run_cli("seeds", a_stream(tmp_path, HITS, scenario=None), "--out", "f", cwd=tmp_path)
    assert (ended.code, "names no scenario: name it as SCENARIO=PATH, or by --scenario" in ended.err) == (2, True)
    named = run_cli("seeds", "s.ndjson", "--out", "f", "--scenario", "mine", cwd=tmp_path)
    assert named.out.startswith("mine: 2 of 4 seeds")


def test_record_needs_either_a_run_or_a_file(tmp_path: Path) -> None:
    """And refuses what has no effect."""
    for words, problem in (
        ((), "the following arguments are required: --scenario, --seed, --iterations, or --seeds"),
        (("--seeds", "f", "--seed", "3"), "--seed has no effect with --seeds"),
        (("--seeds", "missing"), "--seeds: there is no seed in missing, or no such file"),
    ):
        ended = run_cli("record", "--out", "out", *words, "--", "true", cwd=tmp_path)
        assert ended.code == 2
        assert problem in ended.err


def test_pairs_that_met_are_in_the_verdict_and_can_be_asked_for(tmp_path: Path) -> None:
    """Three declared points, of which two pairs met; of totals alone nobody knows, and then the gate fails."""
    stream = a_stream(tmp_path, [["net.drop", "leader changes"], ["disk.torn_write", "net.drop"]])
    config = "profile: none\nfault_point_coverage_min: 1.0\nmin_pair_coverage: {}\n"
    for minimum, code in ((0, 0), (0.6, 0), (0.7, 1)):
        (tmp_path / "c.yml").write_text(config.format(minimum))
        ended = run_cli("check", stream, "--config", "c.yml", "--verdict-file", "v.json", cwd=tmp_path)
        assert ended.code == code, ended
        verdict = json.loads((tmp_path / "v.json").read_text())
        assert contract.problems("verdict", verdict) == []
        pairs = verdict["reports"][0]["pairs"]
        assert (pairs["seeds"], pairs["possible"], pairs["met"]) == (2, 3, 2)
    assert "Pair coverage: 66.7% (expected >= 70.0%)" in ended.out
    hit = dict.fromkeys(("net.drop", "disk.torn_write", "leader changes"), 1)
    totals = [begin(2, 1), seed(1, hits=None), seed(2, hits=None), finish(2, hits=hit)]
    (tmp_path / "t.ndjson").write_bytes(as_lines(totals))
    ended = run_cli("check", "t.ndjson", "--config", "c.yml", "--verdict-file", "v.json", cwd=tmp_path)
    assert ended.code == 1
    assert "Pair coverage: not measured (expected >= 70.0%)" in ended.out
    assert json.loads((tmp_path / "v.json").read_text())["reports"][0]["pairs"] is None


def test_pairs_of_merged_runs_are_of_all_seeds(tmp_path: Path) -> None:
    """Under the names of the config."""
    one = a_stream(tmp_path, [["net.drop", "leader changes"]])
    two = a_stream(tmp_path, [["disk.torn_write", "net.drop"]], "t.ndjson", first=20)
    (tmp_path / "c.yml").write_text("profile: none\nfault_point_coverage_min: 1.0\naliases: {disk.torn_write: torn}\n")
    words = ("--merge", "scenario", "--config", "c.yml", "--verdict-file", "v.json")
    assert run_cli("check", one, two, *words, cwd=tmp_path).code == 0
    (report,) = json.loads((tmp_path / "v.json").read_text())["reports"]
    assert (report["pairs"]["seeds"], report["pairs"]["possible"], report["pairs"]["met"]) == (2, 3, 2)
    assert sorted(report["pairs"]["points"]) == ["leader changes", "net.drop", "torn"]


def test_init_tells_what_pairs_could_be_asked_for(tmp_path: Path) -> None:
    """As a comment, since it is off unless somebody wants it."""
    met = [["net.drop", "leader changes"]] * 4
    streams = [a_stream(tmp_path, met, f"{i}.ndjson", first=100 * i) for i in range(3)]
    ended = run_cli("init", *streams, cwd=tmp_path)
    assert ended.code == 0, ended
    assert "# Off, and could be asked for: 1 of 3 pairs of points met in one seed, all runs together" in ended.out
    assert "# min_pair_coverage: 0.33\n" in ended.out


def test_points_that_cannot_occur_in_a_scenario_make_no_pairs(tmp_path: Path) -> None:
    """By the lockfile, where the team has written what is unreachable."""
    stream = a_stream(tmp_path, [["net.drop", "leader changes", "commit"]] * 3)
    (tmp_path / ".github").mkdir()
    first = {"night": "2026-05-07"}
    kinds = {"net.drop": "fault", "disk.torn_write": "fault", "leader changes": "sometimes", "commit": "phase"}
    classes = {name: "unreachable" if name == "disk.torn_write" else "common" for name in kinds}
    points = [
        {"name": name, "kind": kind, "first": first, "scenarios": {"s": {"class": classes[name]}}}
        for name, kind in sorted(kinds.items())
    ]
    lock = {"format": "urn:vopr-coverage:schema:points:v1", "rare_seeds": 250_000, "points": points}
    (tmp_path / ".github" / "vopr-points.json").write_text(json.dumps(lock))
    (tmp_path / "c.yml").write_text("profile: none\nfault_point_coverage_min: 1.0\nmin_pair_coverage: 1.0\n")
    ended = run_cli("check", stream, "--config", "c.yml", "--verdict-file", "v.json", cwd=tmp_path)
    assert ended.code == 0, ended
    (report,) = json.loads((tmp_path / "v.json").read_text())["reports"]
    assert (report["pairs"]["possible"], report["pairs"]["met"]) == (1, 1)


P_CHECKER = """
import json, sys
seed, out = int(sys.argv[1]), sys.argv[2]
hit = {"leader lost": seed % 2 == 0, "quorum split": seed == 5}
scenarios = [{"name": n, "satisfied": h, "satisfyingSchedules": int(h)} for n, h in hit.items()]
json.dump({"testCase": "t", "scenarios": scenarios}, open(out, "w"))
"""
SDK_SUITE = """
import json, sys
seed, out = int(sys.argv[1]), sys.argv[2]
def say(name, hit):
    place = {"begin_column": 0, "begin_line": 3, "class": "", "file": "a.go", "function": "f"}
    print(json.dumps({"antithesis_assert": {"assert_type": "sometimes", "condition": hit, "details": None,
        "display_type": "Sometimes", "hit": hit, "id": name, "location": place, "message": name,
        "must_hit": True}}), file=file)
with open(out, "w") as file:
    print(json.dumps({"antithesis_sdk": {"language": {"name": "Go", "version": "1"}, "sdk_version": "0.4",
        "protocol_version": "1.1"}}), file=file)
    for name, hit in {"leader lost": seed % 2 == 0, "quorum split": seed == 5}.items():
        say(name, False)
        if hit:
            say(name, True)
"""


@pytest.mark.parametrize("program", [P_CHECKER, SDK_SUITE], ids=["P", "Antithesis"])
def test_a_recording_of_files_knows_the_seed_of_each(tmp_path: Path, program: str) -> None:
    """A file a seed, written to {output}: the seeds are chosen, and played again."""
    (tmp_path / "suite.py").write_text(program)
    command = ("--", sys.executable, "-S", "suite.py", "{seed}", "{output}")
    words = ("--scenario", "suite", "--seed", "1", "--iterations", "6", "--out", "night")
    assert run_cli("record", *words, *command, cwd=tmp_path).code == 0
    chosen = run_cli("seeds", "night", "--out", "seeds.txt", cwd=tmp_path)
    assert chosen.out == "suite: 2 of 6 seeds reach all 2 points that were reached\n"
    lines = (tmp_path / "seeds.txt").read_text().splitlines()[3:]
    assert lines == ["suite 5", "#+ quorum split", "suite 2", "#+ leader lost"]
    again = run_cli("replay", "seeds.txt", "--out", "again", *command, cwd=tmp_path)
    assert again.code == 0, again.err
    assert "2 of 2 points for which these seeds were chosen are reached again" in again.err


def test_a_seed_that_the_simulator_dies_at_leaves_nothing_to_judge(tmp_path: Path) -> None:
    """Its points are lost, unless another seed has them; whether it would reach them nobody knows."""
    wanted = ("swizzle 1", "#+ network.drop", "baseline 2", "#+ sim.network.send", "baseline 3", "#+ sim.storage.write")
    (tmp_path / "seeds.txt").write_text("\n".join(["# vopr-coverage seeds 1", *wanted]))
    ended = run_cli("replay", "seeds.txt", "--out", "out", "--", *VOPR, "--panic-at", "1,3", cwd=tmp_path)
    assert ended.code == 1
    assert told(ended)[-2:] == [
        "2 of 3 points for which these seeds were chosen are reached again",
        "swizzle seed 1 left nothing to judge, and no other reaches 'network.drop'",
    ]
