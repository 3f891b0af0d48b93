"""What the code can say, the pages have words for: gates, their advice and notes, every ending, and the templates.

A text that a page does not know as ours stands there as a quotation, in `<code>`; nothing breaks, so only
a test can tell. Each of these is derived from the code: what is added and forgotten here turns it red.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, cast, get_args

import pytest
from jinja2 import nodes
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.filters import FILTERS
from msgspec.structs import replace

import vopr_coverage
from tests.support.checking import checked
from tests.support.histories import a_night
from tests.support.pages import a_gate, a_judged, a_verdict
from tests.support.reports import PROPERTIES, a_report, a_stream, requiring
from tests.support.run_pairs import one, varying
from tests.support.schemas import a_value
from vopr_coverage.canaries.judge import ADVICE, CanaryEnding, CanaryResult, CanaryVerdict
from vopr_coverage.check.terms import POLICIES
from vopr_coverage.determinism.verdict import Status as DeterminismStatus
from vopr_coverage.formats.schema import schema
from vopr_coverage.gates import CATEGORIES, EXTRAS, HEALTH_GATES, HEALTH_IDS, LOCKED_GATE, ROWS
from vopr_coverage.gates.elsewhere import REGRESSION
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.drift import Drift, Renamed
from vopr_coverage.model.outcome import Outcome, Status
from vopr_coverage.model.pairs import PairCoverage
from vopr_coverage.model.points import Broken, InvariantSeen, Observed
from vopr_coverage.model.report import CoverageReport, Finish, Input, Properties
from vopr_coverage.model.thresholds import BOUND_KEYS, SEED_KEYS, Bounds
from vopr_coverage.model.verdict import VerdictStatus
from vopr_coverage.nightly.job_results import PARTS, job_seen
from vopr_coverage.nightly.plan import PlannedJob
from vopr_coverage.nightly.verdict import Finding, FindingKind, JobSeen, JobStatus
from vopr_coverage.reading.stream import read_stream
from vopr_coverage.render.canaries import render_canaries_markdown, render_canaries_text
from vopr_coverage.render.check import render_check_markdown, render_check_text
from vopr_coverage.render.comment import About, render_comment
from vopr_coverage.render.determinism import render_determinism_markdown, render_determinism_text
from vopr_coverage.render.issue import IssueAbout, render_issue
from vopr_coverage.render.night import render_night_markdown, render_night_text, title
from vopr_coverage.render.plan import HEADINGS
from vopr_coverage.render.tiers import environment as pages_environment
from vopr_coverage.render.wording import COVERAGE, EXTRA, RUN_HEALTH, figure, gate_part, gate_title, prose

MODULES: list[ModuleType] = [
    import_module(module.name)
    for module in walk_packages(vopr_coverage.__path__, "vopr_coverage.")
    if not module.name.endswith(".__main__")
]

# ---- gates: every one of them, in every ending


def everything() -> Bounds:
    """Bounds of which each asks for something: a name, or a large number."""
    config = a_value("config")
    return requiring(**{key: config[key] for key in BOUND_KEYS})


def evidence() -> Iterator[Evidence]:
    """No coverage; coverage without figures; streams in which nothing, a little and everything happened."""
    yield Evidence(None)
    yield Evidence(CoverageReport())
    yield Evidence(a_report("ran b 0"), True, 1, {}, Properties({}))
    little = a_report("missed b\nran x 1\nview_changes 1\nrepairs 1\nunique_query_plans 1")
    yield Evidence(little, True, 1, {"x": 1}, Properties({"sometimes_total": 9}, ("b",)))
    most = 10_000_000
    counts = Properties(dict.fromkeys(PROPERTIES, most))
    full = a_report(
        f"hit b\nran b {most}\nphase a {most}\nview_changes {most}\nrepairs {most}\nunique_query_plans {most}"
    )
    yield Evidence(full, True, 1, {"a": most}, counts)
    idle = Observed(invariants={"b": InvariantSeen(executions=0)})
    yield Evidence(CoverageReport(), True, 1, observed=idle)  # of a tester whose invariant never ran
    yield Evidence(full, True, 1, pairs=PairCoverage(9, most, 1))
    yield Evidence(CoverageReport(), True, 1, observed=Observed())  # of a tester that declares nothing


def inputs() -> Iterator[Input]:
    """A run for each way in which run health ends."""
    violated = PROPERTIES | {"violation_count": 1, "violated_ids": ["b"]}
    streams = (
        a_stream(),
        a_stream(failing=[1]),
        a_stream(lost=[1]),
        a_stream(0),
        a_stream(properties=violated),
        a_stream(successes=9),
        a_stream(era="feb2026"),
        a_stream().splitlines(keepends=True)[0],
    )
    yield from (read_stream([stream], "a.ndjson") for stream in streams)
    yield Input("flat.json", "report", CoverageReport())
    for finish in (Finish(known=True), Finish(known=False), Finish(known=True, ended_early="it broke off")):
        for observed in (Observed(), Observed(broken={"a": Broken("a", "was false")}), Observed(undecided=("a",))):
            yield Input("sdk.jsonl", "antithesis", CoverageReport(), observed=observed, finish=finish)


def drifts() -> Iterator[Drift]:
    """A run as the lockfile has it, one of a scenario that it does not have, and each way to differ by itself."""
    yield Drift("points.json", 1)
    yield Drift("points.json", 0, missing=("combined", ""))
    for field in ("vanished", "undeclared", "unshown", "never_hit", "rare_never_hit", "reached"):
        yield replace(Drift("points.json", 1, can_vanish=False), **{field: ("b",)})
    yield Drift(
        "points.json", 1, vanished=("b",), renamed=(Renamed("b", "c", 1),), looks_renamed=(Renamed("b", "c", 1),)
    )


def outcomes() -> dict[str, list[Outcome]]:
    """How every gate ends, by its id, in the order in which they are judged."""
    found: dict[str, list[Outcome]] = {}
    bounds = (requiring(), everything())
    judged = [gate(read, asked, None) for gate in HEALTH_GATES for read in inputs() for asked in bounds]
    judged += [gate(shown, asked) for gate in (*CATEGORIES, *EXTRAS) for shown in evidence() for asked in bounds]
    judged += [LOCKED_GATE(drift) for drift in drifts()]
    for outcome in judged:
        found.setdefault(outcome.gate, []).append(outcome)
    return found


OUTCOMES = outcomes()
LADDER = ("judge_count", "judge_names", "judge_floors")  # the steps that gates share


@pytest.mark.parametrize("gate", OUTCOMES)
def test_the_page_knows_all_that_a_gate_says(gate: str) -> None:
    """Its advice, its notes and its figures stand as plain text, whichever way it ends; failing is one of them."""
    assert Status.FAILED in {outcome.status for outcome in OUTCOMES[gate]}
    for outcome in OUTCOMES[gate]:
        for told in (prose(outcome.advice), prose(outcome.note), figure(outcome.measured), figure(outcome.required)):
            assert "<code>" not in told, outcome.status
        assert outcome.advice or outcome.status is not Status.FAILED


def test_every_gate_is_in_the_registry() -> None:
    """A function that judges and has no row is never called; each row answers to its own id."""
    judges = {
        value
        for module in MODULES
        if module.__name__.startswith("vopr_coverage.gates.")
        for name, value in vars(module).items()
        if name.startswith("judge_") and value.__module__ == module.__name__ and name not in LADDER
    }
    assert judges == {row.judge for row in ROWS if row.judge}
    assert list(OUTCOMES) == [row.id for row in ROWS if row.judge]
    assert len({row.id for row in ROWS}) == len(ROWS)


def test_every_bound_is_judged_by_a_gate() -> None:
    """One that no gate looks at asks for nothing."""
    assert set(SEED_KEYS) | {"min_iterations"} | {key for row in ROWS for key in row.keys} == set(BOUND_KEYS)


def test_a_config_may_excuse_the_gates_whose_figure_can_be_missing() -> None:
    """Those that end *not measured* with a violation of their own; a gate that the schema forgets cannot be excused."""
    missing = {
        gate
        for gate, ends in OUTCOMES.items()
        if any(outcome.status is Status.NOT_MEASURED and outcome.violations for outcome in ends)
    }
    assert missing | {REGRESSION} == set(schema("config")["properties"]["on_not_measured"]["properties"])


def test_every_gate_has_a_title_in_the_part_where_it_is_judged() -> None:
    """The seven have their numbers, in their order; run health is what `HEALTH_IDS` says."""
    health, seven = len(HEALTH_GATES), len(CATEGORIES)
    for place, gate in enumerate([*OUTCOMES, REGRESSION]):
        part = RUN_HEALTH if place < health else COVERAGE if place < health + seven else EXTRA
        assert gate_part(gate) == part
        assert (gate in HEALTH_IDS) is (part == RUN_HEALTH), gate
        assert "<code>" not in gate_title(gate)
        assert gate_title(gate).startswith(f"{place - health + 1}&nbsp;·") is (part == COVERAGE), gate


def test_what_only_a_whole_verdict_can_say_has_a_title_too(tmp_path: Path) -> None:
    """Seeds that two runs share, and coverage that is absent."""
    for name, stream in (("a", a_stream(era="feb2026")), ("b", a_stream()), ("c", a_stream(coverage=None))):
        (tmp_path / name).write_bytes(stream)
    shared, absent = (
        checked(reports, merge="all", folder=tmp_path)
        for reports in ([f"{tmp_path}/a", f"{tmp_path}/b"], [f"{tmp_path}/c"])
    )
    found = {violation.gate for violation in (*shared.violations, *absent.violations)}
    assert {"seed-ranges", "coverage"} <= found
    assert [gate for gate in found if "<code>" in gate_title(gate)] == []
    assert all(violation.advice and prose(violation.advice) == violation.advice for violation in absent.violations)


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "fail"])
def test_the_page_knows_every_excuse(policy: str, tmp_path: Path) -> None:
    """The note is put together from the policy's word."""
    (tmp_path / "run").write_bytes(a_stream())
    verdict = checked([f"{tmp_path}/run"], on_not_measured=policy, folder=tmp_path)
    notes = [gate.note for gate in verdict.reports[0].gates if policy in gate.note]
    assert notes
    assert all("<code>" not in prose(note) for note in notes)


