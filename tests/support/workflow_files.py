"""The nightly workflow and its starters as data, for tests that read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / ".github" / "workflows" / "vopr-nightly.yml"
TRIAL_FILE = FILE.with_name("vopr-nightly-trial.yml")
TEXT = FILE.read_text(encoding="utf-8")
Yaml = dict[Any, Any]


def parsed(path: Path) -> Yaml:
    """A workflow, with `on` for the key that YAML 1.1 takes for true."""
    return {"on" if key is True else key: value for key, value in yaml.safe_load(path.read_text("utf-8")).items()}


WORKFLOW = parsed(FILE)
JOBS: Yaml = WORKFLOW["jobs"]
NIGHTS = ("nightly.yml", "nightly-any-simulator.yml", "nightly-sdk.yml")
STARTERS = {name: parsed(ROOT / "workflows" / name) for name in NIGHTS}
TRIAL_WORKFLOW = parsed(TRIAL_FILE)
CALL: Yaml = WORKFLOW["on"]["workflow_call"]["inputs"]
TRIAL: Yaml = TRIAL_WORKFLOW["on"]["workflow_dispatch"]["inputs"]
SETUP, HANDOFF = (parsed(ROOT / name / "action.yml") for name in ("setup", "handoff"))
MATRICES = {name: job["strategy"] for name, job in JOBS.items() if "strategy" in job}

FINAL = {  # the seed document's, and the night's verdict: artifact, days that it is kept, what is in it
    "vopr-nightly-results": (30, ["night/long-run", "night/regressions", "night/plan.json"]),
    "vopr-coverage-trends": (90, ["night/trends.ndjson"]),
    "vopr-determinism-check": (7, ["night/determinism"]),
    "vopr-coverage-report": (30, ["night/coverage", "night/canary", "night/verdicts"]),
    "vopr-nightly-verdict": (30, ["night/night.json", "night/night.md"]),
}


def defaults(inputs: Yaml = CALL) -> dict[str, Any]:
    """The inputs' defaults."""
    return {name: given["default"] for name, given in inputs.items()}


def steps() -> Iterator[tuple[str, Yaml]]:
    """Every step, with the name of its job."""
    for name, job in JOBS.items():
        for step in job["steps"]:
            yield name, step


def scripts(job: str = "") -> str:
    """What the shells of one job run, or of all."""
    return "\n".join(step["run"] for name, step in steps() if "run" in step and job in ("", name))


def using(action: str, job: str = "") -> list[Yaml]:
    """The steps of one job, or of all, that use this action."""
    return [step for name, step in steps() if step.get("uses", "").split("@")[0] == action and job in ("", name)]


def uploads(job: str = "") -> dict[str, Yaml]:
    """What one job uploads, or all, by the artifact's name as it stands there; by `handoff`, too."""
    direct = [step["with"] for step in using("actions/upload-artifact", job)]
    handed = [given for step in using("./.vopr-coverage/handoff", job) for given in handed_on(step["with"])]
    return {given["name"]: given for given in direct + handed}


def handed_on(given: Yaml) -> Iterator[Yaml]:
    """The uploads of `handoff`, with the inputs of one use in their names."""
    for step in HANDOFF["runs"]["steps"]:
        if "uses" in step and (wanted := re.fullmatch(r"inputs\.(\w+) != ''", step["if"])) and given.get(wanted[1]):
            name = step["with"]["name"].replace(f"${{{{ inputs.{wanted[1]} }}}}", given[wanted[1]])
            yield {**step["with"], "name": name}


def expressions_in(condition: str) -> set[str]:
    """The status functions that a condition calls."""
    return set(re.findall(r"\b(always|cancelled|failure|success)\(\)", condition))
