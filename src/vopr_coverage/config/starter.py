"""A starter config in the simulator's own names, learnt from healthy runs: one section for each scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vopr_coverage.config.learning import RUNS_ENOUGH, Healthy, Learnt, Section, at_best, learn
from vopr_coverage.config.yaml_words import SCHEMA_LINE, quoted, yaml_list
from vopr_coverage.errors import UsageError, UserError, as_one, printable
from vopr_coverage.gates import HEALTH_GATES
from vopr_coverage.incidence.pairs import pairs_of
from vopr_coverage.model.attempts import hit_by_attempts
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.hits import joined
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import FloorStep, nothing_layer, resolve

COUNTS_LISTED = 6
ITERATIONS_ASKED = 50

HEADER = """\
#
# A minimum stands here only where the counts support it: a healthy run falls below it with a chance of 1 in 1,000 at
# most, reckoned from all these runs (docs/adopting.md). `from: N` applies to runs of N iterations or more; a shorter
# run is not judged by it, and the verdict says so. The comments have the counts behind each number.
profile: none # what is not asked for here is not required
"""
LISTED = """\
# All fault points seen in these runs. A stream lists only what occurred: add those that your
# simulator has and these runs never reached, or the percentage is too high.
"""
DECLARED = """\
# All points that these runs declare. One that a later stream no longer declares stays required here.
"""
UNMEASURED = """\
# These runs don't report view changes, repairs and query plans: nothing to require.
min_view_changes: 0
min_repairs: 0
min_unique_query_plans: 0
# Phases are asked for per iteration, so that longer runs are asked for more.
min_phase_events: {}

"""
CANARIES = """\
# Bugs that you plant on purpose, and what must detect them: a night without any shows little (docs/canaries.md).
canaries: {}
"""


def sections_of(inputs: Sequence[Input]) -> list[Section]:
    """What each scenario's runs support, in the order in which the scenarios are named.

    Raises:
        UsageError: a run that is not healthy, a format without run records, or only some of the runs have a scenario.
    """
    declared = _attempted_without_effect(inputs)
    runs, errors = list[Healthy](), list[UserError]()
    for read in inputs:
        try:
            runs.append(_healthy(hit_by_attempts(read, declared)))
        except UserError as error:
            errors.append(error)
    if errors:
        raise as_one(errors)
    unnamed = [run.name for run in runs if run.scenario is None]
    if unnamed and len(unnamed) < len(runs):
        raise UsageError(
            f"some runs have a scenario, and {', '.join(unnamed)} has none: name it, as in SCENARIO={unnamed[0]}"
        )
    groups: dict[str, list[Healthy]] = {}
    for run in runs:
        groups.setdefault((run.scenario or "").lower(), []).append(run)
    return [learn(group) for group in groups.values()]


def _attempted_without_effect(inputs: Sequence[Input]) -> set[str]:
    """The fault points that some run attempted and that took effect in none."""
    attempted, effective = set[str](), set[str]()
    for run in (read.run for read in inputs if read.run):
        attempted |= set(run.attempts_only)
        effective |= {
            name for name, count in (run.fault_counts or {}).items() if count and name not in run.attempts_only
        }
    return attempted - effective


def asked_for(section: Section) -> Iterator[str]:
    """What so few runs can't show, and which runs would; nothing where there are enough."""
    if len(section.runs) >= RUNS_ENOUGH:
        return
    few = "One run shows nothing" if len(section.runs) == 1 else "Two runs show little"
    yield f"{few} of how far healthy runs differ."
    if len(section.runs) == 1:
        yield "It is assumed that the count of one iteration has a standard deviation of no more than its mean."
    more = f"Three runs of {ITERATIONS_ASKED} iterations would allow stricter minimums"
    rare = max(section.rates, key=lambda each: each.steps[0].from_, default=None)
    best = at_best(rare, RUNS_ENOUGH, ITERATIONS_ASKED) if rare else None
    if rare and best and section.min_iterations < best < rare.steps[0].from_:
        more += f", at best {printable(rare.name)} from {counted(best, 'iteration')} on"
    yield f"{more}."


