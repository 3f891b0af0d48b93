"""`vopr-coverage init`: the first day of a team whose simulator speaks names of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.reports import REAL, a_coverage, a_flat_report, a_stream, run_cli
from vopr_coverage.config.yaml_words import SCHEMA_LINE

ANTITHESIS = REAL.parent / "antithesis" / "go-healthy-seed-5.jsonl.gz"
HEALTHY = {
    "baseline": "baseline", "combined": "combined", "multi-tenant": "multi-tenant", "swizzle-a": "swizzle",
    "swizzle-b": "swizzle",
}  # fmt: skip
RUNS = [f"{scenario}={REAL / name}.ndjson" for name, scenario in HEALTHY.items()]


@pytest.mark.parametrize("runs", [*([run] for run in RUNS), RUNS], ids=len)
def test_the_runs_that_a_config_was_learnt_from_pass_it(tmp_path: Path, runs: list[str]) -> None:
    """And a run in which nothing happened doesn't."""
    learnt = run_cli("init", *runs, "--output", ".github/vopr-coverage.yml", cwd=tmp_path)
    assert (learnt.code, learnt.err) == (0, "")
    assert run_cli("check", *runs, cwd=tmp_path).code == 0
    scenario = runs[0].partition("=")[0]
    assert run_cli("check", f"{scenario}={REAL / 'zero-iterations.ndjson'}", cwd=tmp_path).code == 1


def test_a_canary_that_switches_a_fault_off_fails_what_was_learnt_without_it(tmp_path: Path) -> None:
    """The starter is worth something on the first day, and its advice does not ask to undo it."""
    run_cli("init", f"combined={REAL / 'combined.ndjson'}", "-o", "gate.yml", cwd=tmp_path)
    ended = run_cli("check", f"combined={REAL / 'canary-drop-disabled.ndjson'}", "--config", "gate.yml", cwd=tmp_path)
    assert ended.code == 1
    assert "Critical fault point 'network.drop' never hit" in ended.out
    assert "'network.drop' too few per iteration: 0 " in ended.out
    assert "vopr-coverage init" not in ended.out


def test_each_scenario_has_a_section_and_each_number_its_counts(tmp_path: Path) -> None:
    """What one run can't show is said, with the runs that would show more."""
    printed = run_cli("init", *RUNS, cwd=tmp_path).out
    sections = yaml.safe_load(printed)["scenarios"]
    assert list(sections) == ["baseline", "combined", "multi-tenant", "swizzle"]
    assert "    # One run shows nothing of how far healthy runs differ.\n" in printed
    assert "    # Three runs of 50 iterations would allow stricter minimums" in printed
    assert "    # Two runs show little of how far healthy runs differ.\n" in printed
    assert "      storage.fsync_complete: # 19.8 an iteration: 396 in one run\n" in printed
    assert "    min_iterations: 5 # shorter runs are refused: set it to what your job runs\n" in printed


def rare(iterations: int, first: int, failures: int) -> bytes:
    """A healthy stream in which one injector fires seldom."""
    points, effects = {"disk.write": 20 * iterations}, {"disk.lie": failures} if failures else {}
    invariants, phases = {"hash_chain": 30 * iterations}, {"storage:fsync": 10 * iterations}
    return a_stream(iterations, first=first, coverage=a_coverage(points, effects, invariants, phases))


def test_a_fault_too_rare_for_a_run_is_never_red_by_chance_and_shows_in_longer_ones(tmp_path: Path) -> None:
    """The config and the verdict name the iterations that would show that it is gone, and so many do."""
    for number, failures in enumerate((4, 3, 7)):
        (tmp_path / f"{number}").write_bytes(rare(30, 100 * number, failures))
    run_cli("init", "s=0", "s=1", "s=2", "-o", "gate.yml", cwd=tmp_path)
    config = (tmp_path / "gate.yml").read_text(encoding="utf-8")
    needed = yaml.safe_load(config)["scenarios"]["s"]["min_per_iteration"]["disk.lie"][0]["from"]
    assert f"# Too rare to be required of shorter runs: {needed} iterations without any are not chance" in config
    for iterations, code in ((30, 0), (needed - 1, 0), (needed, 1)):
        (tmp_path / "without").write_bytes(rare(iterations, 1_000, 0))
        ended = run_cli("check", "-v", "s=without", "--config", "gate.yml", cwd=tmp_path)
        assert ended.code == code, iterations
        told = f"without: disk.lie: required of runs of {needed} iterations or more"
        assert (told in ended.out) == (iterations < needed)