# ---- texts of ours, wherever they stand


def test_the_page_knows_all_advice_and_every_note() -> None:
    """Each table that is called ADVICE, and each constant whose name ends in NOTE, in whichever module."""
    tables = [table for module in MODULES for name, table in vars(module).items() if name.endswith("ADVICE")]
    texts = [text for table in tables for text in cast("Mapping[str, str]", table).values()]
    texts += [text for module in MODULES for name, text in vars(module).items() if name.endswith("NOTE")]
    assert len(texts) > 50
    assert [text for text in texts if "<code>" in prose(text)] == []


def literals(value: ast.expr | None) -> Iterator[str]:
    """The texts that an expression may be, where they are written out."""
    if isinstance(value, ast.IfExp):
        yield from (*literals(value.body), *literals(value.orelse))
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value


def told_in(module: ModuleType, call: ast.Call) -> Iterator[str]:
    """What is written out as `advice` or `note` in a call: by keyword, or in its place in one of our structures."""
    kind = getattr(module, call.func.id, None) if isinstance(call.func, ast.Name) else None
    fields: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    arguments: list[tuple[str | None, ast.expr]] = [(word.arg, word.value) for word in call.keywords]
    arguments += zip(fields, call.args, strict=False)
    for name, value in arguments:
        if name in ("advice", "note"):
            yield from literals(value)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_advice_and_notes_are_constants_that_have_a_name(module: ModuleType) -> None:
    """A text that is written out where it is used can't be found by the test above, nor by the page."""
    calls = (node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call))
    assert [text for call in calls for text in told_in(module, call)] == []


