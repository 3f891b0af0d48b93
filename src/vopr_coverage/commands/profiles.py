"""`vopr-coverage profiles`: prints a profile, or the bounds that `check` would use."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from vopr_coverage.canaries.detector import SHIPPED, Detector
from vopr_coverage.check.terms import Overrides, terms_for
from vopr_coverage.commands.options import add_terms, one_of, overrides_of
from vopr_coverage.commands.output import emit, emit_document
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.errors import ExitCode, UsageError, printable
from vopr_coverage.model.figures import counted
from vopr_coverage.model.thresholds import PROFILE_CHOICES, profile_layer, resolve, thresholds_of
from vopr_coverage.runner.environment import Runner

EPILOG = """\
exit codes:
  0  the bounds were printed
  2  wrong usage, or the config cannot be used: nothing was printed
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `profiles`."""
    parser.add_argument(
        "name", nargs="?", type=one_of(PROFILE_CHOICES), metavar="NAME",
        help=f"one of {', '.join(PROFILE_CHOICES)} (default: print the thresholds that `check` would use)",
    )  # fmt: skip
    add_terms(parser)
    parser.add_argument(
        "--format", type=one_of(("text", "json")), default="text", metavar="text|json",
        help="text (the default): every threshold and who set it; json: a CoverageThresholds",
    )  # fmt: skip


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Print the bounds, each with its origin."""
    overrides = overrides_of(arguments)
    if arguments.name and (overrides != Overrides() or arguments.config or arguments.scenario):
        raise UsageError(f"profiles {arguments.name} prints that profile as it is: leave the flags out, or the name")
    if arguments.name:
        bounds, looser = resolve(profile_layer(arguments.name)), list[str]()
    else:
        config = load_config(arguments.config)
        bounds = terms_for(arguments.scenario, overrides, config).bounds
        looser = list(_looser(arguments.scenario, overrides, config))
    if arguments.format == "json":
        emit_document(thresholds_of(bounds).to_json() + "\n")
        return ExitCode.PASSED
    for key, bound in bounds.items():
        emit(f"{key}: {_value_text(bound.value)}  # {printable(bound.origin)}\n")
    if not arguments.name and config.canaries is not SHIPPED:
        for name, detector in config.canaries.items():
            emit(f"canary {printable(name)}: {printable(detector.in_words())}{_work_text(detector)}\n")
    emit("".join(f"{line}\n" for line in looser))
    return ExitCode.PASSED


def _work_text(detector: Detector) -> str:
    """What a canary runs, if that is not what all canaries run."""
    iterations = counted(detector.iterations, "iteration") if detector.iterations else ""
    scenario = f"of {printable(detector.scenario)}" if detector.scenario else ""
    own = " ".join(filter(None, [iterations, scenario]))
    return f"  # runs {own}" if own else ""


def _looser(scenario: str | None, overrides: Overrides, config: Config) -> Iterator[str]:
    """What requires less than the profile, and in each scenario less than the top level, as comments."""
    terms = terms_for(scenario, overrides, config)
    names = [scenario] if scenario else [each.name for each in config.scenarios.values()]
    blocks = [(f"Less than profile {terms.profile} requires:", terms.looser()[0])]
    for name in names:
        heading = f"Less than the top level requires, in scenario {printable(name)}:"
        blocks.append((heading, terms_for(name, overrides, config).looser()[1]))
    for heading, sentences in blocks:
        if sentences:
            yield f"\n# {heading}"
            yield from (f"#   {printable(sentence)}" for sentence in sentences)


def _floor_text(floor: object) -> str:
    if isinstance(floor, tuple):
        return ", ".join(f"{step.at_least} from {counted(step.from_, 'iteration')} on" for step in floor)
    return str(floor)


def _value_text(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{printable(name)}: {_floor_text(minimum)}" for name, minimum in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(printable(name) for name in value) + "]"
    return str(value)
