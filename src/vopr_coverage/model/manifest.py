"""The manifest of a recording, which is one run of a simulator, stored in a folder. Pure.

`record` writes the folder, `check` reads it like a report. A manifest is as untrusted as any
report: it is validated by `schemas/recording.json`, and no path in it is ever opened.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import msgspec

from vopr_coverage.errors import ReportError, Words
from vopr_coverage.formats import schema as contract
from vopr_coverage.model.crash import last_words_in_words
from vopr_coverage.model.figures import in_digits
from vopr_coverage.model.shell_words import command_line

RECORDING_FORMAT = "urn:vopr-coverage:schema:recording:v1"
MANIFEST, STREAM, STDERR = "manifest.json", "stream.ndjson.gz", "stderr.log"
OUTPUT = "output.tar.gz"  # only where the command has {output}
MANIFEST_BYTES_MAX = 1 << 20
PLACEHOLDERS = ("scenario", "seed", "iterations", "output")
DOUBLE_RUNS_FLAG = "--check-determinism"
NO_TRACES_FLAG = "--no-trace-on-failure"
COMMIT = re.compile(r"[0-9a-f]{7,64}")
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

CommitSource = Literal["flag", "environment", "git"]


class Host(msgspec.Struct, frozen=True):
    """Where a run was recorded; nothing in it is secret."""

    os: str
    arch: str
    python: str


class RecordedPart(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a recording whose simulator died at a seed.

    Attributes:
        seed, iterations: what it was asked for.
        ran: how many of these have a result.
        exit_code, signal: how it ended; None if unknown.
        died_at: the seed that it died at; None if it did not die at a seed.
        last_words: the last lines of its stderr, if it did not end well; foreign text.
        again: it ran seeds of an earlier part once more, for the coverage that this part lost when it died.
        agrees: whether these seeds had the same results again; None if it did not run them again to their end.
        measured: whether its coverage is part of the recording's.
    """

    seed: str
    iterations: int
    ran: int
    exit_code: int | None = None
    signal: int | None = None
    died_at: str | None = None
    last_words: tuple[str, ...] = ()
    again: bool = False
    agrees: bool | None = None
    measured: bool = False


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest of one recorded run.

    Attributes:
        command: the words of the command, with the placeholders `{scenario}`, `{seed}`, `{iterations}` and `{output}`.
        seed, iterations: what was asked for. The seed is a string, because browsers and jq lose digits.
        commit, commit_source: the simulated commit, and where it was taken from; None if unknown.
        head: git's HEAD where the simulator ran; None if unknown, and in recordings of earlier versions.
        duration_s: None until the recording ends, so None shows a recording that was killed.
        rate: iterations a second.
        exit_code, signal: how the simulator ended; one of the two, or neither if unknown.
        interrupted: the recording was stopped by a signal, or by a full disk.
        whole: the stream has its start and end records, and nothing stopped the run.
        double_runs: every seed ran twice, so a nondeterministic one would have failed.
        lines, unknown_records: lines of the simulator by kind, and records of unknown types by type.
        kept: lines that were stored in the short form (`compact`) and unchanged (`verbatim`).
        stderr_bytes, stderr_dropped_bytes: what the simulator wrote to stderr, and how much of it was not stored.
        last_words: the last lines of stderr, if the run did not end well; foreign text.
        id: a random name, so that no two recordings have equal manifests; None in old ones.
        parts: the processes of a run whose simulator died at a seed, in the order in which they ran; else none.
        per_seed: every seed ran in a process of its own.
        parallel: how many of these ran at a time; None if unknown.
        failed_exit: their exit codes that say that a bug was found, where they are not the usual ones.
        measured: how many iterations the coverage at the end of the stream is of; None: of all.
        outputs: of how many seeds the archive has output; None if the command has no `{output}`.
        restarts: how often the simulator might be started again behind a seed that it died at; None if unknown.
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
    last_words: tuple[str, ...] = ()
    id: str | None = None
    head: str | None = None
    parts: tuple[RecordedPart, ...] = ()
    measured: int | None = None
    per_seed: bool = False
    parallel: int | None = None
    failed_exit: tuple[int, ...] | None = None
    outputs: int | None = None
    restarts: int | None = None
    format: str = RECORDING_FORMAT

    @property
    def finished(self) -> bool:
        """Whether the recording ended by itself; else it is unknown how the simulator ended."""
        return self.duration_s is not None

    @property
    def stopped(self) -> bool:
        """Whether the recorder ended the simulator, so that its exit code says nothing about it."""
        return self.timed_out or self.interrupted

    @property
    def ended_badly(self) -> bool:
        """Whether a signal or an exit code other than 0 ended the simulator."""
        return self.signal is not None or bool(self.exit_code)

    @property
    def restarts_used_up(self) -> int:
        """How often the simulator was started again, if it died once more and might not be started any more; else 0."""
        of_new_seeds = [part for part in self.parts if not part.again]
        allowed = self.restarts or 0
        died = bool(of_new_seeds) and of_new_seeds[-1].died_at is not None
        return allowed if died and not self.stopped and len(of_new_seeds) > allowed else 0

    @property
    def hides_failures(self) -> bool:
        """Whether VOPR's check may have counted ordinary failures as nondeterministic, because it kept their traces."""
        return DOUBLE_RUNS_FLAG in self.command and NO_TRACES_FLAG not in self.command

    @property
    def writes_output(self) -> bool:
        """Whether the command writes to files."""
        return has_output(self.command)

    @property
    def replays_one_seed(self) -> bool:
        """Whether the command takes the seed to run."""
        return any("{seed}" in word for word in self.command)

    def replay(self, seed: str) -> str:
        """The shell command that runs this seed once, or the whole run again if the command takes no seed."""
        iterations = 1 if self.replays_one_seed else self.iterations
        return command_line(filled(self.command, self.scenario, seed, iterations, f"output-{seed}"))

    @property
    def run_again(self) -> str:
        """The shell command that runs all of its seeds once more.

        Where each seed has a process of its own, that is a command of ours: one of the simulator runs a single seed.
        """
        if not self.per_seed:
            return command_line(filled(self.command, self.scenario, self.seed, self.iterations))
        asked = ("--scenario", self.scenario, "--seed", self.seed, "--iterations", str(self.iterations))
        how = ["--parallel", str(self.parallel)] if self.parallel and self.parallel > 1 else []
        how += ["--failed-exit", _ranges(self.failed_exit)] if self.failed_exit else []
        return command_line(
            ["vopr-coverage", "record", *asked, "--out", "again", "--per-seed", *how, "--", *self.command]
        )

    def to_json(self) -> str:
        """The manifest as JSON, indented for people; see schemas/recording.json."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"


def _ranges(codes: Collection[int]) -> str:
    """Exit codes as `--failed-exit` takes them: 1,101,128-129."""
    ordered = sorted(codes)
    starts = [code for code in ordered if code - 1 not in codes]
    ends = [code for code in ordered if code + 1 not in codes]
    return ",".join(f"{start}" if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True))


def simulator_ending(recording: Recording) -> str:
    """How the simulator ended, in words that follow its name; "" while that is unknown."""
    if recording.signal is not None:
        return f"ended by signal {recording.signal}"
    return "" if recording.exit_code is None else f"ended with exit code {recording.exit_code}"


def run_ending(recording: Recording) -> str:
    """How the run ended, in words that follow its name. What stopped it comes before how its simulator ended."""
    if recording.timed_out:
        return "timed out" + (f" after {in_digits(recording.timeout_s)} s" if recording.timeout_s is not None else "")
    if recording.interrupted:
        return "interrupted"
    return simulator_ending(recording) or "still running"


def stderr_ending(recording: Recording) -> str:
    """The last lines of the simulator's stderr, as a part of a sentence; "" if they are not in the manifest."""
    return last_words_in_words(recording.last_words)


