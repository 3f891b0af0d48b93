"""A recording: one run of a simulator, kept in a folder. What its manifest says, and how it is read. Pure.

`record` writes the folder, `check` takes it for a report. A manifest is as untrusted as any
report: it is held to `schemas/recording.json`, and no path in it is ever opened.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from vopr_coverage.errors import ReportError, Words
from vopr_coverage.formats import schema as contract

RECORDING_FORMAT = "urn:vopr-coverage:schema:recording:v1"
MANIFEST, STREAM, STDERR = "manifest.json", "stream.ndjson.gz", "stderr.log"
MANIFEST_BYTES_MAX = 1 << 20
PLACEHOLDERS = ("scenario", "seed", "iterations")
DOUBLE_RUNS_FLAG = "--check-determinism"
COMMIT = re.compile(r"[0-9a-f]{7,64}")
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

CommitSource = Literal["flag", "environment", "git"]


class Host(msgspec.Struct, frozen=True):
    """Where a run was recorded, in three words, none of them secret."""

    os: str
    arch: str
    python: str


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest of one recorded run.

    Attributes:
        command: the template, a word each, with `{scenario}`, `{seed}` and `{iterations}` in it.
        seed, iterations: what was asked for; the seed is a string, as browsers and jq lose digits of it.
        commit, commit_source: what was simulated, and who said so; None where nobody did.
        duration_s: None until the recording ended, so that one that was killed can be told.
        rate: iterations a second.
        exit_code, signal: how the simulator ended: one of them, or neither while that is unknown.
        interrupted: the recording was stopped from outside, or by a full disk.
        whole: the stream has its start and its end, and nothing stopped the run.
        double_runs: every seed ran twice, so that a nondeterministic one would have been seen.
        lines: what the simulator printed, by kind; `unknown_records`: records of other types, by type.
        kept: records and lines of the artifact: `compact`, and `verbatim`.
        stderr_bytes, stderr_dropped_bytes: what it wrote there, and how much of that was not kept.
    """

    command: tuple[str, ...]
    scenario: str
    seed: str
    iterations: int
    commit: str | None
    commit_source: CommitSource | None
    double_runs: bool
    started_at: str
    timeout_s: float | None
    host: Host
    version: str
    duration_s: float | None = None
    rate: float | None = None
    exit_code: int | None = None
    signal: int | None = None
    timed_out: bool = False
    interrupted: bool = False
    whole: bool = False
    lines: Mapping[str, int] = {}
    unknown_records: Mapping[str, int] = {}
    kept: Mapping[str, int] = {}
    stderr_bytes: int = 0
    stderr_dropped_bytes: int = 0
    format: str = RECORDING_FORMAT

    @property
    def finished(self) -> bool:
        """Whether the recording reached its own end; else how the simulator ended is not known."""
        return self.duration_s is not None

    @property
    def ended_badly(self) -> bool:
        """Whether a signal or an exit code other than 0 ended the simulator."""
        return self.signal is not None or bool(self.exit_code)

    @property
    def replays_one_seed(self) -> bool:
        """Whether the command can be told which seed to run."""
        return any("{seed}" in word for word in self.command)

    def replay(self, seed: str) -> str:
        """The command, quoted for a shell, that runs this seed once; without `{seed}` in it, the whole run again."""
        iterations = 1 if self.replays_one_seed else self.iterations
        return shlex.join(filled(self.command, self.scenario, seed, iterations))

    def to_json(self) -> str:
        """The manifest as JSON, indented for people; see schemas/recording.json."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"


def simulator_ending(recording: Recording) -> str:
    """How the simulator ended, in words that follow its name; "" while that is unknown."""
    if recording.signal is not None:
        return f"ended by signal {recording.signal}"
    return "" if recording.exit_code is None else f"ended with exit code {recording.exit_code}"


def run_ending(recording: Recording) -> str:
    """How the run ended, in words that follow its name. What stopped it comes before how its simulator ended."""
    if recording.timed_out:
        return "timed out" + (f" after {recording.timeout_s:g} s" if recording.timeout_s is not None else "")
    if recording.interrupted:
        return "interrupted"
    return simulator_ending(recording) or "still running"


def filled(command: Iterable[str], scenario: str, seed: str, iterations: int) -> list[str]:
    """The words of a command with its placeholders replaced, in one pass: what is put in is not looked at again."""
    values = {"scenario": scenario, "seed": seed, "iterations": str(iterations)}
    return [_PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), word) for word in command]


def unknown_placeholders(command: Iterable[str]) -> list[str]:
    """Words in braces that stand for nothing."""
    return [name for word in command for name in _PLACEHOLDER.findall(word) if name not in PLACEHOLDERS]


_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}")


def recording_from_json(data: bytes, source: str) -> Recording:
    """Read a manifest.

    Args:
        data: its bytes, at most MANIFEST_BYTES_MAX of them.
        source: what messages call it.

    Raises:
        ReportError, ManyErrors: too long, no JSON, or not our schema.
    """
    if len(data) > MANIFEST_BYTES_MAX:
        limit = f"over {MANIFEST_BYTES_MAX >> 20} MiB"
        raise ReportError(source, "", expected="a recording's manifest", found=Words(limit))
    return msgspec.convert(contract.document(data, source, "recording"), Recording)