# ---- endings


@pytest.mark.parametrize("health_only", [False, True])
@pytest.mark.parametrize("status", get_args(VerdictStatus))
def test_summary_comment_and_text_have_words_for_every_verdict(status: VerdictStatus, health_only: bool) -> None:
    """In the headline, and in the table of reports."""
    error = "why" if status == "error" else None
    reports = (a_judged(status), a_judged("passed"))
    verdict = replace(a_verdict(), status=status, error=error, reports=reports, health_only=health_only)
    for page in (render_check_markdown(verdict), render_comment(verdict, About())):
        assert "<code>" not in page.splitlines()[0]
        assert f"<code>{status}</code>" not in page
    assert render_check_text(verdict)


@pytest.mark.parametrize("status", Status)
def test_the_table_has_words_for_every_ending_of_a_gate(status: Status) -> None:
    """With a mark, on one line; what is not required is folded, in words."""
    report = replace(a_judged("failed"), gates=(a_gate("repairs", status),))
    page = render_check_markdown(replace(a_verdict(), reports=(report,)))
    told = f"&nbsp;{status.replace(' ', '&nbsp;')}" if status != "not required" else "<summary>2 gates not required<"
    assert told in page


@pytest.mark.parametrize("status", get_args(DeterminismStatus))
def test_determinism_has_words_for_every_verdict(status: DeterminismStatus) -> None:
    """As text and as a page."""
    verdict = replace(one(varying(3)), status=status, error="why" if status == "error" else None)
    assert render_determinism_text(verdict)
    assert "<code>" not in render_determinism_markdown(verdict).splitlines()[0]


