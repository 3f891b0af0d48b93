"""The starters in workflows/ and the examples of the documentation: least rights, no hole, nothing that has drifted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.workflow_files import NIGHTS
from vopr_coverage.github.artifacts import artifact_name
from vopr_coverage.github.comment_marker import ID_DEFAULT
from vopr_coverage.github.lookup import BASE_EVENTS
from vopr_coverage.runner.inputs import INPUTS

ROOT = Path(__file__).parents[2]
STARTERS = sorted((ROOT / "workflows").glob("*.yml"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OURS = "org/vopr-coverage-action@v1"
SETUP = "org/vopr-coverage-action/setup@v1"
NIGHTLY = "org/vopr-coverage-action/.github/workflows/vopr-nightly.yml@v1"
RIGHTS = {
    ("pull-request.yml", "simulate"): {"contents": "read"},
    ("pull-request-seeds.yml", "play"): {"contents": "read"},
    ("pull-request-seeds.yml", "gate"): {"contents": "read"},
    ("pull-request.yml", "gate"): {"actions": "read", "contents": "read", "pull-requests": "write"},
    ("fork-comment.yml", "comment"): {"actions": "read", "pull-requests": "write"},
    ("nightly.yml", "night"): {"actions": "read", "contents": "read"},
    ("nightly.yml", "tracking-issue"): {"actions": "read", "issues": "write"},
    ("nightly-any-simulator.yml", "night"): {"actions": "read", "contents": "read"},
    ("nightly-any-simulator.yml", "tracking-issue"): {"actions": "read", "issues": "write"},
    ("nightly-sdk.yml", "night"): {"actions": "read", "contents": "read"},
    ("nightly-sdk.yml", "tracking-issue"): {"actions": "read", "issues": "write"},
    ("trends-page.yml", "page"): {"actions": "read"},
    ("trends-page.yml", "publish"): {"pages": "write", "id-token": "write"},
    ("nightly-any-simulator.yml", "trends"): {"actions": "read", "contents": "write"},
    ("nightly-sdk.yml", "trends"): {"actions": "read", "contents": "write"},
    ("nightly.yml", "trends"): {"actions": "read", "contents": "write"},
    ("README.md", "night"): {"actions": "read", "contents": "read"},
    ("README.md", "coverage"): {"contents": "read", "pull-requests": "write"},
}
CHECK_MINUTES_MAX = 5  # what the seed document asks of a pull request's checks, once there is a binary
BUILD_MINUTES = 8  # a build of Kimberlite without a cache, on two cores
Yaml = dict[Any, Any]


def parsed(text: str) -> Any:
    """YAML with `on` for the key that YAML 1.1 takes for true; none if all of it is comments."""
    found = yaml.safe_load(text) or {}
    return {"on" if key is True else key: value for key, value in found.items()} if isinstance(found, dict) else found


def examples(page: Path) -> list[Any]:
    """The YAML examples of a page."""
    return [parsed(text) for text in re.findall(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)]


STARTER: Mapping[str, Yaml] = {path.name: parsed(path.read_text("utf-8")) for path in STARTERS}
WORKFLOWS: list[tuple[str, Yaml]] = [
    *STARTER.items(),
    *((page.name, example) for page in PAGES for example in examples(page) if "jobs" in example),
]
JOBS = [
    pytest.param(name, job, workflow["jobs"][job], id=f"{name}-{job}")
    for name, workflow in WORKFLOWS
    for job in workflow["jobs"]
]
PULL_REQUEST, FORK_COMMENT = STARTER["pull-request.yml"], STARTER["fork-comment.yml"]


def steps_in(document: Any) -> Iterator[Yaml]:
    """Every step of a workflow, or of a part of one, as examples show it."""
    if isinstance(document, dict):
        if "uses" in document or "run" in document:
            yield document
        document = list(document.values())
    for item in document if isinstance(document, list) else ():
        yield from steps_in(item)


ALL_STEPS = [
    *(step for workflow in STARTER.values() for step in steps_in(workflow)),
    *(step for page in PAGES for example in examples(page) for step in steps_in(example)),
]


NIGHT_STEPS = [step for name in NIGHTS for step in steps_in(STARTER[name])]


def using(steps: list[Yaml], action: str) -> list[Yaml]:
    """The steps that use this action, at whichever version."""
    return [step for step in steps if step.get("uses", "").split("@")[0] == action]


@pytest.mark.parametrize("name", sorted(STARTER))
def test_a_starter_gives_no_right_to_all_jobs(name: str) -> None:
    """What a job may do stands in that job."""
    assert STARTER[name]["permissions"] == {}


@pytest.mark.parametrize(("name", "job", "definition"), JOBS)
def test_a_job_has_the_rights_that_it_needs_and_an_end(name: str, job: str, definition: Yaml) -> None:
    """No more than these, and minutes after which it is stopped."""
    assert definition["permissions"] == RIGHTS[name, job]
    if definition.get("uses") == NIGHTLY:  # each job in there has minutes of its own, and a caller can't set any
        return
    builds = any("cargo build" in step.get("run", "") for step in steps_in(definition))
    assert 0 < definition["timeout-minutes"] <= (20 if builds else CHECK_MINUTES_MAX)


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "workflows" / "pull-request.yml"], ids=lambda path: path.name
)
def test_a_job_that_builds_can_build_kimberlite(path: Path) -> None:
    """The package that has the binary, a cache, and room for a build without it; all of it to be adapted."""
    text = path.read_text("utf-8")
    jobs = [job for name, workflow in WORKFLOWS if name == path.name for job in workflow["jobs"].values()]
    (job,) = (job for job in jobs if any("cargo build" in step.get("run", "") for step in steps_in(job)))
    steps = list(steps_in(job))
    (build,) = (number for number, step in enumerate(steps) if "cargo build" in step.get("run", ""))
    (cache,) = (number for number, step in enumerate(steps) if step.get("uses", "").startswith("actions/cache@"))
    assert "--package kimberlite-sim --bin vopr" in steps[build]["run"]
    assert cache < build
    assert "target" in steps[cache]["with"]["path"].split()
    assert job["timeout-minutes"] >= 2 * BUILD_MINUTES
    assert re.search(rf"timeout-minutes: {job['timeout-minutes']} # ADAPT: ", text)
    assert re.search(r"cargo build --release .* # ADAPT$", text, re.M)


def test_simulating_and_judging_take_five_minutes_at_most() -> None:
    """Where the build is there already. The jobs run one after the other."""
    (simulation,) = (
        step["run"] for step in TestPullRequest.simulate["steps"] if "timeout --kill" in step.get("run", "")
    )
    (seconds,) = re.findall(r"timeout --kill-after=\d+s (\d+)s ", simulation)
    assert int(seconds) / 60 <= CHECK_MINUTES_MAX - 2


@pytest.mark.parametrize("path", [*STARTERS, *PAGES], ids=lambda path: path.name)
def test_actions_of_others_are_pinned_to_a_commit(path: Path) -> None:
    """With the version beside it, for people; a tag can be moved."""
    for used in re.findall(r"^\s*(?:- )?uses: (.+)$", path.read_text("utf-8"), re.M):
        assert used.split(" ")[0] in (OURS, NIGHTLY, SETUP) or re.fullmatch(
            r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used
        ), used


def test_an_action_is_pinned_to_the_same_commit_everywhere() -> None:
    """In starters, documentation and our own CI, so that one change is not half a change."""
    own = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    pins: dict[str, set[str]] = {}
    for path in [*STARTERS, *PAGES, *own]:
        for action, pin in re.findall(r"uses: ([\w/-]+)@([0-9a-f]{40} # \S+)", path.read_text("utf-8")):
            pins.setdefault(action, set()).add(pin)
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


def test_values_reach_a_shell_as_variables_only() -> None:
    """A branch name or a title in `${{ … }}` would be code there."""
    scripts = [step["run"] for step in ALL_STEPS if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_every_setting_of_ours_is_an_input() -> None:
    """A misspelt one would be another gate."""
    found = [step["with"] for step in ALL_STEPS if step.get("uses") == OURS]
    assert found
    assert {name for inputs in found for name in inputs} <= set(INPUTS)


def test_a_checkout_leaves_no_token_behind() -> None:
    """What is built afterwards could read it."""
    found = using(ALL_STEPS, "actions/checkout")
    assert found
    assert all(step["with"]["persist-credentials"] is False for step in found)


def test_nothing_hides_a_failure_in_a_starter() -> None:
    """A simulator's exit code is noted and not judged; nothing else may end badly and go on."""
    for name, workflow in STARTER.items():
        for definition in [*workflow["jobs"].values(), *steps_in(workflow)]:
            if definition not in using(NIGHT_STEPS, "actions/download-artifact"):  # whose absence our step tells of
                assert "continue-on-error" not in definition, name
            assert "|| true" not in definition.get("run", ""), name
            assert "|| :" not in definition.get("run", ""), name


