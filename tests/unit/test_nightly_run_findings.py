"""The findings in a verdict on run health: whole ones, as the page and the tracked issue get them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from vopr_coverage.model.crash import Crash
from vopr_coverage.model.verdict import Failure, Verdict, Violation
from vopr_coverage.nightly.run_health import failing_seed, findings_of
from vopr_coverage.nightly.verdict import Finding

FAILURE = Failure(
    source="elsewhere",
    scenario="combined",
    invariant="hash\tchain",
    message="read\nmismatch",
    count=1,
    seeds=("42",),
    repro="vopr --seed 42",
    fill_in=False,
    expected=False,
)
HASH_CHAIN = "seed 42 failed hash\\tchain"
REPLAY_IT = "The simulator found a bug: replay the seed with the command shown."
SEED = Finding(
    job="long-run",
    source="r1",
    kind="failing seed",
    line="seed 42 failed hash\\tchain: read\\nmismatch",
    advice=REPLAY_IT,
    seed="42",
    invariant="hash\tchain",
    repro="vopr --seed 42",
    scenario="combined",
    message="read\\nmismatch",
    seeds=1,
)
CRASH = Crash(exit_code=101, last_words=("thread 'main' panicked at src/a.rs:7:", "index\tout of bounds", "note: x"))
DIED = "ended with exit code 101"
CRASH_ADVICE = (
    "The simulator died at this seed: replay it with the command shown. If it then holds, the crash depends "
    "on the seeds before it, on memory or on the machine."
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"count": 2}, {"line": f"{HASH_CHAIN} (and 1 more seed): read\\nmismatch", "seeds": 2}),
        ({"count": 1_001}, {"line": f"{HASH_CHAIN} (and 1,000 more seeds): read\\nmismatch", "seeds": 1_001}),
        ({"seeds": ()}, {"line": "seed unknown failed hash\\tchain: read\\nmismatch", "seed": None}),
        ({"message": ""}, {"line": "seed 42 failed hash\\tchain", "message": ""}),
        ({"message": "y" * 201}, {"line": f"seed 42 failed hash\\tchain: {'y' * 200}", "message": "y" * 200}),
        ({"whole_run": True}, {"whole_run": True}),
        ({"scenario": None}, {"scenario": ""}),
        (
            {"crash": CRASH, "invariant": "crash"},
            {
                "line": f"seed 42 crashed, {DIED}: read\\nmismatch",
                "advice": CRASH_ADVICE,
                "invariant": "crash",
                "crash": CRASH,
                "detail": "stderr ends with: thread 'main' panicked at src/a.rs:7: / index\\tout of bounds / note: x",
            },
        ),
        (
            {"crash": Crash(signal=11, last_words=("gone",), not_run=2), "invariant": "crash", "message": ""},
            {
                "line": "seed 42 crashed, ended by signal 11; 2 seeds behind it did not run",
                "advice": CRASH_ADVICE,
                "invariant": "crash",
                "message": "",
                "crash": Crash(signal=11, last_words=("gone",), not_run=2),
            },
        ),
    ],
)  # fmt: skip
def test_failed_seeds_become_one_finding(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    """It names the first of them, in printable words of at most 200 characters."""
    assert failing_seed("long-run", "r1", replace(FAILURE, **changes)) == replace(SEED, **expected)


VIOLATION = Violation(
    source="elsewhere",
    gate="properties",
    kind="PropertyViolated",
    message="Property 'p' was violated",
    expected="Holds",
    actual="Violated",
    line="Property 'p\tq' was violated",
    detail="at\nline 7",
    advice="Look at it.",
    repro="vopr --seed 9",
)
UNHEALTHY = Finding(
    job="long-run",
    source="r1",
    kind="run health",
    line="Property 'p\\tq' was violated",
    advice="Look at it.",
    detail="at\\nline 7",
    rule="PropertyViolated",
    repro="vopr --seed 9",
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"point": "p"}, {"name": "p"}),
        ({"invariant": "i"}, {"invariant": "i", "name": "i"}),
        ({"point": "p", "invariant": "i"}, {"invariant": "i", "name": "p"}),
        ({"kind": "RunIncomplete"}, {"kind": "lost run", "rule": "RunIncomplete"}),
    ],
)
def test_a_violation_of_run_health_becomes_a_finding(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    """A run that broke off is lost; what the violation is about has its name."""
    verdict = Verdict("failed", False, "", "1.0", violations=(replace(VIOLATION, **changes),))
    assert list(findings_of("long-run", "r1", verdict)) == [replace(UNHEALTHY, **expected)]


def test_failing_seeds_come_first_and_once() -> None:
    """The violation that counts them says nothing new, and an expected failure is none."""
    counted = replace(VIOLATION, kind="SeedFailed", gate="failures")
    verdict = Verdict(
        "failed",
        False,
        "",
        "1.0",
        violations=(VIOLATION, counted),
        failures=(replace(FAILURE, expected=True), FAILURE),
    )
    assert list(findings_of("long-run", "r1", verdict)) == [SEED, UNHEALTHY]
