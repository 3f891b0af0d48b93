"""`vopr-coverage plan` as a process: flags to matrices, and a rate measured from a simulator that really runs."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.e2e.formats import read_outputs
from tests.support.endings import refused
from tests.support.reports import ending, line, ok, run_cli, start
from vopr_coverage.canaries.detector import SHIPPED
from vopr_coverage.canaries.judge import NONE_DECLARED
from vopr_coverage.formats.schema import problems
from vopr_coverage.nightly.plan import NightPlan, plan_from_json
from vopr_coverage.nightly.planner import HEADROOM, seed_base_of

NIGHT = ["plan", "combined=1000", "swizzle=500", "--minutes", "1", "--run-number", "3"]
RATES = ["--rate", "combined=10", "--rate", "swizzle=100"]
WHOLE = ["--coverage", "combined=400", "--canary", "combined=300", "--determinism", "swizzle=100"]
# Three iterations, then it hangs: a simulator that would run for hours, as far as calibrating goes.
SIMULATOR = f"""
import sys, time
sys.stdout.buffer.write({line(start(0, 3))!r} + {b"".join(line(ok(seed)) for seed in range(3))!r})
sys.stdout.flush()
open("started.txt", "a").write(sys.argv[1] + "\\n")
time.sleep(600)
"""


def planned(cwd: Path, *more: str, code: int = 0) -> NightPlan:
    """The plan of the night as JSON."""
    ended = run_cli(*NIGHT, *RATES, "--format", "json", *more, cwd=cwd)
    assert ended.code == code, ended
    assert ended.out.count("\n") == 1
    assert problems("plan", json.loads(ended.out)) == []
    return plan_from_json(ended.out.encode(), "plan.json")


def test_a_matrix_for_a_jobs_strategy(tmp_path: Path) -> None:
    """One entry a job; all of them together run what was asked."""
    plan = planned(tmp_path)
    jobs = plan.long_run.include
    assert [(job.name, job.scenario, job.shard, job.shards) for job in jobs] == [
        ("combined-1", "combined", 1, 3),
        ("combined-2", "combined", 2, 3),
        ("combined-3", "combined", 3, 3),
        ("swizzle-1", "swizzle", 1, 1),
    ]
    assert sum(job.iterations for job in jobs) == 1_500
    assert jobs[0].seed == plan.seed_base == str(seed_base_of(3))
    assert (plan.run_number, plan.minutes, plan.regressions) == (3, 1.0, ())
    assert [jobs.include for jobs in (plan.coverage, plan.canary, plan.determinism)] == [(), (), ()]


def test_a_whole_night(tmp_path: Path) -> None:
    """Each kind of job has its matrix, behind each other's seeds, and its line of work."""
    plan = planned(tmp_path, *WHOLE, "--determinism-seeds", "42 123")
    assert [job.name for job in plan.coverage.include] == ["combined-1"]
    assert plan.coverage.include[0].seed == str(seed_base_of(3) + 1_500)
    assert [job.name for job in plan.canary.include] == [
        "control", "canary-skip-fsync", "canary-wrong-hash", "canary-commit-quorum", "canary-idempotency-race",
        "canary-monotonic-regression",
    ]  # fmt: skip
    assert {(job.seed, job.iterations) for job in plan.canary.include} == {(str(seed_base_of(3) + 1_900), 300)}
    assert [(job.name, job.scenario, job.iterations) for job in plan.determinism.include] == [
        ("42", "swizzle", 81), ("123", "swizzle", 100),
    ]  # fmt: skip
    assert [(one.job, one.asked, one.planned, one.jobs) for one in plan.work] == [
        ("long-run", 1_000, 1_000, 3),
        ("long-run", 500, 500, 1),
        ("coverage", 400, 400, 1),
        ("canary", 1_800, 1_800, 6),
        ("determinism", 200, 181, 2),
    ]