def filled(command: Iterable[str], scenario: str, seed: str, iterations: int, output: str = "output") -> list[str]:
    """The words of a command with its placeholders replaced in one pass: values are not searched for placeholders."""
    values = {"scenario": scenario, "seed": seed, "iterations": str(iterations), "output": output}
    return [_PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), word) for word in command]


def has_output(command: Iterable[str]) -> bool:
    """Whether a command writes to the path `{output}`."""
    return any("{output}" in word for word in command)


def unknown_placeholders(command: Iterable[str]) -> list[str]:
    """Words in braces that are no placeholders."""
    return [name for word in command for name in _PLACEHOLDER.findall(word) if name not in PLACEHOLDERS]


_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}")


def recording_from_json(data: bytes, source: str) -> Recording:
    """Read a manifest.

    Args:
        data: its bytes, at most MANIFEST_BYTES_MAX of them.
        source: its name in messages.

    Raises:
        ReportError, ManyErrors: it is too long, not JSON, or it violates the schema.
    """
    if len(data) > MANIFEST_BYTES_MAX:
        limit = f"over {MANIFEST_BYTES_MAX >> 20} MiB"
        raise ReportError(source, "", expected="a recording's manifest", found=Words(limit))
    return msgspec.convert(contract.document(data, source, "recording"), Recording)
