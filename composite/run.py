"""The composite action's step: `vopr_coverage.action`, in an environment of its own."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # -I leaves the script's own folder out

from composite.environment import ISOLATED, give_up, installed_python, temporary_folder


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
    temporary = temporary_folder()
    python = installed_python(temporary)
    try:
        variables = {**os.environ, "GITHUB_ACTION": name_of_this_use(temporary)}
    except OSError as error:
        give_up(f"Nothing was judged: {error}")
    command = [str(python), *ISOLATED, "-u", "-m", "vopr_coverage.action"]
    return subprocess.run(command, env=variables, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
