"""The verdict on determinism, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from markupsafe import Markup

from vopr_coverage.determinism.advice import ADVICE
from vopr_coverage.determinism.differences import HASHES, Difference, told_apart
from vopr_coverage.determinism.verdict import (
    ComparedRun,
    DeterminismFinding,
    DeterminismVerdict,
    Divergence,
    SeedsListed,
)
from vopr_coverage.errors import printable
from vopr_coverage.model.figures import SHARE_TOLD_MAX, counted, percent
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, SUMMARY_BYTES_MIN, utf8_bytes
from vopr_coverage.render.marks import FAILED, verdict_mark

ENTRIES_MAX = 10  # per section of the text
REPLAYS_MAX = 3
HASH_DIGITS_MAX = 16
VALUE_CHARACTERS_MAX = 80
ABSENT = "nothing"

HEADINGS = {
    "passed": "Determinism PASSED",
    "failed": "Determinism FAILED",
    "incomplete": "Determinism FAILED: a run did not finish",
    "not measured": "Determinism NOT MEASURED",
    "error": "Determinism could not be judged",
}


def render_determinism_text(verdict: DeterminismVerdict) -> str:
    """The whole answer as text. The verdict stands last. Nothing in it moves a cursor or ends a line of ours."""
    if verdict.nothing_judged:
        error = "\n".join(printable(line) for line in (verdict.error or "").split("\n"))
        return f"{error}\n\n{FAILED} {HEADINGS['error']}\n"
    findings = list(map(_why, verdict.findings))
    advice = dict.fromkeys(printable(finding.advice) for finding in verdict.findings)
    replays = [f"seed {replay.seed}\n      {printable(replay.command)}" for replay in verdict.replays]
    hint = " (fill in the scenario)" if verdict.fill_in else ""
    blocks = [
        *_section("Cannot be compared", map(printable, (verdict.error or "").splitlines())),
        *_section("Why", findings, len(findings)),
        *_section("Seeds that differ", map(_divergence, verdict.divergences), total=verdict.nondeterministic),
        *_section("What differs", _fields(verdict)),
        *_section("What to do", advice),
        *_section(f"Replay{hint}", replays, REPLAYS_MAX),
        *_section("Warnings", (printable(f"{w.source}: {w.text}" if w.source else w.text) for w in verdict.warnings)),
        *_section("Compared" if verdict.mode == "two runs" else "Judged", map(_run, verdict.runs)),
        _bounds(verdict),
        f"{verdict_mark(verdict.passed)} {HEADINGS[verdict.status]}\n",
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
    from vopr_coverage.render.tiers import draft_page  # jinja2 takes long to load

    assert budget >= SUMMARY_BYTES_MIN, "a headline must fit"
    variables: dict[str, Any] = {
        "verdict": verdict,
        "mark": Markup(verdict_mark(verdict.passed)),  # noqa: S704 (ours)
        "title": Markup(HEADINGS[verdict.status]),  # noqa: S704 (ours)
        "bounds": Markup(_bounds(verdict).strip()),  # noqa: S704 (our words and numbers)
        "advice": [Markup(ADVICE[kind]) for kind in dict.fromkeys(f.kind for f in verdict.findings)],  # noqa: S704 (ours)
        "rows": [
            (divergence.seed, difference.field, *_values(difference))
            for divergence in verdict.divergences
            for difference in divergence.differences
        ],
        "ranges": _ranges,
        "elsewhere": Markup(elsewhere),  # noqa: S704 (ours)
    }
    return draft_page("determinism.md.j2", variables, budget, utf8_bytes)


def _section(heading: str, entries: Iterable[str], most: int = ENTRIES_MAX, total: int = 0) -> Iterator[str]:
    shown = list(entries)
    if not shown:
        return
    lines = [f"  - {entry}" for entry in shown[:most]]
    left_out = max(total, len(shown)) - len(lines)
    if left_out > 0:
        lines.append(f"  … and {left_out:,} more; the verdict file has the first {len(shown):,}")
    yield "\n".join([f"{heading}:", *lines, ""])


def _why(finding: DeterminismFinding) -> str:
    detail = f"\n      {printable(finding.detail)}" if finding.detail else ""
    return f"{printable(finding.source)}: {printable(finding.line)}{detail}"


def _divergence(divergence: Divergence) -> str:
    differences = []
    for difference in divergence.differences:
        left, right = _values(difference)
        differences.append(f"{printable(difference.field)} {printable(left)} / {printable(right)}")
    return f"seed {divergence.seed}: {', '.join(differences)}"


def _values(difference: Difference) -> tuple[str, str]:
    """Both values, shortened so that they still differ."""
    most = HASH_DIGITS_MAX if difference.field in HASHES else VALUE_CHARACTERS_MAX
    left, right = difference.left, difference.right
    if left is None or right is None:
        return tuple(ABSENT if value is None else told_apart(value, value, most)[0] for value in (left, right))  # type: ignore[return-value]
    return told_apart(left, right, most)


def _fields(verdict: DeterminismVerdict) -> Iterator[str]:
    for count in verdict.by_field:
        yield f"{printable(count.field)}: {counted(count.seeds, 'seed')}"


def _run(run: ComparedRun) -> str:
    parts = [printable(run.source)]
    if run.scenario:
        parts.append(f"scenario {printable(run.scenario)}")
    parts.append(counted(run.iterations, "iteration"))
    if run.first_seed is not None:
        parts.append(f"from seed {run.first_seed}")
    if run.silent.count:
        parts.append(f"{run.silent.count:,} failed without a record ({_ranges(run.silent)})")
    if run.missing.count and run.missing != run.silent:
        parts.append(f"{counted(run.missing.count, 'seed')} of both without a record here ({_ranges(run.missing)})")
    return ", ".join(parts)


def _ranges(seeds: SeedsListed) -> str:
    return ", ".join(seeds.ranges[:ENTRIES_MAX]) + (", …" if len(seeds.ranges) > ENTRIES_MAX else "")


def _bounds(verdict: DeterminismVerdict) -> str:
    """What the seeds say about all seeds: numbers and our own words alone."""
    if verdict.at_most is None or verdict.at_least is None:
        return ""
    run = f"{counted(verdict.seeds, 'seed')} run twice"
    if not verdict.nondeterministic:
        if verdict.at_most > SHARE_TOLD_MAX:
            return f"{run}, no difference: too few to say how many of all seeds would differ\n"
        return f"{run}, no difference: at most {percent(verdict.at_most)} of all seeds would differ (95% confidence)\n"
    share = percent(verdict.nondeterministic / verdict.seeds)
    what = "differ" if verdict.mode == "two runs" else "failed without a record"
    differing = f"{verdict.nondeterministic:,} {what} ({share})"
    interval = f"{percent(verdict.at_least)} to {percent(verdict.at_most)}"
    return f"{run}, {differing}: {interval} of all seeds would (95% confidence)\n"
