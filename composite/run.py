"""The composite action's step: locked packages into an environment of their own, then `vopr_coverage.action`.

It runs on the runner's Python, before anything of ours is installed, and so uses the standard library alone.
"""

import hashlib
import itertools
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import NoReturn

ACTION_ROOT = Path(__file__).resolve().parent.parent
LOCK = ACTION_ROOT / "requirements" / "runtime.txt"
WINDOWS = os.name == "nt"


def give_up(message: str) -> NoReturn:
    """End the step as one that judged nothing: exit code 2, and one line on what to do."""
    print(f"::error title=VOPR coverage::{message}", flush=True)
    sys.exit(2)


def installed_python(temporary: Path) -> Path:
    """Make the environment, or take the one that an earlier step of this job made; return its interpreter.

    RUNNER_TEMP is emptied with every job, so nothing is left behind and nothing old is met.
    """
    key = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = temporary / f"vopr-coverage-{key}"
    python = home / ("Scripts/python.exe" if WINDOWS else "bin/python")
    done = home / "done"
    if not done.exists():
        print(f"Installing the packages of requirements/{LOCK.name} into {home}", flush=True)
        venv.create(home, clear=True, symlinks=not WINDOWS, with_pip=True)
        pip = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)], check=True)  # noqa: S603
        done.touch()
    # -I shuts out PYTHONPATH, so the environment itself names the package: this checkout's, at every use.
    (site_packages,) = home.glob("Lib/site-packages" if WINDOWS else "lib/python3*/site-packages")
    (site_packages / "vopr_coverage.pth").write_text(f"{ACTION_ROOT / 'src'}\n", encoding="utf-8")
    return python


def name_of_this_use(temporary: Path) -> str:
    """Tell this job's uses of the action apart: `composite`, `composite-2` and so on.

    A Docker action gets such a name from the runner. The step inside a composite is called the same at every use, and
    the verdict file of the second would overwrite the first's.
    """
    for number in itertools.count(1):
        name = "composite" if number == 1 else f"composite-{number}"
        try:
            (temporary / f"vopr-coverage-{name}").touch(exist_ok=False)
        except FileExistsError:
            continue
        return name
    raise AssertionError("there is always a next number")


def main() -> int:
    """Judge in a process of its own and end as it ended."""
    temporary = os.environ.get("RUNNER_TEMP")
    if not temporary:
        give_up("RUNNER_TEMP is not set. This file is a step of an action; elsewhere use `vopr-coverage check`.")
    try:
        python = installed_python(Path(temporary))
        variables = {**os.environ, "GITHUB_ACTION": name_of_this_use(Path(temporary))}
    except subprocess.CalledProcessError:
        give_up(
            "Nothing was judged: the log above says why the packages could not be installed. "
            "Where it names ensurepip, install python3-venv or use actions/setup-python."
        )
    except OSError as error:
        give_up(f"Nothing was judged: {error}")
    command = [str(python), "-I", "-u", "-X", "utf8", "-m", "vopr_coverage.action"]
    return subprocess.run(command, env=variables, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
