"""What more seeds would show is told as advice: of failures and of different runs, and never as a gate."""

from __future__ import annotations

import random
from pathlib import Path

from tests.support.rated import judged
from tests.support.simulations import as_lines, begin, finish, seed

RARE = 1.3  # of a Zipf law: many kinds are seen once


def warnings_of(folder: Path, digests: list[str], kinds: list[str]) -> tuple[int, list[str]]:
    """The exit code and the warnings for a run of these seeds; a kind other than "" failed."""
    hits = {"hits": {"torn": 1}, "ran": {"agreement": 1}}
    records = [begin(len(digests), 0, points={"fault": ["torn"]}, invariants=["agreement"])]
    for number, (digest, kind) in enumerate(zip(digests, kinds, strict=True)):
        failed = {"status": "failed", "failure": {"invariant": kind, "message": ""}} if kind else {}
        records.append(seed(number, digest=digest, **hits, **failed))
    path = folder / "run.ndjson"
    path.write_bytes(as_lines([*records, finish(len(digests), sum(map(bool, kinds)))]))
    ended, verdict = judged(folder, path)
    return ended.code, [each["text"] for each in verdict["warnings"]]


def zipf(rng: random.Random) -> int:
    """A kind: the first is the most frequent."""
    return int(rng.paretovariate(RARE - 0.3))


def test_runs_that_repeat_seldom_are_told_with_an_estimate(tmp_path: Path) -> None:
    """And the estimate is right: a thousand more are drawn from the same law."""
    rng = random.Random(3)
    seen = [zipf(rng) for _ in range(2_000)]
    code, lines = warnings_of(tmp_path, [f"{kind:x}" for kind in seen], [""] * 2_000)
    assert code == 0
    assert lines == [
        "79 different runs in 2,000 seeds, 39 of them once: 1,000 more seeds would show about 16.8 more "
        "(an estimate by Chao2; 106 to 226 in all, 95%)"
    ]
    assert 10 <= len({zipf(rng) for _ in range(1_000)} - set(seen)) <= 24  # the truth, within two standard deviations


def test_kinds_of_failures_are_told_too(tmp_path: Path) -> None:
    """The run is red for its failures, whatever the estimate says."""
    rng = random.Random(4)
    kinds = [f"invariant {zipf(rng)}" if rng.random() < 0.5 else "" for _ in range(2_000)]
    code, warnings = warnings_of(tmp_path, ["same"] * 1_999 + ["other"], kinds)
    assert code == 1
    assert [line.partition(" in ")[0] for line in warnings if "more seeds" in line] == ["58 kinds of failures"]


def test_runs_that_are_all_different_say_nothing(tmp_path: Path) -> None:
    """Nothing repeats, so nothing says where it ends."""
    assert warnings_of(tmp_path, [f"{number:x}" for number in range(300)], [""] * 300) == (0, [])


def test_runs_that_change_in_bursts_are_hidden(tmp_path: Path) -> None:
    """Ten seeds on end do the same, so seeds are not independent."""
    assert warnings_of(tmp_path, [f"{number // 10:x}" for number in range(1_000)], [""] * 1_000) == (0, [])