def test_the_text_tells_all_of_it(tmp_path: Path) -> None:
    """Every kind of job, each scenario, and what was cut."""
    (tmp_path / "seeds.txt").write_text("combined 17\n")
    files = ("--regressions", "seeds.txt")
    told = run_cli(*NIGHT, *RATES, *WHOLE, "--determinism-seeds", "42 123", *files, cwd=tmp_path).out
    assert told.splitlines() == [
        "run 3, seeds 6600738106667 and up, 13 jobs of at most 1 min",
        "long run:",
        "  combined: 1,000 of 1,000 iterations in 3 jobs of 0.557 min at 10 a second",
        "  swizzle: 500 of 500 iterations in 1 job of 0.0833 min at 100 a second",
        "coverage:",
        "  combined: 400 of 400 iterations in 1 job of 0.667 min at 10 a second",
        "canaries:",
        "  combined: control and 5 canaries, 1,800 of 1,800 iterations in 6 jobs of 0.5 min at 10 a second, "
        "from 6600738108567 on",
        "determinism:",
        "  swizzle: from 2 seeds on, each twice, 181 of 200 iterations in 2 jobs of 0.0333 min at 100 a second",
        "regressions:",
        "  combined: 1 seed that failed once",
        "",
        "Not all of it is planned:",
        "  - determinism swizzle: ranges end where the next one begins: 81 from 42 on",
    ]


def test_lists_may_stand_in_one_word_and_empty_words_are_none(tmp_path: Path) -> None:
    """A workflow hands on what its inputs hold, and an empty input as an empty text."""
    night = ["--minutes", "1", "--run-number", "3", "--format", "json"]
    many = ["plan", " combined=1000\nswizzle=500 ", "", "--rate", "combined=10, swizzle=100", "--rate", ""]
    nothing = ["--coverage", "", "--canary", "", "--determinism", "", "--determinism-seeds", "", "--config", "",
               "--regressions", "", "--command", "", "--canary-command", "", "--canary-rate", "",
               "--seed-base", ""]  # fmt: skip
    ended = run_cli(*many, *nothing, *night, cwd=tmp_path)
    assert ended.out == run_cli(*NIGHT, *RATES, "--format", "json", cwd=tmp_path).out
    seeds = ("--determinism", "combined=1", "--determinism-seeds", "7,8 9")
    assert [job.name for job in planned(tmp_path, *seeds).determinism.include] == ["7", "8", "9"]
    assert len(planned(tmp_path, "--determinism", "combined=1").determinism.include) == 10


def test_files_for_the_jobs_that_follow(tmp_path: Path) -> None:
    """The plan in a folder that isn't there yet, and outputs of the step; what is printed stays as it is."""
    files = ("--plan-file", "night/plan.json", "--outputs", "outputs")
    plan = planned(tmp_path, "--coverage", "combined=700,swizzle=90", *files)
    assert [shard.iterations for shard in plan.coverage.include] == [350, 350, 90]
    assert (tmp_path / "night" / "plan.json").read_text() == plan.to_json() + "\n"
    outputs = read_outputs((tmp_path / "outputs").read_text())
    assert outputs == {"plan": plan.to_json(), "smallest-shard": "90", "smallest-scenario": "90"}
    ended = run_cli(*NIGHT, *RATES, *files, cwd=tmp_path)
    assert ended.out.startswith("run 3, seeds ")
    assert read_outputs((tmp_path / "outputs").read_text())["smallest-shard"] == "0"


