"""The example simulator from inside: time, disk, faults, queries, and that a seed is all that a run depends on."""

from __future__ import annotations

import ast
import re
import sys
from collections import deque
from pathlib import Path
from random import Random

import pytest

from examples.simulator.cluster import simulate
from examples.simulator.coverage import FAULT_POINTS, Coverage
from examples.simulator.disk import Disk, tip_of
from examples.simulator.messages import NO_PARENT, Entry, new_entry
from examples.simulator.scenarios import FEATURES, SCENARIOS, Scenario, unknown
from examples.simulator.scheduler import Scheduler
from examples.simulator.table import BANDS, Query, Table

SOURCES = sorted((Path(__file__).parents[2] / "examples" / "simulator").glob("*.py"))
README = (SOURCES[0].parent / "README.md").read_text(encoding="utf-8")
LINES_MAX = 250
FUNCTION_LINES_MAX = 40
CANARIES = {
    "canary-skip-fsync": {"vsr_recovery_safety", "durability"},
    "canary-wrong-hash": {"hash_chain"},
    "canary-commit-quorum": {"commit_quorum"},
    "canary-idempotency-race": {"client_session_monotonic"},
    "canary-monotonic-regression": {"replica_head_progress"},
}


def a_log(length: int) -> tuple[Entry, ...]:
    """A log of as many entries, well chained."""
    log: list[Entry] = []
    for op in range(1, length + 1):
        log.append(new_entry(op, 0, 3, op, ("put", op, op), tip_of(log)))
    return tuple(log)


def a_disk(scenario: Scenario = SCENARIOS["baseline"]) -> tuple[Disk, Coverage]:
    """An empty disk, and what counts its operations."""
    coverage = Coverage()
    return Disk(Scheduler(seed=1), coverage, scenario), coverage


def test_events_run_in_the_order_of_their_time_and_then_of_their_planning() -> None:
    """The heap never compares actions, and a tie has one outcome."""
    scheduler, seen = Scheduler(seed=1), list[str]()
    for delay_ns, name in ((5, "c"), (1, "a"), (5, "d"), (2, "b"), (9, "late")):
        scheduler.after(delay_ns, seen.append, name)
    scheduler.run(until_ns=5)
    assert (seen, scheduler.events, scheduler.now_ns) == (["a", "b", "c", "d"], 4, 5)


def test_a_crash_takes_what_was_not_fsynced() -> None:
    """An fsync covers what was written when it began, and nothing later."""
    disk, _ = a_disk()
    first, second = a_log(2)
    disk.append(first)
    under_way = disk.cached
    disk.append(second)
    assert disk.sync(under_way)
    assert not disk.clean
    assert disk.crash()
    assert disk.read(1) == (first,)
    assert not disk.crash()


def test_a_failed_fsync_leaves_the_medium_as_it_was() -> None:
    """Attempted, applied, and no fsync_complete."""
    disk, coverage = a_disk(Scenario("", fsync_failure=1.0))
    disk.append(*a_log(1))
    assert not disk.sync(disk.cached)
    assert disk.synced.log == ()
    assert (coverage.applied["storage.fsync_failure"], coverage.phases["storage:fsync_complete"]) == (1, 0)


def test_a_corrupt_read_is_noticed_by_its_checksum() -> None:
    """Nothing corrupt is ever handed out, and each corruption that was applied was observed."""
    disk, coverage = a_disk(Scenario("", corruption=0.5))
    disk.append(*a_log(20))
    disk.sync(disk.cached)
    assert disk.read(1) == a_log(20)
    assert coverage.observed["storage.corruption"] == coverage.applied["storage.corruption"] > 5
    assert coverage.attempted["sim.storage.read"] == 20 + coverage.applied["storage.corruption"]


