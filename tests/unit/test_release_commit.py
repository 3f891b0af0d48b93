"""The release commit: one line of `action.yml`, held to tag, version, changelog and branch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.release.commit import digest_of, problems, write
from tools.release.major_tag import is_newest
from tools.release.notes import notes, section_of
from tools.release.source import ROOT, ReleaseError

DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository that is ready for its release."""
    (tmp_path / "src" / "vopr_coverage").mkdir(parents=True)
    (tmp_path / "src" / "vopr_coverage" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "pyproject.toml").write_text('Homepage = "https://github.com/Org/action"\n')
    (tmp_path / "CHANGELOG.md").write_text("## [1.2.3] - 2026-12-01\n\n- news\n\n## [1.0.0] - x\n\n- old\n")
    (tmp_path / "action.yml").write_text("runs:\n  using: docker\n  image: Dockerfile\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.name", "a")
    git(tmp_path, "config", "user.email", "a@b.c")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path


def git(root: Path, *words: str) -> None:
    """One git command."""
    subprocess.run(["git", "-C", str(root), *words], check=True)


def test_a_release_commit_changes_one_line_and_is_tagged(checkout: Path) -> None:
    """And no branch moves."""
    assert write(checkout, DIGEST) == "v1.2.3"
    assert digest_of(checkout) == DIGEST
    assert (checkout / "action.yml").read_text().endswith(f"  image: docker://ghcr.io/org/action@{DIGEST}\n")
    assert list(problems(checkout, "v1.2.3", "main")) == []
    assert list(problems(checkout, "v1.2.4", "main")) == ["the tag is v1.2.4, and the version in the source is 1.2.3"]


def test_a_commit_that_changes_more_is_refused(checkout: Path) -> None:
    """Its image could be of another source than the one that was reviewed."""
    write(checkout, DIGEST)
    (checkout / "src" / "more.py").write_text("")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "--amend", "--no-edit")
    assert list(problems(checkout, "v1.2.3", "main")) == [
        "the release commit changes action.yml, src/more.py, and not action.yml alone"
    ]


def test_main_itself_is_no_release(checkout: Path) -> None:
    """It has no digest, so nothing holds an image to it."""
    git(checkout, "commit", "-q", "--allow-empty", "-m", "two")
    found = list(problems(checkout, "v1.2.3", "main"))
    assert "action.yml does not name the image by its digest: this is no release commit" in found


def test_this_checkout_builds_its_image_or_is_a_release_commit() -> None:
    """On main it says Dockerfile, so that a fork works."""
    assert not digest_of(ROOT) or list(problems(ROOT, "", "")) == []


def test_the_text_of_a_release_is_its_section() -> None:
    """Without the ones around it, and without links that are resolved at the end of the file."""
    changelog = "## [Unreleased]\n\n- a\n\n## [1.0.0] - 2026-12-01\n\n- b\n\n[1.0.0]: x\n"
    assert section_of(changelog, "1.0.0") == ("- b", "2026-12-01")
    text = notes(changelog, version="1.0.0", home="https://github.com/o/n", digest=DIGEST, commit="c")
    assert text.startswith("- b\n")
    assert "uses: o/n@c # v1.0.0\n" in text
    with pytest.raises(ReleaseError, match=r"no section for 2\.0\.0"):
        section_of(changelog, "2.0.0")


def test_a_fix_of_an_older_version_does_not_move_the_major_tag() -> None:
    """Those who use `v1` would lose what the newer one brings."""
    assert is_newest("v1.10.0", ["v1.9.9", "v1", "v2.0.0", "v1.10.0"])
    assert not is_newest("v1.9.9", ["v1.10.0"])
