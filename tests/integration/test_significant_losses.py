"""`max-regression: significant`: only what chance does not explain fails; the rest is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.rated import a_base, a_history, a_run, judged
from tests.support.reports import Ended, run_cli

SIGNIFICANT = ("--max-regression", "significant")


def compared(folder: Path, before: dict[str, int], now: dict[str, int], *more: Any) -> tuple[Ended, dict[str, Any]]:
    """200 seeds here against 200 seeds on base."""
    base = a_base(folder, 200, {"torn": 90} | before)
    return judged(folder, a_run(folder / "run.ndjson", 200, {"torn": 90} | now), "--base", base, *(more or SIGNIFICANT))


def regression_of(verdict: dict[str, Any]) -> tuple[str, str, str]:
    """The gate's row."""
    (row,) = [gate for gate in verdict["reports"][0]["gates"] if gate["gate"] == "regression"]
    return row["status"], row["measured"], row["required"]


def test_a_rare_point_that_was_missed_is_explained_by_chance(tmp_path: Path) -> None:
    """2 of 200 seeds before, none now: so few occur in every fourth run. It is a warning, with both counts."""
    ended, verdict = compared(tmp_path, {"rare": 2}, {"rare": 0})
    assert ended.code == 0
    (warning,) = [each["text"] for each in verdict["warnings"]]
    assert warning == (
        "Fault point 'rare' was hit on base, not here: lost, explained by chance: 2 of 200 seeds on base, "
        "0 of 200 seeds here, p = 0.25"
    )
    assert regression_of(verdict) == ("passed", "33.3 points, 0 lost beyond chance", ANY_POINTS)


def test_a_common_point_that_is_gone_fails_with_both_counts(tmp_path: Path) -> None:
    """20 of 200 seeds before, none now."""
    ended, verdict = compared(tmp_path, {"common": 20, "rare": 2}, {"common": 0, "rare": 0})
    assert ended.code == 1
    (violation,) = verdict["violations"]
    assert violation["line"] == (
        "Fault point 'common' was hit on base, not here: 20 of 200 seeds on base, 0 of 200 seeds here, p = 5.8e-07"
    )
    assert (violation["kind"], violation["point"]) == ("FaultPointLost", "common")
    assert violation["detail"] == "chance does not explain it, among 5 names compared"
    assert "'rare'" in verdict["warnings"][0]["text"]


def test_every_loss_fails_without_the_word(tmp_path: Path) -> None:
    """As before."""
    ended, _ = compared(tmp_path, {"rare": 2}, {"rare": 0}, "--max-regression", "lost=0")
    assert ended.code == 1


def test_so_many_significant_losses_may_be_allowed(tmp_path: Path) -> None:
    """`lost=1` counts those beyond chance alone."""
    for allowed, code in (("significant, lost=1", 0), ("significant", 1)):
        change = {"common": 20, "rare": 2}, {"common": 0, "rare": 0}
        assert compared(tmp_path, *change, "--max-regression", allowed)[0].code == code


def test_too_few_seeds_to_tell_are_not_measured(tmp_path: Path) -> None:
    """Three seeds a side: even a point that all of them hit before could be missed now."""
    base = a_base(tmp_path, 3, {"torn": 3, "gone": 3})
    run = a_run(tmp_path / "run.ndjson", 3, {"torn": 3})
    ended, verdict = judged(tmp_path, run, "--base", base, *SIGNIFICANT)
    assert ended.code == 1
    (violation,) = verdict["violations"]
    assert violation["kind"] == "RegressionNotMeasured"
    assert violation["line"] == (
        "Regression against base: not measured: 'gone' lost, too few samples to tell: 3 of 3 seeds on base, "
        "0 of 3 seeds here, p = 0.05"
    )
    excused = ("--on-not-measured", "regression=warn")
    assert judged(tmp_path, run, "--base", base, *SIGNIFICANT, *excused)[0].code == 0
    history = a_history(tmp_path / "trends.ndjson", of=400, points={"gone": 400, "torn": 400})
    told = judged(tmp_path, run, "--base", base, *SIGNIFICANT, "--history", history)[1]["violations"]
    assert [each["kind"] for each in told] == ["FaultPointLost"]


def test_a_base_without_rates_is_not_measured(tmp_path: Path) -> None:
    """An earlier version wrote its verdict, so nobody knows how many of its seeds hit the point."""
    path = tmp_path / a_base(tmp_path, 200, {"torn": 90, "rare": 2})
    base = json.loads(path.read_text())
    del base["reports"][0]["rates"]
    path.write_text(json.dumps(base))
    lost = a_run(tmp_path / "lost.ndjson", 200, {"torn": 90})
    ended, verdict = judged(tmp_path, lost, "--base", path.name, *SIGNIFICANT)
    assert ended.code == 1
    assert [each["kind"] for each in verdict["violations"]] == ["RegressionNotMeasured"]
    same = a_run(tmp_path / "same.ndjson", 200, {"torn": 90, "rare": 1})
    assert judged(tmp_path, same, "--base", path.name, *SIGNIFICANT)[0].code == 0


def test_the_percentage_counts_beside_it(tmp_path: Path) -> None:
    """A fall of 33 points fails where 5 are allowed, whether chance explains it or not."""
    ended, verdict = compared(tmp_path, {"rare": 2}, {"rare": 0}, "--max-regression", "5, significant")
    assert (ended.code, [each["kind"] for each in verdict["violations"]]) == (1, ["CoverageFell"])


def test_words_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    """`lost=any` says that no loss fails."""
    for text, complaint in (("significant, lost=any", "leave one out"), ("signifcant", "lost=any or significant")):
        ended = run_cli("check", "x.json", "--base", "b.json", "--max-regression", text, cwd=tmp_path)
        assert (ended.code, complaint in ended.err) == (2, True)


ANY_POINTS = "at most 100 points, 0 lost beyond chance"
