"""Whether a simulator crashed as a canary's config declares, and in which words that is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.canary_runs import CUT, a_run, a_stored, an_input, failures
from vopr_coverage.canaries.crash import crash_in, crashed_as, died_by_itself, why_no_crash, why_no_crash_at
from vopr_coverage.model.crash import Crash
from vopr_coverage.model.manifest import Recording
from vopr_coverage.model.report import FailureGroup, Run, SeedList

PATTERN = "no quorum"
WORDS = ("panicked at a.rs:1", "no quorum")
DIED = Crash(signal=6, last_words=WORDS)
OTHER = Crash(exit_code=101, last_words=("index out of bounds",))
ENDED = "stderr ends with: panicked at a.rs:1 / no quorum"


def a_dead(**changes: Any) -> Recording:
    """The manifest of a simulator that died with the words of the bug."""
    return a_stored(**{"exit_code": 101, "last_words": list(WORDS)} | changes)


def a_part(**changes: Any) -> dict[str, Any]:
    """A process that died at seed 4 with the words of the bug; the simulator was started again behind it."""
    return {"seed": "0", "iterations": 20, "ran": 4, "exit_code": None, "signal": 6, "died_at": "4"} | {
        "last_words": list(WORDS), "again": False, "agrees": None, "measured": False,
    } | changes  # fmt: skip


# ---- who ended it


@pytest.mark.parametrize(
    ("changes", "by_itself"),
    [
        ({}, True),
        ({"exit_code": 1}, True),
        ({"exit_code": 134}, True),
        ({"exit_code": None, "signal": 6}, True),
        ({"exit_code": None, "signal": 11}, True),
        ({"exit_code": 0}, False),
        ({"exit_code": None}, False),
        ({"timed_out": True}, False),
        ({"interrupted": True}, False),
        ({"duration_s": None}, False),
        *(({"exit_code": None, "signal": signal}, False) for signal in (1, 2, 3, 9, 15)),
        *(({"exit_code": 128 + signal}, False) for signal in (1, 2, 3, 9, 15)),
    ],
    ids=str,
)
def test_a_simulator_that_died_by_itself(changes: dict[str, Any], by_itself: bool) -> None:
    """It ended badly, and neither its recorder nor a signal from outside ended it, nor a shell that says so."""
    assert died_by_itself(a_dead(**changes)) is by_itself


# ---- the words


@pytest.mark.parametrize(
    ("last_words", "pattern", "matches"),
    [
        (WORDS, PATTERN, True),
        (WORDS, r"rs:1\nno", True),
        (WORDS, "quorums", False),
        (WORDS, "", False),
        ((), "x*", False),
        (("no quorum" + "x" * 991,), PATTERN, True),
        (("no quorum" + "x" * 992,), PATTERN, False),
    ],
)
def test_the_words_that_an_expression_is_searched_in(
    last_words: tuple[str, ...], pattern: str, *, matches: bool
) -> None:
    """The last 1,000 characters, lines and all; an empty expression declares nothing, and without words nothing is."""
    assert crashed_as(a_dead(last_words=last_words), pattern) is matches


@pytest.mark.parametrize(
    ("changes", "matches"),
    [
        ({}, True),
        ({"exit_code": 101, "signal": None}, True),
        ({"died_at": None}, False),
        ({"last_words": ["index out of bounds"]}, False),
        ({"signal": 15}, False),
        ({"signal": 9}, False),
        ({"exit_code": 137, "signal": None}, False),
        ({"exit_code": 0, "signal": None}, False),
    ],
    ids=str,
)
def test_a_simulator_that_was_started_again_died_before(changes: dict[str, Any], matches: bool) -> None:
    """At a seed, by itself and with these words; how its last process ended does not matter."""
    parts = [a_part(last_words=["index out of bounds"]), a_part(**changes), a_part(died_at=None, last_words=[])]
    assert crashed_as(a_stored(parts=parts), PATTERN) is matches


# ---- a run


def of_seeds(*groups: FailureGroup) -> Run:
    """A whole run with these failures."""
    return a_run(failures=groups)


@pytest.mark.parametrize(
    ("run", "recording", "told"),
    [
        (a_run(), a_stored(), ""),
        (a_run(), a_dead(), f"ended with exit code 101; {ENDED}"),
        (a_run(), a_dead(exit_code=None, signal=6), f"ended by signal 6; {ENDED}"),
        (a_run(), a_dead(last_words=["index out of bounds"]), ""),
        (a_run(ended_early=CUT), a_dead(), f"ended with exit code 101, {CUT}; {ENDED}"),
        (a_run(ended_early=CUT), a_dead(timed_out=True), ""),
        (of_seeds(failures("hash_chain", 3)), a_dead(), ""),
        (a_run(silent_failures=SeedList(1, (3,))), a_dead(), ""),
        (
            a_run(ended_early=CUT, failures=(failures("hash_chain", 3),), silent_failures=SeedList(1, (4,))),
            a_dead(),
            f"ended with exit code 101, {CUT}; {ENDED}",
        ),
        (None, a_dead(), ""),
        (a_run(ended_early=CUT), None, ""),
    ],
)
def test_the_crash_of_a_whole_simulator(run: Run | None, recording: Recording | None, told: str) -> None:
    """With how far it came, if it broke off. A failed seed explains the exit code of a whole run."""
    assert crash_in(an_input(run, recording=recording), PATTERN) == told


@pytest.mark.parametrize("recording", [a_stored(per_seed=True), a_stored(parts=[a_part()])], ids=["seeds", "parts"])
@pytest.mark.parametrize(
    ("run", "told"),
    [
        (of_seeds(failures("crash", 4, 7, crash=DIED)), f"died at seed 4, ended by signal 6; {ENDED}"),
        (
            of_seeds(
                failures("hash_chain", 2),
                failures("crash", 3, crash=OTHER),
                failures("crash", 5, crash=Crash(exit_code=101, last_words=WORDS)),
                failures("crash", 4, crash=DIED),
            ),
            f"died at seed 5, ended with exit code 101; {ENDED}",
        ),
        (of_seeds(failures("crash", 3, crash=OTHER)), ""),
        (of_seeds(failures("crash", 3, crash=Crash(signal=9, last_words=WORDS))), ""),
        (of_seeds(failures("crash", 3, crash=Crash(exit_code=137, last_words=WORDS))), ""),
        (of_seeds(failures("hash_chain", 2)), ""),
        (a_run(), ""),
    ],
)
def test_the_crash_of_one_seed_among_many(recording: Recording, run: Run, told: str) -> None:
    """Where the simulator went on, the seed that it died at is told: the first one that matches."""
    assert crash_in(an_input(run, recording=recording), PATTERN) == told


# ---- why it is none

NO_WORDS, NO_MATCH = "it wrote nothing to stderr", "`crash` does not match its last words"
NOT_ITSELF = "it did not crash by itself"


@pytest.mark.parametrize(
    ("recording", "pattern", "why"),
    [
        (a_dead(), "", ""),
        (None, "", ""),
        (None, PATTERN, "only a recording has the last words that `crash` is searched in"),
        (a_dead(exit_code=0), PATTERN, NOT_ITSELF),
        (a_dead(exit_code=137), PATTERN, NOT_ITSELF),
        (a_dead(last_words=[]), PATTERN, NO_WORDS),
        (a_dead(last_words=["index out of bounds"]), PATTERN, NO_MATCH),
    ],
)
def test_why_a_run_did_not_crash_as_declared(recording: Recording | None, pattern: str, why: str) -> None:
    """Nothing is said where no crash is declared."""
    assert why_no_crash(an_input(a_run(), recording=recording), pattern) == why


@pytest.mark.parametrize(
    ("crash", "pattern", "why"),
    [
        (OTHER, "", ""),
        (OTHER, PATTERN, NO_MATCH),
        (Crash(exit_code=101), PATTERN, NO_WORDS),
        (Crash(signal=9, last_words=WORDS), PATTERN, NOT_ITSELF),
        (Crash(exit_code=143, last_words=WORDS), PATTERN, NOT_ITSELF),
    ],
)
def test_why_a_seed_did_not_crash_as_declared(crash: Crash, pattern: str, why: str) -> None:
    """The same of a seed that the simulator died at."""
    assert why_no_crash_at(crash, pattern) == why
