"""What causes are called, and what to do about them. Names stand between backticks, as they were read. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vopr_coverage.model.figures import counted

NAMES_MAX = 4  # of a list in a sentence: of a longer one it has three, and counts the others

ADVICE = {
    "crash": "Replay the seed with this command. If it then holds, the crash depends on the seeds before it, on memory "
    "or on the machine.",
    "violation": "The simulator found a bug: replay the seed with this command.",
    "whole-run": "The simulator found a bug: this command replays the whole run, as its command line takes no seed.",
    "no-seed-held": "The simulator found a bug: replay the seed with this command. No seed of this run held, so what "
    "its coverage lacks says nothing until the bug is fixed.",
    "injector": "Look at the injector of this fault: it is switched off, never scheduled, or without effect.",
    "checker": "Look for what reached this before: a checker that is switched off, or code that no longer runs.",
    "injector-since": "Look at the injector of this fault: it is switched off, never scheduled, or without effect. The "
    "command lists the commits since the base.",
    "checker-since": "Look for what reached this before: a checker that is switched off, or code that no longer runs. "
    "The command lists the commits since the base.",
    "unusable": "Look at how this report was written, and at the step that wrote it: a report that cannot be read "
    "shows nothing.",
}


def quoted(name: str) -> str:
    """A foreign name in a sentence of ours: between backticks, of which it keeps none."""
    return f"`{name.replace('`', chr(39))}`"


def listed(names: Sequence[str]) -> str:
    """All names of a short list, or the first of a longer one and how many more there are."""
    shown = names if len(names) <= NAMES_MAX else names[: NAMES_MAX - 1]
    some = ", ".join(map(quoted, shown))
    return some + (f" and {len(names) - len(shown):,} more" if len(shown) < len(names) else "")


def of_names(names: Sequence[str], noun: str, nouns: str, one: str, several: str) -> str:
    """A sentence on one name or several: `Fault point a was …`, or `3 fault points were …: a, b, c`."""
    if len(names) == 1:
        return f"{noun[0].upper()}{noun[1:]} {quoted(names[0])} {one}"
    return f"{counted(len(names), noun, nouns)} {several}: {listed(names)}"


def on_seeds(count: int, first: str | None, on: str = "on") -> str:
    """On how many seeds, and which is the first."""
    if first is None:
        return f"{on} {counted(count, 'seed')}"
    seed = f"{on} seed {quoted(first)}"
    return seed if count <= 1 else f"{on} {counted(count, 'seed')}, first {seed}"


def in_runs(count: int) -> str:
    """In how many runs, where it is more than one."""
    return f", in {counted(count, 'run')}" if count > 1 else ""
