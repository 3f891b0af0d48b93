"""`vopr-coverage points`: a first lockfile, the moves that later runs warrant, its table; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.histories import a_record
from tests.support.point_runs import a_point_run, put
from tests.support.recordings import a_recording
from tests.support.reports import a_stream, run_cli
from tests.support.simulations import a_simulation, as_lines
from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.trends.history import TrendRecord, text_of

LOCK = ".github/vopr-points.json"
HITS = {"net.drop": 40, "disk.torn": 2, "leader changes": 90, "clock.skew": 0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two runs of 100 seeds each in the scenario `combined`, and one in `calm`."""
    put(tmp_path, "a.ndjson", a_point_run(HITS, sometimes=["leader changes"], scenario="combined"))
    put(tmp_path, "b.ndjson", a_point_run(HITS, sometimes=["leader changes"], scenario="combined", first=100))
    put(tmp_path, "calm.ndjson", a_point_run({"net.drop": 0, "disk.torn": 1}, scenario="calm"))
    return tmp_path


def points_of(folder: Path, name: str = LOCK) -> dict[str, dict[str, Any]]:
    """The file's points by name."""
    return {point["name"]: point for point in json.loads((folder / name).read_text())["points"]}


def nights(*names: tuple[list[str], list[str]], scenario: str = "combined", seeds: int = 1_000) -> list[TrendRecord]:
    """Nights of other seeds, each with what it hit and what it missed."""
    return [
        a_record(
            number,
            job="coverage",
            scenario=scenario,
            ran=seeds,
            seed_base=str(number),
            commit="0123abc" + str(number),
            names=ReachedNames(hit=tuple(hit), missed=tuple(missed)),
        )
        for number, (hit, missed) in enumerate(names)
    ]


def test_a_first_file_has_every_point_with_its_rate(folder: Path) -> None:
    """At the default place; what was never hit is said, because nobody knows whether it can be."""
    ended = run_cli("points", "lock", "a.ndjson", "b.ndjson", "calm.ndjson", cwd=folder)
    assert (ended.code, ended.err) == (0, "")
    points = points_of(folder)
    assert list(points) == ["clock.skew", "disk.torn", "leader changes", "net.drop"]
    assert points["leader changes"]["kind"] == "sometimes"
    assert points["net.drop"]["scenarios"] == {
        "calm": {"class": "common", "hit": False, "rate": [0.0, 0.05]},
        "combined": {"class": "common", "rate": [0.2, 0.5]},
    }
    assert "never hit: combined: clock.skew, calm: net.drop. Reach them, or write `unreachable`" in ended.out


def test_runs_in_any_order_and_once_more_make_the_same_file(folder: Path) -> None:
    """Nothing in it depends on the order, the time or the machine."""
    run_cli("points", "lock", "a.ndjson", "b.ndjson", "calm.ndjson", "--out", "one.json", cwd=folder)
    run_cli("points", "lock", "calm.ndjson", "b.ndjson", "a.ndjson", "--out", "other.json", cwd=folder)
    first = (folder / "one.json").read_bytes()
    assert (folder / "other.json").read_bytes() == first
    again = run_cli("points", "lock", "calm.ndjson", "a.ndjson", "b.ndjson", "--out", "one.json", cwd=folder)
    assert "one.json: no change, 4 points" in again.out
    assert (folder / "one.json").read_bytes() == first


def test_an_update_with_a_rerun_changes_nothing(folder: Path) -> None:
    """Other seeds have other counts; the rates agree, so no line of the diff is about chance."""
    run_cli("points", "lock", "a.ndjson", "b.ndjson", cwd=folder)
    rerun = {name: max(0, count + (-3 if count > 10 else 0)) for name, count in HITS.items()}
    put(folder, "c.ndjson", a_point_run(rerun, sometimes=["leader changes"], scenario="combined", first=200))
    before = (folder / LOCK).read_bytes()
    assert "no change" in run_cli("points", "update", "c.ndjson", cwd=folder).out
    assert (folder / LOCK).read_bytes() == before


