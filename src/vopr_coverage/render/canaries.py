"""The verdict on canaries, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from vopr_coverage.canaries.controls import ControlSeen
from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult, CanaryVerdict
from vopr_coverage.errors import printable
from vopr_coverage.model.figures import percent
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, utf8_bytes
from vopr_coverage.render.marks import verdict_mark


def render_canaries_text(verdict: CanaryVerdict) -> str:
    """The whole answer as text. The verdict stands last. Nothing in it moves a cursor or ends a line of ours."""
    lines: list[str] = []
    for result in verdict.results:
        lines += _result(result, with_scenario=len(verdict.controls) > 1)
    lines += [""] * bool(lines) + [f"Mutation score: {score(verdict)}"]
    lines += _controls(verdict)
    word = "PASSED" if verdict.passed else "FAILED"
    lines += ["", f"{verdict_mark(verdict.passed)} Canaries {word}: {printable(verdict.reason)}"]
    return "\n".join(lines) + "\n"


def _controls(verdict: CanaryVerdict) -> Iterator[str]:
    several = len(verdict.controls) > 1
    for control in verdict.controls or (ControlSeen(verdict.control, None, verdict.control_problems),):
        of = f" ({printable(control.scenario or '')})" if several else ""
        yield f"Control: {printable(control.source)}{of}{' is not green' if control.problems else ', nothing failed'}"
        yield from (f"  - {printable(problem)}" for problem in control.problems)


def _result(result: CanaryResult, *, with_scenario: bool) -> Iterator[str]:
    mark = verdict_mark(result.ending is CanaryEnding.DETECTED)
    seeds = f" (seed {', '.join(result.seeds)})" if result.seeds else ""
    detail = f": {printable(result.detail)}{seeds}" if result.detail else ""
    where = f" in {printable(result.scenario)}" if with_scenario and result.scenario else ""
    yield f"  {mark} {printable(result.name)}{where}: {result.ending}{detail}"
    if result.why:
        yield f"      {printable(result.why)}"
    if result.ending is not CanaryEnding.DETECTED:
        yield f"      expected: {printable(result.expected)}"
        yield f"      {result.advice}"


def score(verdict: CanaryVerdict) -> str:
    """`4 of 5, 80% (95 %: 37.6% to 96.4%)`."""
    if not verdict.declared:
        return "nothing was judged"
    share = percent(verdict.detected / verdict.declared)
    interval = f"{percent(verdict.low)} to {percent(verdict.high)}"
    return f"{verdict.detected} of {verdict.declared}, {share} (95 %: {interval})"


def render_canaries_markdown(verdict: CanaryVerdict, budget: int = SUMMARY_BYTES_MAX) -> str:
    """The same as GitHub-flavoured Markdown, in at most `budget` bytes of UTF-8; all foreign text is inert."""
    from vopr_coverage.render.tiers import draft_page  # jinja2 takes long to load

    variables = {
        "verdict": verdict,
        "score": score(verdict),
        "mark": lambda passed: Markup(verdict_mark(passed)),  # noqa: S704 (ours)
        "detected": CanaryEnding.DETECTED,
    }
    return draft_page("canaries.md.j2", variables, budget, utf8_bytes)