def test_a_plan_that_holds_too_little_is_handed_on(tmp_path: Path) -> None:
    """The night does what it can; without any plan nothing is left behind."""
    (tmp_path / "c.json").write_text(json.dumps({"min_iterations": 900_000}))
    files = ("--plan-file", "plan.json", "--outputs", "outputs")
    planned(tmp_path, "--config", "c.json", *files, code=1)
    assert (tmp_path / "plan.json").exists()
    assert read_outputs((tmp_path / "outputs").read_text())["plan"] == (tmp_path / "plan.json").read_text().strip()
    for name in ("plan.json", "outputs"):
        (tmp_path / name).unlink()
    refused(run_cli(*NIGHT, *files, "--config", "none.json", cwd=tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {"c.json"}


def test_a_plan_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """Nobody could go on with it."""
    (tmp_path / "file").write_text("")
    ended = run_cli(*NIGHT, *RATES, "--plan-file", "file/plan.json", cwd=tmp_path)
    assert ended.code == 2
    assert ended.err == "vopr-coverage: file/plan.json: expected a file that can be written, found file exists\n"


def test_canaries_are_those_of_the_config(tmp_path: Path) -> None:
    """Without any where none should run, and their scenario's rate is no mistake then."""
    (tmp_path / "c.json").write_text(json.dumps({"canaries": {"mine": {"determinism": True}}}))
    canaries = ("--canary", "gray=10", "--config", "c.json", "--rate", "gray=5")
    assert [job.name for job in planned(tmp_path, *canaries).canary.include] == ["control", "mine"]
    assert planned(tmp_path, *canaries, "--no-canaries").canary.include == ()
    assert planned(tmp_path, *canaries, "--canaries", "false").canary.include == ()
    assert planned(tmp_path, *canaries, "--canaries", "true") == planned(tmp_path, *canaries)


def test_the_configs_minimum_is_held(tmp_path: Path) -> None:
    """A budget that holds less than min_iterations ends with 1, and says why."""
    (tmp_path / "c.json").write_text(json.dumps({"scenarios": {"combined": {"min_iterations": 900}, "swizzle": {}}}))
    assert planned(tmp_path, "--config", "c.json").enough
    short = planned(tmp_path, "--config", "c.json", "--jobs", "2", code=1)
    assert "at least 900 are required" in short.remarks[0]
    told = run_cli(*NIGHT, *RATES, "--config", "c.json", "--jobs", "2", cwd=tmp_path)
    assert told.code == 1
    assert "Not all of it is planned" in told.out
    assert "❌" in told.out
    coverage = planned(tmp_path, "--config", "c.json", "--coverage", "combined=899", code=1)
    assert coverage.remarks == ("coverage combined: 899 iterations were asked for, at least 900 are required",)


def test_once_failed_seeds_come_along(tmp_path: Path) -> None:
    """From a file in the repository, which need not exist yet."""
    assert planned(tmp_path, "--regressions", "none.txt").regressions == ()
    (tmp_path / "seeds.txt").write_text("combined 18446744073709551615 # vsr_agreement\n")
    (found,) = planned(tmp_path, "--regressions", "seeds.txt").regressions
    assert (found.scenario, found.seeds) == ("combined", ("18446744073709551615",))


@pytest.mark.parametrize("as_text", [False, True])
def test_a_rate_is_measured_where_none_is_given(tmp_path: Path, as_text: bool) -> None:
    """Once for a scenario of several jobs: the simulator is run for a moment, and stopped."""
    (tmp_path / "simulator.py").write_text(SIMULATOR)
    night = ["plan", "combined=10", "--coverage", "Combined=5", "--minutes", "1", "--run-number", "1"]
    words = [sys.executable, "simulator.py", "{scenario}", "{seed}"]
    command = ["--command", " ".join(words)] if as_text else ["--", *words]
    ended = run_cli(*night, "--calibrate", "3", "--format", "json", *command, cwd=tmp_path)
    assert ended.code == 0, ended
    assert [one.rate for one in plan_from_json(ended.out.encode(), "plan").work] == [1.0, 1.0]
    assert ended.err.splitlines() == [
        "vopr-coverage: calibrating combined for 3 s",
        "vopr-coverage: calibrated combined: 1 iteration a second",
    ]
    assert (tmp_path / "started.txt").read_text() == "combined\n"


def test_a_simulator_that_does_nothing_cannot_be_calibrated(tmp_path: Path) -> None:
    """Nothing is planned on a rate that nobody measured."""
    night = ["plan", "combined=10", "--minutes", "1", "--run-number", "1", "--calibrate", "1", "--"]
    told = refused(run_cli(*night, sys.executable, "-c", "pass", cwd=tmp_path))
    assert "finished no iteration" in told[1]
    assert "cannot be started: no such file or directory" in refused_in(tmp_path, *night, "./no-such-simulator")
    assert "has no rate" in refused_in(tmp_path, *night[:-1])


def refused_in(cwd: Path, *arguments: str) -> str:
    """The last line of what a refused command says."""
    ended = run_cli(*arguments, cwd=cwd)
    told = [text for text in ended.err.splitlines() if "calibrating" not in text]
    return refused(ended._replace(err="\n".join(told)))[0]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--rate", "combine=1"], "--rate: 'combine' is no scenario of this plan"),
        (["--rate", "COMBINED=1"], "--rate: scenario 'COMBINED' is named twice"),
        (["--rate", "x"], "--rate: expected SCENARIO=NUMBER"),
        (["--coverage", "combined"], "--coverage: expected SCENARIO=NUMBER"),
        (["--coverage", "combined=1e3"], "--coverage: expected SCENARIO=NUMBER"),
        (["--canary", "combined=1 swizzle=2"], "--canary: expected one SCENARIO=NUMBER, found 2"),
        (["--determinism", "a=1", "--determinism", "b=1"], "--determinism: expected one SCENARIO=NUMBER, found 2"),
        (["--determinism-seeds", "42 x"], "--determinism-seeds: expected an integer from 0 to 2^64-1, found 'x'"),
        (["--regressions", "broken.txt"], "expected SCENARIO SEED"),
        (["--minutes", "0"], "expected minutes above 0"),
        (["--calibrate", "nan"], "expected seconds above 0"),
        (["--seed-base", "-1"], "--seed-base: expected an integer from 0 to 2^64-1, found '-1'"),
        (["--canary-rate", "combined=1"], "--canary-rate: 'combined' is no scenario of this plan"),
        (["--canary-command", "vopr '"], "--canary-command: expected words quoted as for a shell"),
        (["--canary-command", "vopr {seeds}"], "no placeholder 'seeds' is known"),
        (["--command", "vopr '{seed}"], "--command: expected words quoted as for a shell, found no closing quotation"),
        (["--command", "vopr {seeds}"], "no placeholder 'seeds' is known"),
        (["--command", "vopr", "--", "vopr"], "the command stands behind -- and in --command: give it once"),
    ],
)
def test_typos_are_told(tmp_path: Path, more: list[str], told: str) -> None:
    """Before a simulator has run for half a minute."""
    (tmp_path / "broken.txt").write_text("combined x")
    assert told in refused_in(tmp_path, *NIGHT, *RATES, *more)


