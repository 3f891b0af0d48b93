"""Reads what an Antithesis SDK writes to a local file (JSON lines): declared properties and their evaluations.

One pass, memory by the number of properties. docs/formats/antithesis.md describes the format and what it can't say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET

from vopr_coverage.errors import PROBLEMS_SHOWN_MAX, ManyErrors, ReportError, Words, shown
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.report import Finish, Input
from vopr_coverage.reading.antithesis_properties import REMARKS_MAX, PropertyTable, observed_in, remarks_on
from vopr_coverage.reading.antithesis_records import (
    Assertion,
    SdkLine,
    decode_assertion,
    decode_line,
    decode_object,
    decode_plain,
)
from vopr_coverage.reading.source import BrokenData, CutShort, NoRecords

# How each SDK declares its properties, by the first word of its header's language.
DECLARED_BY = {
    "Go": "build with `-toolexec=antithesis-go-toolexec`, or run `antithesis-go-instrumentor -assert_only` first",
    "Python": "run `python -m antithesis.catalog SRC -o catalog.json`, and set ANTITHESIS_ASSERTION_CATALOG to it",
    "Java": "this SDK never does outside Antithesis: list the points as `fault_points` in the config",
    "JavaScript": "this SDK does not by itself: list the points as `fault_points` in the config",
}
NOT_DECLARED = "list the points as `fault_points` in the config"
EVENTS_KEPT_MAX = 1_000
SDK_KEYS = frozenset({"assert_type", "display_type", "must_hit"})  # `id` and `message` are anybody's words


def read_antithesis(blocks: Iterable[bytes], source: str) -> Input:
    """Read one file.

    Args:
        blocks: whole lines, as `source.blocks` yields them; consumed once.

    Returns:
        An Input without a Run, since the format has neither seeds nor an end. `report` is None without a property.

    Raises:
        ReportError, ManyErrors: lines that are no JSON in the middle of the file, and assertions that lack a key.
        NoRecords: no line of an SDK at all.
    """
    reader = AntithesisReader(source)
    reader.read(blocks)
    return reader.finish()


@dataclass
class AntithesisReader:
    """One pass over one file. Line numbers count from 1, and only LF ends a line."""

    source: str
    properties: PropertyTable = field(default_factory=PropertyTable)
    headers: int = 0
    languages: dict[str, None] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    errors: list[ReportError] = field(default_factory=list)
    odd_conditions: dict[str, None] = field(default_factory=dict)
    diagnostics: list[str] = field(default_factory=list)
    lines: int = 0
    known_lines: int = 0
    torn: bool = False

    def read(self, blocks: Iterable[bytes]) -> None:
        """Read all blocks. Raises what `read_antithesis` raises, except errors that only `finish` can find."""
        rest = b""
        try:
            for block in blocks:
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    self.lines += 1
                    self._read_line(line, last=False)
        except CutShort:
            self.torn = True
        except BrokenData as error:
            raise error.on_line(self.lines + 1) from None
        if rest.strip():
            self.lines += 1
            self._read_line(rest, last=True)

    def _read_line(self, data: bytes, *, last: bool) -> None:
        try:
            line = decode_plain(data)
            data.decode()  # what the decoder skips can be anything
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._read_carefully(data, last=last)
            return
        if line.antithesis_assert is not UNSET:
            self._assertion(line.antithesis_assert)
        elif line.antithesis_guidance is not UNSET:  # about half of all lines; its assertion has a line of its own
            self.known_lines += 1
        else:
            self._read_carefully(data, last=last)

    def _read_carefully(self, data: bytes, *, last: bool) -> None:
        if not data.strip():
            return
        try:
            line = decode_line(data)
            data.decode()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._broken_line(data, last=last)
            return
        if line.antithesis_assert is not UNSET:
            self._odd_assertion(bytes(line.antithesis_assert), data, last=last)
        elif line.is_known:
            self.known_lines += 1
            self._other(line)
        else:
            self._event(data)

    def _broken_line(self, data: bytes, *, last: bool) -> None:
        if last:
            self.torn = True
            return
        found = Words("text that is no JSON object")
        self._error(ReportError(self.source, f":{self.lines}", expected="a JSON object on each line", found=found))

    def _error(self, error: ReportError) -> None:
        self.errors.append(error)
        if len(self.errors) > PROBLEMS_SHOWN_MAX:
            raise ManyErrors(self.errors)

    def _odd_assertion(self, value: bytes, data: bytes, *, last: bool) -> None:
        try:
            self._assertion(decode_assertion(value))
        except msgspec.ValidationError as error:
            # A program may name an event of its own like this; one that has a key of an SDK's is a broken assertion.
            if not _is_of_an_sdk(value):
                self._event(data)
                return
            at = f":{self.lines}#/antithesis_assert"
            self._error(ReportError(self.source, at, expected="an assertion", found=Words(str(error)[:200])))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the line's own decoder takes it as it is
            self._broken_line(data, last=last)

    def _assertion(self, found: Assertion) -> None:
        kind = found.kind
        if kind is None:
            at = f":{self.lines}#/antithesis_assert/assert_type"
            expected = "always, sometimes or reachability"
            self._error(ReportError(self.source, at, expected=expected, found=found.assert_type))
            return
        self.known_lines += 1
        if found.hit and not isinstance(found.condition, bool):
            self._note_condition(found)
        self.properties.add(found, kind, self.headers or 1)

    def _note_condition(self, found: Assertion) -> None:
        if len(self.odd_conditions) < REMARKS_MAX:
            self.odd_conditions[found.id] = None

    def _other(self, line: SdkLine) -> None:
        if line.antithesis_sdk is not UNSET:
            self.headers += 1
            self.languages[_language(bytes(line.antithesis_sdk))] = None
        for diagnostic in (line.antithesis_error, line.antithesis_warning):
            if diagnostic is not UNSET and len(self.diagnostics) < REMARKS_MAX:
                self.diagnostics.append(_message(bytes(diagnostic)))

    def _event(self, data: bytes) -> None:
        try:
            document = decode_object(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._broken_line(data, last=False)
            return
        for name in document:
            if name in self.events or len(self.events) < EVENTS_KEPT_MAX:
                self.events[name] = self.events.get(name, 0) + 1

    def finish(self) -> Input:
        """The result of the whole file."""
        if self.errors:
            raise ManyErrors(self.errors)
        if not self.known_lines:
            found = f"{counted(self.lines, 'line')} without one" if self.lines else "an empty file"
            raise NoRecords(self.source, expected="lines of an Antithesis SDK", found=found, lines=self.lines)
        properties = self.properties.joined()
        observed = observed_in(properties, max(self.headers, 1), self.events)
        return Input(
            source=self.source,
            format="antithesis",
            report=coverage_of(observed) if properties else None,
            warnings=tuple(self._remarks()),
            listed_only=True,
            observed=observed,
            finish=Finish(known=False, ended_early=self._broke_off()),
        )

    def _broke_off(self) -> str | None:
        return f"line {self.lines} is torn, so the program or the disk ended in it" if self.torn else None

    def _remarks(self) -> Iterator[str]:
        if self.headers > 1:
            yield (
                f"{counted(self.headers, 'run')} are in this file: the SDK appends, so older runs may be among them; "
                "write each run to a new file"
            )
        yield from remarks_on(self.properties)
        for name in self.odd_conditions:
            yield f"the condition of {shown(name)} is no boolean, and is taken as the SDK takes it"
        if self.diagnostics:
            has = agreeing(len(self.diagnostics), "remark")
            yield f"the SDK itself has {len(self.diagnostics)} {has}, the first: {shown(self.diagnostics[0])}"
        if self.properties.by_key and not any(found.declared for found in self.properties.by_key.values()):
            first = next(iter(self.languages), "").partition(" ")[0]
            yield f"no property is declared, so nobody knows what was missed: {DECLARED_BY.get(first, NOT_DECLARED)}"


def _is_of_an_sdk(value: bytes) -> bool:
    try:
        return not SDK_KEYS.isdisjoint(decode_object(value))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _language(value: bytes) -> str:
    try:
        header: Any = msgspec.json.decode(value)
        return f"{header['language']['name']} {header.get('sdk_version', '')}".strip()
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError, AttributeError):
        return "unknown"


def _message(value: bytes) -> str:
    try:
        diagnostic: Any = msgspec.json.decode(value)
        return str(diagnostic["message"])[:200]
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError):
        return "a remark without a message"
