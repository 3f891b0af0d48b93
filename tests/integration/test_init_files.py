"""`init` from testers whose files are runs: a config holds for the next healthy file, and not for sick ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.reports import run_cli

DATA = Path(__file__).parents[1] / "data" / "antithesis"
SDKS = ("go", "rust", "python", "cpp", "java")


def healthy(sdk: str) -> list[Path]:
    """The healthy runs of one SDK."""
    return sorted(DATA.glob(f"{sdk}-healthy-seed-*.jsonl.gz"))


def initialised(folder: Path, *files: str | Path) -> str:
    """The config that `init` writes."""
    ended = run_cli("init", *files, "-o", "gate.yml", cwd=folder)
    assert ended.code == 0, ended.err
    return (folder / "gate.yml").read_text()


@pytest.mark.parametrize("sdk", SDKS)
def test_healthy_files_pass_and_sick_ones_do_not(sdk: str, tmp_path: Path) -> None:
    """Under a config from the first healthy file alone, all others of this SDK pass."""
    first, *_ = healthy(sdk)
    config = initialised(tmp_path, first)
    assert "vsr" not in config.lower()
    assert "view_changes" not in config
    for file in healthy(sdk):
        assert run_cli("check", file, "--config", "gate.yml", cwd=tmp_path).code == 0, file.name
    for sick in ("always-fails", "crash", "unreachable"):
        file = DATA / f"{sdk}-{sick}-seed-2.jsonl.gz"
        assert run_cli("check", file, "--config", "gate.yml", cwd=tmp_path).code == 1, file.name
    assert run_cli("check", DATA / f"{sdk}-zero-steps.jsonl.gz", "--config", "gate.yml", cwd=tmp_path).code in (1, 2)


def test_an_event_at_the_end_is_proposed(tmp_path: Path) -> None:
    """All runs reported it."""
    assert 'complete_when: "workload finished" # every run reported it' in initialised(tmp_path, *healthy("go"))


def test_points_that_nobody_declares_are_listed(tmp_path: Path) -> None:
    """Else there would be no percentage."""
    config = initialised(tmp_path, *healthy("java"))
    assert "fault_points:\n" in config
    assert "`declared: FILE`" in config
    assert "invariant_coverage_min" in config
    assert "# Each run checked counter never decreases" in config


def test_lists_of_points(tmp_path: Path) -> None:
    """Three runs; the config names the format, since a list looks like any other text."""
    (tmp_path / "all.txt").write_text("a\nb\nc\nd\n")
    for number, hits in enumerate(["a\nb\nc\n", "a\nb\n", "a\nb\nc\n"]):
        (tmp_path / f"r{number}.txt").write_text(f"{hits}run done\n")
    words = ("r0.txt", "r1.txt", "r2.txt", "--from", "points", "--declared", "all.txt")
    config = initialised(tmp_path, *words)
    assert "format: points\ndeclared: all.txt\n" in config
    assert 'complete_when: "run done"' in config
    assert "fault_point_coverage_min: 0.25" in config
    assert "# No run reached d." in config
    ended = run_cli("check", "r1.txt", "--config", "gate.yml", cwd=tmp_path)
    assert ended.code == 0, ended.out


@pytest.mark.parametrize("sick", ["go-always-fails-seed-2", "go-unreachable-seed-2"])
def test_sick_runs_are_refused(sick: str, tmp_path: Path) -> None:
    """And named, with what is wrong."""
    ended = run_cli("init", healthy("go")[0], DATA / f"{sick}.jsonl.gz", cwd=tmp_path)
    assert ended.code == 2
    assert f"{sick}.jsonl.gz: init learns from healthy runs only." in ended.err


def test_formats_are_not_mixed(tmp_path: Path) -> None:
    """Neither two of files, nor one of files and one of seeds."""
    flat = '{"type":"start","format":"simulation/1","first_seed":1,"seeds":1}\n'
    flat += '{"type":"seed","seed":1,"status":"ok","hits":{"a":1}}\n{"type":"end","seeds":1,"failed":0}\n'
    (tmp_path / "s.ndjson").write_text(flat)
    ended = run_cli("init", healthy("go")[0], "s.ndjson", cwd=tmp_path)
    assert ended.code == 2
    assert "not from both at once" in ended.err
