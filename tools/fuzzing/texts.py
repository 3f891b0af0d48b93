"""The doors for texts: configs, lists of seeds, workflow files, what GitHub hands over, archives, and variables."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

from tests.support.archives import verdict_zip, with_claims, zipped
from tools.fuzzing.documents import _verdicts as verdicts
from tools.fuzzing.door import Door, Ending, Finding
from tools.fuzzing.drawn import document_of
from vopr_coverage.base.gate import parse_limit
from vopr_coverage.check.terms import parse_policy
from vopr_coverage.config.file import parse_config
from vopr_coverage.doctor.workflow import findings_in
from vopr_coverage.errors import UserError
from vopr_coverage.formats.text import text_of
from vopr_coverage.github.artifact_zip import VERDICT_BYTES_MAX, VERDICT_NAME, verdict_in
from vopr_coverage.github.comment_marker import Stamp, checked_id, stamp_of
from vopr_coverage.github.context import job_context
from vopr_coverage.github.issue_memory import memory_line, seeds_in, without_memory
from vopr_coverage.github.issue_plan import issue_stamp_of
from vopr_coverage.model.verdict import verdict_from_json
from vopr_coverage.nightly.known_seeds import KnownSeed
from vopr_coverage.nightly.regression_file import parse_regressions, regression_line
from vopr_coverage.nightly.seed_file import parse_seed_file
from vopr_coverage.reading.pattern import is_pattern, matches
from vopr_coverage.runner.environment import runner_of
from vopr_coverage.runner.event import commits_of, default_branch
from vopr_coverage.runner.inputs import lines, read_inputs, rules_of, switch

ROOT = Path(__file__).parents[2]
SHA = "0123456789abcdef0123456789abcdef01234567"
RUNNER = {
    "GITHUB_REPOSITORY": "org/project", "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_SHA": SHA,
    "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/3/merge",
}  # fmt: skip


def text_doors() -> list[Door]:
    """Each text by itself."""
    return [
        Door(
            "config",
            _take_config,
            _configs(),
            ("config/file", "formats/located_yaml", "doctor/flow"),
            _YAML,
            draw=document_of("config"),
        ),
        Door("workflow", _take_workflow, _workflows(), ("doctor/workflow_file",), _YAML),
        Door(
            "regressions",
            _take_regressions,
            (b'combined 7\n"two nodes" 42  # x\n# a comment\n',),
            ("nightly/regression_file",),
            _SEEDS,
        ),
        Door(
            "seed file",
            _take_seed_file,
            (b"# vopr-coverage seeds 1\ncombined 4711\n#+ a\n#+ a & cut.me\n",),
            ("nightly/seed_file", "commands/seeds"),
            _SEEDS,
        ),
        Door(
            "pattern",
            _take_pattern,
            (b"night/**/*.ndjson", b"a[!b-c]?/[]]*"),
            ("reading/pattern",),
            (b"**", b"[", b"]", b"[!", b"?", b"/", b".."),
        ),
        Door("event", _take_event, _events(), ("runner/event", "github/context"), text="json"),
        Door(
            "hidden lines",
            _take_body,
            _bodies(),
            ("github/issue_memory",),
            (b"<!-- vopr-coverage ", b" -->", b"seeds="),
        ),
        Door(
            "environment",
            _take_environment,
            _environments(),
            ("runner/environment", "runner/inputs", "action"),
            (b"\n", b"INPUT_", b"="),
        ),
        Door(
            "artifact",
            _take_zip,
            _zips(),
            ("github/artifact_zip",),
            (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xff\xff\xff", VERDICT_NAME.encode(), b"../"),
        ),
    ]


_YAML = (
    b"&a", b"*a", b"!!python/object:a", b"<<: *a", b"? ", b"- ", b": ", b"|\n", b"---\n", b"null", b"~", b"0x1f", b"\t",
    b"%YAML", b"[*a, *a]",
)  # fmt: skip
_SEEDS = (b'"a b" 7', b"#+ ", b" & ", b'"\\ud800"', b"18446744073709551616", b"\xc2\xa0", b"\x0b", b"\xe2\x80\xa8")


def _configs() -> tuple[bytes, ...]:
    shipped = [(ROOT / "examples" / "configs" / name).read_bytes() for name in ("simulator-stream.yml",)]
    small = b"""profile: none
fault_point_coverage_min: 0.5
critical_fault_points: [a]
aliases: {b: a}
on_not_measured: {repairs: warn}
min_per_iteration: {x: 2}
scenarios:
  combined: {min_iterations: 7}
  '*': {}
canaries: {c: {invariants: [agreement], crash: 'a|b'}}
"""
    return (small, small, *shipped)


def _take_config(data: bytes) -> Ending:
    text = _text(data)
    config = parse_config.__wrapped__(text, "gate.yml")
    if parse_config.__wrapped__(text, "gate.yml") != config:
        raise Finding("the same config is read differently the second time")
    return "taken"


def _text(data: bytes) -> str:
    """As `read_text` reads a file."""
    try:
        return text_of(data)
    except UnicodeDecodeError:
        raise UserError("text that is not UTF-8") from None


def _workflows() -> tuple[bytes, ...]:
    small = b"""on: [push]
jobs:
  gate:
    needs: [a]
    if: always()
    steps:
      - uses: org/vopr-coverage-action@v1
        with: {reports: a.ndjson, fail: false}
      - run: |
          vopr-coverage check a.ndjson || true
          x=$(vopr-coverage summary "night" | tee log); echo 'a' && exit 0
          cat <<EOF
          EOF
        continue-on-error: true
