"""One harness over every door for data: changed and drawn inputs, held to what is promised of any input.

CONTRIBUTING.md says how it is used, docs/decisions.md why it is built so.
`python -m tools.fuzzing --help` has the flags.
"""
