"""The command that replays a seed, and the seeds that are worth keeping."""

from __future__ import annotations

import msgspec
import pytest

from tests.support.recordings import a_manifest
from vopr_coverage.model.manifest import Recording
from vopr_coverage.model.replay import lacks_scenario, replay_command, replays_whole_run, seeds_to_keep
from vopr_coverage.model.verdict import Failure

OWN = "./debug --seed {seed} --of {scenario}"
RECORDED = msgspec.convert(a_manifest(command=["./sim", "{seed}", "{iterations}"], scenario="calm"), Recording)
OF_A_RUN = msgspec.convert(a_manifest(command=["make", "sim"]), Recording)


@pytest.mark.parametrize(
    ("template", "recording", "command"),
    [
        (OWN, RECORDED, "./debug --seed 7 --of calm"),  # somebody wrote it for this purpose
        (OWN, None, "./debug --seed 7 --of calm"),
        (None, RECORDED, "./sim 7 1"),
        (None, None, "vopr --scenario calm --seed 7 --iterations 1 --json -v --no-trace-on-failure"),
    ],
)
def test_the_configs_command_comes_before_the_recorded_one(
    template: str | None, recording: Recording | None, command: str
) -> None:
    """Where it is set; without both, the command is VOPR's."""
    assert replay_command("7", "calm", template, recording) == command


def test_a_command_of_several_lines_is_one_to_copy() -> None:
    """A config may have one; a page and a terminal show it on one line, which a shell reads back."""
    template = "cd x\n./debug --seed {seed} \\\n  --of {scenario}\n"
    command = replay_command("7", "a b", template, None)
    assert command == r"sh -c $'cd x\n./debug --seed 7 \\\n  --of \'a b\''"
    assert replay_command("7", "calm", "./debug {seed}\n", None) == "./debug 7"


@pytest.mark.parametrize(
    ("template", "recording", "lacks"),
    [
        (OWN, RECORDED, True),
        (OWN, None, True),
        ("./debug {seed}", None, False),
        (None, RECORDED, False),
        (None, None, True),
    ],
)
def test_a_missing_scenario_is_to_be_filled_in(template: str | None, recording: Recording | None, lacks: bool) -> None:
    """A recording knows its own, but the config's command is given the name that was read."""
    assert lacks_scenario(None, template, recording) is lacks
    assert not lacks_scenario("calm", template, recording)


def test_a_command_without_a_seed_replays_the_whole_run() -> None:
    """Only the recorded one: the config's is of one seed."""
    assert replays_whole_run(None, OF_A_RUN)
    assert not replays_whole_run(OWN, OF_A_RUN)
    assert not replays_whole_run(None, RECORDED)
    assert not replays_whole_run(None, None)


def failing(invariant: str, *seeds: str) -> Failure:
    """Seeds of one run that failed an invariant."""
    return Failure(
        source="a", scenario="calm", invariant=invariant, message="", count=len(seeds), seeds=seeds, repro="",
        fill_in=False, expected=False,
    )  # fmt: skip


def test_different_bugs_are_kept_before_more_of_the_same() -> None:
    """The first seed of each, then the second; a seed once, and ten of a run."""
    failures = [failing("agreement", *map(str, range(20))), failing("prefix", "1", "40")]
    kept = seeds_to_keep(failures)
    assert kept[:4] == [("0", "agreement"), ("1", "prefix"), ("40", "prefix"), ("2", "agreement")]
    assert len(kept) == 10
    assert len(dict(kept)) == 10
    assert seeds_to_keep([]) == []
