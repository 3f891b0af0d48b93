"""A simulator, run once, and all that it says kept in a folder."""
