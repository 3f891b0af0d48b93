"""What we use of others is pinned, known and looked at: actions by commit, packages by hash, both by a schedule."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import known_actions
from tools.audit import requirements
from tools.audit.__main__ import KINDS, main
from tools.known_actions import FILE, ROOT, known, used

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
DEPENDABOT = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))["updates"]
OURS = "org/vopr-coverage-action"
OUR_LOCKS = ("requirements/*.txt", "package-lock.json")
FOREIGN_LOCKS = (
    "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock", "uv.lock", "poetry.lock",
    "Pipfile.lock", "pylock.toml", "pdm.lock", "Cargo.lock", "go.sum", "Gemfile.lock", "composer.lock",
)  # fmt: skip


# ---- actions


def test_every_action_is_at_the_commit_of_its_tag() -> None:
    """As the file of known commits says; and the file names no action that nobody uses."""
    others = [each for each in used() if each.action != OURS]
    assert len(others) > 40
    assert [each for each in others if not each.is_pinned] == []
    commits = known(FILE.read_text("utf-8"))
    assert [each for each in others if commits.get((each.action, each.tag)) != each.reference] == []
    assert set(commits) == {(each.action, each.tag) for each in others}


def test_only_starters_use_our_own_action_by_a_tag() -> None:
    """There it is what users copy, and `v1` brings them fixes."""
    assert {each.where.partition("/")[0] for each in used() if each.action == OURS} == {"workflows"}


def repository(server: Path, action: str, tag: str, *, annotated: bool = False) -> str:
    """A repository of an action with one commit; a further call adds a commit and moves the tag to it."""
    home = server / action
    home.mkdir(parents=True, exist_ok=True)
    git = ["git", "-C", str(home), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for line in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one"]):
        subprocess.run([*git, *line], check=True)
    subprocess.run([*git, "tag", "-f", *(["-a", "-m", tag] if annotated else []), tag], check=True, capture_output=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def checkout(root: Path, commits: dict[str, str]) -> None:
    """A checkout whose workflow uses these actions in version 1.2.3."""
    (root / ".github" / "workflows").mkdir(parents=True)
    lines = [f"      - uses: {action}@{commit} # v1.2.3 # zizmor: ignore[x]\n" for action, commit in commits.items()]
    (root / ".github" / "workflows" / "ci.yml").write_text("".join(lines))


@pytest.mark.parametrize("annotated", [False, True])
def test_a_tag_that_was_moved_is_found(tmp_path: Path, annotated: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is written from what the repositories say, and held against what they say later."""
    server, root = tmp_path / "server", tmp_path / "root"
    first = repository(server, "a/one", "v1.2.3", annotated=annotated)
    checkout(root, {"a/one": first})
    options = ["--server", str(server), "--root", str(root)]
    assert known_actions.main(["--write", *options]) == 0
    assert known((root / ".github" / "actions.txt").read_text()) == {("a/one", "v1.2.3"): first}
    assert known_actions.main(["--check", *options]) == 0
    second = repository(server, "a/one", "v1.2.3", annotated=annotated)
    capsys.readouterr()
    assert known_actions.main(["--check", *options]) == 1
    assert capsys.readouterr().out.startswith(f"a/one v1.2.3 is at {second}, and was at {first}: ")


