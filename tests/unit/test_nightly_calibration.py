"""How a night gets its rates: what is asked of each run and told of it, and what a simulator's run of a moment shows.

No rate here depends on the machine: a simulator runs a number of iterations, and hangs until it is stopped.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.support.simulators import is_gone, wait_for
from vopr_coverage.errors import UsageError
from vopr_coverage.nightly import calibration
from vopr_coverage.nightly.calibration import CANARY_RATE, Calibration, Calibrator, calibrate
from vopr_coverage.nightly.wish import Asked

COMMAND = ("vopr", "{seed}")
ITERATION = '{"type":"iteration","data":{}}'
END = '{"type":"batch_complete","data":{}}'
HANG = "sleep 60"


class Bench:
    """Finds what it was given, in its order, and notes what it was asked and what was told."""

    def __init__(self, *found: Calibration) -> None:
        self._found = list(found)
        self.asked: list[tuple[Sequence[str], str, int, float]] = []
        self.log: list[str] = []
        self.watched: list[str] = []

    def calibrator(self, seed_base: int = 7, seconds: float = 2.5) -> Calibrator:
        """A calibrator that measures here."""
        return Calibrator(seed_base, seconds, log=self.log.append, watch=self._watch, measure=self._measure)

    def _watch(self, what: str) -> Callable[[int], None]:
        return lambda done: self.watched.append(f"{what}: {done}")

    def _measure(
        self, command: Sequence[str], scenario: str, seed: int, seconds: float, advance: Callable[[int], None]
    ) -> Calibration:
        advance(3)
        self.asked.append((command, scenario, seed, seconds))
        return self._found.pop(0)


def test_each_scenario_without_a_rate_is_measured_once() -> None:
    """Whatever its case, from the night's first seed on, with its number among them in log and progress."""
    bench, rates = Bench(Calibration(1.0), Calibration(1234.5)), {"gray": 5.0}
    asked = [Asked("Combined", 9), Asked("Gray", 9), Asked("combined", 3), Asked("swizzle", 9)]
    bench.calibrator().add_rates(rates, COMMAND, asked)
    assert rates == {"gray": 5.0, "combined": 1.0, "swizzle": 1234.5}
    assert bench.asked == [(COMMAND, "Combined", 7, 2.5), (COMMAND, "swizzle", 7, 2.5)]
    assert bench.log == [
        "calibrating Combined for 2.5 s (1 of 2)",
        "calibrated Combined: 1 iteration a second",
        "calibrating swizzle for 2.5 s (2 of 2)",
        "calibrated swizzle: 1,234 iterations a second",
    ]
    assert bench.watched == ["calibrating Combined (1 of 2): 3", "calibrating swizzle (2 of 2): 3"]


def test_one_scenario_needs_no_number() -> None:
    """Its canaries are called so."""
    bench, rates = Bench(Calibration(2.0)), dict[str, float]()
    bench.calibrator(seconds=30).add_rates(rates, COMMAND, [Asked("combined", 9)], CANARY_RATE)
    assert rates == {"combined": 2.0}
    assert bench.log == [
        "calibrating canaries of combined for 30 s",
        "calibrated canaries of combined: 2 iterations a second",
    ]
    assert bench.watched == ["calibrating canaries of combined: 3"]


def test_without_a_command_nothing_is_measured() -> None:
    """The plan then says which scenario has no rate."""
    bench, rates = Bench(), dict[str, float]()
    bench.calibrator().add_rates(rates, (), [Asked("combined", 9)])
    assert (rates, bench.asked, bench.log) == ({}, [], [])


def refusal(found: Calibration, scenario: str = "combined", **more: str) -> list[str]:
    """What is told where the rate of one scenario cannot be measured; nothing is added to the rates."""
    rates = dict[str, float]()
    with pytest.raises(UsageError) as told:
        Bench(found).calibrator().add_rates(rates, COMMAND, [Asked(scenario, 9)], **more)
    assert rates == {}
    return str(told.value).split("\n")


def test_a_simulator_in_trouble_is_refused_with_its_last_words() -> None:
    """Then with what to do: fix it, or give the rate, by the flag and by the workflow's input."""
    broken = Calibration(9.0, "it ended with exit code 3", last_words=("thread panicked", "bye"))
    assert refusal(broken) == [
        "the rate of combined cannot be measured: it ended with exit code 3",
        "the simulator's last lines:",
        "  thread panicked",
        "  bye",
        "Fix the simulator, or give its rate with --rate combined=R (the input `rates` of the nightly workflow).",
    ]
    assert refusal(Calibration(0.0, "it ended"), "two\nlines", flag=CANARY_RATE) == [
        "the rate of canaries of two\\nlines cannot be measured: it ended",
        "Fix the simulator, or give its rate with --canary-rate two\\nlines=R (the input `canary-rates` of the nightly "
        "workflow).",
    ]


def test_what_lacks_nothing_but_time_should_get_more_of_it() -> None:
    """There is nothing to fix."""
    assert refusal(Calibration(0.0, "it finished no iteration", stopped=True))[-1] == (
        "Calibrate for longer with --calibrate, or give its rate with --rate combined=R (the input `rates` of the "
        "nightly workflow)."
    )


# ---- one run of a simulator


def run(script: str, *words: str, seconds: float = 60.0) -> Calibration:
    """Calibrate with a shell script; `words` are its arguments, from $1 on."""
    return calibrate(["sh", "-c", script, "sim", *words], "combined", 7, seconds, lambda _done: None)


def printing(*lines: str, then: str = "exit 0") -> str:
    """A script that prints these lines, and then does something else."""
    return "\n".join([f"echo '{line}'" for line in lines] + [then])