def test_each_plan_gives_what_looking_at_every_row_gives() -> None:
    """All queries on many tables; and there are more than the twenty plans that nightly asks for."""
    rng, plans = Random(3), set()
    for _ in range(60):
        table = Table()
        for op in range(1, rng.randrange(30)):
            table.apply(op, (rng.choice(["put", "add", "del"]), rng.randrange(12), rng.randrange(50)))
        for _ in range(60):
            low = rng.randrange(12)
            query = Query(
                low,
                rng.randrange(low, 12),
                rng.choice([None, *range(BANDS)]),
                rng.random() < 0.3,
                rng.random() < 0.5,
                rng.choice([0, 2]),
                rng.choice(["rows", "count", "sum"]),
            )
            steps = table.plan(query)
            plans.add(steps)
            assert table.run(steps, query) == query.answer(table.rows)
    assert len(plans) > 20


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_seed_is_all_that_a_run_depends_on(scenario: str) -> None:
    """Two runs of a seed are equal, two seeds differ, and looking on changes nothing."""
    coverage, trace = Coverage(), deque[str](maxlen=5)
    first = simulate(11, SCENARIOS[scenario], frozenset(), coverage)
    assert simulate(11, SCENARIOS[scenario], frozenset(), coverage, trace) == first
    assert simulate(12, SCENARIOS[scenario], frozenset(), coverage).kernel_state_hash != first.kernel_state_hash
    assert len(trace) == 5


@pytest.mark.parametrize("canary", CANARIES)
def test_a_canary_is_caught_by_its_own_invariants_only(canary: str) -> None:
    """The planted bug is seen where it happens, before it does harm elsewhere; these seeds hold without it."""
    coverage = Coverage()
    outcomes = [simulate(seed, SCENARIOS["combined"], frozenset({canary}), coverage) for seed in range(60)]
    assert {outcome.invariant for outcome in outcomes} - {""} == CANARIES[canary]
    healthy = [simulate(seed, SCENARIOS["combined"], frozenset(), coverage).invariant for seed in range(60)]
    assert not any(healthy)


def test_a_liar_is_more_than_the_protocol_tolerates() -> None:
    """Each seed of `equivocation` breaks an invariant, and no property."""
    coverage = Coverage()
    outcomes = [simulate(seed, SCENARIOS["equivocation"], frozenset(), coverage) for seed in range(40)]
    assert {outcome.invariant for outcome in outcomes} <= {"vsr_agreement", "hash_chain", "storage_determinism"}
    assert not coverage.violated


def test_an_unplugged_injector_shows_in_its_effects_only() -> None:
    """Drops are attempted as ever; none is applied."""
    coverage = Coverage()
    simulate(3, SCENARIOS["combined"], frozenset({"drop-disabled"}), coverage)
    assert coverage.attempted["network.drop"] > 0
    assert coverage.applied["network.drop"] == coverage.observed["network.drop"] == 0


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    """For features and scenarios alike; nothing is said when all are known."""
    assert (
        unknown(["canary-skip-fsnc"], FEATURES) == "unknown name 'canary-skip-fsnc', did you mean 'canary-skip-fsync'?"
    )
    assert unknown(["x"], ["one", "two"]) == "unknown name 'x', known: one, two"
    assert unknown(["canary-wrong-hash"], FEATURES) == ""


def test_the_readme_names_what_there_is() -> None:
    """Scenarios and features have a row each, and the canaries' rows name who catches them."""
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", README, re.MULTILINE))
    assert set(rows) == {*SCENARIOS, *FEATURES}
    for canary, invariants in CANARIES.items():
        assert set(re.findall(r"`([^`]+)`", rows[canary])) == invariants, canary


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.name))
def test_a_file_can_be_read_in_one_go_and_needs_nothing_installed(path: Path) -> None:
    """At most 250 lines a file, 40 a function; the standard library only, and no source of chance but the seed."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES_MAX, node.name
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= sys.stdlib_module_names - {
                "os",
                "secrets",
                "uuid",
            }
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert str(node.module).split(".")[0] in sys.stdlib_module_names


def test_fault_points_and_an_empty_log_have_the_profiles_names() -> None:
    """The critical points of `nightly` are among them."""
    nightly = {f"sim.{name}" for name in ("storage.crash", "network.deliver", "network.partition", "network.send")}
    assert nightly < set(FAULT_POINTS)
    assert tip_of([]) == NO_PARENT
