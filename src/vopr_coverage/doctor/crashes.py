"""Would another crash be taken for that of a canary? Its expression, tried on the last words of others. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vopr_coverage.config.file import Config
from vopr_coverage.errors import printable, shown
from vopr_coverage.formats.linear_regex import LinearRegex

# Last words that have nothing to do with any canary, as simulators in several languages write them.
OTHERS = (
    "thread 'main' panicked at src/main.rs:1:1:\ncalled `Option::unwrap()` on a `None` value",
    "error: unexpected argument '--no-such-option' found",
    "Traceback (most recent call last):\nMemoryError",
    "panic: runtime error: invalid memory address or nil pointer dereference\ngoroutine 1 [running]:",
    "terminate called after throwing an instance of 'std::bad_alloc'",
    "main.c:1: main: Assertion `argc > 1' failed.\nAborted (core dumped)",
    "Segmentation fault (core dumped)",
)


def remarks_on_crashes(config: Config) -> Iterator[str]:
    """A sentence for each canary that a crash detects."""
    for name, detector in config.canaries.items():
        if not detector.crash:
            continue
        pattern = LinearRegex(detector.crash)
        taken = next((words for words in OTHERS if pattern.found_in(words)), None)
        about = f"{printable(name)}: detected by a crash whose last words match {printable(detector.crash)}"
        if taken is None:
            yield f"{about}; none of {len(OTHERS)} other crashes does"
        else:
            example = shown(taken.splitlines()[-1])
            yield f"{about}, and so does another crash, such as {example}: let it match the message of the bug"
