"""The replicated table: versions of each key, an index by band, and queries with a planner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .messages import Command, Value

BANDS = 4  # a value's band is value % BANDS
Row = tuple[int, int]  # key, value


class Query(NamedTuple):
    """Rows with `low <= key <= high`, and in `band` unless that is None (outside of it, if `negated`)."""

    low: int
    high: int
    band: int | None = None
    negated: bool = False
    descending: bool = False
    limit: int = 0
    aggregate: str = "rows"  # or count, sum

    def wants(self, key: int, value: int) -> bool:
        """Whether a row is asked for; the limit is another matter."""
        in_range = self.low <= key <= self.high
        return in_range and (self.band is None or (value % BANDS == self.band) is not self.negated)

    def answer(self, rows: Mapping[int, int]) -> list[Row] | int:
        """What the answer must be, in the plainest way: look at everything."""
        wanted = sorted((row for row in rows.items() if self.wants(*row)), reverse=self.descending)
        if self.aggregate == "count":
            return len(wanted)
        if self.aggregate == "sum":
            return sum(value for _, value in wanted)
        return wanted[: self.limit] if self.limit else wanted


class Table:
    """A key-value table that remembers each version of each key, by the op that wrote it."""

    def __init__(self) -> None:
        self.applied = 0
        self.rows: dict[int, int] = {}
        self.by_band: list[dict[int, None]] = [{} for _ in range(BANDS)]
        self._versions: dict[int, list[tuple[int, Value]]] = {}

    def apply(self, op: int, command: Command) -> Value:
        """Execute the operation at `op`: the value after an `add`, the value before anything else."""
        self.applied = op
        verb, key, operand = command
        before = self.rows.get(key)
        if verb == "get":
            return before
        after = None if verb == "del" else operand if verb == "put" else (before or 0) + operand
        if before is not None:
            del self.by_band[before % BANDS][key]
        if after is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = after
            self.by_band[after % BANDS][key] = None
        self._versions.setdefault(key, []).append((op, after))
        return after if verb == "add" else before

    def as_of(self, op: int) -> dict[int, int]:
        """All rows as they were after `op`."""
        seen = {}
        for key, versions in self._versions.items():
            value = next((value for written, value in reversed(versions) if written <= op), None)
            if value is not None:
                seen[key] = value
        return seen

    def plan(self, query: Query) -> tuple[str, ...]:
        """The steps that answer a query on the table as it is: the access path first."""
        keys = query.high - query.low + 1
        indexed = query.band is not None and not query.negated
        if keys == 1:
            access = "point"
        elif indexed and 3 * len(self.by_band[query.band or 0]) < min(keys, len(self.rows)):
            access = "band-index"
        else:
            access = "range" if keys < len(self.rows) else "scan"
        steps = [access]
        if query.band is not None and access != "band-index":
            steps.append("band-filter")
        if access in ("scan", "band-index"):
            steps.append("key-filter")
        if query.aggregate != "rows":
            return (*steps, query.aggregate)
        if query.descending or access in ("scan", "band-index"):
            steps.append("descending" if query.descending else "ascending")
        return (*steps, "limit") if query.limit else tuple(steps)

    def run(self, steps: tuple[str, ...], query: Query) -> list[Row] | int:
        """Follow a plan."""
        rows = self._access(steps[0], query)
        if "band-filter" in steps:
            rows = [row for row in rows if (row[1] % BANDS == query.band) is not query.negated]
        if "key-filter" in steps:
            rows = [row for row in rows if query.low <= row[0] <= query.high]
        if "count" in steps:
            return len(rows)
        if "sum" in steps:
            return sum(value for _, value in rows)
        if "ascending" in steps or "descending" in steps:
            rows.sort(reverse="descending" in steps)
        return rows[: query.limit] if "limit" in steps else rows

    def _access(self, access: str, query: Query) -> list[Row]:
        if access == "scan":
            return list(self.rows.items())
        keys = self.by_band[query.band or 0] if access == "band-index" else range(query.low, query.high + 1)
        return [(key, self.rows[key]) for key in keys if key in self.rows]
