"""Reads Jepsen's `results.edn`: what each checker said of one run. docs/formats/jepsen.md describes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from vopr_coverage.errors import ReportError, Words, printable, shown
from vopr_coverage.formats.edn import EdnError, Keyword, edn_loads
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.points import Broken, InvariantSeen, Observed, Point
from vopr_coverage.model.report import Finish, Input
from vopr_coverage.reading.documents import whole_document
from vopr_coverage.reading.find import ReportFile

VALID, UNKNOWN = ":valid?", ":unknown"
BEGINS_LIKE_EDN = re.compile(rb"\s*(?:;[^\n]*\n\s*)*[({\[]\s*[{(\[]?\s*:")
ANOMALIES_LISTED = 5
_COPIES = ("latest", "current")


def read_jepsen(blocks: Iterable[bytes], source: str) -> Input:
    """Read one `results.edn`.

    Operations are points (hit if one of them succeeded), checkers are invariants. A checker that says `:unknown` has
    decided nothing: it did not run. `report` is None where no checker is.

    Raises:
        ReportError: text that is no EDN, or EDN that is no `results.edn`.
    """
    results = _parsed(blocks, source)
    if not (isinstance(results, dict) and VALID in results):
        found = "a history of operations" if isinstance(results, list) or ":process" in (results or {}) else results
        what = Words(found) if isinstance(found, str) else found
        raise ReportError(source, "", expected=f"results.edn: a map with {VALID}", found=what)
    checkers = {str(name): value for name, value in results.items() if _is_checker(value)}
    observed = Observed(runs=1, unit="file", points=_operations(results, source), invariants=_invariants(checkers))
    observed.broken = {broken.name: broken for broken in _broken(results, checkers)}
    observed.undecided = tuple(_undecided(results, checkers))
    return Input(
        source=source,
        format="jepsen",
        report=coverage_of(observed) if checkers else None,
        warnings=() if ":stats" in results else ("no :stats in this file: which operations succeeded is not measured",),
        listed_only=True,
        observed=observed,
        finish=Finish(known=True),  # the file is written when the analysis is done
    )


def is_no_run(path: str) -> str | None:
    """Why a `results.edn` at this path is no run of its own, else None."""
    parts = PurePath(path).parts
    if parts[-1:] != ("results.edn",):
        return None
    if "independent" in parts[:-1]:
        return "a part of the run above it"
    return "a copy of another run" if any(part in _COPIES for part in parts[:-1]) else None


def runs_among(files: Sequence[ReportFile]) -> tuple[list[ReportFile], list[str]]:
    """The files that are runs of their own, and a sentence on each that is none."""
    runs, others = list[ReportFile](), list[str]()
    for file in files:
        why = is_no_run(file.path)
        if why is None:
            runs.append(file)
        else:
            others.append(f"{printable(file.label)} is left out: it is {why}")
    return runs, others


def _parsed(blocks: Iterable[bytes], source: str) -> Any:
    data = whole_document(blocks, source)
    try:
        return edn_loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        found = Words(f"the byte 0x{data[error.start]:02x}")
        raise ReportError(source, "", expected="UTF-8 text", found=found) from None
    except EdnError as error:
        raise ReportError(source, f":{error.line}", expected=error.expected, found=error.found) from None


def _is_checker(value: object) -> bool:
    return isinstance(value, dict) and VALID in value


def _operations(results: Mapping[Any, Any], source: str) -> dict[str, Point]:
    """The operations that were tried. Without one that has no count the share of the others would rise."""
    stats = results.get(":stats")
    by_f = stats.get(":by-f") if isinstance(stats, dict) else None
    points = {}
    for name, figures in by_f.items() if isinstance(by_f, dict) else ():
        succeeded = figures.get(":ok-count") if isinstance(figures, dict) else None
        if not isinstance(succeeded, int) or isinstance(succeeded, bool) or succeeded < 0:
            expected = f"a count of 0 or more as :ok-count of operation {printable(_plain(name))}"
            raise ReportError(source, "", expected=expected, found=succeeded)
        points[f"operation {_plain(name)}"] = Point(kind="sometimes", count=succeeded, runs=min(succeeded, 1))
    return points


def _invariants(checkers: Mapping[str, Any]) -> dict[str, InvariantSeen]:
    return {
        f"checker {_plain(name)}": InvariantSeen(executions=None, runs=int(isinstance(value[VALID], bool)))
        for name, value in checkers.items()
    }


def _broken(results: Mapping[Any, Any], checkers: Mapping[str, Any]) -> Iterator[Broken]:
    for name, value in checkers.items():
        if value[VALID] is False:
            yield Broken(f"checker {_plain(name)}", f"says {VALID} false{_anomalies(value)}")
    if results[VALID] is False and all(value[VALID] is not False for value in checkers.values()):
        yield Broken("the run", f"says {VALID} false")


def _undecided(results: Mapping[Any, Any], checkers: Mapping[str, Any]) -> Iterator[str]:
    for name, value in checkers.items():
        if not isinstance(value[VALID], bool):
            yield f"checker {_plain(name)}"
    if not isinstance(results[VALID], bool):
        yield "the run"


def _anomalies(value: Mapping[Any, Any]) -> str:
    types = value.get(":anomaly-types")
    if not isinstance(types, list) or not types:
        return ""
    names = [_plain(str(name)) for name in types[:ANOMALIES_LISTED]]
    more = f" and {len(types) - ANOMALIES_LISTED} more" if len(types) > ANOMALIES_LISTED else ""
    return f": {', '.join(names)}{more}"


def _plain(name: object) -> str:
    """A keyword without its colon; anything else as it was written."""
    return name[1:] if isinstance(name, Keyword) or (isinstance(name, str) and name.startswith(":")) else shown(name)
