"""`doctor --workflow`: where a red gate would stop nothing, and nowhere else."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest

from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.doctor.conditions import may_skip
from vopr_coverage.doctor.exit_codes import Shell, gates_in, shell_of
from vopr_coverage.doctor.shell import SCRIPT_CHARACTERS_MAX, commands_of
from vopr_coverage.doctor.verdict import WorkflowFinding
from vopr_coverage.doctor.workflow import findings_in
from vopr_coverage.errors import ConfigError

ROOT = Path(__file__).parents[2]
# The one that publishes the history judges nothing.
STARTERS = [path for path in sorted((ROOT / "workflows").glob("*.yml")) if path.name != "trends-page.yml"]
OURS = STARTERS + sorted((ROOT / ".github" / "workflows").glob("vopr-nightly*.yml"))

BASH, PLAIN, NONE = Shell(pipefail=True), Shell(), Shell(errexit=False)
CHECK = "vopr-coverage check run.ndjson --min-iterations 9"


def findings(*texts: str, config: Config = Config()) -> list[WorkflowFinding]:  # noqa: B008 (frozen)
    """The findings in these files, which are called a.yml, b.yml, …"""
    named = {f"{chr(ord('a') + number)}.yml": textwrap.dedent(text) for number, text in enumerate(texts)}
    return list(findings_in(named, config))


def rules(*texts: str, config: Config = Config()) -> list[str]:  # noqa: B008 (frozen)
    """The names of the rules that have a finding."""
    return [finding.rule for finding in findings(*texts, config=config)]


def a_workflow(step: str = "", job: str = "", on: str = "pull_request", before: str = "", inputs: str = "") -> str:
    """A workflow that simulates and judges; lines are added to the gate's step, its job, and its inputs."""

    def lines(text: str, indent: int) -> str:
        return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())

    return (
        f"on: {on}\njobs:\n  gate:\n    runs-on: ubuntu-latest\n{lines(job, 4)}    steps:\n"
        f"      - run: build/simulator --json >simulation.ndjson || true\n{lines(before, 6)}"
        f"      - name: Gate\n        uses: org/vopr-coverage-action@v1\n{lines(step, 8)}        with:\n"
        f"          reports: combined=simulation.ndjson\n          min-iterations: 200\n{lines(inputs, 10)}"
    )


# ---- our own


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_own_workflows_stop_what_is_red(path: Path) -> None:
    """Each by itself, as somebody would copy it."""
    assert findings_in({path.name: path.read_text(encoding="utf-8")}, Config()) == ()


def test_our_starters_stop_what_is_red_together() -> None:
    """As they stand in one folder."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in OURS}
    assert findings_in(texts, Config()) == ()


# ---- the rules


def test_a_plain_gate_has_no_finding() -> None:
    """Whatever the simulator's own exit code: the gate judges what it wrote."""
    assert rules(a_workflow()) == []


RULES = [
    (a_workflow(step="continue-on-error: true"), "continue-on-error", 9),
    (a_workflow(step="continue-on-error: ${{ matrix.new }}"), "continue-on-error", 9),
    (a_workflow(job="continue-on-error: true"), "continue-on-error", 5),
    (a_workflow(inputs="fail: false"), "fail-false", 12),
    (a_workflow(inputs="fail: 'false'"), "fail-false", 12),
    (a_workflow(inputs="fail: ${{ github.ref == 'refs/heads/main' }}"), "fail-false", 12),
    (a_workflow(step="if: github.ref == 'refs/heads/main'"), "may-be-skipped", 9),
    (a_workflow(step="if: failure()"), "may-be-skipped", 9),
    (a_workflow(job="if: ${{ !github.event.pull_request.draft }}"), "may-be-skipped", 5),
    (a_workflow(job="if: github.event_name == 'push'"), "may-be-skipped", 5),
    (a_workflow(job="needs: build"), "skipped-counts-as-passed", 5),
    (a_workflow(job="needs: [build]\nif: success()"), "skipped-counts-as-passed", 5),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "line"), RULES)
def test_a_rule_names_the_line(text: str, rule: str, line: int) -> None:
    """With what stands there, what follows, and what to write instead."""
    found = findings(text)
    assert [(finding.rule, finding.file, finding.line) for finding in found] == [(rule, "a.yml", line)]
    assert all((found[0].what, found[0].why, found[0].instead, found[0].place))