def test_a_repository_that_does_not_answer_is_no_good_news(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is one that has no such tag."""
    server, root = tmp_path / "server", tmp_path / "root"
    checkout(root, {"a/one": "0" * 40})
    (root / ".github" / "actions.txt").write_text(f"a/one v1.2.3 {'0' * 40}\n")
    options = ["--server", str(server), "--root", str(root)]
    assert known_actions.main(["--check", *options]) == 2
    repository(server, "a/one", "v1.0.0")
    assert known_actions.main(["--check", *options]) == 2
    assert capsys.readouterr().err.endswith("nothing was checked: a/one has no tag v1.2.3\n")


# ---- packages


def package(name: str, version: str = "1.0", **more: object) -> dict[str, object]:
    """A package in pip-audit's answer."""
    return {"name": name, "version": version, "vulns": [], **more}


VULNERABLE = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"], "description": "…"}
LOCK = f"# by uv\nAn_odd.Name==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:{'a' * 64}\n    # via x\n"


def audited(tmp_path: Path, answer: str, *, code: int = 0, lock: str = LOCK, twice: bool = False) -> int:
    """The exit code of an audit by a pip-audit that gives this answer, and keeps what it was asked."""
    program = tmp_path / "pip-audit"
    asked = f"open({str(tmp_path / 'asked')!r}, 'a').write(open(sys.argv[-1]).read())"
    told = f"sys.stdout.write({answer!r}); sys.stderr.write('ConnectionError: no route\\n'); sys.exit({code})"
    program.write_text(f"#!{sys.executable}\nimport sys\n{asked}\n{told}\n")
    program.chmod(0o755)
    (tmp_path / "lock.txt").write_text(lock)
    return main([str(tmp_path / "lock.txt")] * (1 + twice) + ["--pip-audit", str(program)])


def answered(*packages: dict[str, object]) -> str:
    """An answer about these packages."""
    return json.dumps({"dependencies": packages, "fixes": []})


def test_an_audit_without_findings_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each package is asked for once, also those of other platforms, with its hash."""
    assert audited(tmp_path, answered(package("an-odd-name")), twice=True) == 0
    assert (tmp_path / "asked").read_text() == f"an-odd-name==1.0 \\\n    --hash=sha256:{'a' * 64}\n"
    assert capsys.readouterr().out == "nothing known against 1 packages of 2 locks\n"


def test_a_known_vulnerability_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its names, and what fixes it."""
    assert audited(tmp_path, answered(package("An_Odd.name", vulns=[VULNERABLE])), code=1) == 1
    assert "lock.txt: An_Odd.name 1.0: PYSEC-1, CVE-1; fixed in 1.1\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "ended with exit code 1 and without an answer: ConnectionError: no route"),
        (answered(), "1 packages were not looked up: an-odd-name 1.0"),
        (answered(package("an-odd-name", "2.0")), "1 packages were not looked up: an-odd-name 1.0"),
        (answered({"name": "an-odd-name", "skip_reason": "not found"}), "1 packages were not looked up"),
        ("[]", "answer cannot be read"),
        (answered(package("an-odd-name", vulns=[{"id": "PYSEC-1"}])), "cannot be read: KeyError('fix_versions')"),
    ],
)
def test_a_package_that_was_not_looked_up_is_no_good_news(
    tmp_path: Path, answer: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever pip-audit says about the rest."""
    assert audited(tmp_path, answer, code=1 if not answer else 0) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("lock", ["", "# nothing\n", LOCK + "other>=1\n", "-r other.txt\n"])
def test_a_lock_that_locks_nothing_is_not_audited(tmp_path: Path, lock: str) -> None:
    """What is not pinned has no version to look up."""
    assert audited(tmp_path, answered(package("an-odd-name")), lock=lock) == 2


def test_without_its_program_nothing_is_audited(tmp_path: Path) -> None:
    """It is a package of its own lock."""
    (tmp_path / "lock.txt").write_text(LOCK)
    assert main([str(tmp_path / "lock.txt"), "--pip-audit", str(tmp_path / "none")]) == 2


def test_every_python_lock_can_be_audited() -> None:
    """With all its packages, and a hash for each."""
    for lock in LOCKS:
        packages = requirements.packages_of(lock.read_text("utf-8"), lock.name)
        pinned = [line for line in lock.read_text("utf-8").splitlines() if re.match(r"\S+==", line)]
        assert len(packages) == len(pinned) > 0, lock.name
        assert all(packages.values()), lock.name


def locked_files() -> set[str]:
    """The lock files in the git tree, of all package managers that one may think of."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = listed.rstrip("\0").split("\0")
    return {path for path in files if Path(path).name in FOREIGN_LOCKS or any(Path(path).match(at) for at in OUR_LOCKS)}


def test_every_lock_in_the_git_tree_is_audited_by_the_make_target() -> None:
    """By the line that make would run. A lock at a new place, or of a new kind, has to be added there."""
    line = ["make", "--no-print-directory", "--dry-run", "--always-make", "audit"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    said = subprocess.run(line, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    (words,) = [command.split() for command in said.splitlines() if "-m tools.audit " in command]
    patterns = words[words.index("tools.audit") + 1 :]
    named = {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern)}
    assert named == locked_files()
    assert {kind.pattern for kind in KINDS} == {Path(pattern).name for pattern in patterns}


# ---- the schedule


def test_dependabot_looks_at_all_that_we_lock() -> None:
    """In groups, and not at versions of yesterday."""
    watched = {(each["package-ecosystem"], at) for each in DEPENDABOT for at in places(each)}
    folders = {Path(each.where).parent.as_posix() for each in used() if each.action != OURS}
    actions = {"/" if folder in (".", ".github/workflows") else f"/{folder}" for folder in folders}
    packages = {f"/{path.parent.relative_to(ROOT).as_posix()}" for path in ROOT.glob("tools/*/package-lock.json")}
    expected = {("pip", "/requirements"), ("docker", "/"), *(("npm", at) for at in packages)}
    assert watched >= expected | {("github-actions", at) for at in actions}
    for each in DEPENDABOT:
        assert each["cooldown"]["default-days"] >= 7
        assert all(group["patterns"] == ["*"] for group in each["groups"].values())
        assert all((ROOT / at.lstrip("/")).is_dir() for at in places(each))


def places(update: dict[str, list[str]]) -> list[str]:
    """The folders of one entry."""
    return update.get("directories") or [str(update["directory"])]


def test_a_pull_request_brings_no_known_vulnerability() -> None:
    """The review reads the file that says so, and nothing in it is only a warning."""
    workflow = (ROOT / ".github" / "workflows" / "supply-chain.yml").read_text("utf-8")
    assert "config-file: .github/dependency-review.yml\n" in workflow
    review = yaml.safe_load((ROOT / ".github" / "dependency-review.yml").read_text("utf-8"))
    assert review["fail-on-severity"] == "low"
    assert set(review["fail-on-scopes"]) == {"runtime", "development", "unknown"}
    assert "warn-only" not in review
    assert {"make audit", "make actions-check"} <= {
        line.partition("run: ")[2].partition(" PYTHON")[0] for line in workflow.splitlines()
    }


def test_the_audit_runs_when_a_lock_changes() -> None:
    """Not only once a week: a new version may be known to be vulnerable already."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "supply-chain.yml").read_text("utf-8"))
    paths = workflow[True]["push"]["paths"]  # YAML reads the key `on` as true
    assert {"requirements/**", "**/package-lock.json"} <= set(paths)
    others = [path for path in locked_files() if not path.startswith("requirements/")]
    assert others
    assert {Path(path).name for path in others} == {"package-lock.json"}