def test_nobody_is_advised_to_run_a_strangers_code_with_a_token_that_can_write() -> None:
    """No workflow of ours runs on `pull_request_target`."""
    for name, workflow in WORKFLOWS:
        assert "pull_request_target" not in workflow["on"], name


def test_an_artifact_has_the_name_that_its_comment_id_gives_it() -> None:
    """In the documentation, too: under another name nobody finds it."""
    lists = [workflow["jobs"][job].get("steps", []) for _, workflow in WORKFLOWS for job in workflow["jobs"]]
    lists += [example for page in PAGES for example in examples(page) if isinstance(example, list)]
    names = []
    for steps in lists:
        ours = {step["id"]: step["with"] for step in steps if step.get("uses") == OURS and "id" in step}
        for upload in using(steps, "actions/upload-artifact"):
            if found := re.search(r"steps\.([\w-]+)\.outputs\.verdict-file", upload["with"]["path"]):
                names.append((upload["with"]["name"], ours[found[1]].get("comment-id", ID_DEFAULT)))
    assert len(names) == 2
    assert all(name == artifact_name(id) for name, id in names)


class TestPullRequest:
    """workflows/pull-request.yml: the code under test in one job, the token that can write in another."""

    simulate: Yaml = PULL_REQUEST["jobs"]["simulate"]
    gate: Yaml = PULL_REQUEST["jobs"]["gate"]

    def test_it_runs_where_a_merge_may_need_it(self) -> None:
        """On pull requests and in a merge queue, whatever files they change; and on main, which makes the base."""
        assert set(PULL_REQUEST["on"]) == {"pull_request", "push", "merge_group"}
        assert PULL_REQUEST["on"]["pull_request"] is None  # a path filter would leave a required check pending
        assert PULL_REQUEST["on"]["merge_group"] is None
        assert PULL_REQUEST["on"]["push"] == {"branches": ["main"]}
        assert "push" in BASE_EVENTS

    def test_a_push_stops_what_judges_its_pull_request_and_nothing_else(self) -> None:
        """Runs of main and of a merge queue each have a group of their own."""
        assert PULL_REQUEST["concurrency"] == {
            "group": "simulation-coverage-${{ github.event.pull_request.number || github.run_id }}",
            "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
        }

    def test_the_gate_is_never_skipped(self) -> None:
        """GitHub takes a required check that was skipped for one that passed."""
        assert self.gate["needs"] == "simulate"
        assert self.gate["if"] == "always()"
        (judging,) = (step for step in self.gate["steps"] if step.get("uses") == OURS)
        assert "if" not in judging

    def test_a_simulation_that_failed_is_judged_without_its_files(self) -> None:
        """What a build left behind before it failed must not be taken for a run; without a file the gate fails."""
        (download,) = using(self.gate["steps"], "actions/download-artifact")
        assert download["if"] == "needs.simulate.result == 'success'"

    def test_a_simulation_that_was_cancelled_fails_the_gate_without_a_comment(self) -> None:
        """Else every push would tell of the run that it stopped; no later step has a condition that lets it run."""
        first, *others = self.gate["steps"]
        assert first["if"] == "needs.simulate.result == 'cancelled'"
        assert first["run"].endswith("exit 1\n")
        conditions = {step["if"] for step in others if "if" in step}
        upload = "${{ !cancelled() && steps.gate.outputs.verdict-file }}"  # not set where the gate didn't run
        assert conditions == {"needs.simulate.result == 'success'", upload}

    def test_a_job_that_can_write_runs_nothing_of_the_pull_request(self) -> None:
        """Its scripts stand before the checkout, and its rights are not the simulator's."""
        assert "write" not in self.simulate["permissions"].values()
        places = {place: step for place, step in enumerate(self.gate["steps"]) if "run" in step}
        (checkout,) = using(self.gate["steps"], "actions/checkout")
        assert all(place < self.gate["steps"].index(checkout) for place in places)
        assert "secrets." not in (ROOT / "workflows" / "pull-request.yml").read_text("utf-8")

    def test_the_build_is_a_step_whose_failure_counts(self) -> None:
        """Only the simulator's own exit code is left to the gate."""
        build, simulation = (step["run"] for step in self.simulate["steps"] if "run" in step)
        assert "||" not in build
        assert re.search(r"\btimeout --kill-after=\d+s \d+s ", simulation)
        assert simulation.count("||") == 1
        assert "|| ended=$?" in simulation

    def test_the_stream_goes_from_one_job_to_the_other(self) -> None:
        """Under one name; another attempt replaces it, a missing file is an error."""
        (upload,) = (step["with"] for step in using(self.simulate["steps"], "actions/upload-artifact"))
        (download,) = (step["with"] for step in using(self.gate["steps"], "actions/download-artifact"))
        assert download == {"name": upload["name"]}
        assert upload["overwrite"] is True
        assert upload["if-no-files-found"] == "error"
        (judging,) = (step["with"] for step in self.gate["steps"] if step.get("uses") == OURS)
        assert judging["reports"].endswith(f"={upload['path']}")

    def test_the_verdict_is_left_where_it_is_looked_for(self) -> None:
        """By `base: artifact` of other pull requests and by fork-comment.yml; after a failed gate, too."""
        (judging,) = (step for step in self.gate["steps"] if step.get("uses") == OURS)
        (upload,) = using(self.gate["steps"], "actions/upload-artifact")
        assert upload["with"]["path"] == f"${{{{ steps.{judging['id']}.outputs.verdict-file }}}}"
        assert upload["with"]["overwrite"] is True
        assert upload["with"]["retention-days"] == 90
        assert "!cancelled()" in upload["if"]
        assert judging["with"]["base"] == "artifact"

    def test_the_gate_asks_for_as_many_iterations_as_are_simulated(self) -> None:
        """Both numbers are one."""
        (judging,) = (step["with"] for step in self.gate["steps"] if step.get("uses") == OURS)
        assert judging["min-iterations"] == "${{ env.ITERATIONS }}"
        (simulation,) = (step for step in self.simulate["steps"] if step.get("name") == "Simulate")
        assert '--iterations "$ITERATIONS"' in simulation["run"]
        assert judging["profile"] == "default"


