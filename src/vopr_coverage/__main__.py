"""`python -m vopr_coverage` is the console script."""

from vopr_coverage.cli import entry

if __name__ == "__main__":  # a process that reads recordings may import this file again
    entry()
