"""Finds the files that the user named as `reports`: paths, patterns and `SCENARIO=PATH`; each file once."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from vopr_coverage.errors import ReportError, UsageError, UserError, Words, as_one, encodable, printable, shown
from vopr_coverage.files import STDIN, is_inside, read_bytes, refuse_outside
from vopr_coverage.model.figures import counted
from vopr_coverage.model.manifest import (
    MANIFEST,
    MANIFEST_BYTES_MAX,
    OUTPUT,
    STDERR,
    STREAM,
    Recording,
    recording_from_json,
)
from vopr_coverage.reading.pattern import Match, is_pattern, matches

_NAMED = re.compile(r"([A-Za-z0-9_.:-]+)=(.+)", re.DOTALL)
STDIN_LABEL = "stdin"
NAMES_SHOWN_MAX = 5
_OF_A_RECORDING = re.compile(  # a manifest that is about to be replaced has a draft beside it
    rf"{re.escape(MANIFEST)}|{re.escape(STREAM)}|{re.escape(STDERR)}|{re.escape(OUTPUT)}|\.{re.escape(MANIFEST)}\.[0-9a-f]{{16}}"
)


class ReportFile(msgspec.Struct, frozen=True):
    """One file to read: its path, its name in the output, and its scenario if given.

    For a recording, `path` is the stream in its folder and `label` the folder. Its manifest names the scenario.
    `pattern` is what it was found by, "" if it was named by its path.
    """

    path: str
    label: str
    scenario: str | None = None
    recording: Recording | None = None
    pattern: str = ""


class Unfound(NamedTuple):
    """A file, recording or line that cannot be read: its name, and why."""

    source: str
    error: UserError


class Found(NamedTuple):
    """What the user named: files, what cannot be read, and sentences on what their patterns match that is not read."""

    files: tuple[ReportFile, ...]
    unfound: tuple[Unfound, ...] = ()
    left_out: tuple[str, ...] = ()


def find_reports(lines: Sequence[str], roots: Sequence[Path] = ()) -> list[ReportFile]:
    """The files of `find_all`; errors as there."""
    return list(find_all(lines, roots).files)


def find_all(lines: Sequence[str], roots: Sequence[Path] = ()) -> Found:
    """`find`, for whoever needs all of it.

    Raises:
        FileError, ReportError, UsageError, ManyErrors: also if a single line cannot be used.
    """
    found = find(lines, roots)
    if found.unfound:
        raise as_one([each.error for each in found.unfound])
    return found


def find(lines: Sequence[str], roots: Sequence[Path] = ()) -> Found:
    """All files that the lines name, in order, each file once, and what the lines name beside them.

    A line that matches nothing or leads outside the roots is unfound, and so is a recording whose manifest cannot be
    used: the others can be judged nevertheless.

    Args:
        lines: paths, patterns (`*`, `?`, `[…]`, `**`) and `-`, each with an optional `SCENARIO=` in front.
            A folder with a manifest is a recording; patterns match files and such folders.
        roots: folders that must contain every file, symbolic links followed; empty: any folder.

    Raises:
        UsageError: no reports, or one file with two scenarios.
    """
    if not lines:
        raise UsageError("no reports: name at least one file, pattern, or - for standard input")
    reports: list[ReportFile] = []
    unfound: dict[tuple[str, str], Unfound] = {}
    left_out: list[str] = []
    for line in lines:
        found = _match(line, roots)
        reports += found.files
        unfound |= {(each.source, str(each.error)): each for each in found.unfound}
        left_out += found.left_out
    return Found(tuple(_labelled(_each_once(reports))), tuple(unfound.values()), tuple(left_out))


def _match(line: str, roots: Sequence[Path]) -> Found:
    scenario, path = None, line
    match = _NAMED.fullmatch(line)
    if match and not os.path.lexists(line):
        scenario, path = match.groups()
    if path == STDIN:
        return Found((ReportFile(STDIN, STDIN_LABEL, scenario),))
    if not os.path.lexists(path) and is_pattern(path):
        return _match_pattern(path, scenario, roots)
    return _sorted_out([_report(path, scenario, roots)])


def _report(path: str, scenario: str | None, roots: Sequence[Path]) -> ReportFile | Unfound:
    try:
        refuse_outside(path, roots)
        return _recorded(path, scenario, roots) if _is_recording(path) else ReportFile(path, path, scenario)
    except UserError as error:
        return Unfound(encodable(_last_part(path)), error)


def _recording(folder: str, scenario: str | None, roots: Sequence[Path]) -> ReportFile | Unfound:
    try:
        return _recorded(folder, scenario, roots)
    except UserError as error:
        return Unfound(encodable(_last_part(folder)), error)


def _sorted_out(reports: Iterable[ReportFile | Unfound], left_out: Iterable[str] = ()) -> Found:
    files: list[ReportFile] = []
    unfound: list[Unfound] = []
    for each in reports:
        if isinstance(each, Unfound):
            unfound.append(each)
        else:
            files.append(each)
    return Found(tuple(sorted(files, key=lambda file: file.label)), tuple(unfound), tuple(left_out))


def _match_pattern(pattern: str, scenario: str | None, roots: Sequence[Path]) -> Found:
    """The files and recordings that match. The files that every recording consists of are no reports of their own."""
    found = matches(pattern)
    recordings = {match.path for match in found if match.is_folder and _is_recording(match.path)}
    files = [match for match in found if not match.is_folder and not _is_part_of(match, recordings)]
    unread = _unread_folders(found, {*recordings, *(file.folder for file in files)})
    damaged = {folder for folder in unread if os.path.lexists(os.path.join(folder, STREAM))}  # reading it says why
    left_out = [folder for folder in unread if folder not in damaged]
    if not (recordings or files or damaged):
        words = f"{counted(len(unread), 'folder')} without a recording" if unread else "no match for this pattern"
        error = ReportError(pattern, "", expected="at least one file", found=Words(words))
        return Found((), (Unfound(encodable(pattern), error),))
    outside = _outside(found, roots)
    reports: list[ReportFile | Unfound] = [*outside.values()]
    reports += [
        _recording(os.path.normpath(folder), scenario, roots)
        for folder in sorted(recordings | damaged)
        if folder not in outside
    ]
    reports += [ReportFile(file.path, file.path, scenario) for file in files if file.path not in outside]
    found_by = [each if isinstance(each, Unfound) else replace(each, pattern=pattern) for each in reports]
    return _sorted_out(found_by, _remark(pattern, left_out))


def _is_part_of(file: Match, recordings: set[str]) -> bool:
    is_inside_one = (file.folder.rstrip(os.sep) or file.folder) in recordings
    return is_inside_one and _OF_A_RECORDING.fullmatch(os.path.basename(file.path)) is not None


def _unread_folders(found: Iterable[Match], read: Iterable[str]) -> list[str]:
    """The folders that match, and in which nothing is read, under whichever path."""
    used: set[str] = set()
    for path in read:
        real = os.path.realpath(path)
        while real not in used:
            used.add(real)
            real = os.path.dirname(real)
    return [match.path for match in found if match.is_folder and os.path.realpath(match.path) not in used]


def _remark(pattern: str, left_out: Sequence[str]) -> Iterator[str]:
    if left_out:
        names = ", ".join(printable(folder) for folder in left_out[:NAMES_SHOWN_MAX])
        more = f" and {len(left_out) - NAMES_SHOWN_MAX} more" if len(left_out) > NAMES_SHOWN_MAX else ""
        yield f"{printable(pattern)} matches folders that are no recordings and were not read: {names}{more}"


def _outside(found: Iterable[Match], roots: Sequence[Path]) -> dict[str, Unfound]:
    """The matches that `refuse_outside` refuses. If a folder is inside, so is every entry of it that is no link."""
    folders: dict[str, bool] = {}
    outside: dict[str, Unfound] = {}
    for match in found if roots else ():
        if match.folder not in folders:
            folders[match.folder] = is_inside(match.folder, roots)
        if match.may_be_link or not folders[match.folder]:
            try:
                refuse_outside(match.path, roots)
            except UserError as error:
                outside[match.path] = Unfound(encodable(_last_part(match.path)), error)
    return outside


def _is_recording(path: str) -> bool:
    try:
        return os.path.isdir(path) and os.path.lexists(os.path.join(path, MANIFEST))
    except ValueError:  # a NUL byte: opening it reports that
        return False


def _recorded(folder: str, scenario: str | None, roots: Sequence[Path]) -> ReportFile:
    """A recording, with the scenario of its manifest. Only its three files are ever opened."""
    manifest, stream, output = (os.path.join(folder, name) for name in (MANIFEST, STREAM, OUTPUT))
    for path in (manifest, stream, output):
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
        if same.pattern and not report.pattern:
            same = first[_identity(report.path)] = replace(same, pattern="")
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
