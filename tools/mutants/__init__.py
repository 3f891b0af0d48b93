"""Mutation testing of our own judges; see `__main__`."""
