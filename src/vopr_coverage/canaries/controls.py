"""Control runs: the simulator without a canary, one run for each scenario that canaries run in. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from vopr_coverage.errors import UsageError, printable, shown
from vopr_coverage.gates.manifest import early_end, with_last_words
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Input

CONTROL = "control"  # the name of the build without a canary, and of its run in the canaries' usual scenario


class ControlRun(msgspec.Struct, frozen=True):
    """A control run that was read. `path`: where its seeds can be read again."""

    read: Input
    path: str = ""

    @property
    def scenario(self) -> str | None:
        """None if it is unknown, as that of a stream without a name."""
        return self.read.scenario


class ControlSeen(msgspec.Struct, frozen=True):
    """A control run in a verdict. `problems`: why it is not green, a sentence each."""

    source: str
    scenario: str | None
    problems: tuple[str, ...] = ()


def refuse_unclear(controls: Sequence[ControlRun]) -> None:
    """Refuse control runs of which it is not clear which one a canary is compared with.

    Raises:
        UsageError: two are of one scenario, or the scenario of one of several is unknown.
    """
    names = [(control.scenario or "").lower() for control in controls]
    for control, name in zip(controls, names, strict=True):
        source = printable(control.read.source)
        if len(names) > 1 and not name:
            raise UsageError(f"control run {source}: with several, name the scenario of each: SCENARIO=RUN")
        if names.count(name) > 1:
            raise UsageError(f"control run {source}: expected one of each scenario, found two of {shown(name)}")


def control_of(scenario: str | None, controls: Sequence[ControlRun]) -> ControlRun | None:
    """The control run of this scenario; if one of the two names is unknown, the only control run."""
    for control in controls:
        if control.scenario and scenario and control.scenario.lower() == scenario.lower():
            return control
    if len(controls) == 1 and not (scenario and controls[0].scenario):
        return controls[0]
    return None


def why_no_control(scenario: str | None, controls: Sequence[ControlRun]) -> str:
    """Why `control_of` found none, in a sentence."""
    there_are = ", ".join(shown(control.scenario) for control in controls if control.scenario)
    if not controls:
        return "there is no control run that could be used"
    if scenario is None:
        return f"its scenario is unknown, and there are control runs of {there_are}"
    return f"there is no control run of scenario {shown(scenario)}, only of {there_are}"


def problems_of_control(control: Input) -> Iterator[str]:
    """Why the control run is not green, a sentence each."""
    run = control.run
    if run is None:
        yield "it has no run records: pass a stream"
        return
    if not run.complete and not run.crashed:
        yield with_last_words(f"it did not finish: {early_end(control)}", control.recording)
    yield from run.contradictions
    if not run.iterations:
        yield "it ran no iteration"
    for group in run.failures:
        seeds = counted(group.count, "seed")
        died = group.crash and f"its simulator died on {seeds}, first on {group.seeds[0]}: {group.crash.told}"
        yield died or f"invariant {group.invariant} failed on {seeds}"
    if run.silent_failures.count:
        yield f"{counted(run.silent_failures.count, 'seed')} failed without a record"
    if run.properties:
        yield from (f"property {name} was violated" for name in run.properties.violated_ids)