def test_an_update_says_each_move_and_why(folder: Path) -> None:
    """A dry run writes nothing; done twice, the second has nothing to say."""
    run_cli("points", "lock", "a.ndjson", "b.ndjson", cwd=folder)
    more = {**HITS, "clock.skew": 3, "new.point": 5}
    put(folder, "c.ndjson", a_point_run(more, sometimes=["leader changes"], scenario="combined", first=200))
    before = (folder / LOCK).read_bytes()
    moves = ["combined: clock.skew: first hit: 3 of 100", "combined: new.point: add as common: 5 of 100"]
    dry = run_cli("points", "update", "c.ndjson", "--dry-run", cwd=folder)
    assert dry.out.splitlines() == [*moves, f"{LOCK}: would change, 5 points"]
    assert (folder / LOCK).read_bytes() == before
    assert run_cli("points", "update", "c.ndjson", cwd=folder).out.splitlines()[:2] == moves
    told = run_cli("points", "update", "c.ndjson", "--format", "json", cwd=folder)
    assert json.loads(told.out) == {"file": LOCK, "written": False, "moves": [], "lost": []}


def test_decisions_of_people_stay(folder: Path) -> None:
    """A class that somebody wrote, also when the file is written anew; counts contradict only what was hit."""
    run_cli("points", "lock", "a.ndjson", "b.ndjson", cwd=folder)
    text = (folder / LOCK).read_text()
    text = text.replace(
        '{"class": "common", "hit": false, "rate": [0.0, 0.02]}', '{"class": "unreachable", "hit": false}'
    )
    (folder / LOCK).write_text(text.replace('"common", "rate": [0.2, 0.5]', '"critical", "rate": [0.2, 0.5]'))
    for task in ("update", "lock"):
        assert run_cli("points", task, "a.ndjson", "b.ndjson", cwd=folder).code == 0
        points = points_of(folder)
        assert points["clock.skew"]["scenarios"]["combined"]["class"] == "unreachable"
        assert points["net.drop"]["scenarios"]["combined"]["class"] == "critical"


def test_only_lock_removes_and_only_where_the_runs_are_of(folder: Path) -> None:
    """A point that the tester no longer declares; the scenario that no run is of stays."""
    run_cli("points", "lock", "a.ndjson", "calm.ndjson", cwd=folder)
    put(folder, "c.ndjson", a_point_run({"net.drop": 40, "disk.torm": 2}, scenario="combined"))
    assert run_cli("points", "update", "c.ndjson", cwd=folder).code == 0
    assert "leader changes" in points_of(folder)
    ended = run_cli("points", "lock", "c.ndjson", cwd=folder)
    points = points_of(folder)
    assert "leader changes" not in points
    assert list(points["disk.torn"]["scenarios"]) == ["calm"]
    assert "combined: leader changes: remove: no longer declared" in ended.out


def test_a_recording_says_which_night_and_commit_saw_a_point_first(folder: Path) -> None:
    """From its manifest; a stream that lists only what it hit counts as one sample of its seeds."""
    a_recording(folder / "run", a_stream(), started_at="2026-05-07T02:00:00Z", commit="0123abcdef0")
    assert run_cli("points", "lock", "run", cwd=folder).code == 0
    point = points_of(folder)["network.drop"]
    assert point["first"] == {"night": "2026-05-07", "commit": "0123abcdef0"}
    (place,) = point["scenarios"].values()
    assert place["rate"] == [0.005, 1.0]  # 1 of 1 sample of 3 seeds


def test_a_history_knows_rates_and_first_nights_of_pooled_runs(folder: Path) -> None:
    """Hit in 3 of 12 nights of 1,000 seeds: no single run could tell."""
    hit = [
        (["network.drop", "sim.network.send"], []) if n in (4, 7, 9) else (["sim.network.send"], ["network.drop"])
        for n in range(12)
    ]
    (folder / "trends.ndjson").write_bytes(text_of(nights(*hit)))
    (folder / "run.ndjson").write_bytes(a_stream())
    ended = run_cli("points", "lock", "combined=run.ndjson", "--history", "trends.ndjson", cwd=folder)
    assert (ended.code, ended.err) == (0, "")
    point = points_of(folder)["network.drop"]
    assert point["first"]["commit"] == "0123abc4"
    assert point["scenarios"]["combined"]["rate"] == [5e-05, 0.001]


