"""The doors for documents of ours that another job, another night or another person may have written anew."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zlib import crc32

import msgspec

from tests.support.archives import a_verdict_file
from tests.support.histories import a_record, work
from tests.support.night_folders import a_plan
from tests.support.recordings import a_manifest
from tests.support.red_nights import COMMIT
from tests.support.tracked_issues import a_green_night, a_red_night
from tools.fuzzing.door import Door, Ending, Finding
from tools.fuzzing.drawn import document_of
from tools.fuzzing.pages import hold_night, hold_pages
from tools.fuzzing.types import type_doors
from vopr_coverage.base.file import base_from_bytes
from vopr_coverage.base.gate import comparison_of
from vopr_coverage.check.flow import Rules, judge_inputs
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.errors import UserError
from vopr_coverage.formats.schema import problems
from vopr_coverage.model.manifest import recording_from_json
from vopr_coverage.model.point_lock import FirstSeen, LockedIn, LockedPoint, PointLock
from vopr_coverage.model.verdict import verdict_from_json
from vopr_coverage.nightly.earlier import keep_earlier
from vopr_coverage.nightly.job_results import needs_from_json, result_of
from vopr_coverage.nightly.known_seeds import known_seeds_of
from vopr_coverage.nightly.plan import plan_from_json
from vopr_coverage.nightly.verdict import night_from_json
from vopr_coverage.points.lockfile import parse_lock, text_of_lock
from vopr_coverage.render.issue import IssueAbout, issue_title, render_issue
from vopr_coverage.trends.compare import lately
from vopr_coverage.trends.history import parse_history, text_of, union
from vopr_coverage.trends.of_night import records_of
from vopr_coverage.trends.rates import known_rates
from vopr_coverage.trends.text_files import text_files
from vopr_coverage.trends.thinning import thinned

SHOWN = 16  # one document in so many is also shown
AT = datetime(2026, 11, 26, tzinfo=UTC)
SCHEMA_READERS = ("formats/schema", "formats/strict_json")


def document_doors() -> list[Door]:
    """Verdicts, nights, plans, manifests, histories, lockfiles, results of jobs, and the types of the seed document."""
    return [
        Door(
            "verdict",
            _take_verdict,
            _verdicts(),
            ("model/verdict", "base/file", "commands/comment"),
            draw=document_of("verdict"),
            text="json",
        ),
        Door(
            "night",
            _take_night,
            _nights(),
            ("nightly/verdict", "github/issue_flow", "commands/summary"),
            draw=document_of("night"),
            text="json",
        ),
        Door(
            "plan",
            _take_plan,
            _plans(),
            ("nightly/plan", "nightly/night", "own_night/flow"),
            draw=document_of("plan"),
            text="json",
        ),
        Door(
            "manifest",
            _take_manifest,
            _manifests(),
            ("model/manifest", "own_night/crew"),
            draw=document_of("recording"),
            text="json",
        ),
        Door(
            "lockfile",
            _take_lock,
            _locks(),
            ("points/lockfile", "commands/points"),
            draw=document_of("points"),
            text="json",
        ),
        Door(
            "history",
            _take_history,
            _histories(),
            ("trends/history", "trends/file", "trends/folder"),
            draw=document_of("trend"),
            text="lines",
        ),
        Door(
            "needs",
            _take_needs,
            (_json({job: {"result": "success", "outputs": {}} for job in ("plan", "build", "coverage")}),),
            ("nightly/job_results",),
            text="json",
        ),
        *type_doors(),
    ]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _same(name: str, text: bytes | str, read: Callable[[bytes], Any], value: Any, schema: str) -> None:
    """What was read and is written again is read as the same, and meets the schema that we publish."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    try:
        again = read(data)
    except UserError as error:
        raise Finding(f"a {name} that we wrote is refused", str(error)[:300]) from None
    if again != value:
        raise Finding(f"a {name} differs after it was written", data[:300].decode("utf-8", "replace"))
    if crc32(data) % SHOWN == 0 and (broken := problems(schema, json.loads(data))):
        raise Finding(f"a {name} that we wrote breaks its schema", f"{broken[0].pointer}: {broken[0]}")


# ---- verdicts


@cache
def _verdicts() -> tuple[bytes, ...]:
    with tempfile.TemporaryDirectory() as folder:
        whole = a_verdict_file(folder)
    small = json.loads(whole)
    report = small["reports"][0]
    report["gates"], report["inputs"][0]["gates"], report["bounds"] = report["gates"][:2], [], report["bounds"][:2]
    return (whole, _json(small), _json(small))


@cache
def _report_to_compare() -> tuple[Any, Config]:
    from tests.support.samples import samples
    from tools.fuzzing.judging import read_bytes

    config = parse_config('{"profile": "none", "fault_point_coverage_min": 0.1}', "gate.yml")
    return read_bytes(samples()["report"].whole, None, config), config


