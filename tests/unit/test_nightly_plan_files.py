"""Plans as files: all that is wrong with one, in one go, and names that stand for files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.night_folders import a_plan
from vopr_coverage.errors import UserError
from vopr_coverage.nightly.plan import is_safe, plan_from_json, safe_name


def test_names_for_files() -> None:
    """Plain ones stay as they are; of others something is still to be read, and they end with their own digits."""
    assert safe_name("two-nodes_v1.2") == "two-nodes_v1.2"
    assert safe_name("x" * 50) == "x" * 50
    assert safe_name("x" * 51) == f"{'x' * 40}-3ecd502a"
    assert safe_name("a/b: c") == "a-b-c-212e4b10"
    assert safe_name("-rf.") == "rf-3a3172d8"
    assert safe_name("ü") == "scenario-607474ca"
    assert safe_name("\udcff") == "scenario-8f1d0f9c"
    assert [name for name in ("x" * 80, "x" * 81, ".", "..", "a b", "") if is_safe(name)] == ["x" * 80]


def problems(change: Callable[[dict[str, Any]], object]) -> list[str]:
    """What is told of a plan in which something was changed."""
    document = json.loads(a_plan({"combined": ["17", "4711"]}).to_json())
    change(document)
    with pytest.raises(UserError) as told:
        plan_from_json(json.dumps(document).encode(), "plan.json")
    return str(told.value).splitlines()


def test_all_problems_of_a_plan_are_told_with_their_places() -> None:
    """Those that a schema can't express."""
    far = "18446744073709551616"

    def break_much(plan: dict[str, Any]) -> None:
        first, second = plan["long_run"]["include"]
        first["name"], first["seed"], second["shard"] = "a\n", far, 9
        plan["canary"]["include"][1]["name"] = "Control"
        plan["coverage"]["include"][0]["shard"] = 2
        plan["determinism"]["include"][0]["seed"] = far
        plan["work"][1]["planned"] = 61
        plan["seed_base"] = far
        plan["regressions"][0]["seeds"][1] = far

    assert problems(break_much) == [
        "plan.json#/long_run/include/0/name: expected a name that is safe for files, found 'a\\n'",
        f"plan.json#/long_run/include/0/seed: expected a seed below 2^64, found '{far}'",
        f"plan.json#/determinism/include/0/seed: expected a seed below 2^64, found '{far}'",
        "plan.json#/canary/include/1/name: expected every name once, found 'Control'",
        "plan.json#/long_run/include/1/shard: expected a number up to 2, the count of shards, found 9",
        "plan.json#/coverage/include/0/shard: expected a number up to 1, the count of shards, found 2",
        "plan.json#/work/1/planned: expected at most 60, as many as were asked for, found 61",
        f"plan.json#/seed_base: expected a seed below 2^64, found '{far}'",
        f"plan.json#/regressions/0/seeds/1: expected a seed below 2^64, found '{far}'",
    ]


def test_two_lists_may_have_the_same_name() -> None:
    """Long run and coverage have folders of their own."""
    plan = a_plan()
    assert plan.long_run.include[0].name == plan.coverage.include[0].name
    assert plan_from_json(plan.to_json().encode(), "plan.json") == plan


def test_a_plan_has_four_mebibytes_at_most() -> None:
    """Not a byte more."""
    data = a_plan().to_json().encode()
    padded = data + b" " * (4 * 1024 * 1024 - len(data))
    assert plan_from_json(padded, "plan.json") == a_plan()
    with pytest.raises(UserError) as told:
        plan_from_json(padded + b" ", "night/plan.json")
    assert str(told.value) == "night/plan.json: expected a night's plan, found over 4 MiB"
    with pytest.raises(UserError) as told:
        plan_from_json(b"{", "night/plan.json")
    assert str(told.value).startswith("night/plan.json")
