"""A run against the base branch."""
