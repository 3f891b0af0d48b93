"""Writes composite/action.yml from action.yml: the same inputs and outputs, and an environment that hands them on.

python tools/composite_action.py
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCKER, COMPOSITE = ROOT / "action.yml", ROOT / "composite" / "action.yml"

HEADER = """# The same action without Docker, for Windows, macOS and runners that have no engine: same inputs, same outputs.
# Written by tools/composite_action.py from action.yml: `make generate`.
"""  # noqa: E501 (a comment of the action)
RUNS = """runs:
  using: composite
  steps:
    - id: judge
      # bash is on every hosted runner, on Windows too. The words of a workflow reach it as variables, never as code.
      shell: bash
      env:
        PYTHONUTF8: "1" # Windows would read and write its own code page
        # Underscores, though a Docker action gets hyphens: a shell may drop names that it could not have made itself.
{inputs}
      run: |
        for python in python3 python; do
          # Run it to know it: the name alone may be a stub. -I: the job's PYTHONPATH is for the job's own programs.
          if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            exec "$python" -I -X utf8 "$GITHUB_ACTION_PATH/run.py"
          fi
        done
        echo "::error title=VOPR coverage::This runner has no Python of 3.11 or newer. Put actions/setup-python before this step."
        exit 2
"""  # noqa: E501 (lines of the action)
_NAME = re.compile(r"^  ([\w-]+):\n", re.MULTILINE)


def composite() -> str:
    """The text of composite/action.yml."""
    text = DOCKER.read_text(encoding="utf-8")
    about, rest = text[text.index("name:") : text.index("inputs:\n")], text[text.index("inputs:\n") :]
    inputs, outputs = rest[: rest.index("outputs:\n")], rest[rest.index("outputs:\n") : rest.index("runs:\n")]
    names = _NAME.findall(inputs)
    environment = "\n".join(f"        {variable(name)}: ${{{{ inputs.{name} }}}}" for name in names)
    return (
        HEADER
        + re.sub(r"^name: (.+)$", r"name: \1 (composite)", about, count=1, flags=re.MULTILINE)
        + inputs
        + with_values(outputs)
        + RUNS.replace("{inputs}", environment)
    )


def variable(name: str) -> str:
    """The variable by which an input reaches the program."""
    return f"INPUT_{name.replace('-', '_').upper()}"


def with_values(outputs: str) -> str:
    """The outputs, each with the step's output of the same name as its value."""
    head, *parts = re.split(r"^(?=  [\w-]+:\n)", outputs, flags=re.MULTILINE)
    written = []
    for part in parts:
        name = part.strip().partition(":")[0]
        body = part.rstrip("\n")
        written.append(
            f"{body}\n    value: ${{{{ steps.judge.outputs.{name} }}}}\n" + "\n" * (len(part) - len(body) - 1)
        )
    return head + "".join(written)


if __name__ == "__main__":
    COMPOSITE.write_text(composite(), encoding="utf-8", newline="\n")
