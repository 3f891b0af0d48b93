"""The composite action's step: runs `vopr_coverage.action` in a virtual environment."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # -I leaves the script's own folder out

from composite.environment import ISOLATED, exit_code_of, give_up, installed_python, temporary_folder


def name_of_this_use(temporary: Path) -> str:
    """A name for this use of the action in its job: `composite`, `composite-2` and so on.

    A Docker action gets such a name from the runner. The step inside a composite action has the same name at every
    use, so the second verdict file would overwrite the first.
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
    """Judge in a process of its own, and return its exit code."""
    temporary = temporary_folder()
    python = installed_python(temporary)
    try:
        variables = {**os.environ, "GITHUB_ACTION": name_of_this_use(temporary)}
    except OSError as error:
        give_up(f"Nothing was judged: {error}")
    command = [str(python), *ISOLATED, "-u", "-m", "vopr_coverage.action"]
    return subprocess.run(command, env=variables, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
