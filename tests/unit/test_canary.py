"""Canaries against a control run: what counts as detected, and a word for everything that doesn't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.pages import HOSTILE, assert_inert
from tests.support.reports import a_coverage, a_stream
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.detector import SHIPPED, Detector
from vopr_coverage.canaries.judge import CanaryEnding, CanaryRun, CanaryVerdict, judge_canaries
from vopr_coverage.formats.schema import problems
from vopr_coverage.formats.strict_json import strict_loads
from vopr_coverage.model.report import Input
from vopr_coverage.reading import read_report
from vopr_coverage.render.canaries import render_canaries_markdown, render_canaries_text
from vopr_coverage.statistics.intervals import wilson

WRONG_HASH = Detector(("hash_chain", "hash_chain_integrity"))
ATTEMPTED = {"sim.network.send": 400, "sim.storage.write": 300}


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Reads a stream as a run."""

    def reader(stream: bytes) -> Input:
        (tmp_path / "run.ndjson").write_bytes(stream)
        return read_report(str(tmp_path / "run.ndjson"))

    return reader


def judged(control: Input, run: Input | CanaryRun, detector: Detector = WRONG_HASH) -> CanaryVerdict:
    """One canary, judged."""
    canary = run if isinstance(run, CanaryRun) else CanaryRun("canary", run)
    return judge_canaries([ControlRun(control)], [canary], {"canary": detector}, "1.0")


def ending(control: Input, run: Input | CanaryRun, detector: Detector = WRONG_HASH) -> CanaryEnding:
    """How one canary ended."""
    (result,) = judged(control, run, detector).results
    return result.ending


def test_its_own_invariant_detects_a_canary(read: Any) -> None:
    """Any of the set will do, whatever else failed beside it; the first seeds are told."""
    control = read(a_stream(20))
    verdict = judged(control, read(a_stream(20, failing={3: "hash_chain", 5: "vsr_agreement"})))
    (result,) = verdict.results
    assert (result.ending, result.seeds, result.iterations) == (CanaryEnding.DETECTED, ("3",), 20)
    assert verdict.passed
    assert (verdict.low, verdict.high) == wilson(1, 1)


def test_another_invariant_is_no_detection(read: Any) -> None:
    """A bug was found, but not this one."""
    control = read(a_stream(20))
    verdict = judged(control, read(a_stream(20, failing={5: "vsr_agreement"})))
    assert not verdict.passed
    assert verdict.results[0].ending is CanaryEnding.WRONG_INVARIANT
    assert verdict.results[0].detail == "vsr_agreement on 1 seed"


def test_a_green_run_is_no_detection(read: Any) -> None:
    """The planted bug was not noticed, or is not even called."""
    assert ending(read(a_stream(20)), read(a_stream(20))) is CanaryEnding.NOT_DETECTED


def test_a_crash_is_no_detection(read: Any) -> None:
    """Even where the expected invariant failed before: nobody knows what ended it."""
    broken = a_stream(20, failing={3: "hash_chain"})
    cut = b"".join(broken.splitlines(keepends=True)[:10])
    assert ending(read(a_stream(20)), read(cut)) is CanaryEnding.CRASHED


def test_lost_records_detect_only_where_that_is_expected(read: Any) -> None:
    """Seeds that don't repeat themselves are one canary's effect, and another's accident."""
    control, run = read(a_stream(20)), read(a_stream(20, lost=[4]))
    assert ending(control, run, Detector(determinism=True)) is CanaryEnding.DETECTED
    assert ending(control, run) is CanaryEnding.WRONG_INVARIANT


def test_a_violated_property_detects(read: Any) -> None:
    """The simulator exits with 0 on these."""
    properties = {"violation_count": 1, "violated_ids": ["storage.hash"]}
    whole = {"total_observed": 1, "always_evaluated": 1, "never_evaluated": 0, "sometimes_satisfied": 0}
    whole |= {"sometimes_total": 0, "reached_hit": 0, "reached_total": 0}
    lists: dict[str, list[str]] = {"unsatisfied_sometimes_ids": [], "unreached_ids": []}
    run = read(a_stream(20, properties=whole | lists | properties))
    assert ending(read(a_stream(20)), run, Detector(properties=("storage.hash",))) is CanaryEnding.DETECTED
    assert ending(read(a_stream(20)), run) is CanaryEnding.WRONG_INVARIANT


