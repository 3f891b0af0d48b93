"""The table of rates on a page."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec.structs import replace

from tests.support.pages import page_of
from tests.support.rated import CONFIG, a_run
from tests.support.reports import run_cli
from tests.support.verdict_cases import COMPARED, judged
from vopr_coverage.model.incidence import Incidences, Samples
from vopr_coverage.model.rates import rates_of as rates_in_verdict
from vopr_coverage.model.verdict import JudgedReport
from vopr_coverage.render.rates import RATES_MAX, rates_of


def a_report(hits: dict[str, int], samples: Samples) -> JudgedReport:
    """A judged report with these rates."""
    return replace(judged(COMPARED["same-as-base"]).reports[0], rates=rates_in_verdict(Incidences(samples, hits)))


def test_the_rarest_points_come_first_with_interval_and_chance() -> None:
    """Of 2,000 seeds none, 3 and all hit a point."""
    rows = rates_of(a_report({"all": 2_000, "three": 3, "none": 0}, Samples(2_000, 2_000)))
    assert [tuple(map(str, row)) for row in rows] == [
        ("none", "0 of 2,000", "at most 0.184%", "–", ""),
        ("three", "3 of 2,000", "0.15% (0.0309% to 0.438%)", "4.97% (at most 53.8%)", ""),
        ("all", "2,000 of 2,000", "100% (99.8% to 100%)", "below 0.00001%", ""),
    ]


def test_pooled_samples_have_no_single_rate() -> None:
    """Three streams of 10,000 seeds, of which two hit it."""
    (row,) = rates_of(a_report({"a": 2}, Samples(3, 30_000, 10_000, 10_000)))
    assert tuple(map(str, row)) == ("a", "2 of 3", "0.00099% to 0.0478%", "at most 74.3%", "")


def test_one_sample_and_no_rates_have_no_table() -> None:
    """Every rate would be the same."""
    assert not rates_of(a_report({"a": 1}, Samples(1, 10_000, 10_000, 10_000)))
    assert not rates_of(replace(a_report({}, Samples(2, 2)), rates=None))


def test_a_table_has_twenty_rows_at_most() -> None:
    """The verdict has all."""
    many = {f"point {number}": number for number in range(100)}
    assert len(rates_of(a_report(many, Samples(2_000, 2_000)))) == RATES_MAX


def test_the_summary_and_the_json_have_the_rates(tmp_path: Path) -> None:
    """The page in a folded block, and `--format json` in full."""
    (tmp_path / "gate.yml").write_text(CONFIG)
    hits = {"torn": 3, **{f"point {number}": 10 for number in range(30)}}
    a_run(tmp_path / "run.ndjson", 40, hits)
    ended = run_cli("check", "run.ndjson", "--config", "gate.yml", "--format", "markdown", cwd=tmp_path)
    assert "<details><summary>How often points are hit, the rarest first</summary>" in ended.out
    assert "| Point | Hit by seeds | Rate of a seed (95% interval) | Such a run misses it | First seed |" in ended.out
    assert "… and 12 more points, all in" in ended.out
    assert page_of(ended.out)
    ended = run_cli("check", "run.ndjson", "--config", "gate.yml", "--format", "json", cwd=tmp_path)
    rates = json.loads(ended.out)["reports"][0]["rates"]
    assert [(each["name"], each["hit"], each["first_seed"]) for each in rates["points"][:1]] == [("torn", 3, "0")]
    assert [each["first_seed"] for each in rates["points"][20:]] == [None] * 12
    assert (rates["of"], len(rates["points"]), len(rates["invariants"])) == (40, 32, 1)


def test_the_seeds_to_replay_are_those_of_all_runs(tmp_path: Path) -> None:
    """Of two merged runs; the rare seed also hit the rarest other point."""
    (tmp_path / "gate.yml").write_text(CONFIG)
    a_run(tmp_path / "a.ndjson", 20, {"torn": 0, "wide": 4}, first=100)
    a_run(tmp_path / "b.ndjson", 20, {"torn": 2, "wide": 9})
    runs = ["combined=a.ndjson", "combined=b.ndjson", "--merge", "scenario"]
    ended = run_cli("check", *runs, "--config", "gate.yml", "--format", "json", cwd=tmp_path)
    points = json.loads(ended.out)["reports"][0]["rates"]["points"]
    assert [(each["name"], each["hit"], each["first_seed"], each["rare_seed"]) for each in points] == [
        ("torn", 2, "0", "0"),
        ("wide", 13, "0", "0"),
        ("always", 40, "0", "0"),
    ]