@pytest.mark.parametrize("ending", CanaryEnding)
def test_canaries_have_words_for_every_ending(ending: CanaryEnding) -> None:
    """And advice, but for the one that is meant."""
    assert bool(ADVICE[ending]) is (ending is not CanaryEnding.DETECTED)
    result = CanaryResult("a", ending, "b", "c", advice=ADVICE[ending])
    verdict = CanaryVerdict(False, "why", "1.0", "control", (), (result,), 0, 1, 0.0, 1.0)
    assert f"{ending}: c" in render_canaries_text(verdict)
    assert f"&nbsp;{ending}" in render_canaries_markdown(verdict)


@pytest.mark.parametrize("status", get_args(VerdictStatus))
@pytest.mark.parametrize("ended", get_args(JobStatus))
def test_a_night_has_words_for_every_verdict_and_every_part(status: VerdictStatus, ended: JobStatus) -> None:
    """In the text, on the page, and in the issue of a red one."""
    jobs = tuple(JobSeen(part, "", ended, "a line") for part in PARTS)
    night = a_night(1, status=status, jobs=jobs)
    assert render_night_text(night)
    assert "<code>" not in render_night_markdown(night).splitlines()[0]
    if status != "passed":
        assert "<code>" not in render_issue(night, IssueAbout()).splitlines()[0]


def test_every_part_of_a_night_has_a_title() -> None:
    """What is planned is a part, and the plan has a heading for it."""
    assert [part for part in PARTS if title(part) == part] == []
    assert set(get_args(PlannedJob)) == set(HEADINGS)
    assert set(HEADINGS) <= set(PARTS)


def test_every_kind_of_finding_has_its_place_in_the_order() -> None:
    """Findings of a part are sorted by how urgent they are."""
    findings = [Finding("coverage", "", kind, kind) for kind in get_args(FindingKind)]
    assert len(job_seen("coverage", None, findings, "all well")[1]) == len(findings)


# ---- templates


def test_templates_and_the_names_that_they_are_given_agree() -> None:
    """Every filter and every global is there, and is used: a misspelt one in a branch is only met in that branch."""
    environment = pages_environment()
    trees = {name: environment.parse(_source(environment, name)) for name in environment.list_templates()}
    used = {node.name for tree in trees.values() for node in tree.find_all(nodes.Filter)}
    ours = environment.filters.keys() - FILTERS.keys()
    assert used <= environment.filters.keys()
    assert ours <= used
    named = {node.name for tree in trees.values() for node in tree.find_all(nodes.Name)}
    assert environment.globals.keys() - DEFAULT_NAMESPACE.keys() <= named


def test_every_template_is_rendered_by_somebody() -> None:
    """By its name in our code, or as part of another template."""
    environment = pages_environment()
    sources = [inspect.getsource(module) for module in MODULES]
    sources += [_source(environment, name) for name in environment.list_templates()]
    for name in environment.list_templates():
        assert any(f'"{name}"' in source for source in sources), name


def _source(environment: Any, name: str) -> str:
    text: str = environment.loader.get_source(environment, name)[0]
    return text
