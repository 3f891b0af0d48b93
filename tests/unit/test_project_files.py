"""What contributors are told is true: the guide, the changelog, the hooks, the license. Links: test_front_door.py."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

from tests.support.reports import run_cli
from vopr_coverage import __version__
from vopr_coverage.config.yaml_words import SCHEMA_LINE
from vopr_coverage.formats.schema import schema_text

ROOT = Path(__file__).parents[2]


def test_what_the_guide_for_contributors_names_is_there() -> None:
    """Targets of make, and tests."""
    guide, makefile = ((ROOT / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "Makefile"))
    assert set(re.findall(r"`(?:\$ )?make ([a-z-]+)", guide)) <= set(re.findall(r"^([a-z-]+):", makefile, re.M))
    for path in re.findall(r"`(tests/[\w/]+(?:\.py|/))`", guide):
        assert "NAME" in path or (ROOT / path).exists(), path


def test_the_changelog_begins_with_this_version() -> None:
    """Whoever raises the version says what is new in it."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = [heading for heading in re.findall(r"^## \[(.+?)\]", changelog, re.M) if heading != "Unreleased"]
    assert versions[0] == __version__


def test_hooks_before_a_commit_run_what_the_linter_runs() -> None:
    """The locked tools of .venv and nothing else: a hook with a version of its own would say something else."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    lint = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    assert [repo["repo"] for repo in hooks] == ["local"]
    for hook in hooks[0]["hooks"]:
        tool = re.search(r"\.venv/bin/(\w+)|exec (\w+)", hook["entry"])
        assert tool
        assert re.search(rf"\b{tool[1] or tool[2]}\b", lint), hook["id"]


def test_the_license_is_said_in_one_way() -> None:
    """In the package's metadata and in the notice."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"SPDX-License-Identifier: {project['license']}\n" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert project["license-files"] == ["LICENSE"]


def test_the_hook_for_other_repositories_refuses_what_a_check_could_not_use(tmp_path: Path) -> None:
    """It is a command of ours with the config's path behind it, and it looks at the config's usual places."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["id"] in (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    program, *words = hook["entry"].split()
    assert (program, hook["language"]) == ("vopr-coverage", "python")
    for path in (".github/vopr-coverage.yml", ".github/vopr-coverage.yaml"):
        assert re.search(hook["files"], path)
    assert not re.search(hook["files"], "examples/.github/vopr-coverage.yml.orig")
    (tmp_path / "good.yml").write_text("profile: none\nmin_repairs: 1\n")
    (tmp_path / "bad.yml").write_text("profile: none\nmin_repair: 1\n")
    assert run_cli(*words, "good.yml", cwd=tmp_path).code == 0
    refused = run_cli(*words, "bad.yml", cwd=tmp_path)
    assert refused.code == 2
    assert "bad.yml:2#/min_repair: expected a known key (did you mean 'min_repairs'?)" in refused.err


def test_the_line_for_editors_leads_to_the_schema_of_the_config() -> None:
    """By the tag that brings fixes, to a file that is there; the documentation has the same line."""
    address = SCHEMA_LINE.partition("=")[2]
    place = address.removeprefix("https://raw.githubusercontent.com/org/vopr-coverage-action/v1/")
    assert place != address
    assert (ROOT / place).read_text(encoding="utf-8") == schema_text("config")
    assert SCHEMA_LINE in (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
