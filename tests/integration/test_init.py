"""`vopr-coverage init`: the first day of a team whose simulator speaks names of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.reports import REAL, a_flat_report, a_stream, run_cli

HEALTHY = ["baseline", "combined", "multi-tenant", "swizzle-a", "swizzle-b", "swizzle-ab"]


@pytest.mark.parametrize("names", [[name] for name in HEALTHY] + [HEALTHY], ids=lambda names: "+".join(names))
def test_the_runs_that_a_config_was_learnt_from_pass_it(tmp_path: Path, names: list[str]) -> None:
    """And a run in which nothing happened doesn't."""
    runs = [REAL / f"{name}.ndjson" for name in names]
    learnt = run_cli("init", *runs, "--output", ".github/vopr-coverage.yml", cwd=tmp_path)
    assert (learnt.code, learnt.err) == (0, "")
    assert run_cli("check", *runs, cwd=tmp_path).code == 0
    assert run_cli("check", REAL / "zero-iterations.ndjson", cwd=tmp_path).code == 1


def test_a_canary_that_switches_a_fault_off_fails_what_was_learnt_without_it(tmp_path: Path) -> None:
    """The starter is worth something on the first day."""
    run_cli("init", REAL / "combined.ndjson", "-o", "gate.yml", cwd=tmp_path)
    ended = run_cli("check", REAL / "canary-drop-disabled.ndjson", "--config", "gate.yml", cwd=tmp_path)
    assert ended.code == 1
    assert "Critical fault point 'network.drop' never hit" in ended.out


def test_each_number_says_where_it_came_from(tmp_path: Path) -> None:
    """Half of what was seen, and of how much."""
    printed = run_cli("init", REAL / "combined.ndjson", cwd=tmp_path).out
    assert "  network.drop: 870 # half of 1740 times\n" in printed
    assert "  storage.fsync_complete: 9.9 # half of 19.8 per iteration\n" in printed
    assert "min_view_changes: 0 # these runs don't report view changes: nothing to require\n" in printed


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (a_stream(3, failing=[1]), "healthy runs only. Invariant 'model_verification' failed on 1 seed: 1"),
        (a_stream(3, lost=[1]), "healthy runs only. Nondeterministic: 1 failed seed left no record: 1"),
        (a_stream(3, coverage=None), "init learns from coverage, this stream carries none"),
        (a_flat_report(), "init learns from streams of run records, this is a report"),
    ],
)
def test_init_learns_from_healthy_runs_only(tmp_path: Path, data: bytes, told: str) -> None:
    """A floor learnt from a sick run would be a sick floor."""
    (tmp_path / "run").write_bytes(data)
    ended = run_cli("init", "run", cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_an_existing_config_is_never_overwritten(tmp_path: Path) -> None:
    """A team's config is work; init is a start."""
    (tmp_path / "gate.yml").write_text("profile: nightly\n")
    ended = run_cli("init", REAL / "combined.ndjson", "-o", "gate.yml", cwd=tmp_path)
    assert (ended.code, ended.err) == (2, "vopr-coverage: gate.yml was not written: file exists\n")
    assert (tmp_path / "gate.yml").read_text() == "profile: nightly\n"


def test_names_that_yaml_would_take_for_something_else_are_quoted(tmp_path: Path) -> None:
    """The config that is written is the config that is read."""
    stream = a_stream(3).replace(b"vsr_agreement", b"null").replace(b"network.drop", b"a: 'b' # c")
    (tmp_path / "run").write_bytes(stream)
    run_cli("init", "run", "-o", "gate.yml", cwd=tmp_path)
    assert run_cli("check", "run", "--config", "gate.yml", cwd=tmp_path).code == 0
