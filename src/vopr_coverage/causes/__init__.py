"""Causes: what went wrong, each told once, found in the findings of a verdict by rules over facts."""