def test_a_night_of_nothing_is_told(tmp_path: Path) -> None:
    """Whether it is misspelled or empty."""
    assert "SCENARIO=NUMBER" in refused_in(tmp_path, "plan", "baseline:5", *NIGHT[3:], *RATES)
    assert "name at least one scenario" in refused_in(tmp_path, "plan", "", *NIGHT[3:])


def test_a_night_may_be_given_its_first_seed(tmp_path: Path) -> None:
    """Whatever its run number is."""
    assert planned(tmp_path, "--seed-base", "18446744073709551615").seed_base == "18446744073709551615"
    assert planned(tmp_path, "--seed-base", "7").long_run.include[1].seed == "341"


# As the command line of `vopr`: it refuses seeds and scenarios, on stderr, and runs a seed in the time it is given.
PICKY = f"""
import sys, time
scenario, seed, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
if scenario == "nonesuch":
    print("Compiling\\n" * 50 + "\\x1b[31mUnknown scenario:\\x1b[0m nonesuch", file=sys.stderr)
    sys.exit(1)
if seed == 0:
    print("seed 0 is refused", file=sys.stderr)
    sys.exit(1)
record = {line(ok(7))!r}
open("seeds.txt", "a").write(f"{{seed}}\\n")
for number in range(6):
    time.sleep(seconds)
    sys.stdout.buffer.write(record)
    sys.stdout.flush()
time.sleep(float(sys.argv[4]))
print("thread main panicked\\n::error::\\x1b[2J at src/vsr.rs:7", file=sys.stderr)
sys.exit(101)
"""


def picky(cwd: Path, seconds: float = 0.01, then_s: float = 600) -> list[str]:
    """The words that start that simulator. After six seeds it waits for `then_s`, and panics."""
    (cwd / "picky.py").write_text(PICKY)
    return [sys.executable, "picky.py", "{scenario}", "{seed}", str(seconds), str(then_s)]


def test_calibrating_starts_where_the_night_starts(tmp_path: Path) -> None:
    """A simulator may refuse other seeds, such as 0."""
    night = ["plan", "combined=10", "--minutes", "1", "--run-number", "5", "--calibrate", "1"]
    ended = run_cli(*night, "--", *picky(tmp_path), cwd=tmp_path)
    assert ended.code == 0, ended
    assert (tmp_path / "seeds.txt").read_text() == f"{seed_base_of(5)}\n"
    run_cli(*night, "--seed-base", "77", "--", *picky(tmp_path), cwd=tmp_path)
    assert (tmp_path / "seeds.txt").read_text().splitlines()[1] == "77"