@pytest.mark.parametrize(
    "text",
    [
        a_workflow(step="if: always()"),
        a_workflow(step="if: ${{ !cancelled() }}"),
        a_workflow(step="if: success()"),
        a_workflow(step="if: success() || failure()\ncontinue-on-error: false"),
        a_workflow(job="if: always()\nneeds: build"),
        a_workflow(job="if: ${{ !cancelled() }}\nneeds: build"),
        a_workflow(job="if: github.event_name == 'pull_request'", on="[push, pull_request]"),
        a_workflow(inputs="fail: true"),
    ],
)
def test_what_stops_all_the_same_is_no_finding(text: str) -> None:
    """A condition that is false only after the job has failed, or for events that block nothing."""
    assert rules(text) == []


def test_a_job_that_always_runs_may_judge_for_one_that_is_skipped() -> None:
    """By its result, or by judging again what it left; a job that only comments does neither."""
    later = "  all:\n    runs-on: x\n    needs: gate\n    if: always()\n    steps:\n      - run: {run}\n"
    skipped = a_workflow(job="needs: build")
    for run in ('test "${{ needs.gate.result }}" = success', "vopr-coverage summary night"):
        assert rules(skipped + later.format(run=run)) == []
    assert rules(skipped + later.format(run="echo done")) == ["skipped-counts-as-passed"]
    both = skipped + later.format(run="vopr-coverage summary night").replace("always()", "success()")
    assert rules(both) == ["skipped-counts-as-passed"] * 2


def test_a_minimum_of_iterations_may_stand_in_input_flag_or_config() -> None:
    """For every scenario, if not at the top."""
    bare = a_workflow().replace("          min-iterations: 200\n", "")
    assert rules(bare) == ["no-min-iterations"]
    assert rules(bare.replace("simulation.ndjson\n", "simulation.ndjson\n          min-iterations: 0\n")) == [
        "no-min-iterations"
    ]
    for config in ('{"min_iterations": 5}', '{"scenarios": {"a": {"min_iterations": 5}}}'):
        assert rules(bare, config=parse_config(config, "c.yml")) == []
    for config in ("{}", '{"scenarios": {"a": {"min_iterations": 5}, "b": {}}}'):
        assert rules(bare, config=parse_config(config, "c.yml")) == ["no-min-iterations"]
    named = bare + "          config: other.yml\n"
    (finding,) = findings(named, config=parse_config('{"min_iterations": 5}', "c.yml"))
    assert "`other.yml` was not read" in finding.what
    assert rules(named, config=parse_config('{"min_iterations": 5}', "./other.yml")) == []
    assert findings_in({"a.yml": bare}, Config(), min_iterations=3) == ()


def test_a_comment_is_no_gate() -> None:
    """Unless it is that of another workflow's run."""
    comment = a_workflow(inputs="command: comment")
    assert rules(comment) == ["comment-only"]
    assert rules(comment, a_workflow()) == []
    assert rules(comment.replace("on: pull_request", "on: {workflow_run: {workflows: [x]}}")) == []
    assert rules("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make test\n") == ["no-gate"]


def test_a_report_that_is_lost_is_missed_only_if_somebody_counts() -> None:
    """A pattern matches the others; a single path that is missing is an error of the gate."""
    soft = "- name: Shard\n  run: ./simulate >out/2.ndjson\n  continue-on-error: true"
    many = a_workflow(before=soft).replace("combined=simulation.ndjson", '"out/*.ndjson"')
    assert rules(many) == ["reports-may-be-lost"]
    assert rules(many + "          min-reports: 2\n") == []
    assert rules(a_workflow(before=soft)) == []


def test_a_path_that_no_step_writes() -> None:
    """Found where every step before the gate is known; one that may write anything is believed."""
    other = a_workflow().replace("combined=simulation.ndjson", "combined=simulations.ndjson")
    (finding,) = findings(other)
    assert (finding.rule, "simulations.ndjson" in finding.what) == ("nothing-writes", True)
    assert rules(other.replace("combined=simulations", "${{ env.PLACE }}=$OUT/simulations")) == []
    assert rules(other.replace("simulations.ndjson", "./simulation.ndjson")) == []
    for opaque in ("- run: make simulate", "- run: ./ci/run.sh all", "- uses: somebody/simulates@v1"):
        assert rules(a_workflow(before=opaque).replace("=simulation.", "=x.")) == []
    script = "./simulate >x.ndjson && vopr-coverage check {}.ndjson --min-iterations 1"
    own = f"on: push\njobs:\n  a:\n    steps:\n      - run: {script}\n"
    assert (rules(own.format("x")), rules(own.format("y"))) == ([], ["nothing-writes"])
    built = a_workflow(before="- run: |\n    cargo build --release\n    echo built")
    assert rules(built.replace("=simulation.", "=x.")) == ["nothing-writes"]


