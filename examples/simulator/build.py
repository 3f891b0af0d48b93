"""Make one executable file of the simulator, with features baked in.

    python3 examples/simulator/build.py --features canary-skip-fsync --out build/canary-skip-fsync

The same sources and features give the same bytes. Exit code 2: a feature that doesn't exist.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from zipfile import ZipFile, ZipInfo

HERE = Path(__file__).resolve().parent
SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = "from simulator.cli import entry\n\nentry()\n"
LEFT_OUT = ("__main__.py", "build.py")


def main(argv: list[str] | None = None) -> int:
    """Build; 0 when the file is there."""
    parser = argparse.ArgumentParser(description="Builds the simulator into one executable file.")
    parser.add_argument("--features", default="", metavar="LIST", help="comma-separated")
    parser.add_argument("--out", required=True, type=Path, metavar="PATH")
    options = parser.parse_args(argv)
    features = tuple(filter(None, options.features.split(",")))
    scenarios = import_module(f"{HERE.name}.scenarios")
    problem = scenarios.unknown(features, scenarios.FEATURES)
    if problem:
        parser.error(problem)
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        build(features, options.out)
    except OSError as error:
        parser.error(f"--out: {error}")
    return 0


def build(features: Iterable[str], path: Path) -> None:
    """Write the executable file: a shebang, and a zip archive that Python can run."""
    baked = f"FEATURES = {tuple(features)!r}\n"
    with path.open("wb") as file:
        file.write(SHEBANG)
        with ZipFile(file, "w") as archive:
            archive.writestr(ZipInfo("__main__.py"), MAIN)
            for source in sorted(HERE.glob("*.py")):
                if source.name not in LEFT_OUT:
                    text = baked if source.name == "baked.py" else source.read_text(encoding="utf-8")
                    archive.writestr(ZipInfo(f"simulator/{source.name}"), text)
    path.chmod(0o755)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path[0] = str(HERE.parent)
    sys.exit(main())
