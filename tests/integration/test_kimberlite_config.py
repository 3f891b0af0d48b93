"""examples/configs/kimberlite.yml: healthy recorded runs pass it, each sick one fails for its own reason."""

from __future__ import annotations

import pytest

from tests.support.checking import checked
from tests.support.reports import REAL
from vopr_coverage.canaries.evidence import Seen
from vopr_coverage.config.file import load_config
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.nightly.wish import Asked, own_work
from vopr_coverage.statistics.intervals import iterations_to_see

CONFIG = str(REAL.parents[2] / "examples" / "configs" / "kimberlite.yml")


def judged(report: str) -> Verdict:
    """The verdict on `SCENARIO=FILE` under the example config."""
    scenario, _, name = report.partition("=")
    return checked([f"{scenario}={REAL / name}"], config=CONFIG)


@pytest.mark.parametrize(
    "report",
    [
        "baseline=baseline.ndjson",
        "combined=combined.ndjson",
        "multi-tenant=multi-tenant.ndjson",
        "multi-tenant=multi-tenant-verbose-stderr-mixed-in.ndjson.gz",
        "swizzle=swizzle-a.ndjson",
        "swizzle=swizzle-b.ndjson",
        "swizzle=swizzle-ab.ndjson",
        "view-change-merge=byzantine-view-change-merge.ndjson",
        "inflated-commit=check-determinism-byzantine-no-trace.ndjson",
    ],
)
def test_a_healthy_run_passes(report: str) -> None:
    """A gate that no real run can meet would be switched off."""
    assert [violation.line for violation in judged(report).violations] == []


@pytest.mark.parametrize(
    ("report", "first"),
    [
        (
            "combined=combined-killed.ndjson",
            "Run incomplete: no batch_complete after 15 of 200 iterations, stopped at seed 915",
        ),
        ("baseline=zero-iterations.ndjson", "No iterations ran (expected >= 1)"),
        (
            "combined=byzantine-view-change-merge.ndjson",
            "Invariant 'replica_consistency' failed on 10 seeds: 7, 8, 9, 10, 11, 12, 13, 14, 15, 16",
        ),
        (
            "swizzle=canary-rng-unseeded-check-determinism.ndjson",
            "Nondeterministic: 10 failed seeds left no record: 42, 43, 44, 45, 46, 47, 48, 49, 50, 51",
        ),
        (
            "combined=canary-drop-disabled.ndjson",
            "Critical fault point 'network.drop' never hit",
        ),
    ],
)
def test_a_sick_run_fails_for_its_own_reason(report: str, first: str) -> None:
    """The first line of the verdict is the disease."""
    assert judged(report).violations[0].line == first


def test_every_canary_can_be_planned_and_would_show() -> None:
    """In a scenario of the config, and with the iterations that show it at 99 % where its rate is known."""
    config = load_config(CONFIG)
    usual = Asked("combined", 10_000)
    own = own_work(config.canaries, usual)
    for name, detector in config.canaries.items():
        asked = own.get(name, usual)
        assert config.complaint(asked.scenario) == ""
        if detector.seen:
            assert asked.scenario == detector.seen.scenario
            assert asked.iterations >= iterations_to_see(detector.seen.seeds / detector.seen.of)
    assert config.canaries["canary-skip-fsync"].seen == Seen("alter-table-crash-recovery", 1, 8_000)


def test_lost_records_fail_an_expected_violation_too() -> None:
    """Two seeds that failed without a record were not caught: both lines say so."""
    assert [
        violation.line for violation in judged("inflated-commit=check-determinism-byzantine.ndjson").violations
    ] == [
        "Expected violation missed: 8 of 10 seeds caught it (expected >= 100%)",
        "Nondeterministic: 2 failed seeds left no record: 14, 15",
    ]
