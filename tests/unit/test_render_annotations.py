"""Annotations: within the runner's budget, the most severe first, and unable to start another command."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from tests.support.loops import for_each
from tests.support.pages import (
    HOSTILE,
    a_judged,
    a_missed_point,
    a_verdict,
    a_violation,
    compared,
    flooded,
    named,
    without_base,
)
from vopr_coverage.model.points import Location
from vopr_coverage.model.verdict import Remark, Verdict, VerdictStatus, Violation
from vopr_coverage.render.annotations import command, fenced, render_annotations
from vopr_coverage.render.budget import cut_utf16, utf16_units

ERROR, WARNING = "::error title=Simulation coverage::", "::warning title=Simulation coverage::"


def failing(*violations: Violation, warnings: int = 0) -> Verdict:
    """A failed verdict with just these."""
    told = tuple(Remark("", f"warning {number}") for number in range(warnings))
    return Verdict("failed", False, "", "1.0", violations, told)


def decoded(line: str) -> str:
    """The message as the runner shows it."""
    message = line.split("::", 2)[2]
    return message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


def test_the_message_tells_the_violation_and_the_advice() -> None:
    """What fell short, where, the detail, and what to do next."""
    violation = a_violation("failures", "Invariant 'x' failed on 1 seed: 7", detail="diverged", source="a.ndjson")
    (line,) = render_annotations(failing(replace(violation, advice="Replay it.")), fail=True)
    assert line == f"{ERROR}a.ndjson: Invariant 'x' failed on 1 seed: 7 (diverged)%0AReplay it."


def test_what_one_gate_found_is_one_annotation() -> None:
    """Twenty missed points leave room for the other gates."""
    points = [a_missed_point(f"p{number}", source="a") for number in range(20)]
    repairs = a_violation("repairs", "Insufficient repairs: 1 (expected >= 2)", "InsufficientRepairs", source="a")
    first, second = render_annotations(failing(*points, repairs), fail=True)
    told = "a: Critical fault points never hit: p0, p1, p2, p3, p4, p5, p6, p7, p8, p9 and 10 more\n"
    assert decoded(first).startswith(told)
    assert decoded(second).startswith("a: Insufficient repairs: 1 (expected >= 2)\n")


def test_many_violations_of_one_gate_are_counted() -> None:
    """Ten lines of one annotation, and how many more."""
    violations = [a_violation("phase-events", f"Phase event 'e{number}' too few", source="a") for number in range(25)]
    (line,) = render_annotations(failing(*violations), fail=True)
    assert "\n… and 15 more; the job summary has them\n" in decoded(line)


def test_the_most_severe_come_first() -> None:
    """Run health before coverage, coverage in the order of the categories, across all reports."""
    gates = ("phase-events", "fault-point-coverage", "unheard-of", "failures", "run-complete")
    lines = render_annotations(failing(*(a_violation(gate, gate, source="a") for gate in gates)), fail=True)
    first = [decoded(line).partition("\n")[0] for line in lines]
    assert first == ["a: run-complete", "a: failures", "a: fault-point-coverage", "a: phase-events", "a: unheard-of"]


@pytest.mark.parametrize("fail", [True, False])
def test_at_most_ten_of_a_kind(fail: bool) -> None:
    """The runner drops the eleventh without a word; our tenth says how many there are."""
    violations = [a_violation(f"gate-{number}", "short", source="a") for number in range(40)]
    lines = render_annotations(failing(*violations, warnings=30), fail=fail)
    errors = [line for line in lines if line.startswith("::error")]
    warnings = [line for line in lines if line.startswith("::warning")]
    assert (len(errors), len(warnings)) == ((10, 10) if fail else (0, 10))
    assert len(lines) == len(errors) + len(warnings)
    counted = [decoded(line).partition(" more")[0] for line in lines[9::10]]
    assert counted == (["… and 31", "… and 21"] if fail else ["… and 61"])


def test_exactly_ten_need_no_count() -> None:
    """The tenth place is for the tenth message where there are no more."""
    lines = render_annotations(failing(warnings=10), fail=True)
    assert [decoded(line) for line in lines] == [f"warning {number}" for number in range(10)]


def test_without_fail_there_are_no_errors() -> None:
    """`fail: false` turns each error into a warning, which comes before the warnings."""
    lines = render_annotations(failing(a_violation("failures", "x", source="a"), warnings=1), fail=False)
    assert [line.startswith(WARNING) for line in lines] == [True, True]
    assert decoded(lines[0]).startswith("a: x")


def test_an_error_stays_an_error() -> None:
    """`fail: false` is about verdicts; that nothing was judged is never turned into a warning."""
    assert render_annotations(Verdict.not_judged("1.0", "a: is empty\nb: is empty"), fail=False) == [
        f"{ERROR}a: is empty%0Ab: is empty"
    ]


def test_a_loosened_bound_is_the_first_warning() -> None:
    """A pull request must not quietly loosen its own gate."""
    lines = render_annotations(compared(a_verdict()), fail=True)
    first = next(line for line in lines if line.startswith(WARNING))
    assert decoded(first) == "plainname: less strict than on base: plainname"


@pytest.mark.parametrize("status", ["passed", "failed"])
def test_bounds_below_the_profile_are_never_annotated(status: VerdictStatus) -> None:
    """They would be on every run; `profiles` tells them, and what is less strict than on base is news."""
    report = replace(a_judged(status), lowered=tuple(f"bound {number}" for number in range(12)))
    verdict = replace(failing(warnings=1), reports=(report, report), status=status, passed=status == "passed")
    assert "below" not in "".join(render_annotations(verdict, fail=True))
    told = [decoded(line) for line in render_annotations(compared(verdict), fail=True) if line.startswith(WARNING)]
    assert told[0] == "plainname: less strict than on base: plainname"


def test_a_base_that_can_not_be_had_is_one_warning() -> None:
    """Whatever the number of reports that were not compared."""
    lines = [decoded(line) for line in render_annotations(without_base(a_verdict(3)), fail=True)]
    assert [line for line in lines if "base" in line] == ["No comparison with base: plainname: plainname"]
    assert not [line for line in render_annotations(a_verdict(3), fail=True) if "base" in line]


def test_what_was_lost_is_told_in_words_of_its_own() -> None:
    """A point that was lost is no point that was "never hit", and a missing report has no place to be missing from."""
    lines = [decoded(line) for line in render_annotations(compared(a_verdict()), fail=True)]
    (told,) = [line for line in lines if "Fault points hit on base" in line]
    assert told.splitlines() == [
        "plainname: Fault points hit on base, not here: plainname",
        "plainname: Invariants run on base, not here: other plainname",
        "Reports of the base that are missing here: plainname",
        "advice plainname",
    ]


@pytest.mark.parametrize("mark", ["x", "%", "\n", "😀", "\x1b", "\ud800"])
def test_a_message_has_at_most_4096_characters_as_the_runner_counts(mark: str) -> None:
    """UTF-16 code units, after decoding; no character is halved, and the cut is visible."""
    verdict = failing(a_violation("failures", mark * 9_000, source="a"))
    for line in (
        *render_annotations(verdict, fail=True),
        *render_annotations(Verdict.not_judged("", mark * 9_000), fail=True),
    ):
        message = decoded(line)
        assert 4_090 <= utf16_units(message) <= 4_096
        assert message.endswith("…")
        message.encode("utf-8")


def test_cutting_keeps_whole_characters() -> None:
    """An emoji is two units: with room for one of them it is left out."""
    assert [cut_utf16("a😀b", most) for most in range(5)] == ["", "a", "a", "a😀", "a😀b"]


@for_each(HOSTILE)
def test_each_annotation_is_one_command(text: str) -> None:
    """One line each, with the name and title that we gave it: no text of a verdict starts a second."""
    model = compared(a_verdict())
    bare = named(without_base(a_verdict()), text)
    for verdict in (named(model, text), flooded(model, text, words_too=True), bare, Verdict.not_judged("1", text)):
        for line in render_annotations(verdict, fail=True):
            assert line.startswith((ERROR, WARNING))
            assert len(line.splitlines()) == 1
            assert "\r" not in line


def test_properties_are_escaped_further() -> None:
    """`:` and `,` end a property, `%` comes first or the escapes would be escaped."""
    assert command("error", "100%: a,\r\nb", title="a:b,c%\n") == "::error title=a%3Ab%2Cc%25%0A::100%25: a,%0D%0Ab"
    assert command("notice", "bare") == "::notice::bare"


def test_the_fence_holds_whatever_is_in_it() -> None:
    """Commands are off from the first line to the token, which stands on a line of its own."""
    text = "x\n::error::y\n##[error]z\n::endgroup::"
    fence = fenced(text, "t0ken")
    assert fence == f"::stop-commands::t0ken\n{text}\n::t0ken::\n"
    with pytest.raises(AssertionError):
        fenced("a\n::t0ken::\nb", "t0ken")
    with pytest.raises(AssertionError):
        fenced("a", "")


def test_controls_are_spelt_out() -> None:
    """A log is read in terminals too."""
    for line in render_annotations(named(a_verdict(), "\x1b[31m\u202e"), fail=True):
        assert re.search(r"\\x1b\[31m\\u202e", line) or "plainname" not in line
        assert line.isprintable()


def at(file: str, line: int = 7, text: str = "Property 'p' was false") -> Violation:
    """A violation of a property at a place."""
    return replace(a_violation("properties", text, "PropertyViolated", source="a"), location=Location(file, line))


def as_it_is(location: Location) -> tuple[str, int] | None:
    """As if every file were there."""
    return (location.file, location.line) if location.line else None


def test_a_violation_stands_at_the_line_of_its_assertion() -> None:
    """One annotation a line of code, after that of the gate; nothing without a file of the workspace."""
    verdict = failing(at("src/a.rs"), at("src/a.rs", text="Property 'q' was false"), at("src/b.rs", 9))
    _, first, second = render_annotations(verdict, fail=True, place=as_it_is)
    assert first.startswith(
        "::error file=src/a.rs,line=7,title=Simulation coverage::Property 'p' was false%0AProperty 'q'"
    )
    assert second.startswith("::error file=src/b.rs,line=9,")
    assert len(render_annotations(verdict, fail=True)) == 1
    assert render_annotations(verdict, fail=False, place=as_it_is)[1].startswith("::warning file=src/a.rs,line=7,")


def test_annotations_at_lines_leave_room_for_the_gates() -> None:
    """Ten a kind: the gates come first."""
    gates = [a_violation(gate, gate, source="a") for gate in ("failures", "repairs", "view-changes")]
    lines = render_annotations(failing(*gates, *(at("a.rs", n) for n in range(1, 50))), fail=True, place=as_it_is)
    assert len(lines) == 10
    assert [" file=" in line for line in lines] == [False] * 4 + [True] * 6


def test_a_file_name_can_not_start_another_command() -> None:
    """Commas, colons and line ends in a property are escaped."""
    _, line = render_annotations(failing(at("a,title=x::error::y\n.rs")), fail=True, place=as_it_is)
    assert line.startswith("::error file=a%2Ctitle=x%3A%3Aerror%3A%3Ay%0A.rs,line=7,")
