"""Safe YAML (and so JSON, too) with the line number of each value.

Scalars follow YAML 1.2's core schema: `no` is a name and `1:30` is text. Tags, duplicate keys,
merge keys, and aliases that expand beyond a small document are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from vopr_coverage.errors import ConfigError, printable, shown
from vopr_coverage.formats.schema import pointer_to

VALUES_MAX = 20_000
DEPTH_MAX = 32

_CORE = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"^[-+]?[0-9]+$")
# .inf and .nan are excluded: no setting can have these values.
_FLOAT = re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the core schema's scalars instead of YAML 1.1's."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """Refuse all tags: no setting needs one, and `!!int x` would be converted."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise yaml.MarkedYAMLError(problem=f"found the tag {shown(tag)}", problem_mark=event.start_mark)
        composed: Node | None = super().compose_node(parent, index)
        return composed


_CoreLoader.add_implicit_resolver(_CORE + "bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF")
_CoreLoader.add_implicit_resolver(_CORE + "null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_CoreLoader.add_implicit_resolver(_CORE + "int", _INTEGER, "-+0123456789")
_CoreLoader.add_implicit_resolver(_CORE + "float", _FLOAT, "-+.0123456789")


@dataclass
class Located:
    """A parsed document, and the line of every value by its JSON pointer; lines count from 1."""

    value: Any
    lines: dict[str, int] = field(default_factory=dict)

    def line(self, pointer: str) -> int | None:
        """The line of the value at `pointer`, or of the closest value around it."""
        while pointer not in self.lines and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer)


def parse(text: str, source: str) -> Located:
    """Parse one YAML or JSON document of plain values.

    Raises:
        ConfigError: what isn't YAML, or is more than plain values; with file and line.
    """
    node = nodes_of(text, source)
    located = Located(None)
    if node is not None:
        located.value = _Builder(source, located.lines).build(node, "", 0)
    return located


def nodes_of(text: str, source: str) -> Node | None:
    """The nodes of that document, with their positions in the text; None if it is empty.

    Raises:
        ConfigError: what isn't YAML, with file and line.
    """
    try:
        node: Node | None = yaml.compose(text, Loader=_CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{printable(source)}:{mark.line + 1}" if mark else printable(source)
        found = str(error.problem or error.context).rpartition("found ")[2]  # "… but found X", "found X"
        raise ConfigError(f"{where}: expected plain YAML, found {printable(found)}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{printable(source)}: expected plain YAML, found {shown(str(error))}") from None
    except RecursionError:
        raise ConfigError(f"{printable(source)}: expected at most {DEPTH_MAX} levels, found more") from None
    return node


@dataclass
class _Builder:
    source: str
    lines: dict[str, int]
    values: int = 0

    def build(self, node: Node, pointer: str, depth: int) -> Any:
        self.values += 1
        if self.values > VALUES_MAX or depth > DEPTH_MAX:
            raise self._refuse(node, f"at most {VALUES_MAX} values, {DEPTH_MAX} deep", "more")
        self.lines[pointer] = node.start_mark.line + 1
        if isinstance(node, MappingNode) and node.tag == _CORE + "map":
            return self._mapping(node, pointer, depth)
        if isinstance(node, SequenceNode) and node.tag == _CORE + "seq":
            return [self.build(item, pointer + pointer_to(index), depth + 1) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, pointer: str, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise self._refuse(key_node, "a key of plain text", "a collection")
            key = str(key_node.value)  # `1: x` and `true: x` are names too
            if key in members:
                raise self._refuse(key_node, "every key once", f"{shown(key)} twice")
            place = pointer + pointer_to(key)
            members[key] = self.build(value_node, place, depth + 1)
            self.lines[place] = key_node.start_mark.line + 1
        return members

    def _scalar(self, node: Node) -> Any:
        text = str(node.value)
        match node.tag.removeprefix(_CORE):
            case "str" if isinstance(node, ScalarNode):
                return text
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int" if len(text) <= 40:
                return int(text)
            case "float":
                return float(text) + 0.0  # -0.0 is 0
        raise self._refuse(node, "a plain value", shown(text))

    def _refuse(self, node: Node, expected: str, found: str) -> ConfigError:
        line = node.start_mark.line + 1
        return ConfigError(f"{printable(self.source)}:{line}: expected {expected}, found {found}")
