"""The fuzzer's lanes: a stuck input is a finding, every door gets inputs, and the time of others does not count."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.fuzzing import __main__ as command
from tools.fuzzing import supervisor
from tools.fuzzing.door import Door, Ending
from tools.fuzzing.doors import all_doors
from tools.fuzzing.engine import Count, turn
from tools.fuzzing.guide import Missing
from tools.fuzzing.ledger import Ledger
from tools.fuzzing.supervisor import Goal, supervise

ROOT = Path(__file__).parents[2]


def takes(_data: bytes) -> Ending:
    """Nothing wrong."""
    return "taken"


def spins(_data: bytes) -> Ending:
    """Like code of C that never returns: no signal stops it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGVTALRM})
    while True:
        pass


def waits(_data: bytes) -> Ending:
    """For something that never comes."""
    while True:
        time.sleep(60)


def dies(_data: bytes) -> Ending:
    """As code of C does that writes where it must not."""
    signal.raise_signal(signal.SIGKILL)
    return "taken"


def door_of(take: Callable[[bytes], Ending], name: str = "planted") -> Door:
    """A door of that behaviour."""
    return Door(name, take, (b"a text with 1 and 2",), ())


@pytest.mark.parametrize("take", [spins, waits, dies])
def test_an_input_that_a_lane_is_stuck_in_is_a_finding(
    take: Callable[[bytes], Ending], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stored and counted, and the next run begins behind it."""
    monkeypatch.setattr(supervisor, "STUCK_CPU_S", 0.5 if take is spins else 600.0)
    monkeypatch.setattr(supervisor, "STUCK_WALL_S", 1.0 if take is waits else 600.0)
    door = door_of(take)
    ledger = Ledger(tmp_path, [door])
    with pytest.raises(SystemExit, match="planted:0:0, stored in"):
        supervise([door], ledger, Goal(seconds=60, inputs=None), processes=1)
    assert ledger.findings() == 1
    assert ledger.total(door).inputs == 1
    assert (tmp_path / "findings" / "planted-0-0").read_bytes()
    assert (tmp_path / "findings" / "planted-0-0.txt").read_text().startswith("planted:0:0\nended the process with -9")


def test_a_lane_that_others_keep_waiting_is_not_stuck() -> None:
    """A minute of the wall's clock, in which it had no processor, is no minute of its own."""
    watch = supervisor.Watch(process=subprocess.Popen(["sleep", "60"]), at=[0, 7])
    try:
        assert not watch.is_stuck()
        watch.wall -= supervisor.STUCK_CPU_S + 1
        assert not watch.is_stuck()
        watch.wall -= supervisor.STUCK_WALL_S
        assert watch.is_stuck()
    finally:
        watch.process.kill()
        watch.process.wait()


def test_every_door_gets_an_input_when_the_time_is_over_at_once(tmp_path: Path) -> None:
    """On a machine that is slow, one round takes longer than the minute."""
    doors = [door_of(takes, f"door {number}") for number in range(5)]
    ledger = Ledger(tmp_path, doors)
    supervise(doors, ledger, Goal(seconds=0, inputs=None), processes=1)
    assert all(ledger.total(door).inputs for door in doors)


def test_fast_doors_take_what_slow_ones_do_not_need(tmp_path: Path) -> None:
    """A slow door gets 40% of an even share, and all together are as many as asked for."""

    def slow(_data: bytes) -> Ending:
        until = time.process_time() + 0.003
        while time.process_time() < until:
            pass
        return "taken"

    doors = [door_of(slow, "slow"), door_of(takes, "fast")]
    ledger = Ledger(tmp_path, doors)
    supervise(doors, ledger, Goal(seconds=None, inputs=1000), processes=2)
    slow_inputs, fast_inputs = (ledger.total(door).inputs for door in doors)
    assert 200 <= slow_inputs <= 204
    assert slow_inputs + fast_inputs == 1000


def test_a_run_in_which_a_door_had_no_input_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says which."""
    monkeypatch.setattr(command, "supervise", lambda *_: None)
    assert command.main(["--guide", "off", "--home", str(tmp_path), "--door", "needs"]) == 1
    assert "no input reached needs" in capsys.readouterr().err


def test_a_guide_that_is_required_and_missing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a run without it would look like one with it."""

    def missing(*_: object) -> str:
        raise Missing("no wheel")

    monkeypatch.setattr(command, "guided", missing)
    monkeypatch.setattr(command, "supervise", lambda *_: None)
    assert command.main(["--guide", "required", "--home", str(tmp_path), "--door", "needs"]) == 2


def test_an_input_that_was_slow_only_once_is_no_finding(tmp_path: Path) -> None:
    """A processor that is shared has slow moments."""
    calls = []

    def take(data: bytes) -> Ending:
        calls.append(data)
        while len(calls) == 1:
            time.process_time()
        return "taken"

    count = Count()
    turn(door_of(take), 0, 0, count, tmp_path, seconds=60, most=3)
    assert (count.inputs, count.taken, count.findings) == (3, 2, 0)


def test_the_command_takes_inputs_to_all_doors_and_plays_one_again(tmp_path: Path) -> None:
    """`make fuzz` takes many more."""
    start = [sys.executable, "-m", "tools.fuzzing"]
    words = ["--inputs", "400", "--guide", "off", "--home", str(tmp_path), "--processes", "1"]
    ended = subprocess.run(
        [*start, *words], cwd=ROOT, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = ended.stdout.splitlines()
    assert len(lines) == 1 + len(all_doors()) + 1
    assert lines[-1].split()[:2] == ["all", "400"]
    play = [*start, "--play", "needs:0:3"]
    first, second = (subprocess.check_output(play, cwd=ROOT, env={"PYTHONPATH": "."}) for _ in range(2))
    assert first == second != b""
