"""A whole night: what it should run, what it ran, and what that shows."""
