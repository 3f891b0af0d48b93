"""`trends --page`, `--svg` and `--badge` as commands: what is written, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.histories import records, work
from vopr_coverage.cli import main
from vopr_coverage.trends.history import text_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Five nights of two scenarios."""
    nights = [one for number in range(5) for one in records(number, work("coverage", "a"), work("coverage", "b/../c"))]
    path = tmp_path / "trends.ndjson"
    path.write_bytes(text_of(nights))
    return path


def test_everything_is_written(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Folders are made; a scenario's name makes no path."""
    out = tmp_path / "made" / "here"
    flags = ["--page", str(out / "page.html"), "--svg", str(out / "svg"), "--badge", str(out / "badge")]
    assert main(["trends", str(history), *flags]) == 0
    page = (out / "page.html").read_text()
    assert "The newest night, on 2026-11-05: passed." in page
    assert not re.search(r'(?:src|href)="(?!data:)', page.partition("<script")[0]), "nothing is fetched"
    pictures = sorted(path.name for path in (out / "svg").iterdir())
    assert "a-fault-points-hit.svg" in pictures
    assert "b-c-fault-points-hit.svg" in pictures
    assert all((out / "svg" / name).read_text().startswith("<svg") for name in pictures)
    assert json.loads((out / "badge" / "badge.json").read_text())["message"] == "passed, 100 %, 2026-11-05"
    told = capsys.readouterr()
    assert f"{len(pictures)} pictures written" in told.err
    assert "5 nights of Nightly" in told.out


def test_runs_and_commits_are_linked_below_the_repository(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the flag; on a runner by itself; else there is no link."""
    page = tmp_path / "page.html"
    run = "actions/runs/2600000004"
    assert main(["trends", str(history), "--page", str(page)]) == 0
    assert run not in page.read_text()
    assert main(["trends", str(history), "--page", str(page), "--repository", "https://github.example/o/r/"]) == 0
    assert f"https://github.example/o/r/{run}" in page.read_text()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_REPOSITORY", "org/repo")
    assert main(["trends", str(history), "--page", str(page)]) == 0
    assert f"https://github.com/org/repo/{run}" in page.read_text()


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://github.com/o/r/../../x", "https://x"])
def test_an_address_that_is_no_repository_is_refused(
    history: Path, tmp_path: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is written."""
    assert main(["trends", str(history), "--page", str(tmp_path / "p.html"), "--repository", address]) == 2
    assert "--repository: expected an address such as https://github.com/ORG/REPO" in capsys.readouterr().err
    assert not (tmp_path / "p.html").exists()


def test_a_place_that_cannot_be_written_is_named(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the history as it was."""
    before = history.read_bytes()
    (tmp_path / "file").write_text("")
    assert main(["trends", str(history), "--badge", str(tmp_path / "file")]) == 2
    assert "badge.json was not written" in capsys.readouterr().err
    assert history.read_bytes() == before


def test_without_the_extra_one_sentence_says_how_to_install_it(history: Path, tmp_path: Path) -> None:
    """And the history without drawings needs nothing."""
    blocked = "import sys; sys.modules['vl_convert'] = None; from vopr_coverage.cli import main; sys.exit(main())"

    def run(*flags: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", blocked, "trends", str(history), *flags]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    refused = run("--page", str(tmp_path / "page.html"))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "pip install 'vopr-coverage[page]'" in refused.stderr
    assert run("--badge", str(tmp_path)).returncode == 0
    assert run().returncode == 0


def test_a_history_without_nights_has_a_page(tmp_path: Path) -> None:
    """It says so."""
    empty = tmp_path / "trends.ndjson"
    empty.write_text("")
    assert main(["trends", str(empty), "--page", str(tmp_path / "page.html"), "--badge", str(tmp_path)]) == 0
    assert "No nights yet." in (tmp_path / "page.html").read_text()


def drawn(svg: str) -> set[str]:
    """The lines and words of a picture: its layout depends on the machine's fonts."""
    return {*re.findall(r' d="(M[^"]{40,})"', svg), *re.findall(r"<text[^>]*>([^<]+)</text>", svg)}


def test_the_picture_in_the_readme_is_what_the_command_writes(tmp_path: Path) -> None:
    """Of the invented history that `make trends-demo` draws, on a fixed day."""
    command = [
        sys.executable,
        str(ROOT / "examples" / "trends_demo.py"),
        "--out",
        str(tmp_path),
        "--until",
        "2026-11-25",
    ]
    subprocess.run(command, check=True, capture_output=True)
    written = (tmp_path / "svg" / "swizzle-fault-point-coverage-in-percent.svg").read_text()
    shown = (ROOT / "docs" / "images" / "trends.svg").read_text()
    assert "docs/images/trends.svg" in (ROOT / "README.md").read_text()
    assert drawn(shown) == drawn(written)
    assert len(drawn(shown)) > 5
