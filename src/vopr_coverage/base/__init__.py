"""Comparison of a run with the base branch."""
