"""`check --format junit` and `--format sarif`: what other programs read of a verdict, and never a pass that is none."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema
import pytest

from tests.support.reports import Ended, a_flat_report, a_stream, run_cli
from tests.support.runner_log import ATTEMPTS, commands_in

DATA = Path(__file__).parents[1] / "data"
VIOLATED = DATA / "antithesis" / "rust-always-fails-seed-2.jsonl.gz"
ENDINGS = ("failure", "error", "skipped")


def checked(folder: Path, form: str, *more: str) -> Ended:
    """A check of `r` in this folder, printed in this format."""
    return run_cli("check", *more, "--format", form, cwd=folder)


def reports(folder: Path) -> dict[str, tuple[str, ...]]:
    """Checks with every ending, by what they are: their arguments."""
    (folder / "good.json").write_bytes(a_flat_report())
    (folder / "short.json").write_bytes(a_flat_report(view_changes=0))
    (folder / "run.ndjson").write_bytes(a_stream(failing=[1]))
    (folder / "cut.ndjson").write_bytes(a_stream()[:-400])
    (folder / "broken.json").write_text("{")
    (folder / "excused.json").write_bytes(a_flat_report(view_changes=None))
    bounds = {"profile": "none", "min_view_changes": 1, "min_repairs": 1, "on_not_measured": "ignore"}
    (folder / "excused.yml").write_text(json.dumps(bounds))
    shutil.copy(VIOLATED, folder / "always.jsonl.gz")
    return {
        "passed": ("good.json", "--profile", "smoke_test"),
        "excused": ("excused.json", "--config", "excused.yml"),
        "short": ("short.json", "--profile", "default"),
        "failing seeds": ("run.ndjson", "--profile", "none"),
        "incomplete": ("cut.ndjson", "--profile", "none"),
        "merged": ("run.ndjson", "a=run.ndjson", "--profile", "none", "--merge", "none"),
        "a missing shard": ("good.json", "--profile", "smoke_test", "--min-reports", "3"),
        "partly unusable": ("good.json", "broken.json", "--profile", "smoke_test"),
        "unusable": ("broken.json",),
        "nothing to judge": ("none-*.json",),
        "a wrong flag": ("good.json", "--config", "missing.yml"),
        "with places": ("always.jsonl.gz", "--profile", "general"),
    }


NAMES = (
    "passed", "excused", "short", "failing seeds", "incomplete", "merged", "a missing shard", "partly unusable",
    "unusable", "nothing to judge", "a wrong flag", "with places",
)  # fmt: skip


# ---- JUnit


def parsed(text: str) -> Xml.Element:
    """The root of a document that we wrote."""
    return Xml.fromstring(text)  # noqa: S314


@pytest.mark.parametrize("name", NAMES)
def test_a_junit_file_has_a_failure_wherever_the_verdict_is_no_pass(name: str, tmp_path: Path) -> None:
    """By the counts that CI servers read, at the top and in each suite; and none where it passes."""
    ended = checked(tmp_path, "junit", *reports(tmp_path)[name])
    root = parsed(ended.out)
    bad = sum(int(root.attrib[ending]) for ending in ("failures", "errors"))
    assert (bad == 0) == (ended.code == 0)
    assert name not in ("passed", "excused") or ended.code == 0, ended
    assert root.tag == "testsuites"
    assert root.findall("testsuite")[-1].attrib["name"] == "Verdict"


@pytest.mark.parametrize("name", NAMES)
def test_the_counts_of_a_junit_file_are_those_of_its_cases(name: str, tmp_path: Path) -> None:
    """A case has one ending at most, a name that no other case of its suite has, and a class."""
    root = parsed(checked(tmp_path, "junit", *reports(tmp_path)[name]).out)
    for suite in [*root.findall("testsuite"), root]:
        cases = list(suite.iter("testcase"))
        endings = Counter(child.tag for case in cases for child in case if child.tag in ENDINGS)
        plural = {"failure": "failures", "error": "errors", "skipped": "skipped"}
        for ending, attribute in plural.items():
            assert attribute not in suite.attrib or int(suite.attrib[attribute]) == endings[ending], attribute
        assert int(suite.attrib["tests"]) == len(cases) > 0
        for case in cases:
            assert case.attrib["classname"].startswith("vopr-coverage.")
            assert len([child for child in case if child.tag in ENDINGS]) <= 1
            assert all(child.attrib["message"] for child in case if child.tag in ENDINGS)
        if suite is not root:
            assert len({case.attrib["name"] for case in cases}) == len(cases)


def test_a_missing_figure_is_an_error_and_a_bound_that_is_not_met_a_failure(tmp_path: Path) -> None:
    """Nobody knows about the one; what was not required, or excused, is skipped with the reason."""
    root = parsed(checked(tmp_path, "junit", *reports(tmp_path)["with places"]).out)
    endings = {case.attrib["name"]: [(c.tag, c.attrib["message"]) for c in case] for case in root.iter("testcase")}
    assert endings["Completeness"] == [("error", "Whether the run finished is not measured")]
    assert endings["Violated properties"] == [("failure", "Property 'counter never decreases' was false")]
    assert endings["View changes"] == [("skipped", "not required")]
    assert endings["Invariant coverage"] == []
    excused = parsed(checked(tmp_path, "junit", *reports(tmp_path)["excused"]).out)
    skipped = {case.attrib["name"]: c.attrib["message"] for case in excused.iter("testcase") for c in case if c.attrib}
    assert skipped["View changes"] == "not measured: excused: on_not_measured is ignore"


def test_hostile_names_are_text_of_a_junit_file(tmp_path: Path) -> None:
    """Not markup, not a character that XML lacks, not a command in a log."""
    odd = ["</failure><x>", "a\x00b\x1b[2J", "\ufffe", "]]>", "a\nb", "&amp;", *ATTEMPTS]
    (tmp_path / "r.json").write_bytes(a_flat_report(missed_fault_points=odd, total_fault_points=3 + len(odd)))
    (tmp_path / "c.yml").write_text(json.dumps({"profile": "none", "critical_fault_points": odd}))
    ended = checked(tmp_path, "junit", "r.json", "--config", "c.yml")
    (case,) = (c for c in parsed(ended.out).iter("testcase") if c.attrib["name"] == "Critical fault points")
    text = case[0].text or ""
    assert "Critical fault point '</failure><x>' never hit" in text
    assert r"a\x00b\x1b[2J" in text
    assert "##[error]owned" in text
    assert commands_in(ended.out) == []


# ---- SARIF


@cache
def sarif_schema() -> Any:
    """The schema of the standard."""
    return json.loads(gzip.decompress((DATA / "schemas" / "sarif-schema-2.1.0.json.gz").read_bytes()))


def run_of(folder: Path, *asked: str) -> dict[str, Any]:
    """The one run of a SARIF file that the standard's schema takes."""
    log = json.loads(checked(folder, "sarif", *asked).out)
    jsonschema.Draft7Validator(sarif_schema()).validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


