"""From a request to the doctor's verdict, in one straight line. Both doors call it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.check.flow import Rules
from vopr_coverage.check.request import CheckRequest, read_all
from vopr_coverage.config.file import CONFIG_BYTES_MAX, Config, load_config
from vopr_coverage.doctor.conclude import Diagnosis, conclude_doctor, diagnose
from vopr_coverage.doctor.crashes import remarks_on_crashes
from vopr_coverage.doctor.cure import with_settings
from vopr_coverage.doctor.judge import Progress, examine, score_under
from vopr_coverage.doctor.verdict import DoctorVerdict, WorkflowFinding
from vopr_coverage.errors import UsageError, UserError, printable
from vopr_coverage.files import read_bytes, read_text, refuse_outside, write_text
from vopr_coverage.reading.source import Progress as FileProgress

WORKFLOW_BYTES_MAX = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class DoctorRequest(msgspec.Struct, frozen=True):
    """What to examine: runs by a gate, workflow files, or both.

    Attributes:
        runs: the runs, and the config that both are examined with.
        workflows: paths of workflow files.
        write: whether to add the lines that close blind spots to the config.
    """

    runs: CheckRequest
    workflows: Sequence[str] = ()
    write: bool = False


class Watch(msgspec.Struct, frozen=True):
    """Whom to tell how far the work is: of each file that is read, and of the planted faults."""

    reading: Callable[[str], FileProgress | None] = lambda _: None
    planting: Progress | None = None


def examine_gate(request: DoctorRequest, rules: Rules, watch: Watch = Watch()) -> DoctorVerdict:  # noqa: B008 (frozen)
    """Plant faults in the runs, look through the workflow files, and conclude.

    Raises:
        UserError: nothing to examine, or something that cannot be used; nothing was judged.
    """
    if not request.runs.reports and not request.workflows:
        raise UsageError("nothing to examine: name healthy runs, or workflow files with --workflow")
    examination, diagnosis, after = None, None, None
    remarks: list[str] = []
    if request.runs.reports:
        config, inputs, _, left_out = read_all(request.runs, rules.merge, watch.reading)
        remarks += left_out
        examination = examine(inputs, rules, config, watch.planting)
        diagnosis = diagnose(examination, inputs, rules, config)
        after = score_under(examination, inputs, rules, with_settings(config, diagnosis.settings))
        if after is None:  # lines that turn healthy runs red are worse than none
            diagnosis = Diagnosis(diagnosis.blind_spots, ())
    else:
        config = load_config(request.runs.config, request.runs.folder, request.runs.roots)
    if request.write:
        remarks.append(_written(request, config, diagnosis))
    findings = _findings(request, rules, config)
    verdict = conclude_doctor(__version__, examination, diagnosis, config.doctor_min, findings, len(request.workflows))
    return replace(
        verdict,
        score_with_config=after if verdict.config else None,
        canaries=tuple(remarks_on_crashes(config)),
        remarks=tuple(remarks),
    )


def _written(request: DoctorRequest, config: Config, diagnosis: Diagnosis | None) -> str:
    """Add the settings to the config file, and say what became of it. A file that cannot be edited is unchanged."""
    from vopr_coverage.doctor.placing import placed  # PyYAML takes as long to load as a small check

    if diagnosis is None or not diagnosis.settings:
        return "Nothing was written: there are no lines to add."
    if config.path is None:
        return "Nothing was written: there is no config file; `vopr-coverage init` writes one."
    path = request.runs.folder / config.path
    try:
        if read_bytes(path, CONFIG_BYTES_MAX, config.path).startswith(_BYTE_ORDER_MARK):
            raise UsageError("it begins with a byte order mark")
        text = read_text(path, CONFIG_BYTES_MAX, config.path)
        write_text(path, placed(text, config.path, diagnosis.settings))
    except UserError as error:
        return f"Nothing was written to {printable(config.path)}, add the lines by hand: {error}"
    return f"The lines were added to {printable(config.path)}: look at them before you commit it."


def _findings(request: DoctorRequest, rules: Rules, config: Config) -> tuple[WorkflowFinding, ...]:
    if not request.workflows:
        return ()
    from vopr_coverage.doctor.workflow import findings_in  # PyYAML takes as long to load as a small check

    texts = {}
    for path in request.workflows:
        refuse_outside(Path(path), request.runs.roots, path)
        texts[path] = read_text(request.runs.folder / path, WORKFLOW_BYTES_MAX, path)
    return findings_in(texts, config, min_iterations=rules.overrides.min_iterations)
