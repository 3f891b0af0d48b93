"""Reports beside others that cannot be judged: all that can be judged is, what cannot is listed, and nothing passes."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.checking import checked
from tests.support.endings import refused
from tests.support.recordings import a_manifest, a_recording, manifest_of
from tests.support.reports import MODEST, Ended, a_flat_report, a_stream, run_cli
from vopr_coverage.base.compare import Base
from vopr_coverage.base.file import base_from_file
from vopr_coverage.errors import UserError
from vopr_coverage.formats import schema as contract
from vopr_coverage.model.verdict import Verdict, verdict_from_json
from vopr_coverage.render.annotations import render_annotations
from vopr_coverage.render.budget import SUMMARY_BYTES_MIN
from vopr_coverage.render.check import render_check_markdown, render_check_text
from vopr_coverage.render.comment import About, render_comment

NEVER = "never/*: expected at least one file, found no match for this pattern"
HANGS: dict[str, Any] = {
    "timed_out": True,
    "timeout_s": 2.0,
    "exit_code": None,
    "signal": 15,
    "whole": False,
    "lines": {},
    "last_words": ["waiting for the lock"],
}
HUNG = "Run incomplete: timed out after 2 s, nothing written"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with failing seeds, healthy ones, and a recording whose simulator hung."""
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    a_recording(tmp_path / "rec" / "bad", a_stream(failing=[1, 2]), exit_code=1)
    a_recording(tmp_path / "rec" / "good", a_stream(first=3), seed="3")
    a_recording(tmp_path / "rec" / "hung", b"", seed="6", **HANGS)
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_SHA", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def judged(*reports: str, **settings: Any) -> Verdict:
    """The verdict, which meets its schema and survives it."""
    verdict = checked(reports, **{"config": "c.json"} | settings)
    assert contract.problems("verdict", json.loads(verdict.to_json())) == []
    assert verdict_from_json(verdict.to_json().encode(), "v") == verdict
    return verdict


def checking(*words: str) -> Ended:
    """The command under that config."""
    return run_cli("check", *words, "--config", "c.json", cwd=Path.cwd())


def lines(verdict: Verdict) -> list[str]:
    """The violations, with their reports."""
    return [f"{violation.source}: {violation.line}" for violation in verdict.violations]


# ---- a recording whose simulator wrote nothing


def test_a_recording_without_a_record_is_an_incomplete_run_beside_the_others(world: Path) -> None:
    """The failing seeds are told, and so is the run that hung; the exit code is that of a report without evidence."""
    ended = checking("rec/*", "--verdict-file", "v.json")
    assert ended.code == 2
    assert f"  - hung: {HUNG}\n" in ended.out
    assert "  - bad: Invariant 'model_verification' failed on 2 seeds: 1, 2\n" in ended.out
    assert "the simulator was ended by signal 15; stderr ends with: waiting for the lock\n" in ended.out
    assert ended.err == f"vopr-coverage: hung: {HUNG}\n"
    verdict = json.loads((world / "v.json").read_text())
    assert (verdict["status"], verdict["passed"], verdict["unusable"]) == ("incomplete", False, [])
    assert {report["name"]: report["status"] for report in verdict["reports"]} == {
        "bad": "failed",
        "good": "passed",
        "hung": "incomplete",
    }
    assert [read["wrote_nothing"] for report in verdict["reports"] for read in report["inputs"]] == [False, False, True]


@pytest.mark.parametrize(
    ("stream", "changes", "told"),
    [
        (b"", {"exit_code": 1, "whole": False}, "ended with exit code 1, nothing written"),
        (b"", {"whole": False}, "ended with exit code 0, nothing written"),
        (b"", {"interrupted": True, "whole": False}, "interrupted, nothing written"),
        (b"", {"duration_s": None, "exit_code": None}, "the recording never finished, nothing written"),
        (b"\n \n", {"whole": False}, "ended with exit code 0, nothing written"),
        (b"Usage: vopr\n\n--json\n", {"exit_code": 1}, "ended with exit code 1, no record written, but 2 other lines"),
    ],
)
def test_each_way_to_write_nothing_says_what_ended_it(
    world: Path, stream: bytes, changes: dict[str, Any], told: str
) -> None:
    """It is an incomplete run, and its own report."""
    a_recording(world / "out", stream, **changes)
    verdict = judged("out")
    assert (verdict.status, lines(verdict)[0]) == ("incomplete", f"out: Run incomplete: {told}")
    assert checking("out").code == 2


@pytest.mark.parametrize("packed", [b"", b"\x1f\x8b", gzip.compress(b"", mtime=0)[:10]])
def test_a_recorder_that_was_killed_before_anything_came_left_an_incomplete_run(world: Path, packed: bytes) -> None:
    """Its stream is empty, or a gzip file that has just begun."""
    (a_recording(world / "out", b"", duration_s=None, exit_code=None) / "stream.ndjson.gz").write_bytes(packed)
    assert lines(judged("out"))[0] == "out: Run incomplete: the recording never finished, nothing written"