@pytest.mark.parametrize("name", NAMES)
def test_a_sarif_file_says_why_a_verdict_is_no_pass(name: str, tmp_path: Path) -> None:
    """As a result each violation; where there are none, as an error of the tool. Its rules are those of the results."""
    asked = reports(tmp_path)[name]
    run = run_of(tmp_path, *asked)
    verdict = json.loads(checked(tmp_path, "json", *asked).out)
    assert len(run["results"]) == len(verdict["violations"])
    errors = [note for note in run["invocations"][0]["toolExecutionNotifications"] if note["level"] == "error"]
    assert bool(run["results"] or errors) == (not verdict["passed"])
    assert run["invocations"][0]["executionSuccessful"] == (verdict["status"] != "error" and not verdict["unusable"])
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [r["ruleId"] for r in run["results"]]
    assert run["properties"]["passed"] == verdict["passed"]


def results_with_places(folder: Path) -> dict[str, Any]:
    """The locations of the results, by their rules."""
    run = run_of(folder, *reports(folder)["with places"])
    return {result["ruleId"]: result.get("locations") for result in run["results"]}


def test_a_result_has_a_place_where_the_tester_names_one(tmp_path: Path) -> None:
    """In a file of the workspace; elsewhere only the point's own name is known."""
    name = [{"name": "counter never decreases"}]
    assert results_with_places(tmp_path)["properties"] == [{"logicalLocations": name}]
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").touch()
    found = results_with_places(tmp_path)
    assert found["properties"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "src/main.rs", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 78},
            },
            "logicalLocations": name,
        }
    ]
    assert found["fault-point-coverage"] is None


def test_the_same_violation_keeps_its_fingerprint(tmp_path: Path) -> None:
    """Whatever its figures are; two violations have two."""
    bounds = ("--profile", "none", "--config", "c.yml")
    (tmp_path / "c.yml").write_text("profile: none\nmin_view_changes: 9\nmin_repairs: 9\n")
    seen = []
    for view_changes in (1, 2):
        (tmp_path / "r.json").write_bytes(a_flat_report(view_changes=view_changes))
        run = run_of(tmp_path, "r.json", *bounds)
        seen.append([result["partialFingerprints"]["violation/v1"] for result in run["results"]])
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 2


def test_hostile_names_make_no_link_in_a_sarif_file(tmp_path: Path) -> None:
    """Nor a placeholder, nor a command in a log: brackets are escaped and braces doubled, as the standard asks."""
    odd = ["[click](https://evil.example/)", "{0}", "a\\[b", *ATTEMPTS]
    (tmp_path / "r.json").write_bytes(a_flat_report(missed_fault_points=odd, total_fault_points=3 + len(odd)))
    (tmp_path / "c.yml").write_text(json.dumps({"profile": "none", "critical_fault_points": odd}))
    messages = [result["message"]["text"] for result in run_of(tmp_path, "r.json", "--config", "c.yml")["results"]]
    assert r"'\[click\](https://evil.example/)'" in messages[0]
    assert "'{{0}}'" in messages[1]
    assert r"'a\\\[b'" in messages[2]
    assert commands_in(checked(tmp_path, "sarif", "r.json", "--config", "c.yml").out) == []


@pytest.mark.parametrize("form", ["junit", "sarif"])
def test_these_formats_are_for_checks(form: str, tmp_path: Path) -> None:
    """Other verdicts have other parts."""
    ended = run_cli("summary", "night", "--format", form, cwd=tmp_path)
    assert ended.code == 2
    assert f"unknown '{form}'" in ended.err
