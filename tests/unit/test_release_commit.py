"""The release commit, its text, the moving tag and the workflow: what is released is what was checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools.release import commit, major_tag, notes, source
from tools.release.source import ROOT, ReleaseError

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
DIGEST = "sha256:" + "1" * 64


# ---- the release commit


def git(root: Path, *words: str) -> str:
    """What git prints, as somebody."""
    line = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose next version is 1.2.3, on branch main."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "a")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@b.c")
    root = tmp_path / "checkout"
    (root / "src" / "vopr_coverage").mkdir(parents=True)
    (root / "src" / "vopr_coverage" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (root / "pyproject.toml").write_text('Homepage = "https://github.com/Org/Name"\n')
    (root / "CHANGELOG.md").write_text("## [1.2.3] - 2026-01-02\n\n- One.\n\n## [1.2.2] - 2026-01-01\n\n- Two.\n")
    (root / "action.yml").write_text("runs:\n  using: docker\n  image: Dockerfile\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "one")
    return root


def test_the_release_commit_names_the_image_and_changes_nothing_else(checkout: Path) -> None:
    """Its tag is checked by the workflow; the branch stays with the Dockerfile."""
    assert commit.write(checkout, DIGEST) == "v1.2.3"
    assert (checkout / "action.yml").read_text().endswith(f"  image: docker://ghcr.io/org/name@{DIGEST}\n")
    assert commit.digest_of(checkout) == DIGEST
    assert list(commit.problems(checkout, "v1.2.3", "main")) == []
    assert git(checkout, "rev-parse", "v1.2.3^{commit}") == git(checkout, "rev-parse", "HEAD")
    assert git(checkout, "show", "main:action.yml").endswith("image: Dockerfile")


def test_the_time_of_what_is_packed_is_the_same_before_and_after_the_release_commit(checkout: Path) -> None:
    """Otherwise the commit could not name the digest of what is built from it."""
    before = source.epoch_of(checkout, ("src",))
    commit.write(checkout, DIGEST)
    assert source.epoch_of(checkout, ("src",)) == before


def test_a_commit_that_may_not_be_released(checkout: Path) -> None:
    """Each reason by its sentence."""
    commit.write(checkout, DIGEST)
    assert list(commit.problems(checkout, "v1.2.4", "")) == [
        "the tag is v1.2.4, and the version in the source is 1.2.3"
    ]
    (checkout / "src" / "more.py").write_text("")
    assert list(commit.problems(checkout, "v1.2.3", "")) == ["the checkout has changes that are in no commit"]
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "--amend", "--no-edit")
    assert list(commit.problems(checkout, "v1.2.3", "")) == [
        "the release commit changes action.yml, src/more.py, and not action.yml alone"
    ]


def test_a_tag_on_main_or_on_a_commit_beside_it_is_no_release(checkout: Path) -> None:
    """The one has no digest, the other one's parent was never on main."""
    git(checkout, "commit", "-q", "--allow-empty", "-m", "two")
    assert "action.yml does not name the image by its digest: this is no release commit" in list(
        commit.problems(checkout, "v1.2.3", "main")
    )
    git(checkout, "checkout", "-q", "--detach")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "beside")
    commit.write(checkout, DIGEST)
    assert list(commit.problems(checkout, "v1.2.3", "main")) == ["the commit before the release commit is not on main"]


def test_an_undated_version_is_not_tagged(checkout: Path) -> None:
    """The date stands in the text of the release."""
    text = (checkout / "CHANGELOG.md").read_text().replace("2026-01-02", "unreleased")
    (checkout / "CHANGELOG.md").write_text(text)
    git(checkout, "commit", "-q", "-a", "-m", "two")
    with pytest.raises(ReleaseError, match=r"CHANGELOG\.md has no date for 1\.2\.3, but 'unreleased'"):
        commit.write(checkout, DIGEST)
    assert git(checkout, "tag") == ""


def test_this_checkout_builds_its_image_or_is_a_release_commit() -> None:
    """Digest and source belong together: a digest stands in `action.yml` in a commit that changes nothing else."""
    if commit.digest_of(ROOT):
        assert list(commit._shape(ROOT)) == []
    else:
        assert commit.image_of((ROOT / "action.yml").read_text("utf-8")) == commit.BUILT_HERE


