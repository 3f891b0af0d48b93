"""pip's own settings of a job: those on the sources of packages are kept, all others are for the job's own packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from composite import environment
from composite.environment import OUR_BUG, exit_code_of, pip_sources

LISTED = """\
For variant 'global', will try loading '/etc/pip.conf'
:env:.config-file='/home/a/pip.conf'
global.index-url='https://mirror.example/simple'
global.quiet='1'
install.timeout='60'
global.timeout='5'
install.find-links='/a\\n/b'
install.user='true'
install.dry-run='true'
download.proxy='http://other.example'
freeze.timeout='10'
"""


def test_only_settings_on_the_sources_of_packages_are_kept() -> None:
    """With those of `install` above those of `global`; commands that we do not run have nothing to say."""
    assert pip_sources(LISTED, {}) == {
        "PIP_INDEX_URL": "https://mirror.example/simple",
        "PIP_FIND_LINKS": "/a\n/b",
        "PIP_TIMEOUT": "60",
    }


def test_a_variable_beats_a_file() -> None:
    """As in pip."""
    names = [
        "USER",
        "TARGET",
        "PREFIX",
        "ROOT",
        "DRY_RUN",
        "NO_DEPS",
        "REQUIREMENT",
        "CONSTRAINT",
        "PYTHON",
        "PLATFORM",
        "QUIET",
        "LOG",
        "REPORT",
    ]
    environ = {f"PIP_{name}": "1" for name in names} | {
        "PIP_INDEX_URL": "https://x.example",
        "HOME": "/",
        "PIP_CERT": "c",
    }
    assert pip_sources(LISTED, environ) == pip_sources(LISTED, {}) | {
        "PIP_INDEX_URL": "https://x.example",
        "PIP_CERT": "c",
    }


def test_pip_sees_the_mirror_of_a_file_and_nothing_else_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real pip, which lists the settings that it would use."""
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example/simple\nquiet = 3\n[install]\nuser = true\ntarget = /nowhere\n"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_PREFIX", "/elsewhere")
    pip = [sys.executable, "-I", "-m", "pip"]
    variables = environment._pip_variables(pip)
    ended = subprocess.run([*pip, "config", "list"], env=variables, capture_output=True, text=True, check=True)
    settings = dict(line.split("=", 1) for line in ended.stdout.splitlines())
    assert settings[":env:.index-url"] == "'https://mirror.example/simple'"
    assert not [name for name in settings if name.endswith((".user", ".target", ".prefix", ".quiet"))]
    assert not [name for name in settings if not name.startswith(":env:.")]


def test_packages_are_installed_with_these_settings_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step's own call of pip, with `user` and `target` in the job's variables, and a pip that installs nothing."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_TARGET", "/nowhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    installs: list[dict[str, str] | None] = []

    def run(command: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        if "install" in command:
            installs.append(how.get("env"))
        return subprocess.CompletedProcess(command, 0, stdout="install.user='true'\n")

    def create(home: Path, **_how: Any) -> None:
        (home / "lib" / "python3.11" / "site-packages").mkdir(parents=True)

    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setattr("venv.create", create)
    monkeypatch.setattr(environment, "WINDOWS", False)
    environment.installed_python(tmp_path)
    (variables,) = installs
    assert variables is not None
    pip = {name: value for name, value in variables.items() if name.startswith("PIP_")}
    assert pip == {"PIP_INDEX_URL": "https://mirror.example/simple", "PIP_CONFIG_FILE": os.devnull}


def test_a_pip_that_fails_is_no_failed_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, and the sentence says where to look."""

    def fail(*_: Any, **__: Any) -> None:
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr("venv.create", fail)
    with pytest.raises(SystemExit) as ended:
        environment.installed_python(tmp_path)
    assert ended.value.code == 2


def test_what_a_step_does_not_handle_is_no_failed_gate(capsys: pytest.CaptureFixture[str]) -> None:
    """Python itself would end with 1."""

    def broken() -> int:
        raise ValueError("too many values to unpack")

    assert exit_code_of(broken) == OUR_BUG
    assert "::error title=VOPR coverage::" in capsys.readouterr().out
    assert exit_code_of(lambda: 1) == 1
