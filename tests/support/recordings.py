"""Recordings for tests: a simulator of three lines, recorded for real, and manifests that say what a test needs."""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

from vopr_coverage.model.manifest import MANIFEST, STREAM, Recording
from vopr_coverage.progress import RunProgress
from vopr_coverage.recorder.plan import RecordingPlan
from vopr_coverage.recorder.record import record

SCENARIO = "combined"
_PRINT = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read()); sys.exit(int(sys.argv[2]))"
_START = re.compile(rb'"iterations":(\d+).*?"starting_seed":(\d+)')


def printing(file: Path, exit_code: int = 0) -> tuple[str, ...]:
    """A command that prints this file and ends with this code."""
    return (sys.executable, "-I", "-S", "-c", _PRINT, str(file), str(exit_code))


def quiet(total: int = 3) -> RunProgress:
    """Progress that nobody sees."""
    return RunProgress(io.StringIO(), total, terminal=False)


def recorded(stream: bytes, folder: Path, exit_code: int = 0, **changes: Any) -> Recording:
    """Record a simulator that prints this stream, into `folder`; the plan asks for what the stream announces."""
    source = folder.with_name(folder.name + ".source")
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(stream)
    plan: dict[str, Any] = {"scenario": SCENARIO, "seed": 0, "iterations": 3} | asked_for(stream) | changes
    return record(RecordingPlan(command=printing(source, exit_code), folder=folder, **plan), quiet())


def asked_for(stream: bytes) -> dict[str, int]:
    """The seeds that a stream announces, in its first start record."""
    found = _START.search(stream)
    return {"seed": int(found[2]), "iterations": int(found[1])} if found else {}


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest as it stands on disk."""
    parsed: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return parsed


def kept(folder: Path) -> bytes:
    """The artifact, unpacked."""
    return gzip.decompress((folder / STREAM).read_bytes())


def a_manifest(**changes: Any) -> dict[str, Any]:
    """A manifest of three healthy seeds, as `record` writes it; `changes` replace what it says."""
    return {
        "command": ["vopr", "--scenario", "{scenario}", "--seed", "{seed}", "--iterations", "{iterations}", "--json"],
        "scenario": SCENARIO,
        "seed": "0",
        "iterations": 3,
        "commit": None,
        "commit_source": None,
        "head": None,
        "double_runs": False,
        "started_at": "2026-05-07T02:00:00Z",
        "timeout_s": None,
        "host": {"os": "Linux", "arch": "x86_64", "python": "3.11.7"},
        "version": "1.0.0",
        "duration_s": 0.5,
        "rate": 6.0,
        "exit_code": 0,
        "signal": None,
        "timed_out": False,
        "interrupted": False,
        "whole": True,
        "lines": {"start": 1, "iteration_ok": 3, "batch_complete": 1},
        "unknown_records": {},
        "kept": {"compact": 3, "verbatim": 2},
        "stderr_bytes": 0,
        "stderr_dropped_bytes": 0,
        "last_words": [],
        "id": None,
        "parts": [],
        "measured": None,
        "outputs": None,
        "per_seed": False,
        "parallel": None,
        "failed_exit": None,
        "restarts": None,
        "format": "urn:vopr-coverage:schema:recording:v1",
    } | changes


def a_recording(folder: Path, stream: bytes, **changes: Any) -> Path:
    """A folder with this stream and such a manifest, written by hand."""
    folder.mkdir(parents=True)
    (folder / STREAM).write_bytes(gzip.compress(stream))
    (folder / MANIFEST).write_text(json.dumps(a_manifest(**changes)), encoding="utf-8")
    return folder
