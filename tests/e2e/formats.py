"""What a step leaves behind, read by the rules of the runner's own sources (version 2.336)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Annotation:
    """One workflow command that annotates: its kind, its title and its unescaped message."""

    kind: str
    title: str
    message: str


@dataclass(frozen=True)
class Step:
    """How a step ended, as the runner sees it."""

    exit_code: int
    log: str
    outputs: Mapping[str, str]
    summary: str

    @property
    def annotations(self) -> list[Annotation]:
        """The annotations in the log, in order."""
        found = re.findall(r"^::(error|warning|notice)(?: ([^:]*))?::(.*)$", self.log, re.MULTILINE)
        return [Annotation(kind, title_in(properties), unescaped(text)) for kind, properties, text in found]


def title_in(properties: str) -> str:
    """The title among a command's `name=value` properties; empty when there is none."""
    pairs = dict(pair.split("=", 1) for pair in properties.split(",") if pair)
    return unescaped(pairs.get("title", ""))


def unescaped(text: str) -> str:
    """Text of a workflow command with its escapes undone, the percent sign's last."""
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def read_outputs(text: str) -> dict[str, str]:
    """What GITHUB_OUTPUT says: NAME=VALUE, or NAME<<DELIMITER and lines up to one that equals DELIMITER."""
    outputs: dict[str, str] = {}
    lines = iter(text.removesuffix("\n").split("\n"))
    for line in lines:
        if not line:
            continue
        match = re.match(r"([^=<]+)(=|<<)(.*)", line)
        assert match is not None, f"the runner refuses this line of GITHUB_OUTPUT: {line!r}"
        name, sign, rest = match.groups()
        outputs[name] = rest if sign == "=" else "\n".join(until(rest, lines))
    return outputs


def until(delimiter: str, lines: Iterator[str]) -> list[str]:
    """The lines before the delimiter, which the runner insists on."""
    value: list[str] = []
    for line in lines:
        if line == delimiter:
            return value
        value.append(line)
    raise AssertionError(f"Matching delimiter not found: {delimiter}")
