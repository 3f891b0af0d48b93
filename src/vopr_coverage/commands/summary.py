"""`vopr-coverage summary`: its flags, and from a night's folder to its verdict. Nothing is decided here."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.commands.options import add_canaries, add_config, one_of, or_empty
from vopr_coverage.commands.output import add_outputs, add_telling, append_outputs_to, judge_and_tell
from vopr_coverage.files import read_bytes
from vopr_coverage.model.manifest import SHA
from vopr_coverage.model.thresholds import PROFILE_NAMES
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.job_results import NEEDS_BYTES_MAX, PARTS, needs_from_json
from vopr_coverage.nightly.night import NightTerms, judge_night
from vopr_coverage.nightly.regression_file import read_regressions
from vopr_coverage.nightly.verdict import NightRun, NightVerdict
from vopr_coverage.trends.file import record_night

# Told as outputs of the workflow; build and plan are steps on the way.
TOLD_PARTS = tuple(name for name in PARTS if name not in ("build", "plan"))

EPILOG = """NIGHT is a folder with plan.json, as `plan --format json` prints it, and the recordings of what it planned:

  long-run/NAME  regressions/SCENARIO-SEED  determinism/NAME/a and b  coverage/NAME  canary/NAME

NAME is that of the plan. All of them are judged anew, whatever their jobs said; a run that is missing is lost.

exit codes:
  0  every part of the night holds
  1  one does not, or did not finish
  2  usage, plan or config can't be used: nothing was judged
  3  a bug of ours
"""


def add_summary(parser: argparse.ArgumentParser) -> None:
    """The flags of `summary`."""
    parser.add_argument("night", metavar="NIGHT", help="the folder with the plan and the recordings of one night")
    parser.add_argument(
        "--needs", metavar="F", help="the jobs' results, as `toJSON(needs)` has them; - for standard input"
    )
    parser.add_argument(
        "--profile", type=or_empty(one_of(PROFILE_NAMES)), metavar="default|smoke_test|nightly",
        help="the thresholds for coverage (default: the config's, else default)",
    )  # fmt: skip
    add_config(parser)
    parser.add_argument("--regressions", metavar="F", help="the regression file: its seeds need not be added again")
    add_canaries(parser, "no canary was run, and none was asked for")
    parser.add_argument("--trends", metavar="F", help="the history of earlier nights; this one is added to it")
    add_outputs(parser, "verdict and parts")
    add_telling(parser)


def place_in(environ: Mapping[str, str]) -> NightRun:
    """Which night the runner's variables speak of; on a laptop none has a number."""
    run_id, attempt, number = (environ.get(f"GITHUB_RUN_{name}", "") for name in ("ID", "ATTEMPT", "NUMBER"))
    if not all(text.isascii() and text.isdigit() and len(text) <= 18 for text in (run_id, attempt, number)):
        return NightRun()
    repository, server = environ.get("GITHUB_REPOSITORY", ""), environ.get("GITHUB_SERVER_URL", "")
    sha = environ.get("GITHUB_SHA", "")
    return NightRun(
        run_id=run_id,
        run_attempt=int(attempt),
        run_number=int(number),
        commit=sha if SHA.fullmatch(sha) else None,
        workflow=environ.get("GITHUB_WORKFLOW", ""),
        url=f"{server}/{repository}/actions/runs/{run_id}/attempts/{attempt}" if server and repository else "",
    )


def run_summary(arguments: argparse.Namespace, place: NightRun, commits: Sequence[str]) -> int:
    """Judge a night and tell it; `commits` are those that it may be about."""
    from vopr_coverage.render.night import render_night_markdown, render_night_text

    now = datetime.now(UTC)

    def judged() -> NightVerdict:
        replays = read_regressions(Path(arguments.regressions)) if arguments.regressions else ()
        kept = frozenset((one.scenario.lower(), seed) for one in replays for seed in one.seeds)
        needs = needs_from_json(read_bytes(arguments.needs, NEEDS_BYTES_MAX), "needs") if arguments.needs else None
        terms = NightTerms(
            config=arguments.config or None,
            profile=arguments.profile or None,
            commits=tuple(commits),
            canaries=not arguments.no_canaries,
            kept=kept,
            place=place,
            today=now.strftime("%Y-%m-%d"),
        )
        verdict = judge_night(Path(arguments.night), needs, terms)
        return _with_trends(verdict, Path(arguments.trends), now) if arguments.trends else verdict

    return judge_and_tell(
        arguments,
        judged,
        partial(NightVerdict.not_judged, __version__, place=place),
        render_night_text,
        render_night_markdown,
        partial(_append_outputs, arguments),
    )


def _with_trends(verdict: NightVerdict, path: Path, now: datetime) -> NightVerdict:
    """The night beside those before it, and added to them: a red one, too."""
    lines, warnings = record_night(path, verdict, now)
    remarks = tuple(Remark("trends", text) for text in warnings)
    return replace(verdict, trends=lines, warnings=(*verdict.warnings, *remarks))


def _append_outputs(arguments: argparse.Namespace, verdict: NightVerdict) -> None:
    """Outputs of the step: a part that nobody judged has shown nothing."""
    statuses = {job.name: str(job.status) for job in verdict.jobs}
    outputs = {"verdict": str(verdict.status), "passed": "true" if verdict.passed else "false"}
    outputs |= {name: statuses.get(name, "failed") for name in TOLD_PARTS}
    outputs |= {"night-file": arguments.verdict_file or "", "summary-file": arguments.summary_file or ""}
    append_outputs_to(arguments.outputs, outputs)
