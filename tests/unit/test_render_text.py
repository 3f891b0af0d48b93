"""The text for terminals: the seed script's block first, byte for byte, and then what to do."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec.structs import replace

from tests.support.loops import for_each
from tests.support.pages import (
    ABOUT,
    HOSTILE,
    a_change,
    a_judged,
    a_verdict,
    a_violation,
    compared,
    flooded,
    named,
    without_base,
)
from tests.support.reports import a_flat_report, run_cli
from vopr_coverage.model.verdict import Remark, Verdict
from vopr_coverage.render.annotations import render_annotations
from vopr_coverage.render.check import render_check_markdown, render_check_text
from vopr_coverage.render.check_brief import render_check_brief
from vopr_coverage.render.comment import render_comment
from vopr_coverage.render.terminal import Terminal, rows

# The example of the seed document, "Output Format", with the rest of what nightly asks.
HIT = "sim.storage.fsync sim.storage.write sim.storage.read sim.network.send sim.network.deliver sim.network.partition"
RAN = """
linearizability hash_chain replica_consistency storage_determinism vsr_agreement vsr_prefix_property
vsr_recovery_safety projection_applied_position_monotonic projection_mvcc_visibility
projection_applied_index_integrity sql_tlp_partitioning sql_norec_equivalence
"""
SICK = {
    "total_fault_points": 8,
    "fault_points_hit": 6,
    "hit_fault_points": HIT.split(),
    "missed_fault_points": ["sim.storage.crash", "other"],
    "invariant_executions": dict.fromkeys(RAN.split(), 20),
    "missed_invariants": ["vsr_view_change_safety"],
    "view_changes": 2,
    "repairs": 2,
    "unique_query_plans": None,
    "phase_events": {
        "vsr.prepare_sent": 100,
        "vsr.commit_broadcast": 50,
        "vsr.view_change_complete": 5,
        "storage.fsync_complete": 10,
        "storage.repair_complete": 2,
    },
}
FAILED = """\
❌ Coverage validation FAILED

  - combined-1m.json: Fault point coverage too low: 75.0% (expected >= 90.0%)
  - combined-1m.json: Critical fault point 'sim.storage.crash' never hit
  - combined-1m.json: Required invariant 'vsr_view_change_safety' never executed
  - combined-1m.json: Insufficient view changes: 2 (expected >= 5)
  - combined-1m.json: Insufficient unique query plans: not measured (expected >= 20)
  - combined-1m.json: Phase event 'storage.fsync_complete' too few: 10 (expected >= 100)

Total violations: 6
"""


def test_a_flat_report_that_fails_gets_the_seeds_block(tmp_path: Path) -> None:
    """Literal text: heading, one line a violation, total; nothing before it on stdout."""
    (tmp_path / "combined-1m.json").write_bytes(a_flat_report(**SICK))
    brief = run_cli("check", "combined-1m.json", "--profile", "nightly", cwd=tmp_path)
    assert (brief.code, brief.err) == (1, "")
    assert brief.out.startswith(f"{FAILED}\n1. ")
    ended = run_cli("check", "-v", "combined-1m.json", "--profile", "nightly", cwd=tmp_path)
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.startswith(f"{FAILED}\nCauses:\n")
    rest = ended.out.partition("\nWhat to do:\n")[2]
    assert rest.startswith(
        "  - fault-point-coverage: Run more iterations, or add scenarios that reach the points missed."
    )


def test_a_flat_report_that_passes_gets_the_seeds_line(tmp_path: Path) -> None:
    """Literal text again, and below it what was judged."""
    (tmp_path / "a.json").write_bytes(a_flat_report())
    brief = run_cli("check", "a.json", "--profile", "smoke_test", cwd=tmp_path)
    assert brief.out.startswith("✅ Coverage validation PASSED\n")
    assert "\na.json, 3 of 4 fault points, against smoke_test: passed\n✅ Coverage validation passed: " in brief.out
    ended = run_cli("check", "--verbose", "a.json", "--profile", "smoke_test", cwd=tmp_path)
    assert ended.out.startswith("✅ Coverage validation PASSED\n")
    assert "Judged:\n  - a.json, 3 of 4 fault points, against smoke_test: passed\n" in ended.out


def test_an_unusable_report_leaves_stdout_empty(tmp_path: Path) -> None:
    """What is not a verdict must not look like one."""
    (tmp_path / "a.json").write_text(json.dumps([1]))
    ended = run_cli("check", "a.json", cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")


def test_the_sections_follow_the_block_in_order() -> None:
    """Loosened bounds, advice, commands, warnings, and what was judged against what."""
    lines = render_check_text(a_verdict()).splitlines()
    headings = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert headings == [
        "Causes:",
        "What to do:",
        "Replay the failing seeds:",
        "Add to the regression file:",
        "Warnings:",
        "Judged:",
    ]
    assert lines[0] == "❌ Coverage validation FAILED"


def test_a_comparison_adds_its_sections_and_a_line_on_the_base() -> None:
    """What is judged less strictly, then what was lost by name, what is new, and last what it was compared with."""
    lines = render_check_text(compared(a_verdict())).splitlines()
    assert [line for line in lines if line.endswith(":") and not line.startswith(" ")] == [
        "Causes:",
        "Judged less strictly than on base:",
        "Reports of the base that are missing here:",
        "Hit on base, not here:",
        "Newly hit:",
        "What to do:",
        "Replay the failing seeds:",
        "Add to the regression file:",
        "Warnings:",
        "Judged:",
    ]
    lost = lines.index("Hit on base, not here:")
    assert lines[lost + 1 : lost + 3] == ["  - plainname: fault point plainname", "  - plainname: invariant plainname"]
    assert lines[-3:-1] == ["Compared with plainname", ""]
    assert lines[-1].startswith("❌ Coverage validation failed: ")


def test_a_base_that_can_not_be_had_is_one_line() -> None:
    """With the reason; without a base there is no word of it."""
    lines = render_check_text(without_base(a_verdict())).splitlines()
    assert [line for line in lines if "base" in line] == ["No comparison with base: plainname: plainname"]
    assert "base" not in render_check_text(a_verdict())


def test_advice_is_told_once_with_what_only_its_violations_can_say() -> None:
    """Two points missed are one piece of advice; a failing seed's message stands below it."""
    violations = (
        replace(a_violation("failures", "one", detail="diverged at 12", source="a"), advice="Replay it."),
        replace(a_violation("failures", "two", detail="diverged at 13", source="b"), advice="Replay it."),
    )
    text = render_check_text(replace(a_verdict(), violations=violations))
    assert "  - failures: Replay it.\n      a: diverged at 12\n      b: diverged at 13\n\n" in text


