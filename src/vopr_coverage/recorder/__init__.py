"""A simulator, run once, with all its output stored in a folder."""
