"""Reads the list of fuzzing results that TigerBeetle publishes. docs/formats/tigerbeetle.md describes it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from vopr_coverage.errors import ReportError, Words
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.figures import counted
from vopr_coverage.model.points import Broken, InvariantSeen, Observed
from vopr_coverage.model.report import Finish, Input

CANARY = "canary"  # a fuzzer that must fail: if it does not, nothing of the others' silence can be trusted
CANARY_AGE_MAX_S = 24 * 3600
KEYS = ("commit_sha", "fuzzer", "ok", "seed")


class Result(msgspec.Struct):
    """One record: `count` runs of a fuzzer on a commit. Times are seconds since 1970."""

    commit_sha: str
    commit_timestamp: int
    fuzzer: str
    ok: bool
    count: Annotated[int, msgspec.Meta(ge=0)]
    seed: int
    seed_timestamp_start: int
    seed_timestamp_end: int
    command: str = ""


def looks_like_tigerbeetle(document: object) -> bool:
    """Whether a JSON value is such a list, perhaps an invalid one."""
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, dict) and all(key in first for key in KEYS)


def read_tigerbeetle(document: Any, source: str) -> Input:
    """Read one document: each fuzzer is an invariant that runs, and is broken where a seed failed.

    There are no points in it, so coverage of them is not measured.

    Raises:
        ReportError: a record that lacks a key, or has one of another type.
    """
    results = [_result(record, index, source) for index, record in enumerate(document)]
    invariants: dict[str, InvariantSeen] = {}
    broken: dict[str, Broken] = {}
    for result in results:
        name = f"fuzzer {result.fuzzer}"
        seen = invariants.setdefault(name, InvariantSeen())
        seen.executions = (seen.executions or 0) + result.count
        seen.runs += result.count
        if not result.ok and result.fuzzer != CANARY:
            where = f"failed at seed {result.seed} of commit {result.commit_sha[:12]}"
            before = broken.get(name)
            broken[name] = Broken(name, before.line if before else where, runs=(before.runs if before else 0) + 1)
    late = _canary_is_late(results)
    if late:
        broken[f"fuzzer {CANARY}"] = Broken(f"fuzzer {CANARY}", late)
    observed = Observed(runs=sum(result.count for result in results), unit="file", invariants=invariants, broken=broken)
    commits = len({result.commit_sha for result in results})
    return Input(
        source=source,
        format="tigerbeetle",
        report=coverage_of(observed),
        warnings=(
            f"{counted(commits, 'commit')} in this file, added up: it has no points, and at most so many results",
        ),
        listed_only=True,
        observed=observed,
        finish=Finish(known=True),
    )


def _canary_is_late(results: list[Result]) -> str:
    """What is wrong with the canary, compared with the newest result of any fuzzer; "" if nothing is."""
    failed = [result.seed_timestamp_end for result in results if result.fuzzer == CANARY and not result.ok]
    if not failed:
        return "never failed, and a canary must"
    age = max(result.seed_timestamp_end for result in results) - max(failed)
    return f"has not failed for {counted(age // 3600, 'hour')}" if age > CANARY_AGE_MAX_S else ""


def _result(record: object, index: int, source: str) -> Result:
    try:
        return msgspec.convert(record, Result)
    except msgspec.ValidationError as error:
        raise ReportError(
            source, f"#/{index}", expected="a result of a fuzzer", found=Words(str(error)[:200])
        ) from None