def test_a_path_may_come_from_an_artifact() -> None:
    """Of another job, whose upload names it; of another run, nobody knows."""
    download = "- uses: actions/download-artifact@v8\n  with:\n    name: runs"
    upload = (
        "  simulate:\n    runs-on: x\n    steps:\n      - uses: actions/upload-artifact@v7\n"
        "        with:\n          name: runs\n          path: {path}\n"
    )
    gate = a_workflow(before=download).replace("=simulation.ndjson", "=elsewhere.ndjson")
    assert rules(gate + upload.format(path="elsewhere.ndjson")) == []
    assert rules(gate + upload.format(path="nowhere.ndjson")) == ["nothing-writes"]
    assert rules(gate.replace("name: runs", "run-id: 1") + upload.format(path="nowhere.ndjson")) == []


def test_a_whole_night_is_a_gate() -> None:
    """With its own minimum of iterations; it may be skipped like any job."""
    night = "on: schedule\njobs:\n  night:\n    uses: org/x/.github/workflows/vopr-nightly.yml@v1\n"
    assert rules(night) == []
    assert rules(night + "    needs: build\n") == ["skipped-counts-as-passed"]


# ---- exit codes in scripts

LOST = [
    f"{CHECK} || true",
    f"{CHECK} || :",
    f"{CHECK} || exit 0",
    f"{CHECK} || echo red",
    f"{CHECK} ||\n  true",
    f"{CHECK} \\\n  || true",
    f"({CHECK}) || true",
    f"{{ {CHECK}; }} || true",
    f"{CHECK} || {{ echo red; true; }}",
    f"set +e\n{CHECK}\necho done",
    f"set +e\n{CHECK}; exit 0",
    f"set +o errexit\n{CHECK}\nexit 0",
    f"{CHECK} | tee log.txt",
    f"{CHECK} 2>&1 | tee log.txt",
    f"! {CHECK}",
    f"if {CHECK}; then echo green; fi",
    f"{CHECK} && echo green\necho done",
    f"{CHECK} &\nwait",
    f'echo "$({CHECK})"',
    f"{CHECK} || code=$?\necho $code",
    f"cd runs && {CHECK} || true",
    f"sudo -E env X=1 {CHECK} || true",
    "python -m vopr_coverage check run.ndjson || true",
    "uv run vopr-coverage check run.ndjson || true",
    ".venv/bin/vopr-coverage check run.ndjson || true",
]
KEPT = [
    CHECK,
    f"{CHECK}\necho done",
    f"{CHECK}; exit 0",  # the shell ends before it
    f"set +e\n{CHECK}",
    f"set +e\n{CHECK}\ncode=$?\necho done\nexit $code",
    f"set +e\n{CHECK}\nexit $?",
    f"set -o pipefail\n{CHECK} | tee log.txt",
    f"set -euo pipefail\n{CHECK} | tee log.txt\necho done",
    f"{CHECK} || exit 1",
    f"{CHECK} || {{ echo red; exit 1; }}",
    f'{CHECK} || code=$?\necho done\nexit "${{code:-0}}"',
    f"if ! {CHECK}; then exit 1; fi",
    f"echo now && {CHECK}",
    f"cat run | {CHECK}",
    f"./simulator >run.ndjson || true\n{CHECK}",
    f"set +e\n./simulator >run.ndjson\nset -e\n{CHECK}\necho done",
    f"# {CHECK} || true\n{CHECK}",
    f"cat <<'EOF'\n{CHECK} || true\nEOF\n{CHECK}",
    f"echo '{CHECK} || true'",
    "vopr-coverage record --out x -- ./simulator || true",
    f"x=$({CHECK})",
]


def lost(script: str, shell: Shell = PLAIN) -> bool:
    """Whether the exit code of a judging command in it is lost."""
    return any(gate.lost for gate in gates_in(script, shell))


@pytest.mark.parametrize("script", LOST)
def test_a_lost_exit_code_is_found(script: str) -> None:
    """By each way of losing it."""
    assert lost(script)


@pytest.mark.parametrize("script", KEPT)
def test_a_kept_exit_code_is_no_finding(script: str) -> None:
    """Whatever stands beside it."""
    assert not lost(script)


