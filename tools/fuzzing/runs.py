"""The doors for runs as they lie on a disk: whole checks of files, recordings, outputs, processes, nights, two runs."""

from __future__ import annotations

import atexit
import gzip
import io
import json
import os
import shutil
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from zlib import crc32

import msgspec

from tests.support.recordings import a_manifest
from tests.support.reports import a_stream
from tests.support.samples import samples
from tools.fuzzing.door import Door, Ending, Finding
from tools.fuzzing.judging import RULES, read_bytes
from tools.fuzzing.reports import _whole_simulation
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.judge import CanaryRun, CanaryVerdict, judge_canaries
from vopr_coverage.check.flow import check
from vopr_coverage.check.request import CheckRequest
from vopr_coverage.config.file import Config
from vopr_coverage.config.night import NightSection
from vopr_coverage.determinism.flow import compare_runs
from vopr_coverage.formats.schema import problems
from vopr_coverage.model.manifest import MANIFEST, OUTPUT, STREAM
from vopr_coverage.own_night.folder import BEGUN, Begun, NightsFolder
from vopr_coverage.reading.compact import Compactor
from vopr_coverage.reading.point_lists import read_declared
from vopr_coverage.recorder.process import Ended
from vopr_coverage.recorder.seed_result import SeedOutput, result_of

SECTION = NightSection(build="b", binary="c", command="d", scenarios={"a": 1}, coverage={"a": 1})
SPLIT = b"\n%%%\n"  # between the parts of an input that is several files


def run_doors() -> list[Door]:
    """Each of them by itself."""
    two = a_stream(3) + SPLIT + a_stream(3)
    simulations = _whole_simulation() + SPLIT + _whole_simulation()
    manifest = json.dumps(a_manifest()).encode()
    recording = manifest + SPLIT + a_stream(3)
    _base()  # before lanes are forked, so that the folders of all of them go with this process
    return [
        Door(
            "whole check",
            _take_file,
            (a_stream(3), _whole_simulation(), samples()["report"].whole),
            ("reading/find", "check/request"),
            text="lines",
        ),
        Door(
            "recording",
            _take_recording,
            (recording, json.dumps(a_manifest(exit_code=None, signal=11)).encode() + SPLIT + a_stream(3)),
            ("reading/recorded", "canaries/folder"),
            (SPLIT,),
        ),
        Door("outputs", _take_outputs, (_tar(),), ("reading/outputs",), (b"ustar", b"\x00" * 512, b"0000644", b"../")),
        Door("two runs", _take_two, (two, simulations), ("reading/seeds", "determinism/flow"), (SPLIT,)),
        Door("canary", _take_canary, (two, simulations), ("canaries/folder",), (SPLIT,)),
        Door(
            "process",
            _take_process,
            (a_stream(1) + SPLIT + b"thread 'main' panicked at a.rs:1", _one_seed() + SPLIT),
            ("recorder/seed_result", "recorder/per_seed"),
            (SPLIT,),
        ),
        Door(
            "declared list",
            _take_declared,
            (b"a\nb\tsometimes\ncut.me\tphase\n",),
            ("reading/point_lists",),
            (b"\t", b"fault", b"#"),
        ),
        Door(
            "night begun",
            _take_begun,
            (msgspec.json.encode(Begun(number=1, at="2026-11-26T02:17:00Z", commit="", features="", section=SECTION)),),
            ("own_night/folder",),
            text="json",
        ),
    ]


@cache
def _base() -> Path:
    """A folder in memory for all lanes, which goes with the process that began it."""
    home = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 (the folder has a name of its own)
    path = Path(tempfile.mkdtemp(prefix="vopr-fuzz-", dir=home))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def folder() -> Path:
    """A folder of this process alone."""
    path = _base() / str(os.getpid())
    path.mkdir(exist_ok=True)
    return path


def _config() -> str:
    path = folder() / "gate.yml"
    if not path.exists():
        path.write_text("profile: none\nfault_point_coverage_min: 0.1\nmin_iterations: 1\n")
    return str(path)


def _parts(data: bytes) -> tuple[bytes, bytes]:
    first, _, second = data.partition(SPLIT)
    return first, second


def _take_file(data: bytes) -> Ending:
    """A file, as `check` judges it; judged a second time, the verdict is the same."""
    path = folder() / "input"
    path.write_bytes(data)
    verdict = check(CheckRequest(reports=[str(path)], config=_config()), RULES)
    again = check(CheckRequest(reports=[str(path)], config=_config()), RULES)
    if verdict != again:
        raise Finding("the same file is judged differently the second time")
    return "taken"


