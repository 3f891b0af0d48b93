"""`vopr-coverage completion`: shells run the script, and complete what our parser takes."""

from __future__ import annotations

import builtins
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import shtab

from tests.support.reports import run_cli
from vopr_coverage.commands.completion import SHELLS
from vopr_coverage.commands.parser import build_parser
from vopr_coverage.errors import without_commands


def script(folder: Path, shell: str) -> str:
    """The script of one shell."""
    ended = run_cli("completion", shell, cwd=folder)
    assert (ended.code, ended.err) == (0, "")
    return ended.out


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_names_every_command_and_every_long_flag(shell: str, tmp_path: Path) -> None:
    """Nothing is listed twice anywhere: what the parser has is in it."""
    text = script(tmp_path, shell)
    parser, commands = build_parser()
    for name, command in commands.items():
        assert name in text
        for flag in (flag for action in command._actions for flag in action.option_strings if flag.startswith("--")):
            assert flag.removeprefix("--") in text, f"{name} {flag}"
    bare = shtab.complete(parser, shell=shell, root_prefix="vopr_coverage")
    assert without_commands(bare) == bare  # what makes a log inert changes nothing here


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("vopr-coverage ch", ["check"]),
        ("vopr-coverage check --verd", ["--verdict-file"]),
        ("vopr-coverage check --format s", ["sarif"]),
        ("vopr-coverage record --on-crash r", ["restart"]),
        ("vopr-coverage check --config nig", ["night.yml"]),
        ("vopr-coverage check nig", ["night.yml"]),
        ("vopr-coverage summary nig", []),  # a folder, and there is only a file
    ],
)
def test_bash_completes_commands_flags_words_and_files(words: str, expected: list[str], tmp_path: Path) -> None:
    """As if Tab were pressed behind the last word."""
    (tmp_path / "night.yml").touch()
    (tmp_path / "script").write_text(script(tmp_path, "bash"))
    typed = words.split()
    code = f"""
source ./script
spec=($(complete -p vopr-coverage))
for ((at = 0; at < ${{#spec[@]}}; at++)); do [ "${{spec[at]}}" = -F ] && function=${{spec[at + 1]}}; done
COMP_WORDS=({words}) COMP_CWORD={len(typed) - 1} COMP_LINE={words!r} COMP_POINT={len(words)}
compopt() {{ :; }}
"$function" vopr-coverage {typed[-1]} {typed[-2]}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    ran = subprocess.run(["bash", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == expected, ran.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_can_read_its_script(shell: str, tmp_path: Path) -> None:
    """Where that shell is installed; bash is on every machine of ours."""
    program = shutil.which(shell)
    assert program or shell != "bash"
    if program:
        (tmp_path / "script").write_text(script(tmp_path, shell))
        subprocess.run([program, "-n", "script"], cwd=tmp_path, check=True)


def test_without_its_extra_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The image and the nights do not need it."""
    real = builtins.__import__

    def fail(name: str, *rest: Any) -> Any:
        if name == "shtab":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", fail)
    monkeypatch.delitem(sys.modules, "shtab", raising=False)
    ended = run_cli("completion", "bash", cwd=tmp_path)
    assert ended.code == 2
    assert "pip install 'vopr-coverage[completion]'" in ended.err