def test_nothing_is_planned_on_the_rate_of_a_simulator_that_dies(tmp_path: Path) -> None:
    """It measures how soon it dies: the error has its own words, inert, and what to do; a given rate needs no run."""
    night = ["plan", "combined=10", "swizzle=5", "--minutes", "1", "--run-number", "5", "--calibrate", "9"]
    panics = picky(tmp_path, then_s=0)
    files = ["--plan-file", "plan.json", "--outputs", "outputs"]
    told = refused(run_cli(*night, *files, "--", *panics, cwd=tmp_path))
    assert told[0] == "calibrating combined for 9 s (1 of 2)"
    assert re.fullmatch(
        r"the rate of combined cannot be measured: the simulator '.+' ended with exit code 101 after [0-9.]+ s "
        r"and 6 iterations",
        told[1],
    )
    assert told[2:] == [
        "the simulator's last lines:",
        "  thread main panicked",
        "  ::error:: at src/vsr.rs:7",
        "Fix the simulator, or give its rate with --rate combined=R (the input `rates` of the nightly workflow).",
    ]
    assert not (tmp_path / "plan.json").exists()
    assert not (tmp_path / "outputs").exists()
    given = run_cli(*night, "--rate", "combined=7000 swizzle=9", "--", *panics, cwd=tmp_path)
    assert (given.code, given.err) == (0, "")


def test_canaries_whose_simulator_dies_have_a_rate_of_their_own_to_give(tmp_path: Path) -> None:
    """The flag, and the input of the workflow."""
    night = ["plan", "combined=10", "--canary", "gray=9", "--minutes", "1", "--run-number", "5", "--rate", "combined=1"]
    ended = run_cli(*night, "--canary-command", " ".join(picky(tmp_path, then_s=0)), cwd=tmp_path)
    assert refused(ended)[-1].endswith(
        " give its rate with --canary-rate gray=R (the input `canary-rates` of the nightly workflow)."
    )


def test_why_nothing_was_planned_is_an_annotation_on_a_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On one line: what the simulator wrote starts no command of its own."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    night = ["plan", "combined=10", "--minutes", "1", "--run-number", "5", "--calibrate", "9"]
    ended = run_cli(*night, "--", *picky(tmp_path, then_s=0), cwd=tmp_path)
    assert ended.code == 2
    (line,) = ended.out.splitlines()
    assert line.startswith("::error title=VOPR nightly::the rate of combined cannot be measured: ")
    assert "%0A  ::error:: at src/vsr.rs:7%0AFix the simulator" in line


@pytest.mark.parametrize("last", ["sys.exit(1)", "os.kill(os.getpid(), 9)"])
def test_a_stream_that_ended_as_it_should_measures_a_rate(tmp_path: Path, last: str) -> None:
    """A bad exit code behind the last record reports failed seeds; without that record, the simulator died."""
    night = ["plan", "combined=10", "--minutes", "1", "--run-number", "5", "--calibrate", "9", "--"]
    for whole, code in ((True, 0), (False, 2)):
        records = line(start(0, 3)) + line(ok(0)) + (line(ending(3)) if whole else b"")
        program = f"import os, sys; sys.stdout.buffer.write({records!r}); sys.stdout.flush(); {last}"
        ended = run_cli(*night, sys.executable, "-c", program, cwd=tmp_path)
        assert (ended.code, ("cannot be measured" in ended.err)) == (code, not whole)


