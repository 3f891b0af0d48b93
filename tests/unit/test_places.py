"""Places that a tester names, as files of the workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from vopr_coverage.model.points import Location
from vopr_coverage.runner.places import place_in


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with a file, and a link that leads out of it."""
    root = tmp_path / "checkout"
    (root / "crate" / "src").mkdir(parents=True)
    (root / "crate" / "src" / "main.rs").touch()
    (root / "top.go").touch()
    (tmp_path / "secret.rs").touch()
    (root / "link.rs").symlink_to(tmp_path / "secret.rs")
    (root / "out").symlink_to(tmp_path)
    return root


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("crate/src/main.rs", "crate/src/main.rs"),
        ("/home/runner/work/x/x/crate/src/main.rs", "crate/src/main.rs"),  # of the machine that built it
        ("C:\\\\work\\\\crate\\\\src\\\\main.rs".replace("\\\\", "\\"), "crate/src/main.rs"),
        ("./top.go", "top.go"),
        ("main.rs", None),  # not at the top, and there may be several
        ("/elsewhere/top.go", None),  # its name alone says too little
        ("crate/src/other.rs", None),
        ("crate/../top.go", None),
        ("../secret.rs", None),
        ("link.rs", None),
        ("out/secret.rs", None),
        ("crate/src", None),
        ("", None),
        ("a" * 5_000, None),
        ("crate/" + "a" * 300, None),
        ("crate/src/main.rs\n::error::x", None),
        ("a/" * 50 + "crate/src/main.rs", None),
    ],
)
def test_only_files_of_the_workspace_are_places(workspace: Path, file: str, place: str | None) -> None:
    """The longest end of the path that is a file; no link, no parent, no guess."""
    assert place_in(workspace, Location(file, 12)) == (place and (place, 12))


@pytest.mark.parametrize("line", [None, 0, -3, 10**9])
def test_a_place_has_a_line(workspace: Path, line: int | None) -> None:
    """Without one an annotation would stand at the first line, where nothing is."""
    assert place_in(workspace, Location("top.go", line)) is None
