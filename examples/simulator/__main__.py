"""`python3 examples/simulator`: make this folder importable as the package that it is, and run it."""

import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path[0] = str(here.parent)
sys.dont_write_bytecode = True  # an example leaves nothing behind in its folder,
if __spec__ and __spec__.cached:  # and what Python has cached of this file is there before the line above runs
    with suppress(OSError):
        Path(__spec__.cached).unlink(missing_ok=True)
        Path(__spec__.cached).parent.rmdir()

if __name__ == "__main__":
    import_module(f"{here.name}.cli").entry()
