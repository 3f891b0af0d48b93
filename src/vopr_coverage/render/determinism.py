"""The verdict on determinism, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from markupsafe import Markup

from vopr_coverage.determinism.differences import HASHES, Difference, told_apart
from vopr_coverage.determinism.judge import ADVICE
from vopr_coverage.determinism.verdict import ComparedRun, DeterminismVerdict, Divergence, SeedsListed
from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted, percent
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, SUMMARY_BYTES_MIN, utf8_bytes
from vopr_coverage.render.marks import FAILED, verdict_mark

ENTRIES_TOLD = 10  # per section of the text
REPLAYS_TOLD = 3
HASH_DIGITS_TOLD = 16
VALUE_CHARACTERS_TOLD = 80
ABSENT = "nothing"

HEADINGS = {
    "passed": "Determinism PASSED",
    "failed": "Determinism FAILED",
    "incomplete": "Determinism FAILED: a run did not finish",
    "not measured": "Determinism NOT MEASURED",
    "error": "Determinism could not be judged",
}


def render_determinism_text(verdict: DeterminismVerdict) -> str:
    """The whole answer as text. Nothing in it moves a cursor or ends a line of ours."""
    if verdict.error is not None:
        told = "\n".join(printable(line) for line in verdict.error.split("\n"))
        return f"{FAILED} {HEADINGS['error']}\n\n{told}\n"
    findings = [f"{printable(finding.source)}: {printable(finding.line)}" for finding in verdict.findings]
    advice = dict.fromkeys(printable(finding.advice) for finding in verdict.findings)
    replays = [f"seed {replay.seed}\n      {printable(replay.command)}" for replay in verdict.replays]
    hint = " (fill in the scenario)" if verdict.fill_in else ""
    blocks = [
        f"{verdict_mark(verdict.passed)} {HEADINGS[verdict.status]}\n",
        *_section("Why", findings, len(findings)),
        *_section("Seeds that differ", map(_divergence, verdict.divergences), total=verdict.nondeterministic),
        *_section("What differs", _fields(verdict)),
        *_section("What to do", advice),
        *_section(f"Replay{hint}", replays, REPLAYS_TOLD),
        *_section("Warnings", (printable(f"{w.source}: {w.text}" if w.source else w.text) for w in verdict.warnings)),
        *_section("Compared" if verdict.mode == "two runs" else "Judged", map(_run, verdict.runs)),
        _bounds(verdict),
    ]
    return "\n".join(filter(None, blocks))


def render_determinism_markdown(
    verdict: DeterminismVerdict, budget: int = SUMMARY_BYTES_MAX, elsewhere: str = "the verdict file"
) -> str:
    """The same as GitHub-flavoured Markdown, in at most `budget` bytes of UTF-8; all foreign text is inert.

    Args:
        budget: SUMMARY_BYTES_MIN or more.
        elsewhere: where all that is left out can be found; text of ours.
    """
    from vopr_coverage.render.tiers import draft_told_until_it_fits  # jinja2 takes long to load

    assert budget >= SUMMARY_BYTES_MIN, "a headline must fit"
    told: dict[str, Any] = {
        "verdict": verdict,
        "mark": Markup(verdict_mark(verdict.passed)),  # noqa: S704 (ours)
        "title": Markup(HEADINGS[verdict.status]),  # noqa: S704 (ours)
        "bounds": Markup(_bounds(verdict).strip()),  # noqa: S704 (our words and numbers)
        "advice": [Markup(ADVICE[kind]) for kind in dict.fromkeys(f.kind for f in verdict.findings)],  # noqa: S704 (ours)
        "rows": [
            (one.seed, difference.field, *_values(difference))
            for one in verdict.divergences
            for difference in one.differences
        ],
        "ranges": _ranges,
        "elsewhere": Markup(elsewhere),  # noqa: S704 (ours)
    }
    return draft_told_until_it_fits("determinism.md.j2", told, budget, utf8_bytes)


def _section(heading: str, entries: Iterable[str], most: int = ENTRIES_TOLD, total: int = 0) -> Iterator[str]:
    told = list(entries)
    if not told:
        return
    lines = [f"  - {entry}" for entry in told[:most]]
    left_out = max(total, len(told)) - len(lines)
    if left_out > 0:
        lines.append(f"  … and {left_out:,} more; the verdict file has the first {len(told):,}")
    yield "\n".join([f"{heading}:", *lines, ""])


def _divergence(one: Divergence) -> str:
    told = []
    for difference in one.differences:
        left, right = _values(difference)
        told.append(f"{printable(difference.field)} {printable(left)} / {printable(right)}")
    return f"seed {one.seed}: {', '.join(told)}"


def _values(difference: Difference) -> tuple[str, str]:
    """Both values, cut, and still different."""
    most = HASH_DIGITS_TOLD if difference.field in HASHES else VALUE_CHARACTERS_TOLD
    left, right = difference.left, difference.right
    if left is None or right is None:
        return tuple(ABSENT if one is None else told_apart(one, one, most)[0] for one in (left, right))  # type: ignore[return-value]
    return told_apart(left, right, most)


def _fields(verdict: DeterminismVerdict) -> Iterator[str]:
    for count in verdict.by_field:
        yield f"{printable(count.field)}: {counted(count.seeds, 'seed')}"


def _run(run: ComparedRun) -> str:
    told = [printable(run.source)]
    if run.scenario:
        told.append(f"scenario {printable(run.scenario)}")
    told.append(counted(run.iterations, "iteration"))
    if run.first_seed is not None:
        told.append(f"from seed {run.first_seed}")
    if run.silent.count:
        told.append(f"{run.silent.count:,} failed without a record ({_ranges(run.silent)})")
    if run.missing.count and run.missing != run.silent:
        told.append(f"{run.missing.count:,} seeds of both without a record here ({_ranges(run.missing)})")
    return ", ".join(told)


def _ranges(seeds: SeedsListed) -> str:
    return ", ".join(seeds.ranges[:ENTRIES_TOLD]) + (", …" if len(seeds.ranges) > ENTRIES_TOLD else "")


def _bounds(verdict: DeterminismVerdict) -> str:
    """What the seeds say about all seeds: numbers and our own words alone."""
    if verdict.at_most is None or verdict.at_least is None:
        return ""
    made = f"{counted(verdict.seeds, 'seed')} run twice"
    if not verdict.nondeterministic:
        return f"{made}, no difference: at most {percent(verdict.at_most)} of all seeds would differ (95% confidence)\n"
    share = percent(verdict.nondeterministic / verdict.seeds)
    what = "differ" if verdict.mode == "two runs" else "failed without a record"
    found = f"{verdict.nondeterministic:,} {what} ({share})"
    interval = f"{percent(verdict.at_least)} to {percent(verdict.at_most)}"
    return f"{made}, {found}: {interval} of all seeds would (95% confidence)\n"
