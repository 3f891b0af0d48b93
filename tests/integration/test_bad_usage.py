"""Configs, names and combinations that can't be used get exit code 2 and the nearest known name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.endings import passed, refused, violations
from tests.support.reports import (
    a_flat_report,
    a_stream,
    run_cli,
)

COUNT = "an integer from 0 to 2^64-1"
FRACTION = "a fraction from 0 to 1 (0.9 for 90 %)"
DEEP = 10_000


# ---- configs


BOMB = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 10))
CONFIGS: dict[str, tuple[str, str]] = {
    "percent for a fraction": ("fault_point_coverage_min: 90",
                               f":1#/fault_point_coverage_min: expected {FRACTION}, found 90"),
    "percent as text": ("profile: nightly\nfault_point_coverage_min: 90%",
                        f":2#/fault_point_coverage_min: expected {FRACTION}, found '90%'"),
    "a percent in a scenario": ("scenarios:\n  combined:\n    fault_point_coverage_min: 50",
                                f":3#/scenarios/combined/fault_point_coverage_min: expected {FRACTION}, found 50"),
    "not a number": ("fault_point_coverage_min: .nan",
                     f":1#/fault_point_coverage_min: expected {FRACTION}, found '.nan'"),
    "infinity": ("fault_point_coverage_min: 1e999", f":1#/fault_point_coverage_min: expected {FRACTION}, found inf"),
    "a negative minimum": ("min_repairs: -1", f":1#/min_repairs: expected {COUNT}, found -1"),
    "2^64": ("min_repairs: 18446744073709551616", f":1#/min_repairs: expected {COUNT}, found 18446744073709551616"),
    "5.0": ("min_iterations: 5.0", f":1#/min_iterations: expected {COUNT}, found 5.0"),
    "text for a number": ("min_repairs: two", f":1#/min_repairs: expected {COUNT}, found 'two'"),
    "an unknown key": ("min_view_change: 3",
                       ":1#/min_view_change: expected a known key (did you mean 'min_view_changes'?), "
                       "found 'min_view_change'"),
    "an unknown key of a scenario": (
        "scenarios:\n  a:\n    min_iteration: 3",
        ":3#/scenarios/a/min_iteration: expected a known key (did you mean 'min_iterations'?), found 'min_iteration'",
    ),
    "an unknown profile": ("profile: nightyl",
                           ":1#/profile: expected default, smoke_test, nightly, general or none, found 'nightyl'"),
    "an unknown policy": ("on_not_measured: skip",
                          ":1#/on_not_measured: expected fail, warn or ignore, or a map of gate to one of them, "
                          "found 'skip'"),
    "a list": ("- a\n- b", ":1#: expected a map of settings, found an array of 2"),
    "a key twice": ("min_repairs: 1\nmin_repairs: 2", ":2: expected every key once, found 'min_repairs' twice"),
    "a tag": ("profile: !!python/object/apply:os.system [id]",
              ":1: expected plain YAML, found the tag 'tag:yaml.org,2002:python/object/apply:o…'"),
    "a tag that lies": ("min_repairs: !!int two",
                        ":1: expected plain YAML, found the tag 'tag:yaml.org,2002:int'"),
    "a bomb of aliases": ("x0: &x0 [a]\n" + BOMB, ":1: expected at most 20000 values, 32 deep, found more"),
    "an alias of itself": ("fault_points: &a [*a]", ":1: expected at most 20000 values, 32 deep, found more"),
    "a merge key": ("profile: default\n<<: {min_repairs: 0}",
                    ":2#/<<: expected a known key (29 names are known), found '<<'"),
    "two documents": ("profile: default\n---\nprofile: nightly", ":2: expected plain YAML, found another document"),
    "no YAML at all": ("profile: [", ":1: expected plain YAML, found '<stream end>'"),
    "a tab": ("a:\n\tb: 1", ":2: expected plain YAML, found character '\\t' that cannot start any token"),
    "a NUL": ("profile: \0", ": expected plain YAML, found 'unacceptable character #x0000: special …'"),
    "expect without its invariants": ("scenarios:\n  a:\n    expect: violation",
                                      ":2#/scenarios/a: expected invariants beside expect, found no such key"),
    "one scenario in two spellings": ("scenarios:\n  a: {min_repairs: 1}\n  A: {min_repairs: 2}",
                                      ":3: expected every scenario once, found 'A' in two spellings"),
    "a profile's own name mapped away": (
        "aliases:\n  linearizability: mine",
        ":2: expected a name of the simulator, found the profile's own 'linearizability'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGS)
def test_a_config_that_cannot_be_used_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    """File, line, pointer, what was expected and what was found; nothing is judged by half a config."""
    text, told = CONFIGS[case]
    (tmp_path / "c.yml").write_text(text)
    (tmp_path / "r.json").write_bytes(a_flat_report())
    assert refused(run_cli("check", "r.json", "--config", "c.yml", cwd=tmp_path)) == [f"c.yml{told}"]


def test_a_config_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Missing, a directory, binary or huge: one line with the reason."""
    (tmp_path / "r.json").write_bytes(a_flat_report())
    (tmp_path / "dir.yml").mkdir()
    (tmp_path / "latin.yml").write_bytes(b"profile: \xe9")
    (tmp_path / "huge.yml").write_bytes(b"a: " + b"x" * (1 << 20))
    for name, why in {
        "missing.yml": "expected a readable file, found no such file or directory",
        "dir.yml": "expected a regular file, found a directory",
        "latin.yml": "expected a readable file, found text that is not UTF-8",
        "huge.yml": "expected at most 1 MiB, found a larger file",
    }.items():
        assert refused(run_cli("check", "r.json", "--config", name, cwd=tmp_path)) == [f"{name}: {why}"]


