"""Nights that are killed: by which process, at which moment, and what they found in the end."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LEASH = "vopr_coverage.own_night.leash"
KINDS = (
    "night", "build", "build script", "plan", "long-run", "coverage", "determinism", "canary", "simulator", "doctor",
    "summary", "trends",
)  # fmt: skip
POLL_S = 0.01
LEFT_S = 20.0  # for a simulator whose recorder was killed, to notice that nobody reads


@dataclass(frozen=True)
class Outcome:
    """What a night found, without what depends on the clock.

    Attributes:
        seeds: every seed of every recording, in order, with the recording's folder.
        in_history: how many records the history has of it.
    """

    verdict: dict[str, Any]
    seeds: list[tuple[str, int]]
    in_history: int


@dataclass(frozen=True)
class Kills:
    """One killed night: the processes that were killed, and how it differs from an undisturbed one.

    Attributes:
        verdict, history: whether these are the same.
        twice, lost: how many seeds.
        left: how many processes were left running.
    """

    kinds: list[str]
    verdict: bool
    twice: int
    lost: int
    history: bool
    left: int
    seconds: float

    @property
    def as_calm(self) -> bool:
        """Whether it is like an undisturbed night."""
        return (self.verdict, self.twice, self.lost, self.history, self.left) == (True, 0, 0, True, 0)

    def in_words(self) -> str:
        """A line for people."""
        told = f"killed {', '.join(self.kinds) or 'nothing'}; {self.seconds:.0f} s"
        return told if self.as_calm else f"{told}; NOT LIKE THE UNDISTURBED ONE: {self.to_json()}"

    def to_json(self) -> str:
        """The same, to be read again."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Victim:
    """A process of a night."""

    pid: int
    kind: str


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """A night."""
    words = [sys.executable, "-m", "vopr_coverage", "night", "--config", "night.yml", "--nights", "nights", *more]
    with (folder / "night.log").open("ab") as log:
        return subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)


def undisturbed(folder: Path, jobs: int) -> float:
    """How many seconds a night takes."""
    shutil.rmtree(folder / "nights", ignore_errors=True)
    began = time.monotonic()
    night = start(folder, "--jobs", str(jobs))
    if night.wait():
        raise SystemExit((folder / "night.log").read_text())
    return time.monotonic() - began


def killed_night(folder: Path, number: int, seed: int, calm_s: float, expected: Outcome) -> Kills:
    """Run a night that is killed, until it ends."""
    shutil.rmtree(folder / "nights", ignore_errors=True)
    (folder / "night.log").unlink(missing_ok=True)
    rng = random.Random(f"{seed} {number}")
    began, resume, kinds = time.monotonic(), False, list[str]()
    # Half of the moments are random in time. The others are soon after a process of a random kind has begun, since a
    # build or a plan is so short that the first ones seldom hit it.
    targets = sorted(rng.choices(range(len(KINDS)), k=rng.randint(1, 3)))
    targets = [target if rng.random() < 0.5 else -1 for target in targets]
    while True:
        night = start(folder, "--jobs", "2", *(["--resume"] if resume else []))
        while targets and (victim := chosen(night, rng, KINDS[targets[0]] if targets[0] >= 0 else "", calm_s / 2)):
            with suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)
                kinds.append(victim.kind)
                targets.pop(0)
        night.wait()
        resume = any((folder / "nights").glob("*/begun.json"))
        if night.returncode == 0 or (night.returncode > 0 and ended(folder)):
            break
        if night.returncode > 0 and not targets and time.monotonic() - began > 20 * calm_s:
            break  # it will never end: the comparison says how
    found = outcome(folder)
    seconds = time.monotonic() - began
    twice, lost = Counter(found.seeds) - Counter(expected.seeds), Counter(expected.seeds) - Counter(found.seeds)
    return Kills(
        kinds=kinds,
        verdict=found.verdict == expected.verdict,
        twice=twice.total(),
        lost=lost.total(),
        history=found.in_history == expected.in_history,
        left=left_behind(folder),
        seconds=round(seconds, 1),
    )


def chosen(night: subprocess.Popen[bytes], rng: random.Random, kind: str, seconds: float) -> Victim | None:
    """A process of a night at a random moment; None if the night ended before.

    Args:
        kind: soon after a process of that kind has begun; "": any process, after at most so many seconds.
    """
    until = time.monotonic() + rng.uniform(0.1, seconds)
    while night.poll() is None:
        found = processes(night.pid)
        if kind:
            found = [victim for victim in found if victim.kind == kind]
            if found:
                time.sleep(rng.uniform(0, 0.4))
                return rng.choice(found)
        elif found and time.monotonic() >= until:
            return rng.choice(found)
        time.sleep(POLL_S)
    return None


def processes(night: int) -> list[Victim]:
    """A night's process, and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if entry.name.isdigit():
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [Victim(night, "night")], [(child, "night") for child in children.get(night, [])]
    while waiting:
        pid, above = waiting.pop()
        kind = kind_of(pid, above)
        found.append(Victim(pid, kind))
        waiting += [(child, kind) for child in children.get(pid, [])]
    return found


def kind_of(pid: int, parent: str) -> str:
    """What a process of a night does."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        words = []
    if LEASH not in words:
        return {"build": "build script", "build script": "build script", "night": "night"}.get(parent, "simulator")
    command = words[words.index(LEASH) + 1]
    if command == "record":
        command = next(kind for kind in KINDS if f"/{kind}-" in words[words.index("--out") + 1])
    return "build" if command == "--script" else command


def ended(folder: Path) -> bool:
    """Whether the newest night says that it came to its end."""
    return any((folder / "nights").glob("*/done.json"))


def outcome(folder: Path) -> Outcome:
    """What the newest night found."""
    night = max((folder / "nights").glob("0*"))
    verdict = json.loads((night / "night.json").read_bytes())
    seeds = []
    for path in sorted(night.glob("*/**/manifest.json")):
        manifest = json.loads(path.read_bytes())
        first = int(manifest["seed"])
        ran = manifest["iterations"] if manifest["whole"] else 0
        seeds += [(str(path.parent.relative_to(night)), seed) for seed in range(first, first + ran)]
    history = (folder / "nights" / "trends" / "trends.ndjson").read_text(encoding="utf-8").splitlines()
    return Outcome({key: verdict[key] for key in ("status", "reason", "jobs", "findings")}, seeds, len(history))


def left_behind(folder: Path) -> int:
    """How many processes still run that were started there."""
    until = time.monotonic() + LEFT_S
    while True:
        left = 0
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                left += entry.name.isdigit() and (entry / "cwd").readlink() == folder
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.2)