def test_two_runs_that_wrote_nothing_are_no_copies_of_each_other(world: Path) -> None:
    """Byte for byte they are, but no seed is counted twice."""
    a_recording(world / "rec" / "hung-too", b"", seed="9", **HANGS)
    verdict = judged("rec/*", merge="scenario")
    assert [line for line in lines(verdict) if HUNG in line] == [f"hung: {HUNG}", f"hung-too: {HUNG}"]
    assert verdict.reports[0].status == "incomplete"


def test_a_simulator_that_refuses_its_arguments_is_quoted(world: Path) -> None:
    """By `record`, and by `check`: "Unknown scenario" must not become an empty file."""
    code = "import sys; sys.exit('Unknown scenario: nonesuch')"
    asked = ("--scenario", "nonesuch", "--seed", "0", "--iterations", "3", "--out", "out")
    ended = run_cli("record", *asked, "--", sys.executable, "-c", code, cwd=world)
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == "vopr-coverage: stderr: Unknown scenario: nonesuch"
    assert manifest_of(world / "out")["last_words"] == ["Unknown scenario: nonesuch"]
    assert "stderr ends with: Unknown scenario: nonesuch" in checking("out").out
    assert "stderr ends with" in checking("out", "--format", "markdown").out


# ---- reports that cannot be judged


def test_every_kind_of_unusable_report_leaves_the_others_judged(world: Path) -> None:
    """Broken text, a broken manifest, another scenario than its own, a pattern without a match, a missing file."""
    (world / "rec" / "broken.json").write_text("{")
    shutil.copytree(world / "rec" / "good", world / "rec" / "torn")
    (world / "rec" / "torn" / "manifest.json").write_text("[]")
    ended = checking("rec/*", "never/*", "swizzle=rec/good", "gone.ndjson", "--format", "json")
    assert ended.code == 2
    told = [
        "rec/torn/manifest.json#: expected a recording's manifest, found an array of 0",
        NEVER,
        "rec/good is named as scenario 'swizzle', its manifest says 'combined'",
        "rec/broken.json:1: expected JSON, found its end",
        "gone.ndjson: expected a readable file, found no such file or directory",
    ]
    assert ended.err.splitlines() == [f"vopr-coverage: {line}" for line in [*told, f"hung: {HUNG}"]]
    verdict = verdict_from_json(ended.out.encode(), "v")
    assert [each.problem for each in verdict.unusable] == told
    assert [each.source for each in verdict.unusable] == ["torn", "never/*", "good", "broken.json", "gone.ndjson"]
    assert (verdict.status, verdict.passed) == ("error", False)
    assert verdict.reason.startswith(f"5 of 8 reports cannot be judged: {told[0]}; ")
    assert [report.name for report in verdict.reports] == ["bad", "good", "hung"]


def test_healthy_reports_beside_an_unusable_one_are_no_pass(world: Path) -> None:
    """In no form: text, JSON, Markdown, annotations, comment."""
    verdict = judged("rec/good", "never/*")
    assert verdict.violations == ()
    assert not verdict.passed
    text = render_check_text(verdict)
    assert text.startswith(
        f"❌ Coverage validation FAILED: 1 report cannot be judged\n\n  - cannot be judged: {NEVER}\n"
    )
    for page in (render_check_markdown(verdict), render_comment(verdict, About())):
        assert "## ❌ Simulation coverage could not be judged in full" in page
        assert "**1 report cannot be judged, and that is not a pass.**" in page
        assert "Every gate holds for 1 other report." in page
        assert "never&#47;&#42;&#58; expected at least one file" in page
    for fail in (True, False):
        annotations = render_annotations(verdict, fail=fail)
        assert annotations[0] == (f"::error title=Simulation coverage::1 report cannot be judged:%0A{NEVER}")


