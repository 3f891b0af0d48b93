"""Double runs of a night, judged: whole results, from two runs and their comparison in a few words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.reports import a_report
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.determinism.verdict import DeterminismFinding, DeterminismVerdict, Divergence, ReplayCommand
from vopr_coverage.model.report import FailureGroup, Input, Properties, Run
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.findings import Doubles, judge_doubles
from vopr_coverage.nightly.plan import SeedRange
from vopr_coverage.nightly.recordings import ReadPair, ReadRun
from vopr_coverage.nightly.run_health import judge_runs
from vopr_coverage.nightly.verdict import Finding

PLAIN: Config = parse_config(json.dumps({"profile": "none"}), "gate.json")
EMPTY = "kernel_state_hash never varies: it is VOPR's hash of an empty kernel state"


def a_run(side: str, name: str = "7", seeds: int = 60, **changes: Any) -> ReadRun:
    """One healthy run of a pair; `changes` replace what its stream says."""
    figures: dict[str, Any] = {
        "starting_seed": int(name),
        "announced": seeds,
        "records": seeds,
        "failed_records": 0,
        "iterations": seeds,
        "ended_early": None,
        "properties": Properties({}),
    }
    source = f"{name}/{side}"
    read = Input(source, "stream", a_report("hit a"), Run(**figures | changes), scenario="combined")
    return ReadRun(SeedRange(name, "combined", name, seeds), source, Path("nowhere"), present=True, read=read)


def lost(side: str) -> ReadRun:
    """One run of a pair that left nothing."""
    return replace(a_run(side), present=False, read=None)


def compared(seeds: int = 60, differing: int = 0, **more: Any) -> DeterminismVerdict:
    """What a comparison of so many seeds says."""
    return DeterminismVerdict("passed", True, "", "1.0", seeds=seeds, nondeterministic=differing, **more)


def a_pair(verdict: DeterminismVerdict | None = None, name: str = "7", problem: str = "") -> ReadPair:
    """Two healthy runs, and the comparison of them."""
    return ReadPair((a_run("a", name), a_run("b", name)), verdict, problem)


def judged(*pairs: ReadPair) -> Doubles:
    """The pairs, judged."""
    return judge_doubles(pairs, PLAIN)


def result(*pairs: ReadPair, **told: Any) -> Doubles:
    """The result of these pairs, if all were compared and nothing is wrong with the runs; `told` is what differs."""
    runs = tuple(judge_runs("determinism", (pair.runs[0] for pair in pairs), PLAIN))
    alike: dict[str, Any] = {"findings": (), "runs": runs, "compared": runs, "differing": 0, "warnings": ()}
    return Doubles(**alike | told)


def a_finding(source: str, line: str, what_to_do: str, **more: Any) -> Finding:
    """A finding on determinism."""
    return Finding(job="determinism", source=source, kind="determinism", line=line, advice=what_to_do, **more)


# ---- nothing differs


def test_equal_pairs_are_added_up() -> None:
    """How many seeds ran twice, and what that shows of all."""
    pairs = a_pair(compared(60)), a_pair(compared(940), "100")
    expected = result(
        *pairs,
        shown="1,000 seeds run twice, none differs, so at most 0.299% of all differ (95%)",
        seeds=1_000,
        at_most=pytest.approx(0.0029912, abs=1e-7),
    )
    assert judged(*pairs) == expected


def test_what_the_runs_remark_is_told_once_for_each_field() -> None:
    """Not what belongs to no run, and not that seeds failed: they are findings. The last run has the word."""
    texts = ("storage_hash is 1 in both", f"{EMPTY} (7)", "2 seeds failed an invariant, with a record")
    remarks = tuple(Remark("7/a", text) for text in texts)
    again = (Remark("100/a", "storage_hash is 2 in both"), Remark("", "events differ"), Remark("100/b", "log is short"))
    pairs = a_pair(compared(60, warnings=remarks)), a_pair(compared(60, warnings=again), "100")
    found = judged(*pairs)
    assert found.warnings == tuple(
        Remark("determinism", text) for text in ("storage_hash is 2 in both", "log is short")
    )
    assert found.shown == (
        "120 seeds run twice, none differs, so at most 2.47% of all differ (95%), kernel_state_hash never varies"
    )


@pytest.mark.parametrize(
    ("seeds", "little"),
    [
        (0, None),
        (1, "1 seed shows little"),
        (4, "4 seeds show little"),  # at most 52.7 %, which is nothing that anybody would say
        (5, "5 seeds show little: up to 45.1% of all may differ"),
        (58, "58 seeds show little: up to 5.03% of all may differ"),
        (59, None),
    ],
)
def test_few_seeds_are_a_warning(seeds: int, little: str | None) -> None:
    """Until they bring the bound below 5 %; without any seed there is no bound."""
    found = judged(a_pair(compared(seeds)))
    assert found.warnings == (() if little is None else (Remark("determinism", little),))
    assert (found.at_most is None) == (seeds == 0)


def test_few_seeds_of_which_one_differs_show_enough() -> None:
    """The finding says more than such a warning."""
    found = judged(a_pair(compared(5, 1)))
    assert (found.warnings, found.seeds, found.differing) == ((), 5, 1)
    assert found.at_most == pytest.approx(0.6245, abs=1e-4)


# ---- something differs

DIFFER = DeterminismFinding("7/a", "SeedsDiffer", "2 of 60 seeds came out differently\nin b", "Look at both.")


@pytest.mark.parametrize(
    ("replays", "command"),
    [
        ((ReplayCommand("9", "vopr --seed 9"), ReplayCommand("8", "vopr --seed 8")), "vopr --seed 8"),
        ((ReplayCommand("9", "vopr --seed 9"),), ""),
    ],
)
def test_seeds_that_differ_are_one_finding_about_the_first(replays: tuple[ReplayCommand, ...], command: str) -> None:
    """With its command, if there is one, and how many there are."""
    divergences = (Divergence("8", ()), Divergence("9", ()))
    pair = a_pair(compared(60, 2, findings=(DIFFER,), divergences=divergences, replays=replays))
    finding = a_finding(
        "7",
        "2 of 60 seeds came out differently\\nin b",
        "Look at both.",
        rule="SeedsDiffer",
        seed="8",
        repro=command,
        scenario="combined",
        seeds=2,
    )
    assert judged(pair).findings == (finding,)


@pytest.mark.parametrize("kind", ["SeedsDiffer", "NothingCompared", "NoDigests", "RunIncomplete"])
def test_other_findings_of_a_comparison_keep_their_words(kind: str) -> None:
    """In printable form; a difference without a seed names none."""
    pair = a_pair(compared(60, findings=(replace(DIFFER, kind=kind),)))
    line = "2 of 60 seeds came out differently\\nin b"
    assert judged(pair).findings == (a_finding("7", line, "Look at both.", rule=kind),)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(
    ("kind", "told"), [("SeedsDiffer", True), ("NothingCompared", True), ("NoDigests", True), ("RunIncomplete", False)]
)
def test_what_a_run_has_by_itself_is_not_told_again(kind: str, told: bool, side: int) -> None:
    """Whichever of the two it is; that they differ, or that nothing was compared, only the comparison knows."""
    runs = [a_run("a"), a_run("b")]
    runs[side] = a_run("ab"[side], ran_nothing=True)
    found = judged(ReadPair((runs[0], runs[1]), compared(60, findings=(replace(DIFFER, kind=kind),))))
    sources = [(finding.kind, finding.source, finding.rule) for finding in found.findings]
    assert sources == [
        ("run health", runs[side].source, "NothingHappened"),
        *([("determinism", "7", kind)] if told else []),
    ]


def test_a_seed_that_failed_in_both_runs_is_told_once() -> None:
    """By the first; what else the second one has is told."""
    failing = FailureGroup("hash_chain", 1, "mismatch", (9,))
    runs = [a_run(side, failures=(failing,), failed_records=1, ran_nothing=True) for side in "ab"]
    found = judged(ReadPair((runs[0], runs[1]), compared()))
    assert [(finding.kind, finding.source) for finding in found.findings] == [
        ("failing seed", "7/a"),
        ("run health", "7/a"),
        ("run health", "7/b"),
    ]


# ---- nothing compared


def test_pairs_that_could_not_be_compared_have_no_seeds() -> None:
    """A lost run has its own finding; of two that are there, the problem is told. Other pairs are compared all the
    same."""
    good = a_pair(compared(60), "100")
    twice = a_pair(None, "200", problem="both are the same run")
    half, other = ReadPair((a_run("a"), lost("b")), compared(9)), ReadPair((lost("a"), a_run("b")), compared(9))
    found = judged(half, other, twice, good)
    assert [(finding.kind, finding.source) for finding in found.findings[:2]] == [
        ("lost run", "7/b"),
        ("lost run", "7/a"),
    ]
    problem = a_finding("200", "both are the same run", "Run it again, in two processes.")
    expected = result(half, other, twice, good, seeds=60, at_most=found.at_most, shown=found.shown)
    assert found == replace(expected, findings=(*found.findings[:2], problem), compared=expected.runs[3:])
    assert found.at_most == pytest.approx(0.0487, abs=1e-4)


def test_without_pairs_the_part_is_lost() -> None:
    """There is no bound, and nobody reads what would be shown."""
    nothing = Finding("determinism", "", "lost run", "nothing was planned for it: no seed ran twice")
    found = judged()
    assert found == result(findings=(nothing,), seeds=0, at_most=None, shown=found.shown)


def test_no_seeds_show_nothing_of_all_seeds() -> None:
    """Least of all that none of them differs."""
    found = judged(a_pair(compared(0)))
    assert found.shown == "0 seeds run twice, none differs, so too few to say how many of all may differ"
    assert judged().shown == found.shown
