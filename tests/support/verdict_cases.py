"""Recorded runs under the example config, judged with and without a base: what the golden pages show.

Paths are those of the repository: tests that use this stand in its root.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from tests.support.checking import checked
from vopr_coverage.base.compare import Base
from vopr_coverage.errors import UserError
from vopr_coverage.model.verdict import Verdict

ROOT = Path(__file__).parents[2]
DATA = "tests/data/real"
ORIGIN = "run 12 of branch main"
KIMBERLITE: dict[str, Any] = {"config": "examples/configs/kimberlite.yml"}
SHARDS = (f"swizzle={DATA}/swizzle-a.ndjson", f"swizzle={DATA}/swizzle-b.ndjson")
COMBINED = f"combined={DATA}/combined.ndjson"
DROP_DISABLED = f"combined={DATA}/canary-drop-disabled.ndjson"
BYZANTINE = f"view-change-merge={DATA}/byzantine-view-change-merge.ndjson"
NIGHT = (f"baseline={DATA}/baseline.ndjson", SHARDS[0], f"multi-tenant={DATA}/multi-tenant.ndjson", COMBINED, BYZANTINE)


class Case(NamedTuple):
    """What is judged, and what with. `base` are the reports of the base, or why there is none."""

    reports: Sequence[str]
    settings: Mapping[str, Any] = KIMBERLITE
    base: Sequence[str] | str | None = None
    base_settings: Mapping[str, Any] = KIMBERLITE


STRICT = {**KIMBERLITE, "max_regression": "0"}
CASES = {
    "pass": Case([COMBINED]),
    "fail": Case([f"{DATA}/combined.ndjson"], {"profile": "nightly"}),
    "incomplete": Case([f"combined={DATA}/combined-killed.ndjson"]),
    "failing-seeds": Case([f"baseline={DATA}/byzantine-view-change-merge.ndjson"]),
    "expected-violation": Case([BYZANTINE]),
    "merged": Case(SHARDS, {**KIMBERLITE, "merge": "scenario"}),
    "several": Case([*SHARDS, f"multi-tenant={DATA}/canary-drop-disabled.ndjson"]),
    "unnamed-failing-seeds": Case([f"{DATA}/byzantine-view-change-merge.ndjson"], {}),
    "excused": Case([f"{DATA}/combined.ndjson"], {"on_not_measured": "warn"}),
    "error": Case([f"{DATA}/not-json.txt"], {}),
    "partial": Case([COMBINED, DROP_DISABLED, f"{DATA}/not-json.txt", "lost/*"]),
}
COMPARED = {
    "same-as-base": Case([COMBINED], STRICT, [COMBINED]),
    "more-than-base": Case([COMBINED], KIMBERLITE, [DROP_DISABLED]),
    "regression": Case([DROP_DISABLED], STRICT, [COMBINED]),
    "as-on-base": Case([f"{DATA}/combined.ndjson"], {"profile": "nightly"}, [f"{DATA}/combined.ndjson"], {}),
    "loosened": Case(
        [f"{DATA}/combined.ndjson"],
        {"profile": "smoke_test"},
        [f"{DATA}/combined.ndjson"],
        {"profile": "default", "on_not_measured": "warn"},
    ),
    "new-report": Case([COMBINED, SHARDS[0]], STRICT, [COMBINED]),
    "missing-base": Case([COMBINED], STRICT, "it can't be read: no such file or directory"),
    "incomplete-against-base": Case([f"combined={DATA}/combined-killed.ndjson"], STRICT, [COMBINED]),
    "night": Case([*NIGHT[:2], f"multi-tenant={DATA}/canary-drop-disabled.ndjson", NIGHT[4]], STRICT, NIGHT),
}


def judged(case: Case) -> Verdict:
    """The verdict on a case, as either door gets it; each is judged once, and nobody changes it."""
    if id(case) not in _JUDGED:
        _JUDGED[id(case)] = case, _judge(case)
    return _JUDGED[id(case)][1]


_JUDGED: dict[int, tuple[Case, Verdict]] = {}  # a case has settings, which have no hash; holding it keeps its id


def _judge(case: Case) -> Verdict:
    try:
        return replace(checked(case.reports, **case.settings, base=_base(case)), version="VERSION")
    except UserError as error:
        return Verdict.not_judged("VERSION", str(error))


def _base(case: Case) -> Base | None:
    if case.base is None or isinstance(case.base, str):
        return Base(ORIGIN, missing=case.base) if case.base else None
    return Base(ORIGIN, checked(case.base, **case.base_settings))