def _take_recording(data: bytes) -> Ending:
    """A folder with a manifest and a stream, both of which somebody else wrote."""
    manifest, stream = _parts(data)
    home = folder() / "recording"
    home.mkdir(exist_ok=True)
    (home / MANIFEST).write_bytes(manifest)
    (home / STREAM).write_bytes(stream)
    verdict = check(CheckRequest(reports=[str(home)], config=_config()), RULES)
    if verdict.passed:
        said = json.loads(manifest)
        if said["exit_code"] != 0 or said["signal"] is not None or said["timed_out"] or said["interrupted"]:
            raise Finding("a recording passes whose simulator did not end well", str(said)[:300])
        if not said["whole"]:
            raise Finding("a recording passes that is not whole", str(said)[:300])
    return "taken"


def _tar() -> bytes:
    """An archive with a file of two seeds; the door compresses it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for seed in (0, 1, 2):
            text = samples()["jepsen"].whole
            member = tarfile.TarInfo(f"{seed}/results.edn")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    return packed.getvalue().rstrip(b"\0") + b"\0" * 1024


def _take_outputs(data: bytes) -> Ending:
    """The archive with the files that the seeds of a recording wrote, damaged before it was compressed."""
    home = folder() / "outputs"
    if not home.is_dir():
        home.mkdir()
        manifest = a_manifest(outputs=3, per_seed=True)
        (home / MANIFEST).write_text(json.dumps(manifest))
        ran = b"".join(b'["ran",[%d]]\n' % seed for seed in range(3))
        head, *_, end = a_stream(3).splitlines(keepends=True)
        (home / STREAM).write_bytes(head + ran + end)
    (home / OUTPUT).write_bytes(gzip.compress(data, 1, mtime=0))
    check(CheckRequest(reports=[str(home)], config=_config()), RULES)
    return "taken"


def _take_two(data: bytes) -> Ending:
    """Two runs of the same seeds, compared seed by seed; the verdict meets its schema."""
    paths = [folder() / "left", folder() / "right"]
    for path, part in zip(paths, _parts(data), strict=True):
        path.write_bytes(part)
    verdict = compare_runs([str(path) for path in paths], Config()).verdict
    text = verdict.to_json()
    if crc32(data) % 16 == 0 and (broken := problems("determinism", json.loads(text))):
        raise Finding("a verdict on determinism breaks its schema", f"{broken[0].pointer}: {broken[0]}")
    if verdict.passed and (verdict.nondeterministic or verdict.findings or not verdict.seeds):
        raise Finding("determinism passes with findings, or without a seed", text[:300])
    return "taken"


def _take_canary(data: bytes) -> Ending:
    """A control run and a canary."""
    control, canary = (read_bytes(part, None, Config(), name) for part, name in zip(_parts(data), "ab", strict=True))
    if control.run is None or canary.run is None:
        return "refused"
    declared = {"c": Detector(("model_verification", "agreement"))}
    verdict: CanaryVerdict = judge_canaries([ControlRun(control)], [CanaryRun("c", canary)], declared, "1")
    if crc32(data) % 16 == 0 and (broken := problems("canaries", json.loads(verdict.to_json()))):
        raise Finding("a verdict on canaries breaks its schema", f"{broken[0].pointer}: {broken[0]}")
    if verdict.passed and not canary.run.failures:
        raise Finding("a canary is detected in which nothing failed", verdict.reason)
    return "taken"


def _one_seed() -> bytes:
    start, _, end = samples()["simulation"].whole.partition(b"\n")
    begun = json.loads(start) | {"seeds": 1}
    first = end.partition(b"\n")[0]
    return b"\n".join([json.dumps(begun).encode(), first, b'{"type": "end", "seeds": 1, "failed": 0}', b""])


def _take_process(data: bytes) -> Ending:
    """What the process of one seed wrote, to stdout and stderr, and how it ended."""
    written, stderr = _parts(data)
    status = Random(crc32(data)).choice((0, 0, 1, 101, -11, -9, None))  # noqa: S311
    stream = Compactor(hold_ends=True)
    records = stream.feed(written) + stream.finish()
    seed = 7 if stream.simulation else 0
    result = result_of(seed, Ended(status, True, False), SeedOutput(stream, records, written, stderr), (101,))
    result.why_none(seed)
    if not result.problem and not result.failed and status != 0:
        raise Finding("a seed passes whose process did not end well", str(status))
    return "refused" if result.problem else "taken"


def _take_declared(data: bytes) -> Ending:
    path = folder() / "points.txt"
    path.write_bytes(data)
    read_declared(path, "points.txt")
    return "taken"


def _take_begun(data: bytes) -> Ending:
    """What a night on one's own machine was begun with."""
    nights = folder() / "nights"
    (nights / "000001").mkdir(parents=True, exist_ok=True)
    (nights / "000001" / BEGUN).write_bytes(data)
    NightsFolder(nights).go_on(SECTION, "", "")
    return "taken"