"""
    return (small, small, (ROOT / "workflows" / "pull-request.yml").read_bytes())


def _take_workflow(data: bytes) -> Ending:
    findings_in({"w.yml": _text(data)}, parse_config("{}", "gate.yml"))
    return "taken"


def _take_regressions(data: bytes) -> Ending:
    """Seeds that failed once: what is read can be written, and is read again as the same."""
    seeds = parse_regressions(_text(data), "seeds.txt")
    written = "".join(f"{regression_line(each.scenario, seed, 'x')}\n" for each in seeds for seed in each.seeds)
    if parse_regressions(written, "seeds.txt") != seeds:
        raise Finding("a list of seeds differs after it was written", repr(written[:300]))
    return "taken"


def _take_seed_file(data: bytes) -> Ending:
    found = parse_seed_file(_text(data), "seeds.txt")
    for wanted in found.wanted or ():
        for name in (name for part in wanted.reaches for name in part):
            try:
                name.encode()
            except UnicodeEncodeError:
                raise Finding("a name that is no text", repr(name)) from None
    return "taken"


def _take_pattern(data: bytes) -> Ending:
    """A pattern is only looked for in a small folder: others may be large."""
    text = os.fsdecode(data)
    if is_pattern(text) and "\0" not in text and ".." not in text and not text.startswith(("/", "*")):
        matches(f"{ROOT}/workflows/{text}" if "**" not in text else f"{ROOT}/setup/{text}")
    return "taken"


def _events() -> tuple[bytes, ...]:
    repo = {"full_name": "org/project", "default_branch": "main"}
    side = {"sha": SHA, "ref": "main", "repo": repo}
    pull = {"number": 3, "head": side, "base": side}
    run = {
        "id": 7, "run_attempt": 1, "event": "push", "head_sha": SHA, "head_branch": "main", "head_repository": repo,
        "conclusion": "success", "created_at": "2026-11-26T02:17:00Z",
    }  # fmt: skip
    group = {"base_ref": "refs/heads/main", "base_sha": SHA}
    whole = {"pull_request": pull, "workflow_run": run, "merge_group": group, "repository": repo}
    return tuple(json.dumps(each).encode() for each in (whole, {"pull_request": pull}, {"workflow_run": run}))


def _take_event(data: bytes) -> Ending:
    runner = runner_of(RUNNER)
    commits_of("pull_request", SHA, data)
    default_branch(data)
    context = job_context(runner, data)
    if not context.contained <= {SHA} | {c for c in context.contained if len(c) in (40, 64)}:
        raise Finding("a commit that is none", str(context.contained))
    return "taken"


def _bodies() -> tuple[bytes, ...]:
    known = KnownSeed("failing seed", "combined", "17", "agreement", "vopr --seed 17", False, "7")
    comment = Stamp("default", SHA, 7, 1).line()
    issue = f"<!-- vopr-coverage issue id=nightly sha={SHA} run=7 attempt=1 first=3 since=2026-11-20 nights=4 -->"
    return tuple(f"{line}\n{memory_line([known])}\ntext\n".encode() for line in (comment, issue))


def _take_body(data: bytes) -> Ending:
    """The text of a comment or an issue, which anybody who may edit it has written."""
    body = data.decode("utf-8", "replace")
    seeds, stamp, issue = seeds_in(body), stamp_of(body), issue_stamp_of(body)
    if seeds and seeds_in(memory_line(seeds)) != seeds:
        raise Finding("remembered seeds differ after they were written", str(seeds)[:300])
    if stamp and stamp_of(stamp.line()) != stamp:
        raise Finding("a stamp differs after it was written", stamp.line())
    if issue and issue_stamp_of(f"{issue.line()}\n{memory_line(issue.known)}") != issue:
        raise Finding("the stamp of an issue differs after it was written", issue.line())
    if seeds_in(without_memory(body)) and body.count("seeds=") < 2:
        raise Finding("a hidden line stays where it was taken out")
    return "taken" if seeds or stamp or issue else "refused"


def _environments() -> tuple[bytes, ...]:
    inputs = {
        "INPUT_REPORTS": "a.ndjson", "INPUT_MERGE": "all", "INPUT_MIN-ITERATIONS": "7", "INPUT_FAIL": "true",
        "INPUT_MAX-REGRESSION": "2.5, lost=3", "INPUT_ON-NOT-MEASURED": "repairs=warn", "INPUT_COMMENT-ID": "night",
    }  # fmt: skip
    return ("\n".join(f"{key}={value}" for key, value in (RUNNER | inputs).items()).encode(),)


def _take_environment(data: bytes) -> Ending:
    environ = dict(line.partition("=")[::2] for line in data.decode("utf-8", "surrogateescape").split("\n"))
    runner = runner_of(environ)
    inputs = read_inputs(environ)
    parse_limit(inputs["max-regression"], "input max-regression") if inputs["max-regression"] else None
    parse_policy(inputs["on-not-measured"], "input on-not-measured") if inputs["on-not-measured"] else None
    checked_id(inputs["comment-id"])
    switch(inputs, "fail")
    lines(inputs["reports"])
    rules_of(inputs | {"max-regression": ""}, None)
    job_context(runner, b"")
    return "taken"


@cache
def _zips() -> tuple[bytes, ...]:
    verdict = verdicts()[1]
    return (verdict_zip(verdict), zipped({VERDICT_NAME: b"{}", "other": b"x"}), with_claims(b"{}"))


def _take_zip(data: bytes) -> Ending:
    taken = verdict_in(data)
    if len(taken) > VERDICT_BYTES_MAX:
        raise Finding("more came out of an archive than may", str(len(taken)))
    verdict_from_json(taken, "verdict.json")
    return "taken"
