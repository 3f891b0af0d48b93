"""One harness over every reader and every door for data: changed and drawn inputs, held to what we promise of any input.

CONTRIBUTING.md says how it is used, docs/decisions.md why it is built so. `python -m tools.fuzzing --help` has the flags.
"""