@pytest.mark.parametrize(
    "image", ["docker://ghcr.io/org/name:1", f"docker://ghcr.io/else/name@{DIGEST}", f"ghcr.io/org/name@{DIGEST}"]
)
def test_any_other_image_is_refused(checkout: Path, image: str) -> None:
    """A tag can move, and another name is not ours."""
    (checkout / "action.yml").write_text(f"  image: {image}\n")
    with pytest.raises(ReleaseError, match="neither Dockerfile nor ours by its digest"):
        commit.digest_of(checkout)


# ---- its text, and the moving tag


def test_the_text_is_the_section_of_the_changelog(checkout: Path) -> None:
    """With what pins it."""
    changelog = (checkout / "CHANGELOG.md").read_text()
    text = notes.notes(changelog, version="1.2.3", home="https://github.com/Org/Name", digest=DIGEST, commit="c" * 40)
    assert text.startswith("- One.\n\n### Pin and verify\n")
    assert "Two" not in text
    assert f"uses: Org/Name@{'c' * 40} # v1.2.3" in text
    assert f"ghcr.io/org/name@{DIGEST}" in text
    with pytest.raises(ReleaseError, match=r"no section for 9\.9\.9"):
        notes.section_of(changelog, "9.9.9")


@pytest.mark.parametrize(
    ("tag", "others", "expected"),
    [("v1.10.0", ["v1.9.9", "v2.0.0", "v1"], True), ("v1.2.3", ["v1.2.4"], False), ("v1.0.0", [], True)],
)
def test_the_major_tag_goes_to_the_newest_version_alone(tag: str, others: list[str], expected: bool) -> None:
    """Numbers are numbers, and another major version does not count."""
    assert major_tag.is_newest(tag, others) is expected


@pytest.mark.parametrize(
    ("there", "said", "call"),
    [
        (["v1.2.2"], "v1 is at abc", "POST repos/a/b/git/refs -f ref=refs/tags/v1 -f sha=abc"),
        (["v1", "v1.2.2"], "v1 is at abc", "PATCH repos/a/b/git/refs/tags/v1 -F force=true -f sha=abc"),
        (["v1", "v1.3.0"], "v1 stays where it is", ""),
    ],
)
def test_the_major_tag_is_moved_by_one_call(tmp_path: Path, there: list[str], said: str, call: str) -> None:
    """Or created, or left."""
    refs = json.dumps([{"ref": f"refs/tags/{tag}", "object": {"sha": "0"}} for tag in there])
    gh = tmp_path / "gh"
    code = f"open({str(tmp_path / 'asked')!r}, 'a').write(' '.join(sys.argv[3:]) + chr(10))"
    gh.write_text(f"#!{sys.executable}\nimport sys\nprint({refs!r}) if '--paginate' in sys.argv else {code}\n")
    gh.chmod(0o755)
    assert major_tag.move("a/b", "v1.2.3", "abc", str(gh)).startswith(said)
    asked = tmp_path / "asked"
    assert (asked.read_text().strip() if asked.exists() else "") == call


# ---- the workflow


def test_a_dry_run_gets_no_right_to_write() -> None:
    """What may write runs for a pushed tag alone, behind all that can fail."""
    jobs = WORKFLOW["jobs"]
    assert WORKFLOW["permissions"] == {}
    writes = {name for name, job in jobs.items() if "write" in job["permissions"].values()}
    assert writes == {"push", "publish", "release"}
    assert jobs["push"]["if"] == "github.event_name == 'push'"
    assert set(jobs["push"]["needs"]) == {"check", "tests", "packages", "join"}
    assert jobs["publish"]["needs"] == "push"
    assert jobs["release"]["needs"] == ["check", "publish"]


def test_what_was_built_is_held_against_the_release_commit() -> None:
    """The digest of `action.yml` decides, in the job that joins and in the one that pushes."""
    steps = {name: [step for step in job["steps"] if "run" in step] for name, job in WORKFLOW["jobs"].items()}
    (joins,) = [step for step in steps["join"] if "tools.release.index" in step["run"]]
    assert joins["env"] == {"EXPECTED": "${{ needs.check.outputs.digest }}"}
    assert '--expect "$EXPECTED"' in joins["run"]
    (pushes,) = [step for step in steps["push"] if "tools.release.push" in step["run"]]
    assert pushes["env"]["DIGEST"] == "${{ needs.check.outputs.digest }}"
    assert '--expect "$DIGEST"' in pushes["run"]
