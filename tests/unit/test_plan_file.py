"""A plan as a file: what `plan` wrote is read back, and nothing that could lead a job astray."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from vopr_coverage.errors import UserError
from vopr_coverage.formats.schema import schema
from vopr_coverage.nightly.plan import PLAN_BYTES_MAX, NightPlan, is_safe, plan_from_json, safe_name
from vopr_coverage.nightly.planner import plan_night
from vopr_coverage.nightly.regression_file import RegressionSeeds
from vopr_coverage.nightly.wish import Asked, Wish

ONE = Asked("combined", 40)
PLAN = plan_night(
    Wish(
        (ONE, Asked("swizzle", 9)),
        (ONE,),
        ONE,
        ("canary-a", "canary-b"),
        ONE,
        (5, 42),
        (RegressionSeeds("s", ("17",)),),
    ),
    {"combined": 0.5, "swizzle": 2},
    run_number=3,
    minutes=1,
)  # fmt: skip


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The plan as a file, with something changed in it."""
    document = json.loads(PLAN.to_json())
    change(document)
    return json.dumps(document).encode()


def first(key: str, **changes: Any) -> bytes:
    """The plan with its first job of a matrix changed."""
    return changed(lambda document: document[key]["include"][0].update(changes))


def refused(data: bytes) -> str:
    """What is told of a file that is no plan."""
    with pytest.raises(UserError) as told:
        plan_from_json(data, "plan.json")
    return str(told.value)


def test_a_plan_is_read_as_it_was_written() -> None:
    """On one line, so that it may be a job's output."""
    assert plan_from_json(PLAN.to_json().encode(), "plan.json") == PLAN
    assert "\n" not in PLAN.to_json()


def test_the_page_on_planning_has_every_key() -> None:
    """And the schema has every key that is written, in that order."""
    page = (Path(__file__).parents[2] / "docs" / "planning.md").read_text(encoding="utf-8")
    rows = [row for row in page[page.index("| key |") :].splitlines() if row.startswith("| `")]
    told = {word for row in rows for word in re.findall(r"\w+", row.split("|")[1])}
    assert told == set(schema("plan")["properties"])
    assert list(schema("plan")["properties"]) == list(json.loads(PLAN.to_json()))


@pytest.mark.parametrize("key", ["coverage", "determinism", "canary"])
def test_only_the_long_run_must_have_jobs(key: str) -> None:
    """What was not asked for is an empty list; a night without a long run is none."""
    empty = changed(lambda document: document[key].update(include=[]))
    assert not getattr(plan_from_json(empty, "plan.json"), key).include
    assert "#/long_run/include: expected an array of 1 to 256 jobs" in refused(
        changed(lambda document: document["long_run"].update(include=[]))
    )


@pytest.mark.parametrize("key", ["long_run", "coverage", "determinism", "canary"])
@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "a\n", "a b", "ü", "x" * 81, "a\x00", 5, None, ["a"]]
)  # fmt: skip
def test_a_name_that_is_not_safe_for_files_is_refused(key: str, name: object) -> None:
    """Folders, artifacts and downloads are named by it."""
    assert f"plan.json#/{key}/include/0/name: expected a name" in refused(first(key, name=name))


@pytest.mark.parametrize("key", ["long_run", "coverage", "determinism", "canary"])
def test_names_are_unique_in_their_list(key: str) -> None:
    """Whatever their case: one recording would overwrite the other."""
    name = json.loads(PLAN.to_json())[key]["include"][1]["name"]
    assert f"plan.json#/{key}/include/1/name: expected every name once" in refused(first(key, name=name.upper()))


@pytest.mark.parametrize("seed", ["18446744073709551616", "99999999999999999999", "-1", "1e3", "", "7\n", 7, "٣"])
def test_a_seed_is_below_2_to_the_64(seed: object) -> None:
    """In every place where one stands."""
    assert "#/long_run/include/0/seed: expected a seed" in refused(first("long_run", seed=seed))
    assert "#/seed_base: expected a seed" in refused(changed(lambda document: document.update(seed_base=seed)))
    replay = [{"scenario": "a", "seeds": [seed]}]
    told = refused(changed(lambda document: document.update(regressions=replay)))
    assert "#/regressions/0/seeds/0: expected a seed" in told


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"null", b"{", b"\xff", b'{"format":"urn:vopr-coverage:schema:plan:v1"}', b"[" * 2000,
        b" " * (PLAN_BYTES_MAX + 1),
        changed(lambda document: document.update(format="urn:vopr-coverage:schema:plan:v2")),
        changed(lambda document: document.update(more=1)),
        changed(lambda document: document.update(enough=1)),
        changed(lambda document: document.update(minutes=0)),
        changed(lambda document: document["work"][0].update(job="build")),
        changed(lambda document: document["work"][0].update(rate=0)),
        changed(lambda document: document["long_run"].update(include=document["long_run"]["include"][:1] * 257)),
        first("long_run", iterations=0), first("long_run", iterations=1 << 64), first("long_run", iterations=1.0),
        first("long_run", shard=257), first("canary", scenario=""), first("canary", scenario="x" * 201),
        first("determinism", extra=1),
        PLAN.to_json().replace('"minutes":1', '"minutes":NaN', 1).encode(),
        PLAN.to_json().replace('"run_number"', '"seed_base":"1","run_number"', 1).encode(),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(data: bytes) -> None:
    """In a line that names the file and what was expected."""
    assert refused(data).startswith("plan.json")


@examples(200)
@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200))
def test_any_scenario_gets_a_safe_name_of_its_own(one: str, other: str) -> None:
    """Short enough for what is put behind it."""
    assert is_safe(safe_name(one))
    assert len(safe_name(one)) <= 50
    assert safe_name(one)[0] not in ".-"
    assert (safe_name(one) == safe_name(other)) == (one == other)


def test_a_folder_that_means_another_is_no_safe_name() -> None:
    """Nor is one that leaves its folder, or none at all."""
    assert [name for name in (".", "..", "", "a/b", "a\n", "...", "a.b") if is_safe(name)] == ["...", "a.b"]


def test_a_plan_that_fills_github_matrices_can_be_read() -> None:
    """Every list as long as it may be."""
    many = tuple(RegressionSeeds(f"s{number}", tuple(map(str, range(100)))) for number in range(100))
    wish = Wish((Asked("a" * 200, 10**9),), (Asked("b", 10**9),), ONE, tuple(f"c{n}" for n in range(255)), ONE,
                tuple(range(0, 256_000, 1000)), many)  # fmt: skip
    rates = {"a" * 200: 1.0, "b": 1.0, "combined": 1.0}
    plan: NightPlan = plan_night(wish, rates, (1 << 24) - 1, 60)
    assert [len(jobs) for jobs in (plan.canary.include, plan.determinism.include, plan.regressions)] == [256, 256, 100]
    assert plan_from_json(plan.to_json().encode(), "plan.json") == plan