def test_a_history_of_other_scenarios_is_refused(folder: Path) -> None:
    """It would say nothing, and look as if it had."""
    (folder / "trends.ndjson").write_bytes(text_of(nights((["x"], []), scenario="swizzle")))
    ended = run_cli("points", "lock", "a.ndjson", "--history", "trends.ndjson", cwd=folder)
    assert ended.code == 2
    assert "trends.ndjson has no night of combined; it has swizzle" in ended.err
    assert not (folder / LOCK).exists()


def test_the_table_shows_what_the_last_night_adds(folder: Path) -> None:
    """By its runs, with the moves that they would make; or by the history alone."""
    run_cli("points", "lock", "a.ndjson", "--scenario", "combined", cwd=folder)
    put(
        folder,
        "c.ndjson",
        a_point_run({**HITS, "clock.skew": 3}, sometimes=["leader changes"], scenario="combined", first=200),
    )
    shown = run_cli("points", "show", "c.ndjson", cwd=folder)
    lines = [line.split("  ") for line in shown.out.splitlines()]
    assert [cell.strip() for cell in lines[1] if cell] == [
        "combined", "clock.skew", "fault", "common, never hit", "0 to 0.05", "3 of 100",
    ]  # fmt: skip
    assert "update would: combined: clock.skew: first hit: 3 of 100" in shown.out
    (folder / "trends.ndjson").write_bytes(text_of(nights((["net.drop"], ["clock.skew"]))))
    by_history = run_cli("points", "show", "--history", "trends.ndjson", "--format", "json", cwd=folder)
    rows = {row["name"]: row for row in json.loads(by_history.out)["points"]}
    assert rows["net.drop"]["counts"] == "1 of 1 run of 1,000 seeds"
    assert (rows["clock.skew"]["now_hit"], rows["disk.torn"]["now_hit"]) == (False, None)


def test_a_table_in_markdown_is_inert(folder: Path) -> None:
    """Names come from programs that nobody trusts."""
    put(folder, "h.ndjson", a_point_run({"a|b <img src=x> @you [l](http://x)": 1}, scenario="combined"))
    run_cli("points", "lock", "h.ndjson", cwd=folder)
    shown = run_cli("points", "show", "h.ndjson", "--format", "markdown", cwd=folder)
    assert shown.code == 0
    for live in ("<img", "@you", "](http"):
        assert live not in shown.out


def test_a_loss_is_said_and_not_marked_rare(folder: Path) -> None:
    """The counts contradict the file; that is for somebody to look at."""
    run_cli("points", "lock", "a.ndjson", "b.ndjson", cwd=folder)
    put(
        folder,
        "c.ndjson",
        a_point_run({**HITS, "net.drop": 0}, sometimes=["leader changes"], scenario="combined", first=200),
    )
    before = (folder / LOCK).read_bytes()
    ended = run_cli("points", "update", "c.ndjson", cwd=folder)
    assert (
        "combined: net.drop: not moved: hit by 0 of 100, and the rate of the file is 0.2 to 0.5; that is a loss"
        in ended.out
    )
    assert (folder / LOCK).read_bytes() == before


def test_a_phase_is_locked_without_a_rate(folder: Path) -> None:
    """It is declared, so it can vanish; its seeds are counted by nobody."""
    put(folder, "phases.ndjson", as_lines(a_simulation(20, 0)))
    assert run_cli("points", "lock", "phases.ndjson", cwd=folder).code == 0
    assert points_of(folder)["commit"] == {
        "name": "commit", "kind": "phase", "scenarios": {"*": {"class": "common"}},
    }  # fmt: skip


def test_a_run_that_did_not_reach_its_end_is_no_evidence(folder: Path) -> None:
    """As its config says what the end is."""
    (folder / "gate.yml").write_text("profile: none\nformat: points\ncomplete_when: done\n")
    (folder / "hits.txt").write_text("crash\n")
    ended = run_cli("points", "lock", "hits.txt", "--config", "gate.yml", cwd=folder)
    assert (ended.code, "hits.txt shows nothing about points: it did not finish" in ended.err) == (2, True)
    (folder / "hits.txt").write_text("crash\ndone\n")
    assert run_cli("points", "lock", "hits.txt", "--config", "gate.yml", cwd=folder).code == 0


