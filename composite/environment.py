"""Installs the locked packages into a virtual environment, with the runner's Python. Every step of ours starts here.

It runs before anything is installed, so it uses the standard library alone.
"""

import ast
import hashlib
import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from traceback import print_exc
from typing import NoReturn

ACTION_ROOT = Path(__file__).resolve().parent.parent
LOCK = ACTION_ROOT / "requirements" / "runtime.txt"
PAGE_LOCK = ACTION_ROOT / "requirements" / "page.txt"  # the same, and what draws the page of a history
WINDOWS = os.name == "nt"
ISOLATED = ("-I", "-X", "utf8")  # ignores PYTHON* variables and the job's own modules
OUR_BUG = 3
# pip's settings on where packages come from and how they get here. All others, such as `user` and `target`, are about
# the job's own packages, and would put ours somewhere else or nowhere.
PIP_SOURCES = (
    *("index-url", "pypi-url", "extra-index-url", "no-index", "find-links", "trusted-host", "cert", "client-cert"),
    *("proxy", "timeout", "default-timeout", "retries", "cache-dir", "no-cache-dir", "keyring-provider"),
    *("use-feature", "use-deprecated"),
)
_PIP_SETTING = re.compile(r"(global|install)\.([a-z-]+)=(['\"].*)")


def give_up(message: str) -> NoReturn:
    """End the step with exit code 2 (nothing was judged), and one line on what to do."""
    print(f"::error title=VOPR coverage::{message}", flush=True)
    sys.exit(2)


def exit_code_of(step: Callable[[], int]) -> int:
    """The exit code of a step; what it does not handle is our bug, and never looks like a failed gate."""
    try:
        return step()
    except Exception:
        print_exc()
        print("::error title=VOPR coverage::This step has a bug of its own; nothing was judged.", flush=True)
        return OUR_BUG


def temporary_folder() -> Path:
    """RUNNER_TEMP, which the runner empties before every job."""
    folder = os.environ.get("RUNNER_TEMP")
    if not folder:
        give_up("RUNNER_TEMP is not set. This file is a step of an action; elsewhere use `vopr-coverage check`.")
    return Path(folder)


def installed_python(temporary: Path, lock: Path = LOCK) -> Path:
    """Create the environment, or use that of an earlier step of this job; return its interpreter.

    If that is not possible, the step ends here with the reason.
    """
    try:
        return _installed_python(temporary, lock)
    except subprocess.CalledProcessError:
        give_up(
            "Nothing was judged: the log above says why the packages could not be installed. "
            "Where it names ensurepip, install python3-venv or use actions/setup-python."
        )
    except OSError as error:
        give_up(f"Nothing was judged: {error}")


def write_whole(path: Path, text: str) -> None:
    """Write a file at once: a reader sees the old text or the new one, and never a part."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(path)


def _installed_python(temporary: Path, lock: Path) -> Path:
    key = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = temporary / f"vopr-coverage-{key}"
    python = home / ("Scripts/python.exe" if WINDOWS else "bin/python")
    done = home / "done"
    if not done.exists():
        print(f"Installing the packages of requirements/{lock.name} into {home}", flush=True)
        venv.create(home, clear=True, symlinks=not WINDOWS, with_pip=True)
        pip = [str(python), "-I", "-m", "pip", "--disable-pip-version-check"]
        install = [*pip, "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
        subprocess.run(install, env=_pip_variables(pip), check=True)  # noqa: S603
    # -I ignores PYTHONPATH, so a .pth file of the environment names the package; each use writes its own checkout.
    (site_packages,) = home.glob("Lib/site-packages" if WINDOWS else "lib/python3*/site-packages")
    write_whole(site_packages / "vopr_coverage.pth", f"{ACTION_ROOT / 'src'}\n")
    if not done.exists():
        # An import that fails later would end with exit code 1, like a failed gate.
        subprocess.run([str(python), *ISOLATED, "-c", "import vopr_coverage.action"], check=True)  # noqa: S603
        done.touch()
    return python


def _pip_variables(pip: list[str]) -> dict[str, str]:
    """The environment for pip: of its settings in variables and files, those in PIP_SOURCES.

    Raises:
        CalledProcessError: pip cannot read its files; it has printed why.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    file = {name: value for name, value in os.environ.items() if name == "PIP_CONFIG_FILE"}
    # -vvv: a file may set `quiet`, and pip would list nothing.
    listing = [*pip, "-vvv", "config", "list"]
    listed = subprocess.run(listing, env=own | file, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    return own | pip_sources(listed.stdout, os.environ) | {"PIP_CONFIG_FILE": os.devnull}


def pip_sources(listed: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The settings in PIP_SOURCES as variables: those of the environment, else those that `pip config list` printed."""
    found = [match for line in listed.splitlines() if (match := _PIP_SETTING.fullmatch(line))]
    found.sort(key=lambda match: match[1] == "install")  # as in pip: more special than `global`
    settings = {match[2]: str(ast.literal_eval(match[3])) for match in found}
    for name, value in environ.items():
        if name.startswith("PIP_"):
            settings[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return {f"PIP_{name.upper().replace('-', '_')}": value for name, value in settings.items() if name in PIP_SOURCES}
