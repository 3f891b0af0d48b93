"""What a pattern matches: names with a leading dot, links that lead in a circle, folders that hold no report."""

from __future__ import annotations

import glob
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.checking import checked
from tests.support.recordings import a_recording
from tests.support.reports import a_stream
from vopr_coverage.errors import UserError
from vopr_coverage.reading.find import find, find_reports
from vopr_coverage.reading.pattern import is_pattern, matches


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(*paths: str) -> None:
    """Empty files, and the folders for them; a path that ends with a slash is a folder."""
    for path in map(Path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def link(target: str, *paths: str) -> None:
    """Symbolic links."""
    for path in paths:
        Path(path).symlink_to(target)


def files(pattern: str) -> list[str]:
    """The paths of the files that a pattern matches."""
    return [match.path for match in matches(pattern) if not match.is_folder]


# ---- names


@pytest.mark.parametrize("pattern", ["d/*", "d/*.ndjson", "d/?*", "d/[.a]*", "d/**", "**/*.ndjson", "d/**/*", "**"])
def test_a_leading_dot_is_a_character_like_any_other(pattern: str) -> None:
    """A shell leaves such names out, and the runs in them would not be judged."""
    write("d/a.ndjson", "d/.b.ndjson")
    assert files(pattern) == ["d/.b.ndjson", "d/a.ndjson"]


def test_a_folder_with_a_leading_dot_is_entered() -> None:
    """At any depth, and by its place in the pattern."""
    write(".runs/.1/a.ndjson", "x/.2/b.ndjson")
    assert files("**/*.ndjson") == [".runs/.1/a.ndjson", "x/.2/b.ndjson"]
    assert files("*/*/?.ndjson") == [".runs/.1/a.ndjson", "x/.2/b.ndjson"]


def test_a_run_with_a_leading_dot_is_judged(tmp_path: Path) -> None:
    """It is the one that fails."""
    Path("d").mkdir()
    Path("d/a.ndjson").write_bytes(a_stream())
    Path("d/.b.ndjson").write_bytes(a_stream(failing=[1]))
    verdict = checked(["d/*"])
    assert [report.name for report in verdict.reports] == [".b.ndjson", "a.ndjson"]
    assert verdict.failures[0].source == ".b.ndjson"


NAMES = ("a", "b", "ab", ".a", "a.b", "[a]", "A")
WORDS = ("*", "?", "**", "a*", "*b", "[ab]*", "[!a]*", ".*", "*.*", "a", "b", "..", "[[]a]", "a**", "*a*")


@pytest.mark.parametrize("seed", range(20))
def test_a_pattern_matches_what_pythons_glob_matches_with_hidden_names(seed: int) -> None:
    """An independent implementation, over random trees without links and random patterns."""
    chance = random.Random(seed)
    for _ in range(25):
        write("/".join(["d", *chance.choices(NAMES, k=chance.randint(1, 4))]) + ".f")
    for _ in range(40):
        pattern = "/".join(["d", *chance.choices(WORDS, k=chance.randint(1, 3))]) + chance.choice(["", "/*", "/", ".f"])
        if not is_pattern(pattern):
            continue
        expected = glob.glob(pattern, recursive=True, include_hidden=True)
        found = {os.path.normpath(match.path) for match in matches(pattern)}
        assert found == {os.path.normpath(path) for path in expected}, pattern
        assert all(os.path.isdir(match.path) is match.is_folder for match in matches(pattern)), pattern


@pytest.mark.parametrize("start", ["", "./", "../{}/", "{absolute}/", "d/../"])
def test_the_names_before_the_first_wildcard_stay_as_they_are(start: str, tmp_path: Path) -> None:
    """A report is called what its user called it."""
    write("d/a.ndjson")
    start = start.format(tmp_path.name, absolute=tmp_path)
    assert files(f"{start}d/*.ndjson") == [f"{start}d/a.ndjson"]


def test_only_folders_that_can_hold_a_match_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A neighbour of the pattern's first folder may be large, or may not be read at all."""
    write("night/a/run.ndjson", "night/b/c/run.ndjson", "other/x")
    read: list[str] = []
    scandir = os.scandir

    def noted(folder: str) -> object:
        read.append(folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", noted)
    assert files("night/*/*.ndjson") == ["night/a/run.ndjson"]
    assert sorted(read) == ["night/", "night/a", "night/b"]


# ---- links


def test_links_that_lead_in_a_circle_end() -> None:
    """A folder in itself, in a child and in a grandchild; each file is found by its path without links."""
    write("a/b/c/x.ndjson")
    for target, path in ((".", "a/self"), ("..", "a/b/parent"), ("../..", "a/b/c/grandparent")):
        link(target, path)
    for pattern in ("**/*.ndjson", "a/**/*.ndjson", "a/b/**/x*", "**/*/*/*.ndjson", "**/**/x.ndjson"):
        assert [file.path for file in find_reports([pattern])] == ["a/b/c/x.ndjson"], pattern


def test_packages_that_link_each_other_are_entered_once() -> None:
    """As in a workspace of npm: every path through them, to any depth, would be a path of its own."""
    names = [f"package{number}" for number in range(12)]
    for name in names:
        write(f"{name}/run.ndjson")
        Path(name, "node_modules").mkdir()
        for other in names:
            link(f"../../{other}", f"{name}/node_modules/{other}")
    assert files("**/*.ndjson") == sorted(f"{name}/run.ndjson" for name in names)


def test_a_folder_that_only_a_link_leads_to_is_entered() -> None:
    """Where nothing else leads, links are followed as before."""
    write("away/x.ndjson", "in/y.ndjson")
    link("../away", "in/link")
    assert files("in/**/*.ndjson") == ["in/link/x.ndjson", "in/y.ndjson"]
    assert files("in/*/*.ndjson") == ["in/link/x.ndjson"]
    assert find(["in/**"]).left_out == ()


def test_a_link_that_leads_nowhere_is_matched() -> None:
    """Reading it is an error: what it should lead to is not judged."""
    write("d/a.ndjson")
    link("nowhere", "d/b.ndjson")
    link("c.ndjson", "d/c.ndjson")
    assert files("d/*.ndjson") == ["d/a.ndjson", "d/b.ndjson", "d/c.ndjson"]


def test_what_a_pattern_matches_outside_the_roots_is_refused(tmp_path: Path) -> None:
    """By a link to a file or to a folder, by the pattern itself, and where the folder that matches is the root."""
    write("in/a.ndjson", "in/sub/b.ndjson", "away/x.ndjson")
    roots = [tmp_path / "in"]
    assert len(find_reports(["in/**/*.ndjson"], roots)) == 2
    link("../away/x.ndjson", "in/c.ndjson")
    link("../../away", "in/sub/link")
    for pattern in ("in/*.ndjson", "in/sub/*/*.ndjson", "away/*", "*/x.ndjson", "in/**", "in/../away/?.ndjson"):
        with pytest.raises(UserError, match="expected a path inside the workspace"):
            find_reports([pattern], roots)
    a_recording(tmp_path / "root", a_stream())
    with pytest.raises(UserError, match="expected a path inside the workspace"):
        find_reports(["[ra]*/*"], [tmp_path / "root"])
    assert [file.label for file in find_reports(["r*t"], [tmp_path / "root"])] == ["root"]


# ---- folders that cannot be read


@pytest.mark.parametrize("call", ["scandir", "stat", "lstat"])
def test_a_folder_that_cannot_be_read_is_an_error(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it contains is not known: a pattern that passes it by would judge less than it matches."""
    write("d/locked/a.ndjson", "d/open/a.ndjson")
    original: Callable[..., object] = getattr(os, call)

    def refusing(path: str, *words: object, **named: object) -> object:
        if str(path).startswith("d/locked"):
            raise PermissionError(13, "Permission denied")
        return original(path, *words, **named)

    monkeypatch.setattr(os, call, refusing)
    pattern = "d/*/a.ndjson" if call == "lstat" else "d/*/a*"
    with pytest.raises(UserError, match=r"^d/locked\S*: expected a folder that can be read, found permission denied$"):
        matches(pattern)


@pytest.mark.parametrize("pattern", ["nowhere/*", "a.ndjson/*", "*/nowhere/*", "nul\0/*", "x" * 300 + "/*", "*nowhere"])
def test_a_pattern_that_leads_nowhere_matches_nothing(pattern: str) -> None:
    """Which is an error where reports are looked for."""
    write("a.ndjson", "d/b")
    assert matches(pattern) == []
    with pytest.raises(UserError, match="expected at least one file, found no match for this pattern"):
        find_reports([pattern])


# ---- what is matched and not read


def test_a_pattern_that_is_longer_than_any_path_matches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even translated: that takes seconds where it is a list of open brackets."""
    write("a")
    monkeypatch.setattr("fnmatch.translate", None)
    assert matches("[" * 4_097) == []


def test_a_folder_that_is_no_recording_is_named() -> None:
    """A recording that has lost its files looks like this, and the others would pass without it."""
    a_recording(Path("night/a"), a_stream())
    for number in range(7):
        Path(f"night/lost-{number}").mkdir()
    (remark,) = find(["night/*"]).left_out
    named = ", ".join(f"night/lost-{number}" for number in range(5))
    assert remark == f"night/* matches folders that are no recordings and were not read: {named} and 2 more"
    assert remark in [warning.text for warning in checked(["night/*"]).warnings]


@pytest.mark.parametrize("pattern", ["**", "**/*", "d/**", "d/*"])
def test_a_folder_whose_files_are_read_is_not_named(pattern: str) -> None:
    """Nor is another name for it."""
    write("d/a.ndjson", "d/e/b.ndjson")
    link("e", "d/link")
    link("..", "d/e/parent")
    named = "d/* matches folders that are no recordings and were not read: d/e, d/link"
    assert find([pattern]).left_out == ((named,) if pattern == "d/*" else ())


def test_a_pattern_that_matches_folders_alone_is_an_error() -> None:
    """It says how many."""
    Path("d/a").mkdir(parents=True)
    Path("d/b").mkdir()
    with pytest.raises(UserError, match=r"d/\*: expected at least one file, found 2 folders without a recording"):
        find_reports(["d/*"])


def test_a_recording_without_its_manifest_is_an_error() -> None:
    """Its stream is there, so it was a run; without the manifest nobody knows how it ended."""
    a_recording(Path("night/a"), a_stream())
    (a_recording(Path("night/b"), a_stream()) / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"night/b/manifest.json: expected a readable file, found no such file"):
        find_reports(["night/*"])


def test_only_a_recordings_own_files_are_no_reports() -> None:
    """A stream that somebody put beside them is judged."""
    folder = a_recording(Path("night/a"), a_stream())
    (folder / ".manifest.json.0123456789abcdef").touch()
    (folder / "stderr.log").touch()
    (folder / "extra.ndjson").write_bytes(a_stream(first=3))
    assert [file.label for file in find_reports(["night/**"])] == ["a", "extra.ndjson"]


# ---- many files


def test_a_hundred_times_as_many_files_need_no_more_calls_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is not measured here: what grows is the number of questions to the system."""

    def calls(count: int) -> int:
        folder = Path(f"tree{count}")
        folder.mkdir()
        for number in range(count):
            (folder / f"{number}.ndjson").touch()
        asked = 0

        def counted(original: Callable[..., object]) -> Callable[..., object]:
            def call(*words: object, **named: object) -> object:
                nonlocal asked
                asked += 1
                return original(*words, **named)

            return call

        with monkeypatch.context() as patched:
            for name in ("stat", "lstat", "scandir", "readlink"):
                patched.setattr(os, name, counted(getattr(os, name)))
            assert len(find_reports([f"{folder}/**/*.ndjson"], [Path.cwd()])) == count
        return asked

    few, many = calls(10), calls(310)
    assert many - few <= 1.1 * 300
