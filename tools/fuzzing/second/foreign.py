"""The small judge of formats of other testers, in which a file is a run: docs/formats/*.md."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from typing import Any

from tools.fuzzing.second import Evidence, NoOpinion, Unreadable

DAY_S = 24 * 3600
END = "workload finished"  # what configs here call the event at the end of a run


# ---- P, TigerBeetle


def read_p(data: bytes) -> Evidence:
    """Scenario coverage."""
    scenarios = json.loads(data)["scenarios"]
    names = [each["name"] for each in scenarios]
    if len(set(names)) < len(names):
        raise Unreadable
    hit = {each["name"] for each in scenarios if each["satisfied"] is True}
    return Evidence(hit=hit, listed={*names}, declares=bool(names))


def read_tigerbeetle(data: bytes) -> Evidence:
    """Fuzzing results: fuzzers are invariants, and the canary must have failed within a day."""
    records = json.loads(data)
    counts = Counter[str]()
    for each in records:
        counts[f"fuzzer {each['fuzzer']}"] += each["count"]
    newest = max(each["seed_timestamp_end"] for each in records)
    canary = [each["seed_timestamp_end"] for each in records if each["fuzzer"] == "canary" and not each["ok"]]
    broken = any(not each["ok"] for each in records if each["fuzzer"] != "canary")
    late = not canary or newest - max(canary) > DAY_S
    return Evidence(ran={name for name, count in counts.items() if count}, broken=broken or late)


# ---- lists of points


def read_points(data: bytes) -> Evidence:
    """What one run reached. What it may reach stands elsewhere."""
    counts = Counter[str]()
    for line in data.decode("utf-8-sig").split("\n"):
        line = line.rstrip("\r")
        if line.strip() and not line.startswith("#"):
            name, *count = line.split("\t")
            counts[name] += int(count[0]) if count else 1
    hit = {name for name, count in counts.items() if count}
    return Evidence(complete=END in hit, hit=hit - {END}, listed=set(), declares=False)


# ---- FoundationDB


def read_foundationdb(data: bytes) -> Evidence:
    """Events, one a line: probes by file and comment, tests, and the end."""
    found = Evidence(complete=False, hit=set(), listed=set())
    lines: dict[str, str] = {}
    expected = ended = 0
    for line in data.decode("utf-8").split("\n"):
        if not re.search(r"<Event[\s/>]", line):
            continue
        event = _attributes(line)
        found.broken |= event.get("Severity") == "40"
        match event.get("Type"):
            case "ElapsedTime":
                found.complete = True
            case "TestResults":
                ended += 1
                found.broken |= event.get("Passed") != "1"
            case "TestsExpectedToPass":
                expected += int(event["Count"])
            case "CodeCoverage":
                name = f"{event['File']}: {event['Comment']}"
                if lines.setdefault(name, event["Line"]) != event["Line"]:
                    raise NoOpinion  # two probes of one name
                assert found.listed is not None, "begins as a set"
                assert found.hit is not None, "begins as a set"
                found.listed.add(name)
                found.hit |= {name} if event["Covered"] == "1" else set()
    found.broken |= expected > ended
    if not found.listed:
        found.hit = None
    return found


def _attributes(line: str) -> dict[str, str]:
    if "&#" in line:
        raise NoOpinion  # who writes a word in numbers hides it
    try:
        return ElementTree.fromstring(line.strip()).attrib  # noqa: S314
    except ElementTree.ParseError:
        raise NoOpinion from None  # a line that is no XML by itself


# ---- Antithesis


def read_antithesis(data: bytes) -> Evidence:
    """Assertions by id: what may be reached, what must hold, and what must not be reached."""
    lines = data.split(b"\n")
    *whole, last = lines
    found = Evidence(complete=None, hit=set(), listed=set(), ran=set())
    names, kinds, is_sdk, headers, ends = dict[str, str](), dict[str, str](), False, 0, 0
    for line in [*whole, last]:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            if line is not last:
                raise Unreadable from None
            found.complete = False
            continue
        headers += "antithesis_sdk" in record
        is_sdk |= any(key.startswith("antithesis_") for key in record)
        if "antithesis_assert" not in record:
            ends += END in record
            continue
        each = record["antithesis_assert"]
        if not isinstance(each, dict) or {"assert_type", "display_type", "must_hit"}.isdisjoint(each):
            raise NoOpinion  # an event of the program that has this name
        kind = _kind(each)
        _hold_to_one_name(each, kind, names, kinds)
        _take_assertion(found, each, kind)
    if not is_sdk:
        raise Unreadable
    if headers > 1:
        raise NoOpinion
    if found.complete is None:
        found.complete = ends >= max(headers, 1)
    found.declares = bool(found.listed)
    if not kinds:
        found.hit = found.ran = None
    return found


def _kind(each: Any) -> str:
    match each["assert_type"], each["must_hit"]:
        case "always", must_hit if isinstance(must_hit, bool):
            return "always" if must_hit else "always or unreachable"
        case "sometimes", _:
            return "sometimes"
        case "reachability", must_hit if isinstance(must_hit, bool):
            return "reachable" if must_hit else "unreachable"
    raise Unreadable


def _hold_to_one_name(each: Any, kind: str, names: dict[str, str], kinds: dict[str, str]) -> None:
    """Leave files alone in which names have to be told apart, and those with remarks of the SDK itself."""
    id, message = each["id"], each["message"]
    one_name = names.setdefault(message, id) == id and kinds.setdefault(id, kind) == kind
    strange = "CGO" in id or re.match(r'Message from "', id) or not isinstance(each["condition"], bool)
    if not one_name or strange or len({*names.values()}) < len(names) or not message:
        raise NoOpinion


def _take_assertion(found: Evidence, each: Any, kind: str) -> None:
    assert found.hit is not None, "begins as a set"
    assert found.listed is not None, "begins as a set"
    assert found.ran is not None, "begins as a set"
    name, is_point = each["message"], kind in ("sometimes", "reachable")
    if each["hit"] is False:
        found.listed |= {name} if is_point else set()
        return
    if is_point:
        found.hit |= {name} if kind == "reachable" or each["condition"] else set()
    elif kind == "unreachable":
        found.broken = True
    else:
        found.ran.add(name)
        found.broken |= not each["condition"]
