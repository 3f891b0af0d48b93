"""Locked packages in an environment of their own, on the runner's Python: what every step of ours begins with.

Nothing of ours is installed before it, so it uses the standard library alone.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import NoReturn

ACTION_ROOT = Path(__file__).resolve().parent.parent
LOCK = ACTION_ROOT / "requirements" / "runtime.txt"
WINDOWS = os.name == "nt"
ISOLATED = ("-I", "-X", "utf8")  # neither PYTHON* variables nor the job's own modules reach us


def give_up(message: str) -> NoReturn:
    """End the step as one that judged nothing: exit code 2, and one line on what to do."""
    print(f"::error title=VOPR coverage::{message}", flush=True)
    sys.exit(2)


def temporary_folder() -> Path:
    """RUNNER_TEMP, which is emptied with every job: nothing is left behind, and nothing old is met."""
    folder = os.environ.get("RUNNER_TEMP")
    if not folder:
        give_up("RUNNER_TEMP is not set. This file is a step of an action; elsewhere use `vopr-coverage check`.")
    return Path(folder)


def installed_python(temporary: Path) -> Path:
    """Make the environment, or take the one that an earlier step of this job made; return its interpreter.

    Where that can't be done, the step ends here and says why.
    """
    try:
        return _installed_python(temporary)
    except subprocess.CalledProcessError:
        give_up(
            "Nothing was judged: the log above says why the packages could not be installed. "
            "Where it names ensurepip, install python3-venv or use actions/setup-python."
        )
    except OSError as error:
        give_up(f"Nothing was judged: {error}")


def write_whole(path: Path, text: str) -> None:
    """Write a file at once: whoever reads it meanwhile finds it as it was or as it is to be."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(path)


def _installed_python(temporary: Path) -> Path:
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
    write_whole(site_packages / "vopr_coverage.pth", f"{ACTION_ROOT / 'src'}\n")
    return python