def test_a_simulator_that_refuses_has_the_last_word(tmp_path: Path) -> None:
    """The reason stands in its own stderr: its last lines, without what could move a cursor."""
    night = ["plan", "nonesuch=10", "--minutes", "1", "--run-number", "1", "--calibrate", "9"]
    ended = run_cli(*night, "--", *picky(tmp_path), cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    told = ended.err.splitlines()
    assert re.search(r"no iteration in [0-9.]+ s, it ended with exit code 1$", told[1])
    assert told[2:7] == ["vopr-coverage: the simulator's last lines:", *["vopr-coverage:   Compiling"] * 4]
    assert told[7:-1] == ["vopr-coverage:   Unknown scenario: nonesuch"]
    assert told[-1].startswith("vopr-coverage: Fix the simulator, or give its rate with --rate nonesuch=R (")
    loud = run_cli(*night, "--", "sh", "-c", "echo usage: no such flag; exit 2", cwd=tmp_path)
    assert loud.err.splitlines()[-2] == "vopr-coverage:   usage: no such flag"


def test_a_simulator_that_needs_more_time_is_not_broken(tmp_path: Path) -> None:
    """The advice fits the cause."""
    night = ["plan", "combined=10", "--minutes", "1", "--run-number", "1", "--calibrate", "0.5", "--", "sleep", "60"]
    told = refused(run_cli(*night, cwd=tmp_path))
    assert re.search(r"finished no iteration in 0\.5\d* s, then it was stopped$", told[1])
    assert told[2].startswith("Calibrate for longer with --calibrate, or give its rate with --rate combined=R (")


def test_each_command_is_calibrated(tmp_path: Path) -> None:
    """The canaries' command may run each seed twice: its jobs are sized by its own rate, not by the other's."""
    night = ["plan", "combined=20", "--canary", "combined=2000", "--minutes", "1", "--run-number", "1"]
    slow = ["--canary-command", " ".join(picky(tmp_path, 0.2)), "--calibrate", "3", "--format", "json"]
    ended = run_cli(*night, "--rate", "combined=2.2", *slow, cwd=tmp_path)
    assert ended.code == 0, ended
    assert "vopr-coverage: calibrating canaries of combined for 3 s" in ended.err.splitlines()
    plan = plan_from_json(ended.out.encode(), "plan")
    rates = {work.job: work.rate for work in plan.work}
    assert rates["long-run"] == 2.2
    assert rates["canary"] < 5.0  # six seeds take 1.2 s or more
    assert {run.iterations for run in plan.canary.include} == {int(rates["canary"] * 60 * HEADROOM)}
    given = run_cli(*night, "--rate", "combined=2.2", *slow, "--canary-rate", "combined=1.1", cwd=tmp_path)
    assert given.err == ""
    assert plan_from_json(given.out.encode(), "plan").canary.include[0].iterations == 52
    same = ["--rate", "combined=2.2", "--command", "./vopr {seed}", "--canary-command", "./vopr {seed}"]
    assert run_cli(*night, *same, cwd=tmp_path).err == ""
    none = run_cli(*night, "--rate", "combined=2.2", *slow, "--no-canaries", cwd=tmp_path)
    assert (none.code, none.err) == (0, "")


def test_a_scenario_that_the_config_does_not_have_is_told_before_the_night(tmp_path: Path) -> None:
    """Its job could only fail, hours later: with the nearest name, and in the regression file with its line."""
    scenarios: dict[str, object] = {"combined": {}, "swizzle": {}, "inflated-commit": {}}
    (tmp_path / "c.json").write_text(json.dumps({"scenarios": scenarios}))
    config = ("--config", "c.json")
    (tmp_path / "seeds.txt").write_text("combined 1\ncombinde 2\nCombinde 3\nbyzantine_inflated_commit 4\n")
    assert refused(run_cli(*NIGHT, *RATES, *config, "--regressions", "seeds.txt", cwd=tmp_path)) == [
        "seeds.txt:2: scenario 'combinde' is not in c.json; did you mean 'combined'?",
        "seeds.txt:4: scenario 'byzantine_inflated_commit' is not in c.json; did you mean 'inflated-commit'?",
    ]
    for part in ("--coverage", "--canary", "--determinism"):
        told = refused_in(tmp_path, *NIGHT, *RATES, *config, part, "swizzle-clogging=5")
        assert told == "scenario 'swizzle-clogging' is not in c.json; did you mean 'swizzle'?"
    assert "known: combined, inflated-commit, swizzle" in refused_in(tmp_path, "plan", "gray=5", *NIGHT[3:], *config)
    (tmp_path / "c.json").write_text(json.dumps({"scenarios": {**scenarios, "*": {"min_iterations": 7}}}))
    plan = planned(tmp_path, *config, "--coverage", "gray=9", "--rate", "gray=1", "--regressions", "seeds.txt")
    assert [work.min_iterations for work in plan.work if work.scenario == "gray"] == [7]
    assert [known.scenario for known in plan.regressions] == ["combined", "combinde", "byzantine_inflated_commit"]


@pytest.mark.parametrize("declared", [{}, None])
def test_canaries_that_are_empty_on_purpose_plan_no_job_and_say_so(tmp_path: Path, declared: object) -> None:
    """One remark, a plan that is enough; a config without the key has the shipped five."""
    (tmp_path / "c.json").write_text(json.dumps({"canaries": declared}))
    night = ("--canary", "combined=10", "--config", "c.json")
    plan = planned(tmp_path, *night)
    assert (plan.canary.include, plan.remarks, plan.enough) == ((), (NONE_DECLARED,), True)
    assert planned(tmp_path, *night, "--no-canaries").remarks == ()
    (tmp_path / "c.json").write_text("{}")
    assert [job.name for job in planned(tmp_path, *night).canary.include] == ["control", *SHIPPED]