def test_rare_is_what_the_team_says(folder: Path) -> None:
    """A night of 100 seeds can't wait for 250,000; the number stands in the file and stays there."""
    put(folder, "long.ndjson", a_point_run({"x": 0}, seeds=2_000, scenario="combined"))
    assert run_cli("points", "lock", "long.ndjson", "--rare-seeds", "1000", cwd=folder).code == 0
    assert points_of(folder)["x"]["scenarios"]["combined"]["class"] == "rare"
    run_cli("points", "lock", "long.ndjson", cwd=folder)
    assert json.loads((folder / LOCK).read_text())["rare_seeds"] == 1000


def test_critical_points_are_those_of_the_config(folder: Path) -> None:
    """And its list of fault points moves into the file; the key is to be removed then."""
    (folder / "gate.yml").write_text(
        "profile: none\ncritical_fault_points: [network.drop]\nfault_points: [network.drop, network.delay]\n"
    )
    (folder / "run.ndjson").write_bytes(a_stream())
    ended = run_cli("points", "lock", "run.ndjson", "--config", "gate.yml", cwd=folder)
    points = points_of(folder)
    assert points["network.drop"]["scenarios"]["*"]["class"] == "critical"
    assert points["network.delay"]["scenarios"]["*"] == {"class": "common", "hit": False, "rate": [0.0, 0.8]}
    assert f"now remove `fault_points` from gate.yml: {LOCK} has these points" in ended.err


BROKEN = {
    "no run": (["lock"], "nothing to lock: name at least one run"),
    "no file": (["update", "a.ndjson"], f"{LOCK} is not there: `vopr-coverage points lock RUN…` writes it"),
    "nothing to show": (["show"], f"{LOCK} is not there"),
    "a misspelt task": (["lok", "a.ndjson"], "unknown 'lok'; did you mean 'lock'?"),
    "the same seeds twice": (["lock", "a.ndjson", "same.ndjson"], "share seeds"),
    "a broken run": (["lock", "cut.ndjson"], "cut.ndjson shows nothing about points: it did not finish"),
    "a run without points": (["lock", "empty.ndjson"], "the runs of scenario 'calm' name no point"),
    "an idle flag": (["show", "--dry-run"], "points show writes nothing: leave --dry-run out"),
    "rare of nothing": (["lock", "a.ndjson", "--rare-seeds", "0"], "expected an integer of 1 or more, found 0"),
    "rare in an update": (["update", "a.ndjson", "--rare-seeds", "5"], "change `rare_seeds` in the file"),
    "a history that is not there": (["lock", "a.ndjson", "--history", "none"], "none: expected a readable file"),
    "a folder in its place": (["lock", "a.ndjson", "--out", "folder"], "folder: expected a regular file"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_done_is_said_and_nothing_is_written(case: str, folder: Path) -> None:
    """Exit code 2, one sentence."""
    words, said = BROKEN[case]
    put(folder, "same.ndjson", a_point_run({"net.drop": 1}, seeds=50, first=99, scenario="combined"))
    put(folder, "empty.ndjson", a_point_run({}, scenario="calm"))
    put(folder, "cut.ndjson", a_point_run(HITS, scenario="combined")[:-60])
    (folder / "folder").mkdir()
    ended = run_cli("points", *words, cwd=folder)
    assert ended.code == 2
    assert said in ended.err
    assert not (folder / LOCK).exists()


def test_a_broken_lockfile_is_never_written_over(folder: Path) -> None:
    """It may hold decisions that only git still has."""
    run_cli("points", "lock", "a.ndjson", cwd=folder)
    cut = (folder / LOCK).read_bytes()[:-30]
    (folder / LOCK).write_bytes(cut)
    for task in ("lock", "update", "show"):
        ended = run_cli("points", task, "a.ndjson", cwd=folder)
        assert ended.code == 2
        assert "restore it from git" in ended.err
    assert (folder / LOCK).read_bytes() == cut