def test_the_smallest_page_counts_what_cannot_be_judged(world: Path) -> None:
    """Even where nothing else fits."""
    verdict = judged("rec/*", "never/*")
    page = render_check_markdown(verdict, SUMMARY_BYTES_MIN, size=lambda text: len(text) * SUMMARY_BYTES_MIN // 1_000)
    assert len(page) <= 1_000
    assert "**1 report cannot be judged, and that is not a pass.**" in page
    assert "Invariant <code>model&#95;verification</code> failed on" in page


def test_names_of_unusable_reports_are_inert(world: Path) -> None:
    """A file's name cannot move the cursor, start a command or mention a team."""
    (world / "rec" / "x\x1b[2J\n::error::@team.json").write_text("{")
    verdict = judged("rec/*")
    for text in (render_check_text(verdict), "\n".join(render_annotations(verdict, fail=True))):
        assert "\x1b" not in text
        assert "\n::error::" not in text
    assert "@team" not in render_check_markdown(verdict)


def test_where_nothing_can_be_judged_nothing_is(world: Path) -> None:
    """As before: an error, nothing on standard output, and a verdict file that says so."""
    (world / "rec" / "broken.json").write_text("{")
    told = refused(checking("rec/broken.json", "never/*", "--verdict-file", "v.json"))
    assert told == [NEVER, "rec/broken.json:1: expected JSON, found its end"]
    verdict = json.loads((world / "v.json").read_text())
    assert (verdict["status"], verdict["reports"], verdict["unusable"]) == ("error", [], [])
    assert "Nothing was judged" in checking("never/*", "--format", "markdown").out


def test_an_unknown_scenario_concerns_its_own_report(world: Path) -> None:
    """The reports of the config's scenarios are judged; nothing is read where all are unknown."""
    (world / "c.json").write_text(json.dumps(MODEST | {"scenarios": {"combined": {}}}))
    (world / "s.ndjson").write_bytes(a_stream())
    verdict = judged("rec/bad", "combinde=s.ndjson")
    (unusable,) = verdict.unusable
    assert unusable.problem == "scenario 'combinde' is not in c.json; did you mean 'combined'?"
    assert (unusable.source, unusable.scenario) == ("s.ndjson", "combinde")
    with pytest.raises(UserError, match="did you mean 'combined'"):
        checked(["combinde=gone.ndjson"], config="c.json")


@pytest.mark.parametrize("merge", ["scenario", "all"])
def test_what_was_to_be_merged_with_an_unusable_report_has_not_passed(world: Path, merge: Any) -> None:
    """One shard is missing from it."""
    (world / "rec" / "broken.json").write_text("{")
    a_recording(world / "rec" / "more", a_stream(first=9), seed="9")
    verdict = judged("rec/good", "rec/more", "rec/broken.json", merge=merge)
    assert [(report.status, len(report.inputs)) for report in verdict.reports] == [("incomplete", 2)]
    assert verdict.violations == ()
    assert judged("rec/good", "rec/more", merge=merge).passed


def test_a_shard_of_another_scenario_is_not_missing(world: Path) -> None:
    """Reports of other scenarios keep their status; the verdict as a whole is no pass."""
    (world / "bad.ndjson").write_text('{"type":"start","data":{},"timestamp":"t"}\n')
    verdict = judged("rec/good", "swizzle=bad.ndjson", merge="scenario")
    assert ([report.status for report in verdict.reports], verdict.passed) == (["passed"], False)


def test_an_unusable_report_is_not_called_missing_against_base(world: Path) -> None:
    """It is there, and cannot be judged: that is told once."""
    (world / "a.json").write_bytes(a_flat_report())
    (world / "b.json").write_bytes(a_flat_report())
    settings: dict[str, Any] = {"config": None, "profile": "smoke_test", "on_not_measured": "warn"}
    base = Base("base", judged("a.json", "b.json", **settings))
    (world / "b.json").write_text("{")
    verdict = judged("a.json", "b.json", base=base, max_regression="0", **settings)
    assert verdict.base is not None
    assert verdict.base.absent == ()
    assert [each.source for each in verdict.unusable] == ["b.json"]


def test_a_verdict_on_a_part_is_no_base(world: Path) -> None:
    """What it lacks would look like a loss, or like something new."""
    (world / "v.json").write_text(judged("rec/good", "never/*").to_json())
    assert base_from_file("v.json").missing == "not everything was judged there"


def test_health_alone_is_judged_in_part_too(world: Path) -> None:
    """As for one of many shards."""
    ended = checking("rec/bad", "never/*", "--health-only")
    assert ended.code == 2
    assert ended.out.startswith("❌ Run health FAILED: 1 report cannot be judged\n")
    assert "bad: Invariant 'model_verification' failed on 2 seeds" in ended.out


def test_a_verdict_that_passed_cannot_hold_unusable_reports(world: Path) -> None:
    """Nor can a file that says so be read back."""
    verdict = json.loads(judged("rec/good").to_json())
    verdict["unusable"] = [{"source": "x", "scenario": None, "problem": "y"}]
    with pytest.raises(UserError, match="no unusable reports, as passed is true"):
        verdict_from_json(json.dumps(verdict).encode(), "v")


def test_old_verdicts_are_read(world: Path) -> None:
    """Without what was added later."""
    verdict = json.loads(judged("rec/good").to_json())
    del verdict["unusable"], verdict["reports"][0]["inputs"][0]["wrote_nothing"]
    assert verdict_from_json(json.dumps(verdict).encode(), "v") == judged("rec/good")


def test_a_manifest_of_a_run_that_wrote_nothing_is_valid() -> None:
    """What this file writes by hand is what `record` may write."""
    assert contract.problems("recording", a_manifest(**HANGS)) == []