def test_a_fault_that_is_counted_by_a_plain_integer_has_a_minimum(tmp_path: Path) -> None:
    """As `min_per_iteration` reads it; a run without this fault is red."""
    for name, points in (("run", {"drop": 40, "tear": 40}), ("without", {"drop": 40})):
        coverage = a_coverage(points, {}, {"agreement": 400}, {}, era="feb2026")
        (tmp_path / name).write_bytes(a_stream(40, era="feb2026", coverage=coverage))
    printed = run_cli("init", "s=run", "-o", "gate.yml", cwd=tmp_path)
    assert printed.code == 0
    floors = yaml.safe_load((tmp_path / "gate.yml").read_text(encoding="utf-8"))["scenarios"]["s"]["min_per_iteration"]
    assert list(floors) == ["agreement", "drop", "tear"]
    assert [run_cli("check", f"s={run}", "--config", "gate.yml", cwd=tmp_path).code for run in ("run", "without")] == [
        0, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        (["s=0", "s=1", "none"], "some runs have a scenario, and none has none: name it, as in SCENARIO=none"),
        (["s=0", "s=again"], "init learns from runs with seeds of their own: 0 (seeds 0 to 29) and again (seeds 10 to"),
        (["s=0", "s=copy"], "0 and copy are the same, byte for byte"),
        (["s=missing"], "missing: expected a readable file, found no such file or directory"),
    ],
)
def test_runs_that_would_mislead_it_are_refused(tmp_path: Path, runs: list[str], told: str) -> None:
    """Seeds that stand twice would make runs look more alike than they are."""
    for name, first in (("0", 0), ("1", 100), ("none", 200), ("again", 10), ("copy", 0)):
        (tmp_path / name).write_bytes(rare(30, first, 5))
    ended = run_cli("init", *runs, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (a_stream(3, failing=[1]), "healthy runs only. Invariant 'model_verification' failed on 1 seed: 1"),
        (a_stream(3, lost=[1]), "healthy runs only. Nondeterministic: 1 failed seed left no record: 1"),
        (a_stream(3, coverage=None), "init learns from coverage, this stream carries none"),
        (a_flat_report(), "init learns from runs, and a file of the format report has totals of unknown seeds only"),
    ],
)
def test_init_learns_from_healthy_runs_only(tmp_path: Path, data: bytes, told: str) -> None:
    """A floor learnt from a sick run would be a sick floor."""
    (tmp_path / "run").write_bytes(data)
    ended = run_cli("init", "run", cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_an_existing_config_is_never_overwritten(tmp_path: Path) -> None:
    """A team's config is work; init is a start."""
    (tmp_path / "gate.yml").write_text("profile: nightly\n")
    ended = run_cli("init", REAL / "combined.ndjson", "-o", "gate.yml", cwd=tmp_path)
    assert (ended.code, ended.err) == (2, "vopr-coverage: gate.yml was not written: file exists\n")
    assert (tmp_path / "gate.yml").read_text() == "profile: nightly\n"


def test_names_that_yaml_would_take_for_something_else_are_quoted(tmp_path: Path) -> None:
    """The config that is written is the config that is read."""
    stream = a_stream(3).replace(b"vsr_agreement", b"null").replace(b"network.drop", b"a: 'b' # c")
    (tmp_path / "run").write_bytes(stream)
    run_cli("init", "run", "-o", "gate.yml", cwd=tmp_path)
    assert run_cli("check", "run", "--config", "gate.yml", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("[]", "expected a number from 0 to 2^64-1, or a list of {from, at_least}"),
        ("[{from: 1.5, at_least: 1}]", "expected an integer from 0 to 2^64-1, found 1.5"),
        ("[{from: 1, at_least: -1}]", "expected a number from 0 to 2^64-1, found -1"),
        ("[{from: 1}]", "expected"),
        ("[{from: 1, at_least: 1, until: 2}]", "expected a known key"),
        ("[{from: 1, at_least: 1}, {from: 1, at_least: 2}]", "expected each `from` of a name once, found one twice"),
    ],
)
def test_steps_that_say_nothing_clear_are_refused(tmp_path: Path, steps: str, told: str) -> None:
    """With the line of the config."""
    (tmp_path / "run").write_bytes(a_stream(3))
    (tmp_path / "gate.yml").write_text(f"min_iterations: 1\nmin_per_iteration:\n  hash_chain: {steps}\n")
    ended = run_cli("check", "run", "--config", "gate.yml", cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "gate.yml:" in ended.err
    assert told in ended.err


@pytest.mark.parametrize("run", [REAL / "combined.ndjson", ANTITHESIS])
def test_a_config_begins_with_a_line_for_editors(run: Path, tmp_path: Path) -> None:
    """Whatever it was learnt from; for us it is a comment."""
    assert run_cli("init", run, cwd=tmp_path).out.splitlines()[0] == SCHEMA_LINE
