"""The pull-request comment on real runs, against golden files: `pytest --update-golden`, then read the diff.

See a comment as a reviewer does: `python tools/preview.py VERDICT.json --comment --screenshot page.png`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from tests.support.checking import checked
from tests.support.pages import ABOUT, LIVE, closed, even_tables, page_of
from tests.support.reports import a_flat_report, run_cli
from tests.support.verdict_cases import CASES, COMPARED, ORIGIN, ROOT, Case, judged
from vopr_coverage.base.compare import Base
from vopr_coverage.model.verdict import Remark, Verdict, verdict_from_json
from vopr_coverage.render.budget import COMMENT_CHARACTERS_MAX
from vopr_coverage.render.comment import About, render_comment


class Scene(NamedTuple):
    """A verdict on a case, and what is known of its run."""

    case: Case
    about: About = ABOUT


PASSED = COMPARED["same-as-base"]
SCENES = {name: Scene(case) for name, case in (CASES | COMPARED).items()} | {
    "preview": Scene(CASES["pass"], About()),
    "foreign": Scene(PASSED, replace(ABOUT, foreign=True, conclusion="success")),
    "foreign-in-a-failed-run": Scene(PASSED, replace(ABOUT, foreign=True, conclusion="failure")),
    "cancelled": Scene(PASSED, replace(ABOUT, conclusion="cancelled")),
}
SCREEN_LINES = 45  # about what one screen shows, a line of the page a line


def comment_on(scene: str) -> str:
    """The comment of a scene."""
    return render_comment(judged(SCENES[scene].case), SCENES[scene].about)


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("scene", SCENES)
def test_real_runs_read_as_they_should(scene: str, golden: Callable[[str, str], None]) -> None:
    """The comment, word for word."""
    golden(f"comment/{scene}.md", comment_on(scene))


@pytest.mark.parametrize("scene", SCENES)
def test_the_comment_needs_nothing_but_the_verdict_file(scene: str) -> None:
    """A trusted job renders it from the file that an untrusted one wrote."""
    verdict = judged(SCENES[scene].case)
    read = verdict_from_json(verdict.to_json().encode(), "v.json")
    assert render_comment(read, ABOUT) == render_comment(verdict, ABOUT)


@pytest.mark.parametrize("scene", SCENES)
def test_the_comment_renders(scene: str) -> None:
    """Closed, with even tables, nothing of Markdown left as text, and no link or mention but ours."""
    markdown = comment_on(scene)
    assert closed(markdown)
    assert even_tables(markdown)
    page = page_of(markdown)
    assert not set("|<>`*#") & set(page.prose)
    assert not LIVE.search(page.prose)
    assert "" not in page.codes


def test_the_command_prints_the_comment_of_a_verdict_file(tmp_path: Path) -> None:
    """Without what only a run on GitHub has: commit, marker and links. It ends with 0, whatever the verdict is."""
    verdict = judged(CASES["pass"])
    (tmp_path / "verdict.json").write_text(verdict.to_json())
    ended = run_cli("comment", "verdict.json", cwd=tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, render_comment(verdict, About()), "")


@pytest.mark.parametrize("scene", ["pass", "same-as-base", "more-than-base", "foreign"])
def test_a_comment_that_passed_fits_on_a_screen(scene: str) -> None:
    """Without what is folded."""
    lines, depth = 0, 0
    for line in comment_on(scene).splitlines():
        depth -= line.count("</details>")
        lines += not depth and bool(line)
        depth += line.count("<details")
    assert lines <= SCREEN_LINES


def a_large_verdict(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Verdict:
    """500 fault points with long names, 300 of them lost since base, bounds loosened, and 400 warnings."""
    monkeypatch.chdir(folder)
    names = [f"sim.storage.replica_group_{n:03d}.journal.write_ahead_log.torn_write_after_fsync" for n in range(500)]
    for name, hit in (("base", names), ("head", names[300:])):
        missed = names[: 500 - len(hit)]
        figures = {"total_fault_points": 500, "fault_points_hit": len(hit)}
        told = a_flat_report(hit_fault_points=hit, missed_fault_points=missed, **figures)
        (folder / f"{name}.json").write_bytes(told)
    for name, count in (("strict", 60), ("loose", 40)):
        critical = "".join(f"  - {point}\n" for point in names[:count])
        (folder / f"{name}.yml").write_text(f"critical_fault_points:\n{critical}")
    base = Base(ORIGIN, checked(["base.json"], config="strict.yml"))
    verdict = checked(["head.json"], config="loose.yml", base=base, max_regression="2")
    warnings = tuple(Remark("head.json", f"warning {number}: {'w' * 200}") for number in range(400))
    return replace(verdict, version="VERSION", warnings=warnings)


def test_a_large_comment_is_shortened_and_says_so(
    golden: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed and what was lost goes first; each list says how much of it is elsewhere, and where."""
    verdict = a_large_verdict(tmp_path, monkeypatch)
    whole, small = render_comment(verdict, ABOUT), render_comment(verdict, ABOUT, 12_000)
    assert 12_000 < len(whole) <= COMMENT_CHARACTERS_MAX
    golden("comment/truncated.md", small)
    assert small.index("Shortened to fit") < small.index("Judged less strictly") < small.index("Lost against base")
    assert "and 290 more" in small
