"""Bugs planted on purpose, and whether they were detected."""