def test_a_fault_point_that_vanished_detects(read: Any) -> None:
    """A fault injector that was unplugged leaves everything green; that is what gives it away."""
    control = read(a_stream(20))
    without = read(a_stream(20, coverage=a_coverage(effects={})))
    unplugged = Detector(fault_points=("network.drop",))
    assert ending(control, without, unplugged) is CanaryEnding.DETECTED
    assert ending(control, control, unplugged) is CanaryEnding.NOT_DETECTED
    # a point that control doesn't hit either, and a run too short to miss it, show nothing
    assert ending(without, without, unplugged) is CanaryEnding.NOT_MEASURED
    short = read(a_stream(19, coverage=a_coverage(effects={})))
    assert ending(control, short, unplugged) is CanaryEnding.NOT_MEASURED


def test_what_was_not_run_fails(read: Any) -> None:
    """Every declared canary must have run; a build that failed and a file that isn't one are told apart."""
    control = read(a_stream(20))
    assert not judge_canaries([ControlRun(control)], [], {"canary": WRONG_HASH}, "1.0").passed
    assert ending(control, CanaryRun("other", control)) is CanaryEnding.NOT_RUN
    assert ending(control, CanaryRun("canary", ending=CanaryEnding.BUILD_FAILED)) is CanaryEnding.BUILD_FAILED
    flat = Input("flat.json", "report", control.report)
    assert ending(control, flat) is CanaryEnding.UNUSABLE


@pytest.mark.parametrize(
    ("stream", "problem"),
    [
        (a_stream(20, failing=[3]), "invariant model_verification failed on 1 seed"),
        (a_stream(20, lost=[3]), "1 seed failed without a record"),
        (a_stream(20)[:-40], "it did not finish"),
        (a_stream(0), "it ran no iteration"),
    ],
)
def test_a_control_that_is_not_green_proves_nothing(read: Any, stream: bytes, problem: str) -> None:
    """Whatever the canaries did: without them the same may happen."""
    verdict = judged(read(stream), read(a_stream(20, failing={3: "hash_chain"})))
    assert not verdict.passed
    assert any(problem in told for told in verdict.control_problems)
    assert "control" in verdict.reason


def test_the_score_has_wilsons_interval(read: Any) -> None:
    """Four of five is 37.6 % to 96.4 %: five canaries say little about all bugs."""
    low, high = wilson(5, 4)
    assert (round(low, 3), round(high, 3)) == (0.376, 0.964)
    control = read(a_stream(20))
    names = [f"c{number}" for number in range(5)]
    runs = [CanaryRun(name, read(a_stream(20, failing={1: "hash_chain"} if name != "c0" else {}))) for name in names]
    verdict = judge_canaries([ControlRun(control)], runs, dict.fromkeys(names, WRONG_HASH), "1.0")
    assert (verdict.detected, verdict.declared, round(verdict.low, 3)) == (4, 5, 0.376)
    assert "4 of 5, 80%" in render_canaries_text(verdict)


def test_the_documents_five_are_shipped() -> None:
    """Each with a set of detectors."""
    assert len(SHIPPED) == 5
    assert all(detector.invariants for detector in SHIPPED.values())


def test_a_verdict_fits_its_schema(read: Any) -> None:
    """The file is for other programs."""
    for verdict in (judged(read(a_stream(9)), read(a_stream(9))), judged(read(a_stream(0)), CanaryRun("canary"))):
        assert problems("canaries", strict_loads(verdict.to_json().encode())) == []


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_names_stay_text(read: Any, text: str) -> None:
    """Whatever a config or a run calls its canaries and invariants."""

    def page(name: str) -> str:
        verdict = judged(read(a_stream(20, failing=[1])), read(a_stream(20, failing={5: "x"})), Detector((name,)))
        (result,) = verdict.results
        strange = replace(result, name=name, detail=name)
        return render_canaries_markdown(replace(verdict, results=(strange,), control=name, control_problems=(name,)))

    assert_inert(page(f"a{text}"), page("plain"))
    verdict = judged(read(a_stream(20)), read(a_stream(20)), Detector((text,)))
    assert all(line.isprintable() for line in render_canaries_text(verdict).splitlines())