class TestNightsSeeds:
    """workflows/pull-request-seeds.yml: the code under test in one job, the gate in another."""

    play: Yaml = STARTER["pull-request-seeds.yml"]["jobs"]["play"]
    gate: Yaml = STARTER["pull-request-seeds.yml"]["jobs"]["gate"]

    def test_the_gate_is_never_skipped(self) -> None:
        """Where nothing was played, it is red before it has looked at anything."""
        assert self.gate["if"] == "always()"
        stop = self.gate["steps"][0]
        assert stop["if"] == "needs.play.result != 'success'"
        assert stop["run"].endswith("exit 1\n")

    def test_what_is_lost_fails_after_all_was_judged(self) -> None:
        """`replay` ends with 1 then, and its recordings are judged nevertheless."""
        (play,) = (step for step in self.play["steps"] if step.get("id") == "seeds")
        assert "vopr-coverage replay .github/vopr-seeds.txt --out seeds" in play["run"]
        assert "|| ended=$?" in play["run"]
        assert self.play["outputs"] == {"ended": "${{ steps.seeds.outputs.ended }}"}
        (upload,) = using(self.play["steps"], "actions/upload-artifact")
        (download,) = using(self.gate["steps"], "actions/download-artifact")
        assert download["with"] == {"name": upload["with"]["name"], "path": upload["with"]["path"]}
        *_, judging, stop = self.gate["steps"]
        assert judging["uses"] == OURS
        assert judging["with"] == {
            "reports": "seeds/*", "merge": "scenario", "profile": "default", "min-iterations": 1, "comment": "off",
        }  # fmt: skip
        assert stop["if"] == "${{ !cancelled() && needs.play.outputs.ended != '0' }}"
        assert stop["run"].endswith("exit 1\n")


class TestForkComment:
    """workflows/fork-comment.yml: the trusted half."""

    def test_it_listens_to_the_other_starter(self) -> None:
        """By its exact name, once it has completed; and to nothing else."""
        trigger = {"workflows": [PULL_REQUEST["name"]], "types": ["completed"]}
        assert FORK_COMMENT["on"] == {"workflow_run": trigger}
        (job,) = FORK_COMMENT["jobs"].values()
        assert job["if"] == "github.event.workflow_run.event == 'pull_request'"

    def test_nothing_of_the_pull_request_gets_near_its_token(self) -> None:
        """One step, which is ours: no checkout, no download, no script."""
        (step,) = steps_in(FORK_COMMENT)
        assert step == {"uses": OURS, "with": {"command": "comment"}}

    def test_comments_on_one_head_wait_for_each_other(self) -> None:
        """And are never broken off."""
        group = FORK_COMMENT["concurrency"]["group"]
        assert "github.event.workflow_run.head_repository.id" in group
        assert "github.event.workflow_run.head_branch" in group
        assert FORK_COMMENT["concurrency"]["cancel-in-progress"] is False
