"""Installs the locked packages into a virtual environment, with the runner's Python. Every step of ours starts here.

It runs before anything is installed, so it uses the standard library alone.
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
ISOLATED = ("-I", "-X", "utf8")  # ignores PYTHON* variables and the job's own modules


def give_up(message: str) -> NoReturn:
    """End the step with exit code 2 (nothing was judged), and one line on what to do."""
    print(f"::error title=VOPR coverage::{message}", flush=True)
    sys.exit(2)


def temporary_folder() -> Path:
    """RUNNER_TEMP, which the runner empties before every job."""
    folder = os.environ.get("RUNNER_TEMP")
    if not folder:
        give_up("RUNNER_TEMP is not set. This file is a step of an action; elsewhere use `vopr-coverage check`.")
    return Path(folder)


def installed_python(temporary: Path) -> Path:
    """Create the environment, or use that of an earlier step of this job; return its interpreter.

    If that is not possible, the step ends here with the reason.
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
    """Write a file at once: a reader sees the old text or the new one, and never a part."""
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
    # -I ignores PYTHONPATH, so a .pth file of the environment names the package; each use writes its own checkout.
    (site_packages,) = home.glob("Lib/site-packages" if WINDOWS else "lib/python3*/site-packages")
    write_whole(site_packages / "vopr_coverage.pth", f"{ACTION_ROOT / 'src'}\n")
    return python
