"""`python -m vopr_coverage` is the console script."""

from vopr_coverage.cli import entry

entry()