def test_iterations_until_the_time_is_up_are_the_rate() -> None:
    """Of a simulator that would go on: then it says nothing about itself."""
    assert run(printing(ITERATION, ITERATION, ITERATION, then=HANG), seconds=0.5) == Calibration(6.0)


def test_progress_counts_up() -> None:
    """From 0 on, with every iteration."""
    seen: list[int] = []
    calibrate(["sh", "-c", printing(ITERATION, ITERATION)], "combined", 7, 60.0, seen.append)
    assert list(dict.fromkeys(seen)) == [0, 1, 2]


@pytest.mark.parametrize(("lines", "ending"), [((ITERATION,), "exit 0"), ((ITERATION, END), "exit 1")])
def test_a_good_end_is_exit_code_0_or_a_whole_stream(lines: tuple[str, ...], ending: str) -> None:
    """Behind the end of its stream, a bad exit code reports failed seeds."""
    found = run(printing(*lines, then=ending))
    assert found == Calibration(found.rate)
    assert 1 / 60 < found.rate < 1e6


@pytest.mark.parametrize(
    ("count", "ending", "told"),
    [
        (1, "exit 3", "ended with exit code 3 after (.+) s and 1 iteration"),
        (2, "kill -9 $$", "ended by signal 9 after (.+) s and 2 iterations"),
    ],
)
def test_a_bad_end_without_the_end_of_the_stream_is_trouble(count: int, ending: str, told: str) -> None:
    """A rate of so many iterations in that time says nothing about a night."""
    found = run(printing(*[ITERATION] * count, then=f"echo bye >&2\n{ending}"))
    told_s = re.fullmatch(f"the simulator 'sh' {told}", found.trouble)
    assert told_s
    assert found == Calibration(found.rate, found.trouble, last_words=("bye",))
    assert found.rate == pytest.approx(count / float(told_s[1]), rel=0.01)


def test_a_simulator_without_an_iteration_has_no_rate() -> None:
    """How it ended is told, and what it wrote: an empty stream of ours is none of its words."""
    found = run("echo 'usage: sim' >&2; exit 0")
    assert re.fullmatch(
        "the simulator 'sh' finished no iteration in [0-9.]+ s, it ended with exit code 0", found.trouble
    )
    assert found == Calibration(0.0, found.trouble, last_words=("usage: sim",))
    assert "it ended by signal 15" in run("kill $$").trouble


def test_a_simulator_that_is_stopped_before_its_first_iteration_lacks_time() -> None:
    """Nothing else is wrong with it as far as is known."""
    assert run("echo loading >&2; exec sleep 60", seconds=0.5) == Calibration(
        0.0, "the simulator 'sh' finished no iteration in 0.5 s, then it was stopped", stopped=True,
        last_words=("loading",),
    )  # fmt: skip


def test_a_simulator_that_closes_its_output_and_goes_on_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a moment to end by itself."""
    monkeypatch.setattr(calibration, "ENDING_S", 0.05)
    found = run("exec >&-; sleep 60")
    assert found.stopped
    assert found.trouble.endswith(" s, then it was stopped")


def test_a_simulator_may_end_a_moment_after_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has ended by itself."""
    monkeypatch.setattr(calibration, "ENDING_S", 20.0)
    assert run("exec >&-; sleep 0.2; exit 3").trouble.endswith(" s, it ended with exit code 3")


def test_placeholders_are_filled_and_complaints_on_stdout_are_its_words() -> None:
    """Unless there are some on stderr. More iterations are asked for than anybody runs."""
    script = 'echo "$1 from $2 on, $3 of them"'
    words = ("{scenario}", "{seed}", "{iterations}")
    assert run(script, *words).last_words == ("combined from 7 on, 1000000000 of them",)
    assert run(f"{script}; echo no >&2", *words).last_words == ("no",)


def test_a_simulator_starts_without_the_tokens_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a recording."""
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setenv("COLOUR", "red")
    assert run('echo "$COLOUR, token: $GITHUB_TOKEN."').last_words == ("red, token: .",)


@pytest.fixture
def typed() -> Iterator[None]:
    """Standard input holds a line, as on a terminal."""
    reading, writing = os.pipe()
    before = os.dup(0)
    os.dup2(reading, 0)
    os.write(writing, b"typed\n")
    yield
    os.dup2(before, 0)
    for each in (before, reading, writing):
        os.close(each)


@pytest.mark.usefixtures("typed")
def test_a_simulator_reads_nothing_of_our_input() -> None:
    """It may be a list of seeds, or a terminal."""
    assert run('read line; echo "read: $line."').last_words == ("read: .",)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("./no-such-simulator", "the simulator './no-such-simulator' cannot be started: no such file or directory"),
        ("a\0b", "the simulator 'a\\x00b' cannot be started: a path with a NUL byte"),
    ],
)
def test_a_program_that_cannot_be_started_is_named(program: str, told: str) -> None:
    """With the reason of the system."""
    with pytest.raises(UsageError) as refused:
        calibrate([program, "{seed}"], "combined", 7, 1.0, lambda _done: None)
    assert str(refused.value) == told


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("deaf", ["", "trap '' TERM"], ids=["ends", "deaf"])
def test_nothing_that_it_started_is_left(deaf: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its own processes, nor one that does not listen."""
    monkeypatch.setattr(calibration, "STOP_S", 0.3)
    found = run(f"{deaf}\nsleep 60 &\necho $! $$ >&2\nwhile :; do wait; done", seconds=0.5)
    pids = [int(word) for word in found.last_words[0].split()]
    assert len(pids) == 2
    wait_for(lambda: all(is_gone(pid) for pid in pids))