def test_a_command_stands_on_a_line_of_its_own() -> None:
    """It is there to be copied; expected failures need no replay."""
    model = a_verdict().failures[0]
    failures = (replace(model, invariant="x", repro="vopr --seed 7"), replace(model, expected=True, repro="no"))
    text = render_check_text(replace(a_verdict(), failures=failures))
    assert "Replay the failing seeds:\n  - x on seed 7\n      vopr --seed 7\n\n" in text
    assert "\n      no\n" not in text


def test_a_missing_scenario_is_to_be_filled_in() -> None:
    """The command can't run as it stands."""
    failure = replace(a_verdict().failures[0], fill_in=True)
    assert " on seed 7 (fill in the scenario)\n" in render_check_text(replace(a_verdict(), failures=(failure,)))


def test_long_lists_are_cut_and_counted() -> None:
    """A terminal is no place for ten thousand lines; the total stays true."""
    violations = tuple(a_violation("failures", f"line {number}", detail=f"d{number}") for number in range(1_500))
    warnings = tuple(Remark("", f"w{number}") for number in range(80))
    text = render_check_text(replace(a_verdict(), violations=violations, warnings=warnings))
    assert "  … and 500 more in the verdict file\n\nTotal violations: 1500\n" in text
    assert "      … and 1490 more\n" in text
    assert "  … and 30 more in the verdict file\n" in text
    assert len(text.splitlines()) < 1_200


def test_same_lines_are_told_once() -> None:
    """One loosened bound of five reports is one line."""
    change = a_change(loosened=("plainname",), lost_points=(), lost_invariants=(), new_points=(), new_invariants=())
    reports = tuple(replace(a_judged("passed", f"r{number}"), change=change) for number in range(5))
    text = render_check_text(Verdict("passed", True, "", "1.0", reports=reports))
    assert text.startswith(
        "✅ Coverage validation PASSED\n\nJudged less strictly than on base:\n  - plainname\n\nJudged:\n"
    )


def without_lines_to_keep(text: str) -> list[str]:
    """The lines of a text without those for the regression file, in which not every name can stand."""
    before, heading, after = text.partition("Add to the regression file:\n")
    return (before + after.partition("\n\n")[2] if heading else text).split("\n")


@for_each(HOSTILE)
def test_nothing_moves_a_cursor_or_ends_a_line(text: str) -> None:
    """Controls, line breaks and direction marks are spelt out, in every field and in errors too."""
    assert all(line.isprintable() for line in render_check_text(named(without_base(a_verdict()), text)).split("\n"))
    model = compared(a_verdict())
    for verdict in (named(model, text), flooded(model, text, words_too=True)):
        told = render_check_text(verdict)
        assert all(line.isprintable() for line in told.split("\n"))
        benign = flooded(model, "x", words_too=True) if verdict.status == text else model
        assert len(without_lines_to_keep(told)) == len(without_lines_to_keep(render_check_text(benign)))
        for width in (40, 80):
            brief = render_check_brief(verdict, Terminal(width))
            assert all(line.isprintable() for line in brief.split("\n"))
            assert rows(brief.splitlines(), width) <= 25 or width < 80
    assert all(line.isprintable() for line in render_check_text(Verdict.not_judged("1.0", text)).split("\n"))


def test_a_warning_that_runs_share_stands_once() -> None:
    """Else that of eight shards would push off one that matters, here and among ten annotations."""
    shared = [Remark(f"shard-{number}", "It has no properties.") for number in range(8)]
    verdict = replace(a_verdict(), warnings=(*shared, Remark("", "It has no properties."), Remark("all", "A gap.")))
    lines = render_check_text(verdict).partition("Warnings:\n")[2].split("\n\n")[0].splitlines()
    assert lines == [
        "  - shard-0, shard-1, shard-2 and 5 more: It has no properties.",
        "  - It has no properties.",
        "  - all: A gap.",
    ]
    assert any("all: A gap." in line for line in render_annotations(verdict, fail=True))
    for page in (render_check_markdown(verdict), render_comment(verdict, ABOUT)):
        assert "3 warnings" in page
        assert page.count("no properties") == 2
