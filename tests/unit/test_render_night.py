"""The verdict on a night as text and as a page: everything is said, nothing is live, and it fits."""

from __future__ import annotations

import msgspec
import pytest

from tests.support.loops import for_each
from tests.support.pages import HOSTILE, LIVE, NAME, assert_inert, closed, even_tables, page_of, replaced
from vopr_coverage.errors import UserError
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.verdict import (
    Finding,
    JobSeen,
    NightRun,
    NightVerdict,
    TrendLine,
    Work,
    night_from_json,
)
from vopr_coverage.render.budget import SUMMARY_BYTES_MIN, utf8_bytes
from vopr_coverage.render.night import render_night_markdown, render_night_text
from vopr_coverage.render.wording import figure

OURS = {"status", "format", "seed", "seed_base", "kind", "result", "run_id", "commit"}
SHA = "0123456789abcdef0123456789abcdef01234567"
SEED = str((1 << 64) - 1)


def a_verdict(count: int = 1) -> NightVerdict:
    """A red night with something in every part, `count` times."""
    finding = Finding("long-run", "combined-3", "failing seed", f"seed {SEED} failed hash_chain: read mismatch")
    command = f"vopr --scenario combined --seed {SEED} --iterations 1 --json"
    finding = msgspec.structs.replace(finding, seed=SEED, invariant="hash_chain", advice="Mend it", repro=command)
    point = Finding("coverage", "combined", "coverage", "Critical fault point 'a' never hit", fault_point="a")
    return NightVerdict(
        status="failed",
        passed=False,
        reason="long-run, combined-3: a seed failed",
        version="1.0",
        place=NightRun("4711", 2, 41, SHA, "Nightly", "https://github.example/o/p/actions/runs/4711/attempts/2"),
        seed_base="45079976738816",
        jobs=(
            JobSeen("build", "success", "passed", "built"),
            JobSeen("long-run", "failure", "failed", "a seed failed"),
        ),
        findings=(finding, msgspec.structs.replace(finding, whole_run=True), point) * count,
        work=(
            Work("long-run", "combined", 1_000_000, 900_000, 860_000, 24, 1, 2, 5.2, 8, 11, 16, 7),
            Work("determinism", "combined", 810, 810, 810, 10),
        )
        * count,
        detected=4,
        declared=5,
        seeds_doubled=810,
        at_most=0.0037,
        regressions=(f"combined {SEED}  # hash_chain, 2026-11-23",) * count,
        trends=(TrendLine("long-run", "combined", "invariants", (16.0, 16.0, 16.0, 15.0), 16.0, "fewer than ever"),),
        warnings=(Remark("plan", "combined: 900,000 of 1,000,000 iterations fit"),) * count,
    )


def everywhere(verdict: NightVerdict, text: str) -> NightVerdict:
    """The verdict with `text` for every string that isn't ours."""
    result: NightVerdict = replaced(verdict, lambda old, field: old if field in OURS else text)
    return result


