"""The base to compare with, from a verdict file. If it cannot be used, `Base.missing` says why."""

from __future__ import annotations

from pathlib import Path

from vopr_coverage.base.compare import Base, bounds_of
from vopr_coverage.errors import FileError, ReportError, UserError, Words, printable
from vopr_coverage.files import read_bytes, refuse_outside
from vopr_coverage.model.rates import impossible
from vopr_coverage.model.report import contradictions_of
from vopr_coverage.model.verdict import verdict_from_json

BASE_BYTES_MAX = 16 << 20


def base_from_file(path: str, roots: tuple[Path, ...] = ()) -> Base:
    """The verdict file at `path`.

    A missing or unusable file alone never fails a check.

    Raises:
        FileError: the path is outside `roots`.
    """
    origin = f"the verdict file {printable(path)}"
    refuse_outside(path, roots)
    try:
        data = read_bytes(path, BASE_BYTES_MAX)
    except FileError as error:
        return Base(origin, missing=f"it can't be read: {error.complaint}")
    return base_from_bytes(data, origin)


def base_from_bytes(data: bytes, origin: str) -> Base:
    """A base from the JSON of a verdict, which is as untrusted as any report.

    Args:
        origin: where it came from, in words that follow "compared with".
    """
    try:
        verdict = verdict_from_json(data, "verdict")
        for judged in verdict.reports:
            bounds_of(judged)
            if judged.report and (contradictions := contradictions_of(judged.report)):
                raise _contradicting(contradictions[0])
            if judged.rates and (wrong := impossible(judged.rates)):
                raise _contradicting(wrong)
    except UserError as error:
        return Base(origin, missing=f"it is no verdict that can be used: {str(error).splitlines()[0]}")
    if verdict.error is not None:
        what = "not everything was judged there" if verdict.reports else "nothing was judged there"
        return Base(origin, missing=what)
    commits = {read.commit for report in verdict.reports for read in report.inputs}
    return Base(origin, verdict, commit=commits.pop() if len(commits) == 1 else None)


def _contradicting(what: str) -> ReportError:
    return ReportError("verdict", "", expected="counts that agree", found=Words(printable(what)[:200]))