def starter_config(sections: Sequence[Section], reading: Mapping[str, str] = {}) -> str:
    """A config as YAML, with a comment on the counts behind each number.

    Args:
        reading: keys that say how the runs are read, `format` and `declared`, as far as that was said.
    """
    runs = [run for section in sections for run in section.runs]
    named = sections[0].scenario is not None
    iterations = sum(run.run.iterations for run in runs)
    of = f" of {counted(len(sections), 'scenario')}" if named else ""
    declared = sorted(
        {name for run in runs for name in (*run.report.hit_fault_points, *run.report.missed_fault_points)}
    )
    lines = [
        SCHEMA_LINE,
        f"# Written by `vopr-coverage init` from {counted(len(runs), 'healthy run')}{of}, "
        f"{counted(iterations, 'iteration')}: {', '.join(run.name for run in runs)}.",
        *HEADER.splitlines(),
        *(f"{key}: {quoted(value)}" for key, value in reading.items()),
        "",
        *(LISTED if any(run.counters is None for run in runs) else DECLARED).splitlines(),
        *yaml_list("fault_points", declared),
        *_attempt_only(runs),
        "",
        *_counters(runs),
        *CANARIES.splitlines(),
        "",
    ]
    if not named:
        if len(runs) > 1:
            lines.append("# These runs name no scenario. If they are of several, name them, as in SCENARIO=PATH.")
        return "\n".join([*lines, *_section(sections[0], len(declared))]) + "\n"
    lines.append("scenarios:")
    for section in sections:
        lines.append(f"  {quoted(section.scenario or '')}:")
        lines += [f"    {line}".rstrip() for line in _section(section, len(declared))]
    return "\n".join(lines) + "\n"


def _healthy(read: Input) -> Healthy:
    if read.run is None:
        raise UsageError(
            f"{printable(read.source)}: init learns from streams of run records or from files of a tester whose files "
            f"are runs, not from both at once; this has the format {read.format}"
        )
    bounds = resolve(nothing_layer("init"))
    for gate in HEALTH_GATES:
        outcome = gate(read, bounds, None)
        if outcome.status in (Status.FAILED, Status.NOT_MEASURED):
            why = outcome.note
            if outcome.violations:
                first = outcome.violations[0]
                why = printable("; ".join(filter(None, [first.line, first.detail])))
            raise UsageError(f"{printable(read.source)}: init learns from healthy runs only. {why}")
    if read.report is None:
        raise UsageError(f"{printable(read.source)}: init learns from coverage, this stream carries none")
    return Healthy(
        name=printable(read.source),
        scenario=read.scenario,
        report=read.report,
        run=read.run,
        hits=read.hits,
        counters=None if read.observed is None else read.observed.counters,
    )


def _counters(runs: Sequence[Healthy]) -> Iterator[str]:
    """What is not learnt of view changes, repairs and query plans: nothing to say where no run may have them."""
    if any(run.counters is None for run in runs):
        yield from UNMEASURED.splitlines()
        return
    names = sorted({name for run in runs for name in run.counters or {}})
    if names:
        yield f"# No minimum is learnt of {', '.join(names)}, which these runs count: set one if you rely on it."
        yield from (f"min_{name}: 0" for name in names)
        yield ""


def _section(section: Section, declared: int) -> Iterator[str]:
    """The thresholds of one scenario, not yet indented."""
    ran = ", ".join(f"{each:,}" for each in section.iterations[:COUNTS_LISTED])
    more = " …" if len(section.runs) > COUNTS_LISTED else ""
    yield f"# {counted(len(section.runs), 'run')}, of {ran}{more} {agreeing(section.iterations[-1], 'iteration')}."
    yield from (f"# {sentence}" for sentence in asked_for(section))
    yield f"min_iterations: {section.min_iterations} # shorter runs are refused: set it to what your job runs"
    share = len(section.critical) / max(declared, 1)
    yield (f"fault_point_coverage_min: {int(share * 100) / 100:.2f} # the {len(section.critical)} below, of {declared}")
    yield from _notedyaml_list("critical_fault_points", section.critical)
    yield from yaml_list("required_invariants", section.invariants)
    yield from _rates(section)
    if section.unsure:
        names = ", ".join(f"{printable(each.name)} ({each.sample.total:,} times)" for each in section.unsure)
        yield f"# Too rare to be required: {names}."
    yield from _properties(section)
    yield from _pairs(section)


