"""The doctor's verdict, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup

from vopr_coverage.doctor.verdict import BlindSpot, DoctorVerdict, NotPlantedFault, WorkflowFinding
from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, SUMMARY_BYTES_MIN, TEXT_ENTRIES_MAX, utf8_bytes
from vopr_coverage.render.marks import FAILED, verdict_mark

CONFIG_LINES_MAX = 400


def render_doctor_text(verdict: DoctorVerdict) -> str:
    """The whole answer as text. The verdict stands last. Nothing in it moves a cursor or ends a line of ours."""
    if verdict.error is not None:
        error = "\n".join(printable(line) for line in verdict.error.split("\n"))
        return f"{error}\n\n{FAILED} The gate could not be examined\n"
    blocks = [
        *_section("Blind spots", map(_spot, verdict.blind_spots)),
        *_config(verdict),
        *_section("Not planted", not_planted(verdict.not_planted)),
        *_section("Where a red gate would not stop anything", map(_finding, verdict.findings)),
        *_section("Canaries", map(printable, verdict.canaries)),
        *_section("Remarks", map(printable, verdict.remarks)),
        f"{verdict_mark(verdict.passed)} The gate was examined: {printable(verdict.reason)}\n",
    ]
    return "\n".join(blocks)


def lines_to_copy(verdict: DoctorVerdict) -> list[str]:
    """The lines of that text that are there to be copied: of a config, and of workflow files."""
    instead = [f"Write instead: {printable(finding.instead)}" for finding in verdict.findings]
    return [*filter(None, (printable(line).strip() for line in verdict.config.splitlines())), *instead]


def render_doctor_markdown(verdict: DoctorVerdict, budget: int = SUMMARY_BYTES_MAX) -> str:
    """The same as GitHub-flavoured Markdown, in at most `budget` bytes of UTF-8; all foreign text is inert."""
    from vopr_coverage.render.tiers import draft_page  # jinja2 takes long to load

    assert budget >= SUMMARY_BYTES_MIN, "a headline must fit"
    variables = {
        "verdict": verdict,
        "mark": Markup(verdict_mark(verdict.passed)),  # noqa: S704 (ours)
        "share": Markup(share_of(verdict.score)),  # noqa: S704 (digits)
        "share_after": Markup(share_of(verdict.score_with_config)),  # noqa: S704 (digits)
        "minimum": Markup(f"{verdict.minimum:g}" if verdict.minimum is not None else ""),  # noqa: S704 (digits)
        "elsewhere": Markup("the verdict file"),
    }
    return draft_page("doctor.md.j2", variables, budget, utf8_bytes)


def share_of(score: float | None) -> str:
    """A score with three decimals; it is rounded down, so that 1.000 means all."""
    return "not measured" if score is None else f"{int(score * 1000) / 1000:.3f}"


def not_planted(faults: Sequence[NotPlantedFault]) -> Iterator[str]:
    """Each kind of fault and reason once, with the scenarios that it is about."""
    scenarios: dict[tuple[str, str], list[str]] = {}
    for fault in faults:
        scenarios.setdefault((fault.name, fault.why), []).append(fault.scenario or "")
    for (name, why), names in scenarios.items():
        where = ", ".join(printable(scenario) for scenario in names if scenario)
        yield f"{printable(name)}: {printable(why)}" + (f" ({where})" if where else "")


def where_of(spot: BlindSpot) -> str:
    """Its scenario, if it has one, as the beginning of a line."""
    return f"{printable(spot.scenario)}: " if spot.scenario else ""


def _spot(spot: BlindSpot) -> str:
    note = f"\n      {printable(spot.note)}" if spot.note else ""
    return f"{where_of(spot)}{printable(spot.what)}{note}"


def _config(verdict: DoctorVerdict) -> Iterator[str]:
    if not verdict.config:
        return
    lines = verdict.config.splitlines()
    shown = [f"    {printable(line)}" for line in lines[:CONFIG_LINES_MAX]]
    if len(lines) > CONFIG_LINES_MAX:
        shown.append(
            f"    … and {counted(len(lines) - CONFIG_LINES_MAX, 'more line')}, all of them in the verdict file"
        )
    after = f", score then {share_of(verdict.score_with_config)}" if verdict.score_with_config is not None else ""
    yield "\n".join([f"Lines for the config (`--write` adds them{after}):", *shown, ""])


def _finding(finding: WorkflowFinding) -> str:
    return "\n      ".join(
        (
            f"{printable(finding.file)}:{finding.line}: {printable(finding.place)}: {printable(finding.what)}",
            printable(finding.why),
            f"Write instead: {printable(finding.instead)}",
        )
    )


def _section(heading: str, entries: Iterable[str]) -> Iterator[str]:
    shown = list(entries)
    if not shown:
        return
    lines = [f"  - {entry}" for entry in shown[:TEXT_ENTRIES_MAX]]
    if len(shown) > TEXT_ENTRIES_MAX:
        lines.append(f"  … and {len(shown) - TEXT_ENTRIES_MAX} more, all of them in the verdict file")
    yield "\n".join([f"{heading} ({len(shown)}):", *lines, ""])
