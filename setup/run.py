"""The setup action's step: installs `vopr-coverage` in a virtual environment, and puts it on the PATH of the job.

The folder on the PATH has this one command and nothing else, so that the job's own Python is not replaced.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # -I leaves the script's own folder out

from composite.environment import (
    ISOLATED,
    LOCK,
    PAGE_LOCK,
    WINDOWS,
    exit_code_of,
    give_up,
    installed_python,
    temporary_folder,
    write_whole,
)

SHELL = '#!/bin/sh\nexec "{python}" {flags} -m vopr_coverage "$@"\n'
BATCH = '@"{python}" {flags} -m vopr_coverage %*\n'


def main() -> int:
    """Write the command, and put its folder on the PATH of the next steps."""
    temporary = temporary_folder()
    python = installed_python(temporary, PAGE_LOCK if os.environ.get("VOPR_SETUP_PAGE") == "true" else LOCK)
    folder = temporary / "vopr-coverage-command"
    try:
        folder.mkdir(exist_ok=True)
        command = folder / "vopr-coverage"
        flags = " ".join(ISOLATED)
        write_whole(command, SHELL.format(python=python.as_posix(), flags=flags))  # bash, on Windows too
        command.chmod(0o755)
        if WINDOWS:
            write_whole(folder / "vopr-coverage.cmd", BATCH.format(python=python, flags=flags))
        with open(os.environ["GITHUB_PATH"], "a", encoding="utf-8") as file:
            file.write(f"{folder}\n")
    except (OSError, KeyError) as error:
        give_up(f"vopr-coverage could not be put on the PATH: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
