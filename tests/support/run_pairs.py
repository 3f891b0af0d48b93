"""Two runs of the same seeds, for tests: streams that differ in what a test says, judged both ways round."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support.reports import a_stream, ndjson, records_of
from vopr_coverage.determinism.judge import Context, Subject, judge_one, judge_two
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.formats import schema as contract
from vopr_coverage.reading.seeds import Seeds

CONTEXT = Context("1.0", "vopr --scenario {scenario} --seed {seed}")
FULL = "0123456789abcdef" * 4


def in_blocks(stream: bytes, lines: int) -> Iterator[bytes]:
    """The stream as a reader gets it, `lines` lines at a time."""
    every = stream.splitlines(keepends=True)
    return (b"".join(every[at : at + lines]) for at in range(0, len(every), lines))


def a_subject(stream: bytes, name: str, lines: int = 7, scenario: str | None = None) -> Subject:
    """A run to judge; blocks of 7 lines put no boundary where the other side has one."""
    return Subject(name, scenario, Seeds(in_blocks(stream, lines), name))


def valid(verdict: DeterminismVerdict) -> DeterminismVerdict:
    """The verdict, which meets its schema."""
    assert contract.problems("determinism", json.loads(verdict.to_json())) == []
    return verdict


def two(left: bytes, right: bytes, scenario: str | None = None) -> DeterminismVerdict:
    """Judge two streams, and the other way round, which must say the same."""
    verdict = valid(judge_two(a_subject(left, "a", 7, scenario), a_subject(right, "b", 5, scenario), CONTEXT))
    back = valid(judge_two(a_subject(right, "b", 3), a_subject(left, "a", 50), CONTEXT))
    same = ("status", "seeds", "nondeterministic", "at_most", "by_field")
    assert [getattr(verdict, name) for name in same] == [getattr(back, name) for name in same]
    return verdict


def one(stream: bytes) -> DeterminismVerdict:
    """Judge one stream by its own check."""
    return valid(judge_one(a_subject(stream, "a"), CONTEXT))


def changed(stream: bytes, seed: int, **changes: Any) -> bytes:
    """The stream with another record for that seed."""
    records = records_of(stream)
    for record in records:
        if record["type"] == "iteration" and record["data"]["seed"] == seed:
            record["data"] |= changes
    return ndjson(*records)


def varying(count: int, first: int = 0, **more: Any) -> bytes:
    """A stream in which both hashes depend on the seed."""
    records = records_of(a_stream(count, first=first, **more))
    for record in records:
        if record["data"].get("status") == "ok":
            record["data"]["kernel_state_hash"] = f"{record['data']['seed'] + 1:064x}"
    return ndjson(*records)


def kinds(verdict: DeterminismVerdict) -> list[str]:
    """The kinds of its findings, in order."""
    return [finding.kind for finding in verdict.findings]


def differing(verdict: DeterminismVerdict) -> dict[str, tuple[str | None, str | None]]:
    """What differs in the first diverging seed."""
    return {one.field: (one.left, one.right) for one in verdict.divergences[0].differences}
