"""The nightly workflow's own rules: least rights, ends to everything, nothing pasted into a shell, nothing lost."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.support.workflow_files import (
    CALL,
    FINAL,
    HANDOFF,
    JOBS,
    MATRICES,
    ROOT,
    SETUP,
    STARTERS,
    TEXT,
    TRIAL,
    TRIAL_WORKFLOW,
    WORKFLOW,
    Yaml,
    expressions_in,
    handed_on,
    parsed,
    scripts,
    steps,
    uploads,
    using,
)
from vopr_coverage.commands.prepare import SPARE_MINUTES
from vopr_coverage.config.night import NightSection
from vopr_coverage.config.night_settings import NAMES, key_of
from vopr_coverage.formats.schema import schema
from vopr_coverage.github.trends_artifact import TRENDS_ARTIFACT
from vopr_coverage.nightly.job_results import PARTS
from vopr_coverage.recorder.child_environment import RUNNER_FILES

BODY = TEXT[TEXT.index("\npermissions:") :]
READ = {"contents": "read"}
OURS = ("setup", "handoff", "composite")
INPUTS_MAX = 25  # of workflow_dispatch, by GitHub


@pytest.mark.parametrize("name", JOBS)
def test_a_job_may_read_and_nothing_more(name: str) -> None:
    """A called workflow that asks for more than its caller grants fails every caller before it starts."""
    assert JOBS[name]["permissions"] == (READ | {"actions": "read"} if name == "summary" else READ)
    assert WORKFLOW["permissions"] == {}


@pytest.mark.parametrize("caller", [*STARTERS.values(), TRIAL_WORKFLOW], ids=[*STARTERS, "trial"])
def test_a_caller_grants_what_is_asked_for(caller: Yaml) -> None:
    """Not less, or it would never start; the right to write is in a job of its own."""
    asked = {right: word for job in JOBS.values() for right, word in job["permissions"].items()}
    assert caller["jobs"]["night"]["permissions"] == asked
    assert caller["permissions"] == {}


def test_a_canary_runs_the_build_and_the_crash_of_its_row() -> None:
    """A control run is not called like its build; a plan that was written before has neither, and then the name is."""
    run = {step.get("id"): step for job, step in steps() if job == "canary-run"}
    assert run["setup"]["with"] == {"build": "${{ matrix.build || matrix.name }}"}
    assert run["simulate"]["env"]["NIGHT_CRASH"] == "${{ matrix.crash }}"
    assert '--expected-crash "$NIGHT_CRASH"' in run["simulate"]["run"]
    rows = set(schema("plan")["$defs"]["canary_range"]["properties"])
    assert set(re.findall(r"matrix\.(\w+)", str(JOBS["canary-run"]))) <= rows


@pytest.mark.parametrize("name", JOBS)
def test_a_job_has_an_end(name: str) -> None:
    """In minutes: its own, or half an hour more than it may simulate for."""
    minutes = JOBS[name]["timeout-minutes"]
    simulates = "vopr-coverage record" in scripts(name) or "vopr-coverage replay" in scripts(name)
    if simulates:
        assert minutes == "${{ fromJSON(needs.prepare.outputs.job-minutes) }}"
        assert "prepare" in JOBS[name]["needs"]
    else:
        assert 0 < minutes <= 120
    assert SPARE_MINUTES == 30


def test_a_simulator_is_stopped_before_its_job_is() -> None:
    """Then there is a recording to upload."""
    for job in JOBS:
        for command in re.findall(r"vopr-coverage (?:record|replay) .*?(?<!\\)$", scripts(job), re.M | re.S):
            assert '--timeout "$NIGHT_SECONDS"' in command, job
    for name, step in steps():
        if re.search("vopr-coverage (record|replay)", step.get("run", "")):
            seconds = {**JOBS[name].get("env", {}), **step.get("env", {})}["NIGHT_SECONDS"]
            output = "half-seconds" if name == "determinism" else "seconds"  # two runs, one after the other
            assert seconds == f"${{{{ needs.prepare.outputs.{output} }}}}", name


def test_all_that_others_wrote_is_pinned_to_a_commit() -> None:
    """And all that is ours comes from this file's own commit."""
    actions = [(ROOT / name / "action.yml").read_text(encoding="utf-8") for name in OURS]
    used = re.findall(r"uses: (\S+)", "\n".join([TEXT, *actions]))
    assert used
    ours = {f"./.vopr-coverage/{name}" for name in OURS}
    assert [one for one in used if one not in ours and not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", one)] == []
    for step in (one for one in using("actions/checkout") if "path" in one["with"]):
        assert step["with"] == {
            "repository": "${{ job.workflow_repository || github.repository }}",
            "ref": "${{ job.workflow_sha || github.sha }}",
            "path": ".vopr-coverage",
            "persist-credentials": False,
        }


@pytest.mark.parametrize("name", OURS)
def test_an_action_of_ours_is_given_inputs_that_it_has(name: str) -> None:
    """The runner only warns of others, and would go on without them."""
    known = parsed(ROOT / name / "action.yml")["inputs"]
    used = using(f"./.vopr-coverage/{name}")
    assert used
    assert [step for step in used if not set(step.get("with", {})) <= set(known)] == []


def test_every_handoff_hands_something_on() -> None:
    """Each of its inputs that names an artifact is optional."""
    for step in using("./.vopr-coverage/handoff"):
        assert len(list(handed_on(step["with"]))) == 1
        assert ("binary" in step["with"]) == ("build" in step["with"])


def test_no_checkout_leaves_a_token_behind() -> None:
    """The build and the simulator run beside it."""
    assert {step["with"]["persist-credentials"] for step in using("actions/checkout")} == {False}


def test_the_token_is_in_two_steps() -> None:
    """Those that fetch the trends and the list of jobs; none of them runs the simulator. Our own action gets none."""
    holders = [step.get("name") for _, step in steps() if "github.token" in str(step) or "secrets." in str(step)]
    assert holders == ["Restore the trends", "Judge the night"]
    (gate,) = using("./.vopr-coverage/composite")
    assert gate["with"]["token"] == ""
    assert gate["with"]["comment"] == "off"


def test_values_reach_a_shell_as_variables_only() -> None:
    """What is typed into an input would be code in `${{ … }}`; the names are such as no simulator reads."""
    assert "${{" not in scripts()
    inner = [step for action in (SETUP, HANDOFF) for step in action["runs"]["steps"]]
    assert all("${{" not in step.get("run", "") for step in inner)
    variables = set(WORKFLOW["env"]) | {name for step in HANDOFF["runs"]["steps"] for name in step.get("env", {})}
    variables |= {name for job in JOBS.values() for name in job.get("env", {})}
    variables |= {name for _, step in steps() for name in step.get("env", {})}
    assert {name for name in variables if not name.startswith("NIGHT_")} == {"FEATURES", "GITHUB_TOKEN"}


def test_every_variable_of_a_script_is_set() -> None:
    """A misspelt one would be empty, and another night."""
    known = {"GITHUB_OUTPUT", "GITHUB_RUN_NUMBER", "GITHUB_STEP_SUMMARY", "RUNNER_TEMP", *RUNNER_FILES}
    handing = [("", step) for step in HANDOFF["runs"]["steps"]]
    for name, step in [*steps(), *handing]:
        given = set(step.get("env", {}))
        if name:
            given |= set(WORKFLOW["env"]) | set(JOBS[name].get("env", {}))
        read = set(re.findall(r"\b(NIGHT_[A-Z_]+|GITHUB_[A-Z_]+|RUNNER_[A-Z_]+)\b", step.get("run", "")))
        assert read <= given | known, f"{name}: {step.get('name')}"
        assert {one for one in step.get("env", {}) if one != "GITHUB_TOKEN"} <= read | {"FEATURES"}, step.get("name")


def test_a_call_and_a_trial_take_the_same() -> None:
    """Same names, types and descriptions; only the defaults differ, and all of them have one."""
    assert list(CALL) == list(TRIAL)
    assert len(CALL) <= INPUTS_MAX
    for name, given in CALL.items():
        assert set(given) == {"description", "type", "default"}
        assert given["description"].endswith(".")
        assert {**TRIAL[name], "default": given["default"]} == given


def test_a_trial_hands_on_all_that_it_was_given() -> None:
    """To this checkout's own workflow."""
    (job,) = TRIAL_WORKFLOW["jobs"].values()
    assert job["uses"] == "./.github/workflows/vopr-nightly.yml"
    assert job["with"] == {name: f"${{{{ inputs.{name} }}}}" for name in CALL}


def test_every_input_is_used_and_every_used_one_exists() -> None:
    """In the jobs, beside the tables at the top."""
    assert set(re.findall(r"inputs\.([\w-]+)", BODY)) == set(CALL)


def test_an_input_that_the_section_has_may_be_empty_and_reaches_one_step() -> None:
    """`prepare` reads it and hands the setting on; no other job reads the input itself."""
    assert {name: (CALL[name]["type"], CALL[name]["default"]) for name in NAMES} == dict.fromkeys(NAMES, ("string", ""))
    assert {key_of(name) for name in NAMES} == set(NightSection.__struct_fields__) - {"nights", "disk_gb"}
    (step,) = (step for job, step in steps() if job == "prepare" and step.get("id") == "night")
    for name in NAMES:
        variable = f"NIGHT_{key_of(name).upper()}"
        assert step["env"][variable] == f"${{{{ inputs.{name} }}}}"
        assert f'--{name} "${variable}"' in step["run"]
        assert JOBS["prepare"]["outputs"][name] == f"${{{{ steps.night.outputs.{name} }}}}"
        assert len(re.findall(rf"inputs\.{name}(?![\w-])", BODY)) == 1


def test_a_job_that_reads_a_setting_waits_for_it() -> None:
    """`needs` has nothing of another job; and a setting that exists is read."""
    for name, job in JOBS.items():
        read = set(re.findall(r"needs\.prepare\.outputs\.([\w-]+)", str(job)))
        assert read <= set(JOBS["prepare"]["outputs"])
        assert not read or "prepare" in job["needs"], name
    assert set(re.findall(r"needs\.prepare\.outputs\.([\w-]+)", BODY)) == set(JOBS["prepare"]["outputs"])


def test_a_condition_says_what_a_failed_job_before_it_means() -> None:
    """Without a status function GitHub would add success(), and skip all that comes after a red job."""
    for name, job in JOBS.items():
        if name not in ("prepare", "build"):
            assert expressions_in(job["if"]) == ({"always"} if name == "summary" else {"cancelled"}), name
    for name, step in steps():
        if "if" in step:
            assert expressions_in(step["if"]) == ({"always"} if name == "summary" else {"cancelled"}), step
    assert "continue-on-error" not in TEXT
    assert "|| true" not in TEXT


def test_the_summary_hears_of_every_job() -> None:
    """It waits for all of them, and hands on each result; a job that it forgot could be red unnoticed."""
    others = [name for name in JOBS if name != "summary"]
    assert JOBS["summary"]["needs"] == others
    (judging,) = (step for _, step in steps() if step.get("id") == "summary")
    told = yaml.safe_load(judging["env"]["NIGHT_NEEDS"])
    assert told == {name: {"result": f"${{{{ needs.{name}.result }}}}"} for name in others}
    assert set(others) == {job for jobs in PARTS.values() for job in jobs}


def test_a_red_night_keeps_everything() -> None:
    """Each upload of the summary comes whatever was red, and after it was told."""
    names = [step.get("name") or step["with"]["name"] for step in JOBS["summary"]["steps"] if "if" in step]
    assert names == ["Judge the night", "Tell it", *sorted(FINAL, key=names.index)]
    assert set(names[2:]) == set(FINAL)


def test_artifacts_are_kept_as_long_as_the_document_says() -> None:
    """What is handed on from job to job is kept for three days, so that failed jobs can be started again."""
    found = uploads()
    assert set(FINAL) < set(found)
    for name, given in found.items():
        days, paths = FINAL.get(name, (3, None))
        assert given["retention-days"] == days, name
        assert given["overwrite"] is True, name
        assert paths is None or given["path"].split() == paths, name
        assert name in FINAL or name.startswith(("vopr-night-build-", "vopr-night-files-")), name
    assert TRENDS_ARTIFACT in FINAL


def test_every_leg_has_an_artifact_of_its_own() -> None:
    """An artifact's name is taken once; legs of a matrix would replace each other's."""
    for name in MATRICES:
        (artifact,) = uploads(name)
        assert re.search(r"\$\{\{ matrix\.(name|build) \}\}$", artifact), name


def test_what_is_downloaded_was_uploaded() -> None:
    """By its name, or by a pattern that fits what is meant and no build."""
    names = [re.sub(r"\$\{\{.*?\}\}", "X", name) for name in uploads()]
    patterns = {name: [step["with"]["pattern"] for step in using("actions/download-artifact", name)] for name in JOBS}
    expected = {
        "coverage": {"vopr-night-files-coverage-X"},
        "canary": {"vopr-night-files-canary-X"},
        # and the verdict of an earlier attempt
        "summary": {"vopr-nightly-verdict", *(name for name in names if name.startswith("vopr-night-files-"))},
    }
    for job, found in patterns.items():
        matching = {name for pattern in found for name in names if re.match(pattern.replace("*", ".*") + "$", name)}
        assert matching == expected.get(job, set()), job
    (download,) = (step for step in SETUP["runs"]["steps"] if "uses" in step)
    assert re.sub(r"\$\{\{.*?\}\}", "X", download["with"]["name"]) in names


def test_no_artifact_is_looked_for_in_a_hidden_folder() -> None:
    """The upload leaves those out."""
    for name, given in uploads().items():
        for path in given["path"].split("\n"):
            assert not any(part.startswith(".") for part in path.split("/")), name


def test_one_night_at_a_time() -> None:
    """And none is broken off by the next; a caller's own group has another name, or both would wait for ever."""
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is False
    group = WORKFLOW["concurrency"]["group"]
    assert "github.workflow" in group
    for caller in (*STARTERS.values(), TRIAL_WORKFLOW):
        assert caller["concurrency"]["cancel-in-progress"] is False
        assert not group.startswith(caller["concurrency"]["group"].split("${{")[0])
