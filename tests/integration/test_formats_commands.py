"""Every format in every command: it is judged, or one sentence says why it can't be. Each cell is run.

A new format gets its cells by its row in `reading.formats.FORMATS` and its sample in tests/support/samples.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.pages import ABOUT as COMMENT_ABOUT
from tests.support.reports import Ended, run_cli
from tests.support.samples import CUT, samples
from vopr_coverage.errors import ExitCode
from vopr_coverage.model.verdict import verdict_from_json
from vopr_coverage.nightly.verdict import night_from_json
from vopr_coverage.reading.formats import FORMATS
from vopr_coverage.render.annotations import render_annotations
from vopr_coverage.render.comment import render_comment
from vopr_coverage.render.issue import IssueAbout, render_issue

ROOT = Path(__file__).parents[2]
JUDGED = ""
NO_DIGESTS = "tells of a seed what could be compared"
NO_POINTS = "the control run doesn't hit the fault point either"
# What a command says of a format that it can't judge; all other cells are judged.
REFUSED: dict[str, dict[str, str]] = {
    "determinism": {
        **dict.fromkeys(("antithesis", "jepsen", "foundationdb", "p", "tigerbeetle", "points"), NO_DIGESTS),
        "report": "expected a run of seeds, found a CoverageReport",
        "stream": "hold the same run, begun and ended at the same instant",  # the sample has times of day, as real ones
    },
    "init": {"report": "a file of the format report has totals of unknown seeds only"},
    "check of what init wrote": {"simulation": "all that is required of it is required of 8 iterations or more"},
    "canary": {
        "report": "it has no run records: pass a stream",
        "tigerbeetle": NO_POINTS,
    },
    "night": {"report": "expected output with points or invariants by name"},
    "replay": {"report": "recorded, but its stream cannot be read"},
}
# What the point is called where no alias stands between.
OWN_NAMES = {"jepsen": f"operation {CUT}", "foundationdb": f"a.cpp: {CUT}", "tigerbeetle": f"fuzzer {CUT}"}
# Runs a seed for each format: it copies a file, or prints a stream of these seeds.
RUNNER = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "src")!r}]
form, file, first, count, output = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
if form == "stream":
    from tests.support.reports import a_coverage, a_stream
    effects = {{"{CUT}": 9}} if file == "whole" else {{"{CUT}": 0}}
    sys.stdout.buffer.write(a_stream(count, first=first, coverage=a_coverage(effects=effects)))
elif form == "simulation":
    from tests.support.simulations import as_lines, begin, finish, seed
    hits = {{"a": 1, "{CUT}": 1}} if file == "whole" else {{"a": 1}}
    seeds = [seed(first + n, hits=hits) for n in range(count)]
    start = begin(count, first, points={{"fault": ["a", "{CUT}"]}})
    sys.stdout.buffer.write(as_lines([start, *seeds, finish(count)]))
else:
    open(output, "wb").write(open(file, "rb").read())
"""


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with the sample, whole and without its point, and a config that only the whole one meets."""
    name = request.getfixturevalue("name")
    sample = samples()[name]
    (tmp_path / "whole").write_bytes(sample.whole)
    (tmp_path / "without").write_bytes(sample.without)
    (tmp_path / "runner.py").write_text(RUNNER)
    config = yaml.safe_load(sample.config)
    config["canaries"] = {"lost": {"fault_points": [OWN_NAMES.get(name, CUT)]}}
    if sample.form:
        config["format"] = sample.form
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "vopr-coverage.yml").write_text(json.dumps(config))
    return tmp_path


def held(ended: Ended, command: str, name: str, *, code: int = ExitCode.PASSED) -> None:
    """The cell of the table: this exit code where it is judged, else no pass and the sentence; never a bug."""
    said, sentence = ended.out + ended.err, REFUSED.get(command, {}).get(name, JUDGED)
    if sentence == JUDGED:
        assert ended.code == code, said
    else:
        assert ended.code in (ExitCode.GATE_FAILED, ExitCode.UNUSABLE), said
        assert sentence in " ".join(said.split())


every_format = pytest.mark.parametrize("name", FORMATS)


@every_format
def test_check_and_its_pages(name: str, world: Path) -> None:
    """Green whole, red without the point, which every page names: text, summary, comment, annotations."""
    assert run_cli("check", "whole", cwd=world).code == ExitCode.PASSED
    words = ("--verdict-file", "v.json", "--summary-file", "s.md")
    ended = run_cli("check", "without", *words, cwd=world)
    assert ended.code == ExitCode.GATE_FAILED
    verdict = verdict_from_json((world / "v.json").read_bytes(), "v.json")
    assert not verdict.passed
    comment = render_comment(verdict, COMMENT_ABOUT)
    annotations = "\n".join(render_annotations(verdict, fail=True))
    for page in (ended.out, (world / "s.md").read_text(), comment, annotations):
        assert CUT in page.replace("&#46;", "."), page


@every_format
def test_the_base_tells_what_is_lost(name: str, world: Path) -> None:
    """Against a green base: as a regression, by name; nothing else changed."""
    run_cli("check", "whole", "--verdict-file", "base.json", cwd=world)
    words = ("--base", "base.json", "--max-regression", "0", "--format", "json")
    found = json.loads(run_cli("check", "without", *words, cwd=world).out)
    change = found["reports"][0]["change"]
    assert [*change["lost_points"], *change["lost_invariants"]] == [samples()[name].point]
    lost = [violation["line"] for violation in found["violations"] if violation["gate"] == "regression"]
    assert any(CUT in line and "on base, not here" in line for line in lost)
    again = json.loads(run_cli("check", "whole", *words, cwd=world).out)
    assert (again["passed"], again["reports"][0]["change"]["lost_points"]) == (True, [])


@every_format
def test_doctor(name: str, world: Path) -> None:
    """It notices that the point falls silent, since the config asks for it."""
    ended = run_cli("doctor", "whole", "--format", "json", "--verdict-file", "d.json", cwd=world)
    held(ended, "doctor", name)
    blind = json.loads((world / "d.json").read_text())["blind_spots"]
    assert json.loads(ended.out)["noticed"] > 0
    kinds = ("fault-point-silent", "invariant-not-run")
    assert not [spot for spot in blind if spot["name"] in [f"{kind} {samples()[name].point}" for kind in kinds]]


@every_format
def test_init(name: str, world: Path) -> None:
    """What it writes holds for the run that it is from; three seeds are too short for any minimum, and are no pass."""
    form = samples()[name].form
    ended = run_cli("init", "whole", *(["--from", form] if form else []), "-o", "new.yml", cwd=world)
    held(ended, "init", name)
    if not REFUSED["init"].get(name):
        held(run_cli("check", "whole", "--config", "new.yml", cwd=world), "check of what init wrote", name)


@every_format
def test_convert(name: str, world: Path) -> None:
    """The stream is judged like the file; tests/integration/test_convert_verdicts.py has all that may not be lost."""
    for file, code in (("whole", ExitCode.PASSED), ("without", ExitCode.GATE_FAILED)):
        held(run_cli("convert", file, "--out", f"{file}.ndjson", cwd=world), "convert", name)
        config = json.loads((world / ".github" / "vopr-coverage.yml").read_text()) | {"format": "simulation"}
        (world / "converted.json").write_text(json.dumps(config))
        ended = run_cli("check", f"{file}.ndjson", "--config", "converted.json", cwd=world)
        assert ended.code == code, ended.out + ended.err


@every_format
def test_determinism(name: str, world: Path) -> None:
    """Only digests show it; a file of a tester without any is *not measured*, and never a pass."""
    (world / "again").write_bytes((world / "whole").read_bytes())
    held(run_cli("determinism", "whole", "again", cwd=world), "determinism", name)


@every_format
def test_canary(name: str, world: Path) -> None:
    """By its vanished point; not in a run that has it."""
    held(run_cli("canary", "--control", "whole", "lost=without", cwd=world), "canary", name)
    assert run_cli("canary", "--control", "whole", "lost=whole", cwd=world).code == ExitCode.GATE_FAILED


def command(name: str, file: str) -> tuple[str, ...]:
    """What runs the seeds of this format; `{output}` only where it writes files."""
    output = "-" if FORMATS[name].a_run_is == "seed" else "{output}"
    return (sys.executable, "runner.py", name, file, "{seed}", "{iterations}", output, "{scenario}")


def night(world: Path, name: str, file: str) -> tuple[Ended, dict[str, Any]]:
    """A night of a long run and a coverage run: the end of its summary, and its verdict."""
    asked = ["s=2", "--coverage", "s=2", "--rate", "s=50", "--jobs", "1", "--minutes", "5", "--run-number", "1"]
    asked += ["--no-canaries", "--format", "json", "--command", "x {seed} {iterations} {scenario}"]
    ended = run_cli("plan", *asked, cwd=world)
    assert ended.code == ExitCode.PASSED, ended.err
    folder = world / f"night-{file}"
    folder.mkdir()
    (folder / "plan.json").write_text(ended.out)
    for job in ("long_run", "coverage"):
        for run in json.loads(ended.out)[job]["include"]:
            out = f"{folder.name}/{job.replace('_', '-')}/{run['name']}"
            size = ("--scenario", "s", "--seed", run["seed"], "--iterations", str(run["iterations"]), "--out", out)
            assert run_cli("record", *size, "--", *command(name, file), cwd=world).code == ExitCode.PASSED
    found = f"{file}.json"
    words = ("--no-canaries", "--trends", "t.ndjson", "--verdict-file", found, "--summary-file", f"{file}.md")
    ended = run_cli("summary", folder.name, *words, cwd=world)
    return ended, json.loads((world / found).read_text())


@every_format
def test_a_night_with_its_issue_and_its_trends(name: str, world: Path) -> None:
    """Green but for what was not planned; then red for the point, on its page, in the issue and in the history."""
    ended, whole = night(world, name, "whole")
    coverage = next(part for part in whole["jobs"] if part["name"] == "coverage")
    if sentence := REFUSED["night"].get(name):
        assert coverage["status"] != "passed"
        assert sentence in json.dumps(whole)
        return
    assert [finding["job"] for finding in whole["findings"]] == ["determinism"], ended.out
    assert coverage["status"] == "passed"
    ended, _ = night(world, name, "without")
    assert ended.code == ExitCode.GATE_FAILED
    verdict = night_from_json((world / "without.json").read_bytes(), "without.json")
    for page in (ended.out, (world / "without.md").read_text(), render_issue(verdict, IssueAbout())):
        assert CUT in page.replace("&#46;", "."), page
    history = run_cli("trends", "t.ndjson", cwd=world)
    assert history.code == ExitCode.PASSED
    assert CUT in (world / "t.ndjson").read_text()


@every_format
def test_a_regression_seed_is_replayed(name: str, world: Path) -> None:
    """And told by what it wrote."""
    (world / "regressions.txt").write_text("s 7\n")
    ended = run_cli("replay", "regressions.txt", "--out", "again", "--", *command(name, "whole"), cwd=world)
    assert ended.code == ExitCode.PASSED, ended.err
    assert f"s seed 7: {REFUSED['replay'].get(name, 'held')}" in ended.err