@pytest.mark.parametrize("script", [script for script in (*LOST, *KEPT) if CHECK in script and "sudo" not in script])
def test_bash_agrees(script: str, tmp_path: Path) -> None:
    """The same script, run as GitHub runs it, with a gate that is red: it fails exactly where nothing is found."""
    (tmp_path / "runs").mkdir()
    for name, code in (("vopr-coverage", 1), ("simulator", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "run").write_text("")
    text = script.replace("cd runs", "cd .")
    ran = subprocess.run(
        ["bash", "-e", "-c", text], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True,
        check=False, timeout=20,
    )  # fmt: skip
    judged = bool(gates_in(script, PLAIN))
    assert (ran.returncode == 0) is (lost(script) or not judged)


def test_the_shell_of_a_step_decides() -> None:
    """GitHub's own defaults: `bash` has pipefail where it is named, and PowerShell goes on after an error."""
    piped, more = f"{CHECK} | tee log", f"{CHECK}\necho done"
    assert [lost(piped, shell) for shell in (PLAIN, BASH)] == [True, False]
    assert [lost(more, shell) for shell in (PLAIN, NONE)] == [False, True]
    assert shell_of("", windows=False) == PLAIN
    assert shell_of("bash", windows=False) == BASH
    assert shell_of("pwsh", windows=False) == shell_of("", windows=True) == NONE
    assert shell_of("bash {0}", windows=False) == NONE
    assert shell_of("bash -euo pipefail {0}", windows=False) == BASH
    assert shell_of("python", windows=False) is None


def test_a_finding_in_a_script_names_its_line() -> None:
    """In a block the first line of the script is the one below `run:`, else it is the same one."""
    block = (
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          ./sim >run.ndjson\n          {}\n"
    )
    (finding,) = findings(block.format(f"{CHECK} \\\n            || true"))
    assert (finding.rule, finding.line) == ("exit-code-lost", 9)
    assert "`|| true` hides its exit code" in finding.what
    inline = f"on: push\njobs:\n  a:\n    steps:\n      - run: ./sim >run.ndjson\n      - run: {CHECK} || true\n"
    assert [(finding.rule, finding.line) for finding in findings(inline)] == [("exit-code-lost", 6)]
    default = "defaults:\n  run:\n    shell: bash\n" + inline.replace("|| true", "| tee log")
    assert rules(default) == []
    assert rules(default.replace("    steps:", "    defaults: {run: {shell: sh}}\n    steps:")) == ["exit-code-lost"]


# ---- hostile files


@pytest.mark.parametrize(
    "text",
    ["", "jobs: 1", "[1]", "a: !x b", "jobs: {a: &a {b: *a}}", "on: push", "\x00", "jobs:\n\t- x", "{" * 9000],
)
def test_what_is_no_workflow_is_refused(text: str) -> None:
    """With one sentence."""
    with pytest.raises(ConfigError):
        findings(text)


@pytest.mark.parametrize("value", ["1", "true", "null", "[]", "{}", "[[]]", "x", "[{}, 1, null]"])
def test_odd_values_are_no_error_of_ours(value: str) -> None:
    """Wherever they stand: GitHub refuses them, and nothing here breaks."""
    for key in ("on", "defaults", "env"):
        findings(f"{key}: {value}\njobs: {{a: {{steps: [{{run: x}}]}}}}")
    for key in ("needs", "if", "steps", "uses", "defaults", "continue-on-error", "runs-on"):
        findings(f"on: push\njobs: {{a: {{{key}: {value}}}}}")
    for key in ("run", "uses", "with", "if", "name", "shell", "continue-on-error"):
        findings(f"on: push\njobs: {{a: {{steps: [{{{key}: {value}}}]}}}}")
    findings(f"on: push\njobs: {{a: {value}}}")


@pytest.mark.parametrize(
    "piece", ["'", '"', "$(", "`", "<<EOF\n", "\\", "{ ", "((", "))", "if ", "#", "&& ", "! ", "set "]
)
def test_a_script_of_any_kind_is_read_to_its_end(piece: str) -> None:
    """Unclosed quotes and open groups."""
    for script in (piece, piece * 5_000, f"{CHECK} {piece}", f"{piece}{CHECK} || true"):
        gates_in(script, PLAIN)
        commands_of(script)


def test_a_script_without_end_is_read_as_far_as_its_limit() -> None:
    """One word, or many."""
    for script in ("x" * SCRIPT_CHARACTERS_MAX * 2, "x " * SCRIPT_CHARACTERS_MAX):
        gates_in(script, PLAIN)
        assert sum(len(word) for command in commands_of(script) for word in command.words) <= SCRIPT_CHARACTERS_MAX


def test_conditions_of_any_kind_are_read_to_their_end() -> None:
    """What isn't understood may skip."""
    for text in ("(" * 3_000, ")" * 3_000, "&&" * 3_000, "||", "'" * 9, "${{", "always() &&", "!"):
        assert may_skip(text, frozenset()) in (True, False)
    assert may_skip("(always() || x) && y", frozenset())
    assert not may_skip("(always() || x) && (!cancelled())", frozenset())