def _pairs(section: Section) -> Iterator[str]:
    """What `min_pair_coverage` could ask for, as a comment: it is off unless somebody wants it."""
    parts = [run.hits for run in section.runs if run.hits is not None]
    points = {name for run in section.runs for name in (*run.report.hit_fault_points, *run.report.missed_fault_points)}
    pairs = pairs_of(joined(parts), points) if len(parts) == len(section.runs) else None
    if pairs and pairs.share:
        met = f"{pairs.met:,} of {counted(pairs.possible, 'pair')} of points met in one seed"
        yield f"# Off, and could be asked for: {met}, all runs together (docs/seeds.md)."
        yield f"# min_pair_coverage: {int(pairs.share * 100) / 100:.2f}"


def _attempt_only(runs: Sequence[Healthy]) -> Iterator[str]:
    """The points that were attempted and never took effect in any of the runs."""
    attempts: dict[str, int] = {}
    for run in runs:
        for name, count in run.run.attempts_only.items():
            if (run.run.fault_counts or {}).get(name):
                attempts[name] = attempts.get(name, 0) + count
    if attempts:
        yield ""
        yield "# Attempted, and without any effect in these runs: such a point is hit when it is attempted. That is"
        yield "# right for an operation. Take out each fault: it is then hit when it takes effect."
        yield "attempt_only:"
        yield from (f"  - {quoted(name)} # {counted(count, 'attempt')}" for name, count in sorted(attempts.items()))


def _rates(section: Section) -> Iterator[str]:
    yield "min_per_iteration:" if section.rates else "min_per_iteration: {}"
    for each in section.rates:
        figures = f"{each.sample.mean:.4g} an iteration{_counts(each)}"
        first = each.steps[0]
        if len(each.steps) == 1 and first.from_ <= section.min_iterations:
            yield f"  {quoted(each.name)}: {_number(first.at_least)} # {figures}"
            continue
        yield f"  {quoted(each.name)}: # {figures}"
        if first.from_ > section.min_iterations:
            needed = f"{counted(first.from_, 'iteration')} without any are not chance (99.9 %)"
            yield f"    # Too rare to be required of shorter runs: {needed}."
        yield from (f"    - {_step(step)}" for step in each.steps)


def _properties(section: Section) -> Iterator[str]:
    """Minimums of property counters; they are not known to hold in runs shorter than the shortest given."""
    yield "min_properties:" if section.properties else "min_properties: {}"
    for name, (least, values) in section.properties.items():
        alike = f"{max(values):,} in each run" if len(set(values)) == 1 else f"{min(values):,} to {max(values):,}"
        if section.properties_from <= section.min_iterations:
            yield f"  {name}: {least} # {alike}"
        else:
            yield f"  {name}: # {alike}"
            yield f"    - {_step(FloorStep(section.properties_from, least))}"


def _notedyaml_list(key: str, learnt: Sequence[Learnt]) -> Iterator[str]:
    yield f"{key}:" if learnt else f"{key}: []"
    for each in learnt:
        yield f"  - {quoted(each.name)} # {each.sample.total:,} times in {counted(each.sample.length, 'iteration')}"


def _counts(learnt: Learnt) -> str:
    counts = learnt.sample.counts
    if len(counts) == 1:
        return f": {counts[0]:,} in one run"
    listed = ", ".join(f"{count:,}" for count in counts[:COUNTS_LISTED])
    return f": {listed}{' …' if len(counts) > COUNTS_LISTED else ''}"


def _step(step: FloorStep) -> str:
    return f"{{from: {step.from_}, at_least: {_number(step.at_least)}}}"


def _number(number: float) -> str:
    """A number without an exponent and without zeros at its end."""
    text = f"{number:.15f}".rstrip("0").rstrip(".") if number < 1 else f"{number:.6f}".rstrip("0").rstrip(".")
    return text or "0"
