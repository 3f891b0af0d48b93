"""A starter config for testers of which each file is a run: what healthy files support as minimums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vopr_coverage.config.yaml_words import SCHEMA_LINE, quoted, yaml_list
from vopr_coverage.errors import UsageError, UserError, as_one, printable
from vopr_coverage.model.figures import counted
from vopr_coverage.model.points import Observed
from vopr_coverage.model.report import Input
from vopr_coverage.statistics.prediction import least_distinct

RUNS_ENOUGH = 10  # fewer files allow no strict minimum
NAMES_LISTED = 10
LAST_WORDS = ("done", "end", "finish", "complete", "exit", "stop")  # what an event at the end is called

HEADER = """\
#
# Each file is a run. A healthy file falls below a minimum with a chance of 1 in 1,000 at most, or it reaches less than
# half of what the least of these files reached. Judge several together (`--merge all`), and you can ask for more.
profile: general # declared points, declared invariants, whole runs, and no failures
"""


def starter_of_files(inputs: Sequence[Input], reading: Mapping[str, str] = {}) -> str:
    """A config as YAML; `reading` as for `starter_config`.

    Raises:
        UsageError: files of several formats, or one that is not healthy.
    """
    formats = {read.format for read in inputs}
    if len(formats) > 1:
        raise UsageError(f"init learns from one format at a time, these are {' and '.join(sorted(formats))}")
    observed = _healthy(inputs)
    names = ", ".join(printable(read.source) for read in inputs[:NAMES_LISTED])
    more = f" and {len(inputs) - NAMES_LISTED} more" if len(inputs) > NAMES_LISTED else ""
    (form,) = formats
    lines = [
        SCHEMA_LINE,
        f"# Written by `vopr-coverage init` from {counted(len(inputs), 'healthy file')} of the format {form}: "
        f"{names}{more}.",
        *HEADER.splitlines(),
        *(f"{key}: {quoted(value)}" for key, value in reading.items()),
        "",
        *_finish(inputs, observed),
        "",
        *_points(observed),
        "",
        *_invariants(observed),
    ]
    return "\n".join(lines) + "\n"


def _healthy(inputs: Sequence[Input]) -> list[Observed]:
    observed, errors = list[Observed](), list[UserError]()
    for read in inputs:
        problem = ""
        if read.observed is None:
            problem = f"init learns from runs, and a file of the format {read.format} has totals of unknown seeds only"
        elif read.contradictions:
            problem = f"init learns from healthy runs only. Counts disagree: {read.contradictions[0]}"
        elif read.finish and read.finish.ended_early:
            problem = f"init learns from healthy runs only. Run incomplete: {read.finish.ended_early}"
        elif read.observed.broken:
            first = next(iter(read.observed.broken.values()))
            problem = f"init learns from healthy runs only. {first.line}"
        if problem:
            errors.append(UsageError(f"{printable(read.source)}: {printable(problem)}"))
        elif read.observed:
            observed.append(read.observed)
    if errors:
        raise as_one(errors)
    return observed


def _finish(inputs: Sequence[Input], observed: Sequence[Observed]) -> Iterator[str]:
    """How a run is known to be whole."""
    if all(read.finish and read.finish.known for read in inputs):
        yield "# This format says whether a run finished."
        return
    in_all = [name for name in observed[0].events if all(one.events.get(name, 0) >= one.runs for one in observed)]
    last = [name for name in in_all if any(word in name.lower() for word in LAST_WORDS)]
    if last:
        yield f"complete_when: {quoted(last[0])} # every run reported it; check that it does so at its end"
        return
    yield "# Nothing in these files says that a run finished: a run that was killed looks like a short one. Let the"
    yield "# program report an event at its end, and name it here as `complete_when`."
    if in_all:
        yield f"# Every run reported: {', '.join(printable(name) for name in in_all[:NAMES_LISTED])}."
    yield "on_not_measured:"
    yield "  run-complete: warn"


def _points(observed: Sequence[Observed]) -> Iterator[str]:
    """The share of declared points, and the points themselves where the tester declares none."""
    declared = {name for one in observed for name, p in one.points.items() if p.declared and p.kind != "phase"}
    reached = [{name for name, p in one.points.items() if p.hit and p.kind != "phase"} for one in observed]
    if not declared:
        declared = {name for names in reached for name in names}
        if not declared:
            yield "# No point was reached in these runs, and none is declared: nothing to require."
            yield "fault_point_coverage_min: 0"
            return
        yield "# The tester declares no points. These are all that some run reached: add those that none did, or the"
        yield "# percentage is too high. A file with a name a line can take the place of this list: `declared: FILE`."
        yield from yaml_list("fault_points", sorted(declared))
    counts = [len(names & declared) for names in reached]
    least = _least(counts)
    told = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else str(counts[0])
    few = "" if len(observed) >= RUNS_ENOUGH else f"; {RUNS_ENOUGH} files would allow a stricter minimum"
    yield f"# {told} of {counted(len(declared), 'point')} a run{few}."
    yield f"fault_point_coverage_min: {int(least / len(declared) * 100) / 100:.2f}"
    never = sorted(declared - {name for names in reached for name in names})
    if never:
        more = " …" if len(never) > NAMES_LISTED else ""
        yield f"# No run reached {', '.join(map(printable, never[:NAMES_LISTED]))}{more}."


def _invariants(observed: Sequence[Observed]) -> Iterator[str]:
    """The share of declared invariants that must run."""
    declared = {
        name for one in observed for name, seen in one.invariants.items() if seen.declared and not seen.optional
    }
    if not declared:
        yield "# This tester declares no invariants."
        yield "invariant_coverage_min: 0"
        always = sorted(set.intersection(*({name for name, s in one.invariants.items() if s.ran} for one in observed)))
        if always:
            more = " …" if len(always) > NAMES_LISTED else ""
            yield f"# Each run checked {', '.join(map(printable, always[:NAMES_LISTED]))}{more}."
            yield "# Name those that you rely on as `required_invariants`."
        return
    counts = [sum(name in declared and seen.ran for name, seen in one.invariants.items()) for one in observed]
    if min(counts) == len(declared):
        yield f"invariant_coverage_min: 1.0 # all {counted(len(declared), 'invariant')} ran in each run"
        return
    yield f"# {min(counts)} to {max(counts)} of {counted(len(declared), 'invariant')} ran."
    yield f"invariant_coverage_min: {int(_least(counts) / len(declared) * 100) / 100:.2f}"


def _least(counts: Sequence[int]) -> int:
    """What another healthy run reaches; few files support next to nothing, and then it is half of the least."""
    return max(least_distinct(counts), (min(counts) + 1) // 2) if min(counts) else 0
