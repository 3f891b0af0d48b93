"""Known vulnerabilities in the packages of all lock files.

`python -m tools.audit --help` has the flags, docs/decisions.md says why it is built so.
"""