def test_the_text_says_which_seed_which_invariant_and_how_to_replay_it() -> None:
    """Parts, findings with their commands, lines to keep, figures, bounds and warnings."""
    findings = (
        "Findings:\n"
        f"  - Long run, combined-3: seed {SEED} failed hash_chain: read mismatch\n"
        f"      vopr --scenario combined --seed {SEED} --iterations 1 --json\n"
        "      Mend it\n"
        f"  - Long run, combined-3: seed {SEED} failed hash_chain: read mismatch\n"
        f"      vopr --scenario combined --seed {SEED} --iterations 1 --json  # the whole run\n"
        "      Mend it\n"
        "  - Coverage, combined: Critical fault point 'a' never hit\n"
        "\n"
    )
    command = f"vopr --scenario combined --seed {SEED} --iterations 1 --json"
    causes = (
        "What is wrong:\n"
        f"  - invariant hash_chain failed at seed {SEED}\n"
        "      in Long run: combined-3\n"
        f"      {command}\n"
        "      Mend it\n"
        "  - Critical fault point 'a' never hit\n"
        "      in Coverage: combined\n"
        "\n"
        "Add to the regression file:\n"
        f"  - combined {SEED}  # hash_chain, 2026-11-23\n"
        "\n"
        "Parts:\n"
        "  - ❌ Long run: a seed failed\n"
    )
    figures = (
        "Asked, planned, ran:\n"
        "  - Long run, combined: 860,000 of 900,000 planned and 1,000,000 asked for, 1 of 24 runs lost, "
        "2 seeds failed, 5.2/s, 8 of 11 fault points, 16 invariants ran, 7 view changes\n"
        "  - Determinism, combined: 810 of 810 planned and 810 asked for\n"
        "\n"
        "Bounds:\n"
        "  - 810 seeds ran twice: at most 0.37% of all differ (95 %)\n"
        "  - 4 of 5 canaries detected: mutation score from 37.6% to 96.4% (95 %)\n"
    )
    moved = "Trends:\n  - Long run, combined, invariants: fewer than ever\n"
    warnings = "Warnings:\n  - plan: combined: 900,000 of 1,000,000 iterations fit\n"
    last = f"❌ The night failed: invariant hash_chain failed at seed {SEED} and 1 more cause\n"
    assert render_night_text(a_verdict()) == "\n".join([causes + "  - ✅ passed: Build\n", moved, warnings, last])
    parts = "Parts:\n"
    causes = causes.replace(parts, f"{parts}  - ✅ Build: built\n")
    assert render_night_text(a_verdict(), verbose=True) == "\n".join(
        [causes, moved, findings + figures, warnings, last]
    )


def test_the_page_says_all_of_it() -> None:
    """What was not measured is a dash, and what fell short stands out."""
    page = page_of(render_night_markdown(a_verdict()))
    said = "\n".join([*page.codes, page.prose])
    for told in ("hash_chain", f"--seed {SEED} ", "combined-3", "860,000", "8 of 11", "fewer than ever", SHA, "4 of 5"):
        assert told in said, told
    assert "–" in page.prose
    assert "It replays the whole run" in page.prose


@for_each([text for text in HOSTILE if text])
def test_a_foreign_text_adds_nothing_but_itself(text: str) -> None:
    """Each field of a night that was read back is somebody else's: on the page it is code, in the text one line."""
    for hostile, benign in (
        (everywhere(a_verdict(), text), everywhere(a_verdict(), NAME)),
        (NightVerdict.not_judged("1.0", text, NightRun()), NightVerdict.not_judged("1.0", NAME, NightRun())),
    ):
        if "<code>" in figure(text):  # a plain number may stand as it is
            assert_inert(render_night_markdown(hostile), render_night_markdown(benign))
        else:
            assert not LIVE.search(page_of(render_night_markdown(hostile)).prose)
        assert all(line.isprintable() for line in render_night_text(hostile).split("\n"))
    lines = len(render_night_text(everywhere(a_verdict(), NAME)).splitlines())
    assert len(render_night_text(everywhere(a_verdict(), text)).splitlines()) == lines


@pytest.mark.parametrize("budget", [SUMMARY_BYTES_MIN, 8_192, 30_000, 100_000, 1 << 20])
def test_a_page_fits(budget: int) -> None:
    """In tiers, whatever there is to say, and it says where the rest is."""
    page = render_night_markdown(everywhere(a_verdict(700), "`<@" * 1000), budget)
    assert utf8_bytes(page) <= budget
    assert closed(page)
    assert even_tables(page)
    assert "night.json" in page


def test_a_verdict_survives_its_file() -> None:
    """And the file meets its schema."""
    verdict = a_verdict()
    assert night_from_json(verdict.to_json().encode(), "night.json") == verdict


@pytest.mark.parametrize(
    "change",
    [{"status": "green"}, {"passed": "yes"}, {"run": 1}, {"seed_base": "x"}, {"at_most": 2}, {"jobs": [{}]}],
    ids=str,
)
def test_a_file_that_is_no_verdict_is_refused(change: dict[str, object]) -> None:
    """Whoever reads it back need not trust it."""
    told = msgspec.json.decode(a_verdict().to_json().encode()) | change
    with pytest.raises(UserError, match=r"night\.json"):
        night_from_json(msgspec.json.encode(told), "night.json")
