"""Finds the files that the user named as `reports`: paths, patterns and `SCENARIO=PATH`; each file once."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vopr_coverage.errors import ManyErrors, ReportError, UsageError, UserError, Words, encodable, printable, shown
from vopr_coverage.files import STDIN, read_bytes, refuse_outside
from vopr_coverage.model.manifest import MANIFEST, MANIFEST_BYTES_MAX, STREAM, Recording, recording_from_json

_NAMED = re.compile(r"([A-Za-z0-9_.:-]+)=(.+)", re.DOTALL)
STDIN_LABEL = "stdin"


class ReportFile(msgspec.Struct, frozen=True):
    """One file to read: its path, its name in the output, and its scenario if given.

    For a recording, `path` is the stream in its folder and `label` the folder. Its manifest names the scenario.
    """

    path: str
    label: str
    scenario: str | None = None
    recording: Recording | None = None


def find_reports(lines: Sequence[str], roots: Sequence[Path] = ()) -> list[ReportFile]:
    """All files that the lines name, in order, each file once.

    Args:
        lines: paths, patterns (`*`, `?`, `[…]`, `**`) and `-`, each with an optional `SCENARIO=` in front.
            A folder with a manifest is a recording; patterns match files and such folders.
        roots: folders that must contain every file, symbolic links followed; empty: any folder.

    Raises:
        UsageError: no reports, one file with two scenarios, or a recording with another
            scenario than its own.
        FileError, ReportError, ManyErrors: a line matches nothing, or leads outside the roots.
    """
    if not lines:
        raise UsageError("no reports: name at least one file, pattern, or - for standard input")
    reports: list[ReportFile] = []
    errors: list[UserError] = []
    for line in lines:
        try:
            reports += _match(line, roots)
        except UserError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    return _labelled(_each_once(reports))


def _match(line: str, roots: Sequence[Path]) -> Iterator[ReportFile]:
    scenario, pattern = None, line
    match = _NAMED.fullmatch(line)
    if match and not os.path.lexists(line):
        scenario, pattern = match.groups()
    if pattern == STDIN:
        yield ReportFile(STDIN, STDIN_LABEL, scenario)
        return
    paths = [pattern]
    if not os.path.lexists(pattern) and glob.has_magic(pattern):
        paths = _matches(pattern)
        if not paths:
            raise ReportError(pattern, "", expected="at least one file", found=Words("no match for this pattern"))
    for path in paths:
        refuse_outside(path, roots)
        yield _recorded(path, scenario, roots) if _is_recording(path) else ReportFile(path, path, scenario)


def _matches(pattern: str) -> list[str]:
    """The files and recordings that match, without the files inside these recordings."""
    paths = sorted(glob.glob(pattern, recursive=True))
    recordings = {os.path.normpath(path) for path in paths if _is_recording(path)}
    files = (path for path in paths if not os.path.isdir(path))
    return sorted([*recordings, *(path for path in files if os.path.dirname(path) not in recordings)])


def _is_recording(path: str) -> bool:
    try:
        return os.path.isdir(path) and os.path.lexists(os.path.join(path, MANIFEST))
    except ValueError:  # a NUL byte: opening it reports that
        return False


def _recorded(folder: str, scenario: str | None, roots: Sequence[Path]) -> ReportFile:
    """A recording, with the scenario of its manifest. Only its two files are ever opened."""
    manifest, stream = (os.path.join(folder, name) for name in (MANIFEST, STREAM))
    for path in (manifest, stream):
        refuse_outside(path, roots)
    recording = recording_from_json(read_bytes(manifest, MANIFEST_BYTES_MAX), manifest)
    if scenario is not None and scenario.lower() != recording.scenario.lower():
        raise UsageError(
            f"{printable(folder)} is named as scenario {shown(scenario)}, its manifest says {shown(recording.scenario)}"
        )
    return ReportFile(stream, folder, recording.scenario, recording)


def _each_once(reports: Sequence[ReportFile]) -> list[ReportFile]:
    """Each file once, even if several names lead to it."""
    first: dict[tuple[int, int] | str, ReportFile] = {}
    for report in reports:
        same = first.setdefault(_identity(report.path), report)
        if same.scenario is None and report.scenario is not None:
            first[_identity(report.path)] = replace(same, scenario=report.scenario)
        elif report.scenario is not None and same.scenario != report.scenario:
            raise UsageError(
                f"{printable(report.path)} is named under two scenarios, "
                f"{shown(same.scenario)} and {shown(report.scenario)}"
            )
    return list(first.values())


def _identity(path: str) -> tuple[int, int] | str:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return path
    return (status.st_dev, status.st_ino)


def _labelled(reports: Sequence[ReportFile]) -> list[ReportFile]:
    """Label files by their last path component, or by the whole path if that is not unique."""
    names = [STDIN_LABEL if report.path == STDIN else _last_part(report.label) for report in reports]
    times = Counter(names)
    return [
        replace(report, label=encodable(name if times[name] == 1 else report.label))
        for report, name in zip(reports, names, strict=True)
    ]


def _last_part(path: str) -> str:
    return os.path.basename(path) or os.path.basename(os.path.abspath(path))