def _take_verdict(data: bytes) -> Ending:
    """A verdict of another run: read, compared with, shown and written again."""
    base = base_from_bytes(data, "a run")
    read, config = _report_to_compare()
    compared = judge_inputs([read], Rules(comparison=comparison_of(base, "0, lost=any", "{}")), config)
    if compared.passed and base.missing:
        raise Finding("passed without the base that it is held against", base.missing)
    verdict = verdict_from_json(data, "verdict.json")
    number = crc32(data) >> 8
    if number % 4 == 0:
        _same("verdict", verdict.to_json(), lambda text: verdict_from_json(text, "verdict.json"), verdict, "verdict")
    if number % SHOWN == 1:
        hold_pages(verdict)
        hold_pages(compared)
    return "taken"


# ---- nights


@cache
def _nights() -> tuple[bytes, ...]:
    red = a_red_night(5, seed_base="7", work=(work("long-run"), work("canary")), seeds_doubled=9, at_most=0.3)
    return tuple(night.to_json().encode() for night in (red, a_green_night(5), a_red_night(6, findings=1)))


def _take_night(data: bytes) -> Ending:
    """The verdict of an earlier attempt or another job: read, kept, published and written again."""
    night = night_from_json(data, "night.json")
    records = records_of(night, AT)
    keep_earlier(night, night)
    list(known_seeds_of(night, "7"))
    title = issue_title(night)
    if "\n" in title or not title.isprintable():
        raise Finding("a title of several lines", repr(title[:300]))
    number = crc32(data) >> 8
    if number % 4 == 0:
        _same("night", night.to_json(), lambda text: night_from_json(text, "night.json"), night, "night")
        again = parse_history(text_of(records), "trends.ndjson")
        if records and union(again.records) != union(records):
            raise Finding("records of a night differ after they were written", str(again.warnings)[:300])
    if number % SHOWN == 1:
        hold_night(night)
        render_issue(night, IssueAbout())
    return "taken"


# ---- plans, manifests


@cache
def _plans() -> tuple[bytes, ...]:
    return (a_plan().to_json().encode(), a_plan({"combined": ["7"]}).to_json().encode())


def _take_plan(data: bytes) -> Ending:
    plan = plan_from_json(data, "plan.json")
    _same("plan", plan.to_json(), lambda text: plan_from_json(text, "plan.json"), plan, "plan")
    return "taken"


@cache
def _manifests() -> tuple[bytes, ...]:
    part = {
        "seed": "0", "iterations": 3, "ran": 3, "died_at": None, "exit_code": 0, "signal": None, "last_words": [],
        "again": False, "agrees": None, "measured": True,
    }  # fmt: skip
    return (_json(a_manifest()), _json(a_manifest(exit_code=None, signal=11, last_words=["boom"], parts=[part])))


def _take_manifest(data: bytes) -> Ending:
    recording = recording_from_json(data, "recording.json")
    _same("manifest", recording.to_json(), lambda text: recording_from_json(text, "m"), recording, "recording")
    return "taken"


# ---- lockfiles, histories


@cache
def _locks() -> tuple[bytes, ...]:
    place = LockedIn(class_="common", hit=True, rate=(0.1, 0.5)) if "class_" in LockedIn.__struct_fields__ else None
    assert place is not None, "a lockfile has classes"
    points = (
        LockedPoint("a", "fault", {"combined": place}, FirstSeen("2026-11-01", COMMIT)),
        LockedPoint("cut.me", "sometimes", {"combined": msgspec.structs.replace(place, rate=None)}),
    )
    return (text_of_lock(PointLock(points=points)).encode(), text_of_lock(PointLock()).encode())


def _take_lock(data: bytes) -> Ending:
    lock = parse_lock(data, "points.lock")
    text = text_of_lock(lock)
    again = parse_lock(text.encode("utf-8"), "points.lock")
    in_order = msgspec.structs.replace(lock, points=tuple(sorted(lock.points, key=lambda point: point.name)))
    if again != in_order or text_of_lock(again) != text:
        raise Finding("a lockfile differs after it was written", text[:300])
    return "taken"


@cache
def _histories() -> tuple[bytes, ...]:
    records = [*(a_record(number) for number in range(3)), a_record(3, job="canary", detected=4, declared=5)]
    return (text_of(records), text_of(records[:1]))


def _take_history(data: bytes) -> Ending:
    """A history that anybody may have written: read, compared with, thinned and written again."""
    history = parse_history(data, "trends.ndjson")
    for warning in history.warnings:
        if not warning.isprintable():
            raise Finding("a warning that is not printable", repr(warning[:300]))
    text = text_of(history.records, history.later)
    again = parse_history(text, "trends.ndjson")
    if again.records != union(history.records) or text_of(again.records, again.later) != text:
        raise Finding("a history differs after it was written", text[:300].decode("utf-8", "replace"))
    number = crc32(data) >> 8
    if number % 4 == 0:
        lately(history.records)
        known_rates(history.records)
        text_files(history.records)
        thinned(history.records)
    return "taken" if history.records else "refused"


# ---- results of jobs


def _take_needs(data: bytes) -> Ending:
    needs = needs_from_json(data, "needs")
    for part in ("plan", "coverage", "canary"):
        if result_of(part, needs) == "success" and needs.get("plan") != "success" and part == "plan":
            raise Finding("a job that did not succeed is called so")
    return "taken"
