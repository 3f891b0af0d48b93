"""Puts settings into the text of a config file, and leaves every other line as it is, comments too. Pure.

Only lines are inserted, and single numbers replaced. The result is parsed again: if it does not mean what was meant,
nothing is changed, and the user gets the lines to place by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.config.yaml_text import least_text, quoted
from vopr_coverage.doctor.cure import Setting
from vopr_coverage.errors import ConfigError, UsageError, printable
from vopr_coverage.formats.located_yaml import nodes_of

STEP = 2  # spaces of one level, where a block is written anew
COMMENT = " # added by vopr-coverage doctor"


class _Edit(msgspec.Struct, frozen=True):
    """Text that takes the place of the characters from `start` to `end`."""

    start: int
    end: int
    text: str


def placed(text: str, source: str, settings: Sequence[Setting]) -> str:
    """The text with these settings in it.

    Raises:
        UsageError: a place that cannot be edited line by line; nothing was changed.
        ConfigError: the text is no config.
    """
    before = parse_config(text, source)
    newline = "\r\n" if "\r\n" in text else "\n"
    text = text if not text or text.endswith("\n") else text + newline
    for setting in settings:  # one by one: each may move the place of the next
        edits = list(_edits(text, source, setting, newline))
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
    _refuse_other_meaning(before, text, source, settings)
    return text


def _edits(text: str, source: str, setting: Setting, newline: str) -> Iterator[_Edit]:
    root = nodes_of(text, source)
    if root is None or (isinstance(root, ScalarNode) and not root.value):
        yield _Edit(len(text), len(text), newline.join([*_written(setting, 0), ""]))
        return
    level, column = _mapping(root), 0
    if setting.scenario:
        scenarios = _member(level, "scenarios")
        if scenarios is None:
            raise _refusal(root, "there is no `scenarios:`")
        found = _pair(_mapping(scenarios[1]), setting.scenario, any_case=True)
        if found is None:
            raise _refusal(scenarios[1], f"scenario {printable(setting.scenario)} is not there")
        key, value = found
        if _is_empty(value):
            column = key.start_mark.column + STEP
            yield _replacing(text, value, _written(setting, column), newline)
            return
        level = _mapping(value)
        column = level.value[0][0].start_mark.column
    known = _member(level, setting.key)
    if known is None:
        yield _after(text, level, _written(setting, column), newline)
        return
    yield from _extended(text, setting, *known, newline=newline)


def _extended(text: str, setting: Setting, key: Node, value: Node, *, newline: str) -> Iterator[_Edit]:
    """Edits of a key that is there already."""
    if not isinstance(setting.value, Mapping | list):
        yield _number(value, setting.value)
    elif _is_empty(value):
        entries = _entries(setting, key.start_mark.column + STEP)
        yield _replacing(text, value, entries, newline)
    elif not isinstance(value, CollectionNode) or value.flow_style:
        raise _refusal(value, f"`{setting.key}` is not written line by line")
    elif isinstance(value, MappingNode):
        names = {_dotted(entry.value): number for entry, number in value.value if isinstance(entry, ScalarNode)}
        column = value.value[0][0].start_mark.column
        for name, least in setting.added.items():
            if _dotted(name) in names:
                yield _number(names[_dotted(name)], least)
        fresh = [name for name in setting.added if _dotted(name) not in names]
        if fresh:
            lines = [f"{' ' * column}{quoted(name)}: {setting.added[name]}{COMMENT}" for name in fresh]
            yield _after(text, value, lines, newline)
    elif isinstance(value, SequenceNode):
        column = value.start_mark.column
        lines = [f"{' ' * column}- {quoted(name)}{COMMENT}" for name in setting.added]
        yield _after(text, value, lines, newline)


def _written(setting: Setting, column: int) -> list[str]:
    """The key and its value as lines that start at a column."""
    pad = " " * column
    if not isinstance(setting.value, Mapping | list):
        return [f"{pad}{setting.key}: {setting.value}{COMMENT}"]
    return [f"{pad}{setting.key}:", *_entries(setting, column + STEP)]


def _entries(setting: Setting, column: int) -> list[str]:
    pad, lines = " " * column, list[str]()
    for name in setting.value:
        is_map = isinstance(setting.value, Mapping)
        entry = f"{quoted(name)}: {least_text(setting.value[name])}" if is_map else f"- {quoted(name)}"
        lines.append(pad + entry + (COMMENT if name in setting.added else ""))
    return lines


def _number(value: Node, number: int | float) -> _Edit:
    if not isinstance(value, ScalarNode) or value.style is not None:
        raise _refusal(value, "there is no plain number")
    return _Edit(value.start_mark.index, value.end_mark.index, str(number))


def _replacing(text: str, value: Node, lines: Sequence[str], newline: str) -> _Edit:
    """Lines in the place of an empty value, below its key; a comment behind it stays with the key."""
    end = _line_end(text, value.end_mark.index)
    behind = text[value.end_mark.index : end].strip()
    rest = f" {behind}" if behind else ""
    start = value.start_mark.index
    while text[start - 1] == " ":
        start -= 1
    return _Edit(start, end, rest + newline + newline.join(lines))


def _after(text: str, node: CollectionNode, lines: Sequence[str], newline: str) -> _Edit:
    """Lines below the last line of a block."""
    if node.flow_style:
        raise _refusal(node, "it is not written line by line")
    last: Node = node
    while isinstance(last, CollectionNode) and last.value and not last.flow_style:
        entry = last.value[-1]
        last = entry[1] if isinstance(entry, tuple) else entry
        if isinstance(last, ScalarNode) and last.style in ("|", ">"):
            raise _refusal(last, "a text of several lines stands at its end")
    if last.end_mark.index < last.start_mark.index:
        raise _refusal(last, "an alias stands at its end")
    at = _line_end(text, last.end_mark.index)
    at += len(newline) if text[at : at + len(newline)] == newline else 0
    return _Edit(at, at, newline.join([*lines, ""]))


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    end = len(text) if end < 0 else end
    return end - 1 if end and text[end - 1 : end] == "\r" else end


def _mapping(node: Node) -> MappingNode:
    if not isinstance(node, MappingNode) or node.flow_style:
        raise _refusal(node, "it is not written line by line")
    return node


def _is_empty(node: Node) -> bool:
    return not node.value


def _member(level: MappingNode, key: str) -> tuple[Node, Node] | None:
    return _pair(level, key)


def _pair(level: MappingNode, key: str, *, any_case: bool = False) -> tuple[Node, Node] | None:
    for name, value in level.value:
        if name.value == key or (any_case and str(name.value).lower() == key.lower()):
            return name, value
    return None


def _dotted(name: str) -> str:
    return name.replace(":", ".")


def _refusal(node: Node, why: str) -> UsageError:
    line = node.start_mark.line + 1
    return UsageError(f"line {line}: {why}")


def _refuse_other_meaning(before: Config, text: str, source: str, settings: Sequence[Setting]) -> None:
    """Refuse a text that does not hold exactly the settings that were added.

    Raises:
        UsageError: it means something else.
    """
    try:
        after = parse_config(text, source)
    except ConfigError as error:
        raise UsageError(f"the lines do not fit ({error})") from None
    wanted, found = _values(before), _values(after)
    for setting in settings:
        wanted[(setting.scenario or "").lower(), setting.key] = setting.value
    same = {place: _normal(value) for place, value in wanted.items()} == {
        place: _normal(value) for place, value in found.items()
    }
    if not same:
        raise UsageError("there the lines would mean something else")


def _values(config: Config) -> dict[tuple[str, str], object]:
    """All bounds that a config sets, and all else that it says."""
    values: dict[tuple[str, str], object] = {("", key): bound.value for key, bound in config.layer.items()}
    for name, scenario in config.scenarios.items():
        values |= {(name, key): bound.value for key, bound in scenario.layer.items()}
        expect = scenario.expect
        values[name, "expect"] = (expect.invariants, expect.min_caught) if expect else None
    values["", "min_reports"] = config.min_reports.value
    for key in ("profile", "fault_points", "aliases", "on_not_measured", "repro", "canaries", "doctor_min"):
        values["", key] = getattr(config, key)
    return values


def _normal(value: object) -> object:
    """Maps without regard to order and the spelling of phases, lists as sets."""
    if isinstance(value, Mapping):
        return {_dotted(str(name)): number for name, number in value.items()}
    return sorted(value) if isinstance(value, list | tuple) and all(isinstance(x, str) for x in value) else value