# ---- names and combinations


USAGE: dict[str, tuple[list[str], list[str]]] = {
    "no reports": (["check"], ["no reports: name at least one file, pattern, or - for standard input"]),
    "an unknown flag": (["check", "r.json", "--profil=nightly"],
                        ["unknown argument '--profil'; did you mean '--profile'?",
                         "try 'vopr-coverage check --help'"]),
    "an unknown profile": (["check", "r.json", "--profile", "nightyl"],
                           ["argument --profile: unknown 'nightyl'; did you mean 'nightly'?",
                            "try 'vopr-coverage check --help'"]),
    "an unknown way to merge": (["check", "r.json", "--merge", "scenarios"],
                                ["argument --merge: unknown 'scenarios'; did you mean 'scenario'?",
                                 "try 'vopr-coverage check --help'"]),
    "a count that is none": (["check", "r.json", "--min-iterations", "1e6"],
                             ["argument --min-iterations: expected an integer of 0 or more, found '1e6'",
                              "try 'vopr-coverage check --help'"]),
    "an unknown gate": (["check", "r.json", "--on-not-measured", "repair=warn"],
                        ["--on-not-measured: unknown 'repair'; did you mean 'repairs'?"]),
    "an unknown policy": (["check", "r.json", "--on-not-measured", "repairs=wran"],
                          ["--on-not-measured: unknown 'wran'; did you mean 'warn'?"]),
    "an unknown schema": (["schema", "sream"], ["unknown schema 'sream'; did you mean 'stream'?"]),
    "an unknown scenario": (["check", "r.json", "--scenario", "Swizzel", "--config", "scenarios.yml"],
                            ["scenario 'Swizzel' is not in scenarios.yml; did you mean 'swizzle'?"]),
    "an unknown scenario of a file": (["check", "combind=r.json", "--config", "scenarios.yml"],
                                      ["scenario 'combind' is not in scenarios.yml; did you mean 'combined'?"]),
    "one file under two scenarios": (["check", "combined=r.json", "swizzle=./r.json"],
                                     ["./r.json is named under two scenarios, 'combined' and 'swizzle'"]),
    "merge all against scenarios": (
        ["check", "combined=r.json", "swizzle=s.ndjson", "--merge", "all", "--config", "scenarios.yml"],
        ["merge all adds up runs of all scenarios, but scenarios.yml judges them by scenario: use merge scenario"],
    ),
    "thresholds that require nothing": (["check", "r.json", "--config", "nothing.yml"],
                                        ["the thresholds for r.json require nothing: every run would pass them"]),
    "copies, merged": (["check", "r.json", "copy.json", "--merge", "all"],
                       ["r.json and copy.json are the same, byte for byte"]),
    "lists that don't account for their totals, merged": (
        ["check", "r.json", "short.json", "--merge", "all"],
        ["short.json cannot be merged: its lists name 4 fault points, its total is 9; "
         "which points overlap cannot be known"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGE)
def test_usage_that_contradicts_itself_is_told_with_the_nearest_name(case: str, tmp_path: Path) -> None:
    """Unknown names and combinations that can't be meant: exit code 2, and what was probably meant."""
    arguments, told = USAGE[case]
    zeros = {"fault_point_coverage_min": 0, "critical_fault_points": [], "required_invariants": [],
             "min_view_changes": 0, "min_unique_query_plans": 0,
             "min_phase_events": {"vsr.prepare_sent": 0}}  # fmt: skip
    (tmp_path / "nothing.yml").write_text(json.dumps(zeros))
    (tmp_path / "scenarios.yml").write_text("scenarios: {combined: {min_repairs: 1}, swizzle: {min_repairs: 1}}")
    (tmp_path / "s.ndjson").write_bytes(a_stream())
    (tmp_path / "r.json").write_bytes(a_flat_report())
    (tmp_path / "copy.json").write_bytes(a_flat_report())
    (tmp_path / "short.json").write_bytes(a_flat_report(total_fault_points=9))
    assert refused(run_cli(*arguments, cwd=tmp_path)) == told


@pytest.mark.parametrize("merge", ["none", "scenario", "all"])
def test_one_file_counts_once_whatever_it_is_called(merge: str, tmp_path: Path, modest: list[str]) -> None:
    """The same path twice, a pattern over it, a hard link and a symbolic link are one run."""
    (tmp_path / "s.ndjson").write_bytes(a_stream(3))
    (tmp_path / "hard.ndjson").hardlink_to(tmp_path / "s.ndjson")
    (tmp_path / "soft.ndjson").symlink_to("s.ndjson")
    names = ["s.ndjson", "./s.ndjson", str(tmp_path / "s.ndjson"), "*.ndjson"]
    ended = run_cli("check", *names, *modest, "--merge", merge, "--format", "json", cwd=tmp_path)
    verdict = json.loads(ended.out)
    assert (ended.code, verdict["passed"]) == (0, True)
    (report,) = verdict["reports"]
    assert [read["source"] for read in report["inputs"]] == ["s.ndjson"]
    assert report["report"]["total_events"] == 300


def test_shared_seeds_of_merged_runs_show_both_ranges(tmp_path: Path, modest: list[str]) -> None:
    """A seed that ran in two shards would count twice; of different scenarios it may."""
    (tmp_path / "a.ndjson").write_bytes(a_stream(10))
    (tmp_path / "b.ndjson").write_bytes(a_stream(5, first=9))
    (tmp_path / "c.ndjson").write_bytes(a_stream(5, first=14))
    merged = run_cli("check", "a.ndjson", "b.ndjson", "c.ndjson", *modest, "--merge", "all", cwd=tmp_path)
    assert violations(merged) == [
        "all reports (3 merged): Seed ranges overlap: a.ndjson (seeds 0 to 9) and b.ndjson (seeds 9 to 13) share seeds"
    ]
    named = ["one=a.ndjson", "two=b.ndjson", "two=c.ndjson"]
    assert passed(run_cli("check", *named, *modest, "--merge", "all", cwd=tmp_path))
    assert passed(run_cli("check", "a.ndjson", "b.ndjson", *modest, cwd=tmp_path))
